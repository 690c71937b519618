import csv
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kefu.modalities.contract import Cleaned
from kefu.modalities.text.clean import Cleaning, clean
from kefu.tickets.faults import Fault, Reason

PARAMS = Cleaning()


def payload(raw: object, params: Cleaning = PARAMS) -> str:
    cleaned = clean(raw, params)
    assert isinstance(cleaned, Cleaned), cleaned
    return cleaned.payload


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("  too \t big \xa0 \u3000 sir ", "too big sir"),
        ("one\r\n\r\n  two\u2028three", "one\ntwo\nthree"),
        ("I&#39;m 5&#39;3&quot;", "I'm 5'3\""),
        ("I&amp;amp;amp;#39;m", "I'm"),
        ("I&#38;#39;m", "I'm"),
        ("&lt;b&gt;late&lt;/b&gt;", "late"),
        ("R&D &copyright AT&T &nosuchentity;", "R&D &copyright AT&T &nosuchentity;"),
        ("<p>Hello<br/>there</p><script>alert('x')</script>", "Hello\nthere"),
        ('<a href="http://x.y">my <b>new</b> coat</a><!-- note -->', "my new coat"),
        ("I <3 it, size < 10 and > 5, from <ann@x.org>", "I <3 it, size < 10 and > 5, from <ann@x.org>"),
        ("zero\u200bwidth\ufeff\u202e and \x00control\x1b", "zerowidth and control"),
        ("\ud83d\ude00 half \ud800 pair", "😀 half pair"),
        ("broken \ufffd\ue000 text", "broken text"),
        ("ｓｉｚｅ　１２！", "size 12!"),
        ("ﬁts “well”, don’t… ", 'fits "well", don\'t...'),
        ("5½ inches, 2nd´s, brand™ coat", "5 1/2 inches, 2nd's, brand coat"),
        ("“你好”，我要退款！（急）……", "“你好”，我要退款！（急）……"),
        ("Ｔ恤ＸＬ码，１００％棉", "T恤XL码，100%棉"),
        ("我的iPhone don’t 充电", "我的iPhone don't 充电"),
    ],
)
def test_normalises(raw: str, expected: str) -> None:
    assert payload(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("ombrÃ© and ombrã© jacket", "ombré and ombré jacket"),
        ("donâ€™t â€“ 5 â‚¬", "don't – 5 €"),
        ("don\u00e2\u0080\u0099t", "don't"),
        ("æ²¡æœ‰æ”¶åˆ° parcel", "没有收到 parcel"),
        ("ok ðŸ˜€", "ok 😀"),
        ("Â£20", "£20"),
    ],
)
def test_repairs_mojibake(raw: str, expected: str) -> None:
    assert payload(raw) == expected


@pytest.mark.parametrize("text", ["MAÇÃO", "irmã»", "à « toi »", "café”…", "São José, 3 °C", "ÄÖÜ äöü ß", "Ünïcödé"])
def test_leaves_what_could_be_meant(text: str) -> None:
    assert "�" not in payload(text)
    assert [char for char in payload(text) if char.isalpha()] == [char for char in text if char.isalpha()]


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "   ",
        "???",
        ".",
        "n/a",
        "N/A.",
        "None",
        "null",
        "-",
        "<br><br>&nbsp;",
        "&amp;nbsp;",
        "\u200b\ufeff",
        "----",
        "___",
        *("无", "無。", "没有", "（暂无）", "。。。", "？？？", "ｎ／ａ", "<b>无</b>", "\ud800", "$$$"),
    ],
)
def test_empty(raw: str) -> None:
    fault = clean(raw, PARAMS)
    assert isinstance(fault, Fault)
    assert fault.reason is Reason.EMPTY
    assert "\n" not in fault.detail


@pytest.mark.parametrize(
    "text", ["👍", "❤", "20391", "ok", "好", "没有收到货", "none 👍", "none of them fit", "null value?", "é"]
)
def test_short_but_content(text: str) -> None:
    assert payload(text) == text


@pytest.mark.parametrize(
    "raw", [None, 20391, 2.5, float("nan"), b"bytes", ["a"], np.int64(3), pytest.param(10**5000, id="huge")]
)
def test_wrong_type(raw: object) -> None:
    fault = clean(raw, PARAMS)
    assert isinstance(fault, Fault)
    assert fault.reason is Reason.WRONG_TYPE
    assert type(raw).__name__ in fault.detail


def test_own_placeholders() -> None:
    params = Cleaning(placeholders=("see photo", "如图"))
    assert isinstance(clean("See photo!", params), Fault)
    assert isinstance(clean("如图。", params), Fault)
    assert payload("n/a", params) == "n/a"


def test_facts() -> None:
    cleaned = clean(np.str_(" Where is my coat? "), PARAMS)
    assert isinstance(cleaned, Cleaned)
    assert type(cleaned.payload) is str
    assert set(cleaned.facts) == {"language", "num_chars", "cut", "digest", "simhash"}
    assert cleaned.facts["language"] == "en"
    assert cleaned.facts["num_chars"] == 17
    assert cleaned.facts["cut"] is False


@pytest.mark.parametrize("raw", ["word " * 5, "&amp;lt;" * 5000 + "b", "我想退款" * 5, "<b>x</b>" * 40])
def test_cuts_long_texts(raw: str) -> None:
    cleaned = clean(raw, Cleaning(max_chars=12))
    assert isinstance(cleaned, (Cleaned, Fault))
    if isinstance(cleaned, Cleaned):
        assert len(cleaned.payload) <= 12
        assert cleaned.facts["cut"] is True


