"""The alert channel that is a signed webhook."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import aiohttp
from yarl import URL

from bitloot_adapters._shared.http_caller import Deadlines, asked_to_wait
from bitloot_adapters.standard_webhooks.signature import SigningSecret, signatures
from bitloot_adapters.standard_webhooks.wire import body_of
from bitloot_core.order.alerts import Alert
from bitloot_core.ports.alerts import GONE, AlertChannel, ChannelId
from bitloot_core.ports.system import Clock
from bitloot_core.values.errors import PortError, Rejected, Unavailable, Unknown
from bitloot_core.values.secret import Secret

NAME = "webhook"
PORT = "alert webhook"
DEADLINES = Deadlines(total=timedelta(seconds=20))
"""**Source:** Standard Webhooks 1.0.0, "Request timeouts": between 15 and 30 s."""
_GONE = 410
_TOO_MANY_REQUESTS = 429
_TAKEN = range(200, 300)
_REDIRECTS = range(300, 400)
_FIRST_SERVER_ERROR = 500

_log = logging.getLogger(__name__)


class WebhookAlerts:
    """
    Posts alerts to a receiver of the operator's; see `AlertChannel` for what it promises.

    Nothing but the status and `Retry-After` of an answer is looked at: its body is neither read nor logged.

    Args:
        session: whoever opens it closes it; it keeps no connection, since what is posted has an effect.
        url: where to. It may hold a token, so it is never shown.
        secrets: `whsec_...` each; each signs, so that a receiver may have the old one or the new one.
        clock: dates each try.
        public_url: where the shop is, without a slash at the end.
        deadlines: for one try.

    Raises:
        InvalidInput: a secret is none.
    """

    def __init__(
        self,
        *,
        session: aiohttp.ClientSession,
        url: Secret,
        secrets: Sequence[Secret],
        clock: Clock,
        public_url: str,
        deadlines: Deadlines = DEADLINES,
    ) -> None:
        self._session = session
        self._url = URL(url.reveal())
        self._secrets = tuple(SigningSecret.parse(secret.reveal()) for secret in secrets)
        self._clock = clock
        self._public_url = public_url
        self._id = ChannelId.leading_to(NAME, url.reveal())
        self._timeout = aiohttp.ClientTimeout(
            total=deadlines.total.total_seconds(),
            connect=deadlines.connect.total_seconds(),
            sock_connect=deadlines.connect.total_seconds(),
        )

    @property
    def id(self) -> ChannelId:
        """Which channel it is."""
        return self._id

    async def send(self, alert: Alert) -> None:
        """Post it; a repeat bears the same `webhook-id`, and the time of the repeat."""
        body, timestamp = body_of(alert, public_url=self._public_url), int(self._clock.now().timestamp())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "BitLoot",
            "webhook-id": alert.id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signatures(self._secrets, message_id=alert.id, timestamp=timestamp, body=body),
        }
        started = asyncio.get_running_loop().time()
        outcome = "cut short"
        try:
            await self._post(body, headers)
            outcome = "accepted"
        except PortError as exc:
            outcome = exc.reason
            raise
        finally:
            _log.debug("%s: %s in %.3f s", PORT, outcome, asyncio.get_running_loop().time() - started)

    async def _post(self, body: bytes, headers: dict[str, str]) -> None:
        try:
            async with self._session.post(
                self._url, data=body, headers=headers, timeout=self._timeout, allow_redirects=False
            ) as response:
                _judge(response)
                return
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as exc:
            # The error names host and port, and is not chained: they are the operator's secret, too.
            unreachable = type(exc).__name__
        except TimeoutError:
            raise Unknown(PORT, "no answer in time") from None
        except (aiohttp.ClientError, OSError) as exc:
            # It can hold our headers, or a piece of the answer.
            raise Unknown(PORT, f"no usable answer ({type(exc).__name__})") from None
        raise Unavailable(PORT, f"cannot be reached ({unreachable})")

    def __repr__(self) -> str:
        return "WebhookAlerts()"


def _judge(response: aiohttp.ClientResponse) -> None:
    """
    Raise what a status means, unless it is taken.

    **Source:** Standard Webhooks 1.0.0, "Delivery success and failure".
    """
    status = response.status
    if status in _TAKEN:
        return
    if status == _GONE:
        raise Rejected(PORT, "the receiver wants no more alerts (410)", code=GONE)
    if status == _TOO_MANY_REQUESTS or status >= _FIRST_SERVER_ERROR:
        raise Unavailable(PORT, f"answered {status}", retry_after=asked_to_wait(response))
    if status in _REDIRECTS:
        raise Rejected(PORT, f"answered a redirect ({status}), which is never followed: set where it leads")
    raise Rejected(PORT, f"answered {status}: check the address, and the secret on both sides")


if TYPE_CHECKING:
    _: type[AlertChannel] = WebhookAlerts
