"""What English customers write and say, by what it gives away.

``[a|b]`` is a choice, ``{slot}`` a detail of the order, the same in all modalities of a ticket.
"""

from kefu.demo.intents import CONFUSIONS, VAGUE, Evidence, Intent

_TEXT_PAIRS = CONFUSIONS["text"]
_AUDIO_PAIRS = CONFUSIONS["audio"]

GREETINGS = (
    "Hi",
    "Hello",
    "Hi there",
    "Good morning",
    "Dear team",
    "Hey",
    "Good evening",
    "你好",
    "Hello, {name} here",
)
CLOSINGS = (
    "Thanks", "Thank you", "Please help", "Kind regards, {name}", "Best, {name}", "Cheers", "Please get back to me",
    "Looking forward to your answer", "Please reply soon", "谢谢", "Thx", "{name}", "What should I do?",
)  # fmt: skip
ASIDES = (
    "It is order {order}.", "Order number {order}.", "My order: {order}.", "I ordered on {date}.",
    "I am a [regular|new|loyal] customer.", "It was [meant as|supposed to be] a [birthday|wedding|farewell] present.",
    "I wrote to you [twice|on {date}|last week] already.", "My [sister|flatmate|boss|neighbour] had the same.",
    "This is the [second|third] time.", "I use the app on my [phone|tablet].", "I need it before {date}.",
    "I am not [at home|in the office] until {date}.", "You can call me [any time|after six|in the morning].",
    "Sorry for the [long message|typos|late message].", "I live in [Leeds|Cardiff|Dublin|Boston|Perth].",
)  # fmt: skip
PRODUCTS = {
    "mug": "[mug|cup|coffee mug]", "shirt": "[t-shirt|shirt|tee]", "shoe": "[sneaker|trainer|shoe]",
    "headphones": "[headphones|headset]", "lamp": "[lamp|desk lamp]", "backpack": "[backpack|rucksack]",
    "kettle": "[kettle|teapot]", "watch": "[watch|wristwatch]",
}  # fmt: skip
COLOURS = {
    "red": "red", "blue": "blue", "green": "green", "yellow": "yellow", "black": "black", "white": "white",
    "purple": "purple", "orange": "orange",
}  # fmt: skip
NAMES = ("Anna", "Tom", "Priya", "James", "Olu", "Grace", "Liam", "Mei", "Sam", "Fatima", "Ben", "Chloe", "Ravi")

