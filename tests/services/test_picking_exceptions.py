"""What goes otherwise at the shelf: reasons, damage, full totes, undo of all of it, leads, catch weight."""

from __future__ import annotations

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from mfc.core.models import JournalEntry
from mfc.dispatch.models import Shipment
from mfc.inventory.models import StockMove, ToteUse
from mfc.layout.models import Location, LocationKind
from mfc.orders.models import OrderLine
from mfc.packing.models import PackJob, Parcel
from mfc.packing.states import PackState
from mfc.picking.models import PickTask
from mfc.workforce.models import WorkSession
from tests.proof import broken_invariants, unchanged
from tests.walk import Walk
from tests.world import SORTER, World


@pytest.fixture
def quarantine(world: World) -> Location:
    """A place for unfit stock."""
    return world.locations["QUARANTINE"]


def press(walk: Walk, code: str, qty: int | None = None, station: str = "cart-1") -> dict[str, object]:
    """A button of the screen with a number."""
    from mfc.core import ids
    from mfc.handheld.views import give

    return give(token=walk.world.stations[station].token, input_id=str(ids.new()), code=code, qty=qty)


def test_a_damaged_short_moves_what_is_left_to_quarantine(
    world: World, walk: Walk, quarantine: Location
) -> None:
    world.accept(SOAP=3)
    walk.begin(0)
    said = press(walk, "C-SHORTDAMAGED", 1)
    assert said["text"] == "2 short: no other bin has it. Put 1 into A."
    move = StockMove.objects.get(reason_code="damaged")
    assert (move.kind, move.qty, move.to_location) == ("move", 4, quarantine)
    assert (world.balance("A01-04", "SOAP").on_hand, world.balance("A01-04", "SOAP").reserved) == (1, 1)
    line = OrderLine.objects.get()
    assert (line.qty_short, line.short_reason) == (2, "damaged at A01-04")
    assert PickTask.objects.get(state="short").reason_code == "damaged"
    job = ProcrastinateJob.objects.get(task_name="upkeep.draft_count")
    assert job.queueing_lock == f"count/{world.locations['A01-04'].pk}"
    assert job.args == {
        "location_id": world.locations["A01-04"].pk,
        "sku_id": world.skus["SOAP"].pk,
        "reason": "damaged",
    }
    assert broken_invariants() == {}


def test_without_quarantine_unfit_stock_is_scrapped(world: World, walk: Walk) -> None:
    world.accept(SOAP=3)
    walk.begin(0)
    Location.objects.filter(kind=LocationKind.QUARANTINE).update(kind=LocationKind.DOCK)
    press(walk, "C-SHORTEXPIRED", 0)
    move = StockMove.objects.get(reason_code="expired")
    assert (move.kind, move.qty, move.to_location, move.to_container) == ("scrap", 5, None, None)
    assert broken_invariants() == {}


@pytest.mark.parametrize(
    ("code", "qty", "reason"),
    [
        ("C-SHORT", 0, "not_found"),
        ("C-SHORT", 1, "too_few"),
        ("C-SHORTNOTFOUND", 1, "not_found"),
        ("C-SHORTWRONGITEM", 0, "wrong_item"),
    ],
)
def test_every_short_has_a_reason_code(world: World, walk: Walk, code: str, qty: int, reason: str) -> None:
    world.accept(SOAP=3)
    walk.begin(0)
    assert press(walk, code, qty)["verdict"] == "accepted"
    assert PickTask.objects.get(state="short").reason_code == reason
    assert broken_invariants() == {}


def test_an_unknown_reason_is_refused(world: World, walk: Walk) -> None:
    world.accept(SOAP=3)
    walk.begin(0)
    with unchanged():
        assert press(walk, "C-SHORTTIRED", 0)["code"] == "short_reason_unknown"


