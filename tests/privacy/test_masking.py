import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kefu.privacy import KINDS, Found, Masked, mask, mask_json


def test_tells_what_it_found_and_where() -> None:
    text = "打１３８１２３４５６７８, or ann@shop.org."
    masked = mask(text)
    assert masked == Masked("打[phone], or [email].", (Found("phone", 1, 12), Found("email", 17, 29)))
    assert [text[found.start : found.end] for found in masked.found] == ["１３８１２３４５６７８", "ann@shop.org"]


@pytest.mark.parametrize(
    "text", ["", " ", "\x00", "\ud800", "[", "[phone", "where is my order?", "我要退款", "İstanbul 12"]
)
def test_leaves_what_is_nobodys(text: str) -> None:
    assert mask(text) == Masked(text, ())


def test_every_kind_has_its_placeholder() -> None:
    text = (
        "4111 1111 1111 1111; 13812345678; SSN 123-45-6789; ann@shop.org; 12 High Street; Mr Holmes; "
        "DE89 3704 0044 0532 0130 00"
    )
    masked = mask(text)
    assert {found.kind for found in masked.found} == set(KINDS)
    assert masked.text == "[card]; [phone]; SSN [id_number]; [email]; [address]; Mr [name]; [iban]"


def test_whole_lines_of_both_languages() -> None:
    assert mask("张女士，13912345678，收货地址：浙江省杭州市西湖区文三路90号5幢301室，发票发zhang@qq.com").text == (
        "[name]女士，[phone]，收货地址：[address]，发票发[email]"
    )
    assert mask("My name is Ann Lee, I live at 12 Oak Lane, Leeds LS1 4AB, call me on 07700 900123.").text == (
        "My name is [name], I live at [address], call me on [phone]."
    )


PARTS = [
    *(
        "138",
        "12345678",
        "13812345678",
        "4111 1111 1111 1111",
        "110105",
        "19491231002X",
        "123-45-6789",
        "86",
        "0",
        "010",
    ),
    *(
        "@",
        "qq.com",
        "a.b",
        " ",
        ",",
        "，",
        "。",
        ".",
        "-",
        "/",
        "(",
        ")",
        "+",
        "[phone]",
        "[card]",
        "[",
        "]",
        "\n",
        "\x00",
    ),
    *(
        "phone",
        "电话",
        "order ",
        "订单号",
        "my name is ",
        "Mr ",
        "Bob",
        "I am ",
        "speaking",
        "Best, ",
        "\ud800",
        "é",
        "İ",
    ),
    *(
        "地址：",
        "address: ",
        "deliver to ",
        "北京市",
        "朝阳区",
        "路",
        "88号",
        "3栋",
        "501",
        "12 ",
        "High Street",
        "London",
    ),
    *("SW1A 1AA", "张三", "先生", "我叫", "收件人：", "DE89370400440532013000", "x", "ext ", "转", " at ", " dot com"),
    *("一三八零零", "one two three four five six seven ", "passport no. ", "E12345678", "Hauptstraße ", "村", "3组"),
]


@given(st.lists(st.sampled_from(PARTS), max_size=14).map("".join) | st.text(max_size=60))
def test_masking_twice_changes_nothing_and_the_places_are_right(text: str) -> None:
    masked = mask(text)
    again = mask(masked.text)
    assert again == Masked(masked.text, ())
    rebuilt, end = "", 0
    for found in masked.found:
        assert end <= found.start < found.end <= len(text)
        rebuilt, end = f"{rebuilt}{text[end : found.start]}[{found.kind}]", found.end
    assert rebuilt + text[end:] == masked.text


@pytest.mark.parametrize(
    "unit",
    [
        *(
            "1",
            "12 ",
            "(0",
            "a",
            "a.",
            "a@",
            "@a.",
            "Bob ",
            "A ",
            "北",
            "路",
            "3号",
            "1号楼",
            "村",
            "一",
            "王",
            "[phone",
        ),
        *(
            "my name is ",
            "address: ",
            "12 High ",
            "12 a ",
            "one ",
            " at ",
            "Mr ",
            "我叫",
            "寄到",
            "best\n",
            "1a st, a, ",
        ),
    ],
)
def test_time_grows_with_the_length_and_no_faster(unit: str) -> None:
    def seconds(chars: int) -> float:
        text = unit * (chars // len(unit))
        started = time.process_time()
        mask(text)
        return time.process_time() - started

    # eight times the length; a quadratic pattern takes 64 times as long
    assert seconds(12_000) < 24 * max(seconds(1_500), 0.002)


def test_a_text_of_many_numbers_ends() -> None:
    text = "电话13812345678, ann@shop.org " * 2_000
    assert len(mask(text).found) == 4_000


def test_json_is_masked_to_its_leaves() -> None:
    value = {"打13812345678": [1, 2.5, None, True, {"mail": "ann@shop.org"}], "kept": ("order 12345",)}
    assert mask_json(value) == {"打[phone]": [1, 2.5, None, True, {"mail": "[email]"}], "kept": ["order 12345"]}


def test_masking_json_leaves_its_argument_alone() -> None:
    value = {"mail": ["ann@shop.org"]}
    mask_json(value)
    assert value == {"mail": ["ann@shop.org"]}
