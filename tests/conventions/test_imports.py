"""Imports run one way: the rule of docs/architecture.md."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import kefu

PACKAGE = Path(kefu.__file__).parent
LEVELS = (
    {"__init__", "parameters"},
    {"tickets", "privacy"},
    {"modalities"},
    {
        "engines",
        "training",
        "evaluation",
        "fusion",
        "confidence",
        "explanation",
        "demo",
        "feedback",
        "importers",
        "registry",
        "knowledge",
        "speech",
        "bundle",
        "model",
        "model_card",
        "predictor",
    },
    {"assistant"},
    {
        "pipelines",
        "service",
        "datasets",
        "settings",
        "hooks",
        "pipeline_registry",
        "cli",
        "config_loader",
        "experiments",
    },
)
LEVEL = {room: level for level, rooms in enumerate(LEVELS) for room in rooms}
KEDRO_ROOMS = {"pipelines", "datasets", "settings", "hooks", "pipeline_registry", "cli", "config_loader", "experiments"}
# `kefu` shows the predictor at the top, lazily or not: what it names is not what it rests on
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def room_of(path: Path) -> str:
    """Return the part of the package right below ``kefu``."""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imports_of(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and dotted name of every import, those within functions included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}:{node.lineno}: relative import; write it out"
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def test_every_room_has_a_level() -> None:
    assert {room_of(path) for path in MODULES} <= LEVEL.keys()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down(path: Path) -> None:
    room = room_of(path)
    for line, name in imports_of(path):
        top, _, rest = name.partition(".")
        if top.startswith("kedro"):
            assert room in KEDRO_ROOMS, f"{path}:{line} imports {name}; only {sorted(KEDRO_ROOMS)} know Kedro"
        if top != "kefu":
            continue
        imported = rest.partition(".")[0]
        target = LEVEL.get(imported, 0)  # a name of `kefu` itself, as __version__
        assert target <= LEVEL[room], f"{path}:{line}: `{room}` imports `{imported}`, which is above it"
        assert not (room == "service" and imported == "pipelines"), f"{path}:{line}: service imports pipelines"


def test_no_module_is_named_after_nothing() -> None:
    assert not [path for path in MODULES if path.stem in {"utils", "helpers", "common", "misc"}]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_modules_say_what_they_are(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), f"{path} has no docstring"
