"""What a benchmark runs on: one PostgreSQL, databases in it, servers, and which core has whom.

The server under test has core 0 for itself. The load and PostgreSQL share core 1, so that neither
takes from the server what is measured.
"""

import os
import platform
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final, cast

import asyncpg  # pyright: ignore[reportMissingTypeStubs] - it ships none

from app.storage.postgres import EmbeddedPostgres
from app.storage.raw import RawConnection
from simulator.server import (
    ADDRESS,
    ROOT,
    ServerFailed,
    ServerOptions,
    ServerProcess,
    tail,
)

SERVER_CORE: Final = 0
LOAD_CORE: Final = 1
UP_WITHIN_S: Final = 60.0
POLL_EVERY_S: Final = 0.05
PORTS: Final = range(20_000, 30_000)


class Stage:
    """A folder with one PostgreSQL in it, in use as long as `staged` is open."""

    def __init__(self, folder: Path, server_url: str) -> None:
        self.folder = folder
        self._server_url = server_url

    def url(self, database: str) -> str:
        """Return the URL of a database."""
        return self._server_url.replace("/postgres?", f"/{database}?", 1)

    async def make(self, database: str, *, like: str = "template1") -> str:
        """Make a database, a copy of one that nobody uses at the moment; return its URL."""
        await self._say(f"CREATE DATABASE {database} TEMPLATE {like}")
        return self.url(database)

    async def drop(self, database: str) -> None:
        """Remove a database."""
        await self._say(f"DROP DATABASE {database} WITH (FORCE)")

    async def count(self, database: str, query: str, *arguments: object) -> int:
        """Return the one number that a query gives."""
        async with _connected(self.url(database)) as connection:
            return int(await connection.fetchval(query, *arguments) or 0)

    async def database_version(self) -> str:
        """Return which PostgreSQL it is."""
        async with _connected(self._server_url) as connection:
            return str(await connection.fetchval("SHOW server_version"))

    async def _say(self, statement: str) -> None:
        async with _connected(self._server_url) as connection:
            await connection.execute(statement)

    def options(self, database: str) -> ServerOptions:
        """Return how a server of ours is started on a database, on a free port."""
        return ServerOptions(
            data_dir=self.folder / database, port=_port(), database_url=self.url(database)
        )

    @asynccontextmanager
    async def serving(self, database: str) -> AsyncGenerator[ServerProcess]:
        """Run a server of ours on core 0 as long as the block."""
        server = ServerProcess(self.options(database))
        try:
            server.start()
            pin(server.pid, SERVER_CORE)
            await server.wait_ready()
            yield server
        finally:
            server.stop()

    @contextmanager
    def reference(self, module: str, *words: str) -> Generator[int]:
        """Run a reference on core 0 as long as the block; give its port."""
        port, log = _port(), self.folder / f"{module}.log"
        command = [sys.executable, "-m", f"simulator.bench.{module}", str(port), *words]
        with log.open("ab") as output:
            process = subprocess.Popen(  # noqa: S603 - our own words
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=ROOT,
                start_new_session=True,
            )
        try:
            pin(process.pid, SERVER_CORE)
            _await_port(process, port, log)
            yield port
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@asynccontextmanager
async def _connected(url: str) -> AsyncGenerator[RawConnection]:
    connect = cast("Callable[[str], Awaitable[Any]]", asyncpg.connect)  # it ships no types
    connection = await connect(url)
    try:
        yield cast("RawConnection", connection)
    finally:
        await connection.close()


def _port() -> int:
    """Return a free port outside the range from which the kernel gives ports to clients."""
    while True:
        port = PORTS[secrets.randbelow(len(PORTS))]
        with socket.socket() as probe:
            try:
                probe.bind((ADDRESS, port))
            except OSError:
                continue
            return port


@contextmanager
def staged(folder: Path) -> Generator[Stage]:
    """Give a stage; this process, and the PostgreSQL that it starts, are on core 1."""
    pin(os.getpid(), LOAD_CORE)  # before PostgreSQL starts: it inherits the core
    server = EmbeddedPostgres(folder / "database")
    try:
        yield Stage(folder, server.start())
    finally:
        server.stop()


def bare(folder: Path) -> Stage:
    """Return a stage for what needs no database; this process is on core 1."""
    pin(os.getpid(), LOAD_CORE)
    return Stage(folder, "")


def can_pin() -> bool:
    """Tell whether there are two cores to keep apart, and a way to do it (Linux)."""
    return hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) >= 2


def pin(pid: int, core: int) -> None:
    """Keep a process on one core, if that is possible here."""
    if can_pin():
        os.sched_setaffinity(pid, {core})


def machine(database_version: str) -> Mapping[str, Any]:
    """Return what the figures were measured on."""
    return {
        "cores": os.cpu_count(),
        "processor": _processor(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "postgresql": database_version,
        "is_pinned": can_pin(),
        "load_average": [round(one, 2) for one in os.getloadavg()],
    }


def resident_bytes(pid: int) -> int:
    """Return how much memory a process holds (Linux)."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in text.splitlines() if "model name" in line]
    return names[0] if names else platform.processor()


def _await_port(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    until = time.monotonic() + UP_WITHIN_S
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection((ADDRESS, port), timeout=1.0).close()
        except OSError:
            time.sleep(POLL_EVERY_S)
        else:
            return
    raise ServerFailed(f"A reference did not start:\n{tail(log)}")
