"""
Sends webhooks as fast as they are answered: a child of `bench_ingest`.

There are two ways. `wire`: every request is written out before the clock starts, and an answer is only looked at as far
as its status and its end, so that this process is not what is measured. `client`: aiohttp's client, which costs more
than the bare handler that it asks, as senders do that are not made for measuring. One JSON line in (what to send), one
out (how it went).
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import re
import resource
import sys
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from time import perf_counter
from typing import Any

import aiohttp
import attrs
import uvloop

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


def deliveries(order: dict[str, Any]) -> list[tuple[str, str, bytes]]:
    """Distinct deliveries about one order that is over, authentic: name and value of the signature, and the body."""
    secret = order["secret"].encode()
    make, header = (
        (_notice, "x-nowpayments-sig") if order["path"] == "/payments/ipn" else (_event, "X-KINGUIN-SIGNATURE")
    )
    bodies = [make(number, order) for number in range(order["first"], order["first"] + order["count"])]
    return [(header, hmac.new(secret, body, hashlib.sha512).hexdigest(), body) for body in bodies]


def _rendered(order: dict[str, Any], header: str, signature: str, body: bytes) -> bytes:
    head = f"POST {order['path']} HTTP/1.1\r\nHost: 127.0.0.1:{order['port']}\r\nContent-Type: application/json\r\n"
    return f"{head}{header}: {signature}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def _event(number: int, order: dict[str, Any]) -> bytes:
    return json.dumps({"reservationId": order["purchase"], "status": "ready", "number": number}).encode()


def _notice(number: int, order: dict[str, Any]) -> bytes:
    fields = {
        "actually_paid": 0.00014806,
        "actually_paid_at_fiat": 0,
        "fee": {"currency": "btc", "depositFee": 0, "serviceFee": 0, "withdrawalFee": 0},
        "invoice_id": None,
        "order_description": f"Order {order['order']}",
        "order_id": order["order"],
        "outcome_amount": 13.7,
        "outcome_currency": "usdttrc20",
        "parent_payment_id": None,
        "pay_address": "bc1q62qSm1SiEwu22YwPDR2DSVEEDTH2qZeBz",
        "pay_amount": 0.00014806,
        "pay_currency": "btc",
        "payin_extra_id": None,
        "payment_extra_ids": None,
        "payment_id": int(order["payment"]),
        "payment_status": "confirming",
        "price_amount": 12.99,
        "price_currency": "eur",
        "purchase_id": "4000000000",
        "updated_at": 1_795_451_401_630 + number,
    }
    return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()


@attrs.frozen
class Answers:
    """
    What came back, as it comes.

    Attributes:
        times: how long each answer took, in seconds.
        statuses: how many of each there are.
    """

    times: list[float] = attrs.field(factory=list)
    statuses: Counter[str] = attrs.field(factory=Counter)


class Connection(asyncio.Protocol):
    """
    Keeps one connection busy: the next request leaves when the answer to the last is complete.

    Args:
        waiting: what is left to send, shared by all connections.
        answers: what came back, shared.
    """

    def __init__(self, waiting: Iterator[bytes], answers: Answers) -> None:
        self._waiting = waiting
        self._answers = answers
        self._answer = b""
        self._sent_at = 0.0
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember how to write."""
        self._transport: Any = transport

    def begin(self) -> None:
        """Send the first request."""
        self._next()

    def data_received(self, data: bytes) -> None:
        """Take a piece of an answer."""
        self._answer += data
        end = self._answer.find(b"\r\n\r\n")
        if end < 0:
            return
        length = _LENGTH.search(self._answer, 0, end)
        if len(self._answer) < end + 4 + int(length[1] if length else 0):
            return
        self._answers.times.append(perf_counter() - self._sent_at)
        self._answers.statuses[self._answer[9:12].decode()] += 1
        self._answer = b""
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        """The other side hung up: what it had not answered is missing in the statuses."""
        if not self.done.done():
            self.done.set_result(None)

    def _next(self) -> None:
        request = next(self._waiting, None)
        if request is None:
            self._transport.close()
            return
        self._sent_at = perf_counter()
        self._transport.write(request)


async def send(order: dict[str, Any]) -> dict[str, Any]:
    """Send everything over so many connections; how it went."""
    answers = Answers()
    sending = (_over_the_wire if order["sender"] == "wire" else _by_the_client)(order, answers)
    await anext(sending)  # everything is ready
    busy_before, started = _busy(), perf_counter()
    await anext(sending)
    seconds, busy = perf_counter() - started, _busy() - busy_before
    await sending.aclose()
    times = sorted(answers.times)
    return {
        "per_second": len(times) / seconds,
        "p50_ms": times[len(times) // 2] * 1000,
        "p99_ms": times[len(times) * 99 // 100] * 1000,
        "statuses": answers.statuses,
        "busy": busy / seconds,
    }


async def _over_the_wire(order: dict[str, Any], answers: Answers) -> AsyncGenerator[None, None]:
    waiting = iter([_rendered(order, *delivery) for delivery in deliveries(order)])
    loop = asyncio.get_running_loop()
    connections = []
    for _ in range(order["connections"]):
        _, protocol = await loop.create_connection(lambda: Connection(waiting, answers), "127.0.0.1", order["port"])
        connections.append(protocol)
    yield
    for connection in connections:
        connection.begin()
    await asyncio.gather(*(connection.done for connection in connections))
    yield


async def _by_the_client(order: dict[str, Any], answers: Answers) -> AsyncGenerator[None, None]:
    waiting = iter(deliveries(order))
    url = f"http://127.0.0.1:{order['port']}{order['path']}"

    async def keep_busy(client: aiohttp.ClientSession) -> None:
        """The next request leaves when the answer to the last is complete."""
        for header, signature, body in waiting:
            sent_at = perf_counter()
            headers = {header: signature, "Content-Type": "application/json"}
            async with client.post(url, data=body, headers=headers) as answer:
                await answer.read()
            answers.times.append(perf_counter() - sent_at)
            answers.statuses[str(answer.status)] += 1

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as client:
        yield
        await asyncio.gather(*(keep_busy(client) for _ in range(order["connections"])))
        yield


def _busy() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        for line in sys.stdin:
            print(json.dumps(runner.run(send(json.loads(line)))), flush=True)
