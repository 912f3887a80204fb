"""`bitloot pause` and `bitloot resume`: who stopped buying, and what is over."""

import json
from collections.abc import Callable

import pytest
from typer.testing import Result

Run = Callable[..., Result]


@pytest.fixture
def run(run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Commands that Ann gives, on a database that is there."""
    monkeypatch.setenv("LOGNAME", "ann")
    run("db", "upgrade")
    return run


def test_buying_is_paused_until_it_is_resumed(run: Run) -> None:
    """Both say who did it and why; a second pause leaves the first one's reason."""
    paused = run("pause", "--reason", "prices look wrong")
    again = run("pause", "--reason", "me too")
    resumed = run("resume")
    nothing = run("resume")

    assert [one.exit_code for one in (paused, again, resumed, nothing)] == [0, 0, 0, 0]
    assert "paused by shell:ann since" in paused.stdout
    assert paused.stdout == again.stdout
    assert "prices look wrong" in again.stdout
    assert "Buying goes on." in resumed.stdout
    assert "prices look wrong" in resumed.stdout
    assert nothing.stdout == "Buying was not paused.\n"


def test_programs_are_told_the_pauses(run: Run) -> None:
    """With everything that is known of each."""
    paused = json.loads(run("pause", "--json").stdout)
    resumed = json.loads(run("resume", "--json").stdout)

    (pause,) = paused["pauses"]
    assert (pause["holder"], pause["by"], pause["until"]) == ("operator", "shell:ann", None)
    assert resumed == {"pauses": []}
