"""Postal addresses as they are written in Chinese: from province to room, any of it left out."""

import re
from collections.abc import Iterator

from kefu.privacy.spans import WALL, Span

_HAN = "\u4e00-\u9fff"
_COUNT = "[一二三四五六七八九十百零〇两甲乙丙丁]"
_NUMERAL = f"(?:[0-9]{{1,5}}[A-Za-z]?(?:-[0-9]{{1,4}}){{0,3}}|[A-Za-z]-?[0-9]{{0,4}}|{_COUNT}{{1,5}})"
_PROVINCES = (
    "北京|天津|上海|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川"
    "|贵州|云南"
    "|陕西|甘肃|青海|台湾|内蒙古|广西|西藏|宁夏|新疆|香港|澳门"
)
_LEVEL = "省|自治区|自治州|地区|市|区|县|旗|镇|乡|街道|州|盟"
_PLACES = (
    "小区|花园|公寓|新村|家园|嘉园|大厦|大楼|写字楼|广场|中心|名城|新城|雅苑|花苑|苑|城|府|庭|湾|园|郡|村|宿舍"
    "|大院|社区"
    "|中学|小学|大学|学院|医院|商场|产业园|科技园|工业园"
)
_UNIT = f"{_NUMERAL} ?(?:号楼|号院|号|弄|栋|幢|座|单元|室|层|楼|房|户|组|队|期|门)"
_ROOM = (
    "(?:[ ,-]?(?:[A-Z]?[0-9]{2,5}(?:-[0-9]{1,4}){0,2}|[0-9]{1,3}(?:-[0-9]{1,4}){1,2}|[A-Z][0-9]{1,4}|[0-9]{1,2}[Ff])"
    "(?![0-9A-Za-z]| ?[元块天个件岁年月日%折米次点小分]))"
)
# no sentence's words within the name of a place
_NAME = f"[{_HAN}A-Za-z0-9·](?<![的了请我你您他她它在到是给收把和跟电就也都能会要])"
_TAIL = re.compile(f"(?:[ ,]?(?:{_NAME}){{1,12}}?(?:{_PLACES}))?(?:[ ,-]?{_UNIT}){{0,6}}{_ROOM}?(?:室|号|房)?")
_ON_A_STREET = re.compile(
    f"(?P<road>大道|路|街|道|巷|胡同|弄|里)(?:[东西南北中]?{_COUNT}{{0,2}}[段路街环巷])?[东西南北中]?"
    f" ?{_NUMERAL} ?(?:[号弄座栋幢])(?![线码])"
)
_IN_A_VILLAGE = re.compile(f"(?:村|社区|屯|庄)(?:[{_HAN}]{{1,4}})? ?{_NUMERAL} ?(?:组|队|号|社)(?![{_HAN}]?[线码])")
_IN_A_HOUSE = re.compile(
    f"{_NUMERAL} ?(?:号楼|栋|幢|座|号院)(?:[ ,-]?{_NUMERAL} ?(?:单元|层|楼|室|号|户|房|门)|{_ROOM})"
    f"(?:[ ,-]?{_UNIT}){{0,3}}{_ROOM}?室?"
    f"|{_NUMERAL} ?单元(?:[ ,-]?{_NUMERAL} ?(?:层|楼|室|号|户|房)|{_ROOM})室?"
)
_BEFORE = re.compile(f"(?:[{_HAN}]{{1,10}}(?:{_LEVEL}|{_PROVINCES})[ ,]{{1,2}}){{0,4}}[{_HAN}A-Za-z0-9·]{{0,30}}\\Z")
_REACH = 60
_LEAD = re.compile(
    "[在到往是给住从去来]|寄至|送至|发至|改成|换成|变成|改为|换为|更新为|地址为|位于|地址|寄|[送发](?=[^展])"
    "|我家|收件人|联系人"
)
_ADMINISTRATIVE = re.compile(f"(?:{_PROVINCES})|[{_HAN}](?:{_LEVEL})")
_NO_STREET = re.compile(
    "(?:知道|说道|报道|味道|渠道|通道|频道|管道|顺道|地道|赛道|轨道|难道|一路|上路|在路|半路|走路|网路|线路|电路"
    "|思路|套路|回路|顺路"
    "|出路|公路|铁路|马路|问路|条路|条街|上街|逛街|这里|那里|哪里|家里|手里|店里|心里|公里|里里|箱里|袋里|盒里"
    "|车里|群里|单里)$"
)
_MARKER = re.compile(
    "(?P<named>地址(?:应该|已经?|要|请)?(?:改成|改为|改到|换成|换到|变更为|更新为|是|为|写的?是|[:：]| ){1,3})"
    "|(?:寄到|寄往|寄至|送到|送至|发到|发往|配送到|住在|搬到|搬去了?|转寄到|派送到|收货到) ?"
)
_SEGMENT = re.compile(f"[^,、。;!?~\n {WALL}]{{2,60}}")
_NO_VALUE = re.compile("[不错有没怎能可写填要需变那这和与跟信的吗么]|哪")
_ADDRESSLIKE = re.compile(f"{_LEVEL}|[村路街道巷弄号栋幢座楼室苑厦屯组]|单元|{_PLACES}")
_DIGIT = re.compile(f"[0-9]|{_COUNT}")


def find_chinese_addresses(text: str) -> Iterator[Span]:
    """Yield where addresses are: street and number, village and group, house and room, with all around them."""
    if text.isascii():
        return
    end = 0
    for core in sorted(
        (core for pattern in (_ON_A_STREET, _IN_A_VILLAGE, _IN_A_HOUSE) for core in pattern.finditer(text)),
        key=lambda core: core.start(),
    ):
        if core.start() < end:
            continue
        start = _start(text, max(end, core.start() - _REACH), core.start())
        tail = _TAIL.match(text, core.end())
        core_end = tail.end() if tail else core.end()
        if core.re is _IN_A_HOUSE or _is_street(text[start : core.start()], core, core_end):
            yield start, core_end
            end = core_end
    for marker in _MARKER.finditer(text):
        end = _end_of_value(text, marker.end(), named=marker["named"] is not None)
        if end > marker.end():
            yield marker.end(), end


def _start(text: str, first: int, core: int) -> int:
    """Return where the part of an address before its street begins: behind the sentence's own words."""
    before = _BEFORE.search(text, first, core)
    if before is None:
        return core
    leads = list(_LEAD.finditer(text, before.start(), core))
    return leads[-1].end() if leads else before.start()


def _is_street(before: str, core: re.Match[str], end: int) -> bool:
    name = before + (core.groupdict().get("road") or "")
    if not before or _NO_STREET.search(name):
        return False
    is_surely = end > core.end() or _ADMINISTRATIVE.search(before) is not None
    return is_surely or core.groupdict().get("road") not in {"道", "里", "弄"}


def _end_of_value(text: str, start: int, *, named: bool) -> int:
    """Return where the address behind an announcement ends; ``start`` where there is none."""
    end = start
    for number in range(6):
        segment = _SEGMENT.match(text, end + (number > 0))
        if segment is None or (number == 0 and _NO_VALUE.match(segment.group())):
            break
        levels = len(set(_ADDRESSLIKE.findall(segment.group())))
        has_digit = _DIGIT.search(segment.group()) is not None
        if number == 0 and levels + has_digit < (2 if named else 4):
            break
        if number and not (levels and has_digit):
            break
        end = segment.end()
    return end
