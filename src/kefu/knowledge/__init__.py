"""What the assistant may say: articles in both languages, and how the right one is found."""

from kefu.knowledge.articles import Article, Passage
from kefu.knowledge.knowledge_base import KnowledgeBase
from kefu.knowledge.reading import KnowledgeError

__all__ = ["Article", "KnowledgeBase", "KnowledgeError", "Passage"]
