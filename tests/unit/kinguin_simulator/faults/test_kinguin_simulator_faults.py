"""The simulator's faults: what a client sees, and what happened to the books all the same."""

import asyncio
from datetime import timedelta

import aiohttp
import pytest
from kinguin_faults_world import PLACE_ORDER, buy, found, order
from kinguin_world import REAL_SECONDS

from bitloot_adapters.kinguin_simulator import (
    AcceptThenAlter,
    AcceptThenDrop,
    AcceptThenFail,
    AcceptThenGarble,
    AcceptThenTimeOut,
    DropUnheard,
    GatewayPage,
    KinguinSimulator,
    LateEffect,
    Refuse,
    Slow,
)

IMPATIENT = aiohttp.ClientTimeout(total=0.25)
MOMENT = timedelta(milliseconds=200)


async def test_a_time_out_after_acceptance_leaves_an_order(
    simulator: KinguinSimulator, client: aiohttp.ClientSession
) -> None:
    """The client gives up; the order is bought, delivered and found."""
    simulator.faults.next(PLACE_ORDER, AcceptThenTimeOut())

    with pytest.raises(TimeoutError):
        await client.post("v2/order", json=order(), timeout=IMPATIENT)

    assert await found(client) == 1
    assert len(simulator.purchases_of("o-1")) == 1
    assert len(simulator.delivered_serials("o-1")) == 1


async def test_a_held_answer_comes_in_the_end(simulator: KinguinSimulator, client: aiohttp.ClientSession) -> None:
    """A client that waits longer than the hold gets its 201."""
    simulator.faults.next(PLACE_ORDER, AcceptThenTimeOut(hold=MOMENT))

    assert (await buy(client))[0] == 201


async def test_closing_ends_answers_that_are_held(simulator: KinguinSimulator) -> None:
    """The server does not wait for a hold, and leaves no task behind."""
    simulator.faults.next(PLACE_ORDER, AcceptThenTimeOut(hold=timedelta(hours=1)))
    tasks_before = asyncio.all_tasks()
    async with asyncio.timeout(REAL_SECONDS), aiohttp.ClientSession(headers={"X-Api-Key": simulator.api_key}) as client:
        async with simulator.serve() as server:
            waiting = asyncio.create_task(client.post(f"{server.base_url}/v2/order", json=order()))
            while not simulator.purchases:
                async with client.get(f"{server.base_url}/v1/balance"):
                    pass
        await asyncio.gather(waiting, return_exceptions=True)
        if not waiting.exception():
            waiting.result().close()

    assert asyncio.all_tasks() <= tasks_before


async def test_a_cut_connection_can_hide_an_order(simulator: KinguinSimulator, client: aiohttp.ClientSession) -> None:
    """The client sees a broken connection; the order exists."""
    simulator.faults.next(PLACE_ORDER, AcceptThenDrop())

    with pytest.raises(aiohttp.ClientConnectionError):
        await buy(client)

    assert await found(client) == 1


async def test_a_500_can_hide_an_order(simulator: KinguinSimulator, client: aiohttp.ClientSession) -> None:
    """The client is told of an internal error; the order exists."""
    simulator.faults.next(PLACE_ORDER, AcceptThenFail())

    status, error = await buy(client)

    assert (status, error["kind"], error["detail"]) == (500, "Error", "Internal Server Error.")
    assert await found(client) == 1


async def test_a_garbled_answer_can_hide_an_order(simulator: KinguinSimulator, client: aiohttp.ClientSession) -> None:
    """201 with half a body; the order exists."""
    simulator.faults.next(PLACE_ORDER, AcceptThenGarble())

    async with client.post("v2/order", json=order()) as answer:
        assert (answer.status, await answer.read()) == (201, b'{"orderId": "PHS8')

    assert await found(client) == 1


async def test_fields_of_an_answer_can_be_altered(simulator: KinguinSimulator, client: aiohttp.ClientSession) -> None:
    """One field is replaced, one removed, the rest stays."""
    simulator.faults.next(PLACE_ORDER, AcceptThenAlter(fields={"status": "frozen", "paymentPrice": None}))

    status, altered = await buy(client)

    assert (status, altered["status"], altered["totalQty"]) == (201, "frozen", 1)
    assert "paymentPrice" not in altered


