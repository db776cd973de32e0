"""Goods arrive: announced or not, in parts, with lots and last days; what is wrong is told and nothing is booked."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from mfc.catalog.models import Sku
from mfc.core import txn
from mfc.inbound import receipts
from mfc.inbound.models import Receipt, ReceiptItem
from mfc.inventory import tracing
from mfc.inventory.models import Balance, Container, Hold, StockMove, ToteUse
from tests.proof import broken_invariants, refused
from tests.world import LEAD, TODAY, World

SSCC = "000000000000000017"


def announced(world: World, ref: str = "ASN-1", **quantities: int) -> Receipt:
    lines = [receipts.Announced(sku=world.skus[code], qty=qty) for code, qty in quantities.items()]
    return receipts.announce(site=world.site, ref=ref, supplier="Dairy", lines=lines, actor=LEAD)


def arrive(world: World, receipt: Receipt, code: str, qty: int, **facts: Any) -> ReceiptItem:
    if "container" not in facts:
        facts.setdefault("location", world.locations["DOCK-IN"])
    return receipts.receive(
        receipt=receipt, arrived=receipts.Arrived(sku=world.skus[code], qty=qty, **facts), actor=LEAD
    )


def state(receipt: Receipt) -> str:
    return str(Receipt.objects.get(pk=receipt.pk).state)


def test_a_delivery_comes_in_two_parts(world: World) -> None:
    receipt = announced(world, TEA=10, SOAP=4)
    assert state(receipt) == "announced"
    arrive(world, receipt, "TEA", 6)
    assert state(receipt) == "receiving"
    assert world.position("TEA") == (10, 0, 0), "not for sale before it is put away"
    arrive(world, receipt, "TEA", 4)
    arrive(world, receipt, "SOAP", 4)
    receipts.close(receipt=receipt, actor=LEAD)
    assert state(receipt) == "closed"
    assert world.balance("DOCK-IN", "TEA").on_hand == 10
    moves = StockMove.objects.filter(reference=f"receipt:{receipt.pk}")
    assert sorted(moves.values_list("kind", "qty")) == [("receipt", 4), ("receipt", 4), ("receipt", 6)]
    assert broken_invariants() == {}


def test_more_than_announced_needs_a_reason_beyond_the_tolerance(world: World) -> None:
    world.site.receipt_tolerance_percent = 10
    world.site.save()
    receipt = announced(world, TEA=20)
    arrive(world, receipt, "TEA", 22)
    with refused("over_receipt"):
        arrive(world, receipt, "TEA", 1)
    item = arrive(world, receipt, "TEA", 1, reason_code="over_delivery")
    assert item.reason_code == "over_delivery"
    receipts.close(receipt=receipt, actor=LEAD)
    assert Receipt.objects.get().difference_code == ""


def test_less_than_announced_needs_a_reason_to_close(world: World) -> None:
    receipt = announced(world, TEA=10, SOAP=4)
    arrive(world, receipt, "TEA", 9)
    with refused("under_receipt") as told:
        receipts.close(receipt=receipt, actor=LEAD)
    assert told.value.message == "Less arrived than announced (TEA: 9 of 10, SOAP: 0 of 4)."
    receipts.close(receipt=receipt, actor=LEAD, difference_code="under_delivery")
    assert Receipt.objects.get().difference_code == "under_delivery"
    with refused("receipt_closed"):
        arrive(world, receipt, "TEA", 1)
    assert broken_invariants() == {}


def test_an_article_nobody_announced_needs_a_reason_except_in_a_blind_receipt(world: World) -> None:
    receipt = announced(world, TEA=10)
    with refused("over_receipt"):
        arrive(world, receipt, "MUG", 1)
    arrive(world, receipt, "MUG", 1, reason_code="unannounced")
    blind = receipts.open_blind(site=world.site, ref="B-1", actor=LEAD)
    item = arrive(world, blind, "MUG", 5)
    assert (item.reason_code, item.line.qty_expected) == ("unannounced", 0)
    receipts.close(receipt=blind, actor=LEAD)
    assert broken_invariants() == {}


def test_lot_and_last_day_are_wanted_where_the_article_says_so(world: World) -> None:
    Sku.objects.filter(code="MILK").update(lot_required=True, expiry_required=True)
    world.skus["MILK"].refresh_from_db()
    receipt = announced(world, MILK=10)
    day = TODAY + timedelta(days=14)
    with refused("lot_missing"):
        arrive(world, receipt, "MILK", 5)
    with refused("expiry_missing"):
        arrive(world, receipt, "MILK", 5, lot_code="N1")
    item = arrive(world, receipt, "MILK", 5, lot_code="N1", expires_on=day)
    assert item.lot is not None
    assert (item.lot.code, item.lot.expires_on, item.lot.received_at) == ("N1", day, world.clock.now())
    with refused("lot_differs"):
        arrive(world, receipt, "MILK", 5, lot_code="N1", expires_on=day + timedelta(days=1))
    again = arrive(world, receipt, "MILK", 5, lot_code="N1", expires_on=day)
    assert again.lot == item.lot


def test_goods_with_a_last_day_and_no_lot_are_one_lot_a_day(world: World) -> None:
    receipt = announced(world, CHEESE=10)
    item = arrive(world, receipt, "CHEESE", 5, expires_on=date(2026, 12, 24))
    assert item.lot is not None
    assert item.lot.code == "D20261224"


def test_expired_goods_are_received_on_hold_only(world: World) -> None:
    receipt = announced(world, MILK=10)
    gone = TODAY - timedelta(days=1)
    with refused("lot_expired"):
        arrive(world, receipt, "MILK", 5, lot_code="OLD", expires_on=gone)
    arrive(world, receipt, "MILK", 5, lot_code="OLD", expires_on=gone, hold=True)
    assert Hold.objects.get().kind == "quality"


def test_goods_for_inspection_are_held_wherever_they_go(world: World) -> None:
    receipt = announced(world, MILK=10, TEA=5)
    item = arrive(world, receipt, "MILK", 5, lot_code="N2", expires_on=TODAY + timedelta(days=9), hold=True)
    arrive(world, receipt, "MILK", 5, lot_code="N2", expires_on=TODAY + timedelta(days=9), hold=True)
    assert Hold.objects.get().lot == item.lot
    arrive(world, receipt, "TEA", 5, location=world.locations["QUARANTINE"], hold=True)
    assert Hold.objects.filter(location=world.locations["QUARANTINE"], sku=world.skus["TEA"]).exists()
    assert broken_invariants() == {}


def test_weighed_goods_tell_their_weight(world: World) -> None:
    Sku.objects.filter(code="CHEESE").update(catch_weight=True)
    world.skus["CHEESE"].refresh_from_db()
    receipt = announced(world, CHEESE=4)
    with refused("weight_missing"):
        arrive(world, receipt, "CHEESE", 4)
    arrive(world, receipt, "CHEESE", 4, weight_g=1_037)
    assert StockMove.objects.latest("pk").weight_g == 1_037


@pytest.mark.parametrize("place", ["A01-01", "RESERVE-1", "BELT"])
def test_goods_arrive_at_a_dock_and_nowhere_else(world: World, place: str) -> None:
    receipt = announced(world, TEA=10)
    with refused("place_invalid"):
        arrive(world, receipt, "TEA", 1, location=world.locations[place])
    with refused("place_invalid"):
        arrive(world, receipt, "TEA", 1, location=None)
    with refused("quantity_invalid"):
        arrive(world, receipt, "TEA", 0)


def test_goods_arrive_in_a_tote_that_no_order_uses(world: World) -> None:
    order = world.accept(TEA=1)
    box, taken = (Container.objects.get(label=label) for label in world.totes[:2])

    @txn.use_case
    def use() -> None:
        ToteUse.objects.create(container=taken, order=order, opened_at=world.clock.now())

    use()
    receipt = announced(world, TEA=10)
    with refused("tote_in_use"):
        arrive(world, receipt, "TEA", 1, container=taken)
    arrive(world, receipt, "TEA", 6, container=box)
    assert ToteUse.objects.get(container=box).purpose == "inbound"
    assert Balance.objects.get(container=box).on_hand == 6
    assert broken_invariants() == {}


def test_a_pallet_is_received_whole_by_its_licence_plate(world: World) -> None:
    day = TODAY + timedelta(days=30)
    lines = [
        receipts.Announced(sku=world.skus["MILK"], qty=40, lot_code="P1", expires_on=day, sscc=SSCC),
        receipts.Announced(sku=world.skus["TEA"], qty=12, sscc=SSCC),
    ]
    receipt = receipts.announce(site=world.site, ref="ASN-9", lines=lines, actor=LEAD)
    dock = world.locations["DOCK-IN"]
    _, pallet, total = receipts.receive_unit(site=world.site, sscc=SSCC, location=dock, actor=LEAD)
    assert (total, pallet.kind, pallet.stands_at) == (52, "pallet", dock)
    assert sorted(Balance.objects.filter(container=pallet).values_list("sku__code", "on_hand")) == [
        ("MILK", 40),
        ("TEA", 12),
    ]
    with refused("unit_received"):
        receipts.receive_unit(site=world.site, sscc=SSCC, location=dock, actor=LEAD)
    with refused("unit_unknown"):
        receipts.receive_unit(site=world.site, sscc="0" * 18, location=dock, actor=LEAD)
    receipts.close(receipt=receipt, actor=LEAD)
    lot = ReceiptItem.objects.get(line__sku__code="MILK").lot
    assert lot is not None
    found = tracing.trace(lot)
    assert (found.received, found.here_qty) == (40, 40)
    assert broken_invariants() == {}


def test_a_reference_is_used_once_and_an_announcement_may_be_called_off(world: World) -> None:
    receipt = announced(world, TEA=10)
    with refused("receipt_ref_taken"):
        announced(world, TEA=1)
    with refused("quantity_invalid"):
        announced(world, "ASN-2", TEA=0)
    with refused("quantity_invalid"):
        announced(world, "ASN-2")
    receipts.cancel(receipt=receipt, actor=LEAD, reason="truck broke down")
    assert state(receipt) == "cancelled"
    second = announced(world, "ASN-3", TEA=2)
    arrive(world, second, "TEA", 1)
    with refused("illegal_transition"):
        receipts.cancel(receipt=second, actor=LEAD, reason="too late")


def test_goods_without_a_lot_are_of_the_announced_one(world: World) -> None:
    day = TODAY + timedelta(days=30)
    lines = [
        receipts.Announced(sku=world.skus["MILK"], qty=4, lot_code="B7", expires_on=day),
        receipts.Announced(sku=world.skus["CHEESE"], qty=2, lot_code="C7", expires_on=day),
        receipts.Announced(sku=world.skus["CHEESE"], qty=2, lot_code="C8", expires_on=day),
    ]
    receipt = receipts.announce(site=world.site, ref="ASN-L", lines=lines, actor=LEAD)
    item = arrive(world, receipt, "MILK", 4)
    assert item.lot is not None
    assert (item.lot.code, item.lot.expires_on) == ("B7", day)
    with refused("lot_missing") as told:
        arrive(world, receipt, "CHEESE", 2)
    assert told.value.message == "Announced are the lots C7, C8 of CHEESE: which one is it?"
    arrive(world, receipt, "CHEESE", 2, lot_code="C8")
    assert broken_invariants() == {}
