"""
What a finding means, and what a person can do about it: a sentence each.
"""

from __future__ import annotations

from collections.abc import Mapping

ADVICE: Mapping[str, str] = {
    "payment-short": "Less came than was due, and the gateway keeps it. Accept it, or send it back and record a "
    "refund. A top-up that still comes shows up by itself.",
    "payment-surplus": "More came than was due. The keys go out all the same; send the rest back.",
    "payment-second": "A paid order was paid again. Send the second payment back, then settle this.",
    "payment-late": "Money came after the order had ended. Accept it, or send it back.",
    "payment-mismatch": "What arrived is not what was asked for. Compare it at the gateway; accept it or refund.",
    "payment-stray": "A payment names this order and was not opened by us. Accept it, or send it back.",
    "payment-unknown": "The gateway tells of a payment that we do not know. Look it up there.",
    "payment-status": "The gateway used a word that this version does not know. Look the payment up there.",
    "payment-returned": "A payment that had counted went back. Keys may be out already: decide about the order.",
    "supplier-refused": "Kinguin refused the purchase; nothing was bought. Mend the reason (stock, price cap, "
    "balance), then try again.",
    "supplier-doubt": "A purchase has no answer, and none was found under our reference. Look at Kinguin's own "
    "list before you try again.",
    "supplier-cancelled": "Kinguin let the purchase fall. Buy again, or refund the buyer.",
    "supplier-mismatch": "What Kinguin sold is not what was asked for. Compare both, then buy again or refund.",
    "supplier-slow": "Kinguin takes unusually long. It is asked again by itself; write to them if it lasts.",
    "supplier-status": "Kinguin used a word that this version does not know. Look the purchase up there.",
    "surplus-purchase": "More was bought than is owed. Give it back at Kinguin: its keys are not downloaded.",
    "keys-missing": "Kinguin calls the purchase complete and has sent fewer keys. Write to them.",
    "keys-surplus": "Kinguin has sent more keys than were bought. They are not delivered; tell them.",
    "key-taken": "A key was sold to us twice. It stays with the first order; write to Kinguin for another.",
    "key-unconfirmed": "A key came in a webhook, and the supplier's own list does not show it.",
    "key-unreadable": "A sealed key does not open. Look for a missing master key, or restore the object.",
    "keys-after-refund": "Keys came after the refund. They are held and not delivered: return them.",
    "mail-refused": "The mail server refused the buyer's address. Reach the buyer in another way.",
    "dead-job": "A job was given up after many tries. Mend what its last error says, then try again.",
    "out-of-reach": "Something has been away for long. It is tried again by itself.",
    "forgotten-purchase": "Kinguin knows a purchase of ours that our books lack. Find the order that it is for.",
    "buying-paused": "Nothing is bought, and paid orders wait. Let buying go on when the reason is gone.",
    "return-refused": "Kinguin did not take the keys back. Write to them; a return is possible for a day only.",
    "parked": "Somebody put the order aside. Take it up again when the reason is gone.",
    "reconciliation": "Our books and those of a vendor disagree. Compare them.",
}

"""By the word of the reason."""
