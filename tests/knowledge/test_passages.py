import pytest
from hypothesis import given
from hypothesis import strategies as st

from kefu.knowledge.articles import Article
from kefu.knowledge.passages import MAX_CHARACTERS, Section, split_article, split_sentences


def article(text, language="en", title="Returns"):
    return Article(article_id="a", language=language, title=title, text=text)


def test_a_short_article_is_one_passage():
    assert split_article(article("One.\n\n- two\n- three")) == [Section("Returns", "One.\n\n- two\n- three")]


def test_headings_start_passages_and_stand_in_their_titles():
    text = "Intro.\n# Returns\n## From abroad ##\nSlow.\n### By ship\nSlower.\n## At home\n```\n# no heading\n```"
    assert split_article(article(text)) == [
        Section("Returns", "Intro."),
        Section("Returns: From abroad", "Slow."),
        Section("Returns: From abroad: By ship", "Slower."),
        Section("Returns: At home", "```\n# no heading\n```"),
    ]
    assert split_article(article("## 国外\n慢。", "zh", "退货")) == [Section("退货：国外", "慢。")]


def test_headings_alone_are_the_text():
    assert split_article(article("# Thirty days")) == [Section("Returns", "# Thirty days")]


def test_long_articles_are_cut_between_paragraphs():
    paragraphs = ["a" * 300, "b" * 300, "c" * 300]
    assert [section.text for section in split_article(article("\n\n".join(paragraphs)))] == [
        f"{paragraphs[0]}\n\n{paragraphs[1]}",
        paragraphs[2],
    ]


def test_long_lists_are_cut_between_lines():
    lines = [f"- {letter * 250}" for letter in "abcd"]
    texts = [section.text for section in split_article(article("\n".join(lines)))]
    assert texts == ["\n".join(lines[:2]), "\n".join(lines[2:])]


@pytest.mark.parametrize(("language", "sentence"), [("en", "It is {} days, sorry."), ("zh", "第{}天才能到，抱歉。")])
def test_long_paragraphs_are_cut_between_sentences(language, sentence):
    joint = " " if language == "en" else ""
    sentences = [sentence.format(number) for number in range(100)]
    passages = [section.text for section in split_article(article(joint.join(sentences), language))]
    assert joint.join(passages) == joint.join(sentences)
    assert all(len(passage) <= MAX_CHARACTERS[language] for passage in passages)
    assert all(passage.endswith(sentence[-1]) for passage in passages)
    assert min(map(len, passages[:-1])) > MAX_CHARACTERS[language] - 40


def test_a_sentence_stays_whole_however_long():
    long = "Word" + " word" * 300 + "."
    assert [section.text for section in split_article(article(f"Short. {long} Short."))] == ["Short.", long, "Short."]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("It is 4.90 euros. Pay at 2 p.m. today! Why?", ["It is 4.90 euros.", "Pay at 2 p.m. today!", "Why?"]),
        ("Take size 40, e.g. Our No. 5 fits. Mr. Li knows.", ["Take size 40, e.g. Our No. 5 fits.", "Mr. Li knows."]),
        (
            "退货免费。多久到账？“三天！”他说。真的！！好",
            ["退货免费。", "多久到账？", "“三天！”", "他说。", "真的！！", "好"],
        ),
        ("满99.5元包邮。OK.", ["满99.5元包邮。", "OK."]),
        ("", []),
    ],
)
def test_sentences(text, sentences):
    assert split_sentences(text) == sentences


@given(st.text(alphabet="ab。！.\n -`”退 ", max_size=200), st.sampled_from(["en", "zh"]))
def test_no_letter_is_lost(text, language):
    sections = split_article(article(text, language))
    kept = "".join(section.title + section.text for section in sections)
    assert {letter: kept.count(letter) >= text.count(letter) for letter in "ab退"} == dict.fromkeys("ab退", True)
