"""Articles that another shop could have: neighbours of those of the demo that answer none of its questions.

Each is about one thing of a brand and one aspect of it (returning a tent, descaling a coffee machine) in both
languages. The aspects are those of the demo's articles, and so are many of the words; the things are not sold there.
"""

from collections.abc import Iterator

import numpy as np

from kefu.knowledge.articles import Article

BRANDS = (
    "Alvera", "Bornholm", "Castell", "Dorado", "Elvin", "Fjord", "Gantner", "Halden", "Ilmari", "Juno", "Kestrel",
    "Lumo", "Marlo", "Nordica", "Orbis", "Pilgrim", "Quinta", "Rowan", "Sorrel", "Tavira",
)  # fmt: skip
THINGS = (
    ("tent", "帐篷"), ("mattress", "床垫"), ("coffee machine", "咖啡机"), ("toaster", "烤面包机"), ("sofa", "沙发"),
    ("vacuum cleaner", "吸尘器"), ("drill", "电钻"), ("printer", "打印机"), ("keyboard", "键盘"),
    ("monitor", "显示器"), ("camera", "相机"), ("tripod", "三脚架"), ("bicycle", "自行车"), ("helmet", "头盔"),
    ("scooter", "滑板车"), ("pushchair", "婴儿车"), ("car seat", "安全座椅"), ("cot", "婴儿床"),
    ("high chair", "餐椅"), ("dress", "连衣裙"), ("coat", "大衣"), ("jeans", "牛仔裤"), ("scarf", "围巾"),
    ("gloves", "手套"), ("boots", "靴子"), ("sandals", "凉鞋"), ("suitcase", "行李箱"), ("wallet", "钱包"),
    ("handbag", "手提包"), ("umbrella", "雨伞"), ("sunglasses", "太阳镜"), ("ring", "戒指"), ("necklace", "项链"),
    ("perfume", "香水"), ("shaver", "剃须刀"), ("hair dryer", "吹风机"), ("toothbrush", "电动牙刷"),
    ("scales", "体重秤"), ("thermometer", "温度计"), ("air purifier", "空气净化器"), ("fan", "电风扇"),
    ("heater", "取暖器"), ("dishwasher", "洗碗机"), ("washing machine", "洗衣机"), ("fridge", "冰箱"),
    ("microwave", "微波炉"), ("blender", "搅拌机"), ("frying pan", "平底锅"), ("knife set", "刀具"),
    ("thermos", "保温壶"), ("wine glasses", "红酒杯"), ("plates", "盘子"), ("cutlery", "餐具"),
    ("tablecloth", "桌布"), ("curtains", "窗帘"), ("carpet", "地毯"), ("bookshelf", "书架"), ("desk", "书桌"),
    ("office chair", "办公椅"), ("wardrobe", "衣柜"), ("ceiling light", "吸顶灯"), ("torch", "手电筒"),
    ("router", "路由器"), ("tablet", "平板电脑"), ("laptop", "笔记本电脑"), ("smartphone", "手机"),
    ("charger", "充电器"), ("power bank", "充电宝"), ("speaker", "音箱"), ("microphone", "麦克风"),
    ("television", "电视"), ("projector", "投影仪"), ("game console", "游戏机"), ("guitar", "吉他"),
    ("piano", "电钢琴"), ("yoga mat", "瑜伽垫"), ("dumbbells", "哑铃"), ("treadmill", "跑步机"),
    ("football", "足球"), ("tennis racket", "网球拍"), ("skis", "滑雪板"), ("sleeping bag", "睡袋"),
    ("fishing rod", "鱼竿"), ("lawn mower", "割草机"), ("garden hose", "水管"), ("barbecue", "烧烤架"),
    ("flower pot", "花盆"), ("aquarium", "鱼缸"), ("dog bed", "狗窝"), ("cat tree", "猫爬架"), ("puzzle", "拼图"),
    ("board game", "桌游"), ("doll", "玩偶"), ("train set", "轨道火车"), ("drone", "无人机"),
    ("fountain pen", "钢笔"), ("notebook", "笔记本"), ("calculator", "计算器"), ("sewing machine", "缝纫机"),
    ("ladder", "梯子"),
)  # fmt: skip

Aspect = tuple[str, tuple[str, ...]]

