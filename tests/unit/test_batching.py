"""Batches: urgency first, then savings, never over capacity, never late by company."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mfc.layout.travel import Spot, Walkway
from mfc.picking.batching import Batcher, Cart, OpenOrder, Pace
from mfc.picking.routing import Stop

WALKWAY = Walkway(front_y_mm=1000, back_y_mm=11_000, aisle_xs_mm=(1000, 3000, 5000, 7000))
HOME = Spot(1000, 0)
CART = Cart(positions=3, tote_volume_ml=40_000, tote_weight_g=15_000, cart_weight_g=40_000)


def order(order_id, *places, due_s=7200.0, volume_ml=1000, weight_g=1000):
    stops = tuple(Stop((order_id, index), Spot(x, y, 1)) for index, (x, y) in enumerate(places))
    return OpenOrder(order_id=order_id, due_s=due_s, stops=stops, volume_ml=volume_ml, weight_g=weight_g)


def batcher(cart=CART):
    return Batcher(WALKWAY, HOME, HOME, cart, Pace(after_s=600))


def test_least_slack_is_the_seed_and_the_greatest_saving_joins():
    urgent = order(17, (7000, 9000), due_s=2000)
    near_it = order(18, (7000, 8000))
    far_from_it = order(19, (1000, 2000))
    pair = Cart(positions=2, tote_volume_ml=40_000, tote_weight_g=15_000, cart_weight_g=40_000)
    batch = batcher(pair).next_batch([far_from_it, near_it, urgent], now_s=0)
    assert batch is not None
    assert batch.order_ids == (17, 18)
    # 1000 to the front, 6000 across, 8000 in, and back
    assert batch.length_mm == 2 * (1000 + 6000 + 8000)
    # alone: 45 set up + 25 walk + 7 + 1 line + 12 tote = 90 s; slack = 2000 - 600 - 90 = 1310 s
    assert batch.reason == "order 17 has the least slack (22 min); 1 order joins, saving 28 m"
    # 45 + 25 + 2 * 8 + 2 * 12
    assert batch.duration_s == 110.0


def test_nobody_joins_when_that_would_make_a_member_late():
    urgent = order(1, (1000, 3000), due_s=600 + 45 + 5 + 8 + 12 + 5)
    batch = batcher().next_batch([urgent, order(2, (1000, 3500))], now_s=0)
    assert batch is not None
    assert batch.order_ids == (1,)
    assert batch.reason == "order 1 has the least slack (0 min); no other order can join"


def test_an_order_that_is_late_anyway_does_not_hold_the_others_back():
    late = order(1, (1000, 3000), due_s=100)
    batch = batcher().next_batch([late, order(2, (1000, 3500))], now_s=0)
    assert batch is not None
    assert batch.order_ids == (1, 2)
    assert batch.reason.startswith("order 1 is the most urgent (late by ")


@pytest.mark.parametrize(
    "heavy", [{"weight_g": 39_500, "volume_ml": 10}, {"weight_g": 10, "volume_ml": 120_000}]
)
def test_what_does_not_fit_the_cart_together_stays_for_the_next_walk(heavy):
    plan = batcher().plan_all([order(1, (1000, 3000), due_s=3000), order(2, (1000, 3000), **heavy)], now_s=0)
    assert [batch.order_ids for batch in plan.batches] == [(1,), (2,)]
    assert plan.oversize_ids == ()


def test_an_order_that_fits_no_cart_is_named():
    plan = batcher().plan_all([order(1, (1000, 3000)), order(2, (1000, 3000), weight_g=40_001)], now_s=0)
    assert (plan.oversize_ids, [batch.order_ids for batch in plan.batches]) == ((2,), [(1,)])
    assert batcher().next_batch([order(2, (1000, 3000), weight_g=40_001)], now_s=0) is None


PLACES = st.tuples(st.sampled_from(WALKWAY.aisle_xs_mm), st.integers(1001, 11_000))
ROW = st.tuples(st.lists(PLACES, min_size=1, max_size=4), st.integers(0, 9000), st.integers(1, 20_000))
ORDERS = st.lists(ROW, max_size=12)


@given(ORDERS)
@settings(max_examples=60, deadline=None)
def test_every_order_is_in_one_batch_within_capacity_and_in_time(rows):
    orders = [
        order(index, *places, due_s=due_s, weight_g=weight_g)
        for index, (places, due_s, weight_g) in enumerate(rows)
    ]
    plan = batcher().plan_all(orders, now_s=0)
    ids = [order_id for batch in plan.batches for order_id in batch.order_ids]
    assert sorted([*ids, *plan.oversize_ids]) == list(range(len(orders)))
    for batch in plan.batches:
        members = [orders[order_id] for order_id in batch.order_ids]
        assert CART.holds(members)
        assert len(batch.stops) == sum(len(member.stops) for member in members)
        for member in members:
            alone = batcher().next_batch([member], now_s=0)
            assert alone is not None
            late_alone = "late" in alone.reason
            assert late_alone or batch.duration_s + 600 <= member.due_s
    assert plan == batcher().plan_all(list(orders), now_s=0)


def test_batches_walk_far_less_than_orders_alone():
    chance = random.Random(4)
    orders = [
        order(index, *((chance.choice(WALKWAY.aisle_xs_mm), chance.randint(1001, 11_000)) for _ in range(5)))
        for index in range(30)
    ]
    plan = batcher().plan_all(orders, now_s=0)
    alone_mm = sum(batcher().plan_all([one], now_s=0).batches[0].length_mm for one in orders)
    assert [len(batch.order_ids) for batch in plan.batches] == [3] * 10
    assert sum(batch.length_mm for batch in plan.batches) < alone_mm * 0.6
