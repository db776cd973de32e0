"""Many at once want the last unit: one gets it. A control without the conditional update shows that it matters."""

from __future__ import annotations

import threading

import pytest
from django.db.models import Sum

from mfc.core import txn
from mfc.inventory import ledger, reservations, transfers
from mfc.inventory.models import Reservation, SkuPosition
from mfc.inventory.reservations import Need
from mfc.orders.models import Order, OrderLine
from tests.proof import broken_invariants
from tests.races.threads import refusals, together
from tests.world import LEAD, World

pytestmark = pytest.mark.django_db(transaction=True)
RIVALS = 32


@pytest.fixture
def last_unit(world: World) -> World:
    transfers.adjust(balance=world.balance("A01-04", "SOAP"), actor=LEAD, on_hand=1, reason="hot seller")
    return world


def test_the_last_unit_is_promised_once(last_unit: World) -> None:
    outcomes = together(RIVALS, lambda number: last_unit.accept(f"R-{number}", SOAP=1).ref)
    assert refusals(outcomes) == ["stock_insufficient"] * (RIVALS - 1)
    assert Order.objects.count() == 1
    assert last_unit.position("SOAP") == (1, 0, 1)
    assert broken_invariants() == {}


def test_without_the_conditional_update_the_last_unit_is_oversold(
    last_unit: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: if this one stops overselling, the test above proves nothing."""
    everybody_has_read = threading.Barrier(8)

    def read_then_write(site_id: int, positions: dict[int, ledger._PositionDelta]) -> None:
        for sku_id, delta in positions.items():
            row = SkuPosition.objects.get(site_id=site_id, sku_id=sku_id)
            everybody_has_read.wait(timeout=20)
            if row.available >= delta.promised:
                SkuPosition.objects.filter(pk=row.pk).update(promised=row.promised + delta.promised)

    monkeypatch.setattr(ledger, "_write_positions", read_then_write)
    outcomes = together(8, lambda number: last_unit.accept(f"R-{number}", SOAP=1).ref)
    assert refusals(outcomes) == []
    assert Order.objects.count() == 8
    assert OrderLine.objects.aggregate(sold=Sum("qty_promised"))["sold"] == 8
    assert last_unit.position("SOAP")[0] == 1
    assert "promises_equal_positions" in broken_invariants()


def test_one_balance_is_reserved_no_more_often_than_it_holds(world: World) -> None:
    world.accept(SOAP=5)
    line = OrderLine.objects.get()
    need = Need(line.pk, line.sku_id, 1, 0)

    @txn.use_case
    def reserve(number: int) -> int:
        taken = reservations.choose(
            needs=[need], available=reservations.sources(site_id=world.site.pk, sku_ids=[line.sku_id])
        )
        rows = reservations.reserve(site_id=world.site.pk, actor=LEAD, needs=[need], taken=taken)
        return len(rows)

    outcomes = together(RIVALS, reserve)
    winners = sum(one.result or 0 for one in outcomes)
    assert winners == 5
    assert set(refusals(outcomes)) <= {"stock_insufficient"}
    assert Reservation.objects.aggregate(total=Sum("qty"))["total"] == 5
    assert world.position("SOAP") == (5, 5, 5)


def test_an_order_is_released_once_by_many_planners(world: World) -> None:
    from mfc.picking import waves
    from mfc.picking.models import Batch, PickTask

    for _ in range(4):
        world.accept(minutes=40, TEA=1)
    outcomes = together(8, lambda number: len(waves.release_due(site=world.site)))
    assert sum(one.result or 0 for one in outcomes) == 1
    assert refusals(outcomes) == []
    assert (Batch.objects.count(), PickTask.objects.count()) == (1, 4)
    assert world.position("TEA") == (10, 4, 0)
    assert broken_invariants() == {}


def test_an_order_is_cancelled_or_released_but_never_both(world: World) -> None:
    from mfc.orders import services
    from mfc.picking import waves

    orders = [world.accept(minutes=40, TEA=1) for _ in range(4)]

    def act(number: int) -> str:
        if number < 4:
            services.cancel(order=orders[number], actor=LEAD, reason="race")
            return "cancelled"
        waves.release_due(site=world.site)
        return "released"

    outcomes = together(8, act)
    assert set(refusals(outcomes)) <= {"order_not_cancellable", "state_conflict"}
    states = list(Order.objects.values_list("state", flat=True))
    assert set(states) <= {"cancelled", "released"}
    cancelled = sum(one.result == "cancelled" for one in outcomes)
    assert states.count("cancelled") == cancelled
    assert world.position("TEA") == (10, 4 - cancelled, 0)
    assert broken_invariants() == {}


def test_one_request_sent_many_times_at_once_has_one_effect(world: World) -> None:
    from tests.api.test_orders import order
    from tests.client import Api

    body = order(world)
    outcomes = together(8, lambda number: Api(world.token).post("/orders", body, key="k1"))
    answers = [one.result for one in outcomes]
    assert {answer.status_code for answer in answers} == {201}
    assert all(answer.json() == answers[0].json() for answer in answers)
    assert sum("Idempotent-Replayed" in answer.headers for answer in answers) == 7
    assert world.position("TEA") == (10, 0, 2)
