"""The demo as a user starts it: whole processes, real wires, an ending that adds up."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.process, pytest.mark.timeout(400)]


def command(folder: Path, *arguments: str) -> tuple[list[str], dict[str, str]]:
    environment = {**os.environ, "MFC_VAR": str(folder)}
    environment.pop("DATABASE_URL", None)
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    return [sys.executable, str(ROOT / "manage.py"), "demo", "--headless", *arguments], environment


def demo(folder: Path, *arguments: str, timeout_s: float = 300.0) -> dict[str, object]:
    result = folder / "result.json"
    argv, environment = command(folder, "--json", str(result), *arguments)
    done = subprocess.run(
        argv, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=timeout_s, check=False
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return dict(json.loads(result.read_text()))


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the embedded server may enter: started by root, it runs as a user of its own."""
    with tempfile.TemporaryDirectory(prefix="mfc-demo-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def children_of(folder: Path) -> list[str]:
    """Command lines of all processes that mention the demo's folder."""
    found = []
    for process in psutil.process_iter(["pid", "cmdline", "status"]):
        line = " ".join(process.info["cmdline"] or [])
        if (
            str(folder) in line
            and process.info["status"] != psutil.STATUS_ZOMBIE
            and process.pid != os.getpid()
        ):
            found.append(line)
    return found


def test_every_order_is_accounted_for_while_people_make_mistakes(folder: Path) -> None:
    result = demo(
        folder,
        "--until-done",
        "--orders",
        "12",
        "--hands",
        "3",
        "--speed",
        "120",
        "--seed",
        "7",
        "--bus",
        "local",
    )
    orders = result["orders"]
    assert orders["accepted"] == 12
    assert orders["handed_over"] + orders["unfilled"] == 12
    assert result["integrity_violations"] == 0
    assert result["deliveries_wrong"] == 0
    assert result["lines_picked"] > 12
    assert result["scan_to_lamp_ms"]["n"] > 0
    assert result["webhooks_verified"] >= orders["handed_over"]
    assert children_of(folder) == []


def test_wild_faults_lose_nothing(folder: Path) -> None:
    result = demo(
        folder,
        *("--until-done", "--orders", "16", "--hands", "3", "--speed", "60", "--seed", "5"),
        *("--faults", "wild", "--bus", "local"),
    )
    orders = result["orders"]
    assert orders["handed_over"] + orders["unfilled"] == orders["accepted"] == 16
    assert result["integrity_violations"] == 0
    assert result["deliveries_wrong"] == 0
    assert result["faults_made"], "a wild run must disturb devices"
    assert result["restarts"].get("worker", 0) >= 1, "a wild run must kill the worker"


def test_ctrl_c_stops_everything_and_a_second_start_carries_on(folder: Path) -> None:
    arguments = (
        "--orders",
        "10",
        "--hands",
        "3",
        "--speed",
        "120",
        "--seed",
        "3",
        "--faults",
        "none",
        "--bus",
        "local",
    )
    argv, environment = command(folder, *arguments)
    running = subprocess.Popen(argv, env=environment, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    try:
        wait_for_picking(running)
        running.send_signal(signal.SIGINT)
        output = running.communicate(timeout=60)[1]
    finally:
        running.kill()
    assert running.returncode == 0, output[-3000:]
    assert "Traceback" not in output
    assert children_of(folder) == []
    result = demo(folder, "--until-done", *arguments)
    assert result["orders"]["accepted"] == 10
    assert result["orders"]["handed_over"] == 10
    assert result["integrity_violations"] == 0
    assert result["deliveries_wrong"] == 0


def wait_for_picking(running: subprocess.Popen[str]) -> None:
    assert running.stderr is not None
    deadline = time.monotonic() + 120
    for line in running.stderr:
        if "picking" in line or "picked" in line:
            return
        assert time.monotonic() < deadline, "nobody began to pick"
    pytest.fail("the demo ended before anybody picked")


def test_a_second_demo_in_the_same_folder_is_refused(folder: Path) -> None:
    argv, environment = command(folder, "--orders", "4", "--hands", "1", "--speed", "60", "--bus", "local")
    running = subprocess.Popen(argv, env=environment, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    try:
        assert running.stderr is not None
        assert any("done" in line for line in running.stderr)
        second = subprocess.run(
            argv, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
        )
        assert second.returncode != 0
        assert "A demo is already running" in second.stderr
        assert running.poll() is None
    finally:
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=60)
    assert children_of(folder) == []


def test_bad_arguments_are_one_clear_line(folder: Path) -> None:
    argv, environment = command(folder, "--hands", "9")
    done = subprocess.run(
        argv, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode != 0
    assert "--hands 9: use 1 to 6." in done.stderr
    assert "Traceback" not in done.stderr
