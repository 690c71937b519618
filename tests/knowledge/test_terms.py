import pytest

from kefu.knowledge.terms import find_terms


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("退款单", ["退", "款", "单", "退款", "款单"]),
        ("My refunds, PLEASE!", ["my", "refund", "please"]),
        ("ＡＢＣ１２ 的", ["abc12", "的"]),
        ("订单KF-20391号", ["订", "单", "订单", "kf", "20391", "号"]),
        ("customer's don't", ["customer", "dont"]),
        ("café déjà", ["café", "déjà"]),
        ("The status is NOT it's", ["status"]),
        ("bosses, buses, cities", ["bosse", "buse", "city"]),
        ("… 🙂 ?!", []),
        ("", []),
    ],
)
def test_terms(text, terms):
    assert find_terms(text) == terms
