"""Articles cut into passages: short enough to be read out, long enough to stand alone."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kefu.knowledge.articles import Article

MAX_CHARACTERS = {"en": 700, "zh": 280}
"""Length of a passage; a Chinese character says about as much as two and a half Latin ones."""

_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*\s*")
_CODE = re.compile(r"\s*(```|~~~)")
_BLANK = re.compile(r"\n\s*\n")
# after a full stop a new sentence begins with a space and no small letter: `e.g. a cup` and `No. 5` go on
_SENTENCE_END = re.compile(
    r"(?<=[。！？])(?![。！？”’」』）…])"
    r"|(?<=[。！？][”’」』）])"
    r"|(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\bNo\.)(?<!\bMr\.)(?<!\bMs\.)(?<!\bDr\.)(?<=[.!?])\s+(?=[^\sa-z])"
)


@dataclass(frozen=True, slots=True)
class Section:
    """A passage of an article before anything was asked.

    Attributes:
        title: The article's, followed by the headings that lead to the passage.
        text: Markdown without headings.
    """

    title: str
    text: str


def split_article(article: Article) -> list[Section]:
    """Cut an article at its headings, and what is longer than :data:`MAX_CHARACTERS` between paragraphs.

    Paragraphs that are too long by themselves are cut between lines, lines between sentences. A sentence stays whole
    however long it is. A heading with nothing below it leads nowhere and is left out.

    Returns:
        At least one section, in the order of the article.
    """
    limit = MAX_CHARACTERS[article.language]
    colon = "：" if article.language == "zh" else ": "
    sections = [
        Section(colon.join([article.title, *headings]), text)
        for headings, body in _under_headings(article)
        for text in _pack(body, limit)
    ]
    return sections or [Section(article.title, article.text)]


def _under_headings(article: Article) -> Iterator[tuple[list[str], str]]:
    path: list[tuple[int, str]] = []
    lines: list[str] = []
    in_code = False
    for line in article.text.splitlines():
        if _CODE.match(line):
            in_code = not in_code
        heading = None if in_code else _HEADING.fullmatch(line)
        if heading is None:
            lines.append(line)
            continue
        yield [name for _, name in path], "\n".join(lines)
        lines = []
        level, name = len(heading[1]), heading[2]
        path = [(above, other) for above, other in path if above < level]
        if name and name != article.title:
            path.append((level, name))
    yield [name for _, name in path], "\n".join(lines)


def _pack(body: str, limit: int) -> Iterator[str]:
    """Yield the body in as few pieces as the limit allows."""
    piece = ""
    for separator, part in _parts(body, limit):
        if piece and len(piece) + len(separator) + len(part) > limit:
            yield piece
            piece = part
        else:
            piece = f"{piece}{separator}{part}" if piece else part
    if piece:
        yield piece


def _parts(body: str, limit: int) -> Iterator[tuple[str, str]]:
    """Yield what may not be cut further, each with what joins it to the part before."""
    for paragraph in filter(None, (part.strip("\n") for part in _BLANK.split(body.strip()))):
        if len(paragraph) <= limit:
            yield "\n\n", paragraph
            continue
        for number, line in enumerate(paragraph.splitlines()):
            separator = "\n" if number else "\n\n"
            for sentence in split_sentences(line) if len(line) > limit else [line]:
                yield separator, sentence
                separator = "" if sentence[-1:] in "。！？”’」』）" else " "


def split_sentences(text: str) -> list[str]:
    """Cut a paragraph, English or Chinese, behind the marks that end a sentence; nothing but spaces is lost."""
    return [sentence for sentence in (part.strip() for part in _SENTENCE_END.split(text)) if sentence]