def test_a_bin_on_the_way_is_visited_on_the_way(world: World, walk: Walk) -> None:
    """MUG lies in A01-02 and A01-03; SOAP in A01-04 behind them, MILK in the next aisle."""
    world.accept(MUG=3, SOAP=1, MILK=1)
    walk.begin(0)
    while walk.stop()[0].sku.code != "MUG":
        walk.pick_stop()
    press(walk, "C-SHORTNOTFOUND", 0)
    left = PickTask.objects.filter(state="open").order_by("stop").values_list("location__code", "stop")
    codes = [code for code, _ in left]
    assert codes.index("A01-03") < codes.index("A02-02"), "before the cold aisle"
    assert len({stop for _, stop in left}) == len(codes)
    walk.pick_all()
    assert world.in_tote(world.totes[0]) == {"MUG": 3, "SOAP": 1, "MILK": 1}
    assert broken_invariants() == {}


def test_elsewhere_keeps_the_days_of_life_the_customer_must_get(world: World, walk: Walk) -> None:
    """3 MILK of the lot that ends in 5 days, 5 of the one that ends in 20; 10 days are wanted."""
    order = world.accept(MILK=2)
    order.min_remaining_days = 10
    order.save()
    walk.begin(0)
    assert walk.stop()[0].location.code == "A02-01"
    said = press(walk, "C-SHORTNOTFOUND", 0)
    assert said["text"] == "2 short: no other bin has it. Go on."
    assert broken_invariants() == {}


# Damage --------------------------------------------------------------------------------------------------


def test_damaged_units_are_replaced_from_the_same_bin(world: World, walk: Walk, quarantine: Location) -> None:
    world.accept(SOAP=3)
    walk.begin(0)
    said = press(walk, "C-DAMAGED", 2)
    assert said["text"] == "2 set aside as damaged. Take 2 others here."
    assert world.position("SOAP") == (3, 3, 0)
    assert StockMove.objects.get(reason_code="damaged").to_location == quarantine
    walk.pick_all()
    assert world.in_tote(world.totes[0]) == {"SOAP": 3}
    assert broken_invariants() == {}


def test_damage_beyond_the_free_units_becomes_short(world: World, walk: Walk, quarantine: Location) -> None:
    world.accept(SOAP=4)
    walk.begin(0)
    said = press(walk, "C-DAMAGED", 3)
    assert said["text"] == ("3 set aside as damaged. Take 1 others here. 2 short: no other bin has it.")
    assert world.position("SOAP") == (2, 2, 0)
    assert world.balance("QUARANTINE", "SOAP").on_hand == 3
    walk.pick_all()
    assert world.in_tote(world.totes[0]) == {"SOAP": 2}
    assert broken_invariants() == {}


def test_damage_is_one_to_what_is_wanted(world: World, walk: Walk) -> None:
    world.accept(SOAP=2)
    walk.begin(0)
    with unchanged():
        for qty in (0, 3):
            assert press(walk, "C-DAMAGED", qty)["code"] == "short_invalid"


# Full totes ----------------------------------------------------------------------------------------------


def test_a_full_tote_is_followed_by_another_and_both_make_one_shipment(world: World, walk: Walk) -> None:
    order = world.accept(SOAP=3, TEA=2)
    walk.begin(0)
    first = walk.stop()[0].sku.code
    walk.pick_stop()
    second = walk.stop()[0]
    walk.scan("cart-1", world.gtins[second.sku.code])
    said = press(walk, "C-FULL", 1)
    assert said["text"] == "Leave the full tote. Put an empty one on A and scan it."
    assert said["screen"]["step"] == "totes"  # type: ignore[index]
    with unchanged():
        assert walk.scan("cart-1", world.gtins["TEA"]).code == "unexpected_scan"
        assert walk.press_tote("cart-1", 1).code == "unexpected_scan"
    assert walk.scan("cart-1", world.totes[1]).verdict == "accepted"
    assert walk.scan("cart-1", world.totes[1]).verdict == "accepted"  # now the put
    inside = [world.in_tote(tote) for tote in world.totes[:2]]
    assert inside == [
        {first: {"SOAP": 3, "TEA": 2}[first], second.sku.code: 1},
        {second.sku.code: second.qty - 1},
    ]
    assert list(ToteUse.objects.order_by("pk").values_list("full", flat=True)) == [True, False]
    assert walk.drop().text == "2 totes on the belt."
    assert PackJob.objects.filter(order=order).count() == 2

    walk.badge("pack-1", "Pat")
    walk.seal(0)
    order.refresh_from_db()
    shipment = Shipment.objects.get()
    assert (order.state, shipment.state) == ("picked", "sealed")
    lane = walk.ask(world.totes[0], point=SORTER)
    walk.moved(world.totes[0], lane)
    order.refresh_from_db()
    assert (order.state, Shipment.objects.get().state) == ("picked", "sealed"), "one tote is still open"
    walk.seal(1)
    order.refresh_from_db()
    assert order.state == "packed"
    walk.moved(world.totes[1], walk.ask(world.totes[1], point=SORTER))
    order.refresh_from_db()
    assert (order.state, Shipment.objects.get().state) == ("ready", "ready")
    assert Parcel.objects.filter(order=order).count() == 2
    assert broken_invariants() == {}


