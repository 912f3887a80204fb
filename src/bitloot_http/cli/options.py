"""
Options that several commands have.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="JSON for programs, as the admin API answers it.")]
Limit: TypeAlias = Annotated[int, typer.Option("--limit", min=1, max=100, help="Rows at most.")]
Cursor: TypeAlias = Annotated[str | None, typer.Option("--cursor", help="Where the next page starts.")]
OrderIdArgument: TypeAlias = Annotated[str, typer.Argument(metavar="ORDER", help="The order's id.")]
