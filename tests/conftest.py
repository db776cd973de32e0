"""Fixtures of all tests: the clock stands still, the room is small, the API client has a token."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mfc.core import clock
from mfc.core.clock import FixedClock
from tests import world as builder
from tests.client import Api
from tests.walk import Walk
from tests.world import NOW, World


@pytest.fixture
def fixed_clock() -> Iterator[FixedClock]:
    """Site time stands at nine o'clock until a test moves it."""
    at = FixedClock(NOW)
    with clock.using(at):
        yield at


@pytest.fixture
def world(db: None, fixed_clock: FixedClock) -> World:
    """The test room."""
    return builder.build(fixed_clock)


@pytest.fixture
def walk(world: World) -> Walk:
    """People and machines in the test room."""
    return Walk(world)


@pytest.fixture
def api(world: World) -> Api:
    """A REST client with every scope."""
    return Api(world.token)
