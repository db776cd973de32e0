"""Promises respect the life a customer must still get: per SKU, per order, per channel."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mfc.api.models import ApiClient
from mfc.catalog.models import Sku
from mfc.core.actors import Actor
from mfc.orders import intake
from mfc.orders.models import Order
from mfc.picking import waves
from mfc.picking.models import PickTask
from tests.api.test_orders import order as body
from tests.client import Api, problem
from tests.proof import broken_invariants, refused, unchanged
from tests.world import World

# MILK: 3 of SOON with 5 days of life, 5 of LATE with 20.


def accept(world: World, days: int, qty: int, ref: str = "") -> Order:
    request = replace(world.request(ref, MILK=qty), min_remaining_days=days)
    return intake.accept(
        site=world.site, request=request, client="shop", actor=Actor("client", "shop", "shop")
    )


def test_a_customer_who_needs_ten_days_gets_only_what_lasts(world: World) -> None:
    with refused("stock_too_old") as told:
        accept(world, 10, 6)
    assert told.value.details["short"] == [
        {"sku": "MILK", "wanted": 6, "available": 5, "min_remaining_days": 10}
    ]
    accept(world, 10, 5)
    with refused("stock_too_old"):
        accept(world, 10, 1)
    accept(world, 0, 3)
    assert world.position("MILK") == (8, 0, 8)
    assert broken_invariants() == {}


def test_undemanding_orders_leave_the_long_lasting_lot_to_the_demanding_one(world: World) -> None:
    accept(world, 0, 3)
    accept(world, 10, 5)
    with refused("stock_insufficient"):
        accept(world, 0, 1)


def test_nested_needs_are_all_kept(world: World) -> None:
    accept(world, 6, 3)  # SOON lasts five days only: all three from LATE
    accept(world, 10, 2)
    with refused("stock_too_old"):
        accept(world, 8, 1)
    accept(world, 5, 3)


def test_the_article_may_ask_for_life_itself(world: World) -> None:
    Sku.objects.filter(code="MILK").update(min_remaining_days=7)
    with refused("stock_too_old"):
        accept(world, 0, 6)


def test_release_takes_the_lot_that_lasts(world: World) -> None:
    accept(world, 10, 2)
    accept(world, 0, 2)
    world.clock.advance(minutes=80)
    waves.release_due(site=world.site)
    taken = {
        task.batch_order.order.min_remaining_days: task.lot.code
        for task in PickTask.objects.all()
        if task.lot
    }
    assert taken == {10: "LATE", 0: "SOON"}


@pytest.mark.parametrize(("own", "status"), [(None, 409), (0, 201)])
def test_the_channel_asks_unless_the_order_says_otherwise(
    api: Api, world: World, own: int | None, status: int
) -> None:
    ApiClient.objects.update(min_remaining_days=10)
    sent = {**body(world), "lines": [{"sku": "MILK", "qty": 6}]}
    if own is not None:
        sent["min_remaining_days"] = own
    answer = api.post("/orders", sent)
    assert answer.status_code == status
    if status == 409:
        with unchanged():
            problem(api.post("/orders", {**sent, "order_ref": "X"}), 409, "stock_too_old")
