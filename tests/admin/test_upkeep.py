"""Counts and replenishments from the admin: asked for, decided, reported."""

from __future__ import annotations

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from mfc.core.actors import SYSTEM
from mfc.inventory.models import Balance
from mfc.upkeep import counting
from mfc.upkeep.models import Count
from tests.admin.test_actions import run
from tests.browser import floor as floors
from tests.browser.floor import Floor


@pytest.fixture
def waiting(db: None) -> Floor:
    return floors.build()


def test_places_are_counted_by_their_codes_and_a_count_is_approved(waiting: Floor, manager: Client) -> None:
    url = reverse("admin:upkeep_count_count_places")
    bad = manager.post(url, {"confirmed": "1", "reason": "x", "places": "A01-02-A NOPE"})
    assert "There is no location NOPE." in bad.content.decode()
    manager.post(url, {"confirmed": "1", "reason": "x", "places": "A01-02-A"})
    count = Count.objects.get()
    balance = Balance.objects.get(location__code="A01-02-A")
    found = {(balance.sku_id, balance.lot_id): 40}
    for _ in range(2):
        counting.begin(count=count, actor=SYSTEM)
        counting.finish(count=count, counted=found, actor=SYSTEM)
    _, told = run(manager, "upkeep_count", "approve", [count])
    assert told[-1] == "Booked: 1"
    balance.refresh_from_db()
    assert balance.on_hand == 40
    answer = manager.post(reverse("admin:upkeep_count_accuracy"), {"confirmed": "1", "days": "30"})
    told = [str(one) for one in get_messages(answer.wsgi_request)]
    assert told[-4].startswith("All: 0.0% of 1 lines right, 0 of 1 places; 10 missing")


def test_a_count_is_rejected_with_a_reason(waiting: Floor, manager: Client) -> None:
    count = counting.draft(location=Balance.objects.all()[0].location, kind="manual")  # type: ignore[arg-type]
    _, told = run(manager, "upkeep_count", "reject", [count], confirmed="1", reason="not needed")
    assert told == ["Rejected: 1"]


def test_replenishment_is_planned_by_hand(waiting: Floor, manager: Client) -> None:
    answer = manager.post(reverse("admin:upkeep_replenishment_plan_now"), {"confirmed": "1"})
    assert [str(one) for one in get_messages(answer.wsgi_request)] == ["Opened: 0."]


def test_a_count_is_entered_as_lines(waiting: Floor, manager: Client) -> None:
    balance = (
        Balance.objects.filter(lot__isnull=False).select_related("sku", "lot", "location").order_by("pk")[0]
    )
    count = counting.draft(location=balance.location, kind="manual")  # type: ignore[arg-type]
    for wrong, told in (
        ("NOPE;1", "is no SKU"),
        ("SKU-1;x", "is no quantity"),
        ("SKU-1;1;NOPE", "has no lot"),
    ):
        page = manager.post(
            reverse("admin:upkeep_count_changelist"),
            {"action": "enter", "_selected_action": [str(count.pk)], "confirmed": "1", "lines": wrong},
        )
        assert told in page.content.decode()
    lines = f"{balance.sku.code};{balance.on_hand};{balance.lot.code}"  # type: ignore[union-attr]
    _, told_now = run(manager, "upkeep_count", "enter", [count], confirmed="1", lines=lines)
    assert told_now[-1] == "Entered: 1"
    count.refresh_from_db()
    assert count.state == "closed"
