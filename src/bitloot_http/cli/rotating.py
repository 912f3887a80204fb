"""
What a rotation of master keys came to, as a table, as sentences, and as JSON.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Self

import attrs
from rich import box
from rich.table import Table

from bitloot_http.rotation import Kind, Stuck, Tally

_ONE = {"product keys": "product key", "webhook bodies": "webhook body", "second factors": "second factor"}


@attrs.frozen(kw_only=True)
class StuckView:
    """One sealed thing that could not be wrapped anew."""

    name: str
    under: str | None
    problem: str

    @classmethod
    def of(cls, stuck: Stuck) -> Self:
        """Show it; its name says nothing about whose it is."""
        return cls(name=stuck.name, under=stuck.under, problem=stuck.problem)


@attrs.frozen(kw_only=True)
class KindView:
    """What became of one kind of sealed thing."""

    kind: str
    looked_at: int
    rewrapped: int
    under: Mapping[str, int]
    stuck: tuple[StuckView, ...]


@attrs.frozen(kw_only=True)
class MasterKeyView:
    """
    A master key, and whether it is still needed.

    Attributes:
        in_settings: whether `VAULT_KEYS` has it.
        needed_by: how many of each kind say that they are under it.
        droppable: whether nothing needs it: it is not the newest, nothing says that it is under it, and everything
            could be asked.
    """

    id: str
    newest: bool
    in_settings: bool
    needed_by: Mapping[str, int]
    droppable: bool


@attrs.frozen(kw_only=True)
class RotationView:
    """
    What a rotation came to.

    Attributes:
        complete: whether it came to its end; if not, begin it again.
    """

    complete: bool
    kinds: tuple[KindView, ...]
    master_keys: tuple[MasterKeyView, ...]

    @classmethod
    def of(cls, tally: Tally, master_keys: Sequence[str], *, complete: bool) -> Self:
        """Show what was counted."""
        others = sorted({key_id for _, key_id in tally.under} - set(master_keys))
        return cls(
            complete=complete,
            kinds=tuple(_kind_view(tally, kind) for kind in Kind),
            master_keys=tuple(
                MasterKeyView(
                    id=key_id,
                    newest=key_id == master_keys[0],
                    in_settings=key_id in master_keys,
                    needed_by={str(kind): count for kind, count in tally.needed(key_id).items()},
                    droppable=complete and key_id != master_keys[0] and not tally.needed(key_id) and not tally.untold,
                )
                for key_id in (*master_keys, *others)
            ),
        )


def _kind_view(tally: Tally, kind: Kind) -> KindView:
    return KindView(
        kind=str(kind),
        looked_at=tally.looked_at[kind],
        rewrapped=tally.rewrapped[kind],
        under={key_id: count for (of, key_id), count in sorted(tally.under.items()) if of is kind},
        stuck=tuple(StuckView.of(one) for one in tally.stuck if one.kind is kind),
    )


def rotation_table(view: RotationView) -> Table:
    """One line a kind, with a column for each master key that anything is under."""
    table = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False, padding=(0, 1, 0, 0), show_edge=False)
    keys = [key for key in view.master_keys if key.newest or key.needed_by]
    table.add_column("")
    for heading in (*(f"under {key.id}" for key in keys), "wrapped anew", "stuck"):
        table.add_column(heading, justify="right")
    for kind in view.kinds:
        counts = (kind.under.get(key.id, 0) for key in keys)
        table.add_row(kind.kind, *(f"{count:,}" for count in (*counts, kind.rewrapped, len(kind.stuck))))
    return table


def sentences(view: RotationView) -> Iterator[str]:
    """What it means for `VAULT_KEYS`."""
    for kind in view.kinds:
        for one in kind.stuck:
            says = "" if one.under is None else f" (it says: under {one.under})"
            yield f"{kind.kind}: {one.name} {one.problem}{says}"
    for key in view.master_keys:
        if key.newest:
            continue
        needs = tuple(key.needed_by.items())
        if needs:
            by = " and ".join(f"{count:,} {_ONE.get(kind, kind) if count == 1 else kind}" for kind, count in needs)
            missing = "" if key.in_settings else ", and is not in VAULT_KEYS"
            yield f"{key.id} is still needed by {by}{missing}."
        elif key.droppable:
            yield (
                f"{key.id} is not needed any more: take it out of VAULT_KEYS, if no process still runs that was "
                "started with it in front. A back-up from before needs it."
            )
        else:
            yield f"{key.id} may still be needed: not everything could be looked at. Keep it."
