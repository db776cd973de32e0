"""Which lane a decision point is told, why, and what an outcome does."""

from __future__ import annotations

import pytest

from devices.messages import FacilityStatus, Outcome, ReadKind
from mfc.core.models import JournalEntry
from mfc.dispatch.models import Shipment, Staging
from mfc.floor import status
from mfc.floor.models import DirectionDecision
from mfc.orders.models import Order
from tests.proof import broken_invariants, unchanged
from tests.walk import AT, Walk
from tests.world import HOSPITAL_LANE, PACK_LANE, SORTER, STAGE_1_LANE, STAGE_2_LANE, World


def why() -> str:
    return DirectionDecision.objects.latest("pk").reason


@pytest.fixture
def sealed(world: World, walk: Walk) -> str:
    """A sealed tote on the belt."""
    walk.picked_tote(TEA=2)
    walk.badge("pack-1", "Pat")
    walk.seal(0)
    return world.totes[0]


def full(world: World, *lanes: int) -> None:
    status.record(
        gateway_id=world.gateway.pk,
        statuses=[
            FacilityStatus(
                device="plc",
                automatic=True,
                running=True,
                emergency_stop=False,
                jam=False,
                fault_code=0,
                full_lanes=lanes,
                occupied_lanes=(),
                at=AT,
            )
        ],
    )


def test_a_dropped_tote_goes_to_the_pack_lane(world: World, walk: Walk) -> None:
    walk.picked_tote(TEA=2)
    assert (walk.ask(world.totes[0]), why()) == (PACK_LANE, "to be weighed and sealed")


def test_a_tote_with_a_refused_weight_goes_to_the_hospital_with_the_reason(world: World, walk: Walk) -> None:
    walk.picked_tote(TEA=2)
    walk.badge("pack-1", "Pat")
    walk.scan("pack-1", world.totes[0])
    walk.weigh("pack-1", 2300)
    assert walk.ask(world.totes[0]) == HOSPITAL_LANE
    assert why() == "400 g too heavy: 2300 g measured, 1900 g expected, 10 g allowed"


def test_a_sealed_tote_goes_to_the_lane_with_the_fewest_shipments(walk: Walk, sealed: str) -> None:
    assert walk.ask(sealed, point=SORTER) == STAGE_1_LANE
    assert why() == "lane STAGE-1: fewest shipments (0)"


def test_the_next_shipment_gets_the_other_lane(world: World, walk: Walk, sealed: str) -> None:
    world.accept(SOAP=1)
    world.clock.advance(minutes=6)
    walk.release()
    walk.load("cart-1", 1)
    walk.pick_all()
    walk.drop()
    walk.seal(1)
    assert walk.ask(world.totes[1], point=SORTER) == STAGE_2_LANE
    assert Shipment.objects.latest("pk").lane_reason == "fewest shipments (0)"


def test_a_point_that_does_not_lead_there_passes_the_tote_on(walk: Walk, sealed: str) -> None:
    assert walk.ask(sealed) == PACK_LANE
    assert why() == "induct does not lead to stage; lane STAGE-1: fewest shipments (0)"


def test_a_point_that_leads_nowhere_takes_the_default_exit(world: World, walk: Walk) -> None:
    from mfc.floor.models import Lane

    Lane.objects.all().delete()
    assert walk.ask(world.totes[0]) == 0
    assert why().startswith("induct leads nowhere; ")


def test_a_full_lane_sends_the_tote_round_again(world: World, walk: Walk, sealed: str) -> None:
    full(world, STAGE_1_LANE)
    assert walk.ask(sealed, point=SORTER) == 0
    assert why() == "lane 3 is full; lane STAGE-1: fewest shipments (0)"
    full(world)
    assert walk.ask(sealed, point=SORTER) == STAGE_1_LANE


