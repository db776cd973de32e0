"""Replenishments and counts by REST; refusals change nothing."""

from __future__ import annotations

from mfc.layout.models import Location
from mfc.upkeep import replenish
from tests.client import Api, problem
from tests.proof import broken_invariants, unchanged
from tests.world import World, receive


def test_a_replenishment_is_listed_and_done(api: Api, world: World) -> None:
    receive(world, "RESERVE-1", "SOAP", 40)
    Location.objects.filter(code="A01-04").update(slotted_sku=world.skus["SOAP"], slot_min=5, slot_max=20)
    replenish.plan(site=world.site)
    (task,) = api.get("/replenishments", state="open").json()["results"]
    assert (task["from"], task["to"], task["qty"], task["urgency"]) == ("RESERVE-1", "A01-04", 15, "routine")
    with unchanged():
        problem(api.post(f"/replenishments/{task['id']}/done", {"qty": 16}), 422, "quantity_invalid")
        problem(api.post("/replenishments/999/done", {"qty": 1}), 404, "not_found")
        problem(api.get("/replenishments", state="odd"), 400, "invalid_request")
    done = api.post(f"/replenishments/{task['id']}/done", {"qty": 15}).json()
    assert (done["state"], done["qty_done"]) == ("done", 15)
    problem(api.post(f"/replenishments/{task['id']}/done", {"qty": 1}), 409, "illegal_transition")
    assert broken_invariants() == {}


def test_a_count_is_asked_for_reported_and_decided(api: Api, world: World) -> None:
    made = api.post("/counts", {"location": "A01-01", "reason": "looks wrong"})
    assert made.status_code == 201, made.content
    number = made.json()["id"]
    result = {"lines": [{"sku": "TEA", "qty": 2}]}
    assert api.post(f"/counts/{number}/result", result).json()["state"] == "recount"
    again = api.post(f"/counts/{number}/result", result).json()
    assert again["state"] == "review"
    assert again["lines"] == [
        {
            "sku": "TEA",
            "lot": None,
            "expected": 10,
            "first": 2,
            "second": 2,
            "difference": -8,
            "booked": 0,
            "held_back": 0,
        }
    ]
    with unchanged():
        problem(api.post(f"/counts/{number}/decision", {"decision": "maybe"}), 400, "invalid_request")
    assert api.post(f"/counts/{number}/decision", {"decision": "approve"}).json()["state"] == "closed"
    assert world.position("TEA") == (2, 0, 0)
    report = api.get("/counts/report", days="7").json()
    assert (report["lines"], report["missing_qty"], report["line_accuracy"]) == (1, 8, 0.0)
    problem(api.get("/counts/report", days="0"), 400, "invalid_request")
    problem(api.get("/counts/report", velocity="X"), 400, "invalid_request")
    problem(api.post("/counts", {"location": "NOPE", "reason": "x"}), 404, "not_found")
    problem(api.post("/counts/999/decision", {"decision": "reject"}), 404, "not_found")
    assert broken_invariants() == {}


def test_a_blind_count_shows_nothing(api: Api, world: World) -> None:
    number = api.post("/counts", {"location": "A01-01", "reason": "x"}).json()["id"]
    api.post(f"/counts/{number}/result", {"lines": []})
    (row,) = api.get("/counts", state="recount").json()["results"]
    assert row["lines"] == []
    assert (
        api.post(f"/counts/{number}/decision", {"decision": "reject", "reason": "no"}).json()["state"]
        == "rejected"
    )
