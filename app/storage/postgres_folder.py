"""PostgreSQL's data folder: whose it is, which version made it, and whether it is still in use."""

import fcntl
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Final

from app.storage.postgres_account import CLUSTER, Site
from app.storage.postgres_programs import PostgresUnavailable

SUPERUSER: Final = "postgres"
CREATE_WITHIN_S: Final = 600.0
FREE_WITHIN_S: Final = 30.0  # how long a PostgreSQL whose server was killed may take to end

_POLL_EVERY_S: Final = 0.01


def locked(data_dir: Path) -> int:
    """Return the open lock file; the lock ends with it, and with our process."""
    lock = os.open(data_dir / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder = os.read(lock, 20).decode("ascii", "replace").strip() or "unknown"
        os.close(lock)
        raise PostgresUnavailable(
            f"Another server (process {holder}) already uses {data_dir}. Stop it, or choose "
            "another --data-dir."
        ) from error
    os.truncate(lock, 0)
    os.write(lock, f"{os.getpid()}\n".encode("ascii"))
    return lock


def major_of(cluster: Path) -> int | None:
    """Return the version that the data needs, or None when there is no data yet."""
    file = cluster / "PG_VERSION"
    written = file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""
    major = written.strip().partition(".")[0]
    if major.isdecimal():
        return int(major)
    if cluster.exists() and any(cluster.iterdir()):
        raise PostgresUnavailable(
            f"{cluster} holds files, but no good PG_VERSION: it is no PostgreSQL data folder, or a "
            "damaged one. Restore it from a backup, or move it away to begin with an empty one."
        )
    return None


def create(site: Site) -> None:
    """Make an empty database aside and rename it when it is whole, so that no half is ever used."""
    half = site.cluster.with_name(f"{CLUSTER}.new")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(mode=0o700)
    site.account.own(half)
    command = site.account.command(
        *(site.programs.folder / "initdb", "-D", half, "--username", SUPERUSER, "--data-checksums"),
        *("--encoding=UTF8", "--locale=C.UTF-8"),  # plain C would find no Chinese words
        "--auth=trust",  # safe only because nobody else can enter the socket's folder
    )
    done = subprocess.run(  # noqa: S603 - our own words
        command, capture_output=True, env=environment(), cwd="/", timeout=CREATE_WITHIN_S
    )
    if done.returncode != 0:
        raise PostgresUnavailable(
            f"PostgreSQL could not make its database in {half}:\n"
            f"{done.stderr.decode('utf-8', 'replace').strip()}"
        )
    half.rename(site.cluster)
    folder = os.open(site.cluster.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def wait_until_free(cluster: Path) -> None:
    """Wait for the end of a PostgreSQL whose server was killed; clear what a dead one left behind.

    PostgreSQL itself takes a zombie, or another program that now has its old number, for a living
    server, and would never start again. A living one's file is never removed.
    """
    file = cluster / "postmaster.pid"
    give_up_at = time.monotonic() + FREE_WITHIN_S
    while (pid := _recorded(file)) is not None and Path("/proc/self/stat").exists():
        if not _lives(pid, cluster):
            file.unlink(missing_ok=True)
        elif time.monotonic() > give_up_at:
            raise PostgresUnavailable(
                f"A PostgreSQL (process {pid}) is still at work on {cluster}, though its server is "
                f"gone or was another one. Stop it by `kill -INT {pid}`, then start again."
            )
        else:
            time.sleep(_POLL_EVERY_S)


def is_ready(cluster: Path, pid: int) -> bool:
    """Tell whether the server `pid` says that it answers: on line 8 of its pid file."""
    lines = _lines(cluster / "postmaster.pid")
    return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"


def environment() -> dict[str, str]:
    """Return an environment in which nobody's PGDATA, PGPORT or language changes anything."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}


def _recorded(file: Path) -> int | None:
    """Return the number in the pid file; 0, which no process has, when it is damaged."""
    if not file.exists():
        return None
    written = "".join(_lines(file)[:1]).strip()
    return int(written) if written.isdecimal() else 0


def _lives(pid: int, cluster: Path) -> bool:
    """Tell whether process `pid` is a PostgreSQL at work in this cluster."""
    process = Path("/proc") / str(pid)
    try:
        name, _, rest = (process / "stat").read_text(encoding="utf-8").rpartition(")")
    except OSError:
        return False
    if rest.split()[0] in "ZX" or not name.endswith("(postgres"):
        return False
    try:
        return (process / "cwd").samefile(cluster)
    except PermissionError:
        return True  # another account's PostgreSQL: believe it
    except OSError:
        return False


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return []
