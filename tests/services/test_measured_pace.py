"""The measured pace: from picks of the last days, beside the standard, and taken over when it is good enough."""

from __future__ import annotations

import random
from datetime import timedelta

from mfc.core.models import JournalEntry
from mfc.layout.travel import Spot, way_mm
from mfc.picking import measuring
from mfc.picking.models import Batch, BatchOrder, PickTask
from mfc.picking.sitewalks import Floor
from mfc.picking.states import BatchState, TaskState
from mfc.workforce.models import LabourStandard
from tests.proof import refused
from tests.walk import Walk
from tests.world import LEAD, World

SPEED_MM_S, STOP_S, PUT_S, SETUP_S = 800, 6, 3, 50


def worked(world: World, walk: Walk, *, batches: int, days_ago: int = 1) -> None:
    """Copies of one released batch, picked at a known pace."""
    world.accept("A", TEA=1, SOAP=1, MUG=1, MILK=1, CHEESE=1)
    world.clock.advance(seconds=5400)
    first = walk.release()[0]
    pattern = PickTask.objects.filter(batch=first).select_related("location").first()
    assert pattern is not None
    rng = random.Random(7)
    floor = Floor.of(world.site)
    places = [place for code, place in world.locations.items() if code.startswith("A0")]
    begin = world.clock.now() - timedelta(days=days_ago)
    for number in range(batches):
        now = begin + timedelta(minutes=20 * number)
        batch = Batch.objects.create(
            site=world.site, wave=first.wave, state=BatchState.CLOSED, length_mm=1, policy="exact", reason="test",
            latest_start=now, planned_at=now, claimed_at=now,
        )  # fmt: skip
        here, at = floor.home, now + timedelta(seconds=SETUP_S)
        for stop in range(1, 11):
            place = rng.choice(places)
            spot = floor.where.of(place)
            lines = rng.randrange(1, 4)
            seconds = (
                way_mm(floor.ground, here, spot) / SPEED_MM_S + STOP_S + PUT_S * lines + rng.gauss(0, 0.3)
            )
            at, here = at + timedelta(seconds=seconds), Spot(spot.x_mm, spot.y_mm)
            for _ in range(lines):
                PickTask.objects.create(
                    batch=batch, batch_order=pattern.batch_order, order_line=pattern.order_line,
                    reservation=pattern.reservation, location=place, sku=pattern.sku, qty=1, stop=stop,
                    state=TaskState.PICKED, done_at=at,
                )  # fmt: skip
        back = way_mm(floor.ground, here, floor.home) / SPEED_MM_S
        Batch.objects.filter(pk=batch.pk).update(closed_at=at + timedelta(seconds=back))
    assert BatchOrder.objects.exists()


def test_the_pace_of_the_last_days_is_shown_beside_the_standard_and_taken_over(
    world: World, walk: Walk
) -> None:
    worked(world, walk, batches=12)
    pace = measuring.measure(world.site, days=7)
    assert (pace.batches, pace.legs) == (12, 12 * 9)
    found = {row.field: row for row in pace.rows}
    assert abs(found["walk_mm_per_s"].figure.value - SPEED_MM_S) < 40
    assert found["walk_mm_per_s"].standard == 1200
    assert abs(found["stop_s"].figure.value - STOP_S) < 1
    assert abs(found["put_s"].figure.value - PUT_S) < 0.5
    assert abs(found["setup_s"].figure.value - SETUP_S) < 2
    values = measuring.adopt(site=world.site, actor=LEAD, days=7)
    labour = LabourStandard.objects.get(site=world.site)
    assert labour.walk_mm_per_s == values["walk_mm_per_s"] == found["walk_mm_per_s"].rounded
    assert (labour.stop_s, labour.put_s, labour.setup_s) == (6, 3, 50)
    entry = JournalEntry.objects.get(verb="labour.measured")
    assert entry.data["before"]["walk_mm_per_s"] == 1200
    assert entry.data["batches"] == 12


def test_too_few_picks_leave_the_standard_and_say_why(world: World, walk: Walk) -> None:
    worked(world, walk, batches=3)
    pace = measuring.measure(world.site, days=7)
    assert all(row.rounded is None for row in pace.rows)
    assert pace.rows[0].figure.why_not.startswith("Too few data: 27 of 60")
    with refused("pace_unmeasured"):
        measuring.adopt(site=world.site, actor=LEAD, days=7)


def test_picks_before_the_days_asked_for_do_not_count(world: World, walk: Walk) -> None:
    worked(world, walk, batches=12, days_ago=30)
    assert measuring.measure(world.site, days=7).legs == 0
