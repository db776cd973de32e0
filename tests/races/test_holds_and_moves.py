"""Holds against put-aways, moves against each other, two people at one delivery, a month that closes: forced interleavings.

Each has a control with the protection switched off, which must break the books.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from typing import Any

import pytest
from django.db import OperationalError, connection
from psycopg import errors

from mfc.core import clock
from mfc.core.clock import FixedClock
from mfc.inbound import receipts
from mfc.inbound.models import Receipt, ReceiptLine
from mfc.inventory import closing, grading, holds, ledger, transfers
from mfc.inventory.models import Balance, BalanceSnapshot, HoldKind, ReasonCode
from tests import world as builder
from tests.proof import broken_invariants
from tests.races.threads import Outcome, refusals, together
from tests.world import LEAD, World

pytestmark = pytest.mark.django_db(transaction=True)
# Long enough for the other side to run into the lock, short enough for a test.
PATIENCE_S = 0.7


def unlocked(site_id: int, sku_ids: Collection[int]) -> None:
    """The position lock, switched off."""


def hold_against(
    world: World, monkeypatch: pytest.MonkeyPatch, arrive: Callable[[], None], **on: Any
) -> list[Outcome[None]]:
    """Goods arrive and are graded; before they are written, a hold is placed that covers them."""
    graded, held = threading.Event(), threading.Event()
    grade = grading.grade
    arriving = threading.local()

    def grade_and_wait(**given: Any) -> Any:
        found = grade(**given)
        if getattr(arriving, "here", False):
            graded.set()
            held.wait(timeout=PATIENCE_S)
        return found

    monkeypatch.setattr(grading, "grade", grade_and_wait)

    def act(number: int) -> None:
        if number == 0:
            arriving.here = True
            arrive()
            return
        assert graded.wait(timeout=10)
        holds.place(site_id=world.site.pk, kind=HoldKind.QUALITY, actor=LEAD, reason="leak", **on)
        held.set()

    return together(2, act)


def test_a_hold_on_a_place_waits_for_what_is_being_put_down_there(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The place holds nothing yet, so no position is shared: the place's row is."""
    place = world.locations["A01-04"]
    outcomes = hold_against(
        world, monkeypatch, lambda: builder.receive(world, "A01-04", "LAMP", 3), location=place
    )
    assert set(refusals(outcomes)) <= {"busy"}
    assert broken_invariants() == {}
    if not refusals(outcomes):
        assert world.position("LAMP") == (0, 0, 0)


def test_without_sharing_the_place_held_stock_would_be_for_sale(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "_share_places", lambda location_ids: None)
    outcomes = hold_against(
        world,
        monkeypatch,
        lambda: builder.receive(world, "A01-04", "LAMP", 3),
        location=world.locations["A01-04"],
    )
    assert refusals(outcomes) == []
    assert world.position("LAMP") == (3, 0, 0)
    assert set(broken_invariants()) == {"held_stock_is_not_pickable"}


def put_down_milk(world: World) -> None:
    transfers.receive(
        site_id=world.site.pk,
        actor=LEAD,
        deliveries=[
            transfers.Delivery(world.locations["A02-04"], world.skus["MILK"].pk, world.lots["SOON"].pk, 5)
        ],
        reference="late delivery",
    )


def test_a_hold_on_a_lot_waits_for_what_is_being_put_down_of_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes = hold_against(world, monkeypatch, lambda: put_down_milk(world), lot=world.lots["SOON"])
    assert refusals(outcomes) == []
    assert world.position("MILK") == (5, 0, 0)
    assert broken_invariants() == {}


def test_without_the_position_lock_the_held_lot_would_be_for_sale(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "hold_positions", unlocked)
    outcomes = hold_against(world, monkeypatch, lambda: put_down_milk(world), lot=world.lots["SOON"])
    assert refusals(outcomes) == []
    assert world.position("MILK") == (10, 0, 0)
    assert set(broken_invariants()) == {"held_stock_is_not_pickable"}


def opposite_moves(world: World, monkeypatch: pytest.MonkeyPatch) -> list[Outcome[str]]:
    """A to B and B to A of the same SKU; each has filled its target before either takes from its source.

    Both places are outside the shelves: there no change of the position stands in for the lock.
    """
    for place in ("DOCK-IN", "QUARANTINE"):
        builder.receive(world, place, "MUG", 3)
    filled = threading.Barrier(2)
    fill = ledger._fill_targets

    def fill_and_wait(*given: Any) -> None:
        fill(*given)
        try:
            filled.wait(timeout=PATIENCE_S)
        except threading.BrokenBarrierError:
            return  # the other one waits for its position

    monkeypatch.setattr(ledger, "_fill_targets", fill_and_wait)
    ways = [("DOCK-IN", "QUARANTINE"), ("QUARANTINE", "DOCK-IN")]

    def move(number: int) -> str:
        source, target = ways[number]
        try:
            transfers.relocate(
                balance=world.balance(source, "MUG"),
                qty=1,
                target=world.locations[target],
                actor=LEAD,
                reason_code=ReasonCode.BETTER_PLACE,
            )
        except OperationalError as error:
            return "deadlock" if isinstance(error.__cause__, errors.DeadlockDetected) else str(error)
        return "moved"

    return together(2, move)


