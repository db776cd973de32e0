"""Stock on hold or expired is not promised, not picked and does not leave; a recall finds every unit."""

from __future__ import annotations

import pytest

from mfc.core.errors import DomainError
from mfc.dispatch import shipments
from mfc.inventory import expiry, holds, tracing, transfers
from mfc.inventory.models import Balance, Hold, HoldKind, ReasonCode, StockMove
from mfc.inventory.tracing import Found
from mfc.orders.models import OrderLine
from tests.proof import broken_invariants, refused
from tests.walk import Walk
from tests.world import LEAD, World, receive


def hold(world: World, **on: object) -> Hold:
    return holds.place(
        site_id=world.site.pk,
        kind=HoldKind.QUALITY,
        actor=LEAD,
        reason="smells",
        **on,  # type: ignore[arg-type]
    )


def test_a_held_lot_leaves_availability_and_comes_back(world: World) -> None:
    assert world.position("MILK") == (8, 0, 0)
    placed = hold(world, lot=world.lots["SOON"])
    assert world.position("MILK") == (5, 0, 0)
    assert not world.balance("A02-02", "MILK").pickable
    with refused("stock_insufficient"):
        world.accept(MILK=6)
    holds.lift(hold=placed, actor=LEAD, reason="is fine")
    assert world.position("MILK") == (8, 0, 0)
    assert broken_invariants() == {}


def test_a_held_place_holds_what_comes_later_too(world: World) -> None:
    placed = hold(world, location=world.locations["A01-01"])
    assert world.position("TEA") == (0, 0, 0)
    receive(world, "A01-01", "TEA", 4)
    receive(world, "A01-01", "SOAP", 2)
    assert world.position("TEA") == (0, 0, 0)
    assert world.position("SOAP") == (5, 0, 0)
    holds.lift(hold=placed, actor=LEAD, reason="shelf is mended")
    assert world.position("TEA") == (14, 0, 0)
    assert world.position("SOAP") == (7, 0, 0)
    assert broken_invariants() == {}


def test_two_holds_must_both_be_lifted(world: World) -> None:
    first = hold(world, sku=world.skus["TEA"])
    second = hold(world, location=world.locations["A01-01"])
    holds.lift(hold=first, actor=LEAD, reason="ok")
    assert world.position("TEA") == (0, 0, 0)
    holds.lift(hold=second, actor=LEAD, reason="ok")
    assert world.position("TEA") == (10, 0, 0)


def test_a_hold_refuses_what_makes_no_sense(world: World) -> None:
    placed = hold(world, lot=world.lots["C1"])
    with refused("hold_exists"):
        hold(world, lot=world.lots["C1"])
    with refused("hold_invalid"):
        hold(world)
    with refused("hold_invalid"):
        hold(world, lot=world.lots["C1"], sku=world.skus["MILK"])
    with refused("hold_invalid"):
        holds.place(site_id=world.site.pk, kind=HoldKind.OTHER, actor=LEAD, reason=" ", sku=world.skus["TEA"])
    with refused("hold_invalid"):
        holds.lift(hold=placed, actor=LEAD, reason="")
    holds.lift(hold=placed, actor=LEAD, reason="ok")
    with refused("hold_lifted"):
        holds.lift(hold=placed, actor=LEAD, reason="again")


def test_an_expired_lot_leaves_availability_by_itself(world: World) -> None:
    world.clock.advance(days=5)  # the last day of SOON
    assert expiry.retire_expired(site_id=world.site.pk) == 0
    world.clock.advance(days=1)
    assert expiry.retire_expired(site_id=world.site.pk) == 3
    assert expiry.retire_expired(site_id=world.site.pk) == 0
    assert world.position("MILK") == (5, 0, 0)
    assert broken_invariants() == {}


def test_what_arrives_expired_is_never_promised(world: World) -> None:
    world.clock.advance(days=6)
    transfers.receive(
        site_id=world.site.pk,
        actor=LEAD,
        deliveries=[
            transfers.Delivery(world.locations["A02-04"], world.skus["MILK"].pk, world.lots["SOON"].pk, 9)
        ],
        reference="late truck",
    )
    assert not world.balance("A02-04", "MILK").pickable
    assert world.position("MILK") == (8, 0, 0), "the rest of SOON leaves with the timed job"


