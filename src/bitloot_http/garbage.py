"""
The garbage collector of a process that serves: it looks at what requests leave behind, not at the program itself.

Python counts references, so nearly everything is freed without the collector. What it would go through again and again
is a quarter of a million objects that were loaded at the start and stay for ever.
"""

from __future__ import annotations

import gc

_YOUNG, _MIDDLE, _OLD = 10_000, 20, 20
"""How many new objects, and how many rounds of the younger generation, before one is gone through."""


def hold_while_loading() -> None:
    """Collect nothing while modules are loaded: they leave next to no garbage."""
    gc.disable()


def keep_what_is_loaded() -> None:
    """Take what is there by now out of the collector's sight, and collect what comes after it."""
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
    gc.enable()
