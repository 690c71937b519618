import re

import pytest

from kefu.knowledge.articles import Article
from kefu.knowledge.reading import KnowledgeError, read_articles

GOOD = """---
article_id: returns/deadline
title: How long
intents: [refund, wrong_item]
asked:
  - send it back
---

Thirty days.
"""


def write(folder, files):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def faults_of(folder, files):
    """Read one good article beside the files; only they may be at fault."""
    reading = read_articles(write(folder, {"en/a-good.md": GOOD, **files}))
    assert [article.article_id for article in reading.articles if article.text == "Thirty days."] == [
        "returns/deadline"
    ]
    return reading.faults


def test_markdown_has_its_language_from_its_folder(tmp_path):
    chinese = "\ufeff---\r\narticle_id: returns/deadline\r\ntitle: 期限\r\n---\r\n三十天。\r\n"
    reading = read_articles(
        write(tmp_path, {"en/deep/a.md": GOOD, "zh/a.md": chinese, "notes.txt": "x", ".git/a.md": ""})
    )
    assert reading.faults == ()
    assert reading.articles == (
        Article(
            article_id="returns/deadline",
            language="en",
            title="How long",
            text="Thirty days.",
            intents=("refund", "wrong_item"),
            asked=("send it back",),
        ),
        Article(article_id="returns/deadline", language="zh", title="期限", text="三十天。"),
    )


def test_tables_hold_many(tmp_path):
    table = (
        'article_id,language,title,text,intents,asked\nb,zh,水壶,"1.7 升,\n不锈钢",,烧水；茶壶\n'
        '\na,en,Kettle,1.7 litres,"x, y x",boil water; ;pot;pot\n'
    )
    reading = read_articles(write(tmp_path, {"products.csv": table}))
    assert reading.faults == ()
    assert [(item.article_id, item.text, item.intents, item.asked) for item in reading.articles] == [
        ("a", "1.7 litres", ("x", "y"), ("boil water", "pot")),
        ("b", "1.7 升,\n不锈钢", (), ("烧水", "茶壶")),
    ]


def test_the_last_columns_may_be_missing(tmp_path):
    reading = read_articles(write(tmp_path, {"a.csv": "language,article_id,title,text\nen,a,A,aa\n"}))
    assert reading.articles[0].intents == ()


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("en/b.md", "", r"en/b.md: is empty; write"),
        ("en/b.md", " \n\n", r"en/b.md: is empty; write"),
        ("en/b.md", "\n# Title\ntext", r"en/b.md line 2: no front matter; begin with a line ---"),
        ("en/b.md", "---\narticle_id: b\n", r"en/b.md line 1: no front matter"),
        ("en/b.md", "---\narticle_id: b\ntitle: a: b\n---\nx", r"en/b.md line 3: the front matter is no YAML .*quotes"),
        ("en/b.md", "---\n- b\n---\nx", r"en/b.md line 2: the front matter has no fields"),
        ("en/b.md", "---\ntitle: B\n---\nx", r"en/b.md line 1: no article_id; use small letters"),
        ("en/b.md", "---\narticle_id: ../B x\ntitle: B\n---\nx", r"the article_id '../B x' is not fit for an address"),
        ("en/b.md", "---\narticle_id: b\n---\nx", r"line 1: the article 'b' has no title; give it one"),
        ("en/b.md", "---\narticle_id: b\ntitle: B\n---\n \n", r"the article 'b' has no text; write it or delete"),
        ("en/b.md", b"---\ntitle: B\n---\nprice \xa35", r"en/b.md line 4: is not UTF-8 \(byte 0xa3\); save"),
        ("en/b.md", "---\ntitle: B\n---\n".encode("utf-16"), r"en/b.md line 1: is not UTF-8 \(byte 0xff\)"),
        ("en/b.md", b"---\ntitle: B\0", r"en/b.md line 2: holds zero bytes"),
        ("de/b.md", GOOD, r"de/b.md line 1: 'de' is no language of the assistant; use en or zh"),
        ("b.md", GOOD, r"b.md: lies in no language's folder; move it to en/ or zh/"),
        ("zz.csv", "", r"zz.csv: is empty; give it the columns article_id, language, title, text, intents, asked"),
        (
            "zz.csv",
            "id,language,title,text\n",
            r"zz.csv line 1: no column article_id; the columns are article_id, language,",
        ),
        ("zz.csv", "Title,article_id,language,text\n", r"zz.csv line 1: no column title; did you mean 'Title'\?"),
        ("zz.csv", "article_id,language,title,text\nb,fr,B,x\n", r"zz.csv line 2: 'fr' is no language"),
        ("zz.csv", "article_id,language,title,text\nb,en,B\n", r"zz.csv line 2: has more or fewer cells"),
        ("zz.csv", "article_id,language,title,text\nb,en,B,x,y,z\n", r"zz.csv line 2: has more or fewer cells"),
        ("zz.csv", 'article_id,language,title,text\nb,en,B,"x\n', r"zz.csv line 2: is no CSV .* from here on"),
        ("zz.csv", "article_id,language,title,text\nb,zh,B,价\n".encode("gb18030"), r"zz.csv line 2: is not UTF-8"),
    ],
)
def test_what_cannot_be_read_is_told_with_line_and_mend(tmp_path, name, content, told):
    faults = faults_of(tmp_path, {name: content})
    assert len(faults) == 1
    assert re.search(told, faults[0])
    assert "\n" not in faults[0]


def test_rows_beside_a_wrong_one_are_read(tmp_path):
    table = 'article_id,language,title,text\n"b",en,B,"b\nb"\n,en,C,c\nd,en,D,d\n'
    reading = read_articles(write(tmp_path, {"a.csv": table}))
    assert [article.article_id for article in reading.articles] == ["b", "d"]
    assert reading.faults == (
        "a.csv line 4: no article_id; use small letters, digits, - and /, as in returns/refund-time",
    )


def test_of_two_with_the_same_id_the_first_counts(tmp_path):
    faults = faults_of(tmp_path, {"en/b.md": GOOD.replace("Thirty", "Forty")})
    assert faults == (
        "en/b.md line 1: the article_id 'returns/deadline' in en is that of en/a-good.md line 1, which counts; "
        "rename or delete one of the two",
    )


def test_a_folder_must_be_there_and_hold_something(tmp_path):
    with pytest.raises(KnowledgeError, match=r"there is no folder .*nowhere with articles; create it"):
        read_articles(tmp_path / "nowhere")
    with pytest.raises(KnowledgeError, match=r"holds no article that can be read: no .md file in en/ or zh/"):
        read_articles(tmp_path)
    with pytest.raises(KnowledgeError, match=r"holds no article that can be read; en/a.md: is empty"):
        read_articles(write(tmp_path, {"en/a.md": ""}))
