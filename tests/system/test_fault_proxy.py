"""The proxy that the outages are made with does what it says: a test that cuts nothing proves nothing."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from harness.fault_proxy import FaultProxy, open_fault_proxy
from harness.ports import HOST
from harness.waiting import eventually

MOMENT_SECONDS = 0.3


@pytest.fixture
async def proxy() -> AsyncIterator[FaultProxy]:
    """A proxy before a server that says back what it hears."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Until the other side ends it."""
        with contextlib.closing(writer), contextlib.suppress(ConnectionError):
            while piece := await reader.read(1024):
                writer.write(piece)

    server = await asyncio.start_server(echo, HOST, 0)
    async with server, open_fault_proxy(server.sockets[0].getsockname()[1]) as opened:
        yield opened


@asynccontextmanager
async def connected(proxy: FaultProxy) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A client of the proxy."""
    reader, writer = await asyncio.open_connection(HOST, proxy.port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def said_back(proxy: FaultProxy, text: bytes) -> bytes:
    """What comes back of a text within a moment, over a connection of its own."""
    heard = b""
    async with connected(proxy) as (reader, writer):
        writer.write(text)
        try:
            async with asyncio.timeout(MOMENT_SECONDS):
                while piece := await reader.read(1024):
                    heard += piece
                    if heard == text:
                        return heard
        except (TimeoutError, ConnectionResetError):
            return heard
    return heard


async def test_it_passes_on_what_it_hears(proxy: FaultProxy) -> None:
    """Both ways, byte for byte."""
    assert await said_back(proxy, b"hello") == b"hello"
    assert proxy.connections == 1


async def test_it_refuses_on_a_port_that_stays_its_own(proxy: FaultProxy) -> None:
    """Old connections end, new ones are not taken, and it can come back."""
    async with connected(proxy) as (reader, _):
        await eventually(lambda: proxy.connections == 1, "it is connected")
        await proxy.refuse()

        with pytest.raises(ConnectionError):
            await _ended(reader)
        with pytest.raises(ConnectionRefusedError):
            await said_back(proxy, b"hello")

    await proxy.pass_on()
    assert await said_back(proxy, b"hello") == b"hello"


async def _ended(reader: asyncio.StreamReader) -> None:
    if not await reader.read():
        raise ConnectionResetError


async def test_it_holds_still_and_goes_on(proxy: FaultProxy) -> None:
    """Nothing comes while it does, and nothing of it is lost."""
    proxy.hold_still()
    async with connected(proxy) as (reader, writer):
        writer.write(b"hello")
        nothing = asyncio.ensure_future(reader.read(5))
        await asyncio.wait({nothing}, timeout=MOMENT_SECONDS)
        was_silent = not nothing.done()

        await proxy.pass_on()
        heard = await nothing

    assert was_silent
    assert heard == b"hello"


async def test_it_cuts_after_so_many_bytes(proxy: FaultProxy) -> None:
    """Counted over both ways together: the second piece never arrives."""
    proxy.cut_after = 11
    async with connected(proxy) as (reader, writer):
        writer.write(b"12345")
        first = await reader.read(5)
        writer.write(b"67890")

        with pytest.raises(ConnectionError):
            await _ended(reader)

    assert first == b"12345"


async def test_it_is_slow(proxy: FaultProxy) -> None:
    """Each piece is late, and comes."""
    proxy.delay = MOMENT_SECONDS

    in_time = await said_back(proxy, b"hello")
    proxy.delay = 0.0

    assert in_time == b""
    assert await said_back(proxy, b"hello") == b"hello"


@pytest.mark.parametrize(("last", "heard"), [("before greeting", b""), ("after greeting", b"")])
async def test_a_witness_can_end_a_conversation_before_or_after_its_effect(
    proxy: FaultProxy, last: str, heard: bytes
) -> None:
    """It is told of both sides of what is watched, and of nothing else."""
    told: list[str] = []

    def witness(moment: str) -> bool:
        """Note it; the named one is the last."""
        told.append(moment)
        return moment == last

    proxy.watched = {b"hello": "greeting"}
    proxy.witness = witness

    answers = [await said_back(proxy, b"other"), await said_back(proxy, b"hello")]

    assert answers == [b"other", heard]
    assert told == ["before greeting", "after greeting"][: 1 + last.startswith("after")]
