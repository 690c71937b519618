"""What stands before a number and says whose it is: a person's, or an order's or a thing's."""

import re

from kefu.privacy.spans import lower

_REACH = 40  # characters

_GOODS = re.compile(
    r"(?:(?<![a-z])(?:orders?|tracking|parcel|shipment|waybill|consignment|serial|model|invoice|receipt|sku"
    r"|reference|ref"
    r"|transaction|barcode|ean|upc|isbn|imei|voucher|coupon|gift card|firmware|s/n|sn|p/n)(?![a-z])"
    r"|(?<![a-z])(?:item|article|product|part|batch|lot|ticket|case|version|build|customer|member|account)"
    r"(?= ?(?:numbers?|num|no|nr|id|code|#|:))"
    r"|订单编?号|单号|运单|编号|序列号|型号|货号|条码|条形码|批次|批号|发票|工单|流水号|交易号|券码|券号|版本"
    r"|款号|会员号|账号)"
    r"(?:[ :=#(-]|号码|[号是为码]|(?:numbers?|num|no|nr|id|code|is|was|s/n|sn|[a-z]{1,3}(?=-))(?![a-z])\.?){0,10}$"
)
_PHONE = re.compile(
    r"(?:(?<![a-z])(?:(?:tele)?phones?|ph|tel|mobile|mob|cell(?:phone)?|landline|call(?:ed|ing)?|ring|texts?|sms"
    r"|dial|reach"
    r"|contact|whatsapp|fax|my (?:new |old |work |home |current )?number)(?![a-z])"
    r"|手机|电话|座机|固话|联系|致电|来电|回电|打给我|拨打|打我|我的?号码|传真|短信|热线)"
    r"(?:[ :=.#,(/)-]|方式|号码|[号是为我您请你打拨的到给]|改成|改为|换成|可以|都行"
    r"|(?:number|num|no|nr|is|are|was|me|us|him|her|my|back|at|on|to|via|under|changed|now|new|it's)(?![a-z])){0,10}$"
)


def is_of_goods(text: str, start: int) -> bool:
    """Tell whether the words before ``start`` announce the number of an order, a parcel or a thing."""
    return _GOODS.search(_before(text, start)) is not None


def is_of_phone(text: str, start: int) -> bool:
    """Tell whether the words before ``start`` announce a telephone number."""
    return _PHONE.search(_before(text, start)) is not None


def _before(text: str, start: int) -> str:
    return lower(text[max(0, start - _REACH) : start])
