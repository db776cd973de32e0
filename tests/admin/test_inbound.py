"""Receiving and putting away from the admin: announced as lines, received piece by piece, put away with a reason."""

from __future__ import annotations

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from mfc.inbound.models import Putaway, Receipt
from mfc.inventory.models import Balance
from mfc.layout.models import Location
from tests.admin.test_actions import run
from tests.browser import floor as floors
from tests.browser.floor import Floor
from tests.proof import broken_invariants


@pytest.fixture
def dock(db: None) -> Floor:
    built = floors.build()
    Location.objects.create(site=built.site, code="DOCK", label="L-DOCK01", kind="dock", x_mm=0, y_mm=0)
    return built


def put_away(manager: Client, **fields: str) -> str:
    form = {"confirmed": "1", "sku": "SKU-1", "source": "dock", "qty": "8", "override_code": ""}
    answer = manager.post(reverse("admin:inbound_putaway_put_away"), {**form, **fields})
    return str(list(get_messages(answer.wsgi_request))[-1])


def test_a_delivery_is_announced_received_and_put_away(dock: Floor, manager: Client) -> None:
    url = reverse("admin:inbound_receipt_announce")
    wrong = manager.post(url, {"confirmed": "1", "ref": "ASN-7", "lines": "SKU-1;8\nNOPE;3"})
    assert "Line 2: &#x27;NOPE&#x27; is no SKU." in wrong.content.decode()
    manager.post(url, {"confirmed": "1", "ref": "ASN-7", "lines": "SKU-1;8\nSKU-2;5"})
    receipt = Receipt.objects.get()
    form = {"confirmed": "1", "sku": "sku-1", "qty": "9", "location": "DOCK"}
    _, told = run(manager, "inbound_receipt", "receive", [receipt], **form)
    assert "8 announced, 9 with these; 8 are tolerated." in told[-1]
    _, told = run(manager, "inbound_receipt", "receive", [receipt], **{**form, "qty": "8"})
    assert told[-1] == "Received: 1"
    _, told = run(manager, "inbound_receipt", "close", [receipt], confirmed="1", difference_code="")
    assert "Less arrived than announced (SKU-2: 0 of 5)." in told[-1]
    run(manager, "inbound_receipt", "close", [receipt], confirmed="1", difference_code="under_delivery")
    assert "Why A03-04-A?" in put_away(manager, target="A03-04-A")
    assert put_away(manager, target="A03-04-A", override_code="place_full").endswith("chosen by manager.")
    assert Balance.objects.get(location__code="A03-04-A").on_hand == 8
    assert "By the book no SKU-1 is at DOCK." in put_away(manager)
    assert Putaway.objects.count() == 1
    assert broken_invariants() == {}


def test_the_best_place_is_taken_when_none_is_named(dock: Floor, manager: Client) -> None:
    manager.post(
        reverse("admin:inbound_receipt_announce"), {"confirmed": "1", "ref": "ASN-8", "lines": "SKU-2;5"}
    )
    receipt = Receipt.objects.get()
    run(
        manager, "inbound_receipt", "receive", [receipt], confirmed="1", sku="SKU-2", qty="5", location="DOCK"
    )
    assert put_away(manager, sku="SKU-2", qty="5").endswith("the same article and lot lie there.")


def test_a_receipt_is_called_off(dock: Floor, manager: Client) -> None:
    manager.post(
        reverse("admin:inbound_receipt_announce"), {"confirmed": "1", "ref": "ASN-9", "lines": "SKU-2;5"}
    )
    _, told = run(manager, "inbound_receipt", "cancel", Receipt.objects.all(), confirmed="1", reason="lost")
    assert told[-1] == "Called off: 1"
