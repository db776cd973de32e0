"""Putting away: proposed with a reason, overridden with a reason, straight to the order that waits."""

from __future__ import annotations

from datetime import timedelta

from mfc.inbound import putaway
from mfc.inbound.models import Putaway
from mfc.inventory import holds, transfers
from mfc.inventory.models import Balance, HoldKind, Lot, StockMove, ToteUse
from mfc.layout.models import Location
from mfc.orders.models import OrderLine
from tests.proof import broken_invariants, refused
from tests.services.test_receiving import SSCC, announced, arrive
from tests.walk import Walk
from tests.world import LEAD, TODAY, World


def at_dock(world: World, code: str, qty: int, **facts: object) -> Balance:
    """Goods that were just received; the balance they lie in."""
    receipt = announced(world, f"ASN-{code}-{qty}", **{code: qty})
    item = arrive(world, receipt, code, qty, **facts)
    return Balance.objects.select_related("sku", "lot", "location", "site", "container").get(
        location=world.locations["DOCK-IN"], sku=world.skus[code], lot=item.lot
    )


def options(world: World, row: Balance, qty: int) -> list[tuple[str, str]]:
    found = putaway.propose(site=world.site, sku=row.sku, lot_id=row.lot_id, qty=qty, source=row.location)
    return [(one.spot.code, one.rule) for one in found]


def put(world: World, row: Balance, qty: int, place: str, code: str = "") -> Putaway:
    proposals = putaway.propose(site=world.site, sku=row.sku, lot_id=row.lot_id, qty=qty, source=row.location)
    return putaway.put_away(
        balance=row,
        qty=qty,
        target=Location.objects.select_related("zone").get(code=place),
        actor=LEAD,
        proposals=proposals,
        override_code=code,
    )


def test_goods_join_the_same_article_and_are_for_sale(world: World) -> None:
    row = at_dock(world, "TEA", 5)
    assert options(world, row, 5)[0] == ("A01-01", "same_lot")
    done = put(world, row, 5, "A01-01")
    assert (done.rule, done.why, done.source) == ("same_lot", "the same article and lot lie there", "DOCK-IN")
    assert world.position("TEA") == (15, 0, 0)
    assert StockMove.objects.latest("pk").kind == "putaway"
    assert broken_invariants() == {}


def test_a_fixed_slot_comes_first_as_far_as_it_has_room(world: World) -> None:
    Location.objects.filter(code="A02-04").update(slotted_sku=world.skus["CHEESE"], slot_min=2, slot_max=8)
    row = at_dock(world, "CHEESE", 12, lot_code="C9", expires_on=TODAY + timedelta(days=40))
    found = putaway.propose(site=world.site, sku=row.sku, lot_id=row.lot_id, qty=12, source=row.location)
    assert (found[0].spot.code, found[0].qty, found[0].why) == ("A02-04", 8, "its slot, 8 fit")
    assert all(one.spot.temperature in {"", "chilled"} for one in found)


def test_another_place_needs_a_reason_that_is_kept(world: World) -> None:
    row = at_dock(world, "SOAP", 5)
    with refused("reason_missing") as told:
        put(world, row, 5, "A01-03")
    assert told.value.message.startswith("Proposed was A01-04")
    done = put(world, row, 5, "A01-03", "place_full")
    assert (done.proposed.code if done.proposed else "", done.override_code) == ("A01-04", "place_full")
    assert (done.rule, done.why) == ("chosen", "chosen by the lead")


def test_the_wrong_temperature_is_refused_whatever_the_reason(world: World) -> None:
    row = at_dock(world, "MILK", 5, lot_code="N1", expires_on=TODAY + timedelta(days=9))
    with refused("place_invalid"):
        put(world, row, 5, "A01-01", "other")
    with refused("place_invalid"):
        put(world, row, 5, "BELT", "other")
    with refused("stock_insufficient"):
        put(world, row, 6, "A02-04")
    with refused("quantity_invalid"):
        put(world, row, 0, "A02-04")


def test_held_goods_are_proposed_to_quarantine_and_stay_unsold_on_a_shelf(world: World) -> None:
    row = at_dock(world, "MILK", 5, lot_code="N2", expires_on=TODAY + timedelta(days=9), hold=True)
    assert options(world, row, 5) == [("QUARANTINE", "quarantine")]
    put(world, row, 2, "QUARANTINE")
    row.refresh_from_db()
    put(world, row, 3, "A02-04", "other")
    assert world.position("MILK") == (8, 0, 0)
    assert broken_invariants() == {}


