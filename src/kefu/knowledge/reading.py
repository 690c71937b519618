"""Articles from a folder: Markdown by language, and tables.

A knowledge base is a folder::

    knowledge/
      en/returns.md      one article: front matter between two lines of ---, then Markdown
      zh/returns.md      its twin: the same article_id
      products.csv       many articles: columns article_id, language, title, text, intents, asked

Front matter is YAML with ``article_id`` and ``title``. Two fields are optional: ``intents``, the labels of the model
that lead to the article, and ``asked``, what customers say where the article says it otherwise (`it came in pieces`);
in a table spaces or commas part the former, semicolons the latter.
A file that cannot be read leaves its articles out and is told as a fault; the rest is read.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import yaml  # type: ignore[import-untyped]

from kefu.knowledge.articles import Article, Language
from kefu.tickets.errors import KefuError, did_you_mean

LANGUAGES: tuple[Language, ...] = get_args(Language)
COLUMNS = ("article_id", "language", "title", "text", "intents", "asked")

_REQUIRED = COLUMNS[:4]
_FENCE = "---"
_ARTICLE_ID = re.compile(r"[a-z0-9]+(?:[-_/][a-z0-9]+)*")
_ASTRAY = "\0"  # column of a surplus cell, content of a missing one; no file may hold it
_LABEL = re.compile(r"[^\s,;|]+")
_PHRASE = re.compile(r"[^;；\n]+")


class KnowledgeError(KefuError):
    """A knowledge base that cannot be read; of single articles that cannot, see :class:`Reading`."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a folder holds.

    Attributes:
        articles: By article id, then by language.
        faults: What was left out and why, a line each: file, line, what is wrong, how to mend it.
    """

    articles: tuple[Article, ...]
    faults: tuple[str, ...]


class _UnreadableError(Exception):
    """Why there is no article at a place."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"{place}: {reason}")


@dataclass(frozen=True, slots=True)
class _Draft:
    """The fields of an article, unchecked, and the place they come from."""

    place: str
    fields: Mapping[Any, Any]


def read_articles(folder: Path) -> Reading:
    """Read every ``.md`` and ``.csv`` file below a folder; hidden files and others are ignored.

    Of two articles with the same id and language the first counts, files being taken in alphabetical order.

    Raises:
        KnowledgeError: There is no such folder, or not a single article in it that can be read.
    """
    if not folder.is_dir():
        raise KnowledgeError(f"there is no folder {folder} with articles; create it with en/ and zh/ in it")
    articles: dict[tuple[str, Language], Article] = {}
    places: dict[tuple[str, Language], str] = {}
    faults: list[str] = []
    for draft in _find_drafts(folder, faults):
        try:
            article = _check(draft)
        except _UnreadableError as fault:
            faults.append(str(fault))
            continue
        key = (article.article_id, article.language)
        if key in articles:
            faults.append(
                f"{draft.place}: the article_id '{key[0]}' in {key[1]} is that of {places[key]}, which counts; "
                "rename or delete one of the two"
            )
            continue
        articles[key], places[key] = article, draft.place
    if not articles:
        raise KnowledgeError(
            f"{folder} holds no article that can be read"
            + (f"; {faults[0]}" if faults else ": no .md file in en/ or zh/, no .csv file")
        )
    return Reading(tuple(articles[key] for key in sorted(articles)), tuple(faults))


def _find_drafts(folder: Path, faults: list[str]) -> Iterator[_Draft]:
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if any(part.startswith(".") for part in relative.parts) or not path.is_file():
            continue
        try:
            match path.suffix.lower():
                case ".md":
                    yield _read_markdown(path, relative)
                case ".csv":
                    yield from _read_table(path, relative.as_posix())
        except _UnreadableError as fault:
            faults.append(str(fault))