def test_a_text_of_the_greatest_length_is_not_cut() -> None:
    cleaned = clean(" abc<br>  ", Cleaning(max_chars=3))
    assert isinstance(cleaned, Cleaned)
    assert cleaned.facts["cut"] is False


def test_a_cut_that_takes_all_the_chinese_leaves_a_settled_text() -> None:
    params = Cleaning(max_chars=6)
    once = payload("a…b…c…中", params)
    assert len(once) <= 6
    assert payload(once, params) == once


MASKING = Cleaning(mask_personal_data=True)


def test_personal_data_stay_where_masking_is_off() -> None:
    text = "call 13812345678, I am ann@shop.org"
    assert payload(text) == text
    cleaned = clean(text, PARAMS)
    assert isinstance(cleaned, Cleaned)
    assert not [name for name in cleaned.facts if name.startswith("masked")]


def test_masks_personal_data_and_counts_them() -> None:
    cleaned = clean("<b>Call</b> １３８１２３４５６７８ or 139&nbsp;1234&nbsp;5678, I am ann@shop.org", MASKING)
    assert isinstance(cleaned, Cleaned)
    assert cleaned.payload == "Call [phone] or [phone], I am [email]"
    assert {name: fact for name, fact in cleaned.facts.items() if name.startswith("masked")} == {
        "masked_email": 1,
        "masked_phone": 2,
    }
    assert cleaned.facts["num_chars"] == len(cleaned.payload)


def test_facts_of_masked_texts_are_of_what_is_left() -> None:
    first, second = clean("call 13812345678 now", MASKING), clean("call 13912345679 now", MASKING)
    assert isinstance(first, Cleaned)
    assert isinstance(second, Cleaned)
    assert first.facts == second.facts


def test_a_number_that_the_cut_would_halve_is_masked_whole() -> None:
    params = Cleaning(mask_personal_data=True, max_chars=20)
    cleaned = clean("my card: 4111 1111 1111 1111", params)
    assert isinstance(cleaned, Cleaned)
    assert cleaned.payload == "my card: [card]"
    assert cleaned.facts["cut"] is False
    assert payload("x" * 12 + " 13812345678 and more", params) == "x" * 12 + " [phone]"


def test_what_the_cut_uncovers_is_masked() -> None:
    params = Cleaning(mask_personal_data=True, max_chars=11)
    assert payload("13812345678901", params) == "[phone]"


def test_a_fault_quotes_no_personal_data() -> None:
    fault = clean("<!-- 13812345678 -->", MASKING)
    assert isinstance(fault, Fault)
    assert "[phone]" in fault.detail
    assert "138" not in fault.detail


@given(
    st.lists(
        st.sampled_from(["13812345678", "ann@shop.org", "<b>", "&#49;", "3", "912345678", " ", "我叫", "张三", "，"])
    ),
    st.integers(1, 40),
)
def test_masked_texts_are_settled(parts: list[str], max_chars: int) -> None:
    params = Cleaning(mask_personal_data=True, max_chars=max_chars)
    cleaned = clean("".join(parts), params)
    if isinstance(cleaned, Cleaned):
        assert len(cleaned.payload) <= max_chars
        again = clean(cleaned.payload, params)
        assert isinstance(again, Cleaned), again
        assert again.payload == cleaned.payload


@given(st.text(max_size=60), st.integers(1, 40))
def test_idempotent_and_never_raises(raw: str, max_chars: int) -> None:
    params = Cleaning(max_chars=max_chars)
    cleaned = clean(raw, params)
    if isinstance(cleaned, Cleaned):
        again = clean(cleaned.payload, params)
        assert isinstance(again, Cleaned), again
        assert again.payload == cleaned.payload
        assert again.facts["digest"] == cleaned.facts["digest"]
        cleaned.payload.encode("utf-8")


_AWKWARD = [
    "&",
    "amp;",
    "lt;",
    "gt;",
    "#39;",
    "<",
    ">",
    "b",
    "/",
    "script",
    "br",
    " ",
    "\n",
    "中",
    "…",
    "“",
    "＆",
    "＜",
    "Ã",
    "ã",
    "©",
]


@given(
    st.lists(
        st.sampled_from([*_AWKWARD, "\u200b", "â", "€", "™", "\ud83d", "\ude00", "½", "´", "n/a", "无"]), max_size=30
    )
)
def test_idempotent_on_awkward_mixtures(parts: list[str]) -> None:
    cleaned = clean("".join(parts), PARAMS)
    if isinstance(cleaned, Cleaned):
        again = clean(cleaned.payload, PARAMS)
        assert isinstance(again, Cleaned), again
        assert again.payload == cleaned.payload


@pytest.mark.slow
def test_retail_tickets_lose_the_planted_texts_and_no_other() -> None:
    table = (
        Path(os.environ.get("KEFU_SHARED", Path(__file__).parents[4] / "shared"))
        / "data"
        / "retail_tickets"
        / "tickets.csv"
    )
    if not table.exists():
        pytest.skip(f"{table} is absent")
    with table.open(encoding="utf-8", newline="") as file:
        texts = [row["text"] for row in csv.DictReader(file) if row["text"]]
    results = [clean(text, PARAMS) for text in texts]
    faulty = [text for text, result in zip(texts, results, strict=True) if isinstance(result, Fault)]
    assert len(faulty) == 16
    assert set(faulty) == {"   ", "???", ".", "n/a", "<br><br>&nbsp;"}
    kept = [result for result in results if isinstance(result, Cleaned)]
    assert {result.facts["language"] for result in kept} == {"en"}
    assert not any("&#" in result.payload or "&amp" in result.payload for result in kept)
