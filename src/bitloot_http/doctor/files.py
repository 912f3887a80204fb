"""
What lies on our own disks: how much room there is, and who may read it.
"""

from __future__ import annotations

import shutil
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from bitloot_http.doctor.diagnosis import Diagnosis, failed, ok, warning
from bitloot_http.settings import Settings

_ALMOST_FULL_BYTES = 1 << 30
_FULL_BYTES = 100 << 20
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_SQLITE = "sqlite:///"


def database_file(settings: Settings) -> Path | None:
    """The file of the database; None if it is on a server."""
    url = settings.database_url.reveal()
    return Path(url.removeprefix(_SQLITE)) if url.startswith(_SQLITE) else None


def file_checks(settings: Settings, *, dotenv: Path) -> Iterator[Diagnosis]:
    """
    Look at every file and folder of ours.

    Args:
        dotenv: the file with the settings; it need not be there.
    """
    places = _places(settings)
    for name, path in {"settings": dotenv, **places}.items():
        if path.exists() and path.stat().st_mode & _OTHERS:
            text = f"{path.absolute()} can be read by others on this machine."
            yield warning(f"permissions of the {name}", text, f"chmod go= {path.absolute()}")
    seen: set[int] = set()
    for name, path in places.items():
        folder = _nearest(path)
        if folder.stat().st_dev not in seen:
            seen.add(folder.stat().st_dev)
            yield _room_in(f"disk of the {name}", folder)


def _places(settings: Settings) -> Mapping[str, Path]:
    """Where we write on this machine."""
    places = {
        "keys": settings.vault_dir if settings.r2 is None else None,
        "database": database_file(settings),
        "mails": settings.mail_dir if settings.smtp_url is None else None,
    }
    return {name: path for name, path in places.items() if path is not None}


def _room_in(what: str, folder: Path) -> Diagnosis:
    free = shutil.disk_usage(folder).free
    text = f"{folder}: {free / 2**30:.1f} GiB free."
    if free < _FULL_BYTES:
        return failed(what, text, "Make room: webhooks are turned away when it is full.")
    if free < _ALMOST_FULL_BYTES:
        return warning(what, text, "Make room before it is full.")
    return ok(what, text)


def _nearest(place: Path) -> Path:
    """The folder itself, or the nearest one above it that is there."""
    absolute = place.absolute()
    return next(one for one in (absolute, *absolute.parents) if one.is_dir())
