"""A site's rows as geometry: plain blocks stay plain, everything else is a graph; CSV and the check of the ways."""

from __future__ import annotations

import pytest

from mfc.core import exchange
from mfc.core.actors import SYSTEM
from mfc.layout import queries, sitecheck
from mfc.layout.models import Aisle, CrossAisle, Lift, Location, WayDirection, Zone
from mfc.layout.travel import Spot, TravelGraph, Walkway, way_mm
from tests.proof import refused
from tests.world import World

A1, A2, FRONT, BACK = 2_000, 4_000, 2_000, 7_000


def take(world: World, kind: str, text: str, *, dry: bool = False) -> exchange.Batch:
    spec = exchange.kind_of(kind)
    header, *rows = (line.split(",") for line in text.strip().splitlines())
    batch = exchange.batch_of(
        spec,
        header,
        enumerate(rows, start=2),
        site=world.site.code,
        actor=SYSTEM,
        digest="x",
        dry=dry,
        memory={},
    )
    if not batch.problems:
        spec.apply(batch)
    return batch


def test_two_aisles_between_two_cross_aisles_are_one_block(world: World) -> None:
    assert queries.walkway(world.site) == Walkway(FRONT, BACK, (A1, A2))
    assert queries.ground(world.site) == Walkway(FRONT, BACK, (A1, A2))
    assert sitecheck.check(world.site) == []


def test_a_cross_aisle_makes_two_blocks_and_shorter_ways(world: World) -> None:
    a, b = Spot(A1, 4_400), Spot(A2, 4_600)
    assert way_mm(queries.ground(world.site), a, b) == 2_000 + 2_400 + 2_600
    CrossAisle.objects.create(site=world.site, code="X", y_mm=4_500)
    ground = queries.ground(world.site)
    assert ground == Walkway(FRONT, BACK, (A1, A2), (4_500,))
    assert way_mm(ground, a, b) == 2_000 + 200


def test_a_one_way_aisle_makes_the_site_a_graph(world: World) -> None:
    Aisle.objects.filter(code="A01").update(direction=WayDirection.FORWARD)
    ground = queries.ground(world.site)
    assert isinstance(ground, TravelGraph)
    assert way_mm(ground, Spot(A1, 3_000), Spot(A1, 6_000)) == 3_000
    assert way_mm(ground, Spot(A1, 6_000), Spot(A1, 3_000)) == 1_000 + 2_000 + 5_000 + 2_000 + 1_000


def test_the_graph_of_a_plain_site_has_the_distances_of_its_blocks(world: World) -> None:
    plain = queries.walkway(world.site)
    world.site.turn_ms = 500
    graph = queries.graph_of(queries.floor_plan(world.site))
    spots = [Spot(A1, 3_000), Spot(A2, 6_500), Spot(500, 0), Spot(9_000, 1_000)]
    assert [[way_mm(graph, a, b) for b in spots] for a in spots] == [
        [way_mm(plain, a, b) for b in spots] for a in spots
    ]
    assert graph.effort_mm(spots[0], spots[1]) == graph.distance_mm(spots[0], spots[1]) + 2 * 600


def test_a_mezzanine_is_reached_by_its_lift_at_the_walking_of_its_seconds(world: World) -> None:
    Aisle.objects.create(site=world.site, code="M1", x_mm=A1, floor=1)
    place = world.locations["A01-01"]
    Location.objects.filter(pk=place.pk).update(floor=1, aisle="M1", x_mm=A1, y_mm=3_000)
    assert [(one.kind, one.place) for one in sitecheck.check(world.site)] == [("unreachable", "A01-01")]
    Lift.objects.create(site=world.site, code="L", x_mm=A1, y_mm=FRONT, wait_s=20, ride_s=10)
    assert sitecheck.check(world.site) == []
    place.refresh_from_db()
    way = queries.ways(world.site)(world.locations["BELT"], place)
    belt = world.locations["BELT"]
    assert way == abs(belt.x_mm - A1) + FRONT - belt.y_mm + 30 * 1_200 + 1_000


