"""A sealed parcel is opened again before it leaves: the shipment is taken back, mended, sealed anew and offered again."""

from __future__ import annotations

from procrastinate.contrib.django.models import ProcrastinateJob

from mfc.core.events import FAN_OUT_TASK
from mfc.core.models import JournalEntry
from mfc.dispatch import opening, shipments
from mfc.dispatch.models import Shipment, Staging
from mfc.inventory import tracing
from mfc.orders import services as orders
from mfc.orders.models import Order, OrderLine
from mfc.packing.models import PackJob, Parcel
from tests.proof import broken_invariants, refused
from tests.walk import SORTER, Walk
from tests.world import LEAD, World


def recall_soon(world: World) -> None:
    tracing.recall(lot=world.lots["SOON"], site_id=world.site.pk, actor=LEAD, reason="glass found")


def count_all(walk: Walk, world: World, *codes: str) -> None:
    for code in codes:
        walk.scan("hosp-1", world.gtins[code])
    walk.scan("hosp-1", "C-DONE")


def events() -> list[str]:
    jobs = ProcrastinateJob.objects.filter(task_name=FAN_OUT_TASK).order_by("id")
    return [job.args["kind"] for job in jobs if job.args["kind"].startswith("shipment.")]


def test_recalled_goods_come_out_of_a_staged_parcel_and_the_rest_is_offered_again(
    world: World, walk: Walk
) -> None:
    shipment = walk.ready(MILK=2, TEA=1)
    shipments.claim(shipment_id=shipment.pk, client="shop", claimed_by="Van 3", actor=LEAD)
    old = shipment.order.parcels.get().sscc
    recall_soon(world)
    walk.badge("hosp-1", "Lee")
    assert walk.scan("hosp-1", world.totes[0]).text.startswith("Take everything out")
    shipment.refresh_from_db()
    assert (shipment.state, shipment.claimed_by, shipment.ready_at) == ("withdrawn", "", None)
    assert not Parcel.objects.exists()
    assert not Staging.objects.exists()
    assert Order.objects.get().state == "picked"
    opened = JournalEntry.objects.get(verb="parcel.opened")
    assert (opened.data["sscc"], opened.data["claimed_by"]) == (old, "Van 3")
    assert opened.data["reason"] == "2 × MILK of lot SOON must come out: recall, glass found"
    assert broken_invariants() == {}

    count_all(walk, world, "MILK", "MILK", "TEA")
    assert walk.scan("hosp-1", "C-REMOVED").text.startswith("2 × Whole milk on the shelf.")
    line = OrderLine.objects.get(sku__code="MILK")
    assert (line.qty_picked, line.qty_short) == (0, 2)
    walk.badge("pack-1", "Pat")
    new = walk.seal(0)
    assert new != old
    walk.moved(world.totes[0], walk.ask(world.totes[0], point=SORTER))
    shipment.refresh_from_db()
    assert shipment.state == "ready"
    assert events() == ["shipment.ready", "shipment.withdrawn", "shipment.ready"]
    with refused("parcel_wrong") as told:
        shipments.hand_over(shipment_id=shipment.pk, client="shop", ssccs=[old, new], actor=LEAD)
    assert told.value.message.startswith(f"{old} is not a parcel of this site, or its tote was opened again.")
    shipments.hand_over(shipment_id=shipment.pk, client="shop", ssccs=[new], actor=LEAD)
    assert broken_invariants() == {}


def test_an_opened_tote_with_nothing_left_ends_the_order_unfilled(world: World, walk: Walk) -> None:
    shipment = walk.ready(MILK=2)
    recall_soon(world)
    walk.badge("hosp-1", "Lee")
    walk.scan("hosp-1", world.totes[0])
    count_all(walk, world, "MILK", "MILK")
    assert walk.scan("hosp-1", "C-REMOVED").text.endswith("Nothing is left: back to the stack.")
    assert PackJob.objects.get().state == "emptied"
    assert Order.objects.get().state == "unfilled"
    shipment.refresh_from_db()
    assert shipment.state == "withdrawn"
    assert broken_invariants() == {}


