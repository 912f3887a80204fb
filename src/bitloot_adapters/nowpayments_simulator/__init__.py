"""
NOWPayments on loopback: an HTTP server that behaves as the vendor does, for tests, the demo and the benchmark.

What lives here: the API, the sender of notices (IPN), the payer's verbs, the faults. What must not: any import from the
adapter or the core; an oracle that shares the adapter's parser proves nothing. Weak points: payouts, custody,
subscriptions and fiat are left out; where the vendor has published no text or shape, the function that invents one says
so.
"""

from .canonical import canonical_text, js_number, replacer_array_text, signature_of, wire_text
from .coins import COINS, Coin, RateTable
from .errors import ApiError
from .faults import (
    BAD_GATEWAY,
    CALLS,
    PUBLISHED_LIMITS,
    SERVER_ERROR,
    TOO_MANY_REQUESTS,
    AcceptThenAnswer,
    AcceptThenDrop,
    AcceptThenTimeOut,
    Altered,
    ApiFault,
    ApiFaults,
    DropConnection,
    HtmlPage,
    RawAnswer,
    Refuse,
    Slow,
    TimeOut,
)
from .notice_faults import (
    Delay,
    Drop,
    Duplicate,
    NoSignature,
    NoticeFault,
    NoticeFaults,
    NoticeOdds,
    Reorder,
    ReplacerArraySignature,
    Replay,
    SignedWith,
    StatusWord,
    WrongSignature,
)
from .notices import SIGNATURE_HEADER, Notice, RetrySchedule, SentNotice
from .payer import ORDINARY_STEPS, SHORT_STEPS, PaymentNotOpen
from .pipeline import ApiCall
from .simulator import DEFAULT_LOGIN, NowPaymentsSimulator, Served
from .values import SimulatedInvoice, SimulatedPayment
from .wire import WireOptions

__all__ = [
    "BAD_GATEWAY",
    "CALLS",
    "COINS",
    "DEFAULT_LOGIN",
    "ORDINARY_STEPS",
    "PUBLISHED_LIMITS",
    "SERVER_ERROR",
    "SHORT_STEPS",
    "SIGNATURE_HEADER",
    "TOO_MANY_REQUESTS",
    "AcceptThenAnswer",
    "AcceptThenDrop",
    "AcceptThenTimeOut",
    "Altered",
    "ApiCall",
    "ApiError",
    "ApiFault",
    "ApiFaults",
    "Coin",
    "Delay",
    "Drop",
    "DropConnection",
    "Duplicate",
    "HtmlPage",
    "NoSignature",
    "Notice",
    "NoticeFault",
    "NoticeFaults",
    "NoticeOdds",
    "NowPaymentsSimulator",
    "PaymentNotOpen",
    "RateTable",
    "RawAnswer",
    "Refuse",
    "Reorder",
    "ReplacerArraySignature",
    "Replay",
    "RetrySchedule",
    "SentNotice",
    "Served",
    "SignedWith",
    "SimulatedInvoice",
    "SimulatedPayment",
    "Slow",
    "StatusWord",
    "TimeOut",
    "WireOptions",
    "WrongSignature",
    "canonical_text",
    "js_number",
    "replacer_array_text",
    "signature_of",
    "wire_text",
]
