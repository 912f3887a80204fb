"""
Words and tones: how a status looks, and what a job does, in the operator's language.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, TypeAlias

import attrs
from markupsafe import Markup, escape

_LITERAL = re.compile("`([^`]+)`")
Tone: TypeAlias = Literal["good", "busy", "bad", "warn", "still"]

TONES: Mapping[str, Tone] = {
    # orders
    "created": "still",
    "waiting": "still",
    "confirming": "busy",
    "underpaid": "bad",
    "expired": "still",
    "failed": "still",
    "paid": "busy",
    "fulfilling": "busy",
    "fulfilled": "good",
    "attention": "bad",
    "refunded": "warn",
    "cancelled": "still",
    # reservations
    "planned": "busy",
    "claimed": "busy",
    "in-doubt": "warn",
    "placed": "busy",
    "completed": "good",
    "refused": "bad",
    "fallen": "bad",
    # webhooks
    "pending": "busy",
    "processed": "good",
    "ignored": "still",
    # jobs
    "ready": "still",
    "running": "busy",
    "done": "good",
    "dead": "bad",
    # findings
    "open": "bad",
    "resolved": "still",
    # products
    "on sale": "good",
    "off sale": "still",
    "ours": "good",
    "new": "busy",
    "changed": "warn",
    "same": "still",
    # units
    "owed": "still",
    "held": "good",
    "returned": "warn",
    "replaced": "warn",
    # payments
    "asking the gateway": "busy",
    "in doubt": "warn",
    "seen": "busy",
    "settled": "good",
    "short": "bad",
    "in review": "bad",
    "not asked for": "bad",
    "sent back": "warn",
}
"""The tone of each status word; `failed` is said by orders and by webhooks."""

WAITS_FOR: Mapping[str, str] = {
    "created": "the buyer to pick a coin",
    "waiting": "the buyer's money",
    "confirming": "the network",
    "underpaid": "you",
    "expired": "late money, if any",
    "failed": "another payment, if any",
    "paid": "the purchase",
    "fulfilling": "the keys",
    "fulfilled": "nothing",
    "attention": "you",
    "refunded": "nothing",
    "cancelled": "nothing",
}
"""What an order of each status waits for."""

RESERVATION_WORDS = ("planned", "claimed", "in-doubt", "placed", "completed", "refused", "fallen")
"""In the order of a purchase's life."""

JOBS: Mapping[str, str] = {
    "reserve": "buys the keys at Kinguin",
    "kinguin.webhook": "takes in what Kinguin told",
    "nowpayments.ipn": "takes in what NOWPayments told",
    "check-payment": "asks NOWPayments how the payment stands",
    "check-reservation": "asks Kinguin how the purchase stands, and fetches its keys",
    "send-mail": "sends the mail",
    "expire": "lets the order expire if no money has come",
    "check-prices": "asks Kinguin what products cost whose price or stock has changed",
    "fulfillOrder": "buys the keys and fetches them",
}
"""What each job does, as the rest of a sentence."""


@attrs.frozen(kw_only=True)
class DeedWords:
    """
    What a person can decide about an order, in words.

    Attributes:
        name: on the button.
        what: what it does.
        done: that it was done.
        nothing: why it is not offered, where the order has nothing that it could be done to.
        grave: whether it cannot be taken back.
    """

    name: str
    what: str
    done: str
    nothing: str = "nothing would come of it"
    grave: bool = False


DEEDS: Mapping[str, DeedWords] = {
    "retry": DeedWords(
        name="Try again",
        what="Whatever is stuck is tried once more, now. A purchase that is known to be dead is made anew; one that "
        "may live is looked up first. Pressing it twice does no harm.",
        done="It is being tried again.",
    ),
    "resend": DeedWords(
        name="Mail a fresh link",
        what="The buyer gets a new delivery link by mail. The earlier ones stop working.",
        done="A fresh link is on its way to the buyer.",
    ),
    "cancel": DeedWords(
        name="Cancel the order",
        what="Calls the order off before it is paid. Once money has come, record a refund instead.",
        done="The order is cancelled.",
        grave=True,
    ),
    "refund": DeedWords(
        name="Record a refund",
        what="Notes that the buyer has the money back: it sends none. No key goes out any more, and none can after it.",
        done="The refund is recorded.",
        grave=True,
    ),
    "forget": DeedWords(
        name="Forget the buyer",
        what="Erases the buyer's address from the order, because the buyer asked for it. Nothing can be mailed there "
        "any more.",
        done="The buyer's address is erased.",
        grave=True,
    ),
    "accept-payment": DeedWords(
        name="Accept a payment",
        what="Lets a short, strange or stray payment count as the price. The keys are bought then.",
        done="The payment counts.",
        nothing="no payment waits for a decision",
        grave=True,
    ),
    "replace-key": DeedWords(
        name="Replace a key",
        what="Puts a bad key in quarantine for ever, and buys another in its place.",
        done="The key is in quarantine, and another is on its way.",
        nothing="no key is held",
        grave=True,
    ),
    "return-keys": DeedWords(
        name="Return keys",
        what="Gives keys back to the supplier, which takes them only for a day after the first of them came.",
        done="The keys are being returned.",
        nothing="nothing was bought",
        grave=True,
    ),
    "rebuy": DeedWords(
        name="Buy again",
        what="Buys what is still owed under a new attempt, after the supplier let the old purchase fall.",
        done="It is being bought again.",
    ),
    "park": DeedWords(
        name="Put aside",
        what="Puts the order aside: nothing is bought or mailed for it until it is taken up again. Money is still "
        "counted, and keys that come are kept.",
        done="The order is put aside.",
        nothing="it is put aside already",
    ),
    "unpark": DeedWords(
        name="Take up again",
        what="Goes on with a parked order.",
        done="The order goes on.",
        nothing="it was not put aside",
    ),
}
"""By the name of the action."""


def marked(text: str) -> Markup:
    """
    A sentence of ours with what is typed literally set apart; nothing else in it is markup.

    >>> str(marked("Run `bitloot doctor` <now>."))
    'Run <code>bitloot doctor</code> &lt;now&gt;.'
    """
    return Markup(_LITERAL.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped before


def tone_of(word: str) -> Tone:
    """
    The tone of a status word; an unknown one is neither good nor bad.

    >>> tone_of("dead"), tone_of("a word of tomorrow")
    ('bad', 'still')
    """
    return TONES.get(word, "still")


def deed(name: str) -> DeedWords:
    """The words for an action; one that has none yet is named."""
    return DEEDS.get(name, DeedWords(name=name, what="", done=f"{name} is done.", grave=True))


def waits_for(status: str) -> str:
    """What an order of a status waits for; of an unknown one nobody knows."""
    return WAITS_FOR.get(status, "")


def job_does(name: str) -> str:
    """What a job does; an unknown one is named."""
    return JOBS.get(name, f"does what is called {name}")