def test_a_reserved_unit_on_hold_is_not_picked(world: World, walk: Walk) -> None:
    world.accept(MILK=2)
    walk.begin(0)
    walk.scan("cart-1", world.gtins["MILK"])
    hold(world, lot=world.lots["SOON"])
    assert world.position("MILK") == (5, 0, 0)
    said = walk.scan("cart-1", world.totes[0])
    assert (said.verdict, said.code) == ("refused", "stock_on_hold")
    assert world.in_tote(world.totes[0]) == {}
    assert "reservations_equal_reserved" not in broken_invariants()


def test_a_recall_finds_shelf_tote_and_shipped_units(world: World, walk: Walk) -> None:
    shipment = walk.ready(MILK=1)
    (parcel,) = shipment.order.parcels.all()
    shipments.hand_over(shipment_id=shipment.pk, client="shop", ssccs=[parcel.sscc], actor=LEAD)
    world.accept("on the cart", MILK=1)
    world.clock.advance(minutes=6)
    walk.release()
    walk.load("cart-1", 1)
    walk.pick_all()
    lot = world.lots["SOON"]
    placed, found = tracing.recall(lot=lot, site_id=world.site.pk, actor=LEAD, reason="glass found")
    assert (placed.kind, found.received, found.here_qty, found.shipped_qty, found.gone) == (
        "recall",
        3,
        2,
        1,
        {},
    )
    assert found.here == (
        Found("A02-02", "bin", 1, 0, "", ""),
        Found(world.totes[1], "tote", 1, 0, "on the cart", "shop"),
    )
    (shipped,) = found.shipped
    assert (shipped.qty, shipped.order_ref, shipped.client, shipped.name) == (
        1,
        shipment.order.ref,
        "shop",
        "Ada Byron",
    )
    assert shipped.parcel == parcel.sscc


def test_free_stock_moves_and_reserved_stock_stays(world: World, walk: Walk) -> None:
    world.accept(MUG=3)
    walk.begin(0)  # three of the four in A01-02 are reserved
    target = world.locations["A01-01"]
    with refused("stock_insufficient"):
        move(world, "A01-02", "MUG", 2, "A01-01")
    move(world, "A01-02", "MUG", 1, "A01-01")
    assert world.position("MUG") == (10, 3, 0)
    assert world.balance(target.code, "MUG").on_hand == 1
    last = StockMove.objects.latest("pk")
    assert (last.kind, last.qty, last.reason_code) == ("move", 1, "better_place")
    assert broken_invariants() == {}


@pytest.mark.parametrize(
    ("qty", "target", "code"),
    [
        (0, "A01-03", "quantity_invalid"),
        (1, "A01-01", "place_invalid"),
        (1, "A02-01", "place_invalid"),
        (11, "A01-03", "stock_insufficient"),
    ],
)
def test_a_move_that_makes_no_sense_changes_nothing(world: World, qty: int, target: str, code: str) -> None:
    with refused(code):
        move(world, "A01-01", "TEA", qty, target)


def move(world: World, place: str, code: str, qty: int, target: str) -> None:
    transfers.relocate(
        balance=world.balance(place, code),
        qty=qty,
        target=world.locations[target],
        actor=LEAD,
        reason_code=ReasonCode.BETTER_PLACE,
    )


def test_stock_in_quarantine_may_be_moved_back(world: World) -> None:
    move(world, "A01-01", "TEA", 4, "HOSP-SHELF")
    assert world.position("TEA") == (6, 0, 0)
    move(world, "HOSP-SHELF", "TEA", 4, "A01-01")
    assert world.position("TEA") == (10, 0, 0)
    assert broken_invariants() == {}


def test_undoing_a_pick_that_emptied_the_bin_works(world: World, walk: Walk) -> None:
    world.accept(SOAP=5)
    walk.begin(0)
    walk.scan("cart-1", world.gtins["SOAP"])
    walk.scan("cart-1", world.totes[0])
    assert world.position("SOAP") == (0, 0, 0)
    assert walk.scan("cart-1", "C-UNDO").verdict == "accepted"
    assert world.position("SOAP") == (5, 5, 0)
    assert OrderLine.objects.get().qty_picked == 0
    assert broken_invariants() == {}


def test_an_unreadable_hold_is_told_with_what_to_do(world: World) -> None:
    with pytest.raises(DomainError) as told:
        hold(world)
    assert told.value.remedy == "Name a lot, a SKU or a location, and the reason."


def test_the_content_of_a_tote_is_not_corrected_by_hand(world: World, walk: Walk) -> None:
    walk.picked_tote(TEA=2)
    row = Balance.objects.get(container__label=world.totes[0])
    with refused("place_invalid"):
        transfers.adjust(balance=row, actor=LEAD, on_hand=5, reason="counted")
