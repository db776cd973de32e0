"""Put walls in the admin: built, freed and taken off by actions that ask."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from mfc.core import clock
from mfc.core.actors import SYSTEM
from mfc.orders import intake
from mfc.orders.models import Order
from mfc.picking import walls
from mfc.picking.models import PutSlot
from mfc.workforce.models import Station
from tests.admin.test_actions import run
from tests.browser.floor import Floor


def test_a_wall_is_built_once_per_face(floor: Floor, manager: Client) -> None:
    station = Station.objects.create(site=floor.site, key="wall-2", kind="putwall")
    url = reverse("admin:picking_putslot_build_wall")
    asked = {"confirmed": "1", "station": station.pk, "face": 1, "rows": 2, "columns": 3}
    told = [str(one) for one in get_messages(manager.post(url, asked).wsgi_request)]
    assert told == ["Built: 6 slots."]
    places = PutSlot.objects.filter(station=station).order_by("position")
    assert [(one.row, one.column) for one in places] == [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3)]
    answer = manager.post(url, asked)
    assert "Face 1 of wall-2 hangs already." in str(list(get_messages(answer.wsgi_request))[-1])
    assert PutSlot.objects.filter(station=station).count() == 6


def _accepted(floor: Floor) -> Order:
    """An order that has nothing in a tote."""
    request = intake.OrderRequest(
        ref="EMPTY",
        lines=[intake.LineRequest(sku="SKU-1", qty=1)],
        promise_from=clock.now(),
        promise_until=clock.now() + timedelta(minutes=60),
        address={"name": "Test Customer", "street": "1 Test Lane", "city": "Sampleton"},
        substitution="never",
    )
    return intake.accept(site=floor.site, request=request, client="shop", actor=SYSTEM)


def test_slots_are_freed_and_taken_off(floor: Floor, manager: Client) -> None:
    one, two = PutSlot.objects.order_by("position")
    order = _accepted(floor)
    PutSlot.objects.filter(pk=one.pk).update(state="assigned", order=order)
    _, told = run(manager, "picking_putslot", "retire_slots", [one], confirmed="1")
    assert "is assigned; retired is not possible" in told[0]
    _, told = run(manager, "picking_putslot", "free_slots", [one, two], confirmed="1")
    assert any(text.startswith(f"{two}: Slot 2 is free.") for text in told)
    assert "Freed: 1" in told
    assert [slot.state for slot in walls.slots_of(one.station)] == ["idle", "idle"]
    _, told = run(manager, "picking_putslot", "retire_slots", [one, two], confirmed="1")
    assert "Taken off: 2" in told
    assert walls.slots_of(one.station) == []
