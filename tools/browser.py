"""Finds a Chromium for the browser tests, installs one where that is allowed, and prints its path.

Order: $BROWSER_PATH; a Chromium, Chrome or Edge of the system; Playwright's own, if it was
downloaded before; the system's package (as root, or where sudo asks for nothing); Playwright's
download; and else it fails, and says what a person can do.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

NAMES: Final = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "microsoft-edge",
    "msedge",
)
PLACES: Final = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)
DOWNLOADED: Final = ("chromium-*/chrome-linux*/chrome", "chromium-*/chrome-mac*/*/Contents/MacOS/*")
NONE_FOUND: Final = """\
No browser was found for the browser tests, and none could be installed. Do one of these:
  Debian:  apt-get install chromium fonts-noto-cjk        (as root)
  Ubuntu:  .venv/bin/playwright install --with-deps chromium
  or name one that you have:  BROWSER_PATH=/path/to/chrome make test
"""
NO_FONT: Final = """\
[browser] No Chinese font was found: the pages show boxes for characters in screenshots.
[browser] To install one:  apt-get install fonts-noto-cjk
"""

NO_DRIVER: Final = """\
Playwright, which drives the browser in the tests, does not run here; above it says why. Most often
a library is missing:  apt-get install libatomic1        (as root)
"""


class BrowserUnavailable(Exception):
    """There is no browser for the tests; the message says what to do."""


def find() -> str | None:
    """Return the path of a browser that is here and runs, or None.

    Raises:
        BrowserUnavailable: $BROWSER_PATH names one that does not run.
    """
    named = os.environ.get("BROWSER_PATH")
    if named:
        if _runs(named):
            return named
        raise BrowserUnavailable(f"BROWSER_PATH={named} is not a browser that runs here.\n")
    return next((path for path in _candidates() if _runs(path)), None)


def find_or_install() -> str:
    """Return the path of a browser, installed now if need be, that Playwright can drive.

    Raises:
        BrowserUnavailable: There is none, and none could be installed.
    """
    found = find()
    for install in (_install_from_debian, _install_from_playwright):
        if found is None:
            install()
            found = find()
    if found is None:
        raise BrowserUnavailable(NONE_FOUND)
    _want_driver()
    _want_font()
    return found


def _candidates() -> Iterator[str]:
    for name in NAMES:
        path = shutil.which(name)
        if path is not None:
            yield path
    yield from PLACES
    for cache in (Path.home() / ".cache", Path.home() / "Library" / "Caches"):
        downloaded = os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or cache / "ms-playwright"
        for pattern in DOWNLOADED:
            yield from map(str, sorted(Path(downloaded).glob(pattern), reverse=True))


def _runs(path: str) -> bool:
    """Tell whether it is a browser: on Ubuntu the name may be an empty stub that names a snap."""
    if not Path(path).is_file():
        return False
    try:
        return subprocess.run([path, "--version"], capture_output=True, timeout=60).returncode == 0  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return False


def _install_from_debian() -> None:
    if _system() == "debian":
        _apt("chromium", "chromium-sandbox", "fonts-noto-cjk", "libatomic1")


def _install_from_playwright() -> None:
    _say("Downloading Playwright's Chromium.")
    command = [sys.executable, "-m", "playwright", "install"]
    if _system() == "ubuntu" and _as_root() is not None:
        command.append("--with-deps")
    _run([*command, "chromium"])


def _want_driver() -> None:
    """See to it that Playwright's own program runs: a small Debian lacks a library of it."""
    if not _driver_runs():
        _apt("libatomic1")
        if not _driver_runs():
            raise BrowserUnavailable(NO_DRIVER)


def _driver_runs() -> bool:
    command = [sys.executable, "-m", "playwright", "--version"]
    return subprocess.run(command, stdout=subprocess.DEVNULL).returncode == 0  # noqa: S603


def _want_font() -> None:
    """See to it that Chinese can be drawn, or say that it cannot."""
    if _has_font():
        return
    if _system() in {"debian", "ubuntu"}:
        _apt("fonts-noto-cjk")
    if not _has_font():
        sys.stderr.write(NO_FONT)


def _has_font() -> bool:
    if sys.platform == "darwin":
        return True
    fonts = Path("/usr/share/fonts")
    if shutil.which("fc-list") is None:
        return any(fonts.rglob("*CJK*"))
    listed = subprocess.run(["fc-list", ":lang=zh-cn"], capture_output=True, text=True)  # noqa: S607
    return bool(listed.stdout.strip())


def _apt(*packages: str) -> None:
    become = _as_root()
    if become is None or shutil.which("apt-get") is None:
        return
    _say(f"Installing {', '.join(packages)} with apt-get.")
    apt = [*become, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-oDpkg::Use-Pty=0"]
    _run([*apt, "update"])
    _run([*apt, "install", "-y", "--no-install-recommends", *packages])


def _as_root() -> list[str] | None:
    """Return what makes a command run as root: nothing, sudo that asks for nothing, or None."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True).returncode == 0:  # noqa: S603
        return [sudo, "-n"]
    return None


def _system() -> str:
    try:
        lines = Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    about = dict(line.split("=", 1) for line in lines if "=" in line)
    names = f"{about.get('ID', '')} {about.get('ID_LIKE', '')}".replace('"', "").split()
    return next((name for name in ("ubuntu", "debian") if name in names), "")


def _run(command: Sequence[str]) -> None:
    """Run and show it on the error output; whether it helped is seen by looking again."""
    subprocess.run(command, stdout=sys.stderr)  # noqa: S603 - our own words


def _say(text: str) -> None:
    sys.stderr.write(f"[browser] {text}\n")


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{find_or_install()}\n")
    except BrowserUnavailable as error:
        sys.exit(str(error))
