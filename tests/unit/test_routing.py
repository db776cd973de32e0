"""Orders of stops: each policy on a small floor, the exact one against all permutations."""

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mfc.layout.travel import Spot, Walkway, path_mm
from mfc.picking.routing import POLICIES, Stop, plan

WALKWAY = Walkway(front_y_mm=1000, back_y_mm=11_000, aisle_xs_mm=(1000, 3000, 5000, 7000))
HOME = Spot(1000, 0)
BELT = Spot(7000, 0)


def stops_at(*places, rank=0):
    return [Stop(f"s{index}", Spot(x, y), rank) for index, (x, y) in enumerate(places)]


def route(stops, policy, end=HOME):
    return plan(stops, walkway=WALKWAY, start=HOME, end=end, policy=policy)


STOPS = stops_at((1000, 4000), (3000, 10_000), (3000, 1200), (5000, 10_500), (7000, 3000), (7000, 9000))


def test_s_shape_crosses_aisles_up_and_down():
    found = route(STOPS, "s-shape")
    assert [stop.key for stop in found.stops] == ["s0", "s1", "s2", "s3", "s5", "s4"]
    # 1000 to the front, four crossings, 6000 across, back home 6000 + 1000
    assert found.length_mm == 1000 + 4 * 10_000 + 6000 + 6000 + 1000


def test_return_enters_and_leaves_at_the_front():
    places = stops_at((1000, 2000), (3000, 3000), (5000, 2000), (7000, 4000))
    found = route(places, "return")
    assert [stop.key for stop in found.stops] == ["s0", "s1", "s2", "s3"]
    assert found.length_mm == 2 * 1000 + 2 * (1000 + 2000 + 1000 + 3000) + 2 * 6000


def test_largest_gap_leaves_out_the_gaps():
    found = route(STOPS, "largest-gap")
    assert [stop.key for stop in found.stops] == ["s0", "s1", "s3", "s5", "s4", "s2"]
    # up the first aisle, two short trips from the back (1000, 500), down the last, one short trip from the
    # front
    assert found.length_mm == 1000 + 10_000 + 2 * 1000 + 2 * 500 + 10_000 + 2 * 200 + 2 * 6000 + 1000


def test_best_is_the_shortest_and_names_its_policy():
    lengths = {name: route(STOPS, name).length_mm for name in POLICIES}
    best = plan(STOPS, walkway=WALKWAY, start=HOME, end=HOME, exact=False)
    assert best.length_mm == min(lengths.values()) == 37_400
    assert best.policy == "largest-gap"


PLACES = st.tuples(st.sampled_from(WALKWAY.aisle_xs_mm), st.integers(1001, 11_000), st.integers(0, 2))


@given(st.lists(PLACES, min_size=1, max_size=5))
@settings(max_examples=150, deadline=None)
def test_exact_route_equals_all_permutations(places):
    stops = [Stop(index, Spot(x, y), rank) for index, (x, y, rank) in enumerate(places)]
    shortest = min(
        path_mm(WALKWAY, [HOME, *(stop.spot for stop in order), BELT])
        for order in permutations(stops)
        if [stop.rank for stop in order] == sorted(stop.rank for stop in order)
    )
    found = route(stops, "best", end=BELT)
    assert found.length_mm == shortest


@given(st.lists(PLACES, max_size=40), st.sampled_from([*POLICIES, "best"]))
@settings(max_examples=150, deadline=None)
def test_every_stop_comes_once_by_rank_and_the_length_is_what_one_walks(places, policy):
    stops = [Stop(index, Spot(x, y), rank) for index, (x, y, rank) in enumerate(places)]
    found = route(stops, policy, end=BELT)
    assert sorted(stop.key for stop in found.stops) == list(range(len(stops)))
    assert [stop.rank for stop in found.stops] == sorted(stop.rank for stop in stops)
    assert found.length_mm == path_mm(WALKWAY, [HOME, *(stop.spot for stop in found.stops), BELT])
    assert found == route(stops, policy, end=BELT)


def test_frozen_comes_last_even_when_it_lies_on_the_way():
    stops = [Stop("frozen", Spot(1000, 2000), 2), Stop("ambient", Spot(1000, 9000), 0)]
    assert [stop.key for stop in route(stops, "best").stops] == ["ambient", "frozen"]


def test_stops_of_one_place_are_one_visit_from_the_lowest_level_up():
    stops = [Stop("top", Spot(1000, 5000, 3)), Stop("floor", Spot(1000, 5000, 0))]
    found = route(stops, "best")
    assert ([stop.key for stop in found.stops], found.length_mm) == (["floor", "top"], 10_000)


def test_no_stops_is_the_way_from_start_to_end():
    assert route([], "best", end=BELT).length_mm == 6000


def test_unknown_policy_is_refused():
    with pytest.raises(ValueError, match="unknown routing policy"):
        route(STOPS, "zigzag")
