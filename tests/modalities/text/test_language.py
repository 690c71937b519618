import pytest

from kefu.modalities.text.language import detect_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Where is my coat?", "en"),
        ("Loved this top", "en"),
        ("I bought the Maison de la Mer coat and it is not for me", "en"),
        ("chic derrière, très chic but it is not for me", "en"),
        ("我的裤子什么时候发货？", "zh"),
        ("我的iPhone坏了怎么办", "zh"),
        ("T恤太大了", "zh"),
        ("please refund 退款 now 谢谢", "mixed"),
        ("I ordered 连衣裙 last week", "mixed"),
        ("20391", "other"),
        ("👍👍", "other"),
        ("", "other"),
        ("返品したいのですが", "other"),
        ("주문한 옷이 안 왔어요", "other"),
        ("Где мой заказ?", "other"),
        ("Je voudrais un remboursement pour la robe", "other"),
        ("Ich habe die Hose nicht bekommen", "other"),
        ("No he recibido la camisa que pedí", "other"),
    ],
)
def test_language(text: str, language: str) -> None:
    assert detect_language(text) == language
