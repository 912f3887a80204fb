"""
A port with some of its methods replaced: for what no fake would do, because its port forbids it.

    async def shows_nothing(ref: ExternalRef) -> tuple[Purchase, ...]:
        return ()

    forgetful = attrs.evolve(shop.shop, supplier=Overridden(shop.supplier, find=shows_nothing))
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Overridden:
    """
    Passes everything on to a port, except for the methods that are given.

    Args:
        port: where everything else goes.
        methods: what is called instead, by name; without `self`.
    """

    def __init__(self, port: object, **methods: Callable[..., Any]) -> None:
        self._port = port
        self._methods = methods

    def __getattr__(self, name: str) -> Any:
        return self._methods.get(name) or getattr(self._port, name)

    def __repr__(self) -> str:
        return f"Overridden({self._port!r}, {', '.join(self._methods)})"
