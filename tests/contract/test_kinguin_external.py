"""
The adapter against Kinguin's sandbox: opt-in, for it spends the sandbox's balance.

    KINGUIN_API_KEY=... KINGUIN_BASE_URL=https://gateway.sandbox.kinguin.net/esa/api KINGUIN_TEST_PRODUCT=... \\
        pytest -m external tests/contract/test_kinguin_external.py

A sandbox cannot be told to fail, to deliver or to run dry, so most of the suite skips and says so. What is left answers
the questions that the documentation leaves open: above all, whether a reference buys twice.
"""

import os
import secrets
from collections.abc import AsyncIterator, Mapping
from typing import NoReturn

import aiohttp
import attrs
import pytest

from bitloot_adapters.kinguin import KinguinSupplier
from bitloot_core.testing.contracts.supplier import SupplierContract
from bitloot_core.testing.contracts.supplier_world import COST
from bitloot_core.values.ids import ExternalRef, OrderId, SupplierProductId, external_ref
from bitloot_core.values.secret import Secret

pytestmark = pytest.mark.external
SETTINGS = {
    name: os.environ.get(name, "")  # noqa: TID251 - the opt-in is the environment; no settings of the service are meant
    for name in ("KINGUIN_API_KEY", "KINGUIN_BASE_URL", "KINGUIN_TEST_PRODUCT")
}
MISSING = [name for name, value in SETTINGS.items() if not value]
if MISSING:
    pytest.skip(f"{' and '.join(MISSING)} not set", allow_module_level=True)
if "sandbox" not in SETTINGS["KINGUIN_BASE_URL"]:
    pytest.skip("KINGUIN_BASE_URL is not the sandbox's: this buys", allow_module_level=True)


async def cannot(*_: object, **__: object) -> NoReturn:
    """A verb that only a simulator has."""
    pytest.skip("a real supplier cannot be told to do this")


@attrs.define
class SandboxWorld:
    """The sandbox, as it is."""

    supplier: KinguinSupplier
    order: OrderId
    asked: bool = False

    def ref(self, number: int = 1) -> ExternalRef:
        """A reference that nobody has used."""
        return external_ref(self.order, number)

    async def in_stock(self, count: int, *, cost: str = COST) -> SupplierProductId:
        """The one product that the operator named: it must cost less than the cap, and there is no second one."""
        if cost != COST or count < 1 or self.asked:
            await cannot()
        self.asked = True
        return SupplierProductId(SETTINGS["KINGUIN_TEST_PRODUCT"])

    async def sold(self, ref: ExternalRef) -> int:
        """There is no other judge than the search."""
        return len(await self.supplier.find(ref))

    async def signed(self, body: bytes) -> tuple[Mapping[str, str], bytes]:
        """The documented form is a fixed text in a header."""
        return {"x-event-name": "order.status", "x-event-secret": "s"}, body

    pictures_in_stock = preorder_open = has_left = deliver = cancel = refund = time_passes = cannot
    lose_next_answer = fail_next = garble_next = stall_next = turn_away_next = contradict_next_purchase = cannot
    drop_next_purchase = comes_late_next = late_effects_happen = accepts_repeats = go_down = come_back = cannot
    event_of = event_with_key = forged = cannot


class TestRealKinguin(SupplierContract):
    """The suite, on the sandbox."""

    @pytest.fixture
    async def world(self) -> AsyncIterator[SandboxWorld]:
        """The sandbox that the environment names."""
        async with aiohttp.ClientSession() as session:
            yield SandboxWorld(
                supplier=KinguinSupplier(
                    session=session,
                    api_key=Secret(SETTINGS["KINGUIN_API_KEY"]),
                    webhook_secret=Secret("s"),
                    base_url=SETTINGS["KINGUIN_BASE_URL"],
                ),
                order=OrderId(f"test{secrets.token_hex(8)}"),
            )