def test_two_opposite_moves_of_one_sku_do_not_deadlock(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes = opposite_moves(world, monkeypatch)
    assert [one.result for one in outcomes] == ["moved", "moved"]
    assert [world.balance(place, "MUG").on_hand for place in ("DOCK-IN", "QUARANTINE")] == [3, 3]
    assert broken_invariants() == {}


def test_without_the_position_lock_two_opposite_moves_deadlock(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "hold_positions", unlocked)
    outcomes = opposite_moves(world, monkeypatch)
    assert sorted(one.result or "" for one in outcomes) == ["deadlock", "moved"]


def two_at_one_delivery(world: World, monkeypatch: pytest.MonkeyPatch) -> list[Outcome[str]]:
    """Ten are announced; two people have six in hand each, and both have read the line before either books."""
    lines = [receipts.Announced(sku=world.skus["TEA"], qty=10)]
    receipt = receipts.announce(site=world.site, ref="ASN-1", lines=lines, actor=LEAD)
    both_have_read = threading.Barrier(2)
    check = receipts._check_over

    def check_and_wait(*given: Any) -> None:
        check(*given)
        try:
            both_have_read.wait(timeout=PATIENCE_S)
        except threading.BrokenBarrierError:
            return  # the other one waits for the receipt

    monkeypatch.setattr(receipts, "_check_over", check_and_wait)

    def receive(number: int) -> str:
        dock = world.locations["DOCK-IN"]
        receipts.receive(
            receipt=receipt,
            arrived=receipts.Arrived(sku=world.skus["TEA"], qty=6, location=dock),
            actor=LEAD,
        )
        return "booked"

    return together(2, receive)


def test_two_people_at_one_delivery_book_no_more_than_was_announced(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes = two_at_one_delivery(world, monkeypatch)
    assert refusals(outcomes) == ["over_receipt"]
    assert ReceiptLine.objects.get().qty_received == 6
    assert world.balance("DOCK-IN", "TEA").on_hand == 6
    assert broken_invariants() == {}


def test_without_the_lock_two_people_at_one_delivery_book_too_much(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        receipts, "_lock", lambda receipt_id: Receipt.objects.select_related("site").get(pk=receipt_id)
    )
    outcomes = two_at_one_delivery(world, monkeypatch)
    # The second one's state change may find the first one's: what counts is that both were let through the check.
    assert "over_receipt" not in refusals(outcomes)
    assert sum(one.result == "booked" for one in outcomes) + refusals(outcomes).count("state_conflict") == 2


def close_against_a_late_move(world: World, monkeypatch: pytest.MonkeyPatch, *, lock: bool) -> None:
    """A move of the month's last second is written but not committed while the month is closed."""
    written, closed = threading.Event(), threading.Event()
    last_second = FixedClock(world.clock.at.replace(day=30, hour=23, minute=59, second=59))
    local = threading.local()
    world.clock.advance(days=25)
    now = clock.now
    monkeypatch.setattr(clock, "now", lambda: last_second.now() if getattr(local, "late", False) else now())
    write = ledger._write_moves

    def write_and_wait(*given: Any) -> Any:
        rows = write(*given)
        written.set()
        closed.wait(timeout=PATIENCE_S)
        return rows

    monkeypatch.setattr(ledger, "_write_moves", write_and_wait)

    def unlocked_table(execute: Any, sql: str, *rest: Any) -> Any:
        return None if sql.startswith("LOCK TABLE") else execute(sql, *rest)

    def act(number: int) -> None:
        if number == 0:
            local.late = True
            builder.receive(world, "A01-01", "TEA", 5)
            return
        assert written.wait(timeout=10)
        if lock:
            closing.close_month(site=world.site, year=2026, month=11, actor=LEAD)
        else:
            with connection.execute_wrapper(unlocked_table):
                closing.close_month(site=world.site, year=2026, month=11, actor=LEAD)
        closed.set()

    assert refusals(together(2, act)) == []


def kept(world: World) -> int:
    return BalanceSnapshot.objects.get(location=world.locations["A01-01"]).on_hand


def test_a_month_that_closes_waits_for_a_move_of_its_last_second(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    close_against_a_late_move(world, monkeypatch, lock=True)
    assert kept(world) == 15
    assert broken_invariants() == {}


def test_without_the_table_lock_the_snapshot_misses_a_move(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    close_against_a_late_move(world, monkeypatch, lock=False)
    assert kept(world) == 10
    assert set(broken_invariants()) == {"snapshots_equal_moves"}


def test_many_opposite_moves_and_holds_at_once_end_in_order(world: World) -> None:
    """No forced interleaving: eight people move mugs to and fro while two place and lift holds on the places."""
    places = ["A01-02", "A01-03"]

    def act(number: int) -> int:
        if number < 8:
            for turn in range(6):
                source, target = places[(number + turn) % 2], places[(number + turn + 1) % 2]
                row = Balance.objects.filter(location__code=source, sku__code="MUG").first()
                if row is not None and row.on_hand:
                    transfers.relocate(
                        balance=row, qty=1, target=world.locations[target], actor=LEAD, reason_code="other"
                    )
            return 1
        for _ in range(4):
            hold = holds.place(
                site_id=world.site.pk,
                kind=HoldKind.OTHER,
                actor=LEAD,
                reason="spill",
                location=world.locations[places[number - 8]],
            )
            holds.lift(hold=hold, actor=LEAD, reason="dry")
        return 1

    outcomes = together(10, act)
    assert set(refusals(outcomes)) <= {"stock_regraded", "stock_insufficient", "busy"}
    total = Balance.objects.filter(sku__code="MUG").values_list("on_hand", flat=True)
    assert sum(total) == 10
    assert broken_invariants() == {}
