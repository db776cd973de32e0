"""Refusals that no other test provokes beside a proof that nothing has changed."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from rest_framework.exceptions import Throttled

from mfc.catalog import measuring
from mfc.core.transitions import advance
from mfc.handheld.views import give
from mfc.inventory import archive, closing, history, holds, ledger
from mfc.inventory.models import Balance, HoldKind
from mfc.orders.models import Order
from mfc.orders.states import TRANSITIONS, OrderState
from mfc.webhooks import addresses
from tests.client import Api, problem
from tests.proof import refused, unchanged
from tests.world import LEAD, World

BEARER = "/api/v1/orders"


@pytest.mark.parametrize("given", [{"weight_g": 0}, {"weight_g": 5, "length_mm": 10}])
def test_a_measure_that_no_article_has_changes_nothing(world: World, given: dict[str, Any]) -> None:
    with refused("measure_invalid"):
        measuring.measure(sku=world.skus["TEA"], actor=LEAD, **given)


def test_the_future_cannot_be_looked_at(world: World) -> None:
    with refused("moment_in_future"):
        history.as_of(site_id=world.site.pk, at=world.clock.now() + timedelta(seconds=1))


def test_somebody_was_faster(world: World) -> None:
    order = world.accept(TEA=1)
    seen = Order.objects.get(pk=order.pk)
    Order.objects.filter(pk=order.pk).update(state=OrderState.CANCELLED)
    with refused("state_conflict"):
        advance(seen, OrderState.RELEASED, table=TRANSITIONS)


def test_an_address_that_may_not_be_called_changes_nothing(world: World) -> None:
    with refused("webhook_url_refused"):
        addresses.check("http://example.com/")


def test_a_screen_that_nobody_enrolled_changes_nothing(world: World) -> None:
    with refused("unknown_station"):
        give(token="nobody", input_id="1", code="C-UNDO", qty=None, text="")


def test_stock_that_was_put_on_hold_meanwhile_is_not_taken(world: World) -> None:
    """The balance was read as pickable; before the write it is held."""
    row = world.balance("A02-02", "MILK")
    holds.place(
        site_id=world.site.pk, kind=HoldKind.QUALITY, actor=LEAD, reason="doubt", lot=world.lots["SOON"]
    )
    with refused("stock_regraded"):
        take(world, row)


def take(world: World, row: Balance) -> None:
    from mfc.core import txn
    from mfc.inventory.places import of_balance

    @txn.use_case
    def act() -> None:
        ledger.post(
            site_id=world.site.pk,
            actor=LEAD,
            entries=[
                ledger.Move(
                    kind="adjust",
                    sku_id=row.sku_id,
                    lot_id=row.lot_id,
                    qty=1,
                    source=of_balance(row),
                    source_balance_id=row.pk,
                    source_pickable=True,
                    target=None,
                )
            ],
        )

    act()


def test_something_is_put_down_just_now(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hold on a place where goods arrive between its first look and its lock."""
    from mfc.inventory.models import Hold
    from mfc.layout.models import Location

    hold_positions = ledger.hold_positions
    place = world.locations["A01-04"]

    def arrive_meanwhile(site_id: int, sku_ids: Any) -> None:
        hold_positions(site_id, sku_ids)
        Balance.objects.create(
            site=world.site, location=place, sku=world.skus["LAMP"], on_hand=1, pickable=True
        )

    monkeypatch.setattr(ledger, "hold_positions", arrive_meanwhile)
    with refused("busy"):
        holds.place(site_id=world.site.pk, kind=HoldKind.OTHER, actor=LEAD, reason="x", location=place)
    assert not Hold.objects.exists()
    assert Location.objects.filter(pk=place.pk).exists()


def test_a_device_that_is_not_bound_changes_nothing(world: World, walk: Any) -> None:
    """Its event is answered, so that it is not sent again for ever; no person, no stock, no order is touched."""
    from mfc.floor.models import LightPoint

    LightPoint.objects.filter(station=world.stations["cart-1"]).delete()
    with unchanged():
        said = walk.press_tote("cart-1", 1)
    assert said.verdict == "refused"
    assert "is not bound" in said.text, "unknown_device"


@pytest.mark.parametrize(
    ("way", "status", "code"),
    [
        ("DELETE", 405, "method_not_allowed"),
        ("html", 406, "not_acceptable"),
        ("text", 415, "unsupported_media_type"),
        ("nobody", 401, "not_authenticated"),
    ],
)
def test_a_request_in_the_wrong_form_changes_nothing(world: World, way: str, status: int, code: str) -> None:
    client = Client(raise_request_exception=False)
    headers = {"Authorization": f"Bearer {world.token}", "Idempotency-Key": "k"}
    with unchanged():
        match way:
            case "DELETE":
                answer = client.delete(BEARER, headers=headers)
            case "html":
                answer = client.get(BEARER, headers={**headers, "Accept": "text/html"})
            case "text":
                answer = client.post(BEARER, "a=1", content_type="text/plain", headers=headers)
            case _:
                answer = client.post(BEARER, "{}", content_type="application/json")
    problem(answer, status, code)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [(Throttled(wait=3), 429, "too_many_requests"), (OperationalError("lock timeout"), 503, "busy")],
)
def test_what_stops_a_request_half_way_leaves_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, code: str
) -> None:
    """The error comes when the order is written already: it goes with the transaction."""
    from mfc.orders import intake
    from tests.api.test_orders import order

    def stop(*given: Any) -> None:
        assert Order.objects.count() == 1
        raise error

    monkeypatch.setattr(intake, "_promise", stop)
    with unchanged():
        problem(Api(world.token).post("/orders", order(world)), status, code)
    assert Order.objects.count() == 0


def test_a_moment_inside_an_archived_month_cannot_be_looked_at(world: World, tmp_path: Path) -> None:
    at = world.clock.now()
    world.clock.advance(days=30)
    closing.close_month(site=world.site, year=2026, month=11, actor=LEAD)
    archive.archive_month(month=date(2026, 11, 1), folder=tmp_path, actor=LEAD)
    with refused("moment_archived"):
        history.as_of(site_id=world.site.pk, at=at)


def test_rows_of_a_file_that_cannot_be_are_told_and_left_out(world: World) -> None:
    from tests.services.test_imports import problems, run_all, upload

    text = "location,label,kind,zone,x_mm,y_mm\nA01-01,,dock,ambient,0,0\nB1,,bin,cellar,0,0\n"
    run = upload("locations", text)
    with unchanged():
        run = run_all(run)
    assert [(row[0], row[2]) for row in problems(run)] == [(2, "value_fixed"), (3, "unknown_zone")]
