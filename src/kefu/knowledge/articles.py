"""Articles of a knowledge base, and the passages of them that answer a question."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Language = Literal["en", "zh"]
"""The languages that the assistant speaks; both are equals."""


class Article(BaseModel):
    """One article in one language; its twin in the other language has the same ``article_id``."""

    model_config = ConfigDict(frozen=True)

    article_id: str = Field(description="Its name in citations, such as `returns/refund-time`.")
    language: Language
    title: str
    text: str = Field(description="Plain Markdown.")
    intents: tuple[str, ...] = Field((), description="Labels of the model that it answers.")
    asked: tuple[str, ...] = Field((), description="How customers put it in other words; searched, never shown.")


class Passage(BaseModel):
    """A part of an article, as it was found for a question."""

    model_config = ConfigDict(frozen=True)

    article_id: str
    language: Language
    title: str
    text: str
    score: float = Field(description="Higher fits better; comparable within one search alone.")
