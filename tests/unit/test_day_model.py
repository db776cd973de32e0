"""The model of a day against hand-computed days, and what must hold in any of them."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mfc.insight.daymodel import Arrival, Site, simulate
from mfc.layout.travel import Spot, Walkway
from mfc.picking.batching import Cart, OpenOrder, Pace
from mfc.picking.release import Decision, Go, Policy, Settings, Situation, Wait, decide
from mfc.picking.release.survey import Survey
from mfc.picking.routing import Stop

WALKWAY = Walkway(2_000, 12_000, (1_000, 4_000, 7_000))
DEPOT = Spot(1_000, 1_000)
PLACES = [Spot(x, y, 1) for x in WALKWAY.aisle_xs_mm for y in range(3_000, 12_000, 1_000)]
PACE = Pace(speed_mm_s=1_000, setup_s=40.0, line_s=6.0, tote_s=10.0, after_s=0.0)
CART = Cart(positions=3, tote_volume_ml=100, tote_weight_g=100, cart_weight_g=1_000)
SURVEY = Survey(WALKWAY, DEPOT, PLACES)
SITE = Site(WALKWAY, DEPOT, CART, PACE, SURVEY.route)


class OneByOne:
    """The first that waits, alone."""

    def forget(self, order_ids: Sequence[Hashable]) -> None:
        return

    def __call__(self, now: Situation) -> Decision:
        if not now.waiting or now.idle <= 0:
            return Wait(until_s=None, why="")
        return Go(order_ids=(now.waiting[0].order_id,), length_mm=0, duration_s=0, why_now="", why_these="")


class Rolling(OneByOne):
    def __init__(self, **given: float) -> None:
        self.policy = Policy(
            walkway=WALKWAY,
            end=DEPOT,
            cart=CART,
            pace=PACE,
            survey=Survey(WALKWAY, DEPOT, PLACES),
            settings=Settings(**given),  # type: ignore[arg-type]
        )

    def __call__(self, now: Situation) -> Decision:
        return decide(self.policy, now)


def arrival(name: str, at_s: float, due_s: float, *spots: Spot) -> Arrival:
    stops = tuple(Stop((name, n), spot) for n, spot in enumerate(spots))
    return Arrival(at_s, OpenOrder(order_id=name, due_s=due_s, stops=stops, volume_ml=1, weight_g=1))


def test_one_picker_one_order_after_the_other() -> None:
    # 40 + 10 s, 4 m there, 6 + 1 s, 4 m back: 65 s
    orders = [arrival(name, at_s, 130.0, Spot(1_000, 5_000, 1)) for name, at_s in (("A", 0.0), ("B", 10.0))]
    day = simulate(SITE, orders, pickers=lambda now_s: 1, rule=OneByOne())
    assert [(one.order_id, one.started_s, one.done_s) for one in day.outcomes] == [
        ("A", 0.0, pytest.approx(65.0)),
        ("B", pytest.approx(65.0), pytest.approx(130.0)),
    ]
    assert (day.walks, day.walked_mm, day.lines, day.busy_s) == (2, 16_000, 2, pytest.approx(130.0))
    assert day.on_time == 1.0
    assert day.visits == {Spot(1_000, 5_000, 1): 2}


def test_a_picker_whose_shift_begins_later_starts_then() -> None:
    day = simulate(
        SITE,
        [arrival("A", 0.0, 100.0, Spot(1_000, 5_000, 1))],
        pickers=lambda now_s: int(now_s >= 300),
        rule=OneByOne(),
        changes_s=[300.0],
    )
    (one,) = day.outcomes
    assert (one.started_s, one.done_s, one.is_on_time) == (300.0, pytest.approx(365.0), False)
    assert day.late_s == pytest.approx(265.0)


def test_an_order_that_comes_during_a_walk_is_taken_along() -> None:
    long_way = [Spot(1_000, y, 1) for y in (5_000, 10_000, 11_000)]
    orders = [arrival("A", 0.0, 900.0, *long_way), arrival("B", 52.0, 900.0, Spot(1_000, 10_000, 1))]
    day = simulate(SITE, orders, pickers=lambda now_s: 1, rule=Rolling())
    done = {one.order_id: one.done_s for one in day.outcomes}
    assert (day.walks, day.joined) == (1, 1)
    # 50 s, 10 m there and back, four lines of 7 s, and 10 s for the second tote
    assert done["A"] == done["B"] == pytest.approx(50 + 20 + 28 + 10)


DRAWN = st.lists(
    st.tuples(
        st.floats(0, 3_000),
        st.sampled_from([300, 600, 1_800]),
        st.lists(st.sampled_from(PLACES), min_size=1, max_size=5, unique=True),
    ),
    min_size=1,
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(drawn=DRAWN, pickers=st.integers(1, 3), below=st.sampled_from([0.0, 0.7, 1.0]))
def test_every_order_is_done_once_and_no_time_is_lost(
    drawn: list[tuple[float, int, list[Spot]]], pickers: int, below: float
) -> None:
    orders = [
        arrival(f"o{n}", at_s, at_s + window, *spots)
        for n, (at_s, window, spots) in enumerate(sorted(drawn, key=lambda one: one[0]))
    ]
    day = simulate(
        SITE,
        orders,
        pickers=lambda now_s: pickers,
        rule=Rolling(waits_below=below),
        arrivals_per_s=lambda now_s: 0.01 if now_s < 3_000 else 0.0,
    )
    assert sorted(str(one.order_id) for one in day.outcomes) == sorted(f"o{n}" for n in range(len(orders)))
    lines = sum(len(spots) for _, _, spots in drawn)
    assert day.lines == sum(day.visits.values()) == lines
    assert all(one.at_s <= one.started_s < one.done_s for one in day.outcomes)
    # Working time is walking, lines, totes and set-ups, and nothing else.
    known_s = day.walked_mm / 1_000 + 7 * lines + 10 * len(orders) + 40 * day.walks
    assert day.busy_s == pytest.approx(known_s)
    ends = sorted({one.done_s for one in day.outcomes})
    assert day.busy_s <= pickers * ends[-1]
