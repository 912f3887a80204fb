"""
The show: raises the stage, lets all orders run at once, counts, and serves on.
"""

from __future__ import annotations

import asyncio
import contextlib
import enum
import shutil
import tempfile
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import attrs

from bitloot_core.values.errors import InvalidInput
from bitloot_http.demo.audience import Audience
from bitloot_http.demo.board import Board, Row, Voice
from bitloot_http.demo.clients import Browser, Staff, UnexpectedAnswer
from bitloot_http.demo.evidence import gather_evidence
from bitloot_http.demo.followers import Followers, Parcel
from bitloot_http.demo.merchant import Merchant
from bitloot_http.demo.payers import Payers
from bitloot_http.demo.post import LetterBox
from bitloot_http.demo.programme import Ending
from bitloot_http.demo.reckoning import reckon
from bitloot_http.demo.screenplay import Pays, screenplay
from bitloot_http.demo.stage import Stage, open_stage
from bitloot_http.serving import told_to_stop

T = TypeVar("T")

_BETWEEN_ORDERS_SECONDS = 0.6
_ALL_BEGUN_WITHIN_SECONDS = 20.0
_PATIENCE_SECONDS = 60.0
_LAST_WORDS_SECONDS = 15.0
_LOOK_SECONDS = 0.15
_AT_EASE = 30
"""With more orders than this each is looked at less often: the audience must not slow the shop down."""


@attrs.frozen(kw_only=True)
class Wishes:
    """
    What was asked for.

    Attributes:
        once: whether to end when the orders are through.
        port: where the service listens; 0 for a free port.
        keep: the folder to keep, if any.
        export: where a picture of it goes, if anywhere.
    """

    orders: int
    once: bool
    port: int
    seed: int
    keep: Path | None
    export: Path | None


class Outcome(enum.Enum):
    """How it went."""

    GOOD = "every order came through, and every check held"
    BAD = "an order did not come through, or a check failed"
    INTERRUPTED = "somebody ended it before the orders were over"


async def run_demo(wishes: Wishes) -> Outcome:
    """
    Run the demo; Ctrl-C ends it cleanly at any time.

    Raises:
        InvalidInput: the folder to keep cannot be used.
        OSError: the port is taken.
    """
    with _folder(wishes.keep) as folder:
        async with told_to_stop() as stopped, open_stage(folder, port=wishes.port, seed=wishes.seed) as stage:
            curtain, clock = asyncio.get_running_loop().time(), asyncio.get_running_loop().time
            board = Board.of(screenplay(wishes.orders), lambda: clock() - curtain)
            audience = Audience.at(board)
            audience.welcome(stage)
            ending = await _unless(stopped, _play(stage, board, audience))
            if ending is None:
                return Outcome.INTERRUPTED
            audience.finish(stage, ending, serves_on=not wishes.once)
            if wishes.export is not None:
                audience.export(ending, wishes.export)
            if not wishes.once:
                await stopped.wait()
            return Outcome.GOOD if ending.is_good else Outcome.BAD


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    """An empty folder: one that goes away at the end, or the one to keep."""
    if keep is None:
        folder = Path(tempfile.mkdtemp(prefix="bitloot-demo-"))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return
    keep.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(keep.iterdir()):
        raise InvalidInput("--keep", f"must name a new or an empty folder; {keep} is neither")
    yield keep.resolve()


async def _unless(stopped: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """Do the work, unless somebody says stop first: then it is cancelled, and None returned."""
    task, waiting = asyncio.ensure_future(work), asyncio.ensure_future(stopped.wait())
    try:
        await asyncio.wait((task, waiting), return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
        if not task.done():
            task.cancel()
            await asyncio.wait((task,))
    return None if task.cancelled() else task.result()


async def _play(stage: Stage, board: Board, audience: Audience) -> Ending:
    """All orders at once, and then the reckoning."""
    rows = tuple(board.rows.values())
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        browser = Browser(session, stage.address)
        staff = Staff(session, stage.address, stage.token.reveal())
        letters = LetterBox(stage.settings.mail_dir)
        pause = _LOOK_SECONDS * max(1.0, len(rows) / _AT_EASE)
        troupe = _Troupe(
            payers=Payers(stage.nowpayments, browser, board),
            followers=Followers(browser, staff, letters, board, pause),
            board=board,
        )
        merchant = Merchant(stage.kinguin, board)
        async with audience.watching(), _beside(merchant.work()), _beside(_fetch_letters(letters)):
            parcels = await _perform(troupe, rows)
            await _last_words(stage, staff, troupe, rows)
        keys = [key for parcel in parcels.values() for key in parcel.keys]
        expected = sum(row.scene.pays is Pays.TWICE for row in rows)
        evidence = await gather_evidence(
            stage, staff, rows, keys, lost_webhooks=merchant.lost_webhooks, expected=expected
        )
        return Ending(tallies=reckon(evidence), parcels=parcels, rows=rows)


@attrs.frozen(kw_only=True)
class _Troupe:
    """Those who carry an order through."""

    payers: Payers
    followers: Followers
    board: Board


async def _perform(troupe: _Troupe, rows: tuple[Row, ...]) -> dict[int, Parcel]:
    """Begin one order after the other, and wait for all; returns what the buyers have, by the order's number."""
    gap = min(_BETWEEN_ORDERS_SECONDS, _ALL_BEGUN_WITHIN_SECONDS / len(rows))
    acts = [_act(troupe, row, gap * number) for number, row in enumerate(rows)]
    parcels = await asyncio.gather(*acts)
    return {row.scene.number: parcel for row, parcel in zip(rows, parcels, strict=True) if parcel is not None}


async def _act(troupe: _Troupe, row: Row, delay: float) -> Parcel | None:
    """One order from the checkout to the key; None, and a problem on the board, if it does not come through."""
    await asyncio.sleep(delay)
    parcel: Parcel | None = None
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            placed = await troupe.payers.order(row.scene)
            row.order_id = placed.order_id
            async with asyncio.TaskGroup() as group:
                group.create_task(troupe.payers.pay(row, placed))
                following = group.create_task(troupe.followers.follow(row))
            parcel = following.result()
    except TimeoutError:
        row.problem = f"not through after {_PATIENCE_SECONDS:.0f} s"
    except (UnexpectedAnswer, aiohttp.ClientError) as error:
        row.problem = str(error)
    except ExceptionGroup as errors:
        known, unknown = errors.split((UnexpectedAnswer, aiohttp.ClientError, TimeoutError))
        if known is None or unknown is not None:
            raise
        row.problem = str(known.exceptions[0]) or type(known.exceptions[0]).__name__
    row.is_over = True
    if row.problem:
        troupe.board.tell(Voice.TROUBLE, row.problem, row.scene.number)
    return parcel


async def _last_words(stage: Stage, staff: Staff, troupe: _Troupe, rows: tuple[Row, ...]) -> None:
    """Wait until the vendors have nothing more to say, and the shop has worked off what they said."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_LAST_WORDS_SECONDS):
            await stage.nowpayments.idle()
            await stage.kinguin.webhooks.settled()
            for row in rows:
                if row.scene.pays is Pays.TWICE and not row.problem:
                    await troupe.followers.await_finding(row)
            while await staff.pending_webhooks():  # noqa: ASYNC110 - asked over HTTP
                await asyncio.sleep(_LOOK_SECONDS)


async def _fetch_letters(letters: LetterBox) -> None:
    while True:
        letters.fetch()
        await asyncio.sleep(_LOOK_SECONDS / 3)


@asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Let something run for as long as the context is open."""
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait((task,))
