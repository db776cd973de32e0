"""Shipments by REST: what is ready, who takes it, and the hand-over by scan."""

from __future__ import annotations

from typing import Any

import pytest

from mfc.api.models import ApiClient
from mfc.dispatch.models import Shipment
from tests.client import Api, problem
from tests.proof import broken_invariants, unchanged
from tests.walk import Walk
from tests.world import ADDRESS, World

NOBODY = "0190c0de-0000-7000-8000-000000000000"


@pytest.fixture
def ready(walk: Walk) -> Shipment:
    return walk.ready(TEA=2)


@pytest.fixture
def sscc(ready: Shipment) -> str:
    return ready.order.parcels.get().sscc


@pytest.fixture
def rival(world: World) -> Api:
    return Api(ApiClient(name="rival", scopes=["dispatch:release"]).issue_token())


def test_a_ready_shipment_is_offered_with_all_a_courier_needs(
    world: World, api: Api, ready: Shipment, sscc: str
) -> None:
    order = ready.order
    body = {
        "id": str(ready.pk),
        "order_ref": order.ref,
        "state": "ready",
        "lane": {"code": "STAGE-1", "label": world.locations["STAGE-1"].label},
        "promise": {"from": order.promise_from.isoformat(), "until": order.promise_until.isoformat()},
        "address": ADDRESS,
        "temperatures": ["ambient"],
        "claimed_by": "",
        "parcels": [{"sscc": sscc, "tote": world.totes[0], "weight_g": 1900}],
    }
    assert api.get("/shipments", state="ready").json() == {"next": None, "results": [body]}
    assert api.get(f"/shipments/{ready.pk}").json() == body
    assert api.get("/shipments", state="claimed").json()["results"] == []


def test_a_shipment_is_claimed_and_handed_over(api: Api, ready: Shipment, sscc: str) -> None:
    claimed = api.post(f"/shipments/{ready.pk}/claim", {"claimed_by": "Van 3"})
    assert (claimed.status_code, claimed.json()["state"], claimed.json()["claimed_by"]) == (
        200,
        "claimed",
        "Van 3",
    )
    done = api.post(f"/shipments/{ready.pk}/handover", {"sscc": [sscc]})
    assert (done.status_code, done.json()["state"]) == (200, "handed_over")
    assert broken_invariants() == {}


def test_a_shipment_claimed_by_another_client_names_it(
    api: Api, rival: Api, ready: Shipment, sscc: str
) -> None:
    api.post(f"/shipments/{ready.pk}/claim", {"claimed_by": "Van 3"})
    with unchanged():
        claim = rival.post(f"/shipments/{ready.pk}/claim", {"claimed_by": "Bike 1"})
        handover = rival.post(f"/shipments/{ready.pk}/handover", {"sscc": [sscc]})
    assert problem(claim, 409, "shipment_claimed")["details"] == {"by": "Van 3"}
    problem(handover, 409, "shipment_claimed")


def test_a_shipment_that_is_not_ready_cannot_be_taken(api: Api, walk: Walk) -> None:
    walk.picked_tote(TEA=2)
    walk.badge("pack-1", "Pat")
    sscc = walk.seal(0)
    path = f"/shipments/{Shipment.objects.get().pk}"
    with unchanged():
        problem(api.post(f"{path}/claim", {"claimed_by": "Van 3"}), 409, "shipment_not_ready")
        problem(api.post(f"{path}/handover", {"sscc": [sscc]}), 409, "shipment_not_ready")


def test_a_wrong_parcel_is_refused(api: Api, ready: Shipment, sscc: str) -> None:
    with unchanged():
        answer = api.post(f"/shipments/{ready.pk}/handover", {"sscc": [sscc, "340123450000000017"]})
    assert problem(answer, 409, "parcel_wrong")["details"] == {"wrong": ["340123450000000017"]}


