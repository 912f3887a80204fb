"""
What each reason for a finding means to the person who has to deal with it: the operator's handbook as data.

The API, the console and the pages of the handbook are made of it, so that they say the same.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from bitloot_core.order.actions import Action
from bitloot_core.order.findings import FindingReason as F


@attrs.frozen(kw_only=True)
class Guidance:
    """
    How to deal with a finding.

    Attributes:
        means: what was seen.
        by_itself: what the machine goes on doing about it.
        can_wait: whether a person must get up for it, and who waits meanwhile.
        you_can: what a person can do.
        actions: the sensible actions, the likeliest first.
    """

    means: str
    by_itself: str
    can_wait: str
    you_can: str
    actions: tuple[Action, ...]


_MONEY = (Action.ACCEPT_PAYMENT, Action.REFUND, Action.RESOLVE)
_STILL_LOOKED_AT = "The payment is looked at again, on a ladder of pauses, until a day after the gateway gives it up."
_NOTHING = "Nothing: it waits for you."

GUIDE: Mapping[F, Guidance] = {
    F.PAYMENT_SHORT: Guidance(
        means="Less arrived than was due, and the gateway keeps it. The order is `underpaid`; nothing is bought.",
        by_itself=f"{_STILL_LOOKED_AT} A top-up that completes the payment settles it, and this with it.",
        can_wait="Until morning. The buyer waits, and may still top up.",
        you_can="Accept the payment if the difference does not matter: the keys are bought at once. Or send the coins "
        "back at the gateway and record the refund.",
        actions=_MONEY,
    ),
    F.PAYMENT_SURPLUS: Guidance(
        means="More arrived than was due. The order went its way, and its keys go out.",
        by_itself="Nothing: the order is not held up by it.",
        can_wait="For days. The buyer has the keys, and is owed the rest.",
        you_can="Send the rest back to the buyer at the gateway, then settle this.",
        actions=(Action.RESOLVE,),
    ),
    F.PAYMENT_SECOND: Guidance(
        means="A second payment settled for an order that was paid already. It buys nothing.",
        by_itself="Nothing: the order is not held up by it.",
        can_wait="For days. The buyer has paid twice, and is owed one of the two.",
        you_can="Send the second payment back at the gateway, then settle this.",
        actions=(Action.RESOLVE,),
    ),
    F.PAYMENT_LATE: Guidance(
        means="A payment settled after the order was cancelled or refunded. It buys nothing.",
        by_itself=_NOTHING,
        can_wait="Until morning. The buyer has paid for nothing.",
        you_can="Send it back at the gateway and record the refund.",
        actions=(Action.REFUND, Action.RESOLVE),
    ),
    F.PAYMENT_MISMATCH: Guidance(
        means="Money arrived, but not as it was asked for: another coin, price or amount, or another order's number. "
        "Or the gateway now shows less of a payment that counted.",
        by_itself=_STILL_LOOKED_AT,
        can_wait="Until morning. The buyer has paid, and mostly waits.",
        you_can="Compare it at the gateway. Accept it if it is the buyer's and worth the price; else send it back and "
        "record the refund.",
        actions=_MONEY,
    ),
    F.PAYMENT_STRAY: Guidance(
        means="A payment that we did not open names this order: a repeated deposit, a top-up, or a stranger's.",
        by_itself="It is never taken for payment by itself. What the gateway says of it later is shown here.",
        can_wait="Until morning. Somebody has paid, and may wait.",
        you_can="Accept it if it pays for the order; else send it back, and record the refund or settle this.",
        actions=_MONEY,
    ),
    F.PAYMENT_UNKNOWN: Guidance(
        means="The gateway tells of a payment that is none of ours, does not know one that is, or opened two for one "
        "try. The text says which.",
        by_itself="A payment that is ours is still looked at; a strange one is not.",
        can_wait="Until morning, if it is one. Many at once mean a wrong API key: then no payment settles, and it "
        "cannot.",
        you_can="Look it up at the gateway: was the API key changed, does another program use the account? Then settle "
        "this.",
        actions=(Action.RESOLVE,),
    ),
    F.PAYMENT_STATUS: Guidance(
        means="The gateway says something of a payment that this program cannot judge, gave one up on which money had "
        "come, or stopped saying anything.",
        by_itself=f"{_STILL_LOOKED_AT} Once it says something known, that counts.",
        can_wait="Until morning. The buyer may have paid, and waits.",
        you_can="Look the payment up at the gateway. Accept it if the money is there, or record the refund.",
        actions=_MONEY,
    ),
    F.PAYMENT_RETURNED: Guidance(
        means="A payment that counted went back to the payer, and no other counts. Keys may be out already.",
        by_itself="Nothing more is bought or shown for the order until another payment counts.",
        can_wait="Until morning. Nothing more goes out meanwhile; what is out cannot be taken back.",
        you_can="Find out why at the gateway. Record the refund if the buyer has the money; keys that nobody has seen "
        "can then go back to the supplier.",
        actions=(Action.REFUND, Action.RETURN_KEYS, Action.ACCEPT_PAYMENT),
    ),
    F.SUPPLIER_REFUSED: Guidance(
        means="The supplier refused the purchase, and nothing was bought: no stock at our price, too low a balance. "
        "The text says which.",
        by_itself=_NOTHING,
        can_wait="Until morning, if it is one. Many at once mean an empty balance: no paid order goes on until it is "
        "filled up.",
        you_can="Mend the reason (fill the balance up, wait for stock), then buy anew. Or give the money back and "
        "record the refund.",
        actions=(Action.REBUY, Action.REFUND, Action.PARK),
    ),
    F.PRICE_ABOVE_CAP: Guidance(
        means="Right before buying, the supplier asked more for a product than the order allows. Nothing was sent, and "
        "nothing was bought. The text has both figures.",
        by_itself=_NOTHING,
        can_wait="Until morning. The buyer has paid and waits.",
        you_can="Buy anew when the price has come down. Or give the money back and record the refund. Raise the price "
        "and the cap of the product for orders to come.",
        actions=(Action.REBUY, Action.RETRY, Action.REFUND, Action.PARK),
    ),
    F.SUPPLIER_DOUBT: Guidance(
        means="A purchase got no answer, and the supplier shows none under our reference. It may still have been made.",
        by_itself="It was looked up for as long as it may take, and is never sent again without you. If the supplier "
        "tells of it, or `bitloot reconcile` finds it, it is taken over, and this is settled.",
        can_wait="Until morning. The buyer has paid and waits; nothing is bought twice meanwhile.",
        you_can="Look at the supplier's own list. If nothing is there, try again: it is sent once more, under the same "
        "reference.",
        actions=(Action.RETRY, Action.REFUND, Action.PARK),
    ),
    F.SUPPLIER_CANCELLED: Guidance(
        means="The supplier cancelled or refunded a purchase. Keys that had come by then are held.",
        by_itself=_NOTHING,
        can_wait="Until morning. The buyer waits for what is missing, or has keys that may no longer work.",
        you_can="Buy what is missing anew, under a new attempt; or give the money back and record the refund.",
        actions=(Action.REBUY, Action.REFUND, Action.RESOLVE),
    ),
    F.SUPPLIER_MISMATCH: Guidance(
        means="What the supplier sold, charged or named is not what was asked for.",
        by_itself="No key of a purchase under another reference is taken.",
        can_wait="Until morning. Where the order shows `attention`, the buyer waits.",
        you_can="Compare the purchase with the supplier's list, and write to them. Then settle this, or record the "
        "refund.",
        actions=(Action.RESOLVE, Action.REFUND, Action.PARK),
    ),
    F.SUPPLIER_SLOW: Guidance(
        means="A purchase was made a day ago or longer, and not all of its keys are here.",
        by_itself="It is looked at every half hour; this is settled when the last key comes.",
        can_wait="Until morning. The buyer has waited for a day already: write to them, too.",
        you_can="Write to the supplier. Give the money back if the buyer does not want to wait.",
        actions=(Action.RETRY, Action.REFUND, Action.RESOLVE),
    ),
    F.SUPPLIER_STATUS: Guidance(
        means="The supplier calls a purchase something that this program does not know.",
        by_itself="The purchase is looked at as before; keys that come are held.",
        can_wait="Until morning. The order goes on when keys come.",
        you_can="Look the purchase up at the supplier, and tell whoever maintains this program. Then settle this.",
        actions=(Action.RETRY, Action.RESOLVE),
    ),
    F.SURPLUS_PURCHASE: Guidance(
        means="The supplier has a purchase that the order does not need: sold twice, or for an order that was closed "
        "meanwhile. It was paid for from our balance.",
        by_itself="Keys of a second purchase are never downloaded. Those for an order that was closed are held, and "
        "nobody is shown them.",
        can_wait="Until morning, and no longer: a supplier takes keys back within a day.",
        you_can="Return its keys to the supplier, within a day. If it refuses, write to them.",
        actions=(Action.RETURN_KEYS, Action.RESOLVE),
    ),
    F.FORGOTTEN_PURCHASE: Guidance(
        means="The supplier knows a purchase under a reference of ours that our books lack: after a restore, mostly.",
        by_itself="If its order is in our books, it is taken over as soon as a payment of that order counts, and not "
        "bought again. Else nothing.",
        can_wait="Until morning. The money is spent, and no more of it is.",
        you_can="Find the order that it is for (the reference begins with its number), and reconcile. Write to the "
        "supplier if nobody wants it.",
        actions=(Action.RESOLVE,),
    ),
    F.KEYS_MISSING: Guidance(
        means="The supplier calls a purchase complete, and shows fewer keys than were bought.",
        by_itself="The purchase is looked at again; this is settled when the last key comes.",
        can_wait="Until morning. The buyer waits for what is missing.",
        you_can="Write to the supplier. Give the money back if the buyer does not want to wait.",
        actions=(Action.RETRY, Action.REFUND, Action.RESOLVE),
    ),
    F.KEYS_SURPLUS: Guidance(
        means="The supplier shows more keys than were bought.",
        by_itself="They are left alone: nothing is downloaded.",
        can_wait="For days. Nobody waits.",
        you_can="Tell the supplier, then settle this.",
        actions=(Action.RESOLVE,),
    ),
    F.KEY_TAKEN: Guidance(
        means="The supplier handed out a key that another order holds. It is not sold twice.",
        by_itself="The key stays with the first order; the purchase is looked at for another one.",
        can_wait="Until morning. The buyer has paid and waits.",
        you_can="Ask the supplier for another key in the same purchase, or buy anew when it has cancelled this one.",
        actions=(Action.RETRY, Action.REBUY, Action.REFUND),
    ),
    F.KEY_UNCONFIRMED: Guidance(
        means="A key came inside a signed webhook, and the supplier's own list does not show it, or shows another.",
        by_itself="The key is delivered as it came. Nothing is replaced or bought by itself.",
        can_wait="Until morning. The buyer has a key; it may be a wrong one.",
        you_can="Look at both, with a reason that is written down. Replace the key if it is bad.",
        actions=(Action.REVEAL, Action.REPLACE_KEY, Action.RESOLVE),
    ),
    F.KEY_UNREADABLE: Guidance(
        means="A sealed key does not open: the object is gone or damaged, or its master key is not there.",
        by_itself="It is tried again whenever somebody looks.",
        can_wait="Until morning, if it is one. If there are several, change nothing before the master key or the "
        "back-up is found.",
        you_can="Is a master key missing from VAULT_KEYS? Restore the object from a back-up (`bitloot vault verify` "
        "tells which). If it is lost, replace the key.",
        actions=(Action.REPLACE_KEY, Action.RETRY, Action.RESOLVE),
    ),
    F.KEYS_AFTER_REFUND: Guidance(
        means="Keys came after the buyer had the money back. They are held, and nobody is shown them.",
        by_itself=_NOTHING,
        can_wait="Until morning, and no longer: a supplier takes keys back within a day.",
        you_can="Return them to the supplier, within a day of the first.",
        actions=(Action.RETURN_KEYS, Action.RESOLVE),
    ),
    F.RETURN_REFUSED: Guidance(
        means="The supplier did not take keys back that were to be returned, or not all of them.",
        by_itself="Nothing: it is not asked for again by itself.",
        can_wait="For days. It is our money, and no buyer's.",
        you_can="Write to the supplier; the text has its reason. If they agree within the day, return the keys once "
        "more. Else settle this.",
        actions=(Action.RETURN_KEYS, Action.RESOLVE),
    ),
    F.MAIL_REFUSED: Guidance(
        means="The mail server refused the mail to the buyer for good. The keys are ready, and the link is good.",
        by_itself="It is not tried again.",
        can_wait="Until morning. The keys are ready, and the buyer does not know it.",
        you_can="Reach the buyer in another way, or mend the mail server and mail a fresh link.",
        actions=(Action.RESEND, Action.RESOLVE),
    ),
    F.PARKED: Guidance(
        means="Somebody put the order aside: nothing is bought or mailed for it. The text says who, and why.",
        by_itself="Money is still counted, and keys that come are kept. A link that is out stays good.",
        can_wait="For as long as you like; the buyer may not.",
        you_can="Take the order up again: what waits is done at once. Or record the refund.",
        actions=(Action.UNPARK, Action.REFUND),
    ),
    F.DEAD_JOB: Guidance(
        means="A job was given up: it failed or killed its worker again and again, or nobody knows its name.",
        by_itself=_NOTHING,
        can_wait="Until morning, if it is one. Many at once have one cause: their last errors name it.",
        you_can="Read its last error, mend the reason, and have it done again.",
        actions=(Action.RETRY_JOB, Action.RETRY, Action.RESEND),
    ),
    F.OUT_OF_REACH: Guidance(
        means="Something outside has been away for so long that a job would have been given up. Or the payment gateway "
        "opens no payment for us, whatever the coin. The text says which.",
        by_itself="The job is tried again, for as long as it takes. A buyer whose payment was not opened can try "
        "again.",
        can_wait="No: whatever needs it waits, for every order.",
        you_can="See what is away (`bitloot doctor`, `/health/ready`), and what the vendor's dashboard says of our "
        "account. Settle this when it is back.",
        actions=(Action.RETRY_JOB, Action.RESOLVE),
    ),
    F.BUYING_PAUSED: Guidance(
        means="Buying is paused: the day's cap or the floor of the balance was reached, or a back-up was put back. "
        "Paid orders wait. A pause by a person is no finding: the summary shows it, and one that lasts is told as an "
        "alert.",
        by_itself="A limit is tried again every few minutes, and buying goes on when it has room. After a back-up it "
        "goes on when `bitloot reconcile --after-restore` finds nothing more.",
        can_wait="No: every paid order waits. If the limit is as you want it, it does its work.",
        you_can="Fill the balance up; or let buying go on, beyond the limit for today (`bitloot resume`). This is "
        "settled with it.",
        actions=(),
    ),
    F.RECONCILIATION: Guidance(
        means="Our books and those of the gateway, the supplier or the vault say different things. Or the supplier "
        "speaks of a purchase that is none of ours.",
        by_itself="What can be mended without a decision was mended already.",
        can_wait="Until morning. Nothing is delivered or bought because of it.",
        you_can="Compare both sides; the text names them. Then settle this.",
        actions=(Action.RETRY, Action.REPLAY, Action.RESOLVE),
    ),
}
"""By reason; a test holds it to have every one."""
