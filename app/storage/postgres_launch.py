"""The first moments of a PostgreSQL program: which account it runs under, and whose death ends it.

Run as a script by `app.storage.postgres_account`, never imported by the server: what happens here
must happen in the child, between fork and exec, and Python code is only safe there in a program of
its own. It replaces itself with the command, so the process id stays the same.

    python -I -S postgres_launch.py ACCOUNT PARENT COMMAND…

ACCOUNT is `same`, `mapped` (root outside, an ordinary user inside a user namespace) or `UID:GID`.
PARENT is the process id whose death stops the command.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

REFUSED: Final = 97  # the exit code that says "this account is not to be had here"

_CLONE_NEWUSER: Final = 0x10000000
_PR_SET_PDEATHSIG: Final = 1
_MAPPED_ID: Final = 1000  # any id but 0 will do: PostgreSQL refuses to run as 0


def main(arguments: Sequence[str]) -> None:
    """Become the command, under the account asked for."""
    account, parent, *command = arguments
    try:
        _take(account)
    except OSError as refusal:
        sys.stderr.write(f"{refusal}\n")
        sys.exit(REFUSED)
    os.umask(0o077)
    _die_with(int(parent))
    os.execv(command[0], command)  # noqa: S606 - no shell is wanted


def _take(account: str) -> None:
    if account == "mapped":
        _map_root_to_an_ordinary_user()
    elif account != "same":
        uid, gid = (int(part) for part in account.split(":"))
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)


def _map_root_to_an_ordinary_user() -> None:
    uid, gid = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "no user namespace is allowed here")
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{_MAPPED_ID} {uid} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{_MAPPED_ID} {gid} 1", encoding="ascii")


def _die_with(parent: int) -> None:
    """Ask the kernel for a fast stop when the parent's spawning thread ends.

    Must come after the change of account, which would clear it.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("The program that wanted PostgreSQL has already ended.")


if __name__ == "__main__":
    main(sys.argv[1:])
