"""What the assistant may say: articles in both languages, and how the right one is found."""

from kefu.knowledge.articles import Article, Passage

__all__ = ["Article", "Passage"]