TEXT: dict[Evidence, tuple[str, ...]] = {
    frozenset({Intent.DAMAGED_ITEM}): (
        "The {product} arrived [broken|cracked|smashed|in pieces].",
        "The [box|parcel|package] was [crushed|torn open|soaked] and the {colour} {product} inside [damaged|dented].",
        "My {product} has a [big crack|deep scratch|hole|dent], it must have been [dropped|damaged] on the way.",
        "I unpacked the {colour} {product} and it was [already broken|badly damaged|shattered].",
        "[Bad packing|No padding at all]: the {product} did not survive the trip, it is [broken|cracked].",
        "What a pity, the {product} is [chipped|bent|ripped] right out of the box.",
        "A damaged {product} was delivered to me, the [handle|strap|side] has snapped off.",
    ),
    frozenset({Intent.WRONG_ITEM}): (
        "I ordered a {colour} {product} but got [a {other}|something completely different|a {other_colour} one].",
        "You sent me the wrong [item|colour|size|article]: a {other} instead of a {product}.",
        "This is not [what I ordered|my order], I wanted the {colour} {product}.",
        "There was a {other} in the box, not the {product} [I paid for|on the slip].",
        "[Somebody mixed up my order|There was a mix-up]: I received a {other_colour} {product} instead of {colour}.",
        "I think I have [someone else's order|another customer's parcel], there is a {other} in it.",
        "The {product} is the wrong colour, I chose {colour} and received {other_colour}.",
    ),
    frozenset({Intent.LATE_DELIVERY}): (
        "My [parcel|package|delivery] should have been here on {date} and has not arrived.",
        "The tracking has not [moved|changed|been updated] for {days} days, where is my parcel?",
        "The {product} is {days} days late, when will [the courier|it] come?",
        "Where is my {product}? It [was shipped|left the depot] on {date} and never turned up.",
        "[Still no sign of|I have not received] my parcel, delivery was promised for {date}.",
        "The delivery of the {colour} {product} is delayed [again|by {days} days], has it been lost in the post?",
        "How long does shipping take? {days} days and my parcel is still in transit.",
    ),
    frozenset({Intent.PAYMENT_FAILED}): (
        "My [card|credit card|payment] was declined [at checkout|when paying {amount}].",
        "I cannot pay, the [payment|transaction] fails [every time|at the last step].",
        "The payment of {amount} did not go through, although there is money on my [card|account].",
        "Checkout says payment failed, I tried [two cards|three times|Visa and PayPal].",
        "[Paying|Payment] by card is refused with an error, how can I pay for the {product}?",
        "The transaction was [cancelled|rejected] by your system while I paid {amount}.",
        "When I press pay for the {product} the transaction is declined.",
    ),
    frozenset({Intent.REFUND}): (
        "I returned the {product} on {date} and want my money back.",
        "Please refund {amount}, I sent the {colour} {product} back [weeks ago|on {date}].",
        "My refund [has not been paid|is missing|has not reached my account].",
        "I would like to [return the {product}|send the {product} back] and get [my money back|a refund].",
        "I cancelled the order on {date}, when do you [refund|pay back] the {amount}?",
        "You [promised|confirmed] a refund of {amount} and I see no money.",
        "How do I get a refund for the {product}? I [changed my mind|do not need it any more].",
    ),
    frozenset({Intent.LOGIN}): (
        "I cannot log in, it says [wrong password|user unknown|account locked].",
        "I forgot my password and the reset [mail|link|code] never comes.",
        "My account is locked after [too many|three] [attempts|tries] to sign in.",
        "The verification code for signing in [does not arrive|has expired|is refused].",
        "[Signing in|Logging in] to the app does not work since {date}, my password is right.",
        "Since the update I am logged out and [cannot sign in|the login page just reloads].",
        "I have a new phone number and can no longer get into my account, please reset my password.",
    ),
    frozenset({Intent.INVOICE}): (
        "I need an invoice for order {order} [for my company|with VAT|as PDF].",
        "Please send me the invoice of {date}, [my boss|the tax office|accounting] asks for it.",
        "The invoice shows the wrong [company name|address|tax number].",
        "Where can I download the [invoice|VAT invoice] for the {product}?",
        "Could you issue a [tax invoice|proper invoice] over {amount}?",
        "There was no invoice in the box, I need one for my [expenses|warranty|tax return].",
        "Please put our [VAT number|company address] on the invoice of order {order}.",
    ),
    frozenset({Intent.PRODUCT_QUESTION}): (
        "Is the {product} [waterproof|dishwasher safe|made of leather|also available in {other_colour}]?",
        "What [size|weight|material] is the {colour} {product}?",
        "Before I order: does the {product} come with a [warranty|charger|spare part]?",
        "Do you have the {product} in {colour} [in stock|in a larger size]?",
        "I would like to know [how big|how heavy|how long] the {product} is.",
        "Which {product} do you recommend for [travelling|a child|the office]?",
        "Will the {colour} {product} be back in stock [soon|before {date}]?",
    ),
    _TEXT_PAIRS[0]: (
        "I opened the box and the {product} is not as it should be.",
        "The {product} [that came|you sent|I received] [is not right|is no good|is not like on your page].",
        "I am [unhappy|disappointed] with the {colour} {product} that arrived on {date}.",
        "What was in the parcel is not [acceptable|okay], I cannot give this to anybody.",
        "[Look at|Just see] what you delivered, please send me a [proper|correct] {product}.",
        "There is a problem with the {product} I unpacked, please exchange it.",
        "I want a replacement for the {product} that came [today|yesterday|on {date}].",
    ),
    _TEXT_PAIRS[1]: (
        "I am still waiting, it has been {days} days now.",
        "How much longer [will it take|do I have to wait]? Order {order}.",
        "You promised it by {date} and nothing has [come|happened].",
        "Nothing has arrived yet, [please check|what is going on]?",
        "It was due on {date}. When [can I expect it|will I finally get it]?",
        "{days} days and still nothing, is there any [news|progress] on {order}?",
        "I keep [waiting|checking] every day and it does not come.",
    ),
    _TEXT_PAIRS[2]: (
        "There is something wrong with the billing of order {order}.",
        "The amount of {amount} is [not right|strange], can you check the billing?",
        "I have a question about [paying|the billing of] order {order}.",
        "[Accounting|My bank] says the {amount} for {order} cannot be booked.",
        "The billing details for the {product} [are wrong|need to be changed].",
        "Can you check what happened to the {amount} on {date}?",
        "My billing address [is not accepted|was not taken over], order {order}.",
    ),
    _TEXT_PAIRS[3]: (
        "How does this work? I [cannot figure it out|am stuck].",
        "I tried everything on the page and [cannot get further|do not understand it].",
        "Where do I find the settings, and how do I [set it up|connect it]?",
        "It does not do what the [help page|manual|description] says.",
        "Can you explain to me how to use [it|this]?",
        "I do not understand the instructions, what do I have to [enter|press|do first]?",
        "I cannot get it to work [on my phone|with the app], is there a trick?",
    ),
    VAGUE: (
        "Please see the [picture|photo|attachment].", "I have a problem with my order.", "Can someone help me?",
        "Same problem as [I said in my voice message|on the phone].", "As I [said|explained] in the recording.",
        "I attached a [photo|picture], that says it all.", "Please listen to my message.",
        "See [above|below|attached].",
        "I need help with order {order}.", "It is about the {product}.", "Is anybody there?",
        "Please look into this [today|as soon as possible].", "Not happy at all.",
    ),
}  # fmt: skip

