"""An order called off while it is picked or packed, and its goods put back."""

from __future__ import annotations

from mfc.core.actors import Actor
from mfc.inventory.models import StockMove, ToteUse
from mfc.orders import services
from mfc.orders.models import OrderLine
from mfc.packing.models import PackJob
from mfc.picking import putback, waves
from mfc.picking.models import Batch, PutBack
from tests.proof import broken_invariants, refused
from tests.walk import Walk
from tests.world import HOSPITAL_LANE, World

SHOP = Actor("client", "shop", "shop")


def test_a_planned_order_frees_its_reservation_and_its_batch(world: World, walk: Walk) -> None:
    order = world.accept(minutes=40, TEA=4)
    waves.release_due(site=world.site)
    order.refresh_from_db()
    assert (order.state, world.position("TEA")) == ("released", (10, 4, 0))
    services.cancel(order=order, actor=SHOP, reason="no")
    assert (order.state, world.position("TEA")) == ("cancelled", (10, 0, 0))
    assert Batch.objects.get().state == "closed"
    walk.start()
    assert waves.hand_out(site=world.site) == []
    assert broken_invariants() == {}


def test_a_loading_cart_wants_no_tote_for_it(world: World, walk: Walk) -> None:
    first = world.accept("A", TEA=1)
    second = world.accept("B", SOAP=1)
    walk.start()
    world.clock.advance(minutes=6)
    walk.release()
    walk.load("cart-1", 0)
    batch = walk.batch()
    waiting = batch.orders.get(tote_use=None).order
    services.cancel(order=waiting, actor=SHOP, reason="no")
    assert walk.batch().state == "picking"
    walk.pick_all()
    assert walk.drop().text == "1 totes on the belt."
    first.refresh_from_db()
    second.refresh_from_db()
    assert sorted([first.state, second.state]) == ["cancelled", "picked"]
    assert broken_invariants() == {}


def test_a_cart_on_its_way_goes_past_the_stops(world: World, walk: Walk) -> None:
    keep = world.accept("keep", SOAP=1)
    gone = world.accept("gone", TEA=2, MUG=1)
    walk.begin(0, 1)
    walk.pick_stop()
    services.cancel(order=gone, actor=SHOP, reason="no")
    assert broken_invariants() == {}
    walk.pick_all()
    walk.drop()
    keep.refresh_from_db()
    assert keep.state == "picked"
    assert broken_invariants() == {}


def test_a_picked_tote_goes_to_the_hospital_and_back_to_the_shelf(world: World, walk: Walk) -> None:
    order = walk.picked_tote(TEA=2, SOAP=1)
    services.cancel(order=order, actor=SHOP, reason="no")
    job = PackJob.objects.get()
    assert (job.state, walk.ask(world.totes[0])) == ("put_back", HOSPITAL_LANE)
    walk.badge("pack-1", "Pat")
    assert walk.scan("pack-1", world.totes[0]).code == "tote_not_here"
    walk.badge("hosp-1", "Lee")
    assert walk.scan("hosp-1", world.totes[0]).text == (
        "The order was cancelled. Put back: 3 units. Stand the tote aside for that."
    )
    due = putback.due(site=world.site)
    assert [(one.sku.code, one.qty, one.location.code) for one in due] == [
        ("TEA", 2, "A01-01"),
        ("SOAP", 1, "A01-04"),
    ]
    sam = world.people["Sam"]
    with refused("wrong_item"):
        putback.confirm(
            put_back=due[0], sku=world.skus["SOAP"], location=world.locations["A01-01"], person=sam
        )
    with refused("place_invalid"):
        putback.confirm(put_back=due[0], sku=due[0].sku, location=world.locations["BELT"], person=sam)
    with refused("place_invalid"):
        putback.confirm(put_back=due[0], sku=due[0].sku, location=world.locations["A02-01"], person=sam)
    for one in due:
        putback.confirm(put_back=one, sku=one.sku, location=one.location, person=sam)
    with refused("put_back_done"):
        putback.confirm(put_back=due[0], sku=due[0].sku, location=due[0].location, person=sam)
    assert (world.position("TEA"), world.position("SOAP")) == ((10, 0, 0), (5, 0, 0))
    codes = StockMove.objects.filter(kind="putback").values_list("reason_code", flat=True)
    assert list(codes) == ["cancelled", "cancelled"]
    assert ToteUse.objects.get().closed_at is not None
    assert set(OrderLine.objects.values_list("qty_picked", flat=True)) == {0}
    assert broken_invariants() == {}


