"""The compiled tours agree with the walks of plain Python, on any grid."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mfc.picking.routing import Cell, Grid, Terminal, kernels, route
from mfc.picking.routing.compiled import HAS_NUMBA


def length(grid: Grid, cells: list[Cell], depot: Terminal) -> int:
    place = kernels.floor(grid, depot)
    return int(kernels.tour(place, kernels.mask(place, cells), kernels.scratch_for(place)))


@st.composite
def tasks(draw: st.DrawFn):
    aisles, blocks = draw(st.integers(1, 6)), draw(st.integers(1, 3))
    cells = draw(st.sampled_from((3, 10, 70)))  # 70 cells need two words
    grid = Grid.even(
        aisles=aisles,
        step=draw(st.integers(0, 9)),
        blocks=[[2 * i + 1 for i in range(cells)]] * blocks,
        lengths=[2 * cells] * blocks,
    )
    place = st.builds(Cell, st.integers(0, aisles - 1), st.integers(0, blocks - 1), st.integers(0, cells - 1))
    picks = draw(st.lists(place, max_size=25))
    depot = Terminal(
        draw(st.integers(0, aisles - 1)), draw(st.integers(0, blocks)), approach=draw(st.integers(0, 5))
    )
    return grid, picks, depot


@settings(max_examples=300, deadline=None)
@given(tasks())
def test_masks_and_walks_have_the_same_length(task):
    assert length(*task) == route(*task).length


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1 << 30))
def test_uneven_grids_too(seed):
    rng = random.Random(seed)
    aisles, blocks = rng.randint(1, 4), rng.randint(1, 3)
    shapes = [[rng.randint(1, 4) for _ in range(blocks)] for _ in range(aisles)]
    grid = Grid(
        steps=tuple(tuple(rng.randint(0, 6) for _ in range(blocks + 1)) for _ in range(aisles - 1)),
        lengths=tuple(tuple(count + rng.randint(1, 3) for count in shape) for shape in shapes),
        cells=tuple(tuple(tuple(range(1, count + 1)) for count in shape) for shape in shapes),
    )
    everywhere = [Cell(a, b, i) for a in range(aisles) for b in range(blocks) for i in range(shapes[a][b])]
    picks = rng.sample(everywhere, min(6, len(everywhere)))
    depot = Terminal(rng.randrange(aisles), rng.randint(0, blocks))
    assert length(grid, picks, depot) == route(grid, picks, depot).length


@pytest.mark.skipif(not HAS_NUMBA, reason="compares with machine code")
def test_the_kernels_run_without_a_compiler(monkeypatch):
    rng = random.Random(3)
    for blocks in (1, 2):
        grid = Grid.even(aisles=5, step=3, blocks=[[1, 2, 3]] * blocks, lengths=[4] * blocks)
        place = kernels.floor(grid, Terminal(2, 0))
        picks = [Cell(rng.randrange(5), rng.randrange(blocks), rng.randrange(3)) for _ in range(9)]
        cells, scratch = kernels.mask(place, picks), kernels.scratch_for(place)
        machine = kernels.tour(place, cells, scratch)
        with monkeypatch.context() as plain:
            for name in ("tour", "_one_block", "_many_blocks", "_price", "_change"):
                plain.setattr(kernels, name, getattr(kernels, name).py_func)
            plain.setattr(kernels, "lowest_bit", lambda word: (int(word) & -int(word)).bit_length() - 1)
            assert kernels.tour(place, cells, scratch) == machine


def test_many_masks_at_once():
    grid = Grid.even(aisles=3, step=2, blocks=[[1, 2]], lengths=[3])
    place = kernels.floor(grid, Terminal(0, 0))
    masks = np.array([kernels.mask(place, [Cell(a, 0, 1)]) for a in range(3)])
    lengths = np.zeros(3, np.int64)
    kernels.tours(place, masks, kernels.scratch_for(place), lengths)
    assert lengths.tolist() == [4, 8, 12]
