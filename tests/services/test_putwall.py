"""The put wall: many orders in one walk, sorted into their totes by light."""

from __future__ import annotations

import pytest

from devices.messages import ButtonPressed, Press
from mfc.inventory.models import StockMove, ToteUse
from mfc.orders import services
from mfc.orders.models import Order
from mfc.packing import bench
from mfc.packing.models import PackJob
from mfc.picking import putback, wallplan, wallputs, wallwork
from mfc.picking import walls as slots
from mfc.picking.models import Batch, PickTask, PutBack, PutSlot, WallPut
from tests import wall as walls
from tests.proof import broken_invariants, refused, unchanged
from tests.walk import AT, Walk
from tests.wall import Wall
from tests.world import LEAD, World


@pytest.fixture
def wall(world: World, walk: Walk) -> Wall:
    return walls.build(world, walk)


@pytest.fixture
def four(world: World) -> list[Order]:
    """Four orders that share articles, the first the most urgent."""
    return [
        world.accept("W1", minutes=60, TEA=1, MUG=1),
        world.accept("W2", minutes=70, TEA=2),
        world.accept("W3", minutes=80, TEA=3, SOAP=1),
        world.accept("W4", minutes=90, MUG=3, MILK=1),
    ]


def state(order: Order) -> str:
    order.refresh_from_db()
    return order.state


def test_without_a_wall_nothing_changes(world: World, walk: Walk, four: list[Order]) -> None:
    walls.build(world, walk, orders=0)
    walk.begin(0, 1, 2, 3)
    assert walk.batch().method == "cluster"
    assert set(PutSlot.objects.values_list("state", flat=True)) == {"idle"}


def test_four_orders_from_one_tote(world: World, walk: Walk, wall: Wall, four: list[Order]) -> None:
    walk.start()
    world.clock.advance(minutes=6)
    walk.release()
    batch = walk.batch()
    assert (batch.method, batch.state) == ("sort", "loading")
    assert [wall.slot(n).order for n in (1, 2, 3, 4)] == four
    assert wall.states() == ["assigned"] * 4 + ["idle"] * 2
    assert walk.screen("cart-1")["title"] == "Put an empty pick tote on the cart and scan it"
    walk.load("cart-1", 0)
    # one stop per article, lot and place, whatever the orders
    stops = PickTask.objects.filter(batch=batch).values_list("stop", "sku__code", "location__code").distinct()
    assert len(stops) == PickTask.objects.filter(batch=batch).values("sku", "location").distinct().count()
    tea = PickTask.objects.filter(batch=batch, sku__code="TEA")
    assert {task.stop for task in tea} == {tea[0].stop}
    while walk.stop()[0].sku.code != "TEA":
        (task, *_) = walk.stop()
        walk.scan("cart-1", world.gtins[task.sku.code])
        walk.scan("cart-1", world.totes[0])
    assert walk.screen("cart-1")["qty"] == 6
    assert walk.scan("cart-1", world.gtins["TEA"]).text == "Put 6 into the pick tote."
    assert walk.screen("cart-1")["title"] == "Put 6 into the pick tote"
    assert walk.scan("cart-1", world.totes[0]).verdict == "accepted"
    wall.pick_stops()
    assert world.in_tote(world.totes[0]) == {"TEA": 6, "MUG": 4, "SOAP": 1, "MILK": 1}
    assert wall.use(0).purpose == "sort"
    assert walk.drop().code == "wrong_location"
    assert wall.drop().text == "1 pick totes at the wall."
    assert [state(order) for order in four] == ["picking"] * 4
    assert walk.batch().state == "closed"
    assert broken_invariants() == {}

    walk.badge("wall-1", "Pat")
    assert wall.screen()["step"] == "wall_tote"
    assert wall.scan(world.totes[0]).text == "12 units to sort. Scan an item."
    assert wall.screen()["step"] == "wall_item"
    assert wall.lamps() == {}
    # first article: three slots get some; each asks for its tote first
    assert wall.scan("TEA").text == "Put an empty tote in slot 1 and scan it."
    assert wall.lamps() == {1: ("blue", "fast", None)}
    assert wall.screen()["step"] == "wall_bind"
    wall.bind(1, 2, 3)
    assert wall.lamps() == {1: ("blue", "steady", 1), 2: ("blue", "steady", 2), 3: ("blue", "steady", 3)}
    assert (wall.screen()["step"], wall.screen()["title"]) == ("wall_put", "Put 1 in 1, 2 in 2, 3 in 3")
    assert wall.press(1).text == "1 in slot 1. Put 2 into 2, 3 into 3."
    assert wall.press(1).code == "task_taken"
    assert wall.press(4).code == "wrong_slot"
    assert wall.scan("MUG").code == "wrong_item"
    assert wall.press(2).text == "2 in slot 2. Slot 2 is complete: close its tote and scan it."
    assert wall.lamps() == {2: ("blue", "slow", None), 3: ("blue", "steady", 3)}
    # a part, typed
    assert wall.tell("C-ENTER", 2).verdict == "accepted"
    assert wall.press(3).text == "2 in slot 3. 1 more go there."
    assert wall.lamps()[3] == ("blue", "steady", 1)
    assert wall.scan(wall.slot(3).location.label).text == "1 in slot 3."
    assert wall.states() == ["filling", "complete", "filling", "assigned", "idle", "idle"]
    assert world.in_tote(world.totes[3]) == {"TEA": 3}
    # the complete one leaves
    assert wall.screen()["step"] == "wall_seal"
    assert wall.scan(world.totes[2]).text == f"Slot 2 is free. Onto the belt: {world.totes[2]}."
    assert state(four[1]) == "picked"
    assert (walk.job(2).state, walk.job(2).order) == ("arriving", four[1])
    assert wall.states()[1] == "idle"
    assert wall.scan("LAMP").code == "wrong_item"
    assert wall.scan("MUG").text == "Put an empty tote in slot 4 and scan it."
    wall.bind(4)
    assert wall.press(4).text == "3 in slot 4. Put 1 into 1."
    assert wall.press(1).text.startswith("1 in slot 1. Slot 1 is complete")
    assert wall.scan("SOAP").text == "Put 1 into 3."
    wall.press(3)
    wall.scan("MILK")
    assert wall.press(4).text.endswith("The pick tote is sorted.")
    assert wall.use(0).closed_at is not None
    assert wall.press(1).verdict == wall.press(3).verdict == wall.press(4).verdict == "accepted"
    assert wall.states() == ["idle"] * 6
    assert wall.lamps() == {}
    assert [state(order) for order in four] == ["picked"] * 4
    assert PackJob.objects.filter(state="arriving").count() == 4
    assert StockMove.objects.filter(kind="sort").count() == WallPut.objects.count() == 8
    assert broken_invariants() == {}
    # and on to the bench as ever
    walk.badge("pack-1", "Lee")
    walk.seal(4, "pack-1")
    assert state(four[3]) == "packed"


