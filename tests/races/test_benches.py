"""The benchmarks of stock, small: both sides do the same to the books. Times are not looked at."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mfc.core import clock
from mfc.core.clock import FixedClock
from mfc.inventory.models import Reservation, StockMove
from mfc.orders.models import Order, OrderLine
from mfc.picking.models import PickTask
from tests.bench import orders, stock
from tests.proof import broken_invariants

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def floor() -> Iterator[stock.Floor]:
    with clock.using(FixedClock(stock.NOW)):
        yield stock.fill(1_000)


def test_confirming_picks_and_the_bare_statements_leave_the_same_books(floor: stock.Floor) -> None:
    """A cart of one client by ours, another by the bare statements: as many picks, moves and used reservations."""
    found = stock.run("confirm_pick", [(1, 24), (2, 24)], floor)
    assert PickTask.objects.filter(state="picked").count() == 2 * 3 * 24
    assert StockMove.objects.filter(kind="pick").count() == 2 * 3 * 24
    assert not Reservation.objects.filter(qty__gt=0).exists()
    assert set(found["figures"]["ratios"]) == {"1 clients", "2 clients"}
    assert found["reference"]["2 clients"]["statements"] > 8
    assert broken_invariants() == {}


def test_a_rush_on_one_sku_leaves_books_that_agree(floor: stock.Floor) -> None:
    stock.run("reserve_hot", [(2, 8)], floor)
    assert Order.objects.filter(ref__startswith="H-").count() == 2 * 2 * 4
    assert Reservation.objects.filter(qty=1).count() == 2 * 2 * 4
    # Reservations without tasks are the bench's own; everything else must hold.
    assert set(broken_invariants()) == {"open_tasks_are_reserved"}


@pytest.mark.process
def test_both_applications_create_the_same_rows() -> None:
    found = orders.compare(stock.fill(1_000), orders=6, rounds=1)
    for client in ("bench", "bare"):
        assert Order.objects.filter(client=client).count() == 12
        assert OrderLine.objects.filter(order__client=client, qty_promised=1).count() == 12 * orders.LINES
    assert found["ratio"] > 0
