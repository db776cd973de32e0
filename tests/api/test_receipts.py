"""Announcing, receiving and putting away by REST; refusals change nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.client import Api, problem
from tests.proof import broken_invariants, unchanged
from tests.world import World

ASN: dict[str, Any] = {
    "ref": "ASN-1",
    "supplier": "Dairy",
    "lines": [
        {"sku": "TEA", "qty": 10},
        {"sku": "MILK", "qty": 6, "lot": "N1", "expires_on": "2026-12-24"},
    ],
}


def test_a_delivery_is_announced_received_closed_and_put_away(api: Api, world: World) -> None:
    made = api.post("/receipts", ASN)
    assert made.status_code == 201, made.content
    number = made.json()["id"]
    item = {"sku": "TEA", "qty": 10, "location": "DOCK-IN"}
    body = api.post(f"/receipts/{number}/items", item).json()
    assert (body["state"], body["lines"][0]["qty_received"]) == ("receiving", 10)
    with unchanged():
        problem(api.post(f"/receipts/{number}/items", item), 409, "over_receipt")
        problem(api.post(f"/receipts/{number}/items", {**item, "location": "A01-01"}), 422, "place_invalid")
        problem(api.post(f"/receipts/{number}/items", {"sku": "TEA", "qty": 1}), 422, "place_invalid")
        problem(api.post(f"/receipts/{number}/close", {}), 409, "under_receipt")
    closed = api.post(f"/receipts/{number}/close", {"difference_code": "under_delivery"}).json()
    assert (closed["state"], closed["difference_code"]) == ("closed", "under_delivery")
    best = api.get("/putaways/proposals", sku="TEA", qty="10").json()
    assert best["order"] is None
    assert best["places"][0] == {
        "location": "A01-01",
        "qty": 10,
        "rule": "same_lot",
        "why": "the same article and lot lie there",
    }
    done = api.post("/putaways", {"sku": "TEA", "from": "DOCK-IN", "qty": 10, "to": "A01-01"})
    assert done.status_code == 201, done.content
    assert done.json()["rule"] == "same_lot"
    assert world.position("TEA") == (20, 0, 0)
    assert api.get("/receipts", state="closed").json()["results"][0] == api.get(f"/receipts/{number}").json()
    assert broken_invariants() == {}


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"lines": []}, 400, "invalid_request"),
        ({"lines": [{"sku": "NOPE", "qty": 1}]}, 422, "unknown_sku"),
        ({"lines": [{"sku": "TEA", "qty": 0}]}, 422, "quantity_invalid"),
        ({"lines": [{"sku": "TEA", "qty": 1, "sscc": "12"}]}, 400, "invalid_request"),
        ({"colour": "red"}, 400, "invalid_request"),
    ],
)
def test_a_notice_that_is_wrong_changes_nothing(
    api: Api, world: World, change: dict[str, Any], status: int, code: str
) -> None:
    with unchanged():
        problem(api.post("/receipts", {**ASN, **change}), status, code)


def test_a_receipt_is_called_off_and_unknown_ones_are_not_found(api: Api, world: World) -> None:
    number = api.post("/receipts", ASN).json()["id"]
    problem(api.post("/receipts", ASN), 409, "receipt_ref_taken")
    assert api.post(f"/receipts/{number}/cancel", {"reason": "lost"}).json()["state"] == "cancelled"
    problem(api.post(f"/receipts/{number}/cancel", {"reason": "lost"}), 409, "receipt_closed")
    problem(api.get("/receipts/999"), 404, "not_found")
    problem(api.get("/receipts", state="odd"), 400, "invalid_request")


def test_a_putaway_elsewhere_needs_a_reason(api: Api, world: World) -> None:
    number = api.post("/receipts", ASN).json()["id"]
    api.post(f"/receipts/{number}/items", {"sku": "TEA", "qty": 10, "location": "DOCK-IN"})
    body = {"sku": "TEA", "from": "DOCK-IN", "qty": 4, "to": "A01-02"}
    with unchanged():
        problem(api.post("/putaways", body), 422, "reason_missing")
        problem(api.post("/putaways", {**body, "to": "NOPE"}), 404, "not_found")
        problem(api.post("/putaways", {**body, "qty": 11, "to": "A01-01"}), 409, "stock_insufficient")
        problem(api.get("/putaways/proposals", sku="TEA", qty="0"), 422, "quantity_invalid")
    done = api.post("/putaways", {**body, "reason_code": "place_full"}).json()
    assert (done["location"], done["proposed"], done["rule"]) == ("A01-02", "A01-01", "chosen")
