"""Claiming and handing over: nothing wrong gets loaded."""

from __future__ import annotations

import pytest

from mfc.core import ids
from mfc.core.actors import Actor
from mfc.dispatch import shipments
from mfc.dispatch.models import Shipment
from tests.proof import broken_invariants, refused
from tests.walk import Walk
from tests.world import World

COURIER = Actor("client", "courier", "courier")
RIVAL = Actor("client", "rival", "rival")


@pytest.fixture
def ready(walk: Walk) -> Shipment:
    return walk.ready(TEA=2)


def sscc_of(shipment: Shipment) -> str:
    return shipment.order.parcels.get().sscc


def claim(shipment: Shipment, client: str = "courier", name: str = "Van 3") -> Shipment:
    return shipments.claim(shipment_id=shipment.pk, client=client, claimed_by=name, actor=COURIER)


def hand_over(shipment: Shipment, *ssccs: str, client: str = "courier") -> Shipment:
    return shipments.hand_over(shipment_id=shipment.pk, client=client, ssccs=ssccs, actor=COURIER)


def test_a_claim_names_who_comes(world: World, ready: Shipment) -> None:
    claimed = claim(ready)
    assert (claimed.state, claimed.claimed_by, claimed.claimed_client) == ("claimed", "Van 3", "courier")
    assert claimed.claimed_at == world.clock.now()


def test_the_same_client_may_change_the_name(ready: Shipment) -> None:
    claim(ready)
    assert claim(ready, name="Bike 1").claimed_by == "Bike 1"
    assert Shipment.objects.get().claimed_by == "Bike 1"


def test_a_rival_is_told_who_has_it(ready: Shipment) -> None:
    claim(ready)
    with refused("shipment_claimed") as caught:
        claim(ready, client="rival")
    assert caught.value.details == {"by": "Van 3"}
    with refused("shipment_claimed"):
        hand_over(ready, sscc_of(ready), client="rival")


def test_a_shipment_on_the_belt_cannot_be_claimed_or_handed_over(world: World, walk: Walk) -> None:
    walk.picked_tote(TEA=2)
    walk.badge("pack-1", "Pat")
    sscc = walk.seal(0)
    shipment = Shipment.objects.get()
    for act in (lambda: claim(shipment), lambda: hand_over(shipment, sscc)):
        with refused("shipment_not_ready") as caught:
            act()
        assert caught.value.details == {"state": "sealed"}


def test_a_shipment_that_does_not_exist_is_not_found(world: World) -> None:
    with refused("not_found"):
        claim(Shipment(pk=ids.new()))


def test_an_unclaimed_shipment_may_be_handed_over(ready: Shipment) -> None:
    assert hand_over(ready, sscc_of(ready)).state == "handed_over"
    assert broken_invariants() == {}


def test_handing_over_twice_is_refused(ready: Shipment) -> None:
    sscc = sscc_of(ready)
    hand_over(ready, sscc)
    with refused("shipment_not_ready") as caught:
        hand_over(ready, sscc)
    assert caught.value.details == {"state": "handed_over"}


def test_a_parcel_that_was_not_scanned_is_missing(ready: Shipment) -> None:
    with refused("parcel_missing") as caught:
        hand_over(ready)
    assert caught.value.details == {"missing": [sscc_of(ready)]}


def test_a_parcel_of_another_order_is_named_with_its_lane(world: World, walk: Walk, ready: Shipment) -> None:
    other = world.accept("B-2", SOAP=1)
    world.clock.advance(minutes=6)
    walk.release()
    walk.load("cart-1", 1)
    walk.pick_all()
    walk.drop()
    wrong = walk.seal(1)
    with refused("parcel_wrong") as caught:
        hand_over(ready, sscc_of(ready), wrong)
    assert caught.value.details == {"wrong": [wrong]}
    lane = Shipment.objects.get(order=other).lane.code
    assert caught.value.message == (f"{wrong} belongs to B-2 (lane {lane}). Not part of {ready.order.ref}.")


def test_a_parcel_from_nowhere_is_refused(ready: Shipment) -> None:
    with refused("parcel_wrong") as caught:
        hand_over(ready, sscc_of(ready), "340123450000000017")
    assert "340123450000000017 is not a parcel of this site" in caught.value.message


def test_the_tote_can_be_used_again_after_the_hand_over(world: World, walk: Walk, ready: Shipment) -> None:
    hand_over(ready, sscc_of(ready))
    world.accept(SOAP=1)
    world.clock.advance(minutes=6)
    walk.release()
    walk.load("cart-1", 0)
    walk.pick_all()
    assert world.in_tote(world.totes[0]) == {"SOAP": 1}
    assert broken_invariants() == {}
