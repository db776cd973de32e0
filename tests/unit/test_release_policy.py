"""Release decisions in single situations: who goes, who waits, who joins a walk, and the words for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mfc.layout.travel import Spot, Walkway
from mfc.picking.batching import Cart, OpenOrder, Pace
from mfc.picking.release import Go, Join, Policy, Settings, Situation, Visit, Wait, Walk, decide
from mfc.picking.release.survey import Survey
from mfc.picking.routing import Stop, plan

WALKWAY = Walkway(2_000, 22_000, (1_000, 4_000, 7_000, 10_000))
DEPOT = Spot(5_000, 1_000)
PLACES = [Spot(x, y, 1) for x in WALKWAY.aisle_xs_mm for y in range(3_000, 22_000, 1_000)]
PACE = Pace(speed_mm_s=1_000, setup_s=40.0, line_s=6.0, tote_s=10.0, after_s=0.0)
CART = Cart(positions=4, tote_volume_ml=100, tote_weight_g=100, cart_weight_g=1_000)
MINUTE = 60.0


def policy(**settings: object) -> Policy:
    return Policy(
        walkway=WALKWAY,
        end=DEPOT,
        cart=CART,
        pace=PACE,
        survey=Survey(WALKWAY, DEPOT, PLACES),
        settings=Settings(**settings),  # type: ignore[arg-type]
    )


def order(name: str, due_min: float, *places: tuple[int, int]) -> OpenOrder:
    stops = tuple(
        Stop((name, n), Spot(1_000 + 3_000 * aisle, y * 1_000, 1)) for n, (aisle, y) in enumerate(places)
    )
    return OpenOrder(order_id=name, due_s=due_min * MINUTE, stops=stops, volume_ml=1, weight_g=1)


def now(*waiting: OpenOrder, idle: int = 1, **more: object) -> Situation:
    return Situation(now_s=0.0, waiting=waiting, idle=idle, **more)  # type: ignore[arg-type]


def went(decision: object) -> tuple[object, ...]:
    assert isinstance(decision, Go), decision
    return decision.order_ids


def test_nothing_waits() -> None:
    assert decide(policy(), now()) == Wait(until_s=None, why="no order waits")


def test_without_an_idle_picker_nobody_starts() -> None:
    assert decide(policy(), now(order("A", 60, (0, 3)), idle=0)) == Wait(
        until_s=None, why="every picker is on a walk"
    )


def test_the_smallest_slack_seeds_and_neighbours_join() -> None:
    far = order("far", 60, (3, 20))
    near = order("near", 60, (0, 4))
    seed = order("seed", 20, (0, 3))
    small = replace(CART, positions=2)
    rule = replace(policy(), cart=small)
    decision = decide(rule, now(far, near, seed))
    assert went(decision) == ("seed", "near")
    assert isinstance(decision, Go)
    assert decision.why_now == "the cart is full (2 orders)"
    assert decision.why_these.startswith("order seed has the least slack (19 min); 1 order joins, saving ")


def test_nobody_joins_who_would_make_another_late() -> None:
    seed = order("seed", 2.0, (0, 3))
    others = [order(f"o{n}", 60, *[(3, y) for y in range(3, 15)]) for n in range(3)]
    assert went(decide(policy(), now(seed, *others))) == ("seed",)


def test_what_is_late_even_alone_does_not_hold_back_what_can_be_kept() -> None:
    lost = order("lost", 0.1, (3, 20))
    kept = order("kept", 3, (0, 3))
    decision = decide(replace(policy(), cart=replace(CART, positions=1)), now(lost, kept))
    assert went(decision) == ("kept",)


def test_an_unfilled_cart_waits_for_company_until_its_latest_start() -> None:
    only = order("A", 30, (0, 3))
    rule = policy()
    decision = decide(rule, now(only, arrivals_per_s=1 / 300))
    assert isinstance(decision, Wait)
    assert decision.until_s == pytest.approx(30 * MINUTE - rule.alone_s(only) - rule.settings.margin_s)
    assert decision.why == "6 more orders are expected before order A must start"


def test_no_company_is_expected_so_it_goes() -> None:
    decision = decide(policy(), now(order("A", 30, (0, 3))))
    assert isinstance(decision, Go)
    assert decision.why_now == "nothing else is expected"


def test_a_busy_site_does_not_wait() -> None:
    decision = decide(policy(waits_below=0.2), now(order("A", 30, (0, 3)), arrivals_per_s=1 / 60))
    assert isinstance(decision, Go)
    assert decision.why_now == "a picker is idle and more work is on its way"


def test_lanes_that_are_full_stop_the_release_and_half_full_ones_make_it_smaller() -> None:
    rows = [order(f"o{n}", 60, (0, 3 + n)) for n in range(4)]
    assert isinstance(decide(policy(), now(*rows, room=0)), Wait)
    assert len(went(decide(policy(), now(*rows, room=2)))) == 2


def a_walk(due_min: float | None = 60, free: int = 2) -> Walk:
    visits = (Visit(Spot(1_000, 10_000, 1), "old"), Visit(Spot(4_000, 10_000, 1), "old"))
    return Walk(
        key="w1",
        free_positions=free,
        stands_at=Spot(1_000, 5_000, 1),
        free_s=5.0,
        visits=visits,
        ends_s=60.0,
        due_s=None if due_min is None else due_min * MINUTE,
        weight_left_g=500,
    )


def test_an_order_joins_a_walk_that_passes_its_place() -> None:
    decision = decide(policy(), now(order("A", 30, (0, 8)), idle=0, walks=(a_walk(),)))
    assert isinstance(decision, Join)
    assert (decision.order_id, decision.walk) == ("A", "w1")
    assert [visit.spot.y_mm for visit in decision.visits] == [8_000, 10_000, 10_000]
    # on the way: only its line (6 s and 1 s of reaching) and its tote
    assert decision.added_s == pytest.approx(17.0)


@pytest.mark.parametrize(
    ("walk", "reason"),
    [
        (a_walk(free=0), "no place on the cart"),
        (a_walk(due_min=1.1), "its own order would be late"),
        (replace(a_walk(), weight_left_g=0), "too heavy"),
    ],
)
def test_no_walk_takes_along_what_does_not_fit(walk: Walk, reason: str) -> None:
    decision = decide(policy(), now(order("A", 30, (0, 8)), idle=0, walks=(walk,)))
    assert isinstance(decision, Wait), reason


def test_an_order_far_from_the_walk_joins_only_when_it_is_urgent() -> None:
    walk = a_walk()
    relaxed = order("A", 30, (3, 20))
    assert isinstance(decide(policy(join_share=0.3), now(relaxed, idle=0, walks=(walk,))), Wait)
    urgent = order("A", 2.5, (3, 20))
    assert isinstance(decide(policy(join_share=0.3), now(urgent, idle=0, walks=(walk,))), Join)


def test_the_survey_is_never_longer_than_a_rule_and_its_route_has_that_length() -> None:
    survey = Survey(WALKWAY, DEPOT, PLACES)
    rows = [order("A", 9, (0, 3), (1, 20), (3, 12)), order("B", 9, (2, 7), (1, 5))]
    stops = [stop for row in rows for stop in row.stops]
    shortest = survey(rows)
    assert shortest <= plan(stops, walkway=WALKWAY, start=DEPOT, end=DEPOT).length_mm
    way = [DEPOT, *(stop.spot for stop in survey.route(stops)), DEPOT]
    from mfc.layout.travel import path_mm

    assert path_mm(WALKWAY, way) == shortest
