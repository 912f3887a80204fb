"""
Every problem that the API can answer with, in one table: its code, its status, and words for people.

`/docs` prints it, problem+json takes its titles from it, and the error pages their advice.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs


@attrs.frozen(kw_only=True)
class ProblemKind:
    """
    One kind of problem.

    Attributes:
        status: the HTTP status.
        title: a short sentence, the same for every problem of the kind.
        advice: what a buyer should do who meets it on a page.
    """

    status: int
    title: str
    advice: str = "Go back and try again."


_ASK_FOR_A_FRESH_ONE = (
    "Open your order's page and ask for a fresh link: it goes to the e-mail address on the order. "
    "Your keys are safe; nothing is lost."
)
_TRY_LATER = "Please try again in a moment. Nothing is lost, and nothing was charged twice."

KINDS: Mapping[str, ProblemKind] = {
    # 400: not understood
    "malformed-json": ProblemKind(status=400, title="The body is not JSON"),
    "malformed-request": ProblemKind(status=400, title="The request cannot be understood"),
    "invalid-idempotency-key": ProblemKind(status=400, title="The Idempotency-Key cannot be used"),
    # 401, 403: who are you
    "token-missing": ProblemKind(
        status=401, title="A token is needed", advice="Open this page with the link or the access token that you got."
    ),
    "token-invalid": ProblemKind(
        status=401,
        title="The token is not valid",
        advice="Check that it was copied whole: an access token is easily cut off at its end.",
    ),
    "signature-invalid": ProblemKind(status=401, title="The webhook is not authentic"),
    "token-of-another-order": ProblemKind(
        status=403,
        title="The token opens another order",
        advice="Each order has an access token of its own. Use the one that came with this order.",
    ),
    "scope-missing": ProblemKind(status=403, title="The token does not allow this"),
    "cross-site": ProblemKind(
        status=403,
        title="The request came from another site",
        advice="Open the page yourself and press the button there.",
    ),
    "session-over": ProblemKind(
        status=401, title="The session has ended", advice="Log in again; what you were looking at is still there."
    ),
    "form-outdated": ProblemKind(
        status=403, title="The form is out of date", advice="Load the page again, and send it from there."
    ),
    "proof-needed": ProblemKind(
        status=403,
        title="A secret is needed once more",
        advice="Go back, and give a code of your app or your password.",
    ),
    # 404, 405
    "not-found": ProblemKind(
        status=404, title="There is nothing here", advice="Check the address, or go to the shop's front page."
    ),
    "order-not-found": ProblemKind(
        status=404, title="There is no such order", advice="Check the order's number; it is in the page's address."
    ),
    "link-not-found": ProblemKind(
        status=404,
        title="This link does not work",
        advice="Check that it was copied whole, or open it from the mail again. "
        "If it still does not work, open your order's page and ask for a fresh one.",
    ),
    "method-not-allowed": ProblemKind(status=405, title="This cannot be done with that method"),
    # 409: the state forbids it
    "refused-by-state": ProblemKind(status=409, title="The state of the order forbids this"),
    "not-cancellable": ProblemKind(status=409, title="Money came for the order: refund it instead"),
    "buyer-needed": ProblemKind(status=409, title="Somebody may still have to write to the buyer"),
    "buyer-forgotten": ProblemKind(
        status=409,
        title="The buyer's address was erased",
        advice="It was erased because somebody asked for it, and nothing can be sent there any more.",
    ),
    "nothing-to-refund": ProblemKind(status=409, title="No money was ever seen on the order"),
    "nothing-to-retry": ProblemKind(status=409, title="The order is over, and nothing of it is stuck"),
    "nothing-to-accept": ProblemKind(status=409, title="No such payment waits for a decision"),
    "still-owed": ProblemKind(status=409, title="The finding cannot be settled while keys are owed"),
    "money-waits": ProblemKind(status=409, title="The finding cannot be settled while money waits"),
    "still-paused": ProblemKind(status=409, title="The finding cannot be settled while buying is paused"),
    "nothing-to-rebuy": ProblemKind(status=409, title="No purchase of the order was refused or cancelled"),
    "nothing-to-park": ProblemKind(status=409, title="The order is over: there is nothing to put aside"),
    "parked": ProblemKind(
        status=409,
        title="The order was put aside",
        advice="A person of the shop looks at it. Write to the shop if you have not heard from them.",
    ),
    "not-replaceable": ProblemKind(status=409, title="The key cannot be replaced"),
    "not-returnable": ProblemKind(status=409, title="The supplier takes nothing of this purchase back"),
    "keys-in-use": ProblemKind(status=409, title="The buyer may see its keys: record the refund first"),
    "too-late": ProblemKind(status=409, title="It is too late to return the keys"),
    "job-done": ProblemKind(status=409, title="The job is done"),
    "unknown-job": ProblemKind(status=409, title="This version knows no such job"),
    "body-pruned": ProblemKind(status=409, title="The webhook's body is no longer kept, so it cannot run again"),
    "request-running": ProblemKind(
        status=409,
        title="The same request is still being carried out",
        advice="Wait a moment, then load the page again.",
    ),
    "not-payable": ProblemKind(
        status=409,
        title="The order takes no new payment",
        advice="It is paid, closed, or was paid too many times already. Its page tells how it stands.",
    ),
    "nothing-ready": ProblemKind(
        status=409,
        title="No key is ready yet",
        advice="They are being fetched. You get a mail as soon as they are here, and this link will show them.",
    ),
    "not-revealable": ProblemKind(
        status=409,
        title="The keys cannot be shown",
        advice="The order is not paid, or was refunded. If you think that this is wrong, write to the shop.",
    ),
    # 410: it was good once
    "link-expired": ProblemKind(status=410, title="This link has expired", advice=_ASK_FOR_A_FRESH_ONE),
    "link-revoked": ProblemKind(
        status=410,
        title="A newer link has replaced this one",
        advice="Open the link in the latest mail. " + _ASK_FOR_A_FRESH_ONE,
    ),
    "link-used-up": ProblemKind(status=410, title="This link has been used too often", advice=_ASK_FOR_A_FRESH_ONE),
    # 413, 415
    "body-too-large": ProblemKind(status=413, title="The body is too large"),
    "unsupported-media-type": ProblemKind(status=415, title="The body has another form than was asked for"),
    # 422: understood, but not possible
    "invalid-field": ProblemKind(status=422, title="A field has a value that it cannot have"),
    "missing-field": ProblemKind(status=422, title="A field is missing"),
    "unknown-field": ProblemKind(status=422, title="A field is not known here"),
    "invalid-email": ProblemKind(
        status=422,
        title="That is not an e-mail address",
        advice="Go back and check the address: your keys depend on it.",
    ),
    "invalid-items": ProblemKind(status=422, title="The items cannot be ordered"),
    "invalid-quantity": ProblemKind(
        status=422, title="That many cannot be ordered", advice="Go back and choose at least one key of one product."
    ),
    "too-many-units": ProblemKind(
        status=422, title="That many cannot be ordered at once", advice="Split it into several orders."
    ),
    "unknown-product": ProblemKind(
        status=422, title="There is no such product", advice="Go back to the front page and choose again."
    ),
    "unavailable-product": ProblemKind(
        status=422, title="The product is not on sale now", advice="Go back to the front page and choose again."
    ),
    "mixed-currencies": ProblemKind(
        status=422,
        title="The products are priced in different currencies",
        advice="Make an order for each currency.",
    ),
    "unknown-coin": ProblemKind(
        status=422, title="That coin cannot be paid with", advice="Go back and choose another coin."
    ),
    "below-minimum": ProblemKind(
        status=422, title="The amount is too small for that coin", advice="Go back and choose another coin."
    ),
    "above-maximum": ProblemKind(
        status=422, title="The amount is too large for that coin", advice="Go back and choose another coin."
    ),
    "idempotency-key-reused": ProblemKind(status=422, title="The Idempotency-Key was used for another request"),
    "invalid-limit": ProblemKind(status=422, title="The limit is out of bounds"),
    "invalid-cursor": ProblemKind(status=422, title="The cursor cannot be used"),
    "invalid-reason": ProblemKind(status=422, title="A reason is needed"),
    # 429, 500, 503
    "too-many-requests": ProblemKind(
        status=429, title="Too many requests", advice="Wait a minute, then try again. Nothing is lost."
    ),
    "unexpected": ProblemKind(
        status=500,
        title="Something went wrong on our side",
        advice="It was noted, and nothing is lost. Try again in a moment; if it stays, tell the shop the number below.",
    ),
    "key-unreadable": ProblemKind(
        status=503,
        title="A key cannot be read right now",
        advice="Your keys are not lost. The shop has been told and will look after it; please come back later.",
    ),
    "unavailable": ProblemKind(status=503, title="Something that we need is away", advice=_TRY_LATER),
    "unknown-outcome": ProblemKind(status=503, title="No answer came in time", advice=_TRY_LATER),
    "busy": ProblemKind(status=503, title="Too busy right now", advice=_TRY_LATER),
}
