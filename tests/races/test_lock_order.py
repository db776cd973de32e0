"""Orders are locked before their stock, by everybody: the interleaving that would deadlock is forced here."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from mfc.inventory import promises, reservations
from mfc.orders import services
from mfc.orders.models import Order
from mfc.picking import waves
from tests.proof import broken_invariants
from tests.races.threads import refusals, together
from tests.world import LEAD, World

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_cancellation_half_done_does_not_deadlock_with_a_release(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = world.accept("called off", minutes=40, TEA=2)
    world.accept("stays", minutes=45, TEA=1)
    order_is_locked, stock_is_locked = threading.Event(), threading.Event()
    withdraw, reserve = promises.withdraw, reservations.reserve

    def withdraw_late(**arguments: Any) -> None:
        """The cancellation holds its order; it goes on when the release holds the stock, or waits for the order."""
        order_is_locked.set()
        stock_is_locked.wait(timeout=0.5)
        withdraw(**arguments)

    def reserve_and_tell(**arguments: Any) -> Any:
        rows = reserve(**arguments)
        stock_is_locked.set()
        return rows

    monkeypatch.setattr(promises, "withdraw", withdraw_late)
    monkeypatch.setattr(reservations, "reserve", reserve_and_tell)

    def act(number: int) -> None:
        if number == 0:
            services.cancel(order=order, actor=LEAD, reason="race")
            return
        assert order_is_locked.wait(timeout=10)
        waves.release_due(site=world.site)

    outcomes = together(2, act)
    assert refusals(outcomes) == []
    assert dict(Order.objects.values_list("ref", "state")) == {"called off": "cancelled", "stays": "released"}
    assert world.position("TEA") == (10, 1, 0)
    assert broken_invariants() == {}
