"""Walks by policy and the shortest: on blocks, on any graph, with ranks; each against trying everything."""

from __future__ import annotations

from itertools import pairwise, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mfc.layout.travel import (
    Axis,
    Direction,
    FloorPlan,
    Spot,
    UnreachableError,
    Walkway,
    Way,
    graph_of,
    path_mm,
    way_mm,
)
from mfc.picking.routing import POLICIES, Stop, compare, plan, tours

BLOCKS = Walkway(1000, 11_000, (1000, 3000, 5000, 7000), middle_ys_mm=(6000,))
HOME, BELT = Spot(1700, 0), Spot(9000, 200)
PLACES = st.tuples(st.sampled_from(BLOCKS.aisle_xs_mm), st.integers(1001, 11_000))
ANYWHERE = st.one_of(PLACES, st.tuples(st.integers(0, 9000), st.integers(0, 1000)))


def stops_at(places, rank=0):
    return [Stop(index, Spot(x, y), rank) for index, (x, y) in enumerate(places)]


@given(st.lists(PLACES, min_size=1, max_size=6), st.booleans())
@settings(max_examples=60, deadline=None)
def test_the_shortest_walk_over_two_blocks_equals_all_permutations(places, same_end):
    end = HOME if same_end else BELT
    stops = stops_at(places)
    shortest = min(path_mm(BLOCKS, [HOME, *(one.spot for one in way), end]) for way in permutations(stops))
    found = plan(stops, walkway=BLOCKS, start=HOME, end=end, policy="exact")
    assert (found.length_mm, found.lower_mm, found.policy) == (shortest, shortest, "exact")


@given(st.lists(ANYWHERE, min_size=1, max_size=20))
@settings(max_examples=80, deadline=None)
def test_every_policy_visits_everything_and_none_beats_the_shortest(places):
    stops = stops_at(places)
    by_policy = compare(stops, walkway=BLOCKS, start=HOME, end=BELT)
    assert list(by_policy) == ["exact", *POLICIES]
    exact = by_policy["exact"].length_mm
    for name, found in by_policy.items():
        assert sorted(one.key for one in found.stops) == list(range(len(stops))), name
        assert found.length_mm == path_mm(BLOCKS, [HOME, *(one.spot for one in found.stops), BELT]), name
        assert found.length_mm >= exact >= by_policy["exact"].lower_mm > 0, name
    if all(y > BLOCKS.front_y_mm for _, y in places):
        assert by_policy["exact"].lower_mm == exact


def test_combined_crosses_some_aisles_and_leaves_others_where_it_came():
    block = Walkway(1000, 11_000, (1000, 3000, 5000, 7000))
    stops = stops_at([(1000, 10_000), (3000, 9500), (5000, 2000), (7000, 3000)])
    lengths = {
        name: one.length_mm for name, one in compare(stops, walkway=block, start=HOME, end=HOME).items()
    }
    # up the first aisle and down the second, in and out of the other two, and 6000 across both ways
    assert lengths["combined"] == 2 * 1000 + 2 * 10_000 + 2 * 1000 + 2 * 2000 + 2 * 6000
    # better still: the second aisle from the back as far as its only place
    assert lengths["exact"] == 39_000


LOOP = FloorPlan(
    (
        Way("A", Axis.Y, 0, 0, 9000, Direction.FORWARD),
        Way("B", Axis.Y, 2000, 0, 9000, Direction.BACKWARD),
        Way("C", Axis.Y, 4000, 0, 9000),
        Way("F", Axis.X, 0, 0, 4000),
        Way("R", Axis.X, 9000, 0, 4000),
        Way("T", Axis.Y, 6000, 0, 9000),
    )
)
ON_LOOP = st.tuples(st.sampled_from((0, 2000, 4000)), st.integers(0, 9000), st.integers(0, 1))


@given(st.lists(ON_LOOP, min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_a_walk_over_one_way_aisles_equals_all_permutations(places):
    ground, home = graph_of(LOOP), Spot(0, 0)
    stops = [Stop(index, Spot(x, y), rank) for index, (x, y, rank) in enumerate(places)]

    def walked(way):
        spots = [home, *(one.spot for one in way), home]
        return sum(way_mm(ground, a, b) for a, b in pairwise(spots))

    shortest = min(
        walked(way)
        for way in permutations(stops)
        if [one.rank for one in way] == sorted(one.rank for one in way)
    )
    found = plan(stops, walkway=ground, start=home, end=home, policy="s-shape")
    assert (found.length_mm, found.lower_mm, found.policy) == (shortest, shortest, "exact")


def test_a_place_that_cannot_be_reached_is_refused():
    with pytest.raises(UnreachableError):
        plan(stops_at([(6000, 5000)]), walkway=graph_of(LOOP), start=Spot(0, 0), end=Spot(0, 0))


@st.composite
def distances(draw):
    count = draw(st.integers(10, 25))
    symmetric = draw(st.booleans())
    points = [(draw(st.integers(0, 99)), draw(st.integers(0, 99))) for _ in range(count + 1)]
    skew = 0 if symmetric else draw(st.integers(1, 20))
    costs = np.array([[abs(a - c) + abs(b - d) + skew * (a < c) for c, d in points] for a, b in points])
    return costs[1:, 1:], costs[0, 1:], costs[1:, 0], [draw(st.integers(0, 2)) for _ in range(count)]


@given(distances())
@settings(max_examples=40, deadline=None)
def test_a_searched_order_keeps_ranks_and_its_bound_holds(task):
    between, start, end, ranks = task
    found, is_proven = tours.order(between, start, end, ranks)
    assert not is_proven
    assert sorted(found) == list(range(len(ranks)))
    assert [ranks[index] for index in found] == sorted(ranks)
    length = tours.length(found, between, start, end)
    bound = tours.lower_bound(between, start, end, length)
    free, _ = tours.order(between, start, end, [0] * len(ranks))
    assert 0 <= bound <= tours.length(free, between, start, end)


@given(st.integers(0, 10**6))
@settings(max_examples=30, deadline=None)
def test_the_bound_of_few_places_is_below_the_optimum(seed):
    rng = np.random.default_rng(seed)
    points = rng.integers(0, 50, size=(8, 2))
    costs = np.abs(points[:, None, :] - points[None, :, :]).sum(axis=2).astype(np.int64)
    between, start, end = costs[1:, 1:], costs[0, 1:], costs[1:, 0]
    way, is_proven = tours.order(between, start, end, [0] * 7)
    assert is_proven
    best = tours.length(way, between, start, end)
    assert best == min(tours.length(order, between, start, end) for order in permutations(range(7)))
    assert 0.6 * best <= tours.lower_bound(between, start, end, 10 * best) <= best


def test_ranks_are_bounded_by_the_walk_that_need_not_heed_them():
    rng = np.random.default_rng(3)
    stops = [
        Stop(n, Spot(int(rng.choice(BLOCKS.aisle_xs_mm)), int(rng.integers(1001, 11_000))), n % 3)
        for n in range(30)
    ]
    found = plan(stops, walkway=BLOCKS, start=HOME, end=HOME, policy="exact")
    free = plan(
        [Stop(one.key, one.spot) for one in stops], walkway=BLOCKS, start=HOME, end=HOME, policy="exact"
    )
    assert [one.rank for one in found.stops] == sorted(one.rank for one in stops)
    assert free.length_mm <= found.lower_mm <= found.length_mm
    assert found.length_mm == path_mm(BLOCKS, [HOME, *(one.spot for one in found.stops), HOME])
