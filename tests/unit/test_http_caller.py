"""The HTTP caller: which error follows from which accident, and what no error shows."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal

import aiohttp
import attrs
import pytest

from bitloot_adapters._shared.exact_json import NotJson, decode_json, encode_json
from bitloot_adapters._shared.http_caller import LARGEST_ANSWER_BYTES, LONGEST_WAIT, Answer, Deadlines, HttpCaller
from bitloot_core.values.errors import Unavailable, Unknown

API_KEY = "CANARY-API-KEY"
SERIAL = b"CANARY-SERIAL"
SHORT = Deadlines(connect=timedelta(seconds=5), total=timedelta(seconds=0.2))

Behaviour = Callable[[asyncio.StreamWriter], Awaitable[None]]


@attrs.define
class Vendor:
    """A server on a bare socket: it notes each request and then does to the connection what it was told."""

    behaviour: Behaviour
    url: str = ""
    requests: list[bytes] = attrs.field(factory=list)

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read one request after the other until the other side has enough."""
        try:
            while head := await _head(reader):
                self.requests.append(head + await reader.readexactly(_length(head)))
                await self.behaviour(writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


async def _head(reader: asyncio.StreamReader) -> bytes:
    """The request line and headers; nothing when the other side has hung up."""
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""


def _length(head: bytes) -> int:
    """How many bytes of body follow."""
    lines = head.lower().split(b"\r\n")
    return next((int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length:")), 0)


def says(status: str, body: bytes = b"{}", *headers: str, content_type: str = "application/json") -> Behaviour:
    """Answer properly."""
    lines = (f"HTTP/1.1 {status}", f"Content-Type: {content_type}", f"Content-Length: {len(body)}", *headers)

    async def behave(writer: asyncio.StreamWriter) -> None:
        """What happens to each request."""
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        await writer.drain()

    return behave


def sends(raw: bytes) -> Behaviour:
    """Send these bytes and cut the connection."""

    async def behave(writer: asyncio.StreamWriter) -> None:
        """What happens to each request."""
        writer.write(raw)
        await writer.drain()
        writer.close()

    return behave


async def keeps_silent(writer: asyncio.StreamWriter) -> None:
    """Take the request and never answer it."""


@asynccontextmanager
async def calling(behaviour: Behaviour, *, deadlines: Deadlines = SHORT) -> AsyncIterator[tuple[HttpCaller, Vendor]]:
    """A caller, and the vendor that it talks to."""
    vendor = Vendor(behaviour)
    server = await asyncio.start_server(vendor.meet, "127.0.0.1", 0)
    vendor.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api/"
    async with aiohttp.ClientSession() as session:
        yield (
            HttpCaller(
                session=session,
                base_url=vendor.url,
                headers={"X-Api-Key": API_KEY},
                port="supplier",
                deadlines=deadlines,
            ),
            vendor,
        )
    server.close()
    await server.wait_closed()


async def test_a_call_carries_path_query_key_and_exact_numbers() -> None:
    """What goes out is what was meant, digit for digit."""
    async with calling(says("200 OK")) as (caller, vendor):
        await caller.read("/v1/order", query={"orderExternalId": "o 1&x"})
        await caller.act("/v2/order/a%2Fb", body={"price": Decimal("5.10"), "qty": 2})
        await caller.act("/v2/order/1/keys/return")

    read, act, bare = vendor.requests
    assert read.startswith(b"GET /api/v1/order?orderExternalId=o+1%26x HTTP/1.1\r\n")
    assert b"X-Api-Key: CANARY-API-KEY\r\n" in read
    assert act.startswith(b"POST /api/v2/order/a%2Fb HTTP/1.1\r\n")
    assert act.endswith(b'\r\n\r\n{"price":5.10,"qty":2}')
    assert b"Content-Type: application/json\r\n" in act
    assert bare.endswith(b"\r\n\r\n")


@pytest.mark.parametrize("status", ["200 OK", "201 Created", "400 Bad Request", "404 Not Found", "422 Unprocessable"])
async def test_an_answer_below_500_is_the_vendor_modules_to_judge(status: str) -> None:
    """Status, content type and body come back untouched."""
    async with calling(says(status, b'{"a": 1}', content_type="Application/JSON; charset=utf-8")) as (caller, _):
        read = await caller.read("/x")
        acted = await caller.act("/x", body={})

    expected = Answer(status=int(status[:3]), content_type="application/json", body=b'{"a": 1}')
    assert (expected, expected) == (read, acted)


async def test_nobody_there_means_that_nothing_was_done() -> None:
    """A refused connection is the one accident after which even a purchase may be repeated."""
    async with aiohttp.ClientSession() as session:
        caller = HttpCaller(session=session, base_url="http://127.0.0.1:1", headers={}, port="supplier")

        with pytest.raises(Unavailable):
            await caller.read("/x")
        with pytest.raises(Unavailable):
            await caller.act("/x", body={})


async def test_a_name_that_does_not_resolve_means_that_nothing_was_done() -> None:
    """DNS comes before the first byte. `.invalid` never resolves (RFC 6761)."""
    async with aiohttp.ClientSession() as session:
        caller = HttpCaller(session=session, base_url="http://vendor.invalid", headers={}, port="supplier")

        with pytest.raises(Unavailable):
            await caller.act("/x", body={})


async def test_no_free_connection_means_that_nothing_was_done() -> None:
    """Waiting for the pool counts as connecting: a call that never left cannot have had an effect."""
    deadlines = Deadlines(connect=timedelta(seconds=0.1), total=timedelta(seconds=30))
    async with (
        calling(keeps_silent) as (_, vendor),
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1)) as session,
    ):
        caller = HttpCaller(session=session, base_url=vendor.url, headers={}, port="supplier", deadlines=deadlines)
        first = asyncio.create_task(caller.act("/first", body={}))
        async with asyncio.timeout(5):
            while not vendor.requests:
                await asyncio.wait({first}, timeout=0.01)

        with pytest.raises(Unavailable):
            await caller.act("/second", body={})

        first.cancel()
        await asyncio.wait({first})
        assert len(vendor.requests) == 1


ACCIDENTS = {
    "silence": keeps_silent,
    "cut": sends(b""),
    "cut in the head": sends(b"HTTP/1.1 201 Crea"),
    "cut in the body": sends(b"HTTP/1.1 201 Created\r\nContent-Length: 99\r\n\r\n" + SERIAL),
    "not HTTP": sends(SERIAL + b" \0\r\n\r\n"),
    "broken chunks": sends(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + SERIAL + b"\r\n"),
    "too large": says("200 OK", b"x" * (LARGEST_ANSWER_BYTES + 1)),
    "500": says("500 Internal Server Error", SERIAL),
    "502": says("502 Bad Gateway", b"<html>" + SERIAL, content_type="text/html"),
    "503": says("503 Service Unavailable", SERIAL, "Retry-After: 7"),
    "504": says("504 Gateway Timeout", SERIAL),
    "redirect": says("307 Temporary Redirect", SERIAL, "Location: http://127.0.0.1:1/elsewhere"),
}


@pytest.mark.parametrize("accident", ACCIDENTS)
async def test_a_call_with_an_effect_is_unknown_after_an_accident(accident: str) -> None:
    """Once it was sent it may have been carried out; it is sent once, whatever happens to it."""
    async with calling(ACCIDENTS[accident]) as (caller, vendor):
        with pytest.raises(Unknown):
            await caller.act("/v2/order", body={"qty": 1})

        assert len(vendor.requests) == 1


@pytest.mark.parametrize("accident", ACCIDENTS)
async def test_a_read_can_be_asked_again_after_an_accident(accident: str) -> None:
    """It changes nothing, so it is never in doubt."""
    async with calling(ACCIDENTS[accident]) as (caller, _):
        with pytest.raises(Unavailable):
            await caller.read("/v1/balance")


@pytest.mark.parametrize("accident", ACCIDENTS)
async def test_no_error_shows_a_header_or_a_body(accident: str, caplog: pytest.LogCaptureFixture) -> None:
    """Neither the API key nor a product key is in the error, in what caused it, or in the log."""
    caplog.set_level(logging.DEBUG, logger="bitloot_adapters")
    async with calling(ACCIDENTS[accident]) as (caller, _):
        with pytest.raises((Unavailable, Unknown)) as caught:
            await caller.act("/v2/order", body={"note": "CANARY-BODY"})

    chain: list[BaseException] = [caught.value]
    while (before := chain[-1].__cause__ or chain[-1].__context__) is not None:
        chain.append(before)
    shown = "".join(repr(vars(exc)) + repr(exc) + str(exc) for exc in chain) + caplog.text
    assert "CANARY" not in shown


async def test_a_connection_that_went_stale_is_not_used_twice_for_a_purchase() -> None:
    """The client library repeats reads on a dead kept connection by itself, and must not do so with a POST."""
    answers = iter([says("200 OK"), sends(b""), says("200 OK")])

    async def behave(writer: asyncio.StreamWriter) -> None:
        """What happens to each request."""
        await next(answers)(writer)

    async with calling(behave) as (caller, vendor):
        await caller.read("/warm-up")

        with pytest.raises(Unknown):
            await caller.act("/v2/order", body={})

        assert len(vendor.requests) == 2


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ((), None),
        (("Retry-After: 17",), timedelta(seconds=17)),
        (("Retry-After: 99999999999999",), LONGEST_WAIT),
        (("Retry-After: soon",), None),
        (("Retry-After: -5",), None),
        (
            ("Date: Mon, 05 Jan 2026 12:00:00 GMT", "Retry-After: Mon, 05 Jan 2026 12:01:30 GMT"),
            timedelta(seconds=90),
        ),
        (("Date: Mon, 05 Jan 2026 12:00:00 GMT", "Retry-After: Mon, 05 Jan 2026 11:00:00 GMT"), timedelta(0)),
        (("Retry-After: Mon, 05 Jan 2026 12:01:30 GMT",), None),
    ],
)
async def test_too_many_requests_says_how_long_to_wait(headers: tuple[str, ...], wait: timedelta | None) -> None:
    """A limiter turns a call away before anybody looks at it: also a purchase was not made (RFC 9110, 10.2.3)."""
    async with calling(says("429 Too Many Requests", b"<html>", *headers, content_type="text/html")) as (caller, _):
        with pytest.raises(Unavailable) as read:
            await caller.read("/x")
        with pytest.raises(Unavailable) as acted:
            await caller.act("/x", body={})

    assert (wait, wait) == (read.value.retry_after, acted.value.retry_after)


