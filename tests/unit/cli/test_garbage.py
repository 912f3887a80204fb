"""The garbage collector of a process that serves."""

import gc
from collections.abc import Iterator

import pytest

from bitloot_http.garbage import hold_while_loading, keep_what_is_loaded


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    """The collector as the other tests know it."""
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)
    gc.enable()


def test_nothing_is_collected_while_modules_are_loaded() -> None:
    """And afterwards it is."""
    hold_while_loading()
    assert not gc.isenabled()

    keep_what_is_loaded()
    assert gc.isenabled()


def test_what_is_loaded_is_not_gone_through_again() -> None:
    """The objects that are there stand outside of every generation; cycles that come later are collected."""
    keep_what_is_loaded()

    assert gc.get_freeze_count() > 0
    cycle: list[object] = []
    cycle.append(cycle)
    del cycle
    assert gc.collect() >= 1
