"""The ledger: what may be posted, what the database itself forbids, and adjustments."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from mfc.core import txn
from mfc.core.models import JournalEntry
from mfc.inventory import ledger, promises, transfers
from mfc.inventory.models import Balance, StockMove
from mfc.inventory.places import at_location
from tests.proof import broken_invariants, refused
from tests.walk import Walk
from tests.world import LEAD, World


@txn.use_case
def post(world: World, *entries: ledger.Entry) -> ledger.Posted:
    return ledger.post(site_id=world.site.pk, actor=LEAD, entries=entries)


def move(world: World, qty: int, source: str = "", target: str = "", code: str = "TEA") -> ledger.Move:
    return ledger.Move(
        kind="adjust",
        sku_id=world.skus[code].pk,
        lot_id=None,
        qty=qty,
        source=at_location(world.locations[source]) if source else None,
        target=at_location(world.locations[target]) if target else None,
    )


def test_a_move_takes_from_one_bin_and_gives_to_the_other(world: World) -> None:
    post(world, move(world, 4, "A01-01", "A02-04"))
    assert world.balance("A01-01", "TEA").on_hand == 6
    assert world.balance("A02-04", "TEA").on_hand == 4
    assert world.position("TEA") == (10, 0, 0)
    assert broken_invariants() == {}


def test_a_posting_applies_together_or_not_at_all(world: World) -> None:
    with refused("stock_insufficient"):
        post(world, move(world, 4, "A01-01", "A02-04"), move(world, 7, "A01-01", "A02-04"))


def test_more_than_there_is_cannot_leave_a_bin(world: World) -> None:
    with refused("stock_insufficient"):
        post(world, move(world, 11, "A01-01"))
    post(world, move(world, 10, "A01-01"))
    assert world.balance("A01-01", "TEA").on_hand == 0


def test_what_is_reserved_cannot_leave_a_bin(world: World, walk: Walk) -> None:
    world.accept(TEA=3)
    walk.begin(0)
    with refused("stock_insufficient"):
        post(world, move(world, 8, "A01-01"))
    post(world, move(world, 7, "A01-01"))
    assert world.position("TEA") == (3, 3, 0)


def test_a_reservation_gives_no_more_than_it_holds(world: World, walk: Walk) -> None:
    from mfc.inventory.models import Reservation

    world.accept(TEA=3)
    world.accept(TEA=3)
    walk.begin(0, 1)
    first = Reservation.objects.order_by("pk").first()
    assert first is not None
    with refused("reservation_missing"):
        post(
            world,
            ledger.Unreserve(
                reservation_id=first.pk, balance_id=first.balance_id, sku_id=world.skus["TEA"].pk, qty=4
            ),
        )


def test_promises_and_their_withdrawal_stay_in_range(world: World) -> None:
    with txn.transaction_scope():
        promises.claim(site_id=world.site.pk, actor=LEAD, quantities={world.skus["TEA"].pk: 10})
    with refused("stock_insufficient"):
        post(world, ledger.Promise(sku_id=world.skus["TEA"].pk, qty=-11))
    with refused("stock_insufficient"):
        post(world, ledger.Promise(sku_id=world.skus["LAMP"].pk, qty=1))


def test_skus_are_locked_in_one_order(world: World) -> None:
    low, high = sorted(world.skus[code].pk for code in ("TEA", "MUG"))
    with refused("lock_order"), txn.transaction_scope():
        post(world, ledger.Promise(sku_id=high, qty=1))
        post(world, ledger.Promise(sku_id=low, qty=1))
    with txn.transaction_scope():
        post(world, ledger.Promise(sku_id=low, qty=1))
        post(world, ledger.Promise(sku_id=high, qty=1))
        post(world, ledger.Promise(sku_id=low, qty=1))
    assert world.position("TEA")[2] == 2


def test_moves_are_final_in_the_database(world: World) -> None:
    for statement in ("UPDATE inventory_stockmove SET qty = 1", "DELETE FROM inventory_stockmove"):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            connection.cursor().execute(statement)


def test_the_journal_is_final_in_the_database(world: World) -> None:
    world.accept(TEA=1)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        connection.cursor().execute("UPDATE core_journalentry SET actor = 'nobody'")


@pytest.mark.parametrize(
    ("on_hand", "reserved", "constraint"),
    [(-1, 0, "balance_"), (1, 2, "balance_reserved_within_on_hand"), (1, -1, "balance_reserved")],
)
def test_the_database_itself_refuses_impossible_balances(
    world: World, on_hand: int, reserved: int, constraint: str
) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Balance.objects.filter(sku=world.skus["TEA"]).update(on_hand=on_hand, reserved=reserved)


def test_a_place_has_one_balance_per_sku_and_lot_even_without_a_lot(world: World) -> None:
    balance = world.balance("A01-01", "TEA")
    balance.pk = None
    with pytest.raises(IntegrityError, match="balance_once"), transaction.atomic():
        balance.save(force_insert=True)


def test_an_adjustment_is_a_move_with_a_reason(world: World) -> None:
    transfers.adjust(balance=world.balance("A01-01", "TEA"), actor=LEAD, on_hand=7, reason="counted")
    assert world.position("TEA") == (7, 0, 0)
    booked = StockMove.objects.latest("pk")
    assert (booked.kind, booked.qty, booked.from_location, booked.to_location, booked.reason) == (
        "adjust",
        3,
        world.locations["A01-01"],
        None,
        "counted",
    )
    transfers.adjust(balance=world.balance("A01-01", "TEA"), actor=LEAD, on_hand=12, reason="found more")
    assert world.position("TEA") == (12, 0, 0)
    entry = JournalEntry.objects.filter(verb="stock.adjusted").latest("pk")
    assert (entry.actor, entry.data) == (str(LEAD), {"difference": 5, "reason": "found more"})
    assert broken_invariants() == {}


def test_an_adjustment_to_what_is_there_writes_nothing(world: World) -> None:
    from tests.proof import unchanged

    with unchanged():
        transfers.adjust(balance=world.balance("A01-01", "TEA"), actor=LEAD, on_hand=10, reason="counted")


@pytest.mark.parametrize("reason", ["", "   "])
def test_an_adjustment_needs_a_reason(world: World, reason: str) -> None:
    with refused("quantity_invalid"):
        transfers.adjust(balance=world.balance("A01-01", "TEA"), actor=LEAD, on_hand=7, reason=reason)


@pytest.mark.parametrize("on_hand", [2, -1])
def test_an_adjustment_stays_above_what_is_reserved(world: World, walk: Walk, on_hand: int) -> None:
    world.accept(TEA=3)
    walk.begin(0)
    with refused("quantity_invalid") as caught:
        transfers.adjust(balance=world.balance("A01-01", "TEA"), actor=LEAD, on_hand=on_hand, reason="lost")
    assert caught.value.details == {"minimum": 3}
    transfers.adjust(balance=world.balance("A01-01", "TEA"), actor=LEAD, on_hand=3, reason="lost")
    assert world.position("TEA") == (3, 3, 0)


def test_an_adjustment_below_the_promise_leaves_nothing_to_promise(world: World) -> None:
    world.accept(TEA=6)
    transfers.adjust(balance=world.balance("A01-01", "TEA"), actor=LEAD, on_hand=2, reason="lost")
    assert world.position("TEA") == (2, 0, 6)
    with refused("stock_insufficient") as caught:
        world.accept(TEA=1)
    assert caught.value.details["short"] == [{"sku": "TEA", "wanted": 1, "available": 0}]
