"""How a walk is ordered at release, and from where it takes goods: the site's policy, places on the way."""

from __future__ import annotations

import pytest

from mfc.layout.models import Aisle, Location, Site, WayDirection
from mfc.picking import waves
from mfc.picking.models import Batch, PickTask
from tests.proof import broken_invariants
from tests.world import World, receive


def release(world: World) -> Batch:
    world.clock.advance(seconds=5400)
    site = Site.objects.get(pk=world.site.pk)
    (batch,) = waves.release_due(site=site)
    return batch


def places_of(batch: Batch) -> list[str]:
    return list(
        PickTask.objects.filter(batch=batch).order_by("stop", "pk").values_list("location__code", flat=True)
    )


def test_goods_are_taken_on_the_way_among_equally_allowed_places(world: World) -> None:
    receive(world, "A02-04", "LAMP", 2)
    receive(world, "A02-03", "TEA", 2)
    world.accept("A", LAMP=1, TEA=1)
    batch = release(world)
    assert sorted(places_of(batch)) == ["A02-03", "A02-04"]
    task = PickTask.objects.get(batch=batch, sku__code="TEA")
    assert task.reason.endswith(", on the way")
    assert broken_invariants() == {}


def test_first_expired_goes_out_first_even_when_it_is_off_the_way(world: World) -> None:
    world.accept("A", MILK=2, CHEESE=1)
    batch = release(world)
    task = PickTask.objects.get(batch=batch, sku__code="MILK")
    assert (task.location.code, task.lot.code if task.lot else "") == ("A02-02", "SOON")
    assert broken_invariants() == {}


@pytest.mark.parametrize("policy", ["exact", "combined", "largest-gap", "s-shape", "return"])
def test_the_site_chooses_how_walks_are_ordered_and_sees_what_that_costs(world: World, policy: str) -> None:
    Site.objects.filter(pk=world.site.pk).update(routing_policy=policy)
    world.accept("A", TEA=1, SOAP=1, MUG=1)
    batch = release(world)
    assert batch.policy == policy
    assert batch.length_mm == batch.lengths_mm[policy]
    assert batch.shortest_mm == batch.lengths_mm["exact"] == min(batch.lengths_mm.values())
    assert set(batch.lengths_mm) == {"exact", "combined", "largest-gap", "s-shape", "return"}


def test_a_site_with_one_way_aisles_is_released_over_its_graph(world: World) -> None:
    Aisle.objects.filter(code="A01").update(direction=WayDirection.FORWARD)
    Site.objects.filter(pk=world.site.pk).update(routing_policy="s-shape")
    world.accept("A", TEA=1, SOAP=1, MILK=1)
    batch = release(world)
    assert set(batch.lengths_mm) == {"exact"}
    assert batch.policy == "exact"
    # up the one-way aisle, over the back and down the other: no way is shorter
    assert batch.length_mm == batch.shortest_mm
    assert len(places_of(batch)) == 3
    assert broken_invariants() == {}


def test_a_place_that_nobody_can_walk_to_does_not_hold_up_the_others(world: World) -> None:
    Location.objects.filter(code="A01-01").update(y_mm=99_000)
    world.accept("A", TEA=1, SOAP=1)
    assert sorted(places_of(release(world))) == ["A01-01", "A01-04"]


def test_the_walk_ends_at_the_drop_point_that_makes_it_shortest(world: World) -> None:
    far = Location.objects.filter(code="STAGE-1")
    far.update(drop_point=True, x_mm=4_000, y_mm=2_000)
    world.accept("A", MILK=1)
    batch = release(world)
    assert batch.drop is not None
    assert batch.drop.code == "STAGE-1"
    assert batch.length_mm < 2 * abs(4_000 - world.locations["BELT"].x_mm) + 2 * 7_000
