import pytest

from kefu.privacy import mask


@pytest.mark.parametrize(
    "email",
    [
        *(
            "ann@shop.org",
            "a.b-c_d+tag@mail.shop.co.uk",
            "jörg.müller@web.de",
            "12345678@qq.com",
            "ann＠shop.org",
            "ann @ shop.org",
        ),
        *(
            "ann at gmail dot com",
            "ann.lee at shop dot co dot uk",
            "ann (at) shop (dot) org",
            "ann[at]shop.org",
            "ann at gmail.com",
        ),
        *("ann dot lee at gmail dot com", "o'neil@shop.org"),
    ],
)
def test_emails(email: str) -> None:
    assert mask(f"write to {email}, please").text == "write to [email], please"


def test_between_chinese_characters() -> None:
    assert mask("发票发到ann@qq.com谢谢").text == "发票发到[email]谢谢"


@pytest.mark.parametrize(
    "text", ["see you @ home", "5 shirts @ 9.99", "look at shop.org", "ann@", "@shop", "meet at six dot", "ann@shop"]
)
def test_what_is_none(text: str) -> None:
    assert mask(text).text == text
