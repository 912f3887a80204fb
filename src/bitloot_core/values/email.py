"""E-mail addresses, as they are compared."""

from __future__ import annotations

import string

_TO_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def folded(email: str) -> str:
    """
    An address as it is looked for: a mailbox is the same to its owner, whatever the case of its letters.

    Only `A` to `Z`, on which all databases agree.

    >>> folded("Anna@Example.COM")
    'anna@example.com'
    """
    return email.translate(_TO_LOWER)