SPOKEN_OPENINGS = ("hello", "hi", "excuse me", "yes")
SPOKEN_CLOSINGS = ("please", "thank you", "thanks")

SPOKEN: dict[Evidence, tuple[str, ...]] = {
    frozenset({Intent.DAMAGED_ITEM}): ("my parcel is broken", "it came broken", "everything is broken"),
    frozenset({Intent.WRONG_ITEM}): ("you sent the wrong one", "this is the wrong one", "I got the wrong one"),
    frozenset({Intent.LATE_DELIVERY}): ("my courier is late", "the courier is so late", "it is very late"),
    frozenset({Intent.PAYMENT_FAILED}): ("my card was declined", "my payment was declined", "it was declined again"),
    frozenset({Intent.REFUND}): ("I want my money back", "give me my money back", "where is my money"),
    frozenset({Intent.LOGIN}): ("I forgot my password", "what is my password", "my password does not work"),
    frozenset({Intent.INVOICE}): ("I need an invoice", "where is the invoice", "send me the invoice"),
    frozenset({Intent.PRODUCT_QUESTION}): ("which size do I need", "what size is it", "is there a larger size"),
    _AUDIO_PAIRS[0]: ("I do not want to keep it", "I will not keep it", "I cannot keep it"),
    _AUDIO_PAIRS[1]: ("it is about my delivery", "what about my delivery", "a problem with the delivery"),
    _AUDIO_PAIRS[2]: ("I would like to buy it", "how can I buy it", "I am trying to buy it"),
    _AUDIO_PAIRS[3]: ("it is about my account", "I looked in my account", "something with my account"),
    VAGUE: ("can you help me", "I have a question", "me again"),
}