def _read_markdown(path: Path, relative: Path) -> _Draft:
    name, language = relative.as_posix(), relative.parts[0]
    if len(relative.parts) == 1:
        raise _UnreadableError(name, "lies in no language's folder; move it to en/ or zh/")
    lines = _decode(path, name).splitlines()
    start = next((number for number, line in enumerate(lines, 1) if line.strip()), None)
    if start is None:
        raise _UnreadableError(name, "is empty; write the article or delete the file")
    end = next((number for number in range(start + 1, len(lines) + 1) if lines[number - 1].rstrip() == _FENCE), None)
    if lines[start - 1].rstrip() != _FENCE or end is None:
        raise _UnreadableError(
            f"{name} line {start}",
            "no front matter; begin with a line ---, then article_id: and title:, then a line ---",
        )
    try:
        fields = yaml.safe_load("\n".join(lines[start : end - 1])) or {}
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or "it cannot be parsed"
        raise _UnreadableError(
            f"{name} line {start + 1 + (mark.line if mark else 0)}",
            f"the front matter is no YAML ({reason}); put values with a colon in quotes",
        ) from error
    if not isinstance(fields, dict):
        raise _UnreadableError(
            f"{name} line {start + 1}", "the front matter has no fields; write article_id: and title:"
        )
    return _Draft(f"{name} line {start}", {**fields, "language": language, "text": "\n".join(lines[end:])})


def _read_table(path: Path, name: str) -> Iterator[_Draft]:
    text = _decode(path, name)
    rows = csv.DictReader(io.StringIO(text, newline=""), strict=True, restval=_ASTRAY, restkey=_ASTRAY)
    line = 1
    try:
        columns = [column.strip() for column in rows.fieldnames or ()]
        if not columns:
            raise _UnreadableError(name, f"is empty; give it the columns {', '.join(COLUMNS)} or delete it")
        if missing := [column for column in _REQUIRED if column not in columns]:
            hint = did_you_mean(missing[0], columns) or f"; the columns are {', '.join(COLUMNS)}"
            raise _UnreadableError(f"{name} line 1", f"no column {missing[0]}{hint}")
        rows.fieldnames = columns
        line = rows.line_num + 1
        for row in rows:
            yield _Draft(f"{name} line {line}", row)
            line = rows.line_num + 1
    except csv.Error as error:
        raise _UnreadableError(
            f"{name} line {line}", f"is no CSV ({error}); all rows from here on are left out"
        ) from error


def _check(draft: _Draft) -> Article:
    place, fields = draft.place, draft.fields
    if _ASTRAY in fields or _ASTRAY in fields.values():
        raise _UnreadableError(place, "has more or fewer cells than there are columns; quote cells that hold commas")
    article_id, title, text, language = (
        str(fields.get(name) or "").strip() for name in ("article_id", "title", "text", "language")
    )
    if language not in LANGUAGES:
        raise _UnreadableError(place, f"'{language}' is no language of the assistant; use {' or '.join(LANGUAGES)}")
    if not _ARTICLE_ID.fullmatch(article_id):
        given = f"the article_id '{article_id}' is not fit for an address" if article_id else "no article_id"
        raise _UnreadableError(place, f"{given}; use small letters, digits, - and /, as in returns/refund-time")
    if not title:
        raise _UnreadableError(place, f"the article '{article_id}' has no title; give it one")
    if not text:
        raise _UnreadableError(place, f"the article '{article_id}' has no text; write it or delete the article")
    return Article(
        article_id=article_id,
        language=language,
        title=title,
        text=text,
        intents=_list(fields.get("intents"), _LABEL),
        asked=_list(fields.get("asked"), _PHRASE),
    )


def _list(given: object, item: re.Pattern[str]) -> tuple[str, ...]:
    """Return the items of a list, or of what is written in one line, each once."""
    items = given if isinstance(given, list) else item.findall(str(given or ""))
    return tuple(dict.fromkeys(str(name).strip() for name in items if str(name).strip()))


def _decode(path: Path, name: str) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise _UnreadableError(name, f"cannot be opened ({error.strerror})") from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _UnreadableError(
            f"{name} line {line}", f"is not UTF-8 (byte 0x{data[error.start]:02x}); save the file as UTF-8"
        ) from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise _UnreadableError(f"{name} line {line}", "holds zero bytes; save the file as UTF-8 text")
    return text
