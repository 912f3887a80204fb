"""The bundled service: HTTP, workers, settings, composition root, command line."""

import sys

# structlog loads the whole of rich wherever it is installed (60 ms, 5 MiB), to print tracebacks with the values of
# variables: the last thing that our log shall show. So while structlog is imported, rich is not there.
if "structlog" not in sys.modules and "rich" not in sys.modules:
    sys.modules["rich"] = None  # type: ignore[assignment]  # the import system's own way to say so
    try:
        import structlog  # noqa: F401  # imported for its effect on later imports of it
    finally:
        del sys.modules["rich"]
