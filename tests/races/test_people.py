"""Two people do the same thing at the same moment: one has done it, the other is told."""

from __future__ import annotations

import pytest

from mfc.dispatch.models import Shipment
from mfc.inventory.models import StockMove, ToteUse
from mfc.orders import services
from mfc.picking import batches, tasks, totes, waves
from mfc.picking.models import Batch, PickTask, PutBack
from mfc.workforce.models import WorkSession
from tests.proof import broken_invariants
from tests.races.threads import refusals, together
from tests.walk import Walk
from tests.world import LEAD, World

pytestmark = pytest.mark.django_db(transaction=True)


def test_one_task_is_confirmed_by_one_of_two_pickers(world: World, walk: Walk) -> None:
    world.accept(TEA=2)
    walk.begin(0)
    walk.scan("cart-1", world.gtins["TEA"])
    people = [world.people["Sam"], world.people["Kim"]]
    # both have read the task before either writes
    seen = [(walk.batch(), walk.stop()[0]) for _ in people]

    def confirm(number: int) -> str:
        batch, task = seen[number]
        tasks.confirm_pick(batch=batch, task=task, person=people[number])
        return people[number].name

    outcomes = together(2, confirm)
    (winner,) = (one.result for one in outcomes if one.result)
    (loser,) = (one.refusal for one in outcomes if one.refusal)
    assert loser.code == "task_taken"
    assert loser.details == {"by": winner, "state": "picked"}
    assert world.in_tote(world.totes[0]) == {"TEA": 2}
    assert StockMove.objects.filter(kind="pick").count() == 1
    assert broken_invariants() == {}


def test_one_tote_is_loaded_on_one_of_two_carts(world: World, walk: Walk) -> None:
    world.site.cart_orders = 1
    world.site.save()
    world.accept("A", minutes=40, TEA=1)
    world.accept("B", minutes=40, TEA=1)
    walk.start("cart-1", "Sam", 0)
    walk.start("cart-2", "Kim", 1)
    walk.release()
    stations = ["cart-1", "cart-2"]
    outcomes = together(2, lambda number: walk.scan(stations[number], world.totes[0]))
    said = [one.result for one in outcomes if one.result]
    assert sorted(one.verdict for one in said) == ["accepted", "refused"]
    (refused,) = (one for one in said if one.verdict == "refused")
    assert refused.code == "tote_in_use"
    holder = ToteUse.objects.get()
    assert refused.text == f"Tote {world.totes[0]} is in use for {holder.order.ref}."
    assert sorted(Batch.objects.values_list("state", flat=True)) == ["loading", "picking"]


def test_two_pickers_claim_different_batches(world: World, walk: Walk) -> None:
    world.site.cart_orders = 1
    world.site.save()
    world.accept(minutes=40, TEA=1)
    world.accept(minutes=40, TEA=1)
    for station, name in (("cart-1", "Sam"), ("cart-2", "Kim")):
        walk.badge(station, name)
    WorkSession.objects.filter(station__key="cart-1").update(cart=world.carts[0])
    WorkSession.objects.filter(station__key="cart-2").update(cart=world.carts[1])
    assert len(waves.release_due(site=world.site)) == 2
    who = [("cart-1", "Sam"), ("cart-2", "Kim")]

    def claim(number: int) -> tuple[int, str]:
        station, name = who[number]
        batch = batches.claim_next(station=world.stations[station], person=world.people[name])
        assert batch is not None
        return batch.pk, batch.colour

    outcomes = together(2, claim)
    assert refusals(outcomes) == []
    claimed = [one.result for one in outcomes if one.result]
    assert {pk for pk, _ in claimed} == set(Batch.objects.values_list("pk", flat=True))
    assert {colour for _, colour in claimed} == {"blue", "green"}


def test_one_cart_claims_one_batch_by_scan_and_planner_at_once(world: World, walk: Walk) -> None:
    world.site.cart_orders = 1
    world.site.save()
    world.accept(minutes=40, TEA=1)
    world.accept(minutes=40, TEA=1)
    walk.badge("cart-1", "Sam")
    WorkSession.objects.update(cart=world.carts[0])
    waves.release_due(site=world.site)
    station, person = world.stations["cart-1"], world.people["Sam"]
    outcomes = together(4, lambda number: batches.claim_next(station=station, person=person))
    assert refusals(outcomes) == ["cart_in_use"] * 3
    assert Batch.objects.filter(state="loading").count() == 1


