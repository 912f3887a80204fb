"""The proxies of docs/deploy as child processes, with their own files: only addresses and certificates are replaced."""

from __future__ import annotations

import asyncio
import shutil
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import attrs

from harness.certificate import throw_away_tls
from harness.ports import HOST, kept_port
from harness.waiting import eventually

DEPLOY = Path(__file__).parents[3] / "docs" / "deploy"
_END_SECONDS = 10


@attrs.frozen(kw_only=True)
class Proxy:
    """
    A proxy that runs.

    Attributes:
        port: where it speaks TLS.
        trusting: a client's side of it.
        folder: everything that it writes.
    """

    port: int
    trusting: ssl.SSLContext
    folder: Path

    @property
    def url(self) -> str:
        """What a buyer types."""
        return f"https://{HOST}:{self.port}"

    def written(self) -> str:
        """All that it has written, logs above all."""
        files = (path for path in self.folder.rglob("*") if path.is_file())
        return "\n".join(path.read_bytes().decode(errors="replace") for path in files)


def replaced(text: str, changes: Mapping[str, str]) -> str:
    """A text with some places replaced, each of which is there."""
    for old, new in changes.items():
        assert old in text, f"nothing says {old!r} there"
        text = text.replace(old, new)
    return text


@asynccontextmanager
async def open_nginx(folder: Path, shop_port: int) -> AsyncIterator[Proxy]:
    """nginx, with the file that its administrator would have put into sites-available."""
    with kept_port() as port, kept_port() as plain:
        tls = throw_away_tls(folder)
        logs = folder / "logs"
        logs.mkdir()
        site = replaced(
            (DEPLOY / "nginx.conf").read_text(encoding="utf-8"),
            {
                "127.0.0.1:8080": f"{HOST}:{shop_port}",
                "listen 80;": f"listen {HOST}:{plain};",
                "listen 443 ssl": f"listen {HOST}:{port} ssl",
                "/etc/letsencrypt/live/shop.example/fullchain.pem": str(folder / "certificate.pem"),
                "/etc/letsencrypt/live/shop.example/privkey.pem": str(folder / "certificate.pem"),
            },
        )
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        paths = "".join(f"{kind}_temp_path {folder / kind};\n" for kind in kinds)
        (folder / "nginx.conf").write_text(
            f"daemon off; pid {folder / 'pid'}; error_log {logs / 'error.log'} info; events {{}}\n"
            f"http {{ access_log {logs / 'access.log'};\n{paths}\n{site}\n}}\n",
            encoding="utf-8",
        )
        program = ("nginx", "-p", str(folder), "-e", str(logs / "early.log"), "-c", str(folder / "nginx.conf"))
        async with _running(program, logs, {}, port):
            yield Proxy(port=port, trusting=tls.trusting, folder=logs)


@asynccontextmanager
async def open_caddy(folder: Path, shop_port: int) -> AsyncIterator[Proxy]:
    """Caddy, with the file that its administrator would have put into /etc/caddy."""
    with kept_port() as port:
        tls = throw_away_tls(folder)
        logs = folder / "logs"
        logs.mkdir()
        pem = folder / "certificate.pem"
        text = replaced(
            (DEPLOY / "Caddyfile").read_text(encoding="utf-8"),
            {
                "{$SHOP_HOST:shop.example} {": f"{{$SHOP_HOST:shop.example}} {{\n\ttls {pem} {pem}",
                "\tservers {": "\tadmin off\n\tauto_https disable_redirects\n\tservers {",
            },
        )
        (folder / "Caddyfile").write_text(text, encoding="utf-8")
        told = {"SHOP_HOST": f"https://{HOST}:{port}", "SHOP_UPSTREAM": f"{HOST}:{shop_port}"}
        homes = {"HOME": str(folder), "XDG_DATA_HOME": str(folder / "data"), "XDG_CONFIG_HOME": str(folder / "config")}
        program = ("caddy", "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile")
        async with _running(program, logs, told | homes, port):
            yield Proxy(port=port, trusting=tls.trusting, folder=logs)


def is_installed(name: str) -> bool:
    """Whether there is such a proxy on this machine."""
    return _program(name) is not None


def _program(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")


@asynccontextmanager
async def _running(program: Sequence[str], logs: Path, environ: Mapping[str, str], port: int) -> AsyncIterator[None]:
    with (logs / "said.log").open("ab") as said:
        process = await asyncio.create_subprocess_exec(
            _program(program[0]) or program[0],
            *program[1:],
            env=environ,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )
        try:
            await eventually(lambda: _listens(process, port, logs), f"{program[0]} listens")
            yield
        finally:
            if process.returncode is None:
                process.terminate()
            async with asyncio.timeout(_END_SECONDS):
                await process.wait()


async def _listens(process: asyncio.subprocess.Process, port: int, logs: Path) -> bool:
    if process.returncode is not None:
        raise AssertionError(f"it ended: {(logs / 'said.log').read_text(errors='replace')[-2000:]}")
    try:
        _, writer = await asyncio.open_connection(HOST, port)
    except OSError:
        return False
    writer.close()
    return True
