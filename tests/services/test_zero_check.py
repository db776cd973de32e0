"""The last unit by the book: the picker is asked whether the place is empty, and may go on without an answer."""

from __future__ import annotations

import pytest

from mfc.layout.models import Location
from mfc.picking.models import PickTask
from mfc.upkeep.models import Count
from tests.proof import broken_invariants
from tests.walk import Walk
from tests.world import World

AT = "cart-1"


@pytest.fixture
def emptied(world: World, walk: Walk) -> Walk:
    """SOAP was taken to the last unit; TEA is still to come, or the other way round."""
    world.site.zero_checks = True
    world.site.save()
    world.accept(SOAP=5, TEA=1)
    walk.begin(0)
    while PickTask.objects.get(sku__code="SOAP").state != "picked":
        walk.pick_stop()
    return walk


def test_the_question_is_asked_where_the_book_is_at_zero(emptied: Walk, world: World) -> None:
    screen = emptied.screen(AT)
    assert (screen["step"], screen["title"]) == ("zero", "Is A01-04 empty now?")
    assert emptied.tell(AT, "C-EMPTY").text == "Thank you. Go on."
    assert emptied.screen(AT)["step"] in {"pick", "drop"}
    assert Count.objects.get().state == "closed"
    assert Location.objects.get(code="A01-04").counted_at == world.clock.now()
    assert broken_invariants() == {}


def test_units_that_are_left_are_counted_by_somebody_else(emptied: Walk, world: World) -> None:
    assert emptied.tell(AT, "C-LEFT", 2).text == "2 noted at A01-04. Go on."
    count = Count.objects.get()
    assert (count.kind, count.state, count.lines.get().first) == ("zero", "recount", 2)


def test_within_the_tolerance_it_is_booked_at_once(emptied: Walk, world: World) -> None:
    world.site.count_tolerance_qty = 2
    world.site.save()
    emptied.tell(AT, "C-LEFT", 2)
    assert world.position("SOAP") == (2, 0, 0)
    assert broken_invariants() == {}


def test_a_picker_who_goes_on_leaves_the_count_to_others(emptied: Walk, world: World) -> None:
    if emptied.batch(AT).state == "picking":
        emptied.pick_all()
    assert emptied.drop().verdict == "accepted"
    count = Count.objects.get()
    assert (count.kind, count.state) == ("zero", "open")


def test_nobody_is_asked_where_it_is_switched_off(world: World, walk: Walk) -> None:
    world.accept(SOAP=5)
    walk.begin(0)
    walk.pick_all()
    assert walk.screen(AT)["step"] == "drop"
