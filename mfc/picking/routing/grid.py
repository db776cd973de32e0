"""A warehouse as a grid: parallel aisles cut into blocks by cross aisles, shelves as cells. Pure.

Cross aisles are counted from the front (0) to the back, blocks lie between them, cells are counted from the
front of their block. All lengths are whole numbers in one unit that the caller chooses (millimetres in the
product), so that a claimed length is exact and equal input gives equal output.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

# A vertical way that cannot be walked: the virtual aisle of a depot that stands between two aisles.
NO_WAY = -1
# The tables grow sixfold with each cross aisle (3,000 classes for 5): more blocks than a store's back room has.
MAX_CROSS_AISLES = 5


class Cell(NamedTuple):
    """A storage place: the `index`-th cell of a block of an aisle, from the front."""

    aisle: int
    block: int
    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody needs on a place


class Corner(NamedTuple):
    """The crossing of an aisle and a cross aisle."""

    aisle: int
    row: int


class Terminal(NamedTuple):
    """Where a walk starts or ends: a crossing, and the way between it and the depot."""

    aisle: int
    row: int
    approach: int = 0


@dataclass(frozen=True, slots=True)
class Grid:
    """Aisles by cross aisles.

    `steps[a][r]` leads from aisle a to a + 1 on cross aisle r; `lengths[a][b]` leads through block b of aisle
    a (or is NO_WAY); `cells[a][b]` are the distances of its cells from cross aisle b, growing.
    """

    steps: tuple[tuple[int, ...], ...]
    lengths: tuple[tuple[int, ...], ...]
    cells: tuple[tuple[tuple[int, ...], ...], ...]
    # Whether an aisle without a pick never helps. True for even grids (a crossing there can be slid to a
    # neighbour without loss); None: found out from the lengths.
    skips_idle: bool | None = None
    _skips: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.lengths or len(self.cells) != len(self.lengths):
            raise ValueError("every aisle needs its lengths and its cells")
        if len(self.steps) != len(self.lengths) - 1:
            raise ValueError("there is one step fewer than there are aisles")
        blocks = len(self.lengths[0])
        if not 1 <= blocks < MAX_CROSS_AISLES:
            raise ValueError(f"a grid has 1 to {MAX_CROSS_AISLES - 1} blocks, not {blocks}")
        for lengths, cells in zip(self.lengths, self.cells, strict=True):
            if len(lengths) != blocks or len(cells) != blocks:
                raise ValueError("all aisles have the same number of blocks")
            for length, offsets in zip(lengths, cells, strict=True):
                _check_cells(length, offsets)
        if any(len(step) != blocks + 1 or min(step) < 0 for step in self.steps):
            raise ValueError("a step gives one length for every cross aisle")
        object.__setattr__(self, "_skips", self._is_even() if self.skips_idle is None else self.skips_idle)

    @classmethod
    def even(
        cls,
        *,
        aisles: int,
        step: int,
        blocks: Sequence[Sequence[int]],
        lengths: Sequence[int],
    ) -> Grid:
        """Build a grid whose aisles are all alike: `blocks[b]` are the cells' distances from cross aisle b."""
        rows = len(lengths) + 1
        return cls(
            steps=((step,) * rows,) * (aisles - 1),
            lengths=(tuple(lengths),) * aisles,
            cells=(tuple(tuple(block) for block in blocks),) * aisles,
        )

    @property
    def aisle_count(self) -> int:
        return len(self.lengths)

    @property
    def block_count(self) -> int:
        return len(self.lengths[0])

    @property
    def row_count(self) -> int:
        return len(self.lengths[0]) + 1

    @property
    def may_skip_idle(self) -> bool:
        return self._skips

    def _is_even(self) -> bool:
        same_steps = all(len(set(step)) == 1 for step in self.steps)
        walkable = {lengths for lengths in self.lengths if NO_WAY not in lengths}
        return same_steps and len(walkable) <= 1


def _check_cells(length: int, offsets: tuple[int, ...]) -> None:
    if length == NO_WAY:
        if offsets:
            raise ValueError("a block that cannot be walked has no cells")
        return
    if length < 0:
        raise ValueError("lengths are not negative")
    if any(a >= b for a, b in pairwise(offsets)):
        raise ValueError("cells are given from the front, each at its own distance")
    if offsets and not (offsets[0] >= 0 and offsets[-1] <= length):
        raise ValueError("cells lie inside their block")
