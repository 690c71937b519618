"""Which files of the package some code rests on, told by its imports without running it."""

import ast
import hashlib
import platform
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import kefu

PACKAGE = Path(kefu.__file__).parent


def imported_files(modules: Iterable[str]) -> set[Path]:
    """Return the files of the package that modules are made of: their own and those they import, to the end.

    Imports within functions count, but for those named ``preview``, which draw for kedro-viz; those for type checkers
    alone do not. Of a package that merely shows names of its modules, only the modules of the names taken count, though
    Python imports all of them.

    Args:
        modules: dotted names within kefu.

    Raises:
        ValueError: there is no such module.
    """
    found = set[Path]()
    waiting = []
    for module in modules:
        path = _file(module)
        if path is None:
            raise ValueError(f"there is no module {module}")
        waiting.append(path)
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += _imported(path)
    return found | {init for path in found for init in _packages(path)}


def package_files(package: str) -> set[Path]:
    """Return all modules of a package, those below it included."""
    return set(_folder(package).rglob("*.py"))


@cache
def code_digest(*modules: str) -> str:
    """Return a name for the code that modules rest on: the files of the package, and versions of Python and libraries.

    Data beside a file, such as a lexicon, count as well.

    Args:
        modules: dotted names within kefu.

    Raises:
        ValueError: there is no such module.
    """
    code = imported_files(modules)
    data = {path for file in code for path in file.parent.iterdir() if path.is_file() and path.suffix == ".json"}
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted(code | data):
        digest.update(path.relative_to(PACKAGE).as_posix().encode() + b"\0")
        digest.update(hashlib.blake2b(path.read_bytes()).digest())
    names = {name.partition(".")[0] for path in code for name, _ in _imports(path)}
    for name in sorted(names - sys.stdlib_module_names - {PACKAGE.name}):
        digest.update(f"{name} {_version(name)}\0".encode())
    digest.update(platform.python_version().encode())
    return digest.hexdigest()


def _version(name: str) -> str:
    found = getattr(import_module(name), "__version__", None)
    return str(found) if found is not None else version(name)


@cache
def _imported(path: Path) -> tuple[Path, ...]:
    """Return the files of the package that a file takes something from."""
    files = (_origin(module, name) for module, name in _imports(path))
    return tuple(file for file in files if file is not None)


def _origin(module: str, name: str | None) -> Path | None:
    """Return the file that a name of a module comes from, or the module's own."""
    if name is not None and (below := _file(f"{module}.{name}")) is not None:
        return below
    path = _file(module)
    if name is None or path is None or path.name != "__init__.py":
        return path
    shown = [(other, taken) for other, taken in _imports(path) if taken == name and other.startswith(f"{module}.")]
    return _origin(*shown[0]) if shown else path


@cache
def _imports(path: Path) -> tuple[tuple[str, str | None], ...]:
    return tuple(_taken(ast.parse(path.read_text("utf-8"))))


def _taken(tree: ast.AST) -> Iterator[tuple[str, str | None]]:
    """Yield the modules that are imported, each with the name taken from it, None where it is taken whole."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.FunctionDef) and node.name == "preview":
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.module, alias.name) for alias in node.names)
        elif not isinstance(node, ast.expr):  # nothing is imported in one
            yield from _taken(node)


def _file(name: str) -> Path | None:
    """Return the file of a module of the package below the top, or None."""
    if not name.startswith(f"{PACKAGE.name}."):
        return None
    folder = _folder(name)
    module = folder.with_suffix(".py")
    if module.is_file():
        return module
    return folder / "__init__.py" if (folder / "__init__.py").is_file() else None


def _folder(name: str) -> Path:
    return PACKAGE.joinpath(*name.split(".")[1:])


def _packages(path: Path) -> list[Path]:
    return [folder / "__init__.py" for folder in path.parents if folder != PACKAGE and folder.is_relative_to(PACKAGE)]