def test_one_badge_at_two_stations_at_once_works_at_one(world: World, walk: Walk) -> None:
    stations = ["cart-1", "cart-2"] * 4
    outcomes = together(8, lambda number: walk.badge(stations[number], "Sam").verdict)
    assert [one.result for one in outcomes] == ["accepted"] * 8
    assert WorkSession.objects.filter(ended_at=None).count() == 1


def test_one_cart_is_taken_by_one_of_two_people(world: World, walk: Walk) -> None:
    walk.badge("cart-1", "Sam")
    walk.badge("cart-2", "Kim")
    stations = ["cart-1", "cart-2"]
    outcomes = together(2, lambda number: walk.scan(stations[number], world.carts[0]))
    assert sorted(one.result.verdict for one in outcomes if one.result) == ["accepted", "refused"]
    assert WorkSession.objects.filter(cart=world.carts[0]).count() == 1


def test_one_event_delivered_twice_at_once_has_one_effect(world: World, walk: Walk) -> None:
    from devices.messages import ScanRead
    from tests.walk import AT

    world.accept(TEA=2)
    walk.begin(0)
    walk.scan("cart-1", world.gtins["TEA"])
    event = ScanRead(event_id=walk.event_id(), device="scan-cart-1", at=AT, data=world.totes[0])
    outcomes = together(8, lambda number: walk.send(event))
    answers = [one.result for one in outcomes]
    assert all(answer == answers[0] for answer in answers)
    assert str(answers[0][0].verdict) == "accepted"  # type: ignore[index, union-attr]
    assert StockMove.objects.filter(kind="pick").count() == 1
    assert PickTask.objects.get().state == "picked"


def test_an_order_is_cancelled_while_it_is_put(world: World, walk: Walk) -> None:
    """Whoever is first: the unit lies in the tote and is to be put back, or the put is refused and nothing moved."""
    order = world.accept(TEA=2)
    walk.begin(0)
    walk.scan("cart-1", world.gtins["TEA"])
    batch, task = walk.batch(), walk.stop()[0]

    def act(number: int) -> str:
        if number:
            services.cancel(order=order, actor=LEAD, reason="race")
            return "cancelled"
        tasks.confirm_pick(batch=batch, task=task, person=world.people["Sam"])
        return "put"

    outcomes = together(2, act)
    assert outcomes[1].result == "cancelled"
    waits = sum(PutBack.objects.values_list("qty", flat=True))
    if outcomes[0].result == "put":
        assert (waits, world.in_tote(world.totes[0])) == (2, {"TEA": 2})
    else:
        assert refusals(outcomes) == ["task_taken"]
        assert (waits, world.in_tote(world.totes[0])) == (0, {})
    order.refresh_from_db()
    assert order.state == "cancelled"
    assert broken_invariants() == {}


def test_the_last_tote_of_an_order_packs_it_when_two_are_sealed_at_once(world: World, walk: Walk) -> None:
    world.accept(SOAP=2)
    walk.begin(0)
    walk.scan("cart-1", world.gtins["SOAP"])
    entry = walk.batch().orders.get()
    totes.full(batch=walk.batch(), position=entry.position, fits=1, person=world.people["Sam"])
    walk.scan("cart-1", world.totes[1])
    walk.scan("cart-1", world.totes[1])
    walk.drop()
    benches = [("pack-1", "Pat"), ("pack-2", "Lee")]
    for number, (station, name) in enumerate(benches):
        walk.badge(station, name)
        walk.scan(station, world.totes[number])
        walk.weigh(station, walk.right_weight(number))
    ssccs = [walk.job(number).sscc for number in range(2)]
    outcomes = together(2, lambda number: walk.scan(benches[number][0], f"00{ssccs[number]}", "C1").verdict)
    assert [one.result for one in outcomes] == ["accepted", "accepted"]
    shipment = Shipment.objects.get()
    assert (shipment.order.state, shipment.order.parcels.count()) == ("packed", 2)
    assert broken_invariants() == {}
