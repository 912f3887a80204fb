"""
What can go wrong with one webhook, and the script that says which one it hits. Carried out by `webhooks`.
"""

from __future__ import annotations

import random
from collections import deque
from datetime import timedelta
from typing import TypeAlias

import attrs


@attrs.frozen
class SkipWebhook:
    """
    It is never sent.
    """


@attrs.frozen(kw_only=True)
class DuplicateWebhook:
    """
    It is sent this many times, byte for byte the same.
    """

    times: int = 2


@attrs.frozen(kw_only=True)
class DelayWebhook:
    """
    It is sent late.
    """

    by: timedelta


@attrs.frozen
class SwapWebhook:
    """
    It is held back until the next one has been sent.
    """


@attrs.frozen
class ForgeWebhook:
    """
    It is sent once, vouched for with a wrong secret, and not again.
    """


WebhookFault: TypeAlias = SkipWebhook | DuplicateWebhook | DelayWebhook | SwapWebhook | ForgeWebhook


class WebhookFaults:
    """
    The script for webhooks: queued faults first, then the dice.
    """

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._queued: deque[WebhookFault | None] = deque()
        self._rates: list[tuple[float, WebhookFault]] = []

    def next(self, *faults: WebhookFault | None) -> None:
        """
        Let the next webhooks meet these faults, one each; None lets one pass.
        """
        self._queued.extend(faults)

    def rate(self, fault: WebhookFault, probability: float) -> None:
        """
        Let each webhook meet the fault with that probability.
        """
        self._rates.append((probability, fault))

    def clear(self) -> None:
        """
        Forget every fault that has not happened yet.
        """
        self._queued.clear()
        self._rates.clear()

    def take(self) -> WebhookFault | None:
        """
        Return the fault that the webhook which is due now meets, or None.
        """
        if self._queued:
            return self._queued.popleft()
        return next((fault for probability, fault in self._rates if self._rng.random() < probability), None)
