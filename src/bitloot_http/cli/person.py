"""
Who is at the keyboard.
"""

from __future__ import annotations


def person() -> str:
    """The name under which a command acts, for timelines and the like."""
    import getpass

    return f"shell:{getpass.getuser()}"
