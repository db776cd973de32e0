"""The way of an order from promise to hand-over, driven by the events of real devices."""

from __future__ import annotations

from procrastinate.contrib.django.models import ProcrastinateJob

from mfc.core.actors import Actor
from mfc.dispatch import shipments
from mfc.dispatch.models import Shipment
from mfc.inventory.models import Reservation, StockMove, ToteUse
from mfc.orders.models import Order
from mfc.picking.models import Batch, PickTask
from tests.proof import broken_invariants
from tests.walk import Walk
from tests.world import PACK_LANE, SORTER, STAGE_1_LANE, World

COURIER = Actor("client", "courier", "courier")


def test_an_accepted_order_promises_its_stock(world: World) -> None:
    order = world.accept(TEA=2, MUG=1)
    assert order.state == "accepted"
    assert world.position("TEA") == (10, 0, 2)
    assert world.position("MUG") == (10, 0, 1)
    assert [(line.sku.code, line.qty, line.qty_promised) for line in order.lines.order_by("position")] == [
        ("TEA", 2, 2),
        ("MUG", 1, 1),
    ]
    assert broken_invariants() == {}


def test_release_turns_the_promise_into_a_reservation(world: World, walk: Walk) -> None:
    world.accept(TEA=2)
    walk.start()
    world.clock.advance(minutes=6)
    (batch,) = walk.release()
    assert batch.state == "planned"
    assert world.position("TEA") == (10, 2, 0)
    assert world.balance("A01-01", "TEA").reserved == 2
    assert [(row.qty, row.reason) for row in Reservation.objects.all()] == [(2, "no expiry, from one place")]
    assert Order.objects.get().state == "picking"  # handed out to the waiting picker
    assert Batch.objects.get().state == "loading"
    assert broken_invariants() == {}


def test_the_whole_way_of_an_order(world: World, walk: Walk) -> None:
    order = world.accept(TEA=2, MILK=4)
    batch = walk.begin(0)
    assert (batch.state, batch.colour, batch.current_stop) == ("picking", "blue", 1)
    # ambient before chilled; of the chilled ones the way decides
    tasks = PickTask.objects.order_by("stop").values_list("sku__code", "lot__code", "qty", "location__code")
    assert list(tasks) == [
        ("TEA", None, 2, "A01-01"),
        ("MILK", "LATE", 1, "A02-01"),
        ("MILK", "SOON", 3, "A02-02"),
    ]
    walk.pick_all()
    assert world.in_tote(world.totes[0]) == {"TEA": 2, "MILK": 4}
    assert Batch.objects.get().state == "picked"
    assert walk.drop().text == "1 totes on the belt."
    assert walk.job(0).state == "arriving"

    assert walk.ask(world.totes[0]) == PACK_LANE
    walk.badge("pack-1", "Pat")
    assert walk.scan("pack-1", world.totes[0]).text == f"Order {order.ref}: put the tote on the scale."
    weight_g = 1500 + 2 * 200 + 4 * 1030
    assert walk.weigh("pack-1", weight_g).text == "Weight is right. Stick the label on and scan it."
    job = walk.job(0)
    assert (job.state, job.expected_g, job.measured_g) == ("weighed", weight_g, weight_g)
    assert walk.scan("pack-1", f"00{job.sscc}", "C1").text == "Sealed. Lane STAGE-1. Put it on the belt."

    assert walk.ask(world.totes[0], point=SORTER) == STAGE_1_LANE
    walk.moved(world.totes[0], STAGE_1_LANE)
    shipment = Shipment.objects.get()
    assert (shipment.state, shipment.lane.code) == ("ready", "STAGE-1")
    assert Order.objects.get().state == "ready"

    shipments.claim(shipment_id=shipment.pk, client="courier", claimed_by="Van 3", actor=COURIER)
    shipments.hand_over(shipment_id=shipment.pk, client="courier", ssccs=[job.sscc], actor=COURIER)
    order.refresh_from_db()
    assert (order.state, order.closed_at) == ("handed_over", world.clock.now())
    assert ToteUse.objects.get().closed_at == world.clock.now()
    assert world.in_tote(world.totes[0]) == {}
    assert world.position("TEA") == (8, 0, 0)
    assert world.position("MILK") == (4, 0, 0)
    shipped = StockMove.objects.filter(kind="ship").values_list("sku__code", "lot__code", "qty")
    assert sorted(shipped, key=str) == [("MILK", "LATE", 1), ("MILK", "SOON", 3), ("TEA", None, 2)]
    assert broken_invariants() == {}


def test_a_ready_and_a_handed_over_shipment_are_announced_in_order(world: World, walk: Walk) -> None:
    shipment = walk.ready(TEA=2)
    shipments.hand_over(
        shipment_id=shipment.pk,
        client="courier",
        ssccs=[shipment.order.parcels.get().sscc],
        actor=COURIER,
    )
    jobs = list(ProcrastinateJob.objects.filter(task_name="webhooks.fan_out").order_by("id"))
    assert [job.args["kind"] for job in jobs] == ["shipment.ready", "shipment.handed_over"]
    assert {job.lock for job in jobs} == {f"webhook/shipment/{shipment.pk}"}
    assert jobs[0].args["data"]["order_ref"] == shipment.order.ref
    assert jobs[0].args["data"]["lane"]["code"] == "STAGE-1"
    assert jobs[0].args["data"]["parcels"][0]["tote"] == world.totes[0]


def test_two_orders_share_a_cart_and_a_stop(world: World, walk: Walk) -> None:
    world.accept("A", TEA=2)
    world.accept("B", TEA=1, SOAP=1)
    walk.begin(0, 1)
    assert sorted((task.sku.code, task.qty) for task in walk.stop()) == [("TEA", 1), ("TEA", 2)]
    walk.pick_all()
    totes = [world.in_tote(world.totes[0]), world.in_tote(world.totes[1])]
    assert sorted(totes, key=len) == [{"TEA": 2}, {"TEA": 1, "SOAP": 1}]
    assert walk.drop().text == "2 totes on the belt."
    assert broken_invariants() == {}


def test_lamps_lead_as_well_as_the_scanner(world: World, walk: Walk) -> None:
    world.accept(TEA=2)
    walk.begin(0)
    assert walk.press_shelf("cart-1", "A01-01").text == "Put 2 into A."
    assert PickTask.objects.get().verified_by == "light"
    assert walk.press_tote("cart-1", 1).text == "That was the last one. Bring the cart to the belt."
    assert world.in_tote(world.totes[0]) == {"TEA": 2}
    assert PickTask.objects.get().state == "picked"