def test_an_emptied_second_tote_lets_the_first_go(world: World, walk: Walk) -> None:
    order = world.accept(SOAP=2)
    walk.begin(0)
    walk.scan("cart-1", world.gtins["SOAP"])
    press(walk, "C-FULLA", 1)
    walk.scan("cart-1", world.totes[1])
    walk.pick_all() if walk.stop()[0].state == "open" else walk.scan("cart-1", world.totes[1])
    walk.drop()
    walk.badge("pack-1", "Pat")
    walk.badge("hosp-1", "Lee")
    walk.seal(0)
    walk.moved(world.totes[0], walk.ask(world.totes[0], point=SORTER))
    walk.scan("hosp-1", world.totes[1])
    walk.scan("hosp-1", "C-DONE")
    walk.scan("hosp-1", "C-SHORT")
    order.refresh_from_db()
    assert PackJob.objects.get(tote_use__container__label=world.totes[1]).state == PackState.EMPTIED
    assert (order.state, Shipment.objects.get().state) == ("ready", "ready")
    line = OrderLine.objects.get()
    assert (line.qty_picked, line.qty_short) == (1, 1)
    assert broken_invariants() == {}


def test_a_split_must_leave_something_and_a_tote_must_hold_something(world: World, walk: Walk) -> None:
    world.accept(SOAP=2)
    walk.begin(0)
    with unchanged():
        assert press(walk, "C-FULL", 0)["code"] == "nothing_expected"
        assert press(walk, "C-FULLA", 1)["code"] == "split_invalid"
        assert press(walk, "C-FULLB", 0)["code"] == "nothing_expected"
    walk.scan("cart-1", world.gtins["SOAP"])
    with unchanged():
        assert press(walk, "C-FULL", 2)["code"] == "split_invalid"


# Undo ----------------------------------------------------------------------------------------------------


def undo(walk: Walk) -> str:
    said = walk.scan("cart-1", "C-UNDO")
    return said.text if said.verdict == "accepted" else said.code


def test_a_split_is_taken_back_step_by_step(world: World, walk: Walk) -> None:
    world.accept(SOAP=3)
    walk.begin(0)
    walk.scan("cart-1", world.gtins["SOAP"])
    press(walk, "C-FULL", 1)
    walk.scan("cart-1", world.totes[1])
    assert undo(walk) == f"Take tote {world.totes[1]} off the cart; an empty one is wanted there."
    assert undo(walk) == (
        "Put 1 × Olive soap back at A01-04 and start this stop again. "
        f"Tote {world.totes[0]} is filled on at A."
    )
    assert world.in_tote(world.totes[0]) == {}
    assert ToteUse.objects.get(closed_at=None).full is False
    assert broken_invariants() == {}
    walk.pick_all()
    assert world.in_tote(world.totes[0]) == {"SOAP": 3}
    assert broken_invariants() == {}


