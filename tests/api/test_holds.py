"""Holds, recalls, relocations and adjustments by REST; refusals change nothing."""

from __future__ import annotations

from typing import Any

import pytest

from mfc.api.models import ApiClient
from mfc.inventory.models import Hold, StockMove
from tests.client import Api, problem
from tests.proof import broken_invariants, unchanged
from tests.world import World


def test_a_lot_is_held_and_freed(api: Api, world: World) -> None:
    made = api.post("/holds", {"kind": "quality", "sku": "MILK", "lot": "SOON", "reason": "smells"})
    assert made.status_code == 201, made.content
    body = made.json()
    assert (body["sku"], body["lot"], body["location"], body["lifted_at"]) == ("MILK", "SOON", None, None)
    assert world.position("MILK") == (5, 0, 0)
    listed = api.get("/holds", open="1").json()["results"]
    assert [one["id"] for one in listed] == [body["id"]]
    assert api.post(f"/holds/{body['id']}/lift", {"reason": "is fine"}).json()["lifted_at"] is not None
    assert world.position("MILK") == (8, 0, 0)
    assert api.get("/holds", open="1").json()["results"] == []
    problem(api.post(f"/holds/{body['id']}/lift", {"reason": "again"}), 409, "hold_lifted")
    problem(api.post("/holds/999/lift", {"reason": "x"}), 404, "not_found")
    assert broken_invariants() == {}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"kind": "quality", "reason": "x"}, 422, "hold_invalid"),
        ({"kind": "quality", "lot": "SOON", "reason": "x"}, 422, "hold_invalid"),
        ({"kind": "quality", "sku": "NOPE", "reason": "x"}, 422, "unknown_sku"),
        ({"kind": "quality", "sku": "MILK", "lot": "NOPE", "reason": "x"}, 404, "not_found"),
        ({"kind": "quality", "location": "NOPE", "reason": "x"}, 404, "not_found"),
        ({"kind": "odd", "sku": "MILK", "reason": "x"}, 400, "invalid_request"),
        ({"kind": "quality", "sku": "MILK"}, 400, "invalid_request"),
    ],
)
def test_a_hold_that_is_not_possible_changes_nothing(
    api: Api, world: World, body: dict[str, Any], status: int, code: str
) -> None:
    with unchanged():
        problem(api.post("/holds", body), status, code)


def test_a_recall_answers_where_every_unit_is(api: Api, world: World) -> None:
    answer = api.post("/lots/recall", {"sku": "MILK", "lot": "SOON", "reason": "glass"})
    assert answer.status_code == 200, answer.content
    assert answer.json()["here"] == [
        {"place": "A02-02", "kind": "bin", "qty": 3, "reserved": 0, "order_ref": "", "client": ""}
    ]
    assert answer.json() == api.get("/lots/trace", sku="MILK", lot="SOON").json()
    assert world.position("MILK") == (5, 0, 0)
    problem(api.post("/lots/recall", {"sku": "MILK", "lot": "SOON", "reason": "glass"}), 409, "hold_exists")


def test_stock_is_relocated(api: Api, world: World) -> None:
    body = {"sku": "TEA", "from": "A01-01", "to": "A01-04", "qty": 4, "reason_code": "place_full"}
    assert api.post("/stock/relocations", body).json() == {
        "location": "A01-01",
        "sku": "TEA",
        "lot": None,
        "on_hand": 6,
        "reserved": 0,
        "pickable": True,
    }
    assert StockMove.objects.latest("pk").actor == "client:shop"
    with unchanged():
        problem(api.post("/stock/relocations", {**body, "qty": 7}), 409, "stock_insufficient")
        problem(api.post("/stock/relocations", {**body, "to": "A02-01"}), 422, "place_invalid")
        problem(api.post("/stock/relocations", {**body, "sku": "MUG"}), 409, "stock_insufficient")
    assert broken_invariants() == {}


def test_stock_is_adjusted_with_a_reason(api: Api, world: World) -> None:
    body = {"sku": "SOAP", "location": "A01-04", "on_hand": 3, "reason_code": "damaged", "reason": "wet"}
    assert api.post("/stock/adjustments", body).json()["on_hand"] == 3
    move = StockMove.objects.latest("pk")
    assert (move.kind, move.qty, move.reason_code, move.reason) == ("adjust", 2, "damaged", "wet")
    with unchanged():
        problem(api.post("/stock/adjustments", {**body, "reason": ""}), 400, "invalid_request")
        problem(api.post("/stock/adjustments", {**body, "on_hand": -1}), 400, "invalid_request")


def test_a_token_without_the_scope_may_not(world: World) -> None:
    token = ApiClient(name="reader", scopes=["stock:read"]).issue_token()
    api = Api(token)
    with unchanged():
        problem(api.post("/holds", {"kind": "quality", "sku": "TEA", "reason": "x"}), 403, "not_allowed")
        problem(api.post("/stock/adjustments", {}), 403, "not_allowed")
        problem(api.post("/stock/relocations", {}), 403, "not_allowed")
        problem(api.post("/lots/recall", {}), 403, "not_allowed")
    assert api.get("/holds").json() == {"next": None, "results": []}
    assert not Hold.objects.exists()
