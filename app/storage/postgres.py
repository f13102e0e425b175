"""The embedded PostgreSQL: made on first use, started, watched and stopped with our own process.

    data_dir/cluster        PostgreSQL's own files; or cluster-is-at: a file that says where
    data_dir/postgres.log   what it says; postgres.log.1 is the part before
    data_dir/lock           held while a server uses the folder

It listens on a Unix socket in a folder that only we can enter, and never on TCP; that is why it
needs no password. Its life is tied to ours: the kernel stops it when we are killed (Linux).
"""

import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import quote

from app.storage.postgres_account import ELSEWHERE, Account, Site, cluster_of, settle
from app.storage.postgres_folder import (
    FREE_WITHIN_S,
    SUPERUSER,
    create,
    environment,
    is_ready,
    locked,
    major_of,
    wait_until_free,
)
from app.storage.postgres_programs import PostgresUnavailable, find_programs

__all__ = ["EmbeddedPostgres", "PostgresUnavailable"]

START_WITHIN_S: Final = 600.0  # the recovery of a large database after a crash takes minutes
STOP_WITHIN_S: Final = 60.0
PROGRESS_EVERY_S: Final = 5.0
POLL_EVERY_S: Final = 0.01
LOG_BYTES_MAX: Final = 5_000_000
LOG_LOOK_EVERY_S: Final = 60.0
SOCKET_PATH_BYTES_MAX: Final = 107