def test_a_parcel_with_a_wrong_check_digit_is_refused(api: Api, ready: Shipment, sscc: str) -> None:
    bad = f"{sscc[:-1]}{(int(sscc[-1]) + 1) % 10}"
    with unchanged():
        answer = api.post(f"/shipments/{ready.pk}/handover", {"sscc": [bad]})
    assert problem(answer, 422, "wrong_check_digit")["details"] == {"value": bad}


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("claim", {}),
        ("claim", {"claimed_by": ""}),
        ("claim", {"claimed_by": "x" * 81}),
        ("claim", {"claimed_by": "V\x00n"}),
        ("claim", {"claimed_by": "Van 3", "price": 1}),
        ("handover", {}),
        ("handover", {"sscc": []}),
        ("handover", {"sscc": ["1" * 21]}),
        ("handover", {"sscc": "340123450000000017"}),
        ("handover", {"sscc": ["340123450000000017"] * 201}),
        ("handover", {"sscc": [None]}),
    ],
)
def test_a_senseless_body_is_refused(api: Api, ready: Shipment, action: str, body: Any) -> None:
    with unchanged():
        problem(api.post(f"/shipments/{ready.pk}/{action}", body), 400, "invalid_request")


def test_a_shipment_that_does_not_exist_is_not_found(world: World, api: Api) -> None:
    problem(api.get(f"/shipments/{NOBODY}"), 404, "not_found")
    problem(api.post(f"/shipments/{NOBODY}/claim", {"claimed_by": "Van 3"}), 404, "not_found")
    problem(api.post(f"/shipments/{NOBODY}/handover", {"sscc": ["340123450000000017"]}), 404, "not_found")


@pytest.mark.parametrize("query", [{"cursor": "YWJj"}, {"state": "gone"}, {"limit": "none"}])
def test_a_senseless_query_is_refused(world: World, api: Api, query: dict[str, str]) -> None:
    problem(api.get("/shipments", **query), 400, "invalid_request")


def test_shipments_are_paged_in_the_order_they_were_sealed(world: World, api: Api, walk: Walk) -> None:
    walk.ready(TEA=1)
    for tote in (1, 2):
        world.accept(SOAP=1)
        world.clock.advance(minutes=6)
        walk.release()
        walk.load("cart-1", tote)
        walk.pick_all()
        walk.drop()
        walk.seal(tote)
    refs: list[str] = []
    cursor = ""
    while cursor is not None:
        body = api.get("/shipments", limit="1", cursor=cursor).json()
        refs += [row["order_ref"] for row in body["results"]]
        cursor = body["next"]
    assert refs == ["W-1", "W-2", "W-3"]


def test_stock_is_listed_with_what_may_be_promised(world: World, api: Api, walk: Walk) -> None:
    world.accept(TEA=3)
    walk.begin(0)
    world.accept(TEA=2, MUG=1)
    rows = {row["sku"]: row for row in api.get("/skus").json()["results"]}
    assert set(rows) == {"TEA", "MUG", "SOAP", "MILK", "CHEESE"}
    assert rows["TEA"] == {
        "sku": "TEA",
        "name": "Tea caddy",
        "gtins": [world.gtins["TEA"].zfill(14)],
        "temperature_class": "ambient",
        "catch_weight": False,
        "packs": [],
        "on_hand": 10,
        "reserved": 3,
        "promised": 2,
        "available": 5,
    }
    page = api.get("/skus", limit="2").json()
    assert len(page["results"]) == 2
    rest = api.get("/skus", cursor=page["next"]).json()
    assert {row["sku"] for row in page["results"] + rest["results"]} == set(rows)
    problem(api.get("/skus", cursor="AA=="), 400, "invalid_request")


def test_a_parcel_is_opened_again_by_the_warehouse_not_by_the_carrier(
    world: World, api: Api, rival: Api, ready: Shipment, sscc: str
) -> None:
    body = {"sscc": [sscc], "reason": "label torn"}
    with unchanged():
        problem(rival.post(f"/shipments/{ready.pk}/open", body), 403, "not_allowed")
        problem(api.post(f"/shipments/{NOBODY}/open", body), 404, "not_found")
        foreign = {"sscc": ["340123450000000017"], "reason": "x"}
        problem(api.post(f"/shipments/{ready.pk}/open", foreign), 409, "parcel_wrong")
    answer = api.post(f"/shipments/{ready.pk}/open", body)
    assert answer.status_code == 200
    assert (answer.json()["state"], answer.json()["parcels"]) == ("withdrawn", [])
    assert api.get("/shipments", state="withdrawn").json()["results"] == [answer.json()]
    assert broken_invariants() == {}
