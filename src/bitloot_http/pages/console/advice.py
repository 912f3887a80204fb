"""
What a finding means, and what a person can do about it: a sentence each.
"""

from __future__ import annotations

from collections.abc import Mapping

from bitloot_core.order.findings import FindingReason as Reason

ADVICE: Mapping[Reason, str] = {
    Reason.PAYMENT_SHORT: "Less came than was due, and the gateway keeps it. Accept it, or send it back and record a "
    "refund. A top-up that still comes shows up by itself.",
    Reason.PAYMENT_SURPLUS: "More came than was due. The keys go out all the same; send the rest back.",
    Reason.PAYMENT_SECOND: "A paid order was paid again. Send the second payment back, then settle this.",
    Reason.PAYMENT_LATE: "Money came after the order had ended. Accept it, or send it back.",
    Reason.PAYMENT_MISMATCH: "What arrived is not what was asked for. Compare it at the gateway; accept it or refund.",
    Reason.PAYMENT_STRAY: "A payment names this order and was not opened by us. Accept it, or send it back.",
    Reason.PAYMENT_UNKNOWN: "The gateway tells of a payment that we do not know. Look it up there.",
    Reason.PAYMENT_STATUS: "The gateway used a word that this version does not know. Look the payment up there.",
    Reason.PAYMENT_RETURNED: "A payment that had counted went back. Keys may be out already: decide about the order.",
    Reason.SUPPLIER_REFUSED: "Kinguin refused the purchase; nothing was bought. Mend the reason (stock, price cap, "
    "balance), then try again.",
    Reason.SUPPLIER_DOUBT: "A purchase has no answer, and none was found under our reference. Look at Kinguin's own "
    "list before you try again.",
    Reason.SUPPLIER_CANCELLED: "Kinguin let the purchase fall. Buy again, or refund the buyer.",
    Reason.SUPPLIER_MISMATCH: "What Kinguin sold is not what was asked for. Compare both, then buy again or refund.",
    Reason.SUPPLIER_SLOW: "Kinguin takes unusually long. It is asked again by itself; write to them if it lasts.",
    Reason.SUPPLIER_STATUS: "Kinguin used a word that this version does not know. Look the purchase up there.",
    Reason.SURPLUS_PURCHASE: "More was bought than is owed. Give it back at Kinguin: its keys are not downloaded.",
    Reason.KEYS_MISSING: "Kinguin calls the purchase complete and has sent fewer keys. Write to them.",
    Reason.KEYS_SURPLUS: "Kinguin has sent more keys than were bought. They are not delivered; tell them.",
    Reason.KEY_TAKEN: "A key was sold to us twice. It stays with the first order; write to Kinguin for another.",
    Reason.KEY_UNCONFIRMED: "A key came in a webhook, and the supplier's own list does not show it.",
    Reason.KEY_UNREADABLE: "A sealed key does not open. Look for a missing master key, or restore the object.",
    Reason.KEYS_AFTER_REFUND: "Keys came after the refund. They are held and not delivered: return them.",
    Reason.MAIL_REFUSED: "The mail server refused the buyer's address. Reach the buyer in another way.",
    Reason.DEAD_JOB: "A job was given up after many tries. Mend what its last error says, then try again.",
    Reason.OUT_OF_REACH: "Something has been away for long. It is tried again by itself.",
    Reason.FORGOTTEN_PURCHASE: "Kinguin knows a purchase of ours that our books lack. Find the order that it is for.",
    Reason.BUYING_PAUSED: "Nothing is bought, and paid orders wait. Let buying go on when the reason is gone.",
    Reason.RECONCILIATION: "Our books and those of a vendor disagree. Compare them.",
}


def advice_on(reason: str) -> str:
    """What a person can do; empty for a reason that has no advice yet."""
    return next((text for known, text in ADVICE.items() if known == reason), "")
