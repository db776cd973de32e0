"""Receiving and putting away at the terminal: scans and buttons, and only what is missing is asked."""

from __future__ import annotations

import pytest

from mfc.catalog.models import Sku
from mfc.inbound.models import Putaway, Receipt, ReceiptItem
from mfc.inventory.models import Hold
from mfc.orders.models import OrderLine
from tests.proof import broken_invariants, unchanged
from tests.services.test_receiving import SSCC, announced
from tests.services.test_stock_terminal import place
from tests.walk import Walk
from tests.world import World

AT = "stock-1"


@pytest.fixture
def sid(walk: Walk) -> Walk:
    """A stocker who has just said where the goods are put down."""
    walk.badge(AT, "Sid")
    walk.tell(AT, "C-RECEIVE")
    assert walk.scan(AT, place(walk, "DOCK-IN")).text == "Which delivery?"
    return walk


def title(walk: Walk) -> str:
    return str(walk.screen(AT)["title"])


def test_an_announced_delivery_is_received_and_finished(sid: Walk, world: World) -> None:
    announced(world, TEA=10)
    assert sid.choose(AT, "ASN-1").text == "ASN-1: scan an article."
    sid.scan(AT, world.gtins["TEA"])
    assert title(sid) == "How many? 10 are still to come"
    assert sid.enter(AT, 10).text == "10 × Tea caddy received."
    assert sid.screen(AT)["guide"]["rows"] == [
        {"text": "Tea caddy", "facts": "TEA", "qty": "10 of 10", "state": "done"}
    ]
    assert sid.choose(AT, "Finish").text == "ASN-1 is finished. Put the goods away."
    assert Receipt.objects.get().state == "closed"
    assert broken_invariants() == {}


def test_a_gs1_code_brings_lot_and_last_day(sid: Walk, world: World) -> None:
    Sku.objects.filter(code="MILK").update(lot_required=True, expiry_required=True)
    announced(world, MILK=6)
    sid.choose(AT, "ASN-1")
    code = f"01{world.gtins['MILK'].zfill(14)}17261224" + "10LOT7"
    sid.scan(AT, code, "C1")
    assert sid.enter(AT, 6).verdict == "accepted"
    item = ReceiptItem.objects.get()
    assert item.lot is not None
    assert (item.lot.code, f"{item.lot.expires_on}") == ("LOT7", "2026-12-24")


def test_what_the_code_does_not_say_is_asked(sid: Walk, world: World) -> None:
    Sku.objects.filter(code="MILK").update(lot_required=True, expiry_required=True)
    announced(world, MILK=6)
    sid.choose(AT, "ASN-1")
    sid.scan(AT, world.gtins["MILK"])
    assert title(sid) == "Which lot?"
    assert sid.enter(AT, "A77").text == "Whole milk: what is the last day?"
    assert sid.enter(AT, "soon").code == "unexpected_scan"
    assert sid.enter(AT, "2020-01-31").text == "Whole milk: how many?"
    with unchanged():
        assert sid.enter(AT, 6).code == "lot_expired"
    sid.tell(AT, "C-BACK")


def test_too_many_are_asked_for_the_reason(sid: Walk, world: World) -> None:
    announced(world, TEA=10)
    sid.choose(AT, "ASN-1")
    sid.scan(AT, world.gtins["TEA"])
    assert "Count again, or choose why." in sid.enter(AT, 12).text
    assert not ReceiptItem.objects.exists()
    assert sid.choose(AT, "More delivered").text == "12 × Tea caddy received."
    assert ReceiptItem.objects.get().reason_code == "over_delivery"


def test_too_few_are_asked_for_the_reason_or_left_open(sid: Walk, world: World) -> None:
    announced(world, TEA=10)
    sid.choose(AT, "ASN-1")
    assert sid.choose(AT, "Finish").text == "Less arrived than announced (TEA: 0 of 10)."
    assert sid.choose(AT, "Leave it open").text == "The delivery stays open."
    sid.choose(AT, "ASN-1")
    sid.choose(AT, "Finish")
    assert sid.choose(AT, "Less delivered").verdict == "accepted"
    assert Receipt.objects.get().difference_code == "under_delivery"


def test_a_blind_receipt_an_inspection_and_a_measure(sid: Walk, world: World) -> None:
    sid.choose(AT, "Not announced")
    sid.choose(AT, "Hold the next")
    assert sid.screen(AT)["guide"]["hint"] == "The next one is held for inspection."
    sid.scan(AT, world.gtins["TEA"])
    assert sid.enter(AT, 3).text == "3 × Tea caddy received. Held for inspection."
    assert Hold.objects.get().location == world.locations["DOCK-IN"]
    sid.choose(AT, "Weigh and measure")
    sid.enter(AT, 214)
    for length in (100, 80):
        sid.enter(AT, length)
    assert sid.enter(AT, 90).text == "Tea caddy: 214 g, 720 ml."
    sku = Sku.objects.get(code="TEA")
    assert (sku.weight_g, sku.length_mm, sku.volume_ml) == (214, 100, 720)
    assert sku.measured_at == world.clock.now()
    sid.choose(AT, "Weigh and measure")
    sid.enter(AT, 215)
    assert sid.choose(AT, "Only the weight").text == "Tea caddy: 215 g, 720 ml."


