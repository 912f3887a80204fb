"""The simulator's API faults: what a client sees, and whether the call took effect."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest

from bitloot_adapters.nowpayments_simulator import (
    BAD_GATEWAY,
    PUBLISHED_LIMITS,
    SERVER_ERROR,
    TOO_MANY_REQUESTS,
    AcceptThenAnswer,
    AcceptThenDrop,
    AcceptThenTimeOut,
    Altered,
    ApiFault,
    DropConnection,
    HtmlPage,
    NowPaymentsSimulator,
    RawAnswer,
    Refuse,
    Slow,
    TimeOut,
)

CALL = "POST /payment"
ORDER = {"price_amount": 13, "price_currency": "usd", "pay_currency": "btc"}
SHORT = aiohttp.ClientTimeout(total=0.05)


@pytest.fixture
def simulator() -> NowPaymentsSimulator:
    """An account with one key."""
    return NowPaymentsSimulator(api_keys={"key"}, ipn_secret=None)


@pytest.fixture
async def session(simulator: NowPaymentsSimulator) -> AsyncIterator[aiohttp.ClientSession]:
    """A client of the served simulator, with its key."""
    async with (
        simulator.serve() as served,
        aiohttp.ClientSession(served.base_url + "/", headers={"x-api-key": "key"}) as session,
    ):
        yield session


@pytest.mark.parametrize("page", [TOO_MANY_REQUESTS, BAD_GATEWAY, SERVER_ERROR])
async def test_the_proxy_answers_html(
    simulator: NowPaymentsSimulator, session: aiohttp.ClientSession, page: HtmlPage
) -> None:
    """A page of nginx, before authentication, without `Retry-After` and without effect."""
    simulator.faults.next(CALL, page)

    async with session.post("payment", json=ORDER, headers={"x-api-key": "wrong"}) as answer:
        assert (answer.status, answer.content_type) == (page.status, "text/html")
        assert "Retry-After" not in answer.headers
        assert "<center>nginx</center>" in await answer.text()
    assert simulator.payments == ()


async def test_a_server_error_has_the_envelope(simulator: NowPaymentsSimulator, session: aiohttp.ClientSession) -> None:
    """500 INTERNAL_ERROR is JSON, has no effect, and clears on retry."""
    simulator.faults.next(CALL, Refuse())

    async with session.post("payment", json=ORDER) as answer:
        assert (answer.status, (await answer.json())["code"]) == (500, "INTERNAL_ERROR")
    async with session.post("payment", json=ORDER) as answer:
        assert answer.status == 201
    assert len(simulator.payments) == 1


@pytest.mark.parametrize(("fault", "made"), [(TimeOut(), 0), (AcceptThenTimeOut(), 1)])
async def test_a_call_may_never_be_answered(
    simulator: NowPaymentsSimulator, session: aiohttp.ClientSession, fault: ApiFault, made: int
) -> None:
    """The client's own time-out ends it; only the books tell whether it took effect."""
    simulator.faults.next(CALL, fault)

    with pytest.raises(TimeoutError):
        await session.post("payment", json=ORDER, timeout=SHORT)

    assert len(simulator.payments) == made


@pytest.mark.parametrize(("fault", "made"), [(DropConnection(), 0), (AcceptThenDrop(), 1)])
async def test_a_connection_may_be_dropped(
    simulator: NowPaymentsSimulator, session: aiohttp.ClientSession, fault: ApiFault, made: int
) -> None:
    """The client sees a broken connection at once, with and without effect."""
    simulator.faults.next(CALL, fault)

    with pytest.raises(aiohttp.ClientConnectionError):
        await session.post("payment", json=ORDER)

    assert len(simulator.payments) == made
    assert [made_call.status for made_call in simulator.calls_of(CALL)] == [None]


async def test_an_effect_may_hide_behind_a_502(simulator: NowPaymentsSimulator, session: aiohttp.ClientSession) -> None:
    """The proxy gave up although the payment was made."""
    simulator.faults.next(CALL, AcceptThenAnswer(answer=BAD_GATEWAY))

    async with session.post("payment", json=ORDER) as answer:
        assert answer.status == 502
    assert len(simulator.payments) == 1


async def test_an_answer_may_be_malformed(simulator: NowPaymentsSimulator, session: aiohttp.ClientSession) -> None:
    """Any bytes under any status and content type."""
    simulator.faults.next(CALL, RawAnswer(body=b'{"payment_id":', status=201))

    async with session.post("payment", json=ORDER) as answer:
        assert (answer.status, await answer.read()) == (201, b'{"payment_id":')


async def test_fields_of_an_answer_may_be_altered(
    simulator: NowPaymentsSimulator, session: aiohttp.ClientSession
) -> None:
    """The call takes effect; the client is told something else."""
    simulator.faults.next(CALL, Altered({"pay_address": None, "price_amount": 1}))

    async with session.post("payment", json=ORDER) as answer:
        body = await answer.json()

    assert (body["pay_address"], body["price_amount"]) == (None, 1)
    assert simulator.payments[0].price_amount == 13


