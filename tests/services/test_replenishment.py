"""Reserve comes to the bins: urgent before routine, first expired first, never what a picker is on the way to."""

from __future__ import annotations

from datetime import timedelta

from mfc.catalog.models import Pack
from mfc.inventory import lots, transfers
from mfc.inventory.models import StockMove
from mfc.layout.models import Location
from mfc.upkeep import replenish
from mfc.upkeep.models import Count, Replenishment
from tests.proof import broken_invariants, refused
from tests.services.test_stock_terminal import place
from tests.walk import Walk
from tests.world import LEAD, TODAY, World, receive

AT = "stock-1"


def slot(world: World, code: str, place: str, low: int, high: int) -> None:
    Location.objects.filter(code=place).update(slotted_sku=world.skus[code], slot_min=low, slot_max=high)


def planned(world: World) -> list[tuple[str, str, int, str]]:
    replenish.plan(site=world.site)
    return [
        (str(row.source), str(row.target), row.qty, row.urgency) for row in replenish.open_tasks(world.site)
    ]


def test_a_slot_at_its_minimum_is_filled_from_reserve_once(world: World) -> None:
    receive(world, "RESERVE-1", "SOAP", 40)
    slot(world, "SOAP", "A01-04", 5, 20)
    assert planned(world) == [("RESERVE-1", "A01-04", 15, "routine")]
    assert planned(world) == [("RESERVE-1", "A01-04", 15, "routine")]
    (task,) = replenish.open_tasks(world.site)
    assert task.why == "5 left, the minimum is 5"
    replenish.bring(task=task, qty=15, actor=LEAD)
    assert (world.balance("A01-04", "SOAP").on_hand, world.balance("RESERVE-1", "SOAP").on_hand) == (20, 25)
    assert StockMove.objects.latest("pk").kind == "replenish"
    assert planned(world) == []
    with refused("illegal_transition"):
        replenish.bring(task=task, qty=1, actor=LEAD)
    assert broken_invariants() == {}


def test_cases_are_brought_whole(world: World) -> None:
    Pack.objects.create(sku=world.skus["SOAP"], level="case", eaches=6)
    receive(world, "RESERVE-1", "SOAP", 40)
    slot(world, "SOAP", "A01-04", 5, 17)
    assert planned(world) == [("RESERVE-1", "A01-04", 12, "routine")]
    assert replenish.packs_text(replenish.open_tasks(world.site)[0]) == "2 cases of 6"


def test_what_orders_need_soon_is_urgent_and_comes_first(world: World) -> None:
    receive(world, "RESERVE-1", "SOAP", 40)
    receive(world, "RESERVE-2", "TEA", 40)
    slot(world, "TEA", "A01-01", 10, 30)
    world.accept(SOAP=12)
    assert planned(world) == [("RESERVE-1", "A01-04", 7, "urgent"), ("RESERVE-2", "A01-01", 20, "routine")]
    assert replenish.open_tasks(world.site)[0].why == "orders need 12 soon, bins have 5 free"


def test_a_routine_task_becomes_urgent_when_orders_come(world: World) -> None:
    receive(world, "RESERVE-1", "SOAP", 40)
    slot(world, "SOAP", "A01-04", 5, 20)
    planned(world)
    world.accept(SOAP=12)
    assert planned(world) == [("RESERVE-1", "A01-04", 15, "urgent")]


def test_orders_due_later_than_the_horizon_wait(world: World) -> None:
    receive(world, "RESERVE-1", "SOAP", 40)
    world.accept(minutes=60 * 9, SOAP=12)
    assert planned(world) == []


def test_the_earliest_lot_leaves_the_reserve_first(world: World) -> None:
    for code, days, where in (("X2", 40, "RESERVE-1"), ("X1", 20, "RESERVE-2")):
        lot = lots.Lot.objects.create(
            sku=world.skus["CHEESE"], code=code, expires_on=TODAY + timedelta(days=days)
        )
        delivery = transfers.Delivery(world.locations[where], world.skus["CHEESE"].pk, lot.pk, 5)
        transfers.receive(site_id=world.site.pk, actor=LEAD, deliveries=[delivery], reference="r")
    world.accept(CHEESE=10)
    assert planned(world) == [("RESERVE-2", "A02-03", 4, "urgent")]


def test_reserved_units_are_never_taken_from_under_a_picker(world: World, walk: Walk) -> None:
    receive(world, "RESERVE-1", "SOAP", 5)
    slot(world, "SOAP", "A01-04", 5, 20)
    planned(world)
    world.accept(SOAP=10)
    walk.begin(0)  # five come from the reserve place
    assert world.balance("RESERVE-1", "SOAP").reserved == 5
    (task,) = Replenishment.objects.all()
    with refused("stock_insufficient"):
        replenish.bring(task=task, qty=5, actor=LEAD)
    assert planned(world) == [], "what can no longer be brought is not asked for"


def test_less_than_the_book_says_has_the_reserve_place_counted(world: World) -> None:
    receive(world, "RESERVE-1", "SOAP", 40)
    slot(world, "SOAP", "A01-04", 5, 20)
    planned(world)
    (task,) = replenish.open_tasks(world.site)
    with refused("quantity_invalid"):
        replenish.bring(task=task, qty=16, actor=LEAD)
    replenish.bring(task=task, qty=3, actor=LEAD)
    count = Count.objects.get()
    assert (count.location.code, count.kind) == ("RESERVE-1", "short")
    assert count.reason == "only 3 of 15 were found for A01-04"
    assert broken_invariants() == {}


def test_a_slot_that_a_delivery_has_filled_is_not_filled_again(world: World) -> None:
    receive(world, "RESERVE-1", "SOAP", 40)
    slot(world, "SOAP", "A01-04", 5, 20)
    planned(world)
    receive(world, "A01-04", "SOAP", 10)
    assert planned(world) == []
    assert Replenishment.objects.get().state == "cancelled"


def test_the_terminal_leads_from_reserve_to_bin(walk: Walk, world: World) -> None:
    receive(world, "RESERVE-1", "SOAP", 40)
    slot(world, "SOAP", "A01-04", 5, 20)
    planned(world)
    walk.badge(AT, "Sid")
    assert walk.screen(AT)["guide"]["choices"][2] == {"label": "Replenish", "hint": "1 to do"}
    walk.choose(AT, "Replenish")
    walk.choose(AT, "15 × Olive soap")
    assert walk.scan(AT, place(walk, "RESERVE-2")).code == "wrong_location"
    assert walk.scan(AT, world.gtins["TEA"]).code == "wrong_item"
    walk.scan(AT, place(walk, "RESERVE-1"))
    assert walk.enter(AT, 16).code == "quantity_invalid"
    walk.enter(AT, 15)
    assert walk.screen(AT)["location"]["code"] == "A01-04"
    assert walk.scan(AT, place(walk, "A01-03")).code == "wrong_location"
    assert walk.scan(AT, place(walk, "A01-04")).text == "15 × Olive soap now at A01-04."
    assert world.balance("A01-04", "SOAP").on_hand == 20


def test_an_empty_reserve_place_is_told_with_zero(walk: Walk, world: World) -> None:
    receive(world, "RESERVE-1", "SOAP", 40)
    slot(world, "SOAP", "A01-04", 5, 20)
    planned(world)
    walk.badge(AT, "Sid")
    walk.tell(AT, "C-REPLENISH")
    walk.scan(AT, place(walk, "RESERVE-1"))
    assert walk.enter(AT, 0).text == "Noted: nothing is at RESERVE-1. It will be counted."
    assert Count.objects.get().location.code == "RESERVE-1"
    assert broken_invariants() == {}
