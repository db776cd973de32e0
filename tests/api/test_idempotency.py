"""POST with Idempotency-Key: once per client and key, the first answer again for every repeat."""

from __future__ import annotations

import pytest

from mfc.api.models import SCOPES, ApiClient
from mfc.orders.models import Order
from tests.api.test_orders import order
from tests.client import Api, problem
from tests.proof import unchanged
from tests.world import World


def test_a_post_without_a_key_is_refused(world: World, api: Api) -> None:
    with unchanged():
        problem(api.post("/orders", order(world), key=None), 400, "idempotency_key_missing")


@pytest.mark.parametrize("key", ["x" * 101, " \t", "a\x7fb"])
def test_a_key_must_be_printable_and_short(world: World, api: Api, key: str) -> None:
    with unchanged():
        problem(api.post("/orders", order(world), key=key), 400, "idempotency_key_missing")


def test_a_repeat_gets_the_same_answer_and_has_no_effect(world: World, api: Api) -> None:
    first = api.post("/orders", order(world), key="k1")
    assert "Idempotent-Replayed" not in first.headers
    with unchanged():
        again = api.post("/orders", order(world), key="k1")
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["Idempotent-Replayed"] == "true"
    assert world.position("TEA") == (10, 0, 2)


def test_a_repeat_gets_the_first_answer_even_when_the_order_has_moved_on(world: World, api: Api) -> None:
    first = api.post("/orders", order(world), key="k1")
    api.post(f"/orders/{first.json()['id']}/cancel", {"reason": "no"}, key="k2")
    assert api.post("/orders", order(world), key="k1").json() == first.json()
    assert Order.objects.get().state == "cancelled"


def test_a_key_with_another_body_or_address_is_refused(world: World, api: Api) -> None:
    first = api.post("/orders", order(world), key="k1")
    with unchanged():
        other_body = api.post("/orders", order(world, ref="A-2"), key="k1")
        other_path = api.post(f"/orders/{first.json()['id']}/cancel", {"reason": "no"}, key="k1")
    problem(other_body, 422, "idempotency_key_reused")
    problem(other_path, 422, "idempotency_key_reused")


def test_a_refusal_is_repeated_although_it_would_be_possible_now(world: World, api: Api) -> None:
    from mfc.inventory import transfers
    from tests.world import LEAD

    body = order(world, lines=[{"sku": "SOAP", "qty": 6}])
    first = problem(api.post("/orders", body, key="k1"), 409, "stock_insufficient")
    transfers.adjust(balance=world.balance("A01-04", "SOAP"), actor=LEAD, on_hand=9, reason="found")
    again = api.post("/orders", body, key="k1")
    assert problem(again, 409, "stock_insufficient") == first
    assert again.headers["Idempotent-Replayed"] == "true"
    assert api.post("/orders", body, key="k2").status_code == 201


def test_a_malformed_request_does_not_use_up_its_key(world: World, api: Api) -> None:
    problem(api.post("/orders", {}, key="k1"), 400, "invalid_request")
    assert api.post("/orders", order(world), key="k1").status_code == 201


def test_keys_of_two_clients_are_strangers(world: World, api: Api) -> None:
    api.post("/orders", order(world), key="b/k1")
    rival = Api(ApiClient(name="shop/b", scopes=list(SCOPES)).issue_token())
    response = rival.post("/orders", order(world), key="k1")
    assert response.status_code == 201
    assert "Idempotent-Replayed" not in response.headers
    assert Order.objects.count() == 2


def test_the_same_body_in_another_order_of_fields_is_the_same_request(world: World, api: Api) -> None:
    body = order(world)
    api.post("/orders", body, key="k1")
    again = api.post("/orders", dict(reversed(body.items())), key="k1")
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (201, "true")
