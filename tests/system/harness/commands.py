"""`bitloot`, as an operator gives a command beside the service, while the vendors of this process go on."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import attrs

from harness.service import BITLOOT
from harness.surroundings import Surroundings

_WITHIN_SECONDS = 120


@attrs.frozen(kw_only=True)
class Said:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed for programs."""
        return json.loads(self.out)


async def command(place: Surroundings, *arguments: str) -> Said:
    """Give a command and wait for its end."""
    process = await asyncio.create_subprocess_exec(
        *BITLOOT,
        *arguments,
        env=place.environ,
        cwd=place.folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(_WITHIN_SECONDS):
            out, err = await process.communicate()
    except TimeoutError:
        process.kill()
        raise AssertionError(f"bitloot {' '.join(arguments)} does not end") from None
    return Said(code=process.returncode or 0, out=out.decode(), err=err.decode())