def test_goods_held_at_a_place_do_not_escape_by_being_moved(world: World) -> None:
    row = at_dock(world, "TEA", 5)
    holds.place(
        site_id=world.site.pk,
        kind=HoldKind.QUALITY,
        actor=LEAD,
        reason="wet",
        sku=row.sku,
        location=world.locations["DOCK-IN"],
    )
    with refused("stock_on_hold"):
        put(world, row, 5, "A01-01", "other")
    put(world, row, 5, "QUARANTINE")


def test_a_pallet_is_unloaded_piece_by_piece_and_then_free(world: World) -> None:
    from mfc.inbound import receipts

    lines = [receipts.Announced(sku=world.skus["TEA"], qty=12, sscc=SSCC)]
    receipts.announce(site=world.site, ref="ASN-P", lines=lines, actor=LEAD)
    _, pallet, _ = receipts.receive_unit(
        site=world.site, sscc=SSCC, location=world.locations["DOCK-IN"], actor=LEAD
    )
    (row,) = putaway.waiting_stock(world.site)
    put(world, row, 10, "A01-01")
    assert ToteUse.objects.get(container=pallet).closed_at is None
    row.refresh_from_db()
    put(world, row, 2, "RESERVE-1")
    assert ToteUse.objects.get(container=pallet).closed_at is not None
    assert putaway.waiting_stock(world.site) == []
    assert world.position("TEA") == (22, 0, 0)
    assert broken_invariants() == {}


def test_goods_go_straight_into_the_tote_of_the_order_that_lacks_them(world: World, walk: Walk) -> None:
    order = world.accept(SOAP=5, TEA=1)
    walk.begin(0)
    while walk.stop()[0].sku.code != "SOAP":
        walk.pick_stop()
    walk.scan("cart-1", "C-SHORT")
    line = OrderLine.objects.get(order=order, sku__code="SOAP")
    assert (line.qty_picked, line.qty_short) == (0, 5)
    row = at_dock(world, "SOAP", 8)
    waiting = putaway.waiting_order(site=world.site, sku_id=row.sku_id, lot_id=row.lot_id)
    assert waiting is not None
    assert waiting.why == f"order {order.ref} lacks 5: straight into its tote"
    with refused("quantity_invalid"):
        putaway.cross_dock(balance=row, waiting=waiting, qty=6, actor=LEAD)
    done = putaway.cross_dock(balance=row, waiting=waiting, qty=5, actor=LEAD)
    assert (done.order, done.rule, done.location) == (order, "cross_dock", None)
    line.refresh_from_db()
    assert (line.qty_picked, line.qty_short, line.short_reason) == (5, 0, "")
    assert world.in_tote(world.totes[0])["SOAP"] == 5
    row.refresh_from_db()
    with refused("no_waiting_order"):
        putaway.cross_dock(balance=row, waiting=waiting, qty=1, actor=LEAD)
    assert putaway.waiting_order(site=world.site, sku_id=row.sku_id, lot_id=row.lot_id) is None
    assert broken_invariants() == {}


def test_what_is_promised_and_lacking_is_put_near_the_belt(world: World) -> None:
    world.accept(SOAP=5)
    transfers.adjust(balance=world.balance("A01-04", "SOAP"), actor=LEAD, on_hand=2, reason="water damage")
    row = at_dock(world, "SOAP", 8)
    place, rule = options(world, row, 8)[0]
    assert (place, rule) == ("A01-04", "cross_dock")


def test_the_same_lot_of_another_delivery_is_the_same_lot(world: World) -> None:
    row = at_dock(world, "MILK", 5, lot_code="LATE", expires_on=TODAY + timedelta(days=20))
    assert row.lot == world.lots["LATE"]
    assert options(world, row, 5)[0] == ("A02-01", "same_lot")
    assert Lot.objects.filter(code="LATE").count() == 1


def test_goods_held_at_the_dock_go_into_no_tote(world: World, walk: Walk) -> None:
    world.accept(SOAP=5, TEA=1)
    walk.begin(0)
    while walk.stop()[0].sku.code != "SOAP":
        walk.pick_stop()
    walk.scan("cart-1", "C-SHORT")
    row = at_dock(world, "SOAP", 8, hold=True)
    waiting = putaway.waiting_order(site=world.site, sku_id=row.sku_id, lot_id=row.lot_id)
    assert waiting is not None
    with refused("stock_on_hold"):
        putaway.cross_dock(balance=row, waiting=waiting, qty=5, actor=LEAD)
