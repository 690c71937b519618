import pytest

from kefu.privacy.chinese_names import find_chinese_names
from kefu.privacy.spans import fold


def found(text: str) -> list[str]:
    return [text[start:end] for start, end in find_chinese_names(fold(text))]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("我叫张三。", "张三"),
        ("我叫张伟想退货", "张伟"),
        ("我叫李小明，电话", "李小明"),
        ("我叫欧阳娜娜", "欧阳娜娜"),
        ("我叫小明，", "小明"),
        ("我叫迈克尔·乔丹，", "迈克尔·乔丹"),
        ("我叫John Smith，", "John Smith"),
        ("我的名字是王芳", "王芳"),
        ("姓名：陈秀英，", "陈秀英"),
        ("姓名张伟，", "张伟"),
        ("收件人：赵军", "赵军"),
        ("收货人 张伟", "张伟"),
        ("持卡人是刘丽。", "刘丽"),
        ("我是张三，上周下的单", "张三"),
        ("老师好，我姓李", "李"),
        ("请找王先生", "王"),
        ("和李女士说过", "李"),
        ("王小明先生您好", "王小明"),
        ("欧阳小姐收", "欧阳"),
    ],
)
def test_names(text: str, name: str) -> None:
    assert found(text) == [name]


@pytest.mark.parametrize(
    "text",
    [
        *(
            "我叫了外卖",
            "我叫你们退款",
            "我叫快递来取",
            "收件人不在家",
            "收件人电话",
            "姓名写错了",
            "我是金卡会员",
            "我是学生",
        ),
        *("我是张三的朋友", "先生您好", "这位女士", "客服小姐姐", "名字填错", "张三", "收货人没收到", "我是老客户，"),
    ],
)
def test_what_is_none(text: str) -> None:
    assert found(text) == []
