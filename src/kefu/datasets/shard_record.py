"""The record of which recipe made which shard."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple


class MadeShard(NamedTuple):
    """A line of the record."""

    recipe: str
    by_content: str
    """The recipe that tells files by what is in them."""
    digest: str
    """Of what came of it; empty where nothing was made yet."""


class ShardRecord:
    """Lines of :class:`MadeShard` in a file. It only saves work: any of it may be lost, as the last line to a kill."""

    def __init__(self, path: Path) -> None:
        self.path = path
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        made = [MadeShard(*words) for words in map(str.split, lines) if len(words) == len(MadeShard._fields)]
        self.by_recipe = {entry.recipe: entry for entry in made}
        self.by_content = {entry.by_content: entry for entry in made}
        self.rewrite(made)

    def add(self, made: MadeShard) -> None:
        """Note a shard as soon as it is there."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(_line(made))

    def rewrite(self, made: Iterable[MadeShard]) -> None:
        """Note these shards and no others."""
        replace_text(self.path, "".join(map(_line, made)))


def replace_text(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, "utf-8")
    part.replace(path)


def _line(made: MadeShard) -> str:
    return f"{' '.join(made)}\n"