async def test_a_read_that_is_put_off_says_how_long() -> None:
    """`Retry-After` of a 503 counts where a repeat is safe."""
    async with calling(says("503 Service Unavailable", b"", "Retry-After: 7")) as (caller, _):
        with pytest.raises(Unavailable) as caught:
            await caller.read("/x")

    assert timedelta(seconds=7) == caught.value.retry_after


async def test_the_largest_answer_is_taken() -> None:
    """The cap is the first size that is refused, not the last that is taken."""
    async with calling(says("200 OK", b"x" * LARGEST_ANSWER_BYTES)) as (caller, _):
        answer = await caller.read("/x")

    assert len(answer.body) == LARGEST_ANSWER_BYTES


@pytest.mark.parametrize("content_type", ["text/html", "text/plain", "", "application/octet-stream"])
def test_only_json_is_read_as_json(content_type: str) -> None:
    """Gateways in front of a vendor answer HTML, whatever the vendor documents."""
    answer = Answer(status=200, content_type=content_type, body=b"{}")

    with pytest.raises(NotJson):
        answer.json()


@pytest.mark.parametrize("content_type", ["application/json", "application/problem+json", "aplication/json"])
def test_json_by_any_of_its_names_is_read(content_type: str) -> None:
    """One vendor misspells it in its own documentation."""
    assert Answer(status=200, content_type=content_type, body=b'{"a": 0.10}').json() == {"a": Decimal("0.10")}


