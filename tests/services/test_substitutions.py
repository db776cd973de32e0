"""What a customer gets instead: at once by policy, or after being asked."""

from __future__ import annotations

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from mfc.core.actors import Actor
from mfc.orders import services
from mfc.orders.models import Order, OrderLine
from mfc.picking import substitution
from mfc.picking.models import PickTask, SubstitutionAsk
from tests.proof import broken_invariants, refused, unchanged
from tests.walk import Walk
from tests.world import World

SHOP = Actor("client", "shop", "shop")


@pytest.fixture
def family(world: World) -> World:
    """SOAP, TEA and MUG may stand in for each other. SOAP and MUG are of one brand, TEA is cheaper."""
    for code, brand, cents in (("SOAP", "Olive", 300), ("TEA", "Leaf", 250), ("MUG", "Olive", 400)):
        sku = world.skus[code]
        sku.family, sku.brand, sku.price_cents = "gifts", brand, cents
        sku.save()
    return world


def run_short(world: World, walk: Walk, policy: str, qty: int = 2) -> Order:
    """An order of SOAP whose bin turns out to be empty."""
    order = world.accept(substitution=policy, SOAP=qty)
    walk.begin(0)
    walk.scan("cart-1", "C-SHORTNOTFOUND")
    return order


def lines(order: Order) -> list[tuple[str, int, int, int, str]]:
    rows = OrderLine.objects.filter(order=order).order_by("position")
    return list(rows.values_list("sku__code", "qty", "qty_picked", "qty_short", "short_reason"))


@pytest.mark.parametrize(
    ("policy", "code", "place"),
    [("same_brand", "MUG", "A01-03"), ("cheaper_or_equal", "TEA", "A01-01")],
)
def test_a_policy_substitutes_at_once(family: World, walk: Walk, policy: str, code: str, place: str) -> None:
    order = run_short(family, walk, policy)
    task = PickTask.objects.get(state="open")
    assert (task.sku.code, task.qty, task.reason) == (code, 2, "instead of SOAP")
    assert task.order_line.instead_of is not None
    assert task.order_line.instead_of.sku.code == "SOAP"
    assert broken_invariants() == {}
    walk.pick_all()
    walk.drop()
    assert lines(order) == [("SOAP", 2, 0, 2, f"substituted by {code}"), (code, 2, 2, 0, "")]
    assert family.in_tote(family.totes[0]) == {code: 2}
    assert broken_invariants() == {}


def test_never_is_short(family: World, walk: Walk) -> None:
    order = run_short(family, walk, "never")
    assert lines(order) == [("SOAP", 2, 0, 2, "not found at A01-04")]
    assert broken_invariants() == {}


def test_what_is_promised_to_others_is_no_substitute(family: World, walk: Walk) -> None:
    family.accept("later", minutes=600, TEA=9)
    family.site.cart_orders = 1
    family.site.save()
    order = run_short(family, walk, "cheaper_or_equal")
    assert lines(order) == [("SOAP", 2, 0, 2, "not found at A01-04")]
    assert broken_invariants() == {}


def test_a_substitute_is_not_substituted_again(family: World, walk: Walk) -> None:
    order = run_short(family, walk, "cheaper_or_equal")
    walk.scan("cart-1", "C-SHORTNOTFOUND")
    assert lines(order) == [
        ("SOAP", 2, 0, 2, "substituted by TEA"),
        ("TEA", 2, 0, 2, "not found at A01-01"),
    ]
    walk.drop()
    order.refresh_from_db()
    assert order.state == "unfilled"
    assert broken_invariants() == {}


def test_an_undone_short_calls_the_substitute_off(family: World, walk: Walk) -> None:
    order = run_short(family, walk, "cheaper_or_equal")
    assert walk.scan("cart-1", "C-UNDO").verdict == "accepted"
    assert lines(order) == [("SOAP", 2, 0, 0, ""), ("TEA", 2, 0, 2, "the article itself was found")]
    assert (family.position("TEA"), family.position("SOAP")) == ((10, 0, 0), (5, 2, 0))
    walk.pick_all()
    walk.drop()
    assert family.in_tote(family.totes[0]) == {"SOAP": 2}
    assert broken_invariants() == {}


# Asking --------------------------------------------------------------------------------------------------


@pytest.fixture
def ask(family: World, walk: Walk) -> SubstitutionAsk:
    """The customer is asked about 2 SOAP; nothing else is on the cart."""
    run_short(family, walk, "ask")
    return SubstitutionAsk.objects.get()


