"""Scattered storage: against every choice of sources on small grids, and what is refused."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mfc.picking.routing import Cell, Grid, Terminal, route
from mfc.picking.routing.scattered import Source, choose


def shortest_by_trying(grid: Grid, sources: list[Source], demand: dict[str, int], depot: Terminal) -> int:
    best = None
    for size in range(len(sources) + 1):
        for chosen in combinations(sources, size):
            if all(
                sum(one.quantity for one in chosen if one.article == article) >= quantity
                for article, quantity in demand.items()
            ):
                length = route(grid, [one.cell for one in chosen], depot).length
                best = length if best is None else min(best, length)
    assert best is not None
    return best


@st.composite
def tasks(draw: st.DrawFn) -> tuple[Grid, list[Source], dict[str, int], Terminal]:
    aisles, blocks = draw(st.integers(1, 4)), draw(st.integers(1, 2))
    if draw(st.booleans()):
        grid = Grid.even(aisles=aisles, step=3, blocks=[[1, 2, 4, 5]] * blocks, lengths=[6] * blocks)
    else:
        step = st.tuples(*[st.integers(0, 5)] * (blocks + 1))
        grid = Grid(
            steps=tuple(draw(step) for _ in range(aisles - 1)),
            lengths=tuple(tuple(draw(st.integers(5, 9)) for _ in range(blocks)) for _ in range(aisles)),
            cells=((((1, 2, 4, 5),) * blocks),) * aisles,
        )
    places = st.builds(Cell, st.integers(0, aisles - 1), st.integers(0, blocks - 1), st.integers(0, 3))
    sources = [
        Source(draw(places), draw(st.sampled_from("abc")), draw(st.integers(1, 3)))
        for _ in range(draw(st.integers(1, 8)))
    ]
    demand = {}
    for article in {one.article for one in sources}:
        there = sum(one.quantity for one in sources if one.article == article)
        demand[str(article)] = draw(st.integers(0, min(4, there)))
    depot = Terminal(draw(st.integers(0, aisles - 1)), draw(st.integers(0, blocks)), draw(st.integers(0, 2)))
    return grid, sources, demand, depot


@given(tasks())
@settings(max_examples=80, deadline=None)
def test_no_choice_of_sources_has_a_shorter_walk(
    task: tuple[Grid, list[Source], dict[str, int], Terminal],
) -> None:
    grid, sources, demand, depot = task
    found = choose(grid, sources, demand, depot)
    assert found.walk.length == shortest_by_trying(grid, sources, demand, depot)
    assert found.is_proven
    assert found.lower == found.walk.length
    taken = dict.fromkeys(demand, 0)
    for index, quantity in found.takes:
        assert 0 < quantity <= sources[index].quantity
        assert sources[index].cell in found.walk.cells
        taken[str(sources[index].article)] += quantity
    assert taken == demand
    assert choose(grid, sources, demand, depot) == found


GRID = Grid.even(aisles=6, step=3, blocks=[[1, 2, 3, 4]], lengths=[5])


def test_articles_are_taken_where_the_walk_passes_anyway() -> None:
    sources = [
        Source(Cell(0, 0, 0), "tea", 1), Source(Cell(5, 0, 3), "tea", 1),
        Source(Cell(5, 0, 2), "mug", 1), Source(Cell(2, 0, 3), "soap", 2), Source(Cell(5, 0, 1), "soap", 2),
    ]  # fmt: skip
    found = choose(GRID, sources, {"tea": 1, "mug": 1, "soap": 2}, Terminal(3, 0))
    assert found.takes == ((1, 1), (2, 1), (4, 2))
    assert found.walk.length == 2 * (2 * 3 + 4)


def test_few_stops_are_made_where_the_walk_leaves_a_choice() -> None:
    sources = [Source(Cell(1, 0, index), "tea", 1 + 2 * (index == 2)) for index in range(4)]
    assert choose(GRID, sources, {"tea": 3}, Terminal(1, 0)).takes == ((2, 3),)


def test_nothing_wanted_is_no_walk() -> None:
    found = choose(GRID, [Source(Cell(1, 0, 1), "tea", 1)], {"tea": 0}, Terminal(0, 0))
    assert (found.takes, found.walk.length, found.is_proven) == ((), 0, True)


def test_more_than_there_is_is_refused() -> None:
    with pytest.raises(ValueError, match="2 of tea are wanted and 1 are there"):
        choose(GRID, [Source(Cell(1, 0, 1), "tea", 1)], {"tea": 2}, Terminal(0, 0))


def test_without_patience_the_walk_is_good_and_the_bound_honest() -> None:
    sources = [
        Source(Cell(aisle, 0, (aisle * 7 + n) % 4), f"a{n}", 1 + (aisle + n) % 2)
        for aisle in range(6)
        for n in range(5)
    ]
    demand = {f"a{n}": 3 for n in range(5)}
    best = choose(GRID, sources, demand, Terminal(2, 0))
    hasty = choose(GRID, sources, demand, Terminal(2, 0), patience=0)
    programmed = choose(GRID, sources, demand, Terminal(2, 0), patience=0, seconds=30)
    assert best.is_proven
    assert programmed.is_proven
    assert programmed.walk.length == best.walk.length
    assert hasty.lower <= best.walk.length <= hasty.walk.length
