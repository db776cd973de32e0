"""The web process sets what it has loaded aside from garbage collection."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator

import pytest

from mfc.config.warmth import warm_up


@pytest.fixture
def thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_what_is_loaded_is_collected_no_more(thawed: None) -> None:
    before = gc.get_freeze_count()
    warm_up()
    assert "mfc.config.urls" in sys.modules
    assert gc.get_freeze_count() > before + 50_000
    assert len(gc.get_objects()) < gc.get_freeze_count()
