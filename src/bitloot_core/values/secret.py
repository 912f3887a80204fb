"""
Text that opens something: tokens and links. Printing it shows stars.
"""

from __future__ import annotations

import attrs


@attrs.frozen
class Secret:
    """
    A secret text; `reveal` is the one way to read it, so that each reading can be found by name.

    >>> Secret("hunter2")
    Secret('***')
    """

    _text: str = attrs.field(repr=False)

    def reveal(self) -> str:
        """Return the text itself: for the wire, a mail or a cookie; never for a log."""
        return self._text

    def __repr__(self) -> str:
        return "Secret('***')"

    __str__ = __repr__
