"""Counting: blind, again above the tolerance, decided when it is much, and always through the ledger."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mfc.core.actors import Actor
from mfc.inventory import transfers
from mfc.inventory.models import ReasonCode, StockMove
from mfc.layout.models import Location
from mfc.upkeep import counting, reports
from mfc.upkeep.models import Count, CountKind, CountLine
from tests.proof import broken_invariants, refused
from tests.services.test_stock_terminal import place
from tests.walk import Walk
from tests.world import LEAD, World

AT = "stock-1"
SID, KIM = Actor("person", "1", "Sid"), Actor("person", "2", "Kim")


def draft(world: World, code: str = "A01-01") -> Count:
    return counting.draft(location=world.locations[code], kind=CountKind.MANUAL, reason="asked")


def counted(world: World, count: Count, actor: Actor = SID, **found: int) -> Count:
    """Begin and finish a count: what lies there, by SKU code."""
    begun = counting.begin(count=count, actor=actor)
    rows = [(world.skus[code].pk, None, qty) for code, qty in found.items()]
    return counting.finish(count=begun, counted=counting.totals(rows), actor=actor)


def test_a_right_count_ends_at_once_and_is_remembered(world: World) -> None:
    done = counted(world, draft(world), TEA=10)
    assert done.state == "closed"
    assert Location.objects.get(code="A01-01").counted_at == world.clock.now()
    assert not StockMove.objects.filter(kind="count").exists()


def test_a_difference_within_the_tolerance_is_booked_at_once(world: World) -> None:
    world.site.count_tolerance_qty = 1
    world.site.save()
    assert counted(world, draft(world), TEA=9).state == "closed"
    move = StockMove.objects.latest("pk")
    assert (move.kind, move.qty, move.reason_code, move.reference) == (
        "count",
        1,
        "counted",
        f"count:{Count.objects.get().pk}",
    )
    assert world.position("TEA") == (9, 0, 0)
    assert broken_invariants() == {}


def test_a_larger_one_is_counted_again_and_booked_when_both_agree(world: World) -> None:
    count = draft(world)
    assert counted(world, count, TEA=7).state == "recount"
    assert world.position("TEA") == (10, 0, 0)
    assert counted(world, count, KIM, TEA=7).state == "closed"
    assert world.position("TEA") == (7, 0, 0)
    line = CountLine.objects.get()
    assert (line.expected, line.first, line.second, line.booked) == (10, 7, 7, -3)
    assert broken_invariants() == {}


def test_a_second_count_that_is_right_by_the_book_ends_it(world: World) -> None:
    count = draft(world)
    counted(world, count, TEA=7)
    assert counted(world, count, KIM, TEA=10).state == "closed"
    assert world.position("TEA") == (10, 0, 0)


@pytest.mark.parametrize(("first", "second"), [(7, 8), (2, 2)])
def test_two_different_or_one_large_difference_waits_for_a_manager(
    world: World, first: int, second: int
) -> None:
    count = draft(world)
    counted(world, count, TEA=first)
    assert counted(world, count, KIM, TEA=second).state == "review"
    assert world.position("TEA") == (10, 0, 0)
    done = counting.approve(count=count, actor=LEAD)
    assert (done.state, done.decided_by) == ("closed", "user:1")
    assert world.position("TEA") == (second, 0, 0)
    with refused("illegal_transition"):
        counting.approve(count=count, actor=LEAD)
    assert broken_invariants() == {}


def test_a_manager_may_reject_or_ask_again(world: World) -> None:
    count = draft(world)
    counted(world, count, TEA=2)
    counted(world, count, KIM, TEA=2)
    assert counting.reject(count=count, actor=LEAD, reason="wrong shelf?", again=True).state == "recount"
    counted(world, count, KIM, TEA=3)
    assert counting.reject(count=count, actor=LEAD, reason="no").state == "rejected"
    assert world.position("TEA") == (10, 0, 0)
    with refused("illegal_transition"):
        counting.reject(count=count, actor=LEAD, reason="no")


def test_a_manager_does_not_book_a_count_that_is_out_of_date(world: World) -> None:
    count = draft(world)
    counted(world, count, TEA=2)
    counted(world, count, KIM, TEA=2)
    transfers.adjust(balance=world.balance("A01-01", "TEA"), actor=LEAD, on_hand=4, reason="found the rest")
    with refused("count_disturbed"):
        counting.approve(count=count, actor=LEAD)


def test_what_the_book_does_not_know_is_found_and_what_it_knows_may_be_gone(world: World) -> None:
    world.site.count_tolerance_qty = 99
    world.site.save()
    counted(world, draft(world), SOAP=3)
    assert world.balance("A01-01", "SOAP").on_hand == 3
    assert (world.position("TEA"), world.position("SOAP")) == ((0, 0, 0), (8, 0, 0))
    assert StockMove.objects.filter(reason_code="found").get().qty == 3
    assert broken_invariants() == {}


def test_stock_that_moves_meanwhile_makes_the_count_void(world: World) -> None:
    count = counting.begin(count=draft(world), actor=SID)
    transfers.relocate(
        balance=world.balance("A01-01", "TEA"),
        qty=2,
        target=world.locations["A01-04"],
        actor=LEAD,
        reason_code=ReasonCode.OTHER,
    )
    with refused("count_disturbed"):
        counting.finish(count=count, counted={(world.skus["TEA"].pk, None): 10}, actor=SID)


def test_one_place_is_counted_by_one_person(world: World) -> None:
    count = draft(world)
    counting.begin(count=count, actor=SID)
    counting.begin(count=count, actor=SID)
    with refused("count_taken"):
        counting.begin(count=count, actor=KIM)
    assert counting.abandon(count=count, actor=SID).state == "open"
    counting.begin(count=count, actor=KIM)
    with refused("quantity_invalid"):
        counting.finish(count=count, counted={(world.skus["TEA"].pk, None): -1}, actor=KIM)


def test_units_that_pickers_have_reserved_stay_until_they_find_out(world: World, walk: Walk) -> None:
    world.accept(TEA=8)
    walk.begin(0)
    count = draft(world)
    counted(world, count, TEA=5)
    assert counted(world, count, KIM, TEA=5).state == "closed"
    assert world.position("TEA") == (8, 8, 0), "eight are on the way; three of them are not there"
    line = CountLine.objects.get()
    assert (line.booked, line.held_back) == (-2, 3)
    again = Count.objects.get(state="open")
    assert again.reason == "3 reserved units were not there: count again after the picks"
    assert broken_invariants() == {}


def test_a_place_waits_for_one_count_and_a_doubt_makes_it_urgent(world: World) -> None:
    first = counting.draft(location=world.locations["A01-01"], kind=CountKind.CYCLE)
    draft(world, "A01-02")
    again = counting.draft(location=world.locations["A01-01"], kind=CountKind.SHORT, reason="picker")
    assert again.pk == first.pk
    assert [str(row.location) for row in counting.waiting(world.site)] == ["A01-01", "A01-02"]


def test_places_are_due_by_class_longest_uncounted_first(world: World) -> None:
    world.skus["TEA"].velocity = "A"
    world.skus["TEA"].save()
    now = world.clock.now()
    Location.objects.filter(kind="bin").update(counted_at=now - timedelta(days=8))
    Location.objects.filter(code="A02-01").update(counted_at=None)
    made = counting.plan_cycle(site=world.site)
    assert [str(row.location) for row in made] == ["A02-01", "A01-01"]
    assert made[1].reason == "class A: every 7 days"
    assert counting.plan_cycle(site=world.site) == []


def test_the_report_tells_accuracy_and_shrinkage(world: World) -> None:
    world.site.count_tolerance_qty = 99
    world.site.save()
    world.skus["TEA"].price_cents = 450
    world.skus["TEA"].save()
    counted(world, draft(world), TEA=8)
    counted(world, draft(world, "A01-04"), SOAP=5)
    counted(world, draft(world, "A01-02"), MUG=5)
    now = world.clock.now()
    found = reports.accuracy(site=world.site, since=now - timedelta(days=1), until=now + timedelta(days=1))
    assert (found.places, found.places_right, found.lines, found.lines_right) == (3, 1, 3, 1)
    assert (found.expected_qty, found.missing_qty, found.found_qty, found.shrinkage_qty) == (19, 2, 1, 1)
    assert (found.shrinkage_cents, round(found.line_accuracy, 3)) == (900, 0.333)
    none = reports.accuracy(site=world.site, since=now + timedelta(days=1), until=now + timedelta(days=2))
    assert (none.lines, none.line_accuracy) == (0, 1.0)


def test_a_place_is_counted_blind_at_the_terminal(walk: Walk, world: World) -> None:
    draft(world)
    walk.badge(AT, "Sid")
    walk.choose(AT, "Count")
    walk.choose(AT, "A01-01")
    assert walk.scan(AT, place(walk, "A01-02")).code == "wrong_location"
    walk.scan(AT, place(walk, "A01-01"))
    assert "10" not in str(walk.screen(AT)["guide"])
    walk.scan(AT, world.gtins["TEA"])
    walk.enter(AT, 9)
    walk.scan(AT, world.gtins["TEA"])
    walk.enter(AT, 10)  # a second number replaces the first
    assert walk.choose(AT, "All counted").text == "The place is counted."
    assert Count.objects.get().state == "closed"


def test_an_empty_place_and_any_place_by_scan(walk: Walk, world: World) -> None:
    walk.badge(AT, "Sid")
    walk.tell(AT, "C-COUNT")
    walk.scan(AT, place(walk, "A01-04"))
    assert walk.choose(AT, "The place is empty").text == "Thank you. Somebody counts it once more."
    walk.scan(AT, place(walk, "A01-04"))
    assert walk.choose(AT, "Stop counting").text == "Stopped: nothing was booked, the place still waits."
    assert Count.objects.get().state == "recount"


def test_lots_are_told_apart_by_code_or_by_choice(walk: Walk, world: World) -> None:
    transfers.relocate(
        balance=world.balance("A02-02", "MILK"),
        qty=2,
        target=world.locations["A02-01"],
        actor=LEAD,
        reason_code=ReasonCode.OTHER,
    )
    walk.badge(AT, "Sid")
    walk.tell(AT, "C-COUNT")
    walk.scan(AT, place(walk, "A02-01"))
    assert walk.scan(AT, world.gtins["MILK"]).text == "Several lots may lie here: which one is it?"
    walk.choose(AT, "SOON")
    walk.enter(AT, 2)
    walk.scan(AT, f"01{world.gtins['MILK'].zfill(14)}10LATE", "C1")
    walk.enter(AT, 5)
    assert walk.choose(AT, "All counted").text == "The place is counted."
    assert broken_invariants() == {}


def test_a_count_that_was_disturbed_begins_again_at_the_terminal(walk: Walk, world: World) -> None:
    walk.badge(AT, "Sid")
    walk.tell(AT, "C-COUNT")
    walk.scan(AT, place(walk, "A01-01"))
    walk.scan(AT, world.gtins["TEA"])
    walk.enter(AT, 10)
    transfers.adjust(balance=world.balance("A01-01", "TEA"), actor=LEAD, on_hand=9, reason="lead")
    assert "Count it once more from the beginning." in walk.choose(AT, "All counted").text
    walk.scan(AT, world.gtins["TEA"])
    walk.enter(AT, 9)
    assert walk.choose(AT, "All counted").text == "The place is counted."


def test_a_count_that_is_closed_while_another_is_asked_for_leaves_room(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The open one stops the new one, and is closed before it is looked at: the second try makes a new one."""
    from django.db import IntegrityError

    create = Count.objects.create
    tries = []

    def stopped_once(**given: object) -> Count:
        tries.append(given)
        if len(tries) == 1:
            raise IntegrityError("one_open_count_per_location")
        return create(**given)

    monkeypatch.setattr(Count.objects, "create", stopped_once)
    made = counting.draft(location=world.locations["A01-01"], kind=CountKind.CYCLE)
    assert (made.location, len(tries)) == (world.locations["A01-01"], 2)
