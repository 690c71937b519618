"""What the site is made of: the documents as they lie in the repository, and the reference, written from the code."""

import os
import re
import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import tomli_w

from kefu.cli import kefu
from kefu.cli.parameters import list_parameters, parameter_types
from kefu.pipeline_registry import register_pipelines

ELSEWHERE = {  # documents outside of docs/
    "README.md": "index.md",
    "README.zh.md": "zh/index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "notebooks/README.md": "notebooks.md",
}
GUIDES, DECISIONS, PYTHON = "How-to guides", "Decisions", "Python"
FENCED = re.compile(r"(^ *```.*?^ *```)", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#)[^)#\s]+")


@dataclass(frozen=True)
class Stage:
    """The repository, and the folder that its documents become pages in."""

    root: Path
    pages: Path

    def place(self, source: Path) -> Path:
        """Return where a file of the repository lies among the pages."""
        name = source.relative_to(self.root).as_posix()
        inside = source.relative_to(self.root / "docs") if name.startswith("docs/") else Path("files", name)
        return self.pages / ELSEWHERE.get(name, inside)

    def add(self, source: Path) -> None:
        """Write a document as a page, and copy what else it links to."""
        page = self.place(source)

        def moved(match: re.Match[str]) -> str:
            target = Path(os.path.normpath(source.parent / match[0]))
            if not target.is_file():
                return match[0]  # which the build tells of
            if target.suffix != ".md":
                copy(target, self.place(target))
            return os.path.relpath(self.place(target), page.parent)

        parts = FENCED.split(source.read_text(encoding="utf-8"))
        parts[::2] = (LINK.sub(moved, prose) for prose in parts[::2])
        write(page, with_deep_lists("".join(parts)))


def stage_documents(root: Path, folder: Path) -> Path:
    """Write pages and configuration below ``folder``, and return the configuration."""
    stage = Stage(root, folder / "docs")
    for source in [*(root / name for name in ELSEWHERE), *sorted(root.glob("docs/**/*.md"))]:
        stage.add(source)
    for image in root.glob("docs/images/*"):
        copy(image, stage.place(image))
    config = tomllib.loads((root / "zensical.toml").read_text(encoding="utf-8"))
    project = config["project"]
    project["nav"] = navigation(project["nav"], stage.pages, write_reference(root / "src/kefu", stage.pages))
    project["plugins"]["mkdocstrings"]["handlers"]["python"]["paths"] = [str(root / "src")]
    write(folder / "zensical.toml", tomli_w.dumps(config))
    return folder / "zensical.toml"


def with_deep_lists(text: str) -> str:
    """Set what belongs to a numbered item in by four spaces, as Python-Markdown wants; GitHub is content with three."""
    lines, inside = [], False
    for line in text.splitlines():
        inside = bool(re.match(r"\d+\. ", line)) or (inside and (not line or line.startswith("   ")))
        lines.append(f" {line}" if inside and line.startswith("   ") else line)
    return "\n".join(lines) + "\n"


def write_reference(package: Path, pages: Path) -> list[str]:
    """Write a page for each room of the package, one for all parameters, one for all commands; return the rooms'."""
    rooms = sorted(path for path in package.iterdir() if (path / "__init__.py").is_file() or path.suffix == ".py")
    names = [room.stem for room in rooms if not room.stem.startswith("_")]
    for name in names:
        write(pages / f"reference/{name}.md", f"::: kefu.{name}\n")
    write(pages / "reference/parameters.md", "\n".join(parameter_lines()))
    write(pages / "reference/commands.md", "\n".join(command_lines()))
    return [f"reference/{name}.md" for name in names]


def parameter_lines() -> Iterator[str]:
    """Yield what ``kefu parameters`` tells, a table for each group."""
    yield "# Every parameter\n\nAs `kefu parameters` tells them; [how they are set](../parameters.md)."
    shown = None
    for parameter in list_parameters(parameter_types(register_pipelines())):
        group = ".".join(parameter.name.split(".")[:-1][:2]) or "For all"
        if group != shown:
            yield f"\n## {group}\n\n| parameter | type | default | meaning |\n| --- | --- | --- | --- |"
            shown = group
        cells = (f"`{parameter.name}`", parameter.kind, f"`{parameter.default}`" if parameter.default else "")
        meaning = parameter.description.replace("<", "&lt;")
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in (*cells, meaning)) + " |"


def command_lines() -> Iterator[str]:
    """Yield the help of every command of kefu."""
    yield "# Commands"
    parent = click.Context(kefu, info_name="kefu")
    for name in kefu.list_commands(parent):
        command = kefu.get_command(parent, name)
        assert command is not None
        context = click.Context(command, info_name=name, parent=parent, terminal_width=100, max_content_width=100)
        yield f"\n## kefu {name}\n\n```text\n{command.get_help(context)}\n```"


def navigation(nav: list[Any], pages: Path, reference: list[str]) -> list[Any]:
    """Return the navigation without documents that are not there, and with those that it does not name."""
    named = set(re.findall(r"[\w/]+\.md", str(nav)))
    filled = {
        GUIDES: [path.name for path in sorted(pages.glob("*.md")) if path.name not in named],
        DECISIONS: [path.relative_to(pages).as_posix() for path in sorted(pages.glob("decisions/0*.md"))],
        PYTHON: [{f"kefu.{Path(name).stem}": name} for name in reference],
    }
    filled[DECISIONS].insert(0, {"All decisions": "decisions/README.md"})

    def fill(entries: list[Any]) -> Iterator[Any]:
        for entry in entries:
            [(title, content)] = entry.items()
            if isinstance(content, list):
                yield {title: [*fill(content), *filled.get(title, [])]}
            elif (pages / content).is_file():
                yield entry

    return list(fill(nav))


def copy(source: Path, target: Path) -> None:
    """Copy a file into a folder that may not be there yet."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, target)


def write(path: Path, text: str) -> None:
    """Write a file into a folder that may not be there yet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
