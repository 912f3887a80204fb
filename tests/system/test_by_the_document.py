"""
The running service keeps what `/openapi.json` says of it: Schemathesis tries out every endpoint, with all credentials.

Bodies and parameters as the document wants them and as it does not, each limit and what is just beyond it, methods that
there are not, no token and a wrong one: no error of ours, no status and no shape that is not described, nothing taken
that should be refused, nothing open that should be locked.
"""

import asyncio
import importlib.util
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from harness.buyer import Placed
from harness.system import System, open_system

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("schemathesis") is None, reason="schemathesis is not installed"
)
HOOKS = "harness.by_the_document"
WITHIN_SECONDS = 180
MADE_UP = 5
"""Requests that are made up for each endpoint, beside those at each limit."""
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
    "ignored_auth",
)


@pytest.fixture
async def system(tmp_path: Path, stocked: Path) -> AsyncIterator[System]:
    """A running service that answers as often as it is asked, and does not look at unpaid orders all the time."""
    changes = {"ADMIN_REQUESTS_PER_MINUTE": "0", "PAYMENT_POLL_SECONDS": "0.5,600", "LINK_MAX_VIEWS": "100000"}
    async with open_system(tmp_path / "shop", stocked, **changes) as opened:
        yield opened


async def listed(system: System, path: str, field: str) -> list[str]:
    """What stands in one field of the rows of a list of the staff."""
    answer = await system.buyer.ask("GET", path, token=system.admin_token)
    assert answer is not None
    return [str(row[field]) for row in answer[1]["items"]]


async def placed(system: System) -> tuple[Placed, Placed, Placed]:
    """An order that was delivered, one that waits for a person because of its payment, and another delivered one."""
    one, short, other = [await system.buyer.place() for _ in range(3)]
    await system.vendors.gateway.pay(short.payment_id, "0.00000100")
    await system.deliver(one)
    await system.deliver(other)
    await system.buyer.sees(short, "underpaid")
    return one, short, other


async def world_of(system: System) -> dict[str, Any]:
    """Who may what, and what there is to be asked for. Of one order the link is tried; nobody asks for a fresh one."""
    delivered, short, untouched = await placed(system)
    mail = await system.buyer.mail(untouched)
    return {
        "staff": system.admin_token,
        "buyer": delivered.access_token,
        "kinguin": system.place.settings["KINGUIN_WEBHOOK_SECRET"],
        "nowpayments": system.place.settings["NOWPAYMENTS_IPN_SECRET"],
        "known": {
            "orderId": [delivered.order_id, short.order_id],
            "token": [mail.link.rpartition("/")[2]],
            "reservationId": await listed(system, "/admin/reservations", "kinguinReservationId"),
            "findingId": await listed(system, "/admin/findings", "id"),
            "id": await listed(system, "/admin/webhook-logs", "id"),
            "/admin/jobs/{id}/retry id": await listed(system, "/admin/jobs", "id"),
        },
    }


async def schemathesis(system: System, folder: Path) -> tuple[int, str]:
    """Let it try out the service; its exit code, and what it tells."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()"),
        *("run", f"{system.place.url}/openapi.json", "--checks", ",".join(CHECKS)),
        *("--phases", "coverage,fuzzing", "--max-examples", str(MADE_UP), "--continue-on-failure"),
        *("--generation-deterministic", "--generation-allow-x00", "false"),
        *("--no-color", "--output-truncate", "true"),
        cwd=folder,
        env={
            **system.place.environ,
            "SCHEMATHESIS_HOOKS": HOOKS,
            "PYTHONPATH": str(Path(__file__).parent),
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(WITHIN_SECONDS):
        told, _ = await process.communicate()
    return process.returncode or 0, told.decode()


async def test_the_service_keeps_what_its_document_says(system: System, tmp_path: Path) -> None:
    """And the shop's books are in order afterwards, whatever was asked of it (I1, I2, I5, I9)."""
    (tmp_path / "world.json").write_text(json.dumps(await world_of(system)), encoding="utf-8")

    code, told = await schemathesis(system, tmp_path)

    assert code == 0, told
    assert "Tested: " in told
    await system.at_rest()
    system.check()