def test_an_order_whose_parcel_was_opened_can_be_cancelled(world: World, walk: Walk) -> None:
    shipment = walk.ready(TEA=2)
    parcel = shipment.order.parcels.get()
    opening.open_again(parcel=parcel, actor=LEAD, reason="the customer rang")
    orders.cancel(order=Order.objects.get(), actor=LEAD, reason="the customer rang")
    assert (Order.objects.get().state, PackJob.objects.get().state) == ("cancelled", "put_back")
    assert Shipment.objects.get().state == "withdrawn"
    assert broken_invariants() == {}


def test_a_sealed_tote_with_nothing_on_hold_stays_sealed_at_the_hospital(world: World, walk: Walk) -> None:
    walk.ready(TEA=2)
    walk.badge("hosp-1", "Lee")
    said = walk.scan("hosp-1", world.totes[0])
    assert (said.verdict, said.code) == ("refused", "tote_not_here")
    assert said.text == f"Tote {world.totes[0]} is sealed and nothing in it is on hold."
    assert Shipment.objects.get().state == "ready"


def test_one_of_two_parcels_is_opened_and_the_other_waits_in_its_lane(world: World, walk: Walk) -> None:
    world.accept(TEA=2)
    walk.begin(0)
    walk.scan("cart-1", world.gtins["TEA"])
    walk.tell("cart-1", "C-FULLA", 1)
    walk.scan("cart-1", world.totes[1])
    walk.scan("cart-1", world.totes[1])
    walk.drop()
    walk.badge("pack-1", "Pat")
    for tote in (0, 1):
        walk.seal(tote)
        walk.moved(world.totes[tote], walk.ask(world.totes[tote], point=SORTER))
    shipment = Shipment.objects.get()
    assert shipment.state == "ready"
    first, second = shipment.order.parcels.order_by("tote_use_id")
    opening.open_again(parcel=second, actor=LEAD, reason="label torn")
    shipment.refresh_from_db()
    assert (shipment.state, Order.objects.get().state) == ("sealed", "picked")
    assert list(Staging.objects.values_list("parcel_id", flat=True)) == [first.sscc]
    assert events() == ["shipment.ready", "shipment.withdrawn"]
    assert broken_invariants() == {}
    walk.badge("hosp-1", "Lee")
    walk.scan("hosp-1", world.totes[1])
    count_all(walk, world, "TEA")
    walk.seal(1)
    walk.moved(world.totes[1], walk.ask(world.totes[1], point=SORTER))
    assert Shipment.objects.get().state == "ready"
    assert broken_invariants() == {}


def test_opening_needs_a_reason_and_a_parcel_that_is_still_here(world: World, walk: Walk) -> None:
    shipment = walk.ready(TEA=2)
    parcel = shipment.order.parcels.get()
    with refused("reason_missing"):
        opening.open_again(parcel=parcel, actor=LEAD, reason=" ")
    shipments.hand_over(shipment_id=shipment.pk, client="shop", ssccs=[parcel.sscc], actor=LEAD)
    with refused("parcel_left") as told:
        opening.open_again(parcel=parcel, actor=LEAD, reason="wrong label")
    assert told.value.details == {"sscc": parcel.sscc}


def test_a_parcel_opened_on_its_way_is_not_staged(world: World, walk: Walk) -> None:
    walk.picked_tote(TEA=2)
    walk.badge("pack-1", "Pat")
    walk.seal(0)
    parcel = Parcel.objects.get()
    lane = world.locations["STAGE-1"]
    opening.open_again(parcel=Parcel.objects.get(), actor=LEAD, reason="wrong label")
    assert shipments.stage(parcel=parcel, lane=lane, source="scan", actor=LEAD).state == "withdrawn"
    assert not Staging.objects.exists()
    with refused("parcel_left"):
        opening.open_again(parcel=parcel, actor=LEAD, reason="again")
    assert broken_invariants() == {}
