"""
The command line. Heavy modules are imported by the commands that need them, so that `bitloot --help` is quick.
"""

from __future__ import annotations

import os
import sys


def main() -> None:
    """
    Run the program `bitloot` and exit: 0 done, 1 it failed or found something, 2 it was not asked properly.
    """
    from bitloot_http.cli.program import program

    code: str | int | None = 0
    try:
        try:
            program()
        except SystemExit as end:
            code = end.code
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has had enough (`bitloot orders list | head`); nothing is left to say, nor to flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    sys.exit(code)
