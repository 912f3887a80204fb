"""
From an environment to `Settings`: every variable is read before a word is said, so that a person sees all problems.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import attrs

from bitloot_core.values.errors import BitlootError
from bitloot_http.settings import Settings, deadline_under
from bitloot_http.variables import Variable, variable_of

_HEADING = """\
# The settings of BitLoot. Copy to `.env` and fill in what stands open; the environment wins over the file.
# Made from the settings class by `python -m bitloot_http.reading_settings`; a test holds the two together.
"""
_WEBHOOK = ("ALERT_WEBHOOK_URL", "ALERT_WEBHOOK_SECRET")
_R2 = ("R2_ACCESS_KEY_ID", "R2_SECRET_ACCESS_KEY", "R2_ENDPOINT", "R2_BUCKET")


@attrs.frozen(kw_only=True)
class Problem:
    """One variable that cannot be used, and why; never its value."""

    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name} {self.reason}"


class SettingsInvalid(BitlootError):
    """
    The environment does not describe a service.

    Args:
        problems: all of them, in the order of the settings.
    """

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(str(problem) for problem in problems))
        self.problems = problems


def read_settings(environ: Mapping[str, str]) -> Settings:
    """
    Read the settings. A variable that is empty, or blank, is taken for absent.

    Args:
        environ: names and texts, as `environment.read_environment` gives them.

    Raises:
        SettingsInvalid: something is missing or malformed; it holds all problems, and no value.
    """
    texts = {name: text.strip() for name, text in environ.items() if text.strip()}
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for field in attrs.fields(Settings):
        described = variable_of(field.metadata)
        try:
            values[field.name] = _value_of(described, texts)
        except ValueError as refusal:
            problems.append(Problem(name=described.name, reason=str(refusal)))
    problems.extend(_problems_between(texts))
    problems.extend(_problems_of_clocks(values))
    if problems:
        raise SettingsInvalid(tuple(problems))
    return Settings(**values)


def _value_of(described: Variable, texts: Mapping[str, str]) -> object:
    text = texts.get(described.name, described.default)
    if text is not None:
        return described.parse(text)
    if described.required:
        raise ValueError("is missing")
    return None


def _problems_between(texts: Mapping[str, str]) -> Iterator[Problem]:
    """What no variable can say alone."""
    missing = [name for name in _R2 if name not in texts]
    if len(missing) < len(_R2):
        yield from (Problem(name=name, reason="is missing: the four R2_* belong together") for name in missing)
    lacking = [name for name in _WEBHOOK if name not in texts]
    if len(lacking) == 1:
        yield Problem(name=lacking[0], reason="is missing: it belongs to the other ALERT_WEBHOOK_*")
    if "SMTP_URL" in texts and "MAIL_FROM" not in texts:
        yield Problem(name="MAIL_FROM", reason="is missing: SMTP_URL is set")


def _problems_of_clocks(values: Mapping[str, Any]) -> Iterator[Problem]:
    """A purchase that a stalled worker sends late must not meet the one that takes its place."""
    lease, quiet = values.get("job_lease"), values.get("supplier_quiet")
    if lease is None or quiet is None:
        return
    least = lease + deadline_under(lease)
    if quiet < least:
        thousandths = -(-least // timedelta(milliseconds=1))  # rounded up: what is told must be enough
        reason = f"must be at least {thousandths / 1000:g}: JOB_LEASE_SECONDS, and the time that a call may take"
        yield Problem(name="SUPPLIER_QUIET_SECONDS", reason=reason)


def variables() -> tuple[Variable, ...]:
    """Every variable, in the order of the settings."""
    return tuple(variable_of(field.metadata) for field in attrs.fields(Settings))


def example() -> str:
    """The text of `.env.example`: what must be set stands open, what has a default is shown and commented out."""
    return "\n".join((_HEADING, *(_entry(described) for described in variables())))


def _entry(described: Variable) -> str:
    kind = "Required." if described.required else "" if described.default else "Optional."
    comment = textwrap.fill(f"{described.help} {kind}".strip(), 100, initial_indent="# ", subsequent_indent="# ")
    lead = "" if described.required else "# "
    return f"{comment}\n{lead}{described.name}={described.default or ''}\n"


if __name__ == "__main__":  # pragma: no cover - a recipe for people
    print(example(), end="")  # noqa: T201 - it speaks on standard output
