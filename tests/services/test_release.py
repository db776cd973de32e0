"""When work is released, which orders go together, and from which lots."""

from __future__ import annotations

from datetime import timedelta

from mfc.orders import timing
from mfc.orders.models import Order, OrderLine
from mfc.picking import waves
from mfc.picking.models import Batch, PickTask, Wave
from tests.proof import broken_invariants, unchanged
from tests.walk import Walk
from tests.world import LEAD, World


def reason(world: World, *, idle: int) -> str:
    return waves.go_reason(world.site, waves.waiting_orders(world.site), idle=idle)


def test_latest_start_is_promise_minus_route_minus_handling(world: World) -> None:
    order = world.accept(TEA=1, MUG=1)
    (waiting,) = waves.waiting_orders(world.site)
    assert waiting.latest_start == order.promise_until - timedelta(seconds=1800 + 60 + 30 + 2 * 16 + 45)
    assert timing.dispatch_deadline(order.promise_until, site=world.site) == order.promise_until - timedelta(
        minutes=30
    )


def test_nothing_is_released_while_there_is_time_and_nobody_waits_for_work(world: World) -> None:
    world.accept(TEA=1)
    with unchanged():
        assert reason(world, idle=0) == ""
        assert waves.release_due(site=world.site) == []


def test_due_work_is_released_without_anybody_waiting(world: World) -> None:
    order = world.accept("A", TEA=1)
    (waiting,) = waves.waiting_orders(world.site)
    world.clock.at = waiting.latest_start - timedelta(minutes=30, seconds=1)
    assert reason(world, idle=0) == ""
    world.clock.advance(seconds=1)
    assert reason(world, idle=0) == "order A must start within 30 min"
    (batch,) = waves.release_due(site=world.site)
    assert (batch.state, batch.latest_start) == ("planned", waiting.latest_start)
    assert Wave.objects.get().reason == "order A must start within 30 min"
    order.refresh_from_db()
    assert order.state == "released"


def test_enough_orders_for_a_good_walk_are_released_to_an_idle_picker(world: World) -> None:
    world.accept(TEA=1)
    world.accept(TEA=1)
    assert reason(world, idle=1) == ""
    world.accept(TEA=1)
    assert reason(world, idle=1) == "3 orders wait and 1 pickers are idle"


def test_an_order_that_has_waited_long_enough_is_released_to_an_idle_picker(world: World) -> None:
    world.accept(TEA=1)
    world.clock.advance(seconds=299)
    assert reason(world, idle=1) == ""
    world.clock.advance(seconds=1)
    assert reason(world, idle=1) == "an order has waited 5 min and 1 pickers are idle"
    assert reason(world, idle=0) == ""


def test_a_cart_carries_no_more_orders_than_it_has_places(world: World, walk: Walk) -> None:
    for _ in range(6):
        world.accept(minutes=40, TEA=1)
    walk.start()
    walk.release()
    first, second = Batch.objects.order_by("pk")
    assert [first.orders.count(), second.orders.count()] == [4, 2]
    assert (first.state, second.state) == ("loading", "planned")


def test_a_cart_carries_no_more_weight_than_it_may(world: World, walk: Walk) -> None:
    world.site.cart_weight_g = 2_500
    world.site.save()
    for _ in range(3):
        world.accept(minutes=40, MILK=1, TEA=1)  # 1,230 g each
    walk.start()
    walk.release()
    assert [batch.orders.count() for batch in Batch.objects.order_by("pk")] == [2, 1]


def test_the_order_with_the_least_slack_is_picked_first(world: World, walk: Walk) -> None:
    world.site.cart_orders = 1
    world.site.save()
    world.accept("later", minutes=150, TEA=1)
    world.accept("urgent", minutes=90, TEA=1)
    walk.start()
    world.clock.advance(minutes=6)
    walk.release()
    batch = walk.batch()
    assert batch.orders.get().order.ref == "urgent"
    assert batch.reason.startswith("order urgent has the least slack (")


def test_the_lot_that_expires_first_is_taken_first(world: World, walk: Walk) -> None:
    world.accept(MILK=2)
    walk.begin(0)
    task = PickTask.objects.get()
    assert (task.location.code, task.qty, task.reason) == (
        "A02-02",
        2,
        "first to expire (2026-11-15), from one place",
    )


