"""
From cattrs' groups of errors to problems that a sender understands: a path (`items[0].quantity`) and a reason.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs
from cattrs import ForbiddenExtraKeysError, IterableValidationError
from cattrs.errors import ClassValidationError

from bitloot_core.values.errors import InvalidInput
from bitloot_http.shapes import wire_name

_LONGEST_NAME = 64


class InvalidBody(InvalidInput):
    """
    Well-formed JSON (or a query) that is not what was asked for; it is named after its first problem.

    Args:
        problems: all of them, with the full path of each field.
    """

    def __init__(self, problems: Sequence[InvalidInput]) -> None:
        first = problems[0]
        super().__init__(first.field, first.reason, code=first.code)
        self.problems = tuple(problems)


def problems_in(error: BaseException, path: str = "") -> list[InvalidInput]:
    """Every problem in a group of cattrs' errors; none of them holds what was read."""
    match error:
        case IterableValidationError():
            located = [(inner, f"{path}[{note.index}]") for inner, note in error.group_exceptions()[0]]
        case ClassValidationError():
            fields = attrs.fields_dict(error.cl)
            located = [
                (inner, _joined(path, wire_name(fields[note.name]))) for inner, note in error.group_exceptions()[0]
            ]
            located += [(inner, path) for inner in error.group_exceptions()[1]]
        case ForbiddenExtraKeysError():
            return [
                InvalidInput(_joined(path, name[:_LONGEST_NAME]), "is not known here", code="unknown-field")
                for name in sorted(error.extra_fields)
            ]
        case KeyError():
            return [InvalidInput(path, "is missing", code="missing-field")]
        case InvalidInput():
            return [InvalidInput(path or "body", error.reason, code=error.code)]
        case _:
            raise error
    return [problem for inner, where in located for problem in problems_in(inner, where)]


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
