"""Under which account PostgreSQL runs, and where its data and programs lie for that account.

PostgreSQL refuses to run as root. An ordinary user needs nothing of what follows. Root has three
ways, tried in this order: a user namespace in which root looks like an ordinary user (no file
changes hands); the owner of the data, or `nobody`; and, where that account cannot reach the
programs or the data folder, copies of the programs and a data folder below SHARED.
"""

import hashlib
import os
import pwd
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from app.storage import postgres_launch
from app.storage.postgres_programs import PostgresUnavailable, Programs

SHARED: Final = Path("/var/lib/yidiantong")
CLUSTER: Final = "cluster"
ELSEWHERE: Final = "cluster-is-at"  # a file that holds the path, when the data is below SHARED

_CAN_REACH: Final = 'test -x "$1/postgres" && cd "$2"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Who runs PostgreSQL, in the word that postgres_launch knows it by."""

    name: str
    uid: int  # as seen from outside
    gid: int

    def command(self, *command: str | Path) -> list[str]:
        """Return the command line that runs `command` under this account, bound to our life."""
        script = postgres_launch.__file__
        start = [sys.executable, "-I", "-S", script, self.name, str(os.getpid())]
        return [*start, *(str(word) for word in command)]

    def own(self, path: Path) -> None:
        """Make the account the owner of a file or folder."""
        if os.geteuid() == 0:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def own_tree(self, folder: Path) -> None:
        """Make the account the owner of all that is there; costs nothing when it is already."""
        if folder.stat().st_uid == self.uid:
            return
        for path in folder.rglob("*"):
            self.own(path)
        self.own(folder)  # last: an interrupted hand-over is begun again

    def reach(self, programs: Path, folder: Path) -> bool | None:
        """Tell whether the account can run the programs and enter the folder; None: no account."""
        command = self.command("/bin/sh", "-c", _CAN_REACH, "sh", programs, folder)
        done = subprocess.run(command, capture_output=True, timeout=60)  # noqa: S603 - our own words
        return None if done.returncode == postgres_launch.REFUSED else done.returncode == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Who runs which programs on which data."""

    account: Account
    programs: Programs
    cluster: Path


def cluster_of(data_dir: Path) -> Path:
    """Return the folder that holds, or will hold, PostgreSQL's own files.

    Raises:
        PostgresUnavailable: The data was put elsewhere, and is not there any more.
    """
    pointer = data_dir / ELSEWHERE
    if not pointer.exists():
        return data_dir / CLUSTER
    cluster = Path(pointer.read_text(encoding="utf-8").strip())
    if cluster.is_dir():
        return cluster
    raise PostgresUnavailable(
        f"{pointer} says that the data is in {cluster}, and there is no such folder. "
        f"Bring it back, or, to begin with an empty database, delete {pointer}."
    )


def settle(programs: Programs, data_dir: Path) -> Site:
    """Choose the account, and bring the programs and the data where it can reach them.

    Raises:
        PostgresUnavailable: We are root, and no other account can be used.
    """
    cluster = cluster_of(data_dir)
    if os.geteuid() != 0:
        same = Account(name="same", uid=os.geteuid(), gid=os.getegid())
        return Site(account=same, programs=programs, cluster=cluster)
    held = cluster if cluster.exists() else data_dir
    allowed: list[Account] = []
    for account in _accounts_for_root(held):
        reached = account.reach(programs.folder, held.parent if held == cluster else held)
        if reached:
            return _handed_over(Site(account=account, programs=programs, cluster=cluster))
        if reached is not None:
            allowed.append(account)
    for account in allowed:
        site = _brought_within_reach(account, programs, cluster)
        if site is not None:
            return _handed_over(site)
    raise PostgresUnavailable(
        "PostgreSQL does not run as root, and no other account can be used here: no user namespace "
        f"is allowed, and `nobody` cannot reach {data_dir}. Run the server as an ordinary user, or "
        "choose a --data-dir that other users can enter, or give --database-url."
    )


def _accounts_for_root(held: Path) -> Iterator[Account]:
    owner = held.stat()
    if owner.st_uid != 0:
        name = f"{owner.st_uid}:{owner.st_gid}"
        yield Account(name=name, uid=owner.st_uid, gid=owner.st_gid)
        return
    if sys.platform == "linux":
        yield Account(name="mapped", uid=0, gid=0)
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        return
    name = f"{nobody.pw_uid}:{nobody.pw_gid}"
    yield Account(name=name, uid=nobody.pw_uid, gid=nobody.pw_gid)


def _brought_within_reach(account: Account, programs: Programs, cluster: Path) -> Site | None:
    """Return a site of copies below SHARED, or None when that does not help either.

    Data that exists is never moved: that is for a person to decide.
    """
    data_dir = cluster.parent
    _open_folder(SHARED)
    if not account.reach(programs.folder, Path("/")):
        if not programs.parts:
            return None
        programs = programs.copied_below(SHARED)
    site = Site(account=account, programs=programs, cluster=cluster)
    if account.reach(programs.folder, data_dir):
        return site
    if cluster.exists():
        return None
    name = hashlib.sha256(str(data_dir.resolve()).encode()).hexdigest()[:12]
    home = SHARED / name
    _open_folder(home)
    if not account.reach(programs.folder, home):
        return None
    return replace(site, cluster=home / CLUSTER)


def _open_folder(folder: Path) -> None:
    """Make a folder that others may pass through, but not list."""
    try:
        folder.mkdir(mode=0o711, parents=True, exist_ok=True)
        folder.chmod(0o711)
    except OSError as error:
        raise PostgresUnavailable(
            f"PostgreSQL does not run as root, and the folder {folder}, where another account "
            f"could reach its data, cannot be made: {error}. Run the server as an ordinary user, "
            "or choose a --data-dir that other users can enter, or give --database-url."
        ) from error


def _handed_over(site: Site) -> Site:
    if site.cluster.exists():
        site.account.own_tree(site.cluster)
    return site
