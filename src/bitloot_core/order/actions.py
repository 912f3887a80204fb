"""
What a person of the staff can do, in the words of the API; the same words stand in the audit.
"""

from __future__ import annotations

import enum


class Action(enum.StrEnum):
    """One thing that a person can do; these words are stored, so they never change their meaning."""

    RETRY = "retry"
    RESEND = "resend"
    CANCEL = "cancel"
    REFUND = "refund"
    ACCEPT_PAYMENT = "accept-payment"
    REPLACE_KEY = "replace-key"
    RETURN_KEYS = "return-keys"
    REBUY = "rebuy"
    PARK = "park"
    UNPARK = "unpark"
    FORGET = "forget"
    REVEAL = "reveal"
    RESOLVE = "resolve-finding"
    RETRY_JOB = "retry-job"
    REPLAY = "replay-webhook"
    PAUSE = "pause-buying"
    RESUME = "resume-buying"
    CHANGE_PRODUCT = "change-product"


ON_AN_ORDER = (
    Action.RETRY,
    Action.RESEND,
    Action.CANCEL,
    Action.REFUND,
    Action.ACCEPT_PAYMENT,
    Action.REPLACE_KEY,
    Action.RETURN_KEYS,
    Action.REBUY,
    Action.PARK,
    Action.UNPARK,
)
"""What is done to a whole order, and moves it."""
