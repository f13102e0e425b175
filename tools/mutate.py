"""Breaks the rules in every small way, and says which breaks no test notices.

    python tools/mutate.py [dispatch/queue.py …] [--report FILE] [--resume]

A mutant is a module of `dispatch/` with one break (mutants.py says which there are). One that all
tests pass has survived: a rule that no test holds, a line that only saves time, or one that does
nothing. docs/mutation.md lists the survivors with the reason. trials.py says how it is done.

Not mutmut: it breaks only bodies of functions, and half of our rules stand in tables; and it
breaks words.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, TextIO

import pytest
from mutants import Mutant
from trials import LAWS_SHARE, PLUGINS, RULES, Trials

ROOT: Final = Path(__file__).resolve().parents[1]
NEEDED: Final = ("app", "devices", RULES, "simulator", "tests", "pyproject.toml")


def main() -> int:
    """Break modules; the exit code is 1 when the tests fail without any mutant."""
    words = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    words.add_argument("modules", nargs="*", help="such as dispatch/queue.py; all by default")
    words.add_argument("--report", type=Path, help="where to write all figures, as JSON")
    words.add_argument("--resume", action="store_true", help="only what the report does not have")
    given = words.parse_args()
    report = Report(given.report and given.report.absolute(), _stdout_aside())
    if given.resume and report.file and report.file.exists():
        report.modules = json.loads(report.file.read_text(encoding="utf-8"))["modules"]
    all_of_them = [f"{RULES}/{one.name}" for one in sorted((ROOT / RULES).glob("*.py"))]
    todo = [one for one in given.modules or all_of_them if one not in report.modules]
    with tempfile.TemporaryDirectory(prefix="ydt-mutate-") as folder:
        copy = Path(folder).resolve()
        _copy_project(copy)
        os.chdir(copy)
        os.environ["YDT_LAWS_SHARE"] = str(LAWS_SHARE)
        sys.dont_write_bytecode = False  # of what is whole: a mutant is never a file
        trials = Trials(todo, report.take)
        without = [f"-pno:{name}" for name in PLUGINS]
        pytest.main(["-q", "--tb=native", *without], plugins=[trials])
        os.chdir(ROOT)
    report.close()
    return 0 if set(todo) <= report.modules.keys() else 1


class Report:
    """What became of the mutants of each module; written whenever one is done."""

    def __init__(self, file: Path | None, out: TextIO) -> None:
        self.file = file
        self.modules: dict[str, dict[str, Any]] = {}
        self._out = out
        self._began = time.monotonic()

    def take(self, module: str, tried: Sequence[tuple[Mutant, int | None]]) -> None:
        """Add one module, and say who survived there, and how many tests."""
        text = Path(module).read_text(encoding="utf-8").splitlines()  # of the copy
        survivors = [
            {"line": one.line, "text": text[one.line - 1].strip(), "broken": one.what, "tests": by}
            for one, by in tried
            if by is not None
        ]
        seconds, self._began = time.monotonic() - self._began, time.monotonic()
        self.modules[module] = {
            "mutants": len(tried),
            "killed": len(tried) - len(survivors),
            "seconds": round(seconds, 1),
            "survivors": survivors,
        }
        for one in survivors:
            self._say(f"SURVIVED  {module}:{one['line']}  {one['broken']}  ({one['tests']} tests)")
        self._say(f"{module}: {self._figures(self.modules[module])}, {seconds:.0f} s")
        if self.file:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            whole = {**self._sum(), "modules": dict(sorted(self.modules.items()))}
            self.file.write_text(f"{json.dumps(whole, indent=1)}\n", encoding="utf-8")

    def close(self) -> None:
        """Say the figures of all."""
        self._say(f"All: {self._figures(self._sum())}")

    def _sum(self) -> dict[str, Any]:
        modules = self.modules.values()
        return {key: sum(one[key] for one in modules) for key in ("mutants", "killed")}

    def _figures(self, of: dict[str, Any]) -> str:
        share = 100 * of["killed"] / max(1, of["mutants"])
        return f"{of['mutants']} mutants, {of['killed']} killed ({share:.1f} %)"

    def _say(self, words: str) -> None:
        self._out.write(f"{words}\n")


def _stdout_aside() -> TextIO:
    """Return the standard output, and let all that pytest writes there vanish."""
    out = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    return out


def _copy_project(to: Path) -> None:
    """Copy what the tests need, so that work can go on while they run."""
    nothing = shutil.ignore_patterns("__pycache__", "vendor", "node_modules")
    for name in NEEDED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, to / name, ignore=nothing)
        else:
            shutil.copy(ROOT / name, to / name)


if __name__ == "__main__":
    sys.exit(main())
