"""The demonstration, as somebody runs it who has just cloned the project."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from simulator.server import free_port

ROOT = Path(__file__).resolve().parents[2]
WITHIN_S = 400

pytestmark = pytest.mark.timeout(900)


def command(data_dir: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "simulator.cli", "demo", "--data-dir", str(data_dir), *words]


def run_demo(data_dir: Path, port: int, seconds: int) -> tuple[str, dict[str, Any]]:
    """Run for so long; return what was said and the report."""
    file = data_dir.parent / "report.json"
    words = ("--port", str(port), "--seconds", str(seconds), "--report", str(file))
    done = subprocess.run(
        command(data_dir, *words),
        cwd=ROOT, capture_output=True, text=True, timeout=WITHIN_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout, json.loads(file.read_text(encoding="utf-8"))


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_calls_are_opened_helped_and_closed_and_a_second_evening_goes_on(tmp_path):
    port, data_dir = free_port(), tmp_path / "data"
    said, first = run_demo(data_dir, port, 60)

    assert "/handset#token=" in said
    assert first["incidents_opened"] >= 5
    assert first["offers"] >= first["accepted"] >= 3
    assert first["closed"] >= 1
    assert (first["lost"], first["doubled"]) == (0, 0)
    assert first["errors"] == {}
    assert not is_open(port)
    logins = data_dir / "demo-logins.json"
    assert stat.S_IMODE(logins.stat().st_mode) == 0o600
    kept = logins.read_bytes()

    said, second = run_demo(data_dir, port, 8)

    assert "First run" not in said
    assert "Importing" not in said
    assert logins.read_bytes() == kept
    assert second["presses_acknowledged"] >= 1
    assert (second["lost"], second["doubled"]) == (0, 0)


def test_a_taken_port_is_said_in_one_line(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            command(tmp_path / "data", "--port", str(port)),
            cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert str(port) in done.stderr
    assert not (tmp_path / "data").exists()


def test_ctrl_c_stops_everything_that_was_started(tmp_path):
    port = free_port()
    demo = subprocess.Popen(
        command(tmp_path / "data", "--port", str(port)),
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        assert demo.stdout is not None
        for line in demo.stdout:
            if "Ctrl-C stops it all" in line:
                break
        assert is_open(port)
        os.kill(demo.pid, signal.SIGINT)
        rest, _ = demo.communicate(timeout=60)
        assert demo.returncode == 0, rest
        assert not is_open(port)
        assert not list((tmp_path / "data").glob("cluster/postmaster.pid"))
    finally:
        if demo.poll() is None:
            demo.kill()
            demo.wait()
