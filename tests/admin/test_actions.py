"""Actions call services; what a service refuses becomes a message, and nothing changes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from mfc.core.models import JournalEntry
from mfc.inventory.models import Balance, StockMove
from mfc.orders.models import Order
from mfc.picking.models import Batch, Wave
from mfc.webhooks.models import Delivery, DeliveryState
from mfc.workforce.models import Station, WorkSession
from tests.browser import floor as floors
from tests.browser.floor import Floor


def run(client: Client, model: str, action: str, rows: Iterable[Any], **fields: Any) -> tuple[int, list[str]]:
    """Run an action of a change list; its status and what the manager is told."""
    answer = client.post(
        reverse(f"admin:{model}_changelist"),
        {"action": action, "_selected_action": [str(row.pk) for row in rows], **fields},
    )
    return answer.status_code, [str(message) for message in get_messages(answer.wsgi_request)]


@pytest.fixture
def waiting(db: None) -> Floor:
    return floors.build()


def test_cancel_asks_for_a_reason_and_then_cancels(waiting: Floor, manager: Client) -> None:
    order = Order.objects.get(ref="ORDER-1")
    status, told = run(manager, "orders_order", "cancel", [order])
    assert (status, told) == (200, [])
    order.refresh_from_db()
    assert order.state == "accepted"

    status, told = run(manager, "orders_order", "cancel", [order], confirmed="1", reason="customer called")
    assert (status, told) == (302, ["Cancelled: 1"])
    order.refresh_from_db()
    assert order.state == "cancelled"
    entry = JournalEntry.objects.get(verb="order.cancelled")
    assert (entry.actor_name, entry.data["reason"]) == ("manager", "customer called")


def test_an_order_that_is_picked_stays_and_the_refusal_is_told(floor: Floor, manager: Client) -> None:
    order = Order.objects.filter(state="ready").first()
    assert order is not None
    _, told = run(manager, "orders_order", "cancel", [order], confirmed="1", reason="too late")
    assert told == [
        f"{order.ref}: Order {order.ref} is ready. A tote of it is sealed, or it has ended: "
        "let it finish, then take it back as a return."
    ]
    order.refresh_from_db()
    assert order.state == "ready"


def test_a_count_goes_through_the_ledger(waiting: Floor, manager: Client) -> None:
    balance = Balance.objects.filter(location__isnull=False).first()
    assert balance is not None
    status, _ = run(manager, "inventory_balance", "adjust", [balance])
    assert status == 200
    _, told = run(
        manager,
        "inventory_balance",
        "adjust",
        [balance],
        confirmed="1",
        on_hand="47",
        reason="counted",
        reason_code="counted",
    )
    assert told == ["Corrected: 1"]
    balance.refresh_from_db()
    assert balance.on_hand == 47
    move = StockMove.objects.get(kind="adjust")
    assert (move.qty, move.reason) == (3, "counted")


def test_a_count_without_reason_changes_nothing(waiting: Floor, manager: Client) -> None:
    balance = Balance.objects.filter(location__isnull=False).first()
    assert balance is not None
    status, _ = run(
        manager, "inventory_balance", "adjust", [balance], confirmed="1", on_hand="47", reason=" "
    )
    assert status == 200
    balance.refresh_from_db()
    assert balance.on_hand == 50


def test_two_balances_are_not_corrected_at_once(waiting: Floor, manager: Client) -> None:
    _, told = run(
        manager, "inventory_balance", "adjust", Balance.objects.all()[:2], confirmed="1", on_hand="1"
    )
    assert told == ["Choose exactly one balance: each count has its own quantity and reason."]


def test_a_session_is_ended(waiting: Floor, manager: Client) -> None:
    waiting.log_in("cart-1")
    _, told = run(manager, "workforce_worksession", "end", WorkSession.objects.all())
    assert told == ["Ended: 1"]
    assert WorkSession.objects.get().ended_at is not None


def test_due_work_is_released_by_hand_after_a_question(waiting: Floor, manager: Client) -> None:
    url = reverse("admin:picking_wave_release_now")
    assert manager.get(url).status_code == 200
    assert not Wave.objects.exists(), "opening a page changes nothing"
    answer = manager.post(url, {"confirmed": "1"})
    assert answer.status_code == 302
    assert [str(message) for message in get_messages(answer.wsgi_request)] == [
        "Planned: " + ", ".join(str(batch) for batch in Batch.objects.order_by("pk")) + "."
    ]
    assert Batch.objects.exists()


def test_a_failed_delivery_is_sent_again(floor: Floor, manager: Client) -> None:
    Delivery.objects.update(state=DeliveryState.FAILED)
    _, told = run(manager, "webhooks_delivery", "replay", Delivery.objects.all())
    assert told == ["Queued again: 1"]
    assert Delivery.objects.get().state == DeliveryState.PENDING


def test_who_may_only_look_cannot_act(waiting: Floor, client: Client) -> None:
    viewer = User.objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.add(*Permission.objects.filter(codename__startswith="view_"))
    client.force_login(viewer)
    order = Order.objects.get(ref="ORDER-1")
    run(client, "orders_order", "cancel", [order], confirmed="1", reason="x")
    order.refresh_from_db()
    assert order.state == "accepted"
    assert client.get(reverse("admin:picking_wave_release_now")).status_code == 403


def test_a_form_writes_only_what_was_changed(waiting: Floor, manager: Client) -> None:
    station = Station.objects.get(key="cart-1")
    url = reverse("admin:workforce_station_change", args=[station.pk])
    form = manager.get(url).context["adminform"].form
    data = {name: form[name].value() for name in form.fields} | {"x_mm": "6100"}
    waiting.log_in("cart-1")  # the station's version grows while the form is open
    version = Station.objects.get(pk=station.pk).version
    assert manager.post(url, data).status_code == 302
    station.refresh_from_db()
    assert (station.x_mm, station.version) == (6_100, version)
    assert version > 0
