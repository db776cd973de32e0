"""Holds, recalls and moves from the admin: asked first, refused with words, done by services."""

from __future__ import annotations

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from mfc.inventory.models import Balance, Hold, Lot, StockMove
from tests.admin.test_actions import run
from tests.browser import floor as floors
from tests.browser.floor import Floor
from tests.walk import Walk
from tests.world import World


@pytest.fixture
def waiting(db: None) -> Floor:
    return floors.build()


def test_a_lot_is_held_recalled_and_traced(waiting: Floor, manager: Client) -> None:
    lot = Lot.objects.order_by("pk")[0]
    assert run(manager, "inventory_lot", "hold", [lot])[0] == 200
    _, told = run(manager, "inventory_lot", "hold", [lot], confirmed="1", kind="quality", reason="smells")
    assert told == ["On hold: 1"]
    _, told = run(manager, "inventory_lot", "recall", [lot], confirmed="1", reason="glass")
    assert told[1].startswith(f"{lot}: 50 here, 0 shipped")
    page = manager.get(reverse("admin:inventory_lot_change", args=[lot.pk])).content.decode()
    assert "50 received, 50 here, 0 shipped" in page
    assert not Balance.objects.get(lot=lot).pickable


def test_the_last_day_is_corrected_and_stock_follows(waiting: Floor, manager: Client) -> None:
    lot = Lot.objects.order_by("pk")[0]
    _, told = run(
        manager, "inventory_lot", "correct", [lot], confirmed="1", expires_on="2020-01-01", reason="misread"
    )
    assert told[-1] == "Corrected: 1"
    assert not Balance.objects.get(lot=lot).pickable
    run(manager, "inventory_lot", "correct", [lot], confirmed="1", expires_on="", reason="has none")
    assert Balance.objects.get(lot=lot).pickable


def test_a_hold_is_placed_by_codes_and_lifted(waiting: Floor, manager: Client) -> None:
    url = reverse("admin:inventory_hold_place_hold")
    assert manager.get(url).status_code == 200
    bad = manager.post(url, {"confirmed": "1", "kind": "other", "reason": "x", "location": "NOPE"})
    assert bad.status_code == 200
    assert "There is no location NOPE." in bad.content.decode()
    assert (
        "Name a location"
        in manager.post(url, {"confirmed": "1", "kind": "other", "reason": "x"}).content.decode()
    )
    answer = manager.post(url, {"confirmed": "1", "kind": "other", "reason": "x", "location": "A01-02-A"})
    assert [str(one) for one in get_messages(answer.wsgi_request)] == ["other hold on A01-02-A is in force."]
    hold = Hold.objects.get()
    _, told = run(manager, "inventory_hold", "lift", [hold], confirmed="1", reason="done")
    assert told[-1] == "Lifted: 1"
    _, told = run(manager, "inventory_hold", "lift", [hold], confirmed="1", reason="done")
    assert told[-1].startswith(f"{hold}: {hold} was lifted before.")


def test_stock_is_moved_to_a_place_by_its_code(waiting: Floor, manager: Client) -> None:
    row = Balance.objects.order_by("pk")[0]
    form = {"confirmed": "1", "qty": "5", "target": "A01-04-A", "reason_code": "better_place"}
    _, told = run(manager, "inventory_balance", "relocate", [row], **form)
    assert told == ["Moved: 1"]
    assert StockMove.objects.latest("pk").qty == 5
    answer = run(manager, "inventory_balance", "relocate", [row], **{**form, "target": "NOPE"})
    assert answer[0] == 200
    _, told = run(manager, "inventory_balance", "relocate", [row], **{**form, "qty": "500"})
    assert "45 of 45 are free here" in told[0]


def test_a_parcel_is_opened_again_with_a_reason(world: World, walk: Walk, manager: Client) -> None:
    shipment = walk.ready(TEA=2)
    parcel = shipment.order.parcels.get()
    assert run(manager, "packing_parcel", "open_again", [parcel])[0] == 200
    _, told = run(manager, "packing_parcel", "open_again", [parcel], confirmed="1", reason="label torn")
    assert told == ["Opened: 1"]
    shipment.refresh_from_db()
    assert shipment.state == "withdrawn"
