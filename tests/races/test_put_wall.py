"""Two at one put slot at the same moment: two people put, or one puts while the order is called off.

Each has a control without the locks, in which both act on what they saw before the other one did.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterable
from contextlib import suppress

import pytest

from mfc.orders import services as orders
from mfc.orders.models import Order
from mfc.picking import wallputs, wallwork
from mfc.picking import walls as slots
from mfc.picking.models import PickTask, PutBack, PutSlot, WallPut, WallWork
from tests import wall as walls
from tests.proof import broken_invariants
from tests.races.threads import Outcome, refusals, together
from tests.walk import Walk
from tests.world import LEAD, World

pytestmark = pytest.mark.django_db(transaction=True)

# How long somebody who has seen the lit slot waits for the other; with locks the other cannot come, and it passes.
PATIENCE_S = 1.0


def two_orders(world: World, walk: Walk) -> walls.Wall:
    """TEA is in hand; slot 1 wants 2 of it for the first order, slot 2 wants 3."""
    wall = walls.build(world, walk)
    world.accept("A", minutes=60, TEA=2)
    world.accept("B", minutes=70, TEA=3)
    wall.pick()
    walk.badge("wall-1", "Pat")
    wall.scan(world.totes[0])
    wall.scan("TEA")
    wall.bind(1, 2)
    return wall


def meet(monkeypatch: pytest.MonkeyPatch, met: threading.Barrier) -> None:
    """Whoever has seen what a slot wants waits for the other before booking."""
    known = wallputs._wanted

    def see_and_wait(work: WallWork, slot: PutSlot) -> tuple[Order, PutSlot, list[PickTask]]:
        found = known(work, slot)
        with suppress(threading.BrokenBarrierError):
            met.wait(timeout=PATIENCE_S)
        return found

    monkeypatch.setattr(wallputs, "_wanted", see_and_wait)


def unlock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read the work at the wall, the order and the slot without locking them."""

    def read(order_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Order]:
        return Order.objects.in_bulk(set(order_ids))

    monkeypatch.setattr(wallwork, "hold", wallwork.work_at)
    monkeypatch.setattr(orders, "lock", read)
    monkeypatch.setattr(slots, "hold", lambda order_id: PutSlot.objects.filter(order_id=order_id).first())


def both_put(
    world: World, walk: Walk, monkeypatch: pytest.MonkeyPatch, *, locked: bool = True
) -> tuple[walls.Wall, list[Outcome[str]]]:
    wall = two_orders(world, walk)
    if not locked:
        unlock(monkeypatch)
    people = [world.people["Pat"], world.people["Kim"]]
    seen = [wall.slot(1) for _ in people]
    meet(monkeypatch, threading.Barrier(2))

    def put(number: int) -> str:
        wallputs.put(slot=seen[number], person=people[number])
        return people[number].name

    return wall, together(2, put)


def test_one_of_two_people_puts_into_a_slot(
    world: World, walk: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    wall, outcomes = both_put(world, walk, monkeypatch)
    (winner,) = (one.result for one in outcomes if one.result)
    (loser,) = (one.refusal for one in outcomes if one.refusal)
    assert (loser.code, loser.details) == ("task_taken", {"by": winner})
    assert world.in_tote(world.totes[1]) == {"TEA": 2}
    assert WallPut.objects.count() == 1
    assert wall.states()[:2] == ["complete", "filling"]
    assert broken_invariants() == {}


def test_without_locks_both_put_and_the_tote_gets_too_much(
    world: World, walk: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, outcomes = both_put(world, walk, monkeypatch, locked=False)
    assert refusals(outcomes) == []
    assert world.in_tote(world.totes[1]) == {"TEA": 4}


def put_against_cancel(
    world: World, walk: Walk, monkeypatch: pytest.MonkeyPatch, *, locked: bool = True
) -> list[str]:
    """Called off by the lead once the person has seen the light; codes of the refusals."""
    slot = two_orders(world, walk).slot(1)
    if not locked:
        unlock(monkeypatch)
    assert slot.order is not None
    order = slot.order
    seen, cancelled = threading.Event(), threading.Event()
    known = wallputs._wanted

    def see_and_wait(work: WallWork, slot: PutSlot) -> tuple[Order, PutSlot, list[PickTask]]:
        found = known(work, slot)
        seen.set()
        cancelled.wait(timeout=PATIENCE_S)
        return found

    monkeypatch.setattr(wallputs, "_wanted", see_and_wait)

    def act(number: int) -> None:
        if number == 0:
            wallputs.put(slot=slot, person=world.people["Pat"])
            return
        assert seen.wait(timeout=10)
        orders.cancel(order=order, actor=LEAD, reason="no")
        cancelled.set()

    return refusals(together(2, act))


def test_an_order_that_is_called_off_during_a_put_is_put_back_from_where_it_lies(
    world: World, walk: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert put_against_cancel(world, walk, monkeypatch) == []
    (back,) = PutBack.objects.all()
    assert (back.qty, back.tote_use.container.label) == (2, world.totes[1])
    assert world.in_tote(world.totes[1]) == {"TEA": 2}
    assert broken_invariants() == {}


def test_without_locks_the_put_back_looks_in_the_wrong_tote(
    world: World, walk: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_against_cancel(world, walk, monkeypatch, locked=False)
    (back,) = PutBack.objects.all()
    assert back.tote_use.container.label == world.totes[0]
    assert world.in_tote(world.totes[1]) == {"TEA": 2}


def test_an_order_is_put_or_called_off(world: World, walk: Walk) -> None:
    wall = two_orders(world, walk)
    slot = wall.slot(1)
    assert slot.order is not None
    order = slot.order

    def act(number: int) -> str:
        if number:
            orders.cancel(order=order, actor=LEAD, reason="no")
        else:
            wallputs.put(slot=slot, person=world.people["Pat"])
        return str(number)

    outcomes = together(2, act)
    assert refusals(outcomes) in ([], ["wrong_slot"])
    (back,) = PutBack.objects.all()
    is_put = WallPut.objects.exists()
    assert (back.qty, back.tote_use.container.label) == (2, world.totes[1 if is_put else 0])
    assert wall.states()[:2] == ["complete", "filling"]
    assert broken_invariants() == {}