def test_the_customer_is_asked_with_candidates_and_a_deadline(
    family: World, walk: Walk, ask: SubstitutionAsk
) -> None:
    # same brand first, then the nearest price
    assert [one["sku"] for one in ask.candidates] == ["MUG", "TEA"]
    assert (ask.deadline - ask.asked_at).total_seconds() == 180
    job = ProcrastinateJob.objects.get(task_name="webhooks.fan_out")
    assert (job.args["kind"], job.args["data"]["id"]) == ("substitution.asked", str(ask.pk))
    assert lines(ask.order_line.order) == [("SOAP", 2, 0, 0, "")]
    with unchanged():
        said = walk.drop()
    assert (said.code, said.text) == ("customer_asked", "Waiting for the customer of W-1: 180 s.")
    assert broken_invariants() == {}


def test_an_accepted_substitute_becomes_a_stop(family: World, walk: Walk, ask: SubstitutionAsk) -> None:
    assert walk.batch().state == "picked"
    answered = substitution.answer(ask_id=ask.pk, sku="TEA", actor=SHOP)
    assert (answered.state, answered.answer and answered.answer.code) == ("accepted", "TEA")
    assert walk.batch().state == "picking"
    walk.pick_all()
    assert walk.drop().text == "1 totes on the belt."
    assert lines(ask.order_line.order) == [("SOAP", 2, 0, 2, "substituted by TEA"), ("TEA", 2, 2, 0, "")]
    walk.badge("pack-1", "Pat")
    walk.seal(0)
    assert broken_invariants() == {}


def test_a_declined_question_is_short(family: World, walk: Walk, ask: SubstitutionAsk) -> None:
    substitution.answer(ask_id=ask.pk, sku=None, actor=SHOP)
    assert lines(ask.order_line.order) == [("SOAP", 2, 0, 2, "the customer wants no substitute")]
    assert walk.drop().verdict == "accepted"
    assert broken_invariants() == {}


def test_time_runs_out_by_the_sites_clock(family: World, walk: Walk, ask: SubstitutionAsk) -> None:
    family.clock.advance(minutes=2, seconds=59)
    assert substitution.expire_due(family.site) == 0
    family.clock.advance(seconds=1)
    with refused("substitution_closed") as caught:
        substitution.answer(ask_id=ask.pk, sku="TEA", actor=SHOP)
    assert caught.value.details == {"state": "timed_out"}
    assert substitution.expire_due(family.site) == 1
    assert substitution.expire_due(family.site) == 0
    ask.refresh_from_db()
    assert ask.state == "timed_out"
    assert lines(ask.order_line.order) == [("SOAP", 2, 0, 2, "no answer in time")]
    assert broken_invariants() == {}


def test_the_picker_need_not_wait(family: World, walk: Walk, ask: SubstitutionAsk) -> None:
    assert walk.scan("cart-1", "C-NOWAIT").verdict == "accepted"
    ask.refresh_from_db()
    assert ask.state == "withdrawn"
    assert lines(ask.order_line.order) == [("SOAP", 2, 0, 2, "not waited for the customer's answer")]
    with refused("substitution_closed"):
        substitution.answer(ask_id=ask.pk, sku="TEA", actor=SHOP)
    assert walk.drop().verdict == "accepted"
    assert broken_invariants() == {}


def test_wrong_answers_are_refused(family: World, walk: Walk, ask: SubstitutionAsk) -> None:
    with refused("substitute_unknown"):
        substitution.answer(ask_id=ask.pk, sku="MILK", actor=SHOP)
    family.accept("grabs it", TEA=10)
    with refused("substitute_gone"):
        substitution.answer(ask_id=ask.pk, sku="TEA", actor=SHOP)
    substitution.answer(ask_id=ask.pk, sku="MUG", actor=SHOP)
    with refused("substitution_closed"):
        substitution.answer(ask_id=ask.pk, sku="MUG", actor=SHOP)
    assert broken_invariants() == {}


def test_an_undone_short_withdraws_the_question(family: World, walk: Walk, ask: SubstitutionAsk) -> None:
    assert walk.scan("cart-1", "C-UNDO").verdict == "accepted"
    ask.refresh_from_db()
    assert (ask.state, lines(ask.order_line.order)) == ("withdrawn", [("SOAP", 2, 0, 0, "")])
    assert broken_invariants() == {}


def test_an_answered_question_cannot_be_undone(family: World, walk: Walk, ask: SubstitutionAsk) -> None:
    substitution.answer(ask_id=ask.pk, sku=None, actor=SHOP)
    with unchanged():
        assert walk.scan("cart-1", "C-UNDO").code == "undo_too_late"


def test_cancelling_withdraws_the_question(family: World, walk: Walk, ask: SubstitutionAsk) -> None:
    services.cancel(order=ask.order_line.order, actor=SHOP, reason="no")
    ask.refresh_from_db()
    assert ask.state == "withdrawn"
    assert broken_invariants() == {}