def test_an_expired_lot_is_not_given_away_and_the_line_is_short(world: World, walk: Walk) -> None:
    world.accept(MILK=6)
    world.lots["SOON"].expires_on = world.clock.now().date() - timedelta(days=1)
    world.lots["SOON"].save()
    walk.begin(0)
    assert [(task.location.code, task.qty) for task in PickTask.objects.all()] == [("A02-01", 5)]
    line = OrderLine.objects.get()
    assert (line.qty_short, line.short_reason, line.qty_promised) == (1, "no stock at release", 0)
    assert world.position("MILK") == (8, 5, 0)
    assert broken_invariants() == {}


def test_one_place_that_can_fill_the_line_is_preferred_to_two(world: World, walk: Walk) -> None:
    world.accept(MUG=5)
    walk.begin(0)
    assert [(task.location.code, task.qty) for task in PickTask.objects.all()] == [("A01-03", 5)]


def test_an_order_whose_stock_vanished_before_release_is_unfilled(world: World, walk: Walk) -> None:
    from mfc.inventory import transfers

    order = world.accept(SOAP=2)
    transfers.adjust(balance=world.balance("A01-04", "SOAP"), actor=LEAD, on_hand=0, reason="water damage")
    walk.start()
    world.clock.advance(minutes=6)
    assert walk.release() == []
    order.refresh_from_db()
    assert (order.state, order.closed_at) == ("unfilled", world.clock.now())
    assert Batch.objects.count() == 0
    assert world.position("SOAP") == (0, 0, 0)
    line = order.lines.get()
    assert (line.qty_short, line.short_reason, line.qty_promised) == (2, "no stock at release", 0)
    assert broken_invariants() == {}


def test_an_unfilled_order_does_not_hold_up_the_next_one(world: World, walk: Walk) -> None:
    from mfc.inventory import transfers

    world.site.cart_orders = 1
    world.site.save()
    world.accept("gone", minutes=100, SOAP=2)
    world.accept("good", minutes=110, TEA=1)
    transfers.adjust(balance=world.balance("A01-04", "SOAP"), actor=LEAD, on_hand=0, reason="water damage")
    walk.start()
    world.clock.advance(minutes=6)
    walk.release()
    assert dict(Order.objects.values_list("ref", "state")) == {"gone": "unfilled", "good": "picking"}


def test_two_clients_may_use_the_same_reference(world: World, walk: Walk) -> None:
    world.accept("A-1", client="one shop", TEA=1)
    world.accept("A-1", client="other shop", MUG=2)
    walk.begin(0, 1)
    assert walk.batch().orders.count() == 2
    walk.pick_all()
    contents = [world.in_tote(world.totes[0]), world.in_tote(world.totes[1])]
    assert sorted(contents, key=str) == [{"MUG": 2}, {"TEA": 1}]
    assert broken_invariants() == {}


def test_more_batches_than_idle_pickers_are_not_planned_ahead(world: World) -> None:
    for _ in range(9):
        world.accept(minutes=35, TEA=1)
    assert len(waves.release_due(site=world.site)) == 1
    assert waves.release_due(site=world.site) == []
    assert Order.objects.filter(state="accepted").count() == 5


def test_a_picker_gets_no_batch_while_every_lamp_colour_is_in_use(world: World, walk: Walk) -> None:
    from mfc.picking.models import Colour

    world.site.cart_orders = 1
    world.site.save()
    for _ in range(2):
        world.accept(minutes=35, TEA=1)
    waves.release_due(site=world.site)
    walk.start("cart-1", "Sam", 0)
    busy = walk.batch("cart-1")
    for colour in Colour.values[1:]:
        Batch.objects.create(
            site=world.site,
            wave=busy.wave,
            state="picking",
            colour=colour,
            length_mm=1,
            policy="-",
            reason="-",
            latest_start=world.clock.now(),
            planned_at=world.clock.now(),
        )
    waves.release_due(site=world.site)
    assert walk.badge("cart-2", "Kim").verdict == "accepted"
    said = walk.scan("cart-2", world.carts[1])
    assert said.text == "Cart is yours. Work comes as soon as orders are released."
    assert waves.hand_out(site=world.site) == []
    Batch.objects.filter(colour="cyan").update(state="closed")
    (given,) = waves.hand_out(site=world.site)
    assert (given.colour, given.station.key) == ("cyan", "cart-2")  # type: ignore[union-attr]