@pytest.mark.parametrize(
    ("barcode", "read", "reason"),
    [
        ("T-99999999", ReadKind.READ, "T-99999999 is not known here"),
        ("", ReadKind.NO_READ, "no_read: a person must look"),
        ("", ReadKind.MULTI_READ, "multi_read: a person must look"),
    ],
)
def test_what_is_not_known_goes_to_the_hospital(
    world: World, walk: Walk, barcode: str, read: ReadKind, reason: str
) -> None:
    assert (walk.ask(barcode, read=read), why()) == (HOSPITAL_LANE, reason)


def test_an_empty_tote_does_not_belong_on_the_belt(world: World, walk: Walk) -> None:
    assert walk.ask(world.totes[3]) == HOSPITAL_LANE
    assert why() == f"{world.totes[3]} should not be on the belt: it has nothing to pack"


def test_a_decision_point_that_nobody_bound_gets_the_default_exit(world: World, walk: Walk) -> None:
    with unchanged():
        assert walk.ask(world.totes[0], point=7) == 0
    assert not DirectionDecision.objects.exists()


def test_arriving_in_the_lane_stages_the_parcel_and_readies_the_shipment(walk: Walk, sealed: str) -> None:
    walk.ask(sealed, point=SORTER)
    walk.moved(sealed, STAGE_1_LANE)
    decision = DirectionDecision.objects.get()
    assert (decision.outcome, decision.actual_lane) == ("diverted", STAGE_1_LANE)
    staging = Staging.objects.get()
    assert (staging.lane.code, staging.source) == ("STAGE-1", "conveyor")
    assert Shipment.objects.get().state == "ready"
    assert Order.objects.get().state == "ready"
    assert broken_invariants() == {}


def test_a_parcel_that_went_to_another_lane_is_offered_there(walk: Walk, sealed: str) -> None:
    walk.ask(sealed, point=SORTER)
    walk.moved(sealed, STAGE_2_LANE)
    shipment = Shipment.objects.get()
    assert (shipment.lane.code, shipment.lane_reason) == ("STAGE-2", "arrived there (conveyor)")
    assert broken_invariants() == {}


def test_arriving_twice_stages_and_announces_once(walk: Walk, sealed: str) -> None:
    from procrastinate.contrib.django.models import ProcrastinateJob

    walk.ask(sealed, point=SORTER)
    walk.moved(sealed, STAGE_1_LANE)
    walk.moved(sealed, STAGE_1_LANE)
    assert Staging.objects.count() == 1
    assert ProcrastinateJob.objects.filter(task_name="webhooks.fan_out").count() == 1


@pytest.mark.parametrize("outcome", [Outcome.MISSED, Outcome.LOST, Outcome.UNKNOWN])
def test_what_did_not_arrive_is_not_staged_and_is_journaled(
    walk: Walk, sealed: str, outcome: Outcome
) -> None:
    walk.ask(sealed, point=SORTER)
    with unchanged():
        walk.moved(sealed, STAGE_1_LANE, outcome=outcome)
    assert DirectionDecision.objects.get().outcome == outcome
    entry = JournalEntry.objects.get(verb=f"load.{outcome}")
    assert (entry.subject, entry.data) == (f"tote:{sealed}", {"point": "sorter", "lane": STAGE_1_LANE})


def test_going_round_by_the_default_exit_is_no_news(walk: Walk, sealed: str) -> None:
    with unchanged():
        walk.moved(sealed, 0, outcome=Outcome.MISSED)
    assert not JournalEntry.objects.filter(verb__startswith="load.").exists()


def test_a_tote_in_the_hospital_lane_is_not_staged(walk: Walk, sealed: str) -> None:
    with unchanged():
        walk.moved(sealed, HOSPITAL_LANE)


def test_an_outcome_without_a_barcode_uses_what_was_asked(walk: Walk, sealed: str) -> None:
    walk.ask(sealed, point=SORTER)
    walk.moved("", STAGE_1_LANE)
    assert Shipment.objects.get().state == "ready"