_SOCKET: Final = ".s.PGSQL.5432"
_STILL_IN_USE: Final = b"pre-existing shared memory block"
_SETTINGS: Final = {
    "listen_addresses": "",
    "port": "5432",  # only part of the socket's name
    "unix_socket_permissions": "0700",
    "logging_collector": "off",
    "log_destination": "stderr",
    "log_line_prefix": "%m [%p] ",
    "log_timezone": "UTC",
    "timezone": "UTC",
    # A refused row's values and a failed statement's text may name a resident: keep them out.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Server:
    """A running PostgreSQL, and the word that it has ended."""

    process: subprocess.Popen[bytes]
    ended: threading.Event


class EmbeddedPostgres:
    """One PostgreSQL server on one data folder, alive at most as long as this process.

    `start` and `stop` block and are not meant for several threads at once. After the server has
    died by itself (`is_running` is false), `start` may be called again.
    """

    def __init__(
        self, data_dir: Path, *, on_progress: Callable[[str], None] = lambda _: None
    ) -> None:
        self._data_dir = data_dir.absolute()
        self._on_progress = on_progress
        self._url = ""
        self._lock: int | None = None
        self._server: _Server | None = None
        self._socket_dir: Path | None = None

    @property
    def is_running(self) -> bool:
        """Whether the server has been started and has not ended since."""
        return self._server is not None and not self._server.ended.is_set()

    def start(self) -> str:
        """Make the database if there is none, start the server, and return its URL.

        The URL is `postgresql://postgres@/postgres?host=/socket/folder&port=5432`. asyncpg takes
        it as it is: `asyncpg.connect(url)`; SQLAlchemy with the driver named:
        `url.replace("postgresql:", "postgresql+asyncpg:", 1)`. Safe to repeat while it runs.

        Raises:
            PostgresUnavailable: It cannot be started; nothing is left running.
        """
        if self.is_running:
            return self._url
        self._release()
        try:
            return self._start()
        except OSError as error:
            self.stop()
            raise PostgresUnavailable(
                f"PostgreSQL cannot be started in {self._data_dir}: {error}"
            ) from error
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the server: sessions are broken off, all is written. Safe to repeat.

        It is asked three times, less and less politely; what was committed is safe in each case.
        """
        if self._server is not None:
            for request in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
                self._server.process.send_signal(request)
                if self._server.ended.wait(STOP_WITHIN_S):
                    break
        self._release()

    def terminate_hard(self) -> None:
        """Kill the server as a power cut would, for tests; `start` then recovers."""
        if self._server is not None:
            self._server.process.kill()
            self._server.ended.wait(STOP_WITHIN_S)
        self._release()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _start(self) -> str:
        self._data_dir.mkdir(mode=0o711, parents=True, exist_ok=True)
        self._lock = locked(self._data_dir)
        cluster = cluster_of(self._data_dir)
        site = settle(find_programs(major_of(cluster)), self._data_dir)
        if not (site.cluster / "PG_VERSION").exists():
            self._on_progress("Making the database.")
            create(site)
        if site.cluster.parent != self._data_dir:
            pointer = self._data_dir / ELSEWHERE
            pointer.write_text(f"{site.cluster}\n", encoding="utf-8")
            self._on_progress(f"The database is kept in {site.cluster}.")
        wait_until_free(site.cluster)
        self._socket_dir = _socket_dir(self._data_dir, site.account)
        self._run(site, self._socket_dir)
        host = quote(str(self._socket_dir))
        self._url = f"postgresql://{SUPERUSER}@/postgres?host={host}&port=5432"
        return self._url

    def _run(self, site: Site, socket_dir: Path) -> None:
        """Start until it answers; the sessions of a killed server may need a moment to end."""
        log = self._data_dir / "postgres.log"
        settings = _SETTINGS | {"unix_socket_directories": str(socket_dir)}
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        postgres = site.programs.folder / "postgres"
        command = site.account.command(postgres, "-D", site.cluster, *words)
        give_up_at = time.monotonic() + FREE_WITHIN_S
        while True:
            _trim(log)
            log_bytes = log.stat().st_size if log.exists() else 0
            self._server = _spawn(command, log)
            if self._becomes_ready(self._server, site.cluster):
                return
            said = _tail(log, log_bytes)
            if _STILL_IN_USE not in said or time.monotonic() > give_up_at:
                raise PostgresUnavailable(_ended_early(log, said))
            time.sleep(0.1)

    def _becomes_ready(self, server: _Server, cluster: Path) -> bool:
        """Wait until it answers; false when it ended instead."""
        began = time.monotonic()
        next_word_at = began + PROGRESS_EVERY_S
        while not server.ended.wait(POLL_EVERY_S):
            if is_ready(cluster, server.process.pid):
                return True
            now = time.monotonic()
            if now > began + START_WITHIN_S:
                raise PostgresUnavailable(
                    f"PostgreSQL was not ready after {START_WITHIN_S:.0f} s. Its log, "
                    f"{self._data_dir / 'postgres.log'}, says how far it is; start again to go on."
                )
            if now > next_word_at:
                next_word_at = now + PROGRESS_EVERY_S
                self._on_progress(
                    f"PostgreSQL is starting; after a crash it first repairs itself "
                    f"({now - began:.0f} s so far)."
                )
        return False

    def _release(self) -> None:
        self._server = None
        if self._socket_dir is not None:
            shutil.rmtree(self._socket_dir, ignore_errors=True)
            self._socket_dir = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _socket_dir(data_dir: Path, account: Account) -> Path:
    """Return an empty folder with a short path that only we and the account can enter.

    The same data has the same folder each time, so that what a killed server left is swept away.
    """
    name = f"ydt-{hashlib.sha256(os.fsencode(data_dir.resolve())).hexdigest()[:12]}"
    private = (os.environ.get("XDG_RUNTIME_DIR"), tempfile.gettempdir())  # another account may not
    for place in (*(private if account.uid == os.geteuid() else ()), "/tmp"):  # noqa: S108
        if place is None or len(os.fsencode(f"{place}/{name}/{_SOCKET}")) > SOCKET_PATH_BYTES_MAX:
            continue
        folder = _new_folder(Path(place), name)
        if folder is not None:
            account.own(folder)
            return folder
    raise PostgresUnavailable(
        "PostgreSQL needs a folder with a short path for its socket, and none could be made in "
        f"{tempfile.gettempdir()}. Set TMPDIR to a short folder that you can write to."
    )


def _new_folder(place: Path, name: str) -> Path | None:
    shutil.rmtree(place / name, ignore_errors=True)
    try:
        (place / name).mkdir(mode=0o700)
    except FileExistsError:  # somebody else's: take a name that nobody could foresee
        return Path(tempfile.mkdtemp(prefix="ydt-", dir=place))
    except OSError:
        return None
    return place / name


def _spawn(command: list[str], log: Path) -> _Server:
    """Start the server from a thread that lives as long as it does.

    The kernel's promise to stop the server at our death holds for the thread that started it, not
    for the process, and a pool's thread may end earlier.
    """
    spawned: Future[subprocess.Popen[bytes]] = Future()
    ended = threading.Event()

    def keep() -> None:
        try:
            process = _process(command, log)
        except BaseException as error:  # noqa: BLE001 - it is raised in the waiting thread
            spawned.set_exception(error)
            return
        spawned.set_result(process)
        process.wait()
        ended.set()

    def tidy() -> None:
        while not ended.wait(LOG_LOOK_EVERY_S):
            _trim(log)

    threading.Thread(target=keep, name="postgres-keeper", daemon=True).start()
    server = _Server(process=spawned.result(), ended=ended)
    threading.Thread(target=tidy, name="postgres-log", daemon=True).start()
    return server


def _process(command: list[str], log: Path) -> subprocess.Popen[bytes]:
    """Start the command in a session of its own.

    Ctrl-C in a terminal then reaches us alone, and the database outlives our last writes.
    """
    to_log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        return subprocess.Popen(  # noqa: S603 - our own words
            command,
            stdin=subprocess.DEVNULL,
            stdout=to_log,
            stderr=to_log,
            env=environment(),
            cwd="/",
            start_new_session=True,
        )
    finally:
        os.close(to_log)


def _trim(log: Path) -> None:
    """Keep the last part of a log that has grown too long, as postgres.log.1.

    The server goes on writing to the same file, so it is copied and emptied.
    """
    try:
        if log.stat().st_size > LOG_BYTES_MAX:
            shutil.copyfile(log, log.with_name(f"{log.name}.1"))
            os.truncate(log, 0)
    except OSError:
        return  # a full disk, or no log yet: the next look may do better


def _tail(log: Path, since_bytes: int) -> bytes:
    with log.open("rb") as file:
        file.seek(since_bytes)
        return file.read()[-4000:]


def _ended_early(log: Path, said: bytes) -> str:
    return f"PostgreSQL ended as soon as it was started. Its log is {log}; it says:\n{_text(said)}"


def _text(said: bytes) -> str:
    return said.decode("utf-8", "replace").strip() or "(nothing)"