async def test_an_effect_can_come_after_the_connection_is_gone(
    simulator: KinguinSimulator, client: aiohttp.ClientSession
) -> None:
    """First nothing is found, then the order is there."""
    simulator.faults.next(PLACE_ORDER, LateEffect(after=MOMENT))

    with pytest.raises(aiohttp.ClientConnectionError):
        await buy(client)

    assert await found(client) == 0
    async with asyncio.timeout(REAL_SECONDS):
        while await found(client) == 0:
            pass
    assert len(simulator.delivered_serials("o-1")) == 1


async def test_a_late_effect_still_obeys_the_rules(simulator: KinguinSimulator, client: aiohttp.ClientSession) -> None:
    """If the reference was spent meanwhile, the late purchase is refused and nobody hears of it."""
    simulator.faults.next(PLACE_ORDER, LateEffect(after=MOMENT))
    with pytest.raises(aiohttp.ClientConnectionError):
        await buy(client)
    assert (await buy(client))[0] == 201
    simulator.faults.next(PLACE_ORDER, LateEffect(after=2 * MOMENT))
    with pytest.raises(aiohttp.ClientConnectionError):
        await buy(client, "o-2")

    async with asyncio.timeout(REAL_SECONDS):
        while await found(client, "o-2") == 0:
            pass

    assert len(simulator.purchases_of("o-1")) == 1


async def test_an_unheard_call_has_no_effect(simulator: KinguinSimulator, client: aiohttp.ClientSession) -> None:
    """The connection is cut and nothing was bought."""
    simulator.faults.next(PLACE_ORDER, DropUnheard(hold=MOMENT))

    with pytest.raises(aiohttp.ClientConnectionError):
        await buy(client)

    assert simulator.purchases == ()


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (Refuse(kind="OrderFailed"), 422),
        (Refuse(kind="ResourceLock", detail="Locked."), 409),
        (Refuse(kind="InsufficientBalance"), 422),
        (Refuse(kind="HttpClient", status=502), 502),
        (Refuse(kind="ConstraintViolation", property_path="products"), 400),
    ],
)
async def test_a_call_can_be_refused(
    simulator: KinguinSimulator, client: aiohttp.ClientSession, fault: Refuse, status: int
) -> None:
    """The kind with its usual status or the given one, with or without a reason, and no effect."""
    simulator.faults.next(PLACE_ORDER, fault)

    answered, error = await buy(client)

    assert (answered, error["kind"], error.get("detail")) == (status, fault.kind, fault.detail)
    assert error.get("propertyPath") == fault.property_path
    assert simulator.purchases == ()


@pytest.mark.parametrize("status", [429, 502, 503])
async def test_a_burst_of_gateway_pages_is_html(
    simulator: KinguinSimulator, client: aiohttp.ClientSession, status: int
) -> None:
    """That many HTML answers without effect, then the API is back."""
    simulator.faults.burst(PLACE_ORDER, GatewayPage(status=status, retry_after=2), 3)

    for _ in range(3):
        async with client.post("v2/order", json=order()) as answer:
            assert (answer.status, answer.content_type) == (status, "text/html")
            assert answer.headers["Retry-After"] == "2"
            assert (await answer.text()).startswith("<html>")
    assert simulator.purchases == ()
    assert (await buy(client))[0] == 201


@pytest.mark.parametrize("slow_by", ["a fault", "the knob", "jitter"])
async def test_answers_can_be_slow(simulator: KinguinSimulator, client: aiohttp.ClientSession, slow_by: str) -> None:
    """A fault slows one call, the knob all of them; either way the answer is right."""
    match slow_by:
        case "a fault":
            simulator.faults.next(PLACE_ORDER, Slow(by=MOMENT))
        case "the knob":
            simulator.knobs.latency = MOMENT
        case _:
            simulator.knobs.latency = MOMENT
            simulator.knobs.latency_jitter = MOMENT
    begun = asyncio.get_running_loop().time()

    status, _ = await buy(client)

    assert status == 201
    assert asyncio.get_running_loop().time() - begun >= MOMENT.total_seconds()


async def test_giving_up_on_a_slow_call_undoes_it(simulator: KinguinSimulator, client: aiohttp.ClientSession) -> None:
    """The client left before the effect, so there is none."""
    simulator.faults.next(PLACE_ORDER, Slow(by=timedelta(hours=1)))

    with pytest.raises(TimeoutError):
        await client.post("v2/order", json=order(), timeout=IMPATIENT)
    async with asyncio.timeout(REAL_SECONDS):
        while not simulator.calls_to(PLACE_ORDER):
            await found(client)

    assert simulator.purchases == ()
