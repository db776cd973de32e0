"""Walking distances on the aisle graph."""

import heapq

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mfc.layout.travel import Spot, Walkway, distance_mm, path_mm, reach_s, walk_s

WALKWAY = Walkway(front_y_mm=2500, back_y_mm=14000, aisle_xs_mm=(2000, 4600, 7200, 9800))


def dijkstra_mm(walkway: Walkway, a: Spot, b: Spot) -> int:
    """The same distance the slow way: a graph of aisle nodes and of cross aisle nodes."""
    nodes = {(a.x_mm, a.y_mm), (b.x_mm, b.y_mm)}
    xs = {a.x_mm, b.x_mm, *walkway.aisle_xs_mm}
    nodes |= {(x, walkway.front_y_mm) for x in xs} | {(x, walkway.back_y_mm) for x in walkway.aisle_xs_mm}
    open_floor_ys = {y for _, y in nodes if y <= walkway.front_y_mm}
    nodes |= {(x, y) for x in xs for y in open_floor_ys}

    def joined(p, q):
        if p[0] == q[0]:  # along an aisle, or straight over the open floor
            return p[0] in walkway.aisle_xs_mm or max(p[1], q[1]) <= walkway.front_y_mm
        return p[1] == q[1] and (p[1] <= walkway.front_y_mm or p[1] == walkway.back_y_mm)

    queue, seen = [(0, (a.x_mm, a.y_mm))], set()
    while queue:
        length, node = heapq.heappop(queue)
        if node == (b.x_mm, b.y_mm):
            return length
        if node in seen:
            continue
        seen.add(node)
        for other in nodes - seen:
            if joined(node, other):
                heapq.heappush(queue, (length + abs(node[0] - other[0]) + abs(node[1] - other[1]), other))
    raise AssertionError("not connected")


IN_AISLE = st.builds(Spot, st.sampled_from(WALKWAY.aisle_xs_mm), st.integers(2501, 14000))
ON_FLOOR = st.builds(Spot, st.integers(0, 12000), st.integers(0, 2500))


@given(st.one_of(IN_AISLE, ON_FLOOR), st.one_of(IN_AISLE, ON_FLOOR))
@settings(max_examples=200, deadline=None)
def test_distance_agrees_with_dijkstra(a, b):
    assert distance_mm(WALKWAY, a, b) == dijkstra_mm(WALKWAY, a, b)
    assert distance_mm(WALKWAY, a, b) == distance_mm(WALKWAY, b, a)


def test_back_cross_aisle_is_used_when_it_is_shorter():
    assert distance_mm(WALKWAY, Spot(2000, 13000), Spot(4600, 12000)) == 2600 + 1000 + 2000
    assert distance_mm(WALKWAY, Spot(2000, 3000), Spot(4600, 4000)) == 2600 + 500 + 1500


def test_levels_cost_no_walking_but_reach_time():
    assert distance_mm(WALKWAY, Spot(2000, 5000, 0), Spot(2000, 5000, 3)) == 0
    assert [reach_s(level) for level in (0, 1, 2, 3, 7)] == [2.0, 1.0, 1.0, 2.0, 2.5]


def test_path_and_time():
    path = [Spot(1000, 1000), Spot(2000, 5000), Spot(1000, 1000)]
    assert path_mm(WALKWAY, path) == 10_000
    assert walk_s(12_000, speed_mm_s=1200) == 10.0
    with pytest.raises(ValueError):
        walk_s(1, speed_mm_s=0)


def test_spots_inside_a_shelf_are_refused():
    with pytest.raises(ValueError, match="neither in an aisle"):
        distance_mm(WALKWAY, Spot(3000, 5000), Spot(0, 0))
    with pytest.raises(ValueError, match="neither in an aisle"):
        distance_mm(WALKWAY, Spot(2000, 15000), Spot(0, 0))


@pytest.mark.parametrize(("front", "back", "xs"), [(5, 5, (1,)), (0, 5, ()), (0, 5, (2, 1)), (0, 5, (1, 1))])
def test_impossible_walkways_are_refused(front, back, xs):
    with pytest.raises(ValueError):
        Walkway(front, back, xs)
