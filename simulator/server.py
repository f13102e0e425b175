"""A real server in a process of its own: started, awaited, stopped, and killed without warning."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import SystemRandom
from typing import IO, Final

import httpx

import simulator
from simulator.players.clock import rfc3339

ROOT: Final = Path(simulator.__file__).resolve().parent.parent
READY_WITHIN_S: Final = 120.0  # the first start makes a database
STOP_WITHIN_S: Final = 20.0
POLL_EVERY_S: Final = 0.05
TAIL_LINES: Final = 12
PORTS: Final = (20_000, 32_000)  # below those that systems give to outgoing connections
ADDRESS: Final = "127.0.0.1"
YDT: Final = (sys.executable, "-c", "from app.cli import main; main()")  # no path to look for


class ServerFailed(Exception):
    """The server did not start, or ended by itself; the message holds the end of its log."""


class PortTaken(Exception):
    """Something else listens on the port."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions:
    """How a server is started."""

    data_dir: Path
    port: int
    database_url: str = ""  # empty: the embedded one, in the data folder
    demo: bool = False
    metrics: str = ""  # address of the figures, or "off"; empty leaves it to the server
    base_map: Path | None = None
    roads: Path | None = None  # streets for travel times
    bytecode: Path | None = None  # where compiled modules are kept, for servers started often
    clock_start: datetime | None = None
    clock_speed: float = 1.0

    def words(self) -> list[str]:
        """Return the command line."""
        words = ["serve", "--data-dir", str(self.data_dir), "--port", str(self.port)]
        if self.demo:
            words.append("--demo")
        if self.clock_start is not None:
            words += ["--clock-start", rfc3339(self.clock_start)]
            words += ["--clock-speed", str(self.clock_speed)]
        return words

    def environment(self) -> dict[str, str]:
        """Return the environment: ours without its settings, and what the words do not say."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("YDT_")}
        kept.pop("DATABASE_URL", None)
        if self.database_url:
            kept["DATABASE_URL"] = self.database_url
        if self.metrics:
            kept["YDT_DOOR_METRICS"] = self.metrics
        if self.base_map is not None:
            kept["YDT_BASE_MAP"] = str(self.base_map)
        if self.roads is not None:
            kept["YDT_ROADS"] = str(self.roads)
        if self.bytecode is not None:
            kept.pop("PYTHONDONTWRITEBYTECODE", None)
            kept["PYTHONPYCACHEPREFIX"] = str(self.bytecode)
        return kept


class ServerProcess:
    """One server. Its words go to `server.log` in the data folder."""

    def __init__(self, options: ServerOptions) -> None:
        self.options = options
        self.url = f"http://{ADDRESS}:{options.port}"
        self.log = options.data_dir / "server.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Return the id of the process that was started last."""
        if self._process is None:
            raise ServerFailed("The server was never started.")
        return self._process.pid

    def start(self) -> None:
        """Start the process; it is not ready yet.

        It is in a session of its own, so that Ctrl-C reaches the simulator alone, which then
        stops the server in order.
        """
        self.options.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self.log.open("ab") as log:
            self._process = _spawn(self.options, log)

    async def wait_ready(self, within_s: float = READY_WITHIN_S) -> None:
        """Return when the server can put a press on record.

        Raises:
            ServerFailed: it ended, or was not ready in time.
        """
        until = time.monotonic() + within_s
        async with httpx.AsyncClient(base_url=self.url, timeout=2.0, trust_env=False) as client:
            while time.monotonic() < until:
                if not self.is_running:
                    raise ServerFailed(f"The server ended as it started:\n{tail(self.log)}")
                try:
                    if (await client.get("/readyz")).is_success:
                        return
                except httpx.TransportError:
                    pass
                await asyncio.sleep(POLL_EVERY_S)
        raise ServerFailed(f"The server was not ready after {within_s:.0f} s:\n{tail(self.log)}")

    def stop(self, within_s: float = STOP_WITHIN_S) -> bool:
        """Ask the server to stop, and kill it when it does not; False when it was killed."""
        if self._process is None or self._process.poll() is not None:
            return True
        self._process.terminate()
        try:
            self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            self.kill()
            return False
        return True

    def kill(self) -> None:
        """Kill the server as a fault would: it can do nothing more."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def kill_tree(self) -> None:
        """Kill the server and its embedded database at once, as a power cut would."""
        if self._process is None:
            return
        for pid in [*descendants(self._process.pid), self._process.pid]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self._process.wait()


@asynccontextmanager
async def running(server: ServerProcess) -> AsyncGenerator[None]:
    """Start a server and wait until it is ready; stop it at the end in any case."""
    try:
        server.start()
        await server.wait_ready()
        yield
    finally:
        await asyncio.shield(asyncio.to_thread(server.stop))


def _spawn(options: ServerOptions, log: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own words
        [*YDT, *options.words()],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        env=options.environment(),
        cwd=ROOT,
        start_new_session=True,
    )


def add_administrator(options: ServerOptions, login: str, password: str) -> None:
    """Make the first administrator, while the server is down. Safe to repeat.

    Raises:
        ServerFailed: the command line refused.
    """
    command = [*YDT, "user", "add", login]
    command += ["--role", "administrator", "--name", "Administrator", "--area", "*"]
    command += ["--password-stdin", "--data-dir", str(options.data_dir)]
    done = subprocess.run(  # noqa: S603 - our own words
        command,
        input=f"{password}\n",
        capture_output=True,
        text=True,
        env=options.environment(),
        cwd=ROOT,
        timeout=READY_WITHIN_S,
        check=False,
    )
    if done.returncode != 0 and "already an account" not in done.stderr:
        raise ServerFailed(f"The administrator could not be made:\n{done.stderr.strip()}")


def require_free(port: int) -> None:
    """Return if nothing listens on the port.

    Raises:
        PortTaken: something does.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, port))
        except OSError as error:
            raise PortTaken(
                f"Port {port} is taken. Stop what uses it, or choose another with --port."
            ) from error


def free_port() -> int:
    """Return a port that nothing listens on, and that no outgoing connection will take.

    A server that is killed and started again on it must find it free each time.
    """
    chance = SystemRandom()
    while True:
        port = chance.randrange(*PORTS)
        if is_free(port):
            return port


def is_free(port: int) -> bool:
    """Tell whether nothing listens on a port."""
    try:
        require_free(port)
    except PortTaken:
        return False
    return True


def tail(log: Path) -> str:
    """Return the last lines of a log."""
    if not log.exists():
        return "(no log)"
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(lines[-TAIL_LINES:])


def descendants(pid: int) -> list[int]:
    """Return the ids of a process's children and theirs, the nearest first (Linux)."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [int(word) for word in task.read_text(encoding="ascii").split()]
        except OSError:
            continue
    return [one for child in found for one in (child, *descendants(child))]
