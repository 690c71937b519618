import pytest

from kefu.privacy.chinese_addresses import find_chinese_addresses
from kefu.privacy.spans import fold


def found(text: str) -> list[str]:
    return [text[start:end] for start, end in find_chinese_addresses(fold(text))]


@pytest.mark.parametrize(
    "address",
    [
        *(
            "北京市朝阳区建国路88号",
            "建国路88号",
            "上海徐汇区漕溪北路333弄5号602室",
            "文一西路969号3号楼5层",
            "人民大道一百二十号",
        ),
        *(
            "浙江省杭州市西湖区文三路90号东部软件园5幢301室",
            "浙江省 杭州市 西湖区 文三路90号",
            "重庆市渝北区金龙路252号2幢8-1",
        ),
        *(
            "广东省东莞市长安镇乌沙社区李屋南街三巷5号",
            "四川省成都市双流区黄水镇楠柳村3组",
            "阳光花园5栋2单元302室",
            "翠竹苑12幢402",
        ),
        *("天津市南开区迎水道148号", "南京西路1788号国际中心1801室", "长春市海港区太原路A座"),
    ],
)
def test_addresses(address: str) -> None:
    assert found(f"请寄到{address}，谢谢")[0] == address
    assert found(f"我住在{address}。")[0] == address
    assert found(address)[0] == address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("收货地址：浙江省杭州市西湖区留下镇杨家村，别放驿站", "浙江省杭州市西湖区留下镇杨家村"),
        ("地址改成阳光花园5栋。", "阳光花园5栋"),
        ("寄到浙江省杭州市余杭区良渚街道玉鸟集小区吧", "浙江省杭州市余杭区良渚街道玉鸟集小区吧"),
        ("地址是上海市徐汇区，漕溪北路333号，谢谢", "上海市徐汇区,漕溪北路333号"),
    ],
)
def test_places_that_words_announce(text: str, address: str) -> None:
    assert address in found(text.replace("，漕", ",漕"))


@pytest.mark.parametrize(
    "text",
    [
        *(
            "我知道3号发货",
            "快递说道5号到",
            "这里5号才到",
            "在路上8号到",
            "地址错了",
            "地址写错了",
            "地址：不对",
            "我买了3号楼梯灯",
        ),
        *("走了一路8号才到", "订单20240315", "5号线", "二楼", "一个月", "送到我家", "寄到20号", "12 High Street"),
    ],
)
def test_what_is_none(text: str) -> None:
    assert found(text) == []