def test_a_door_costs_who_goes_in(world: World) -> None:
    cold = Zone.objects.create(site=world.site, code="cold", temperature="frozen", enter_s=5)
    Aisle.objects.filter(code="A02").update(zone=cold)
    ground = queries.ground(world.site)
    there, back = (Spot(A1, 2_100), Spot(A2, 2_100)), (Spot(A2, 2_100), Spot(A1, 2_100))
    assert way_mm(ground, *there) == 2_200 + 5 * 1_200
    assert way_mm(ground, *back) == 2_200


def test_a_place_on_a_cross_aisle_is_stood_before_there(world: World) -> None:
    CrossAisle.objects.create(site=world.site, code="X", y_mm=4_500)
    Location.objects.filter(code="A01-01").update(aisle="X", x_mm=3_000, y_mm=4_900)
    assert isinstance(queries.ground(world.site), TravelGraph)
    assert sitecheck.check(world.site) == []
    place = Location.objects.get(code="A01-01")
    stand = queries.lines(world.site).stand(aisle="X", x_mm=place.x_mm, y_mm=place.y_mm)
    assert (stand.x_mm, stand.y_mm) == (3_000, 4_500)


def test_places_that_nobody_can_walk_to_are_named(world: World) -> None:
    Location.objects.filter(code="A01-01").update(y_mm=99_000)
    Location.objects.filter(code="A01-02").update(aisle="A99")
    found = sitecheck.check(world.site)
    assert [(one.kind, one.place) for one in found] == [("broken", "A99"), ("off_way", "A01-01")]


def test_a_layout_that_contradicts_itself_is_refused_and_explained(world: World) -> None:
    Aisle.objects.create(site=world.site, code="B", x_mm=A1, from_y_mm=3_000, direction=WayDirection.FORWARD)
    assert [one.kind for one in sitecheck.check(world.site)] == ["broken"]
    with refused("layout_broken"):
        queries.ground(world.site)


def test_several_drop_points_start_with_the_first_belt(world: World) -> None:
    belt, stage = world.locations["BELT"], world.locations["STAGE-1"]
    assert queries.drop_points(world.site) == [Spot(belt.x_mm, belt.y_mm)]
    Location.objects.filter(pk=stage.pk).update(drop_point=True)
    assert queries.drop_points(world.site) == [Spot(belt.x_mm, belt.y_mm), Spot(stage.x_mm, stage.y_mm)]


WAYS = """way,along,at_mm,from_mm,to_mm,direction,floor,zone
A01,aisle,2000,,,forward,0,
M1,aisle,2000,3000,6000,both,1,
X1,cross,4500,,,both,0,
"""


def test_ways_and_lifts_come_and_go_as_csv(world: World) -> None:
    batch = take(world, "ways", WAYS)
    assert (batch.new, batch.changed, batch.same, batch.problems) == (2, 1, 0, [])
    lifts = take(world, "lifts", "lift,x_mm,y_mm\nL1,2000,4500\n")
    assert (lifts.new, lifts.problems) == (1, [])
    text = "".join(exchange.export(exchange.kind_of("ways"), world.site.code))
    assert "A01,aisle,2000,,,forward,0," in text
    assert "X1,cross,4500,,,both,0," in text
    again = take(world, "ways", WAYS)
    assert (again.new, again.changed, again.same) == (0, 0, 3)
    assert "L1,2000,4500,0,1,20,10" in "".join(exchange.export(exchange.kind_of("lifts"), world.site.code))
    assert take(world, "lifts", "lift,x_mm,y_mm,wait_s\nL1,2000,4500,5\n").changed == 1


def test_a_file_that_is_only_looked_at_changes_no_way(world: World) -> None:
    assert take(world, "ways", WAYS, dry=True).new == 2
    assert CrossAisle.objects.count() == 0


@pytest.mark.parametrize(
    ("kind", "text", "code"),
    [
        ("ways", "way,along,at_mm\nA01,cross,1\n", "value_fixed"),
        ("ways", "way,along,at_mm,zone\nN,aisle,1,cellar\n", "unknown_zone"),
        ("ways", "way,along,at_mm,from_mm,to_mm\nN,aisle,1,5,5\n", "value_invalid"),
        ("lifts", "lift,x_mm,y_mm,lowest_floor,highest_floor\nL,0,0,2,2\n", "value_invalid"),
    ],
)
def test_ways_that_cannot_be_are_refused(world: World, kind: str, text: str, code: str) -> None:
    assert [problem.code for problem in take(world, kind, text).problems] == [code]
