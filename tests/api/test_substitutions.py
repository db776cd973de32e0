"""Questions to a customer by REST: read, answered once, in time, by whom they belong to."""

from __future__ import annotations

import pytest

from mfc.core import ids
from mfc.picking.models import SubstitutionAsk
from tests.client import Api, problem
from tests.proof import broken_invariants, unchanged
from tests.walk import Walk
from tests.world import World


@pytest.fixture
def ask(world: World, walk: Walk) -> SubstitutionAsk:
    """The shop's customer is asked about 2 SOAP; TEA could stand in."""
    for code in ("SOAP", "TEA"):
        world.skus[code].family, world.skus[code].price_cents = "gifts", 300
        world.skus[code].save()
    world.accept(substitution="ask", SOAP=2)
    walk.begin(0)
    walk.scan("cart-1", "C-SHORTNOTFOUND")
    return SubstitutionAsk.objects.get()


def test_a_question_is_read_and_answered_once(
    world: World, walk: Walk, api: Api, ask: SubstitutionAsk
) -> None:
    order_id = ask.order_line.order_id
    (question,) = api.get(f"/orders/{order_id}/substitutions").json()
    assert question == {
        "id": str(ask.pk),
        "order_id": str(order_id),
        "order_ref": "W-1",
        "sku": "SOAP",
        "name": "Olive soap",
        "qty": 2,
        "candidates": [{"sku": "TEA", "name": "Tea caddy", "brand": "", "price_cents": 300}],
        "state": "asked",
        "asked_at": "2026-11-10T09:06:00+00:00",
        "deadline": "2026-11-10T09:09:00+00:00",
        "answer": None,
        "answered_at": None,
    }
    with unchanged():
        problem(api.post(f"/substitutions/{ask.pk}/answer", {"sku": "MUG"}), 422, "substitute_unknown")
    answered = api.post(f"/substitutions/{ask.pk}/answer", {"sku": "TEA"})
    assert (answered.status_code, answered.json()["state"], answered.json()["answer"]) == (
        200,
        "accepted",
        "TEA",
    )
    with unchanged():
        problem(api.post(f"/substitutions/{ask.pk}/answer", {"sku": None}), 409, "substitution_closed")
    lines = api.get(f"/orders/{order_id}").json()["lines"]
    assert [(line["sku"], line["qty_short"], line["instead_of"]) for line in lines] == [
        ("SOAP", 2, None),
        ("TEA", 0, "SOAP"),
    ]
    walk.pick_all()
    walk.drop()
    assert broken_invariants() == {}


def test_a_late_answer_is_refused(world: World, api: Api, ask: SubstitutionAsk) -> None:
    world.clock.advance(minutes=3)
    with unchanged():
        problem(api.post(f"/substitutions/{ask.pk}/answer", {"sku": "TEA"}), 409, "substitution_closed")


def test_questions_of_others_do_not_exist(world: World, walk: Walk, api: Api, ask: SubstitutionAsk) -> None:
    order = ask.order_line.order
    order.client = "another shop"
    order.save()
    with unchanged():
        problem(api.get(f"/orders/{order.pk}/substitutions"), 404, "not_found")
        problem(api.post(f"/substitutions/{ask.pk}/answer", {"sku": "TEA"}), 404, "not_found")
        problem(api.post(f"/substitutions/{ids.new()}/answer", {"sku": None}), 404, "not_found")
