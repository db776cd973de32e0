"""Orders by REST: sent, read, listed, cancelled; every refusal is a problem document and changes nothing."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from mfc.api.models import SCOPES, ApiClient
from mfc.orders.models import Order
from tests.client import Api, problem
from tests.proof import broken_invariants, unchanged
from tests.walk import Walk
from tests.world import ADDRESS, World


def order(world: World, ref: str = "A-1", **changes: Any) -> dict[str, Any]:
    """A body that is accepted, with ``changes``."""
    now = world.clock.now()
    body = {
        "order_ref": ref,
        "lines": [{"sku": "TEA", "qty": 2}],
        "promise": {"from": now.isoformat(), "until": (now + timedelta(hours=2)).isoformat()},
        "address": ADDRESS,
    }
    return {key: value for key, value in {**body, **changes}.items() if value is not None}


def window(world: World, start_s: float, end_s: float) -> dict[str, str]:
    now = world.clock.now()
    return {
        "from": (now + timedelta(seconds=start_s)).isoformat(),
        "until": (now + timedelta(seconds=end_s)).isoformat(),
    }


def refuses(api: Api, body: Any, status: int, code: str) -> dict[str, Any]:
    with unchanged():
        return problem(api.post("/orders", body), status, code)


def test_an_order_is_accepted_and_can_be_read(world: World, api: Api) -> None:
    lines = [{"sku": "TEA", "qty": 2}, {"gtin": world.gtins["MILK"], "qty": 1}]
    response = api.post("/orders", order(world, lines=lines, substitution="ask"))
    assert response.status_code == 201
    body = response.json()
    nothing_yet = {
        "qty_picked": 0,
        "qty_short": 0,
        "short_reason": "",
        "weight_g_picked": 0,
        "instead_of": None,
    }
    assert body == {
        "id": str(Order.objects.get().pk),
        "order_ref": "A-1",
        "state": "accepted",
        "accepted_at": "2026-11-10T09:00:00+00:00",
        "promise": {"from": "2026-11-10T09:00:00+00:00", "until": "2026-11-10T11:00:00+00:00"},
        "temperature_classes": ["ambient", "chilled"],
        "substitution": "ask",
        "lines": [
            {"sku": "TEA", "qty": 2, **nothing_yet},
            {"sku": "MILK", "qty": 1, **nothing_yet},
        ],
    }
    assert api.get(f"/orders/{body['id']}").json() == body
    assert api.get("/orders").json() == {"next": None, "results": [body]}


@pytest.mark.parametrize(
    ("lines", "status", "code"),
    [
        ([{"sku": "NOPE", "qty": 1}], 422, "unknown_sku"),
        ([{"gtin": "4006381333930", "qty": 1}], 422, "wrong_check_digit"),
        ([{"gtin": "12", "qty": 1}], 422, "wrong_check_digit"),
        ([{"sku": "TEA", "qty": -1}], 422, "quantity_invalid"),
        ([{"sku": "TEA", "qty": 0}], 422, "quantity_invalid"),
        ([{"sku": "TEA", "qty": 1000}], 422, "quantity_invalid"),
        ([{"sku": "TEA", "qty": 10**30}], 422, "quantity_invalid"),
        ([{"sku": "TEA", "qty": 1}] * 201, 422, "quantity_invalid"),
        ([{"sku": "TEA", "qty": 41}], 409, "stock_insufficient"),
        ([{"sku": "LAMP", "qty": 11}], 422, "order_too_large"),
        ([{"sku": "TEA", "qty": "two"}], 400, "invalid_request"),
        ([{"sku": "TEA", "qty": 1.5}], 400, "invalid_request"),
        ([{"sku": "TEA", "qty": None}], 400, "invalid_request"),
        ([{"sku": "TEA"}], 400, "invalid_request"),
        ([{"qty": 1}], 400, "invalid_request"),
        ([], 400, "invalid_request"),
        ({}, 400, "invalid_request"),
        ("TEA", 400, "invalid_request"),
    ],
)
def test_a_line_that_cannot_be_promised_is_refused(
    world: World, api: Api, lines: Any, status: int, code: str
) -> None:
    refuses(api, order(world, lines=lines), status, code)


def test_too_little_stock_is_told_per_sku(world: World, api: Api) -> None:
    lines = [{"sku": "TEA", "qty": 11}, {"sku": "SOAP", "qty": 1}, {"sku": "CHEESE", "qty": 9}]
    body = refuses(api, order(world, lines=lines), 409, "stock_insufficient")
    assert body["details"]["short"] == [
        {"sku": "TEA", "wanted": 11, "available": 10},
        {"sku": "CHEESE", "wanted": 9, "available": 6},
    ]


@pytest.mark.parametrize(
    ("start_s", "end_s", "code"),
    [
        (-7200, -60, "promise_in_past"),
        (-7200, 0, "promise_in_past"),
        (7200, 3600, "promise_window_invalid"),
        (7200, 7200, "promise_window_invalid"),
        (0, 1900, "promise_too_tight"),
    ],
)
def test_a_window_that_cannot_be_kept_is_refused(
    world: World, api: Api, start_s: float, end_s: float, code: str
) -> None:
    refuses(api, order(world, promise=window(world, start_s, end_s)), 422, code)


def test_a_promise_too_tight_names_the_earliest(world: World, api: Api) -> None:
    body = refuses(api, order(world, promise=window(world, 0, 60)), 422, "promise_too_tight")
    assert body["details"] == {"earliest": "2026-11-10T09:32:31+00:00"}


@pytest.mark.parametrize(
    "promise",
    [
        {},
        {"from": "now", "until": "later"},
        {"from": "2026-11-10T09:00:00Z"},
        {"from": "0001-01-01T00:00:00+14:00", "until": "2026-11-10T12:00:00Z"},
        {"from": "2026-11-10T09:00:00Z", "until": "9999-12-31T23:59:59-14:00"},
        {"from": "2026-11-10T09:00:00Z", "until": "2026-11-10T12:00:00Z", "or": "never"},
        [],
        7,
    ],
)
def test_a_window_that_is_none_is_refused(world: World, api: Api, promise: Any) -> None:
    refuses(api, order(world, promise=promise), 400, "invalid_request")


def test_a_temperature_class_that_does_not_fit_is_refused(world: World, api: Api) -> None:
    refuses(api, order(world, temperature_class="chilled"), 422, "temperature_mismatch")
    refuses(api, order(world, temperature_class="hot"), 400, "invalid_request")
    assert api.post("/orders", order(world, temperature_class="ambient")).status_code == 201


def test_a_reference_is_used_once(world: World, api: Api) -> None:
    assert api.post("/orders", order(world)).status_code == 201
    body = refuses(api, order(world), 409, "order_ref_taken")
    assert body["details"] == {"order_ref": "A-1"}


def test_unknown_fields_are_named(world: World, api: Api) -> None:
    body = refuses(api, order(world, priority="high"), 400, "invalid_request")
    assert body["detail"] == "priority: This field is not known."
    lines = [{"sku": "TEA", "qty": 1, "color": "red"}]
    body = refuses(api, order(world, lines=lines), 400, "invalid_request")
    assert body["detail"] == "lines[0].color: This field is not known."


@pytest.mark.parametrize("missing", ["order_ref", "lines", "promise", "address"])
def test_a_missing_field_is_named(world: World, api: Api, missing: str) -> None:
    body = refuses(api, order(world, **{missing: None}), 400, "invalid_request")
    assert body["detail"] == f"{missing}: This field is required."


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '"order"',
        "7",
        "NaN",
        '{"order_ref": NaN}',
        "{'order_ref': 'A'}",
        b"\xff\xfe\x00",
        b'{"order_ref": "\xff"}',
        "[" * 100_000,
        '{"a":' * 50_000,
        "9" * 5_000,
    ],
    ids=lambda text: repr(text[:12]),
)
def test_what_is_no_json_object_is_refused(world: World, api: Api, text: Any) -> None:
    with unchanged():
        problem(api.post("/orders", text), 400, "invalid_request")


@pytest.mark.parametrize("bad", ["A\x00B", "\ud800", "x" * 61, "", "   ", 7.5e400, ["A"], {}])
def test_a_reference_that_cannot_be_kept_is_refused(world: World, api: Api, bad: Any) -> None:
    with unchanged():
        problem(api.post("/orders", json.dumps(order(world, ref=bad))), 400, "invalid_request")


@pytest.mark.parametrize("field", ["name", "street", "city", "note", "phone"])
def test_an_address_with_a_nul_is_refused(world: World, api: Api, field: str) -> None:
    refuses(api, order(world, address={**ADDRESS, field: "a\x00b"}), 400, "invalid_request")


@pytest.mark.parametrize("lat", ["NaN", "nan", "Infinity", "-inf", 91, -91, "north"])
def test_a_latitude_is_a_number_on_the_globe(world: World, api: Api, lat: Any) -> None:
    refuses(api, order(world, address={**ADDRESS, "lat": lat, "lon": 0}), 400, "invalid_request")


def test_a_body_without_end_is_refused(world: World, api: Api) -> None:
    refuses(api, order(world, address={**ADDRESS, "note": "x" * 300_000}), 400, "invalid_request")


# cancelling


def test_a_waiting_order_is_cancelled(world: World, api: Api) -> None:
    order_id = api.post("/orders", order(world)).json()["id"]
    response = api.post(f"/orders/{order_id}/cancel", {"reason": "changed her mind"})
    assert (response.status_code, response.json()["state"]) == (200, "cancelled")
    assert world.position("TEA") == (10, 0, 0)


def test_a_sealed_order_cannot_be_cancelled(world: World, api: Api, walk: Walk) -> None:
    order_id = api.post("/orders", order(world)).json()["id"]
    walk.begin(0)
    walk.pick_all()
    walk.drop()
    walk.badge("pack-1", "Pat")
    walk.seal(0)
    with unchanged():
        body = problem(
            api.post(f"/orders/{order_id}/cancel", {"reason": "late"}), 409, "order_not_cancellable"
        )
    assert body["details"] == {"state": "packed"}


def test_an_order_on_a_cart_can_still_be_cancelled(world: World, api: Api, walk: Walk) -> None:
    order_id = api.post("/orders", order(world)).json()["id"]
    walk.begin(0)
    walk.pick_all()
    answer = api.post(f"/orders/{order_id}/cancel", {"reason": "changed my mind"})
    assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    assert broken_invariants() == {}


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "x" * 201}, {"why": "x"}, []])
def test_a_cancellation_needs_a_reason(world: World, api: Api, body: Any) -> None:
    order_id = api.post("/orders", order(world)).json()["id"]
    with unchanged():
        problem(api.post(f"/orders/{order_id}/cancel", body), 400, "invalid_request")


# whose order


def test_the_order_of_another_client_does_not_exist(world: World, api: Api) -> None:
    order_id = api.post("/orders", order(world)).json()["id"]
    rival = Api(ApiClient(name="rival", scopes=list(SCOPES)).issue_token())
    problem(rival.get(f"/orders/{order_id}"), 404, "not_found")
    with unchanged():
        problem(rival.post(f"/orders/{order_id}/cancel", {"reason": "spite"}), 404, "not_found")
    assert rival.get("/orders").json() == {"next": None, "results": []}
    assert rival.post("/orders", order(world)).status_code == 201  # the same reference is free there


def test_an_order_that_never_was_is_not_found(world: World, api: Api) -> None:
    problem(api.get("/orders/0190c0de-0000-7000-8000-000000000000"), 404, "not_found")


# lists


def test_a_list_is_paged_by_cursor_oldest_first(world: World, api: Api) -> None:
    for number in range(5):
        world.accept(f"A-{number}", TEA=1)
    first = api.get("/orders", limit="2").json()
    assert [row["order_ref"] for row in first["results"]] == ["A-0", "A-1"]
    world.accept("A-5", TEA=1)
    second = api.get("/orders", limit="2", cursor=first["next"]).json()
    assert [row["order_ref"] for row in second["results"]] == ["A-2", "A-3"]
    third = api.get("/orders", limit="2", cursor=second["next"]).json()
    assert ([row["order_ref"] for row in third["results"]], third["next"]) == (["A-4", "A-5"], None)


def test_a_list_is_filtered_by_state_and_reference(world: World, api: Api, walk: Walk) -> None:
    world.accept("A-0", TEA=1)
    walk.begin(0)
    world.accept("A-1", TEA=1)
    assert [row["order_ref"] for row in api.get("/orders", state="accepted").json()["results"]] == ["A-1"]
    assert [row["order_ref"] for row in api.get("/orders", order_ref="A-0").json()["results"]] == ["A-0"]
    assert api.get("/orders", order_ref="A-9").json()["results"] == []


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "201"},
        {"limit": "-1"},
        {"limit": "many"},
        {"limit": "²"},
        {"limit": "9" * 5000},
        {"cursor": "!"},
        {"cursor": "YWJj"},  # abc
        {"cursor": "AA=="},  # NUL
        {"cursor": "Kus"},
        {"state": "lost"},
        {"state": "\x00"},
        {"order_ref": "A\x00"},
    ],
    ids=lambda query: repr(query)[:30],
)
def test_a_senseless_query_is_refused(world: World, api: Api, query: dict[str, str]) -> None:
    problem(api.get("/orders", **query), 400, "invalid_request")


def test_a_cursor_beyond_every_number_finds_nothing(world: World, api: Api) -> None:
    import base64

    cursor = base64.urlsafe_b64encode(str(10**30).encode()).decode()
    world.accept(TEA=1)
    assert api.get("/orders", cursor=cursor).json() == {"next": None, "results": []}
