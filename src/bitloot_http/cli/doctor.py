"""
`bitloot doctor`: everything tried out once, in a table that says what to do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bitloot_http.cli.options import AsJson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bitloot_http.doctor.diagnosis import Diagnosis
    from bitloot_http.settings import Settings


def doctor(
    offline: Annotated[bool, typer.Option("--offline", help="Leave Kinguin and NOWPayments in peace.")] = False,
    as_json: AsJson = False,
) -> None:
    """
    Try out every setting, connection and secret, and say what to do about what is not in order.

    Nothing is bought, no mail is sent, and what is written to try things out is removed. Exit 1 if something failed.
    """
    from bitloot_http.cli.failures import FAILED
    from bitloot_http.cli.running import run_loop, told
    from bitloot_http.doctor.diagnosis import Verdict

    found = told(lambda: run_loop(_examined(offline=offline)))
    _report(found, as_json=as_json)
    if any(one.verdict is Verdict.FAILED for one in found):
        raise typer.Exit(FAILED)


async def _examined(*, offline: bool) -> tuple[Diagnosis, ...]:
    from pathlib import Path

    from bitloot_http.doctor.diagnosis import failed
    from bitloot_http.doctor.files import file_checks
    from bitloot_http.doctor.settings_risks import risks
    from bitloot_http.environment import DOTENV, parse_dotenv, read_environment
    from bitloot_http.reading_settings import SettingsInvalid, read_settings

    dotenv = Path.cwd() / DOTENV
    try:
        environ = read_environment()
        settings = read_settings(environ)
    except SettingsInvalid as found:
        advice = "What each may be is in docs/configuration.md. The rest is looked at when this is mended."
        return tuple(failed(one.name, f"It {one.reason}.", advice) for one in found.problems)
    written = parse_dotenv(dotenv.read_text(encoding="utf-8")) if dotenv.is_file() else {}
    return (
        *risks(settings, environ=environ, dotenv=written),
        *await _tried(settings, offline=offline),
        *file_checks(settings, dotenv=dotenv),
    )


async def _tried(settings: Settings, *, offline: bool) -> tuple[Diagnosis, ...]:
    """Open the shop and use it; what keeps it from being opened is what is told."""
    from bitloot_core.values.errors import InvalidInput, PortError
    from bitloot_http.cli.required_database import SENTENCES
    from bitloot_http.container import database_state, open_back_room, redis_answers
    from bitloot_http.doctor.clock import DateWatch
    from bitloot_http.doctor.diagnosis import failed, ok
    from bitloot_http.doctor.examination import examine
    from bitloot_http.doctor.live import Patient, advice_on
    from bitloot_http.service import Seams

    try:
        state = await database_state(settings)
    except PortError as error:
        state, database = "", advice_on("database", error)
    else:
        database = (
            ok("database", "It answers, and is of this version.")
            if state == "current"
            else failed("database", SENTENCES[state], "Give the command, then this one again.")
        )
    dates = DateWatch()
    try:
        async with open_back_room(settings, Seams(traces=(dates.trace,))) as room:
            dates.clock = room.shop.clock
            patient = Patient(
                settings=settings,
                shop=room.shop,
                master_keys=room.sealed.master_keys,
                mail=room.mail,
                redis=None if settings.redis_url is None else lambda: redis_answers(settings),
                has_tables=state == "current",
            )
            return (database, *await examine(patient, offline=offline, dates=dates))
    except InvalidInput as error:
        return (database, failed(error.field, f"It {error.reason}.", "The rest is looked at when this is mended."))


def _report(found: Sequence[Diagnosis], *, as_json: bool) -> None:
    from collections import Counter

    from bitloot_http.cli.output import show, show_json
    from bitloot_http.cli.tables import diagnoses_table
    from bitloot_http.cli.views import ExaminationView

    if as_json:
        show_json(ExaminationView.of(found))
        return
    show(diagnoses_table(found))
    counts = Counter(str(one.verdict) for one in found)
    typer.echo(", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items())) + ".")