ENGLISH: tuple[Aspect, ...] = (
    ("Returning a {thing} from {brand}", (
        "{brand} collects the {thing} from your home within {n} days.",
        "Fill in the form of {brand}, print the label and stick it on the box of the {thing}.",
        "A {thing} can be sent back within {n} days if it is unused.",
        "Book the pick-up by phone and have the {thing} packed by 8 am.",
        "Keep the number of the pick-up until the {thing} has arrived.",
    )),
    ("Refund for a {brand} {thing}", (
        "{brand} checks the {thing} and pays the money back after {n} working days.",
        "If the {thing} was paid by card, the refund goes to that card.",
        "Part of the price is kept back if the {thing} is scratched.",
        "Your bank account shows the refund for the {thing} under the name of {brand}.",
        "Deposits for the {thing} are refunded by cheque.",
    )),
    ("Delivery of the {thing} by {brand}", (
        "The {thing} comes on a pallet in {n} to {m} working days.",
        "The driver rings half an hour before he arrives; somebody must be at home for the {thing}.",
        "Carrying the {thing} upstairs costs {n} euros a floor.",
        "The parcel with the {thing} can be tracked on the page of {brand}.",
        "If the {thing} is late, {brand} pays {n} euros for every week.",
    )),
    ("{thing} from {brand} arrived broken", (
        "Take a photo of the broken {thing} and write to {brand} within {n} days.",
        "Do not throw the box of the {thing} away.",
        "Parts of the {thing} that cracked on the way are replaced by {brand}.",
        "A mechanic comes to look at the damaged {thing}.",
    )),
    ("Missing or wrong parts of the {thing} ({brand})", (
        "Compare the parts of the {thing} with the list in the manual.",
        "{brand} sends screws and cables of the {thing} that were not in the box.",
        "If another colour of the {thing} came than you ordered, leave it unpacked.",
        "Say the number on the bottom of the {thing}, and the right part is sent in {n} days.",
    )),
    ("{brand} {thing}: warranty and repair", (
        "The guarantee of {brand} for the {thing} is {n} years.",
        "Register the {thing} within {m} days to get a longer warranty.",
        "Wear of the {thing} is not covered, nor is a battery that has become weak.",
        "Repairs of the {thing} take {n} weeks; a spare one is lent.",
        "If the {thing} does not turn on, check the fuse first.",
    )),
    ("{brand} {thing}: size and weight", (
        "The {thing} is {m} cm long and weighs {n} kg.",
        "Measure the room before you order the {thing}.",
        "It comes in small, medium and large; between two sizes take the larger {thing}.",
        "The large {thing} of {brand} carries up to {m} kg.",
        "A bag to keep the {thing} in measures {n} litres.",
    )),
    ("{brand} {thing}: material and cleaning", (
        "The {thing} is made of recycled material and wiped with a damp cloth.",
        "Wash the cover of the {thing} at {n} degrees, not in the dryer.",
        "Water does the {thing} no harm, but it is not waterproof.",
        "Remove lime from the {thing} with vinegar once in {n} weeks.",
        "Do not put parts of the {thing} into the dishwasher or microwave.",
    )),
    ("{brand} {thing}: setting up and connecting", (
        "Download the app of {brand} and log in to add the {thing}.",
        "Hold the button of the {thing} for {n} seconds until the light blinks.",
        "If the code is refused, reset the {thing} and choose a new password.",
        "The battery of the {thing} lasts {m} hours and is charged by USB.",
        "Connect the {thing} to the phone by Bluetooth.",
    )),
    ("Paying for a {thing} of {brand} in instalments", (
        "The {thing} can be paid in {n} rates through the bank of {brand}.",
        "If your card is declined, the bank asks for a proof of income.",
        "A voucher can be used for the first rate of the {thing}.",
        "The {thing} belongs to {brand} until everything is paid.",
        "The invoice for the {thing} is sent with the last rate.",
    )),
    ("Is the {brand} {thing} in stock?", (
        "The {thing} of {brand} is made to order in {n} weeks.",
        "Colours of the {thing} that are sold out come back in spring.",
        "A shop near you may still have the {thing}; ask for the reduced one.",
        "We write to you as soon as the {thing} is available again.",
    )),
    ("Insurance for the {thing} ({brand})", (
        "The insurance of the {thing} costs {n} euros a year and covers theft.",
        "Report a stolen or lost {thing} to the police within {m} hours.",
        "The insurance can be cancelled every month; the contract is in your account.",
        "Name, address and the invoice of the {thing} are needed.",
    )),
)  # fmt: skip
CHINESE: tuple[Aspect, ...] = (
    ("{brand}{thing}怎么退", (
        "{brand}会在{n}天内上门取{thing}。",
        "填好{brand}的退货单，打印面单贴在{thing}的箱子上。",
        "{thing}没用过的话，{n}天内可以寄回来。",
        "打电话约好取件时间，当天八点前把{thing}包好。",
        "{thing}到仓之前，取件单号请留着。",
    )),
    ("{brand}{thing}的退款", (
        "{brand}验收{thing}以后，{n}个工作日把钱退给您。",
        "{thing}是刷卡买的，就退到那张卡。",
        "{thing}有划痕的话要扣一部分钱。",
        "银行账单上，{thing}的退款写的是{brand}的名字。",
        "{thing}的押金用支票退。",
    )),
    ("{brand}{thing}的送货", (
        "{thing}走物流专线，{n}到{m}个工作日送到。",
        "司机到之前半小时会打电话，送{thing}时家里要有人。",
        "{thing}搬上楼，每层收{n}元。",
        "{thing}的快递在{brand}的网页上查。",
        "{thing}晚到的话，每周赔{n}元运费。",
    )),
    ("收到的{brand}{thing}坏了", (
        "给坏了的{thing}拍照，{n}天内联系{brand}。",
        "{thing}的包装箱先别扔。",
        "{thing}路上压裂的零件，{brand}负责换。",
        "师傅会上门看摔坏的{thing}。",
    )),
    ("{brand}{thing}少零件、发错件", (
        "对照说明书，看看{thing}缺哪一样。",
        "盒子里没有的螺丝和线，{brand}补寄。",
        "{thing}的颜色跟订单不一样，先别拆。",
        "报上{thing}底部的编号，{n}天内补发对的配件。",
    )),
    ("{brand}{thing}的保修和维修", (
        "{brand}的{thing}保{n}年。",
        "{m}天内登记{thing}，保修可以延长。",
        "{thing}的正常磨损、电池老化不在保修里。",
        "{thing}修理要{n}周，可以借备用的。",
        "{thing}打不开，先看看保险丝。",
    )),
    ("{brand}{thing}的尺寸和重量", (
        "{thing}长{m}厘米，重{n}公斤。",
        "下单前量一下房间放不放得下{thing}。",
        "有大中小三个码，拿不准就选大一号的{thing}。",
        "大号{thing}能承重{m}公斤。",
        "{thing}的收纳袋有{n}升。",
    )),
    ("{brand}{thing}的材质和清洗", (
        "{thing}用再生材料做的，脏了拿湿布擦。",
        "{thing}的套子{n}度水洗，不能烘干。",
        "{thing}沾点水没事，但是不防水。",
        "{thing}每{n}周用白醋除一次水垢。",
        "{thing}的零件别放洗碗机和微波炉。",
    )),
    ("{brand}{thing}怎么安装、连接", (
        "下载{brand}的App，登录以后添加{thing}。",
        "长按{thing}的按钮{n}秒，等灯闪。",
        "提示验证码错误，就把{thing}重置，换个密码。",
        "{thing}的电池能用{m}小时，用USB充电。",
        "{thing}用蓝牙连手机。",
    )),
    ("{brand}{thing}分期付款", (
        "{thing}可以在{brand}的银行分{n}期。",
        "卡被拒的话，银行会要收入证明。",
        "第一期可以用优惠券抵。",
        "{thing}付清之前归{brand}所有。",
        "{thing}的发票跟最后一期一起寄。",
    )),
    ("{brand}{thing}有没有货", (
        "{brand}的{thing}是定做的，要{n}周。",
        "{thing}卖完的颜色，春天再上。",
        "附近的门店可能还有{thing}，问问样品。",
        "{thing}到货了会给您发短信。",
    )),
    ("{brand}{thing}的保险", (
        "{thing}的保险一年{n}元，管被偷。",
        "{thing}丢了、被偷了，{m}小时内报警。",
        "保险每个月都能取消，合同在账户里。",
        "要填姓名、地址，附上{thing}的发票。",
    )),
)  # fmt: skip


