"""Whatever stands in the environment: the service starts, or says what is wrong without repeating it."""

from http_world import ENOUGH
from hypothesis import given
from hypothesis import strategies as st

from bitloot_http.environment import parse_dotenv
from bitloot_http.reading_settings import SettingsInvalid, read_settings, variables

NAMES = [variable.name for variable in variables()]
VALUES = st.text(max_size=60) | st.sampled_from(
    [
        *("", " ", "0", "-1", "1e400", "NaN", "inf", "9" * 400, "true", "\x00", "\ud800", "٣", "a,b,,c", "1,2,3", ","),
        *(
            "http://x",
            "https://",
            "//",
            "sqlite:///x",
            "postgresql://u:p@h:70000/d",
            "smtp://u:p@h:99999",
            "redis://[::",
        ),
        *("k1:AAAA", "k1:" + "A" * 44, ":", "EUR 5", "5.00 EUR", "127.0.0.1/99", "::1/128", "quiet"),
    ]
)
CANARY = "CANARY-of-a-secret"


def refusal_of(**given_: str) -> SettingsInvalid | None:
    """What is said against an environment that has enough, and these; None if it is read."""
    try:
        read_settings({**ENOUGH, **given_})
    except SettingsInvalid as refusal:
        return refusal
    return None


@given(st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=6))
def test_any_environment_is_read_or_refused(given_: dict[str, str]) -> None:
    """No value makes the start end in an error that nobody can read."""
    refusal = refusal_of(**given_)

    problems = refusal.problems if refusal else ()
    assert {problem.name for problem in problems} <= set(NAMES)
    assert all(problem.reason for problem in problems)


@given(st.sampled_from(NAMES), st.sampled_from(["", "\x00", " ", ",", ":", "/", "@"]))
def test_no_refusal_repeats_a_value(name: str, more: str) -> None:
    """I7: what is malformed may be a secret in the wrong place."""
    refusal = refusal_of(**{name: f"{more}{CANARY}{more}"})

    assert CANARY not in f"{refusal} {refusal.problems if refusal else ''}"


@given(st.text(max_size=200))
def test_any_file_is_read_or_refused(text: str) -> None:
    """A `.env` that somebody has edited by hand."""
    try:
        found = parse_dotenv(text)
    except SettingsInvalid:
        return

    assert all(isinstance(value, str) for value in found.values())
