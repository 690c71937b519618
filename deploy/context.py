"""What goes into the image, without a container engine: the files of the Dockerfile's COPY lines, and its variables.

    python deploy/context.py copy FOLDER     # as if FOLDER were the root of the image's file system
    python deploy/context.py variables       # NAME=VALUE, a line each

Of Dockerfile and .dockerignore the parts are known that the two files here use; anything else is an error.
"""

import re
import shlex
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parents[1]
DOCKERFILE = ROOT / "deploy" / "Dockerfile"
_KNOWN = frozenset({"FROM", "ARG", "ENV", "WORKDIR", "COPY", "RUN", "USER", "VOLUME", "EXPOSE", "HEALTHCHECK", "CMD"})


@dataclass(frozen=True)
class Instruction:
    """A line of a Dockerfile, continued ones put together."""

    name: str
    arguments: str


@dataclass(frozen=True)
class Copy:
    """A source of a COPY line, and the place in the image that it is copied to."""

    source: PurePosixPath
    target: PurePosixPath


def read_dockerfile(text: str) -> list[Instruction]:
    """Return the instructions in their order.

    Raises:
        ValueError: an instruction that is not known here, or a second FROM.
    """
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n", " ", "\n".join(lines))
    found = [Instruction(*line.split(maxsplit=1)) for line in joined.splitlines() if line.strip()]
    for instruction in found:
        if instruction.name not in _KNOWN:
            raise ValueError(f"Dockerfile: '{instruction.name}' is not known to {Path(__file__).name}")
    if [instruction.name for instruction in found].count("FROM") != 1:
        raise ValueError("Dockerfile: needs one FROM")
    return found


def variables(instructions: Sequence[Instruction]) -> dict[str, str]:
    """Return what ENV sets."""
    words = [word for line in instructions if line.name == "ENV" for word in shlex.split(line.arguments)]
    return dict(word.split("=", 1) for word in words)


def copies(instructions: Sequence[Instruction]) -> list[Copy]:
    """Return what is copied where.

    Raises:
        ValueError: a COPY line with a flag, a wildcard, or several sources to something else than a folder.
    """
    folder, found = PurePosixPath("/"), []
    for line in instructions:
        if line.name == "WORKDIR":
            folder /= line.arguments
        if line.name != "COPY":
            continue
        *sources, target = line.arguments.split()
        for source in sources:
            if source.startswith("--") or re.search(r"[*?\[]", source):
                raise ValueError(f"COPY {line.arguments}: '{source}' is not known to {Path(__file__).name}")
            if len(sources) > 1 and not target.endswith("/"):
                raise ValueError(f"COPY {line.arguments}: several sources are copied to a folder; end its name with /")
            place = folder / target / (PurePosixPath(source).name if target.endswith("/") else "")
            found.append(Copy(PurePosixPath(source), place))
    return found


def read_ignored(text: str) -> list[tuple[re.Pattern[str], bool]]:
    """Return the patterns of a .dockerignore, and whether each leaves out (or, with ``!``, takes in again).

    Raises:
        ValueError: a pattern with a class of characters.
    """
    found = []
    for line in text.splitlines():
        pattern = line.strip()
        if not pattern or pattern.startswith("#"):
            continue
        if "[" in pattern or "\\" in pattern:
            raise ValueError(f".dockerignore: '{pattern}' is not known to {Path(__file__).name}")
        leaves_out = not pattern.startswith("!")
        found.append((_compile(pattern.removeprefix("!").strip("/")), leaves_out))
    return found


def is_ignored(path: PurePosixPath, patterns: Sequence[tuple[re.Pattern[str], bool]]) -> bool:
    """Whether a file is left out: the last pattern that fits it, or a folder that it is in, decides."""
    names = [path.as_posix(), *(folder.as_posix() for folder in path.parents)]
    fitting = [leaves_out for pattern, leaves_out in patterns if any(pattern.fullmatch(name) for name in names)]
    return bool(fitting) and fitting[-1]


def files_of(root: Path, copy: Copy, patterns: Sequence[tuple[re.Pattern[str], bool]]) -> Iterator[tuple[Path, str]]:
    """Yield each file that a COPY line takes, and its path in the image.

    Raises:
        FileNotFoundError: there is none.
    """
    source = root / copy.source
    paths = [source] if source.is_file() else sorted(path for path in source.rglob("*") if path.is_file())
    taken = [path for path in paths if not is_ignored(PurePosixPath(path.relative_to(root).as_posix()), patterns)]
    if not taken:
        raise FileNotFoundError(f"COPY {copy.source}: there is no such file, or .dockerignore leaves it out")
    for path in taken:
        yield path, (copy.target / path.relative_to(source).as_posix()).as_posix()


def main(arguments: Sequence[str]) -> None:
    """Copy the files, or print the variables."""
    instructions = read_dockerfile(DOCKERFILE.read_text(encoding="utf-8"))
    if list(arguments) == ["variables"]:
        for name, value in variables(instructions).items():
            print(f"{name}={value}")
    elif len(arguments) == 2 and arguments[0] == "copy":
        patterns = read_ignored((ROOT / ".dockerignore").read_text(encoding="utf-8"))
        for copy in copies(instructions):
            for path, place in files_of(ROOT, copy, patterns):
                target = Path(arguments[1]) / place.lstrip("/")
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, target)
    else:
        sys.exit("usage: context.py copy FOLDER | context.py variables")


def _compile(pattern: str) -> re.Pattern[str]:
    known = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    return re.compile("".join(known.get(part, re.escape(part)) for part in parts))


if __name__ == "__main__":
    main(sys.argv[1:])