def test_a_short_is_taken_back_with_its_replacement(world: World, walk: Walk) -> None:
    world.accept(MUG=3)
    walk.begin(0)
    press(walk, "C-SHORTNOTFOUND", 1)
    assert world.position("MUG") == (7, 3, 0)
    assert undo(walk) == "Taken back: start again at A01-02."
    assert world.position("MUG") == (10, 3, 0)
    assert (world.balance("A01-02", "MUG").on_hand, world.balance("A01-02", "MUG").reserved) == (4, 3)
    assert world.balance("A01-03", "MUG").reserved == 0
    states = sorted(PickTask.objects.values_list("state", "qty", "location__code"))
    assert states == [("cancelled", 2, "A01-03"), ("open", 1, "A01-02"), ("open", 2, "A01-02")]
    assert broken_invariants() == {}
    walk.pick_all()
    assert world.in_tote(world.totes[0]) == {"MUG": 3}
    assert broken_invariants() == {}


def test_a_short_on_the_line_is_taken_back(world: World, walk: Walk, quarantine: Location) -> None:
    world.accept(SOAP=5)
    walk.begin(0)
    press(walk, "C-SHORTDAMAGED", 0)
    assert walk.batch().state == "picked"
    undo(walk)
    assert (walk.batch().state, world.position("SOAP")) == ("picking", (5, 5, 0))
    line = OrderLine.objects.get()
    assert (line.qty_short, line.short_reason) == (0, "")
    assert broken_invariants() == {}


def test_a_short_stays_once_its_replacement_is_taken(world: World, walk: Walk) -> None:
    world.accept(MUG=3)
    walk.begin(0)
    press(walk, "C-SHORTNOTFOUND", 0)
    walk.badge("cart-1", "Kim")
    walk.pick_stop()
    walk.badge("cart-1", "Sam")
    with unchanged():
        assert undo(walk) == "undo_too_late"


def test_damage_is_taken_back(world: World, walk: Walk, quarantine: Location) -> None:
    world.accept(SOAP=4)
    walk.begin(0)
    press(walk, "C-DAMAGED", 3)
    undo(walk)
    assert world.position("SOAP") == (5, 4, 0)
    assert broken_invariants() == {}
    press(walk, "C-DAMAGED", 1)
    assert undo(walk) == "Taken back: the units are fit."
    assert world.position("SOAP") == (5, 4, 0)
    assert broken_invariants() == {}


# A lead must agree ---------------------------------------------------------------------------------------


@pytest.fixture
def strict(world: World) -> World:
    """Only leads may call something short."""
    world.site.shorts_by_lead_only = True
    world.site.save()
    return world


def test_a_short_waits_for_a_leads_badge(strict: World, walk: Walk) -> None:
    strict.accept(SOAP=3)
    walk.begin(0)
    said = press(walk, "C-SHORTTOOFEW", 1)
    assert (said["text"], said["screen"]["step"]) == (  # type: ignore[index]
        "A lead must agree: the lead scans their badge here.",
        "lead",
    )
    assert strict.position("SOAP") == (5, 3, 0)
    with unchanged():
        assert walk.scan("cart-1", strict.gtins["SOAP"]).code == "lead_needed"
        assert walk.scan("cart-1", strict.people["Kim"].badge).code == "lead_needed"
        assert walk.press_tote("cart-1", 1).code == "lead_needed"
    said = press(walk, strict.people["Lee"].badge)
    assert said["text"] == "2 short: no other bin has it. Put 1 into A."
    session = WorkSession.objects.get(ended_at=None)
    assert (session.person.name, session.flow) == ("Sam", {})
    entry = JournalEntry.objects.get(verb="task.short")
    assert (entry.actor_name, entry.data["lead"]) == ("Sam", "Lee")
    assert broken_invariants() == {}


def test_a_waiting_short_is_taken_back(strict: World, walk: Walk) -> None:
    strict.accept(SOAP=3)
    walk.begin(0)
    press(walk, "C-SHORTTOOFEW", 1)
    assert undo(walk) == "Taken back: nothing was reported."
    walk.pick_all()
    assert strict.in_tote(strict.totes[0]) == {"SOAP": 3}


