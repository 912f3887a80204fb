"""
What goes wrong in ways that were foreseen: a sentence on standard error, and an exit code. Never a traceback.
"""

from __future__ import annotations

from typing import NoReturn

import typer

from bitloot_core.values.errors import BitlootError, InvalidInput

FAILED = 1
NOT_ASKED_PROPERLY = 2
INTERRUPTED = 130
"""What a shell expects of a program that Ctrl-C ended before it was done."""


class Failure(BitlootError):
    """
    A command cannot do what it was asked for, and says so.

    Args:
        lines: sentences for people.
        code: how the program exits.
    """

    def __init__(self, *lines: str, code: int = FAILED) -> None:
        super().__init__("; ".join(lines))
        self.lines = lines
        self.code = code


def failure_of(error: Exception) -> Failure | None:
    """What people are told about an error; None for one that nobody foresaw."""
    match error:
        case Failure():
            return error
        case InvalidInput(field=field, reason=reason):
            return Failure(_sentence(f"{field} {reason}".strip()), code=NOT_ASKED_PROPERLY)
        case BitlootError():
            return Failure(_sentence(str(error)))
        case BrokenPipeError():  # whoever read our output has had enough: `main` ends quietly
            return None
        case OSError():
            return Failure(_sentence(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}"))
        case _ if type(error).__module__.partition(".")[0] in {"sqlalchemy", "asyncpg"}:
            # The statement and its values stay out of sight: they can hold an address or a sealed body.
            return Failure(f"The database does not answer as it should ({type(error).__name__}).")
        case _:
            return None


def complain(failure: Failure) -> NoReturn:
    """Say it on standard error, and exit."""
    for line in failure.lines:
        typer.echo(line, err=True)
    raise typer.Exit(failure.code)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