@pytest.mark.parametrize(
    "document",
    [b"", b"{", b'{"a": NaN}', b'{"a": -Infinity}', b"\xff\xfe", b"[" * 200_000, b"1" * 5_000, b'"CANARY'],
)
def test_what_is_no_json_is_not_quoted(document: bytes) -> None:
    """The error and all that it is chained to are free of the document."""
    with pytest.raises(NotJson) as caught:
        decode_json(document)

    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_an_answer_does_not_print_its_body() -> None:
    """It can hold a product key."""
    assert "CANARY" not in repr(Answer(status=200, content_type="application/json", body=SERIAL))


@pytest.mark.parametrize("value", [0.1, Decimal("NaN"), Decimal("Infinity"), {1: 2}, b"x", {"a": [object()]}])
def test_what_has_no_exact_json_is_refused(value: object) -> None:
    """A float would bring its drift, a NaN is no JSON."""
    with pytest.raises(TypeError):
        encode_json(value)


def test_json_is_written_exactly() -> None:
    """Decimals keep their digits, text is escaped, order is kept."""
    value = {"z": Decimal("1E+2"), "a": [Decimal("0.00000001"), True, None, 'quote " \n ü'], "n": -3}

    written = encode_json(value)

    assert written == b'{"z":100,"a":[0.00000001,true,null,"quote \\" \\n \\u00fc"],"n":-3}'
