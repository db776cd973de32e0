"""Stock that is stopped while orders are under way: pickers are led elsewhere, totes are mended, nothing leaves."""

from __future__ import annotations

from procrastinate.contrib.django.models import ProcrastinateJob

from mfc.dispatch import shipments
from mfc.inventory import holds, tracing
from mfc.inventory.models import Balance, HoldKind, StockMove
from mfc.orders.models import OrderLine
from mfc.packing.models import PackJob
from mfc.picking import held
from mfc.picking.models import PickTask
from tests.proof import broken_invariants, refused, unchanged
from tests.walk import Walk
from tests.world import LEAD, World


def stop(world: World, lot: str) -> None:
    tracing.recall(lot=world.lots[lot], site_id=world.site.pk, actor=LEAD, reason="glass found")


def run_jobs() -> int:
    """What the worker would do next for picking."""
    jobs = ProcrastinateJob.objects.filter(task_name="picking.reroute_held")
    return sum(held.reroute(**job.args) for job in jobs)


def test_pickers_on_a_recalled_lot_are_led_to_another(world: World, walk: Walk) -> None:
    world.accept(MILK=3)
    walk.begin(0)
    assert str(walk.stop()[0].lot) == "MILK/SOON"
    stop(world, "SOON")
    assert run_jobs() == 1
    assert [(str(task.lot), task.qty) for task in walk.stop()] == [("MILK/LATE", 3)]
    assert walk.stop()[0].reason == "instead of A02-02: on hold or expired"
    assert world.position("MILK") == (5, 3, 0)
    assert broken_invariants() == {}
    walk.pick_all()
    assert run_jobs() == 0


def test_what_no_other_lot_has_is_short_with_the_reason(world: World, walk: Walk) -> None:
    world.accept(MILK=7, TEA=1)
    walk.begin(0)
    stop(world, "SOON")
    run_jobs()
    line = OrderLine.objects.get(sku__code="MILK")
    assert (line.qty_short, line.short_reason) == (2, "on hold or expired at A02-02")
    assert sorted(PickTask.objects.values_list("state", flat=True)) == ["cancelled", "open", "open", "open"]
    assert broken_invariants() == {}


def test_a_tote_with_recalled_goods_goes_to_the_hospital_and_is_mended(world: World, walk: Walk) -> None:
    order = walk.picked_tote(MILK=2, TEA=1)
    stop(world, "SOON")
    walk.badge("pack-1", "Pat")
    walk.scan("pack-1", world.totes[0])
    said = walk.weigh("pack-1", walk.right_weight(0))
    assert said.text == (f"Tote {world.totes[0]}: 2 × MILK of lot SOON must come out: recall, glass found.")
    assert said.code == "stock_on_hold"
    walk.badge("hosp-1", "Pat")
    walk.scan("hosp-1", world.totes[0])
    for code in ("MILK", "MILK", "TEA"):
        walk.scan("hosp-1", world.gtins[code])
    assert "differs" in walk.scan("hosp-1", "C-DONE").text
    assert walk.scan("hosp-1", "C-REMOVED").text.startswith("2 × Whole milk on the shelf.")
    line = OrderLine.objects.get(order=order, sku__code="MILK")
    assert (line.qty_picked, line.qty_short, line.short_reason) == (0, 2, "on hold, taken out of the tote")
    assert Balance.objects.get(location=world.locations["QUARANTINE"]).on_hand == 2
    assert StockMove.objects.latest("pk").reason_code == "recalled"
    walk.badge("pack-1", "Pat")
    walk.seal(0)
    assert broken_invariants() == {}


def test_a_parcel_with_recalled_goods_is_not_handed_over(world: World, walk: Walk) -> None:
    shipment = walk.ready(MILK=2)
    stop(world, "SOON")
    (parcel,) = shipment.order.parcels.all()
    with refused("stock_on_hold") as told:
        shipments.hand_over(shipment_id=shipment.pk, client="shop", ssccs=[parcel.sscc], actor=LEAD)
    assert told.value.message == "2 × MILK of lot SOON: recall hold, glass found."


def test_a_label_that_is_printed_already_does_not_seal_recalled_goods(world: World, walk: Walk) -> None:
    walk.picked_tote(MILK=2)
    walk.badge("pack-1", "Pat")
    walk.scan("pack-1", world.totes[0])
    walk.weigh("pack-1", walk.right_weight(0))
    stop(world, "SOON")
    job = PackJob.objects.get()
    said = walk.scan("pack-1", f"00{job.sscc}", "C1")
    assert (said.verdict, said.code) == ("refused", "stock_on_hold")


def test_a_hold_on_a_place_does_not_stop_what_was_taken_from_it(world: World, walk: Walk) -> None:
    walk.picked_tote(TEA=2)
    holds.place(
        site_id=world.site.pk,
        kind=HoldKind.DAMAGE,
        actor=LEAD,
        reason="shelf broke",
        location=world.locations["A01-01"],
    )
    walk.badge("pack-1", "Pat")
    walk.seal(0)
    assert PackJob.objects.get().state == "sealed"


def test_a_label_printed_before_a_recall_leads_the_tote_to_the_hospital(world: World, walk: Walk) -> None:
    walk.picked_tote(MILK=2)
    walk.badge("pack-1", "Pat")
    walk.scan("pack-1", world.totes[0])
    walk.weigh("pack-1", walk.right_weight(0))
    stop(world, "SOON")
    walk.badge("hosp-1", "Lee")
    assert walk.scan("hosp-1", world.totes[0]).text.startswith("Take everything out")
    job = PackJob.objects.get()
    assert (job.state, job.sscc) == ("counting", "")
    assert job.reason == "2 × MILK of lot SOON must come out: recall, glass found"
    assert broken_invariants() == {}


def test_a_short_is_not_taken_back_once_its_stock_was_stopped(world: World, walk: Walk) -> None:
    world.accept(TEA=2)
    walk.begin(0)
    walk.scan("cart-1", "C-SHORT")
    holds.place(
        site_id=world.site.pk, kind=HoldKind.QUALITY, actor=LEAD, reason="smells", sku=world.skus["TEA"]
    )
    with unchanged():
        said = walk.scan("cart-1", "C-UNDO")
    assert (said.verdict, said.code) == ("refused", "undo_too_late")
    assert said.text == "The stock of that step was stopped or promised to others meanwhile."
