"""Installs what a lock names into .venv, and the project itself; instant when nothing changed.

Called by setup.sh with `run` (what the service needs) or `dev` (and what its checks need). Packages
come from wherever pip is configured to look; that is passed on to uv in the environment and is
never written down. Needs nothing but the standard library.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
BIN: Final = ROOT / ".venv" / "bin"
PYTHON: Final = BIN / "python"
STAMP: Final = ROOT / ".venv" / "setup.json"
INSTALLER: Final = ROOT / "requirements-uv.lock"
LOCKS: Final = {"run": ROOT / "requirements.lock", "dev": ROOT / "requirements-dev.lock"}

# pip's option, uv's variable for it, and what uv puts between several values.
UV_NAMES: Final = (
    ("index-url", "UV_DEFAULT_INDEX", " "),
    ("extra-index-url", "UV_INDEX", " "),
    ("find-links", "UV_FIND_LINKS", ","),
    ("trusted-host", "UV_INSECURE_HOST", " "),
    ("cert", "SSL_CERT_FILE", " "),
    ("proxy", "ALL_PROXY", " "),
)


def main(wanted: str) -> None:
    """Bring .venv to the state that the locks describe."""
    done = _read_stamp()
    has_tools = done.get("kind") == "dev" or (BIN / "pytest").exists()
    kind = "dev" if has_tools else wanted  # a demo never takes the tools away again
    stamp = {"kind": kind, "digest": _digest(LOCKS[kind]), "place": str(ROOT)}
    if done == stamp and (BIN / "ydt").exists():
        return
    began = time.monotonic()
    _write_stamp(stamp | {"digest": "unfinished"})
    if done and done.get("place") != stamp["place"]:
        _say("The folder has moved, so .venv is made anew.")
        if (ROOT / ".venv").is_symlink():  # --clear would empty the folder it leads to
            (ROOT / ".venv").unlink()
        _run([sys.executable, "-m", "venv", "--clear", ROOT / ".venv"])
    _say("Fetching the installer.")
    _run([*_pip(), "install", "--quiet", "--require-hashes", "-r", INSTALLER])
    _install(LOCKS[kind])
    _write_stamp(stamp)
    _say(f"Ready after {time.monotonic() - began:.0f} s.")


def _install(lock: Path) -> None:
    """Install the lock and the project: by uv, which is fast, or else by pip, which is patient."""
    count = len(re.findall(r"^\S+==", lock.read_text(encoding="utf-8"), re.MULTILINE))
    uv = [BIN / "uv", "pip"]
    project = ["--no-deps", "--no-build-isolation", "-e", "."]
    _say(f"Installing {count} locked packages from {lock.name}.")
    try:
        environment = _uv_environment()
        quiet = [] if sys.stderr.isatty() else ["--quiet"]  # a person sees bars, a log stays short
        _run([*uv, "sync", *quiet, "--require-hashes", lock, INSTALLER], environment)
        _run([*uv, "install", "--quiet", *project], environment)
    except (OSError, subprocess.CalledProcessError):
        _say("uv could not do it; trying again with pip, which takes longer.")
        _run([*_pip(), "install", "--quiet", "--require-hashes", "-r", lock])
        _run([*_pip(), "install", "--quiet", *project])


def _uv_environment() -> Mapping[str, str]:
    """Return our environment with pip's configuration in uv's words; uv's own settings win."""
    options = _pip_options()
    environment = {
        "UV_PYTHON_DOWNLOADS": "never",
        # Look for each package in every index, as pip does; the hashes make that safe.
        "UV_INDEX_STRATEGY": "unsafe-best-match",
    }
    for option, name, between in UV_NAMES:
        if options.get(option):
            environment[name] = between.join(options[option].split())
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home())
    if not os.access(cache, os.W_OK):
        environment["UV_NO_CACHE"] = "1"
    return environment | os.environ | {"VIRTUAL_ENV": str(ROOT / ".venv")}


def _pip_options() -> Mapping[str, str]:
    """Return what pip's files and environment say, the environment last: it wins."""
    listed = subprocess.run(  # noqa: S603 - our own words
        [*_pip(), "config", "list"], capture_output=True, text=True, check=True
    ).stdout
    found = re.findall(r"^(global|install|:env:)\.([\w-]+)='(.*)'$", listed, re.MULTILINE)
    ranks = {"global": 0, "install": 1, ":env:": 2}
    ordered = sorted(found, key=lambda row: ranks[row[0]])
    return {option: value.replace("\\n", " ") for _, option, value in ordered}


def _pip() -> list[str | Path]:
    return [PYTHON, "-m", "pip", "--disable-pip-version-check"]


def _run(command: list[str | Path], environment: Mapping[str, str] | None = None) -> None:
    subprocess.run(command, check=True, cwd=ROOT, env=environment)  # noqa: S603 - our own words


def _digest(lock: Path) -> str:
    read = (INSTALLER, lock, ROOT / "pyproject.toml")
    seen = [sys.version.encode(), *(path.read_bytes() for path in read)]
    return hashlib.sha256(b"\0".join(seen)).hexdigest()


def _read_stamp() -> dict[str, str]:
    try:
        return json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _write_stamp(stamp: Mapping[str, str]) -> None:
    STAMP.write_text(json.dumps(stamp), encoding="utf-8")


def _say(text: str) -> None:
    sys.stdout.write(f"[setup] {text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except subprocess.CalledProcessError as failure:
        words = " ".join(str(word) for word in failure.cmd)
        sys.exit(f"[setup] Failed, see above: {words}")
