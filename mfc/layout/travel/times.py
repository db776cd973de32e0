"""Seconds of walking and reaching. Pure."""

from collections.abc import Mapping
from types import MappingProxyType

# Seconds to reach and look at a level, from the floor up: stooping and stretching cost time.
# Assumption until measured (see insight): golden zone levels 1 and 2 are the quick ones.
DEFAULT_REACH_S: Mapping[int, float] = MappingProxyType({0: 2.0, 1: 1.0, 2: 1.0, 3: 2.0})
# A level that nobody has timed counts as the slowest one.
UNKNOWN_LEVEL_REACH_S = 2.5
DEFAULT_SPEED_MM_S = 1200


def walk_s(length_mm: int, *, speed_mm_s: int = DEFAULT_SPEED_MM_S) -> float:
    """Return the seconds a walk takes."""
    if speed_mm_s <= 0:
        raise ValueError("the walking speed must be positive")
    return length_mm / speed_mm_s


def reach_s(level: int, reach_by_level_s: Mapping[int, float] = DEFAULT_REACH_S) -> float:
    """Return the seconds to reach into a level."""
    return reach_by_level_s.get(level, UNKNOWN_LEVEL_REACH_S)
