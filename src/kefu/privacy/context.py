"""What stands before a number and says whose it is: a person's, or an order's or a thing's."""

import re

from kefu.privacy.spans import lower

_REACH = 40  # characters

_NUMBER_OF = r"(?:numbers?|num|no|nr|id|code|#|:)"
_GOODS = re.compile(
    r"(?:\b(?:orders?|tracking|parcel|shipment|waybill|consignment|serial|model|invoice|receipt|sku|reference|ref"
    r"|transaction|barcode|ean|upc|isbn|imei|voucher|coupon|gift card|firmware|s/n|sn|p/n)\b"
    rf"|\b(?:item|article|product|part|batch|lot|ticket|case|version|build|customer|member|account)\b(?= ?{_NUMBER_OF})"
    r"|订单编?号|单号|运单|编号|序列号|型号|货号|条码|条形码|批次|批号|发票|工单|流水号|交易号|券码|券号|版本|款号|会员号|账号)"
    r"(?:[ :=#(-]|numbers?\b|(?:num|no|nr)\b\.?|id\b|code\b|is\b|was\b|号码|号|是|为|编号|码|[a-z]{1,3}-){0,10}$",
)
_PHONE = re.compile(
    r"(?:(?<![a-z])(?:(?:tele)?phones?|tel|mobile|mob|cell(?:phone)?|landline|call(?:ed|ing)?|ring|texts?|sms|dial|reach"
    r"|contact|whatsapp|fax|my (?:new |old |work |home |current )?number)(?![a-z])"
    r"|手机号?|电话|座机|固话|联系|致电|来电|回电|打给我|拨打|打我|我的?号码|传真|短信|热线)"
    r"(?:[ :=.#,(/)-]|number|num\b|no\b|nr\b|is\b|are\b|was\b|me\b|us\b|him\b|her\b|my\b|back\b|at\b|on\b|to\b|via\b|under\b"
    r"|changed|now\b|new\b|it's|方式|号码|号|是|为|我|您?请|你|改成|改为|换成|打|拨|可以|都行|的|到|给){0,10}$",
)


def is_of_goods(text: str, start: int) -> bool:
    """Tell whether the words before ``start`` announce the number of an order, a parcel or a thing."""
    return _GOODS.search(_before(text, start)) is not None


def is_of_phone(text: str, start: int) -> bool:
    """Tell whether the words before ``start`` announce a telephone number."""
    return _PHONE.search(_before(text, start)) is not None


def _before(text: str, start: int) -> str:
    return lower(text[max(0, start - _REACH) : start])
