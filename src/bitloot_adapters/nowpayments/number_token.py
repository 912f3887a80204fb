"""
Numbers that keep their spelling.
"""

from __future__ import annotations


class NumberToken(str):
    """
    A number as it stood in the text, character for character.

    Any conversion would have to print it as JavaScript does, and would let `5e9` stand for the id `5000000000` under
    the same signature.
    """

    __slots__ = ()