def test_a_pallet_is_received_by_one_scan_and_put_away(sid: Walk, world: World) -> None:
    from mfc.inbound import receipts
    from tests.world import LEAD

    lines = [receipts.Announced(sku=world.skus["TEA"], qty=12, sscc=SSCC)]
    receipts.announce(site=world.site, ref="ASN-P", lines=lines, actor=LEAD)
    assert sid.scan(AT, f"00{SSCC}", "C1").text == "Pallet 000017 of ASN-P: 12 pieces received."
    assert sid.scan(AT, f"00{SSCC}", "C1").code == "unit_received"
    sid.tell(AT, "C-PUTAWAY")
    sid.scan(AT, f"00{SSCC}", "C1")
    sid.enter(AT, 12)
    screen = sid.screen(AT)
    assert (screen["location"]["code"], screen["guide"]["why"]) == (
        "A01-01",
        "the same article and lot lie there",
    )
    assert sid.scan(AT, place(sid, "A01-01")).text == "12 × Tea caddy at A01-01."
    assert title(sid) == "Nothing waits to be put away"
    assert world.position("TEA") == (22, 0, 0)


def test_another_place_is_taken_with_a_reason(sid: Walk, world: World) -> None:
    announced(world, TEA=4)
    sid.choose(AT, "ASN-1")
    sid.scan(AT, world.gtins["TEA"])
    sid.enter(AT, 4)
    sid.tell(AT, "C-PUTAWAY")
    sid.scan(AT, place(sid, "DOCK-IN"))
    sid.enter(AT, 4)
    assert sid.scan(AT, place(sid, "A01-02")).text == "A01-02 was not proposed: why there?"
    assert sid.choose(AT, "Place is full").text == "4 × Tea caddy at A01-02."
    row = Putaway.objects.get()
    assert (row.rule, row.override_code, str(row.proposed)) == ("chosen", "place_full", "A01-01")
    assert broken_invariants() == {}


def test_goods_go_to_the_tote_that_waits_or_by_choice_to_the_shelf(sid: Walk, world: World) -> None:
    order = world.accept(SOAP=5, TEA=1)
    sid.begin(0)
    while sid.stop()[0].sku.code != "SOAP":
        sid.pick_stop()
    sid.scan("cart-1", "C-SHORT")
    announced(world, SOAP=8)
    sid.choose(AT, "ASN-1")
    sid.scan(AT, world.gtins["SOAP"])
    sid.enter(AT, 8)
    sid.tell(AT, "C-PUTAWAY")
    sid.scan(AT, world.gtins["SOAP"])
    sid.enter(AT, 8)
    assert title(sid) == f"Put 5 into tote {world.totes[0]}"
    assert sid.scan(AT, world.totes[1]).code == "wrong_tote"
    said = sid.scan(AT, world.totes[0])
    assert (
        said.text
        == f"5 × Olive soap in {world.totes[0]} for {order.ref}. 3 more in your hands: follow the screen."
    )
    assert OrderLine.objects.get(order=order, sku__code="SOAP").qty_short == 0
    sid.scan(AT, place(sid, "A01-04"))
    assert world.balance("A01-04", "SOAP").on_hand == 3
    assert broken_invariants() == {}


def test_a_unit_that_nobody_announced_says_itself_what_it_holds(sid: Walk, world: World) -> None:
    sid.choose(AT, "Not announced")
    code = f"00{SSCC}02{world.gtins['TEA'].zfill(14)}3724"
    assert sid.scan(AT, code, "C1").text == "Tea caddy: how many?"
    assert sid.screen(AT)["guide"]["ask"]["value"] == "24"
    assert sid.enter(AT, 24).text == "24 × Tea caddy received."
    assert sid.scan(AT, f"00{SSCC}", "C1").code == "unit_unknown"


def test_a_serial_number_is_kept(sid: Walk, world: World) -> None:
    sid.choose(AT, "Not announced")
    sid.scan(AT, f"01{world.gtins['TEA'].zfill(14)}21SN-7", "C1")
    sid.enter(AT, 1)
    assert ReceiptItem.objects.get().serial == "SN-7"


def test_only_a_lead_recalls_at_the_terminal(sid: Walk, world: World) -> None:
    for name, offered in (("Sid", False), ("Lee", True)):
        sid.badge(AT, name)
        sid.tell(AT, "C-HOLD")
        sid.scan(AT, f"01{world.gtins['CHEESE'].zfill(14)}10C1", "C1")
        choices = [one["label"] for one in sid.screen(AT)["guide"]["choices"]]
        assert ("Recalled" in choices) is offered
    sid.choose(AT, "Recalled")
    assert Hold.objects.get().kind == "recall"
