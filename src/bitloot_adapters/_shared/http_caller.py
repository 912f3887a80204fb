"""
One way to call a vendor over HTTP: deadlines, a cap on the answer, and errors that say what the caller should do.

What an answer means is the vendor module's business. What is decided here holds for every vendor: whether a call
without a usable answer may have been carried out.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from datetime import timedelta
from email.utils import parsedate_to_datetime

import aiohttp
import attrs
from yarl import URL

from bitloot_adapters._shared.exact_json import NotJson, decode_json, encode_json
from bitloot_core.values.errors import Unavailable, Unknown

LARGEST_ANSWER_BYTES = 1 << 20
LONGEST_WAIT = timedelta(days=1)
"""A `Retry-After` beyond this is cut to it."""

_TOO_MANY_REQUESTS = 429
_REDIRECTS = range(300, 400)
_FIRST_SERVER_ERROR = 500

_log = logging.getLogger(__name__)


@attrs.frozen(kw_only=True)
class Deadlines:
    """
    How long one call may take.

    Attributes:
        connect: until a connection is there, the wait for a free one included; nothing has been sent by then.
        total: until the last byte of the answer.
    """

    connect: timedelta = timedelta(seconds=5)
    total: timedelta = timedelta(seconds=30)


@attrs.frozen(kw_only=True)
class Answer:
    """
    A complete answer.

    Attributes:
        content_type: the media type in lower case, without parameters; empty if the answer has none.
        body: all of it, at most 1 MiB. It can hold a product key: never printed.
    """

    status: int
    content_type: str
    body: bytes = attrs.field(repr=False)

    def json(self) -> object:
        """
        Read the body as JSON with exact decimals.

        Raises:
            NotJson: its content type is another (gateways in front of a vendor answer HTML), or it cannot be read.
        """
        if not self.content_type.endswith("json"):
            raise NotJson(f"the answer is {self.content_type or 'of no type'}, not JSON")
        return decode_json(self.body)


class HttpCaller:
    """
    Calls one vendor.

    Args:
        session: whoever opens it closes it (the composition root); it may be shared by several callers.
        fresh_session: the same, with a connector that keeps no connection (`force_close`): what has an effect goes over
            it. Without it a call can meet a connection that the vendor has just closed, and nobody knows what became
            of it.
        base_url: what every path is appended to.
        headers: sent with each call; they carry the API key and are never shown.
        port: how errors name the vendor's port ("supplier", "payment gateway").
        deadlines: for each call.
    """

    def __init__(
        self,
        *,
        session: aiohttp.ClientSession,
        fresh_session: aiohttp.ClientSession | None = None,
        base_url: str,
        headers: Mapping[str, str],
        port: str,
        deadlines: Deadlines | None = None,
    ) -> None:
        self._reading = session
        self._acting = fresh_session or session
        self._base_url = base_url.rstrip("/")
        self._headers = dict(headers)
        self._port = port
        limits = deadlines or Deadlines()
        # `sock_connect` bounds each of several addresses, `connect` all of them and the wait for the pool.
        self._timeout = aiohttp.ClientTimeout(
            total=limits.total.total_seconds(),
            connect=limits.connect.total_seconds(),
            sock_connect=limits.connect.total_seconds(),
        )

    async def read(self, path: str, *, query: Mapping[str, str] | None = None) -> Answer:
        """
        Call `GET path`, which changes nothing at the vendor.

        Args:
            path: begins with `/`; its segments are percent-encoded already.
            query: encoded here.

        Returns:
            An answer of any status below 500 but 3xx and 429.

        Raises:
            Unavailable: there is no such answer. `retry_after` is set if the vendor set it.
        """
        try:
            return await self._exchange("GET", path, query=query)
        except Unknown as exc:
            raise Unavailable(self._port, exc.reason) from exc.__cause__

    async def act(self, path: str, *, body: object = None) -> Answer:
        """
        Call `POST path` once, which may have an effect at the vendor.

        Args:
            path: begins with `/`; its segments are percent-encoded already.
            body: sent as JSON, decimals with exactly their digits; None sends no body.

        Returns:
            An answer of any status below 500 but 3xx and 429.

        Raises:
            Unavailable: nothing was sent (no connection), or it was turned away before it was looked at (429).
            Unknown: it was sent and no such answer came: time-out, broken connection, 5xx, a redirect, an answer
                beyond the cap.
        """
        return await self._exchange("POST", path, content=None if body is None else encode_json(body))

    async def _exchange(
        self, method: str, path: str, *, query: Mapping[str, str] | None = None, content: bytes | None = None
    ) -> Answer:
        started = asyncio.get_running_loop().time()
        outcome = "cut short"
        try:
            answer = await self._send(method, path, query=query, content=content)
            outcome = str(answer.status)
            return answer
        except (Unavailable, Unknown) as exc:
            outcome = exc.reason
            raise
        finally:
            seconds = asyncio.get_running_loop().time() - started
            _log.debug("%s: %s %s: %s in %.3f s", self._port, method, path, outcome, seconds)

    async def _send(self, method: str, path: str, *, query: Mapping[str, str] | None, content: bytes | None) -> Answer:
        url = URL(self._base_url + path, encoded=True).update_query(query)
        headers = self._headers if content is None else self._headers | {"Content-Type": "application/json"}
        try:
            session = self._reading if method == "GET" else self._acting
            async with session.request(
                method, url, data=content, headers=headers, timeout=self._timeout, allow_redirects=False
            ) as response:
                self._refuse_unusable(response)
                return Answer(
                    status=response.status,
                    content_type=_media_type(response.headers.get("Content-Type", "")),
                    body=await self._body(response),
                )
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as exc:
            raise Unavailable(self._port, f"cannot be reached ({type(exc).__name__})") from exc
        except (aiohttp.ClientResponseError, aiohttp.ClientPayloadError) as exc:
            unusable = type(exc).__name__
        except TimeoutError as exc:
            raise Unknown(self._port, "no answer in time") from exc
        except (aiohttp.ClientError, OSError) as exc:
            raise Unknown(self._port, f"the connection broke ({type(exc).__name__})") from exc
        # Raised out here because the caught error holds our headers or a piece of the answer, and would be chained.
        raise Unknown(self._port, f"the answer is not usable HTTP ({unusable})")

    def _refuse_unusable(self, response: aiohttp.ClientResponse) -> None:
        status = response.status
        if status == _TOO_MANY_REQUESTS:
            # Limits stand in front of the vendor's program: what they turn away has not been looked at.
            raise Unavailable(self._port, "too many requests (429)", retry_after=asked_to_wait(response))
        if status in _REDIRECTS:
            raise Unknown(self._port, f"answered a redirect ({status}), which is never followed")
        if status < _FIRST_SERVER_ERROR:
            return
        if response.method == "GET":
            raise Unavailable(self._port, f"answered {status}", retry_after=asked_to_wait(response))
        raise Unknown(self._port, f"answered {status}")

    async def _body(self, response: aiohttp.ClientResponse) -> bytes:
        body = bytearray()
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > LARGEST_ANSWER_BYTES:
                response.close()
                raise Unknown(self._port, f"the answer is larger than {LARGEST_ANSWER_BYTES} bytes")
        return bytes(body)


def _media_type(header: str) -> str:
    return header.partition(";")[0].strip().lower()


def asked_to_wait(response: aiohttp.ClientResponse) -> timedelta | None:
    """
    Read `Retry-After` off an answer: seconds, or a date, which is held against the answer's own `Date`.

    **Source:** RFC 9110, section 10.2.3.
    """
    text = response.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        seconds = int(text[:9])
        return min(timedelta(seconds=seconds), LONGEST_WAIT)
    try:
        wait = parsedate_to_datetime(text) - parsedate_to_datetime(response.headers.get("Date", ""))
    except (ValueError, TypeError):
        return None
    return max(timedelta(0), min(wait, LONGEST_WAIT))