def make_distractors(count: int, seed: int = 0) -> Iterator[Article]:
    """Yield so many articles, in English and Chinese by turns, each followed by its twin; the same for the same seed.

    Raises:
        ValueError: There are not so many.
    """
    kinds = [(brand, thing, aspect) for aspect in range(len(ENGLISH)) for thing in THINGS for brand in BRANDS]
    if count > 2 * len(kinds):
        raise ValueError(f"at most {2 * len(kinds)} distractors can be made, not {count}")
    rng = np.random.default_rng(seed)
    for number, kind in enumerate(rng.permutation(len(kinds))[: (count + 1) // 2]):
        brand, names, aspect = kinds[int(kind)]
        chosen = rng.permutation(5)
        n, m = rng.integers([2, 20], [20, 90])
        for language, aspects, name in zip(("en", "zh"), (ENGLISH, CHINESE), names, strict=True):
            if 2 * number + (language == "zh") >= count:
                return
            title, sentences = aspects[aspect]
            picked = [sentences[int(place)] for place in chosen if place < len(sentences)][:4]
            joint = " " if language == "en" else ""
            matter = {"brand": brand, "thing": name, "n": n, "m": m}
            yield Article(
                article_id=f"distractor/{number}",
                language=language,
                title=title.format(**matter),
                text=joint.join(picked).format(**matter),
            )