def test_the_last_put_is_undone_until_the_slot_is_sealed(
    world: World, walk: Walk, wall: Wall, four: list[Order]
) -> None:
    wall.pick()
    walk.badge("wall-1", "Pat")
    wall.scan(world.totes[0])
    wall.scan("TEA")
    wall.bind(1, 2, 3)
    wall.press(2)
    assert wall.states()[1] == "complete"
    said = wall.tell("C-UNDO")
    assert said.text == f"Take 2 × Tea caddy out of slot 2, back into tote {world.totes[0]}."
    assert wall.states()[1] == "filling"
    assert world.in_tote(world.totes[2]) == {}
    assert world.in_tote(world.totes[0])["TEA"] == 6
    assert wall.lamps()[2] == ("blue", "steady", 2)
    assert broken_invariants() == {}
    wall.press(2)
    wall.press(2)  # sealed
    assert state(four[1]) == "picked"
    assert wall.tell("C-UNDO").code == "undo_too_late"
    assert broken_invariants() == {}


def test_a_full_tote_goes_on_in_a_second_one(world: World, walk: Walk, wall: Wall, four: list[Order]) -> None:
    wall.pick()
    walk.badge("wall-1", "Pat")
    wall.scan(world.totes[0])
    wall.scan("TEA")
    wall.bind(1, 2, 3)
    said = wall.tell("C-FULL3", 2)
    assert said.text == "Leave the full tote there. Put an empty tote in slot 3 and scan it."
    assert wall.use(3).full
    assert wall.lamps()[3] == ("blue", "fast", None)
    assert wall.tell("C-UNDO").text == f"Tote {world.totes[3]} is filled on in slot 3."
    assert not wall.use(3).full
    assert wall.tell("C-FULL3", 0).verdict == "accepted"
    wall.bind(4)
    assert wall.press(3).verdict == "accepted"
    assert (world.in_tote(world.totes[3]), world.in_tote(world.totes[4])) == ({"TEA": 2}, {"TEA": 1})
    wall.press(1)
    wall.press(2)
    wall.scan("SOAP")
    assert wall.press(3).text.startswith("1 in slot 3. Slot 3 is complete")
    assert wall.scan(world.totes[3]).text == (
        f"Slot 3 is free. Onto the belt: {world.totes[3]}, {world.totes[4]}."
    )
    assert PackJob.objects.filter(order=four[2]).count() == 2
    assert broken_invariants() == {}


