"""Exact routing against brute force on small random grids, and the walk against its length."""

from __future__ import annotations

from itertools import pairwise

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mfc.picking.routing import Cell, Corner, Grid, Terminal, route
from mfc.picking.routing.exact import Walk


def graph_of(grid: Grid) -> nx.Graph:
    """Build the walkable graph on its own: corners, cells, and the ways between neighbours."""
    graph = nx.Graph()
    for aisle, step in enumerate(grid.steps):
        for row, length in enumerate(step):
            graph.add_edge(Corner(aisle, row), Corner(aisle + 1, row), weight=length)
    for aisle, lengths in enumerate(grid.lengths):
        for block, length in enumerate(lengths):
            graph.add_node(Corner(aisle, block))
            graph.add_node(Corner(aisle, block + 1))
            if length < 0:
                continue
            stops = [(Corner(aisle, block), 0)]
            stops += [(Cell(aisle, block, i), at) for i, at in enumerate(grid.cells[aisle][block])]
            stops.append((Corner(aisle, block + 1), length))
            for (a, from_), (b, to) in pairwise(stops):
                graph.add_edge(a, b, weight=to - from_)
    return graph


def held_karp(grid: Grid, cells: list[Cell], start: Terminal, end: Terminal) -> int:
    """Return the proven shortest length by trying all orders, set by set."""
    far = dict(nx.all_pairs_dijkstra_path_length(graph_of(grid)))
    first, last = Corner(start.aisle, start.row), Corner(end.aisle, end.row)
    best = {(1 << i, i): far[first][cell] for i, cell in enumerate(cells)}
    for _ in range(len(cells) - 1):
        following: dict[tuple[int, int], int] = {}
        for (seen, at), length in best.items():
            for i, cell in enumerate(cells):
                if not seen >> i & 1:
                    key = (seen | 1 << i, i)
                    option = length + far[cells[at]][cell]
                    following[key] = min(option, following.get(key, option))
        best = following
    return min(length + far[cells[at]][last] for (_, at), length in best.items())


def walked(grid: Grid, walk: Walk) -> int:
    """Measure the walk point by point; every two neighbours must hang together in one aisle or cross aisle."""
    far = dict(nx.all_pairs_dijkstra_path_length(graph_of(grid)))
    return sum(far[a][b] for a, b in pairwise(walk.points))


@st.composite
def tasks(draw: st.DrawFn, *, max_blocks: int, open_ends: bool, even: bool):
    aisles = draw(st.integers(1, 5))
    blocks = draw(st.integers(1, max_blocks))
    counts = [draw(st.integers(1, 5)) for _ in range(blocks)]
    if even:
        shapes = [[draw(st.integers(1, 3)) for _ in range(n + 1)] for n in counts]
        offsets = [[sum(gaps[: i + 1]) for i in range(len(gaps) - 1)] for gaps in shapes]
        grid = Grid.even(
            aisles=aisles,
            step=draw(st.integers(0, 9)),
            blocks=offsets,
            lengths=[sum(gaps) for gaps in shapes],
        )
    else:
        cells, lengths = [], []
        for _ in range(aisles):
            gaps = [[draw(st.integers(1, 4)) for _ in range(n + 1)] for n in counts]
            cells.append(tuple(tuple(sum(g[: i + 1]) for i in range(len(g) - 1)) for g in gaps))
            lengths.append(tuple(sum(g) for g in gaps))
        steps = tuple(tuple(draw(st.integers(0, 6)) for _ in range(blocks + 1)) for _ in range(aisles - 1))
        grid = Grid(steps=steps, lengths=tuple(lengths), cells=tuple(cells))
    everywhere = [
        Cell(a, b, i) for a in range(aisles) for b in range(blocks) for i in range(len(grid.cells[a][b]))
    ]
    picks = draw(st.lists(st.sampled_from(everywhere), min_size=1, max_size=7, unique=True))
    start = Terminal(draw(st.integers(0, aisles - 1)), draw(st.integers(0, blocks)))
    end = Terminal(draw(st.integers(0, aisles - 1)), draw(st.integers(0, blocks))) if open_ends else start
    return grid, picks, start, end


def check(task) -> None:
    grid, picks, start, end = task
    walk = route(grid, picks, start, end)
    assert walk.length == held_karp(grid, picks, start, end)
    assert walked(grid, walk) == walk.length
    assert sorted(walk.cells) == sorted(picks)
    assert walk.points[0] == Corner(start.aisle, start.row)
    assert walk.points[-1] == Corner(end.aisle, end.row)


@settings(max_examples=150, deadline=None)
@given(tasks(max_blocks=1, open_ends=False, even=True))
def test_one_block_is_as_short_as_brute_force(task):
    check(task)


@settings(max_examples=80, deadline=None)
@given(tasks(max_blocks=3, open_ends=False, even=True))
def test_several_blocks_are_as_short_as_brute_force(task):
    check(task)


@settings(max_examples=80, deadline=None)
@given(tasks(max_blocks=2, open_ends=True, even=True))
def test_a_walk_may_end_elsewhere(task):
    check(task)


@settings(max_examples=80, deadline=None)
@given(tasks(max_blocks=2, open_ends=True, even=False))
def test_uneven_grids_are_as_short_as_brute_force(task):
    check(task)


def test_the_approach_is_walked_twice():
    grid = Grid.even(aisles=1, step=1, blocks=[[2]], lengths=[4])
    assert route(grid, [Cell(0, 0, 0)], Terminal(0, 0, approach=7)).length == 2 * 2 + 2 * 7


def test_nothing_to_fetch_is_no_walk():
    grid = Grid.even(aisles=2, step=1, blocks=[[2]], lengths=[4])
    assert route(grid, [], Terminal(0, 0, approach=7)) == Walk(0, (Corner(0, 0),))


def test_an_unknown_cell_is_named():
    grid = Grid.even(aisles=2, step=1, blocks=[[2]], lengths=[4])
    with pytest.raises(ValueError, match="no cell 1 in block 0 of aisle 1"):
        route(grid, [Cell(1, 0, 1)], Terminal(0, 0))
