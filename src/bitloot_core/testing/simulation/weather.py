"""
How bad a simulated world is: how often each kind of thing goes wrong, drawn anew for each seed.

Not every seed has everything: with some kinds of faults switched off, others reach states that they would drown.
"""

from __future__ import annotations

import attrs

from bitloot_core.testing.simulation.chance import Chance

_SWITCHED_ON = 0.7


@attrs.frozen(kw_only=True)
class Weather:
    """
    The rates of one simulation; probabilities are per call or per thing, times in virtual seconds.

    Attributes:
        orders: how many buyers come.
        processes: how many processes of the shop run side by side.
        storm: how long faults happen; after it, none.
        refuse: a call that finds nobody there.
        slow: a call whose answer takes long, within the time-out.
        lose: a call that has its effect, and whose answer never comes.
        drop: a call that never arrives, without an answer.
        late: a call that is given up, and has its effect afterwards.
        kill_at_call: a call right before, or right after which the process dies.
        kill_every: the mean time between two deaths of a process at any other moment; 0 for never.
        stall_every: the mean time between two standstills of a process; 0 for never.
        stall_most: how long such a standstill may be.
        flush_every: the mean time between two losses of all rings that wait; 0 for never.
        repeat: a webhook that is sent again.
        vanish: a webhook that is never sent.
        forge: a webhook that comes damaged, or from somebody else, before the real one.
        lie: an authentic notice of money that did not come.
        spoil: a sealed object that is written other than it was given.
        supplier_fails: a purchase that the supplier cancels or refunds.
        sold_before: a purchase in which the supplier sells a key a second time.
        supplier_repeats: whether the supplier buys again under a reference that it has seen.
        latest_effect: how long after it was sent a purchase may still go through.
        odd_buyer: a buyer who does not simply pay.
        operator_every: the mean time between two acts of the operator; 0 for never.
        poison: a job that kills whoever does it, every time.
        jobs_lost_every: the mean time between two losses of jobs, by a hand in the tables, say; 0 for never.
        day_cap: the most that may be spent in a day, in EUR; None for no cap.
    """

    orders: int
    processes: int
    storm: float
    refuse: float = 0
    slow: float = 0
    lose: float = 0
    drop: float = 0
    late: float = 0
    kill_at_call: float = 0
    kill_every: float = 0
    stall_every: float = 0
    stall_most: float = 150
    flush_every: float = 0
    repeat: float = 0
    vanish: float = 0
    forge: float = 0
    lie: float = 0
    spoil: float = 0
    supplier_fails: float = 0
    sold_before: float = 0
    supplier_repeats: bool = True
    latest_effect: float = 300
    odd_buyer: float = 0
    operator_every: float = 0
    poison: float = 0
    jobs_lost_every: float = 0
    day_cap: int | None = None

    @classmethod
    def drawn(cls, chance: Chance, *, orders: int | None = None) -> Weather:
        """
        The weather of a seed.

        Args:
            orders: how many buyers come; drawn, too, if it is not said.
        """
        supplier_repeats = chance.happens(0.6, "weather", "supplier repeats")
        force = 2.5 if chance.happens(0.1, "weather", "hurricane") else 1.0
        return cls(
            orders=chance.count(4, 20, "weather", "orders") if orders is None else orders,
            processes=chance.count(1, 3, "weather", "processes"),
            storm=chance.between(3_600, 10_800, "weather", "storm"),
            refuse=_rate(chance, "refuse", 0.08 * force),
            slow=_rate(chance, "slow", 0.08 * force),
            lose=_rate(chance, "lose", 0.06 * force),
            drop=_rate(chance, "drop", 0.06 * force),
            late=_rate(chance, "late", 0.06 * force),
            kill_at_call=_rate(chance, "kill at call", 0.03),
            kill_every=_pause(chance, "kill every", 60, 900),
            stall_every=_pause(chance, "stall every", 600, 3_600),
            flush_every=_pause(chance, "flush every", 200, 2_000),
            repeat=_rate(chance, "repeat", 0.5),
            vanish=_rate(chance, "vanish", 0.5),
            forge=_rate(chance, "forge", 0.3),
            lie=_rate(chance, "lie", 0.2),
            spoil=_rate(chance, "spoil", 0.1),
            supplier_fails=_rate(chance, "supplier fails", 0.15),
            sold_before=_rate(chance, "sold before", 0.15),
            supplier_repeats=supplier_repeats,
            # Who refuses a reference that was seen may act as late as it likes; who does not, within the quiet window.
            latest_effect=300 if supplier_repeats else 3_000,
            odd_buyer=_rate(chance, "odd buyer", 0.8),
            operator_every=_pause(chance, "operator every", 120, 1_200),
            poison=_rate(chance, "poison", 0.05),
            jobs_lost_every=_pause(chance, "jobs lost every", 600, 3_600, share=0.3),
            # No purchase costs as much as the least of them, so that each can be made on some day.
            day_cap=chance.count(280, 600, "weather", "day cap") if chance.happens(0.3, "weather", "cap") else None,
        )


def _rate(chance: Chance, what: str, most: float) -> float:
    drawn, size = chance.pair("weather", what)
    return size * most if drawn < _SWITCHED_ON else 0


def _pause(chance: Chance, what: str, least: float, most: float, *, share: float = _SWITCHED_ON) -> float:
    drawn, size = chance.pair("weather", what)
    return least + size * (most - least) if drawn < share else 0