def test_a_cancelled_tote_on_the_cart_leaves_for_the_hospital(world: World, walk: Walk) -> None:
    order = world.accept(TEA=1, SOAP=1)
    walk.begin(0)
    walk.pick_stop()
    services.cancel(order=order, actor=SHOP, reason="no")
    assert walk.batch().state == "picked"
    assert walk.drop().text == "1 totes on the belt."
    assert PackJob.objects.get().state == "put_back"
    assert PutBack.objects.get().qty == 1
    assert walk.ask(world.totes[0]) == HOSPITAL_LANE
    assert broken_invariants() == {}


def test_a_tote_at_the_bench_is_called_off(world: World, walk: Walk) -> None:
    order = walk.picked_tote(TEA=1)
    walk.badge("pack-1", "Pat")
    walk.scan("pack-1", world.totes[0])
    walk.weigh("pack-1", walk.right_weight(0))
    services.cancel(order=order, actor=SHOP, reason="no")
    job = PackJob.objects.get()
    assert (job.state, job.station) == ("put_back", None)
    assert broken_invariants() == {}


def test_one_sealed_tote_of_two_holds_the_order(world: World, walk: Walk) -> None:
    order = world.accept(SOAP=2)
    walk.begin(0)
    walk.scan("cart-1", world.gtins["SOAP"])
    from tests.services.test_picking_exceptions import press

    press(walk, "C-FULL", 1)
    walk.scan("cart-1", world.totes[1])
    walk.scan("cart-1", world.totes[1])
    walk.drop()
    walk.badge("pack-1", "Pat")
    walk.seal(0)
    order.refresh_from_db()
    assert order.state == "picked"
    with refused("order_not_cancellable") as caught:
        services.cancel(order=order, actor=SHOP, reason="no")
    assert caught.value.details == {"state": "sealed"}


def test_a_stock_terminal_leads_the_put_back(world: World, walk: Walk) -> None:
    from tests.services.test_picking_exceptions import press

    order = walk.picked_tote(TEA=2, SOAP=1)
    services.cancel(order=order, actor=SHOP, reason="no")
    press(walk, world.people["Sid"].badge, station="stock-1")
    assert press(walk, "C-PUTBACK", station="stock-1")["verdict"] == "accepted"
    assert press(walk, world.totes[1], station="stock-1")["code"] == "tote_not_here"
    assert press(walk, world.totes[0], station="stock-1")["text"] == "Take an item out and scan it."
    assert press(walk, world.gtins["MUG"], station="stock-1")["code"] == "wrong_item"
    assert press(walk, world.gtins["SOAP"], station="stock-1")["text"] == "1 × Olive soap back to A01-04."
    said = press(walk, world.locations["A01-04"].label, station="stock-1")
    assert said["text"] == "1 × Olive soap at A01-04. Take the next item."
    press(walk, "C-CHOOSE", 1, station="stock-1")
    said = press(walk, world.locations["A01-01"].label, station="stock-1")
    assert said["text"] == "2 × Tea caddy at A01-01. The tote is empty."
    assert world.position("TEA") == (10, 0, 0)
    assert broken_invariants() == {}


def test_what_came_into_the_tote_another_way_is_put_back_too(world: World, walk: Walk) -> None:
    """A short line was filled from the dock: no pick task stands for these units."""
    from mfc.inbound import putaway
    from mfc.inventory import transfers
    from tests.world import LEAD

    order = world.accept(SOAP=2, TEA=1)
    walk.begin(0)
    while walk.stop()[0].sku.code != "SOAP":
        walk.pick_stop()
    walk.scan("cart-1", "C-SHORTNOTFOUND")
    if walk.batch().state == "picking":
        walk.pick_stop()
    dock = world.locations["DOCK-IN"]
    transfers.receive(
        site_id=world.site.pk,
        actor=LEAD,
        deliveries=[transfers.Delivery(dock, world.skus["SOAP"].pk, None, 2)],
        reference="late delivery",
    )
    waiting = putaway.waiting_order(site=world.site, sku_id=world.skus["SOAP"].pk, lot_id=None)
    assert waiting is not None
    putaway.cross_dock(balance=world.balance("DOCK-IN", "SOAP"), waiting=waiting, qty=2, actor=LEAD)
    assert walk.scan("cart-1", "C-UNDO").verdict in {"accepted", "refused"}
    assert broken_invariants() == {}
    services.cancel(order=order, actor=SHOP, reason="no")
    assert ("SOAP", 2) in set(PutBack.objects.values_list("sku__code", "qty"))
    assert broken_invariants() == {}
