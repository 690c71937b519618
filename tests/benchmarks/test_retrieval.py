import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from kefu.knowledge import Article, KnowledgeBase
from kefu.knowledge.reading import read_articles

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def benchmark():
    folder = str(ROOT / "benchmarks")
    sys.path.insert(0, folder)
    try:
        spec = importlib.util.spec_from_file_location("benchmark_retrieval", ROOT / "benchmarks" / "retrieval.py")
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module  # dataclasses look their module up
        spec.loader.exec_module(module)
        yield module
    finally:
        sys.path.remove(folder)
        sys.modules.pop("benchmark_retrieval", None)


def test_distractors_are_twins_the_same_for_a_seed_and_none_is_the_demos(benchmark):
    made = list(benchmark.make_distractors(401, seed=1))
    assert made == list(benchmark.make_distractors(401, seed=1))
    assert made != list(benchmark.make_distractors(401, seed=2))
    assert [article.language for article in made[:3]] == ["en", "zh", "en"]
    assert made[0].article_id == made[1].article_id
    assert len({(article.title, article.language) for article in made}) == len(made) == 401
    demo = {article.title for article in read_articles(ROOT / "conf/assistant/demo/knowledge").articles}
    assert not demo & {article.title for article in made}
    assert not any("{" in article.title + article.text for article in made)
    with pytest.raises(ValueError, match="at most"):
        list(benchmark.make_distractors(10**6))


def test_questions_ask_for_articles_that_exist(benchmark):
    demo = read_articles(ROOT / "conf/assistant/demo/knowledge").articles
    asked = {}
    for split in ("dev", "test", "another hand"):
        path = benchmark.QUESTIONS.get(split, ROOT / "conf/assistant/demo/questions.csv")
        for question in benchmark.read_questions(path, split, demo):
            asked.setdefault((question.language, split), []).append(question)
    texts = [question.question for questions in asked.values() for question in questions]
    assert len(set(texts)) == len(texts)
    for language in ("en", "zh"):
        assert len(asked[language, "dev"]) + len(asked[language, "test"]) >= 120
        assert len(asked[language, "test"]) >= 60
        assert len(asked[language, "another hand"]) >= 100
    written = "\n".join([*(article.text for article in demo), *(p for article in demo for p in article.asked)]).lower()
    assert not [text for text in texts if text.lower().strip("?？。 ") in written]


def test_recall_counts_the_first_five(benchmark):
    cups = [Article(article_id=name, language="en", title="cup", text="cup") for name in "abcdefg"]
    questions = [benchmark.Question("cup?", "en", name, "i") for name in "agf"]
    assert benchmark.ranks(benchmark.search_of(KnowledgeBase(cups)), questions).tolist() == [1, 0, 0]
    cups[6] = cups[6].model_copy(update={"intents": ("i",)})
    with_intent = benchmark.search_of(KnowledgeBase(cups), with_intent=True)
    assert benchmark.ranks(with_intent, questions).tolist() == [2, 1, 0]


def test_the_baseline_finds_what_is_plain(benchmark):
    texts = [("a", "en", "red cup"), ("b", "en", "blue lamp"), ("a", "zh", "红色杯子"), ("b", "zh", "蓝色台灯")]
    search = benchmark.tfidf_search(
        [Article(article_id=name, language=lang, title=t, text=t) for name, lang, t in texts]
    )
    assert search(benchmark.Question("a lamp?", "en", "b", None)) == ["b"]
    assert search(benchmark.Question("杯子", "zh", "a", None)) == ["a"]


def test_intervals_resample_whole_articles(benchmark):
    hits = np.array([True] * 10 + [False] * 10)
    low, high = benchmark.interval(hits, ["a"] * 10 + ["b"] * 10)
    assert (low, high) == (0, 1)
    low, high = benchmark.interval(hits, [str(number) for number in range(20)])
    assert 0.2 < low < 0.5 < high < 0.8
