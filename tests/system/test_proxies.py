"""nginx and Caddy in front of a shop, with the files of docs/deploy: what they hand on, and what they keep out."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import attrs
import pytest
from prometheus_client.parser import text_string_to_metric_families

from harness.ports import HOST
from harness.proxies import Proxy, is_installed, open_caddy, open_nginx
from harness.system import System, open_system
from harness.waiting import eventually

AFAR = "127.0.0.77"
"""Another address of this machine, to come from."""
_PATIENCE_SECONDS = 45
OPENERS = {"nginx": open_nginx, "caddy": open_caddy}


@attrs.frozen(kw_only=True)
class Fronted:
    """A shop behind a proxy, and a client in front of it."""

    system: System
    proxy: Proxy
    session: aiohttp.ClientSession

    async def ask(self, method: str, path: str, **more: Any) -> tuple[int, str]:
        """One request through the proxy; status and text."""
        async with self.session.request(method, self.proxy.url + path, ssl=self.proxy.trusting, **more) as answer:
            return answer.status, await answer.text()

    async def dawdle(self, sent: bytes) -> bytes:
        """Send that much of a request and no more; what is said until the connection is closed."""
        reader, writer = await asyncio.open_connection(HOST, self.proxy.port, ssl=self.proxy.trusting)
        writer.write(sent)
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                return await reader.read()
        finally:
            writer.close()

    async def webhooks(self) -> dict[str, float]:
        """The gateway's notices that the shop has had, by what became of them."""
        async with self.system.session.get(f"{self.system.place.url}/metrics") as answer:
            families = text_string_to_metric_families(await answer.text())
            return {
                sample.labels["verdict"]: sample.value
                for family in families
                for sample in family.samples
                if sample.name == "bitloot_webhooks_total" and sample.labels["source"] == "nowpayments"
            }

    def requests(self, route: str) -> list[dict[str, Any]]:
        """The requests to a route, as the shop's log has them."""
        lines = self.system.place.logs.read_text(encoding="utf-8").splitlines()
        told = [json.loads(line) for line in lines if line.startswith("{")]
        return [line for line in told if line["event"] == "request" and line["route"] == route]


@pytest.fixture(params=OPENERS)
async def fronted(request: pytest.FixtureRequest, tmp_path: Path, stocked: Path) -> AsyncIterator[Fronted]:
    """A shop behind each of them, and a client that comes from another address."""
    if not is_installed(request.param):
        pytest.skip(f"no {request.param}")
    for name in ("shop", "proxy"):
        (tmp_path / name).mkdir()
    async with open_system(tmp_path / "shop", stocked, TRUSTED_PROXIES=HOST) as system:
        shop_port = int(system.place.settings["PORT"])
        async with (
            OPENERS[request.param](tmp_path / "proxy", shop_port) as proxy,
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(local_addr=(AFAR, 0))) as session,
        ):
            yield Fronted(system=system, proxy=proxy, session=session)


async def test_a_signature_is_good_on_the_other_side(fronted: Fronted) -> None:
    """Body and headers arrive byte for byte: the same notice once more is one that was had; a changed one is forged."""
    placed = await fronted.system.buyer.place()
    await fronted.system.deliver(placed)
    await fronted.system.at_rest()
    notice = fronted.system.vendors.gateway.sent_notices[-1].notice
    headers = {"x-nowpayments-sig": notice.signature or "", "Content-Type": "application/json"}
    before = await fronted.webhooks()

    again = await fronted.ask("POST", "/payments/ipn", data=notice.body, headers=headers)
    in_pieces = await fronted.ask("POST", "/payments/ipn", data=_pieces(notice.body), headers=headers)
    changed = await fronted.ask("POST", "/payments/ipn", data=notice.body[:-1] + b',"x":1}', headers=headers)
    after = await fronted.webhooks()

    assert (again[0], in_pieces[0], changed[0]) == (200, 200, 401)
    assert after == {**before, "duplicate": before.get("duplicate", 0) + 2, "forged": before.get("forged", 0) + 1}