def test_what_is_missing_at_the_wall_becomes_short(
    world: World, walk: Walk, wall: Wall, four: list[Order]
) -> None:
    wall.pick()
    walk.badge("wall-1", "Pat")
    wall.scan(world.totes[0])
    wall.scan("TEA")
    wall.bind(1, 2, 3)
    wall.press(1)
    wall.tell("C-ENTER", 1)
    wall.press(2)
    wall.tell("C-BACK")
    # the tote is empty; 1 TEA of W2, all of W3 and W4 and the mug of W1 are not there
    assert wall.tell("C-DONE").text == "The pick tote is sorted. 10 missing."
    assert [state(order) for order in four] == ["picking", "picking", "unfilled", "unfilled"]
    assert wall.states() == ["complete", "complete", "idle", "idle", "idle", "idle"]
    line = four[1].lines.get()
    assert (line.qty_picked, line.qty_short, line.short_reason) == (1, 1, "missing at the put wall")
    moves = StockMove.objects.filter(kind="short")
    assert {move.reason_code for move in moves} == {"not_found"}
    assert sum(move.qty for move in moves) == 10
    assert wall.use(0).closed_at is not None
    wall.press(1)
    wall.press(2)
    assert [state(order) for order in four[:2]] == ["picked", "picked"]
    assert broken_invariants() == {}


def test_an_order_cancelled_while_it_is_sorted(
    world: World, walk: Walk, wall: Wall, four: list[Order]
) -> None:
    wall.pick()
    walk.badge("wall-1", "Pat")
    wall.scan(world.totes[0])
    wall.scan("TEA")
    wall.bind(1, 2, 3)
    wall.press(3)
    services.cancel(order=four[2], actor=LEAD, reason="no")  # 3 TEA sorted, the SOAP still in the pick tote
    services.cancel(order=four[3], actor=LEAD, reason="no")  # nothing sorted
    assert wall.states() == ["filling", "filling", "complete", "idle", "idle", "idle"]
    assert sorted(PutBack.objects.values_list("sku__code", "qty", "tote_use__container__label")) == sorted(
        [
            ("TEA", 3, world.totes[3]),
            ("SOAP", 1, world.totes[0]),
            ("MUG", 3, world.totes[0]),
            ("MILK", 1, world.totes[0]),
        ]
    )
    assert broken_invariants() == {}
    assert wall.screen()["wall"]["slots"][2]["state"] == "cancelled"
    wall.press(1)
    wall.press(2)
    assert wall.scan("SOAP").code == "put_aside"
    wall.scan("MUG")
    assert wall.press(1).text.endswith(
        "The pick tote is sorted. 5 units stay in it: stand it aside, they are put back."
    )
    wall.press(3)
    assert walk.job(3).state == "put_back"
    wall.press(1)
    wall.press(2)
    assert wall.states() == ["idle"] * 6
    assert wall.use(0).closed_at is None
    # what nobody wants goes back to its shelf; then the pick tote is free again
    for one in putback.due(site=world.site, tote=world.totes[0]):
        putback.confirm(put_back=one, sku=one.sku, location=one.location, person=world.people["Sid"])
    assert wall.use(0).closed_at is not None
    assert world.position("SOAP") == (5, 0, 0)
    assert broken_invariants() == {}


def test_a_tote_used_again_has_a_use_of_its_own(world: World, walk: Walk, wall: Wall) -> None:
    for day in (1, 2):
        first = world.accept(f"D{day}-1", minutes=60, TEA=1)
        second = world.accept(f"D{day}-2", minutes=70, TEA=1)
        wall.pick()
        walk.badge("wall-1", "Pat")
        wall.scan(world.totes[0])
        wall.scan("TEA")
        wall.bind(*((1, 2) if day == 1 else (3, 4)))
        wall.press(1)
        wall.press(2)
        wall.press(1)
        wall.press(2)
        assert [state(first), state(second)] == ["picked", "picked"]
        walk.tell("cart-1", "C-END")
        world.clock.advance(minutes=30)
    uses = ToteUse.objects.filter(container__label=world.totes[0]).order_by("pk")
    assert [(use.purpose, use.closed_at is not None) for use in uses] == [("sort", True), ("sort", True)]
    puts = WallPut.objects.order_by("pk").values_list("source_id", flat=True)
    assert list(puts) == [uses[0].pk] * 2 + [uses[1].pk] * 2
    assert broken_invariants() == {}


