"""Sixty-four at once want, take and correct one SKU: never more is claimed than there is, never less than nothing."""

from __future__ import annotations

import fcntl
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from django.db.models import F, Sum

from mfc.core import txn
from mfc.core.errors import DomainError
from mfc.inventory import ledger, reservations, transfers
from mfc.inventory.models import Balance, Container, Reservation, SkuPosition
from mfc.inventory.places import in_container
from mfc.inventory.reservations import Need
from mfc.orders.models import Order, OrderLine
from tests.proof import broken_invariants
from tests.races.threads import refusals, together
from tests.world import LEAD, World

pytestmark = pytest.mark.django_db(transaction=True)
RIVALS = 64
ROUNDS = 4
STOCK = 40
# What two people at one thing explain.
EXPLAINED = {"state_conflict", "stock_insufficient", "reservation_missing", "quantity_invalid"}


@pytest.fixture(autouse=True)
def alone() -> Iterator[None]:
    """One such test at a time on this machine: the server of all test databases has a hundred connections."""
    with (Path(tempfile.gettempdir()) / "mfc-test-many-connections").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.fixture
def hot(world: World) -> World:
    """Forty units of one SKU in one bin; one order has twenty of them promised to reserve from."""
    transfers.adjust(balance=world.balance("A01-04", "SOAP"), actor=LEAD, on_hand=STOCK, reason="hot seller")
    world.accept("the wave", SOAP=20)
    return world


@txn.use_case
def reserve(world: World, line: OrderLine) -> str:
    """One unit of the wave's line gets a hard claim, as at release."""
    if (
        OrderLine.objects.filter(pk=line.pk, qty_promised__gt=0).update(qty_promised=F("qty_promised") - 1)
        != 1
    ):
        raise DomainError("state_conflict", "Everything of the wave is reserved.")
    need = Need(line.pk, line.sku_id, 1, 1)
    taken = reservations.choose(
        needs=[need], available=reservations.sources(site_id=world.site.pk, sku_ids=[line.sku_id])
    )
    if not taken:
        raise DomainError("stock_insufficient", "Nothing is free.")
    reservations.reserve(site_id=world.site.pk, actor=LEAD, needs=[need], taken=taken)
    return "reserve"


@txn.use_case
def pick(world: World, tote: int) -> str:
    """The oldest claim is taken into a tote; others may want the same one."""
    row = Reservation.objects.filter(qty__gt=0).select_related("balance").order_by("pk").first()
    if row is None:
        return "nothing to pick"
    transfers.pick(
        site_id=world.site.pk, actor=LEAD, reservation=row, qty=1, container_id=tote, reference="race"
    )
    return "pick"


def adjust(world: World) -> str:
    """One more was found: the only deed that brings units in."""
    transfers.adjust(
        balance=(row := world.balance("A01-04", "SOAP")), actor=LEAD, on_hand=row.on_hand + 1, reason="found"
    )
    return "adjust"


def test_one_hot_sku_is_never_oversold(hot: World) -> None:
    line = OrderLine.objects.select_related("order").get()
    totes = list(Container.objects.filter(kind="tote").values_list("pk", flat=True))
    done: Counter[str] = Counter()

    def act(number: int) -> None:
        chance = Random(number)
        for turn in range(ROUNDS):
            try:
                match (number + turn) % 4:
                    case 0:
                        hot.accept(f"R-{number}-{turn}", SOAP=chance.randint(1, 3))
                        done["accept"] += 1
                    case 1:
                        done[reserve(hot, line)] += 1
                    case 2:
                        done[pick(hot, chance.choice(totes))] += 1
                    case _:
                        done[adjust(hot)] += 1
            except DomainError as refusal:
                done[refusal.code] += 1

    assert refusals(together(RIVALS, act)) == []
    for deed in ("accept", "reserve", "pick", "adjust", "stock_insufficient"):
        assert done[deed] > 0, done
    assert set(done) <= {"accept", "reserve", "pick", "adjust", "nothing to pick", *EXPLAINED}, done
    position = SkuPosition.objects.get(sku=hot.skus["SOAP"])
    here = hot.balance("A01-04", "SOAP")
    claimed = Reservation.objects.aggregate(total=Sum("qty"))["total"]
    assert position.available >= 0
    assert (here.on_hand, here.reserved) == (position.on_hand, position.reserved)
    assert here.reserved == claimed == done["reserve"] - done["pick"]
    in_totes = Balance.objects.filter(container__in=totes).aggregate(total=Sum("on_hand"))["total"]
    assert in_totes == done["pick"]
    assert here.on_hand + in_totes >= STOCK
    # No batch, no tasks, no tote uses in this test: what they say about stock is not looked at.
    assert set(broken_invariants()) <= {"open_tasks_are_reserved", "only_containers_in_use_hold_stock"}


def test_without_the_condition_the_hot_sku_is_oversold(hot: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: the claim is written without comparing it with what is free."""
    plan = ledger._plan_position

    def unclaimed(plan_: ledger._Plan, *rest: object) -> None:
        plan(plan_, *rest)  # type: ignore[arg-type]
        for delta in plan_.positions.values():
            delta.claimed = False

    monkeypatch.setattr(ledger, "_plan_position", unclaimed)
    outcomes = together(RIVALS, lambda number: hot.accept(f"R-{number}", SOAP=1).ref)
    assert refusals(outcomes) == []
    assert Order.objects.count() == RIVALS + 1
    assert SkuPosition.objects.get(sku=hot.skus["SOAP"]).available == STOCK - 20 - RIVALS


def test_the_last_unit_of_a_bin_leaves_once(hot: World) -> None:
    """Many take the same free unit out: one does, and the bin never holds less than nothing."""
    transfers.adjust(balance=hot.balance("A01-04", "SOAP"), actor=LEAD, on_hand=1, reason="nearly gone")
    row = hot.balance("A01-04", "SOAP")
    tote = Container.objects.filter(kind="tote").values_list("pk", flat=True)[0]

    @txn.use_case
    def take(number: int) -> int:
        ledger.post(
            site_id=hot.site.pk,
            actor=LEAD,
            entries=[
                ledger.Move(
                    kind="move",
                    sku_id=row.sku_id,
                    lot_id=None,
                    qty=1,
                    source=transfers.of_balance(row),
                    source_balance_id=row.pk,
                    target=in_container(tote),
                )
            ],
        )
        return 1

    outcomes = together(RIVALS, take)
    assert sum(one.result or 0 for one in outcomes) == 1
    assert refusals(outcomes) == ["stock_insufficient"] * (RIVALS - 1)
    assert hot.balance("A01-04", "SOAP").on_hand == 0
