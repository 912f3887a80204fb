"""The builders make orders that the rules of the order agree with."""

import attrs
import pytest

from bitloot_core.order.findings import FindingReason
from bitloot_core.order.order import LiveLink
from bitloot_core.order.status import Status, shown_status
from bitloot_core.testing.memory.store import unique_names
from bitloot_core.testing.order_states import every_state
from bitloot_core.testing.orders import fulfilled, held, opened, placed, reserved, settled, with_finding
from bitloot_core.testing.samples import a_change

STEPS = {
    Status.CREATED: placed(),
    Status.WAITING: opened(placed()),
    Status.PAID: settled(opened(placed())),
    Status.FULFILLING: held(reserved(settled(placed(quantity=2))), units=1),
    Status.FULFILLED: fulfilled(reserved(settled(placed()))),
    Status.ATTENTION: with_finding(settled(placed())),
}


@pytest.mark.parametrize("status", STEPS)
def test_each_step_has_its_status(status: Status) -> None:
    """What the builder says is what the order shows."""
    assert shown_status(STEPS[status]) is status


def test_every_status_can_be_built() -> None:
    """The states of the parts lead to each word that an order can show."""
    assert set(Status) == {shown_status(order) for order in every_state().values()}


@pytest.mark.parametrize("state", sorted(every_state()))
def test_two_orders_share_no_name(state: str) -> None:
    """Names that are unique across the shop are derived from the order's id."""
    first, second = every_state("o1")[state], every_state("o2")[state]

    assert not set(unique_names(first)) & set(unique_names(second))


@pytest.mark.parametrize("state", sorted(every_state()))
def test_a_change_tells_of_links_and_findings(state: str) -> None:
    """A store that keeps them by their events finds all that the order has."""
    order = every_state()[state]

    told = [type(event).__name__ for event in a_change(order).events]

    links = int(isinstance(order.link, LiveLink))
    assert ["OrderPlaced"] + ["LinkIssued"] * links + ["FindingOpened"] * len(order.findings) == told


def test_a_change_of_nothing_is_told_all_the_same() -> None:
    """Without an event a change would only assert the version."""
    order = attrs.evolve(placed(), version=1)

    assert [type(event).__name__ for event in a_change(order, before=order).events] == ["OrderRetried"]


def test_findings_are_told_apart() -> None:
    """No order has the same reason on the same subject open twice: that is one finding."""
    for order in every_state().values():
        subjects: list[tuple[FindingReason, str]] = [(one.reason, one.subject) for one in order.findings]

        assert len(set(subjects)) == len(subjects)
