"""The project's files: they name no host and no machine's folders, and install what is locked."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PYTHON_LOCKS = sorted(ROOT.glob("requirements*.lock"))
LOCKS = [*PYTHON_LOCKS, ROOT / "package-lock.json"]

# Folders of one machine. Written in parts, so that this file does not find itself.
PLACES = re.compile(r"(?<![\w.$}~*-])/" + r"(?:work|root)(?![\w-])")
MADE_HERE = re.compile(
    r"\.git|\.venv|node_modules|__pycache__|\.\w+_cache|\.hypothesis|build|.*\.egg-info"
)


def texts() -> Iterator[tuple[str, str]]:
    """Every text file of the repository, by its name; what tools and runs make is left out."""
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if not MADE_HERE.fullmatch(name)]
        if Path(folder) == ROOT and "data" in folders:
            folders.remove("data")
        for name in names:
            path = Path(folder, name)
            try:
                yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue  # a picture or a sound


def test_the_locks_are_all_there():
    assert [lock.name for lock in PYTHON_LOCKS] == [
        "requirements-dev.lock",
        "requirements-uv.lock",
        "requirements.lock",
    ]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_no_lock_names_a_host(lock):
    assert "://" not in lock.read_text(encoding="utf-8")


@pytest.mark.parametrize("lock", PYTHON_LOCKS, ids=lambda lock: lock.name)
def test_every_locked_package_has_a_version_and_a_hash(lock):
    packages = re.split(r"^(?=\S)", lock.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    assert packages
    for package in packages:
        assert re.match(r"[\w.\[\],-]+==\S+", package)
        assert "--hash=sha256:" in package


def test_every_locked_npm_package_has_a_version_and_a_hash():
    packages = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    del packages[""]
    assert packages
    assert all(
        package["integrity"].startswith("sha512-") and package["version"]
        for package in packages.values()
    )


def test_no_file_names_a_folder_of_one_machine():
    assert [
        f"{name}:{number}: {line.strip()[:100]}"
        for name, text in texts()
        for number, line in enumerate(text.splitlines(), start=1)
        if PLACES.search(line)
    ] == []


def test_continuous_integration_calls_make_test_and_nothing_else():
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "#!/usr/bin/env bash"
    assert lines[1] == "set -euo pipefail"
    assert lines[2].startswith("cd ")
    assert lines[3:] == ["exec make test"]