def test_shorts_on_the_walk_hit_the_least_urgent_first(world: World, walk: Walk, wall: Wall) -> None:
    urgent = world.accept("U", minutes=60, SOAP=2)
    later = world.accept("L", minutes=90, SOAP=2)
    walk.start()
    world.clock.advance(minutes=6)
    walk.release()
    walk.load("cart-1", 0)
    assert walk.tell("cart-1", "C-SHORT", 3).text.endswith("Put 3 into the pick tote.")
    assert walk.scan("cart-1", world.totes[0]).verdict == "accepted"
    assert urgent.lines.get().qty_short == 0
    assert later.lines.get().qty_short == 1
    assert walk.tell("cart-1", "C-UNDO").text.startswith("Put 3 × Olive soap back")
    walk.scan("cart-1", world.gtins["SOAP"])
    walk.scan("cart-1", world.totes[0])
    wall.drop()
    assert broken_invariants() == {}


def test_an_order_of_which_nothing_was_found_ends_at_the_wall(world: World, walk: Walk, wall: Wall) -> None:
    there = world.accept("A", minutes=60, TEA=1)
    gone = world.accept("B", minutes=90, SOAP=1)
    walk.start()
    world.clock.advance(minutes=6)
    walk.release()
    walk.load("cart-1", 0)
    while walk.batch().state == "picking":
        (task, *_) = walk.stop()
        if task.sku.code == "SOAP":
            walk.tell("cart-1", "C-SHORT", 0)
        else:
            walk.scan("cart-1", world.gtins["TEA"])
            walk.scan("cart-1", world.totes[0])
    wall.drop()
    assert [state(there), state(gone)] == ["picking", "unfilled"]
    assert wall.states()[:2] == ["assigned", "idle"]
    assert broken_invariants() == {}


def test_a_full_pick_tote_goes_on_in_the_next_one(world: World, walk: Walk, wall: Wall) -> None:
    world.accept("A", minutes=60, TEA=2)
    world.accept("B", minutes=90, TEA=3)
    walk.start()
    world.clock.advance(minutes=6)
    walk.release()
    walk.load("cart-1", 0)
    walk.scan("cart-1", world.gtins["TEA"])
    assert walk.tell("cart-1", "C-FULL", 3).verdict == "accepted"
    assert walk.screen("cart-1")["step"] == "totes"
    walk.load("cart-1", 1)
    assert walk.scan("cart-1", world.totes[1]).verdict == "accepted"
    assert (world.in_tote(world.totes[0]), world.in_tote(world.totes[1])) == ({"TEA": 3}, {"TEA": 2})
    assert wall.drop().text == "2 pick totes at the wall."
    walk.badge("wall-1", "Pat")
    wall.scan(world.totes[0])
    wall.scan("TEA")
    wall.bind(2, 3)
    assert wall.lamps() == {1: ("blue", "steady", 2), 2: ("blue", "steady", 1)}
    assert wall.scan(world.totes[1]).code == "wall_busy"
    wall.press(1)
    assert wall.press(2).text == "1 in slot 2. The pick tote is sorted."
    assert wall.states()[:2] == ["complete", "filling"]
    wall.scan(world.totes[1])
    wall.scan("TEA")
    wall.press(2)
    assert wall.states()[:2] == ["complete", "complete"]
    assert broken_invariants() == {}


def test_what_the_wall_refuses(world: World, walk: Walk, wall: Wall, four: list[Order]) -> None:
    walk.start()
    world.clock.advance(minutes=6)
    walk.release()
    walk.load("cart-1", 0)
    walk.badge("wall-1", "Pat")
    assert wall.scan(world.totes[0]).code == "tote_not_here"  # still on its way
    assert wall.scan(world.totes[5]).code == "tote_not_here"
    assert wall.scan("TEA").code == "nothing_expected"
    assert wall.press(1).verdict == "accepted"  # a tote may be bound before the goods come
    assert wall.scan(world.totes[0]).code == "tote_not_here"
    assert wall.scan(world.totes[1]).verdict == "accepted"
    with unchanged():
        assert wall.press(1).code == "nothing_expected"
        assert wall.tell("C-DONE").code == "nothing_expected"
        assert wall.tell("C-FULL1", 0).code == "nothing_expected"
        assert wall.scan(world.locations["A01-01"].label).code == "wrong_slot"
        assert wall.scan(world.totes[1]).code == "slot_not_complete"
    assert Batch.objects.get().state == "picking"
    assert broken_invariants() == {}