async def test_a_buyer_has_an_address_of_their_own_and_cannot_make_one_up(fronted: Fronted) -> None:
    """The shop sees where they come from; what they say of it themselves counts for nothing."""
    made_up = {"X-Forwarded-For": "198.51.100.1", "Forwarded": "for=198.51.100.2"}

    assert (await fronted.ask("GET", "/products"))[0] == 200
    assert (await fronted.ask("GET", "/products", headers=made_up))[0] == 200

    assert [line["address"] for line in fronted.requests("/products")] == [AFAR, AFAR]


async def test_an_order_goes_through_and_its_link_is_in_no_log_of_the_proxy(fronted: Fronted) -> None:
    """The keys are shown through the proxy; also when something goes wrong there, the path is not written down."""
    placed = await fronted.system.buyer.place()
    await fronted.system.vendors.gateway.pay(placed.payment_id)
    mail = await fronted.system.buyer.mail(placed)
    token = mail.link.rpartition("/")[2]

    status, page = await fronted.ask("GET", f"/delivery/{token}", headers={"Accept": "text/html"})
    revealed, keys = await fronted.ask("POST", f"/delivery/{token}/reveal", headers={"Accept": "application/json"})
    await fronted.system.at_rest()
    await fronted.system.service.stop()
    away, _ = await fronted.ask("GET", f"/delivery/{token}")

    assert (status, revealed, away) == (200, 200, 502)
    assert "</html>" in page
    (key,) = json.loads(keys)["keys"]
    assert [secret for secret in (token, key["value"], placed.access_token) if secret in fronted.proxy.written()] == []


async def test_what_is_too_large_is_refused(fronted: Fronted) -> None:
    """64 KiB are taken in and judged by the shop; more is not read at all."""
    largest = await fronted.ask("POST", "/payments/ipn", data=b"x" * 64 * 1024)
    larger = await fronted.ask("POST", "/payments/ipn", data=b"x" * (64 * 1024 + 1))

    assert (largest[0], larger[0]) == (401, 413)


async def test_the_counters_are_nobodys_business_outside(fronted: Fronted) -> None:
    """The proxy does not hand the request on; health may be asked for."""
    assert (await fronted.ask("GET", "/metrics"))[0] == 404
    assert (await fronted.ask("GET", "/health/live"))[0] == 200
    assert fronted.requests("/metrics") == []


async def test_half_a_head_of_a_request_is_cut_off(fronted: Fronted) -> None:
    """It holds a connection for some seconds, and never reaches the shop."""
    said = await fronted.dawdle(b"GET /products HTTP/1.1\r\nHost: shop.example\r\nX-Slow:")

    assert b" 200 " not in said
    assert fronted.requests("/products") == []


@pytest.mark.parametrize("fronted", ["nginx"], indirect=True)
async def test_half_a_body_is_cut_off(fronted: Fronted) -> None:
    """The same; Caddy waits for a minute, because it would say 200."""
    said = await fronted.dawdle(b"POST /payments/ipn HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nab")

    assert b" 200 " not in said
    assert fronted.requests("/payments/ipn") == []


async def test_a_shop_that_starts_anew_is_found_again(fronted: Fronted) -> None:
    """Connections that were kept to the old one do not hurt the first requests to the new one for long."""
    assert (await fronted.ask("GET", "/products"))[0] == 200
    await fronted.system.service.stop()
    assert (await fronted.ask("GET", "/products"))[0] == 502

    await fronted.system.service.start()

    async def is_back() -> bool:
        """Whether the proxy reaches it."""
        return (await fronted.ask("GET", "/products"))[0] == 200

    await eventually(is_back, "the proxy reaches it")


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    """A body without its length, piece by piece."""
    for start in range(0, len(body), 7):
        yield body[start : start + 7]
