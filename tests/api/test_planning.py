"""Planning by REST: asked once, worked out, decided, done."""

from __future__ import annotations

from mfc.slotting import planner
from tests.client import Api
from tests.services.test_slotting import history, slot_all
from tests.world import World


def test_a_plan_from_request_to_the_last_move(world: World, api: Api) -> None:
    history(world)
    slot_all(world)
    wanted = {"kind": "slots", "settings": {"moves_percent": 100, "payback_days": 10_000, "seconds": 20}}
    made = api.post("/plans", wanted, key="plan-1")
    assert made.status_code == 201
    assert made.json()["state"] == "queued"
    assert api.post("/plans", wanted, key="plan-1").json() == made.json()
    plan_id = made.json()["id"]
    planner.work(run_id=plan_id)
    found = api.get(f"/plans/{plan_id}").json()
    assert (found["state"], found["percent"]) == ("ready", 100)
    assert found["result"]["walking_pct"] < 0
    decided = api.post(f"/plans/{plan_id}/decision", {"decision": "approve"})
    assert decided.json()["state"] == "approved"
    listed = api.get(f"/plans/{plan_id}/moves").json()["results"]
    assert [move["number"] for move in listed] == list(range(1, len(listed) + 1))
    late = api.post(f"/slot-moves/{listed[-1]['id']}/done", {})
    assert (late.status_code, late.json()["code"]) == (409, "move_not_next")
    for move in listed:
        assert api.post(f"/slot-moves/{move['id']}/done", {}).json()["state"] == "done"
    assert api.get(f"/plans/{plan_id}").json()["state"] == "finished"


def test_a_range_and_forecasts_are_read(world: World, api: Api) -> None:
    history(world, orders=300)
    for kind, settings in (("assortment", {"skus": 2}), ("demand", {})):
        plan_id = api.post("/plans", {"kind": kind, "settings": settings}).json()["id"]
        planner.work(run_id=plan_id)
        if kind == "assortment":
            changes = api.get(f"/plans/{plan_id}/changes").json()["results"]
            assert [(row["sku"], row["enters"]) for row in changes] == [("TEA", False)]
    forecasts = {row["sku"]: row for row in api.get("/forecasts").json()["results"]}
    assert forecasts["MUG"]["low"] <= forecasts["MUG"]["mean"] <= forecasts["MUG"]["high"]
    assert len(api.get("/plans", kind="demand").json()["results"]) == 1


def test_what_cannot_be_planned_is_refused(world: World, api: Api) -> None:
    assert api.post("/plans", {"kind": "palmistry"}).json()["code"] == "invalid_request"
    wrong = api.post("/plans", {"kind": "slots", "settings": {"seconds": 0}})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "value_invalid")
    assert api.get("/plans/99").status_code == 404
    assert api.get("/plans", kind="x").json()["code"] == "invalid_request"