def test_every_refusal_at_the_wall_changes_nothing(
    world: World, walk: Walk, wall: Wall, four: list[Order]
) -> None:
    wall.pick()
    sam, station = world.people["Sam"], world.stations["wall-1"]
    tea, soap = world.skus["TEA"], world.skus["SOAP"]
    with refused("wall_invalid"):
        wallplan.build(station=station, rows=1, columns=1, actor=LEAD)
    with refused("wall_invalid"):
        wallplan.build(station=world.stations["pack-1"], rows=1, columns=1, actor=LEAD)
    wallwork.take_tote(station=station, label=world.totes[0])
    wallwork.take_item(station=station, sku=tea, lot="", person=sam)
    wall.walk.badge("wall-1", "Pat")
    wall.bind(1, 2, 3)
    with refused("wrong_slot") as caught:
        wallputs.put(slot=wall.slot(4), person=sam)
    assert caught.value.message == "Slot 4 gets nothing of this. Lit: 1, 2, 3."
    with refused("quantity_invalid"):
        wallputs.put(slot=wall.slot(3), person=sam, qty=4)
    with refused("wrong_item"):
        wallwork.take_item(station=station, sku=soap, lot="", person=sam)
    with refused("slot_not_complete"):
        bench.send_slot(slot=wall.slot(1), person=sam)
    wallputs.put(slot=wall.slot(1), person=sam)
    with refused("slot_not_empty"):
        slots.free(slot=wall.slot(1), actor=LEAD)
    with refused("illegal_transition"):
        slots.retire(slot=wall.slot(1), actor=LEAD)
    services.cancel(order=four[2], actor=LEAD, reason="no")
    wallputs.put(slot=wall.slot(2), person=sam)
    with refused("put_aside"):
        wallwork.take_item(station=station, sku=soap, lot="", person=sam)
    with refused("nothing_expected"):
        wallwork.put_down(station=station)


def test_another_pick_tote_waits_its_turn(world: World, walk: Walk, wall: Wall, four: list[Order]) -> None:
    world.site.wall_orders = 2
    world.site.save()
    wall.pick(0, "cart-1", "Sam")
    walk.start("cart-2", "Kim", 1)
    walk.release()
    station = "cart-1" if walk.batch("cart-1").state == "loading" else "cart-2"
    walk.load(station, 1)
    wall.pick_stops(1, station)
    wall.drop(station)
    place = world.stations["wall-1"]
    wallwork.take_tote(station=place, label=world.totes[0])
    with refused("wall_busy"):
        wallwork.take_tote(station=place, label=world.totes[1])
    assert broken_invariants() == {}


def test_a_freed_slot_is_given_again_when_the_goods_come(
    world: World, walk: Walk, wall: Wall, four: list[Order]
) -> None:
    wall.pick()
    slots.free(slot=wall.slot(1), actor=LEAD)
    assert wall.states() == ["idle"] + ["assigned"] * 3 + ["idle"] * 2
    for position in (1, 5, 6):
        slots.retire(slot=wall.slot(position), actor=LEAD)
    place, sam = world.stations["wall-1"], world.people["Sam"]
    wallwork.take_tote(station=place, label=world.totes[0])
    with refused("no_slot_free"):
        wallwork.take_item(station=place, sku=world.skus["TEA"], lot="", person=sam)
    services.cancel(order=four[3], actor=LEAD, reason="no")
    wallwork.take_item(station=place, sku=world.skus["TEA"], lot="", person=sam)
    assert wall.slot(4).order == four[0]
    assert broken_invariants() == {}


def test_the_same_press_twice_is_one_put(world: World, walk: Walk, wall: Wall, four: list[Order]) -> None:
    wall.pick()
    walk.badge("wall-1", "Pat")
    wall.scan(world.totes[0])
    wall.scan("TEA")
    wall.bind(1, 2, 3)
    event = ButtonPressed(
        event_id=walk.event_id(), device="lights-wall", at=AT, channel=2, press=Press.CONFIRM
    )
    first = walk.send(event)
    with unchanged():
        assert walk.send(event) == first
    assert world.in_tote(world.totes[3]) == {"TEA": 3}
    assert WallPut.objects.count() == 1