def test_damage_that_leaves_nothing_short_needs_no_lead(strict: World, walk: Walk) -> None:
    strict.accept(SOAP=3)
    walk.begin(0)
    assert press(walk, "C-DAMAGED", 2)["screen"]["step"] == "pick"  # type: ignore[index]
    said = press(walk, "C-DAMAGED", 1)
    assert said["screen"]["step"] == "lead"  # type: ignore[index]
    assert press(walk, strict.people["Lee"].badge)["text"] == (
        "1 set aside as damaged. 1 short: no other bin has it."
    )
    assert broken_invariants() == {}


# Catch weight --------------------------------------------------------------------------------------------


@pytest.fixture
def by_weight(world: World) -> World:
    """CHEESE is sold by weight: a piece is expected at 250 g, 30 % up or down."""
    sku = world.skus["CHEESE"]
    sku.catch_weight = True
    sku.save()
    return world


def weight_label(world: World, grams: int, code: str = "CHEESE") -> str:
    """GS1 element string: GTIN and net weight in kilograms with three decimals (AI 3103)."""
    return f"01{world.gtins[code].zfill(14)}3103{grams:06d}"


def test_each_piece_is_weighed_and_the_gate_expects_what_was_weighed(by_weight: World, walk: Walk) -> None:
    order = by_weight.accept(CHEESE=2)
    walk.begin(0)
    with unchanged():
        assert walk.press_shelf("cart-1", "A02-03").code == "weight_needed"
        assert walk.scan("cart-1", weight_label(by_weight, 326), "C1").code == "weight_implausible"
        assert walk.scan("cart-1", weight_label(by_weight, 174), "C1").code == "weight_implausible"
        assert press(walk, "C-WEIGHT", 240)["code"] == "weight_needed"
    assert walk.scan("cart-1", weight_label(by_weight, 325), "C1").text == (
        "Piece 1 of 2: 325 g. Scan the next one."
    )
    assert walk.scan("cart-1", by_weight.gtins["CHEESE"]).text == (
        "Piece 2 of 2: weigh it and type its weight."
    )
    assert press(walk, "C-WEIGHT", 240)["text"] == "Piece 2 of 2: 240 g. Put 2 into A."
    assert walk.scan("cart-1", by_weight.totes[0]).verdict == "accepted"
    line = OrderLine.objects.get()
    assert (line.qty_picked, line.weight_g_picked) == (2, 565)
    assert StockMove.objects.get(kind="pick").weight_g == 565
    assert broken_invariants() == {}
    walk.drop()
    walk.badge("pack-1", "Pat")
    walk.scan("pack-1", by_weight.totes[0])
    assert walk.weigh("pack-1", 1500 + 565).verdict == "accepted"
    assert PackJob.objects.get(order=order).expected_g == 2065


def test_a_weighed_piece_is_taken_back_and_so_is_the_pick(by_weight: World, walk: Walk) -> None:
    by_weight.accept(CHEESE=2)
    walk.begin(0)
    walk.scan("cart-1", weight_label(by_weight, 300), "C1")
    assert undo(walk) == "Put the piece of 300 g aside: it no longer counts."
    assert PickTask.objects.get().weights_g == []
    for grams in (250, 260):
        walk.scan("cart-1", weight_label(by_weight, grams), "C1")
    walk.scan("cart-1", by_weight.totes[0])
    undo(walk)
    assert (OrderLine.objects.get().weight_g_picked, PickTask.objects.get().weight_g) == (0, None)
    assert broken_invariants() == {}


def test_a_short_of_catch_weight_counts_the_weighed_pieces(by_weight: World, walk: Walk) -> None:
    by_weight.accept(CHEESE=3)
    walk.begin(0)
    walk.scan("cart-1", weight_label(by_weight, 250), "C1")
    with unchanged():
        assert press(walk, "C-SHORTTOOFEW", 2)["code"] == "weight_needed"
    assert press(walk, "C-SHORTTOOFEW", 1)["verdict"] == "accepted"
    walk.scan("cart-1", by_weight.totes[0])
    line = OrderLine.objects.get()
    assert (line.qty_picked, line.qty_short, line.weight_g_picked) == (1, 2, 250)
    assert broken_invariants() == {}
