"""Names of people where the words around them say so, in Chinese."""

import re
from collections.abc import Iterator

from kefu.privacy.spans import Span

_HAN = "\u4e00-\u9fff"
_HAN_CHARACTER = re.compile(f"[{_HAN}]")
_COMPOUND = "欧阳|司马|上官|诸葛|夏侯|东方|皇甫|尉迟|公孙|慕容|令狐|司徒|长孙|宇文|端木|南宫|独孤|百里"
_SINGLE = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林郑谢罗梁宋唐许韩冯邓曹彭曾肖萧田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪"
    "范金石廖贾夏韦付傅方白邹孟熊秦邱江尹薛闫阎段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤常温康施文牛樊葛邢安齐易乔伍庞颜"
    "倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁蒲房"
    "滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙"
    "荣巫寇桑郎甄丛仲虞敖巩佘池查麻苑迟邝封谈匡鞠惠荆乐冀郁胥班储栗燕楚鄢劳谌奚粟冼蔺楼"
)
_SURNAME = f"(?:{_COMPOUND}|[{_SINGLE}])"
# words of sentences that are rare surnames, too: none before a title with a given name
_FUNCTION = "和于向从时能应全成"
_SURNAMES = re.compile(_SURNAME)
_TITLED = re.compile(
    f"(?P<name>(?:{_COMPOUND})[{_HAN}]{{0,2}}?|(?![{_FUNCTION}])[{_SINGLE}][{_HAN}]{{0,2}}?|[{_SINGLE}])(?:先生"
    f"|女士|小姐|太太)"
)
_LATIN = re.compile(
    r"[A-Z\u00c0-\u00de][A-Za-z\u00c0-\u024f'.-]{0,24}(?: [A-Z\u00c0-\u00de][A-Za-z\u00c0-\u024f'.-]{0,24}){0,3}"
)
_INTRODUCED = re.compile(
    "(?:(?P<call>我(?:的名字|名字)?(?:叫做?|名叫)|我的?(?:名字|姓名)(?:是|叫)|本人(?:叫|姓名)?|我是|我姓|名叫)"
    "|(?P<label>(?:收件|收货|寄件|发件|联系|持卡|开户|签收"
    "|订货|下单|取件|购买|付款|投诉)人(?:姓名|名字|名)?|姓名|名字|户名|收货姓名|抬头姓名|真实姓名|署名|落款|称呼)"
    "(?:应该|已经?)?(?:改成|改为|换成|写的?是|是|为|叫|:|=|-)?) ?"
)
_END = (
    "(?=[^\u4e00-\u9fff]|$|我|你|您|想|要|的"
    "|手机|电话|订单|单号|是|在|买|有|今|昨|前|上|收|这|请|住|需|地址|身份|号码|生日|,)"
)
_DOTTED = re.compile(f"[{_HAN}]{{1,7}}(?:·[{_HAN}]{{1,7}}){{1,2}}")
_CHINESE = re.compile(f"(?:{_SURNAME}[{_HAN}]{{1,2}}?{_END}|(?:{_COMPOUND})[{_HAN}]{{1,2}}|[{_SINGLE}][{_HAN}]{{2}})")
_NICKNAME = re.compile(f"[{_HAN}]{{2,4}}?{_END}")
_NO_NAME = re.compile(
    "[了你他她它们不快客物顺师没还签拒已哪什错写填姓的地这那怎就也可能是想要]|电话|手机|地址|信息|是谁|名字|姓名"
    "|号码|需要|外卖|自己"
    "|老板|老客|新客|客户|顾客|会员|用户|买家|卖家|学生|金卡|白金|黄金|高级|万分|非常|第一|首次|应该|来|在|从"
    "|和你|和客|一|安卓|成都|上周|时候|明天"
)
_NO_ONE = re.compile("[卡员户家的了客人货单号店]$")


def find_chinese_names(text: str) -> Iterator[Span]:
    """Yield where people name themselves or others, and who is addressed with a title."""
    if text.isascii():
        return
    for match in _TITLED.finditer(text):
        yield match.span("name")
    for marker in _INTRODUCED.finditer(text):
        yield from _introduced(text, marker)


def _introduced(text: str, marker: re.Match[str]) -> Iterator[Span]:
    start, words = marker.end(), marker.group().strip()
    if _NO_NAME.match(text, start):
        return
    if words == "我姓":
        name = _SURNAMES.match(text, start)
    else:
        name = _LATIN.match(text, start) or _DOTTED.match(text, start) or _CHINESE.match(text, start)
    if words in {"我是", "本人"}:
        # these say many things: only what ends as a name does
        if name is not None and (_HAN_CHARACTER.match(text, name.end()) or _NO_ONE.search(name.group())):
            return
    elif name is None:
        name = _NICKNAME.match(text, start)
        if name is not None and words[-1:] not in ":=是为叫" and _NO_ONE.search(name.group()):
            return
    if name is not None:
        yield name.span()
