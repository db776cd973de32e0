"""Fixtures of the wire tests."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

VECTORS = Path(__file__).parent.parent / "vectors"


@pytest.fixture
def vectors() -> Callable[[str], Any]:
    """Golden vectors, shared with the simulator's tests."""
    return lambda name: json.loads((VECTORS / name).read_text(encoding="utf-8"))


@pytest.fixture
def mosquitto() -> str:
    """Path of a real broker; without one the test is skipped, but never in continuous integration."""
    path = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    if path is None:
        if os.environ.get("MFC_CI") == "1":
            pytest.fail("mosquitto is not on PATH")
        pytest.skip("mosquitto is not on PATH")
    return path
