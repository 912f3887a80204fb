"""What whoever watches the service sees."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from bitloot_http.shapes import shape


@attrs.frozen(kw_only=True)
class LiveView:
    """The process answers."""

    status: str = attrs.field(default="live", metadata=shape("`live`."))


@attrs.frozen(kw_only=True)
class ReadyView:
    """Whether everything is there that work needs."""

    status: str = attrs.field(metadata=shape("`ready` or `not-ready`."))
    checks: Mapping[str, str] = attrs.field(metadata=shape("Each thing that was looked at: `ok`, or what is wrong."))