async def test_a_slow_call_works_in_the_end(simulator: NowPaymentsSimulator, session: aiohttp.ClientSession) -> None:
    """Late is not lost."""
    simulator.faults.next(CALL, Slow(seconds=0.02))
    began = asyncio.get_running_loop().time()

    async with session.post("payment", json=ORDER) as answer:
        assert answer.status == 201
    assert asyncio.get_running_loop().time() - began >= 0.02


async def test_latency_holds_for_every_call(simulator: NowPaymentsSimulator, session: aiohttp.ClientSession) -> None:
    """The knob delays all answers."""
    simulator.configure(latency_seconds=0.02)
    began = asyncio.get_running_loop().time()

    async with session.get("status"):
        assert asyncio.get_running_loop().time() - began >= 0.02


async def test_faults_come_in_their_order_and_none_means_works(
    simulator: NowPaymentsSimulator, session: aiohttp.ClientSession
) -> None:
    """One entry a request; an empty queue works."""
    simulator.faults.next("GET /status", BAD_GATEWAY, None, TOO_MANY_REQUESTS)

    for _ in range(4):
        await session.get("status")

    assert [made.status for made in simulator.calls_of("GET /status")] == [502, 200, 429, 200]


async def test_an_outage_lasts_until_it_is_cleared(
    simulator: NowPaymentsSimulator, session: aiohttp.ClientSession
) -> None:
    """Every call fails, then every call works."""
    simulator.faults.outage()
    await session.get("status")
    await session.get("status")
    simulator.faults.clear()
    await session.get("status")

    assert [made.status for made in simulator.calls] == [502, 502, 200]


def test_a_misspelt_call_is_refused(simulator: NowPaymentsSimulator) -> None:
    """A fault that could never happen would make a test prove nothing."""
    with pytest.raises(ValueError, match="POST /payments"):
        simulator.faults.next("POST /payments", BAD_GATEWAY)


async def test_the_published_limits_answer_429(simulator: NowPaymentsSimulator, session: aiohttp.ClientSession) -> None:
    """The fourth create within a second is the proxy's page; other calls are not counted."""
    simulator.configure(limits_per_second=PUBLISHED_LIMITS)

    statuses = []
    for _ in range(4):
        async with session.post("payment", json=ORDER) as answer:
            statuses.append(answer.status)

    assert statuses == [201, 201, 201, 429]


async def test_state_outlives_the_server(simulator: NowPaymentsSimulator) -> None:
    """Serving again on the same port is the vendor's return after an outage."""
    async with (
        simulator.serve() as served,
        aiohttp.ClientSession(headers={"x-api-key": "key"}) as session,
        session.post(f"{served.base_url}/payment", json=ORDER) as answer,
    ):
        payment_id = (await answer.json())["payment_id"]

    async with aiohttp.ClientSession(headers={"x-api-key": "key"}) as session:
        with pytest.raises(aiohttp.ClientConnectionError):
            await session.get(f"{served.base_url}/status")
        async with (
            simulator.serve(port=served.port) as again,
            session.get(f"{again.base_url}/payment/{payment_id}") as answer,
        ):
            assert (answer.status, again.base_url) == (200, served.base_url)


async def test_closing_ends_calls_that_hang(simulator: NowPaymentsSimulator) -> None:
    """A time-out fault never keeps the server from closing."""
    simulator.faults.next("GET /status", TimeOut(seconds=3600))
    async with aiohttp.ClientSession() as session:
        async with asyncio.timeout(5), simulator.serve() as served:
            hanging = asyncio.create_task(session.get(f"{served.base_url}/status"))
            while not simulator.open_requests:
                await asyncio.wait([hanging], timeout=0.001)
        with pytest.raises(aiohttp.ClientError):
            await hanging


async def test_a_failing_behaviour_is_reported_at_the_end() -> None:
    """A defect in a test's own callback is not swallowed."""

    async def broken(_: object) -> None:
        """A behaviour with a defect."""
        raise RuntimeError("broken on purpose")

    simulator = NowPaymentsSimulator(api_keys={"key"}, ipn_secret=None)
    simulator.pay_automatically(broken)

    async def served_once() -> None:
        """One payment, from the server's start to its end."""
        async with (
            simulator.serve() as served,
            aiohttp.ClientSession(headers={"x-api-key": "key"}) as session,
            session.post(f"{served.base_url}/payment", json=ORDER),
        ):
            await simulator.idle()

    with pytest.raises(ExceptionGroup) as caught:
        await served_once()

    assert [str(error) for error in caught.value.exceptions] == ["broken on purpose"]
