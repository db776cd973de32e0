"""The aisle graph of any site: against networkx on random sites, and each rule on a small one."""

from __future__ import annotations

from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mfc.layout.travel import (
    FAR_MM,
    Axis,
    Direction,
    FloorPlan,
    LayoutError,
    Lift,
    OpenArea,
    Spot,
    UnreachableError,
    Walkway,
    Way,
    distance_mm,
    findings,
    graph_of,
)

STEP = 100


def witness(plan: FloorPlan, spots: list[Spot]) -> nx.DiGraph:  # noqa: C901
    """The same site as networkx sees it: a node per point, zone and heading, each spot a node of its own.

    Built from the definition alone: every piece of every way is an edge, open floor is a grid of edges.
    """
    graph = nx.DiGraph()
    turn = plan.turn_mm

    def join(a, b, cost, heading):
        for zone_heading in ("x", "y"):
            extra = turn if zone_heading != heading else 0
            edge = ((*a, zone_heading), (*b, heading))
            if cost + extra < graph.get_edge_data(*edge, {"weight": FAR_MM})["weight"]:
                graph.add_edge(*edge, weight=cost + extra)

    xs = sorted({spot.x_mm for spot in spots} | {way.at_mm for way in plan.ways if way.along is Axis.Y}
                | {end for way in plan.ways if way.along is Axis.X for end in (way.from_mm, way.to_mm)}
                | {lift.x_mm for lift in plan.lifts}
                | {end for area in plan.areas for end in (area.x_from_mm, area.x_to_mm)})  # fmt: skip
    ys = sorted({spot.y_mm for spot in spots} | {way.at_mm for way in plan.ways if way.along is Axis.X}
                | {end for way in plan.ways if way.along is Axis.Y for end in (way.from_mm, way.to_mm)}
                | {lift.y_mm for lift in plan.lifts}
                | {end for area in plan.areas for end in (area.y_from_mm, area.y_to_mm)})  # fmt: skip
    for way in plan.ways:
        line = [v for v in (xs if way.along is Axis.X else ys) if way.from_mm <= v <= way.to_mm]
        for low, high in pairwise(line):
            a, b = ((*way.point(v), way.floor, way.zone) for v in (low, high))
            if way.direction is not Direction.BACKWARD:
                join(a, b, high - low, str(way.along))
            if way.direction is not Direction.FORWARD:
                join(b, a, high - low, str(way.along))
    for area in plan.areas:
        inside_x = [x for x in xs if area.x_from_mm <= x <= area.x_to_mm]
        inside_y = [y for y in ys if area.y_from_mm <= y <= area.y_to_mm]
        for y in inside_y:
            for low, high in pairwise(inside_x):
                for p, q in ((low, high), (high, low)):
                    join((p, y, area.floor, area.zone), (q, y, area.floor, area.zone), abs(q - p), "x")
        for x in inside_x:
            for low, high in pairwise(inside_y):
                for p, q in ((low, high), (high, low)):
                    join((x, p, area.floor, area.zone), (x, q, area.floor, area.zone), abs(q - p), "y")
    points = {node[:4] for node in graph}
    enter = dict(plan.enter_mm)
    for x, y, floor, zone in points:
        for another in {point[3] for point in points if point[:3] == (x, y, floor)} - {zone}:
            for heading in "xy":
                graph.add_edge((x, y, floor, zone, heading), (x, y, floor, another, heading),
                               weight=enter.get(another, 0))  # fmt: skip
    for lift in plan.lifts:
        feet = [point for point in points if point[:2] == (lift.x_mm, lift.y_mm) and point[2] in lift.floors]
        for a in feet:
            for b in feet:
                if a[2] != b[2]:
                    for heading in "xy":
                        for after in "xy":
                            graph.add_edge((*a, heading), (*b, after), weight=lift.cost_mm(a[2], b[2]))
    for number, spot in enumerate(spots):
        for point in points:
            if point[:3] == (spot.x_mm, spot.y_mm, spot.floor):
                for heading in "xy":
                    graph.add_edge(("out", number), (*point, heading), weight=0)
                    graph.add_edge((*point, heading), ("in", number), weight=0)
    return graph


@st.composite
def sites(draw: st.DrawFn) -> tuple[FloorPlan, list[Spot]]:
    """A site with aisles that end anywhere, one-way ways, doors, a mezzanine and an open floor in front."""
    floors = draw(st.integers(1, 2))
    direction = st.sampled_from([Direction.BOTH, Direction.BOTH, Direction.FORWARD, Direction.BACKWARD])
    zone = st.sampled_from(["", "", "cold"])
    ways: list[Way] = []
    for floor in range(floors):
        for axis in (Axis.Y, Axis.X):
            for at in draw(st.lists(st.integers(0, 8), min_size=1, max_size=4, unique=True)):
                low, high = sorted(draw(st.lists(st.integers(0, 8), min_size=2, max_size=2, unique=True)))
                way = Way(f"{axis}{at}-{floor}", axis, at * STEP, low * STEP, high * STEP,
                          draw(direction), floor, draw(zone))  # fmt: skip
                ways.append(way)
    areas = (OpenArea(0, 800, -300, draw(st.integers(0, 2)) * STEP),) if draw(st.booleans()) else ()
    lifts = []
    if floors == 2:
        for number in range(draw(st.integers(0, 2))):
            x, y = draw(st.integers(0, 8)) * STEP, draw(st.integers(0, 8)) * STEP
            if all(any(part.holds(x, y, floor) for part in (*ways, *areas)) for floor in (0, 1)):
                lifts.append(
                    Lift(f"L{number}", x, y, (0, 1), draw(st.integers(0, 500)), draw(st.integers(0, 500)))
                )
    plan = FloorPlan(
        tuple(ways), tuple(lifts), areas, draw(st.sampled_from([0, 0, 70, 1000])), (("cold", 250),)
    )
    spots = []
    for _ in range(draw(st.integers(2, 5))):
        if areas and draw(st.booleans()):
            spots.append(Spot(draw(st.integers(0, 800)), draw(st.integers(-300, 0))))
        else:
            way = draw(st.sampled_from(ways))
            along = draw(st.integers(way.from_mm, way.to_mm))
            spots.append(Spot(*way.point(along), 0, way.floor))
    return plan, spots


@given(sites())
@settings(max_examples=300, deadline=None)
def test_every_distance_and_effort_agrees_with_networkx(site: tuple[FloorPlan, list[Spot]]) -> None:
    plan, spots = site
    graph = graph_of(plan)
    flat = FloorPlan(plan.ways, plan.lifts, plan.areas, 0, plan.enter_mm)
    for turns, seen in ((True, witness(plan, spots)), (False, witness(flat, spots))):
        found = graph.matrix_mm(spots, turns=turns)
        for i, _ in enumerate(spots):
            lengths = nx.single_source_dijkstra_path_length(seen, ("out", i)) if ("out", i) in seen else {}
            for j, _ in enumerate(spots):
                expected = lengths.get(("in", j), FAR_MM)
                if spots[i] == spots[j]:
                    expected = 0
                assert found[i, j] == expected, (turns, spots[i], spots[j])


@given(sites())
@settings(max_examples=100, deadline=None)
def test_a_leg_is_as_long_as_it_says_and_keeps_to_the_ways(site: tuple[FloorPlan, list[Spot]]) -> None:
    plan, spots = site
    graph = graph_of(plan)
    assume(graph.can_reach(spots[0], spots[1]))
    leg = graph.leg(spots[0], spots[1], turns=False)
    assert leg.cost_mm == graph.distance_mm(spots[0], spots[1])
    assert leg.walked_mm <= leg.cost_mm
    for (x0, y0, f0), (x1, y1, f1) in zip(leg.points, leg.points[1:], strict=False):
        if f0 == f1:
            assert x0 == x1 or y0 == y1
            assert plan.is_walkable((x0 + x1) // 2, (y0 + y1) // 2, f0)
        else:
            assert (x0, y0) == (x1, y1)


BLOCKS = Walkway(2000, 14_000, (2000, 4600, 7200), middle_ys_mm=(6000, 10_000))
IN_BLOCKS = st.one_of(
    st.builds(Spot, st.sampled_from(BLOCKS.aisle_xs_mm), st.integers(2001, 14_000)),
    st.builds(Spot, st.integers(-500, 9000), st.integers(0, 2000)),
)


@given(st.lists(IN_BLOCKS, min_size=2, max_size=6))
@settings(max_examples=100, deadline=None)
def test_blocks_by_formula_are_the_blocks_of_the_graph(spots: list[Spot]) -> None:
    by_formula = np.array([[distance_mm(BLOCKS, a, b) for b in spots] for a in spots])
    assert (graph_of(FloorPlan.of_walkway(BLOCKS)).matrix_mm(spots) == by_formula).all()


def aisle(code: str, x: int, **more: object) -> Way:
    return Way(code, Axis.Y, x, 0, 1000, **more)  # type: ignore[arg-type]


def cross(code: str, y: int, **more: object) -> Way:
    return Way(code, Axis.X, y, 0, 300, **more)  # type: ignore[arg-type]


def test_a_one_way_aisle_is_walked_round_and_its_way_back_is_longer() -> None:
    plan = FloorPlan(
        (aisle("A", 0, direction=Direction.FORWARD), aisle("B", 300), cross("F", 0), cross("R", 1000))
    )
    graph = graph_of(plan)
    assert graph.distance_mm(Spot(0, 200), Spot(0, 700)) == 500
    assert graph.distance_mm(Spot(0, 700), Spot(0, 200)) == 300 + 300 + 1000 + 300 + 200
    assert graph.leg(Spot(0, 700), Spot(0, 200)).points == (
        (0, 700, 0), (0, 1000, 0), (300, 1000, 0), (300, 0, 0), (0, 0, 0), (0, 200, 0),
    )  # fmt: skip


def test_a_mezzanine_costs_the_ride_and_no_walking() -> None:
    up = Way("M1", Axis.Y, 0, 0, 1000, floor=1)
    plan = FloorPlan((aisle("A", 0), up), lifts=(Lift("L", 0, 0, (0, 1), wait_mm=9000, ride_mm=2000),))
    leg = graph_of(plan).leg(Spot(0, 400), Spot(0, 300, 0, 1))
    assert (leg.walked_mm, leg.cost_mm) == (700, 700 + 11_000)
    assert leg.points == ((0, 400, 0), (0, 0, 0), (0, 0, 1), (0, 300, 1))


def test_turns_make_the_straight_way_the_cheaper_one() -> None:
    ladder = (*(aisle(f"A{x}", x) for x in (0, 300)), *(cross(f"C{y}", y) for y in (0, 500, 1000)))
    graph = graph_of(FloorPlan(ladder, turn_mm=100))
    assert graph.distance_mm(Spot(0, 100), Spot(300, 900)) == 1100
    assert graph.effort_mm(Spot(0, 100), Spot(300, 900)) == 1100 + 2 * 100
    assert graph.effort_mm(Spot(0, 100), Spot(0, 900)) == 800


def test_entering_a_cold_room_costs_and_leaving_it_does_not() -> None:
    plan = FloorPlan((aisle("A", 0), aisle("B", 300, zone="cold"), cross("F", 0)), enter_mm=(("cold", 5000),))
    graph = graph_of(plan)
    assert graph.distance_mm(Spot(0, 100), Spot(300, 100)) == 100 + 300 + 5000 + 100
    assert graph.distance_mm(Spot(300, 100), Spot(0, 100)) == 500


def test_a_zone_picker_keeps_to_the_zone() -> None:
    plan = FloorPlan(
        (aisle("A", 0), aisle("B", 300, zone="cold"), aisle("C", 200, zone="dry"), cross("F", 0))
    )
    assert [way.code for way in plan.within(["dry"]).ways] == ["A", "C", "F"]
    with pytest.raises(UnreachableError, match="neither in an aisle"):
        graph_of(plan.within(["dry"])).distance_mm(Spot(0, 100), Spot(300, 100))


def test_what_cannot_be_reached_is_refused_and_found() -> None:
    trap = aisle("T", 300, direction=Direction.FORWARD)
    plan = FloorPlan((aisle("A", 0), trap, cross("F", 0), Way("I", Axis.Y, 900, 0, 500)))
    graph = graph_of(plan)
    with pytest.raises(UnreachableError, match="No way leads"):
        graph.distance_mm(Spot(0, 0), Spot(900, 100))
    assert graph.matrix_mm([Spot(0, 0), Spot(900, 100)]).tolist() == [[0, FAR_MM], [FAR_MM, 0]]
    places = {"ok": Spot(0, 500), "island": Spot(900, 100), "trap": Spot(300, 500), "wall": Spot(50, 50)}
    found = findings(graph, places, depot=Spot(0, 0))
    assert [(one.kind, one.place) for one in found] == [
        ("unreachable", "island"), ("no_way_back", "trap"), ("off_way", "wall"),
    ]  # fmt: skip
    assert findings(graph, places, depot=Spot(1, 1))[0].text.startswith("The depot")


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (lambda: FloorPlan(()), "no aisle"),
        (lambda: FloorPlan((aisle("A", 0), aisle("A", 300))), "code of two ways"),
        (lambda: FloorPlan((Way("A", Axis.Y, 0, 5, 5),)), "ends"),
        (lambda: FloorPlan((aisle("A", 0), Way("B", Axis.Y, 0, 900, 1200))), "on top of each other"),
        (lambda: FloorPlan((aisle("A", 0),), lifts=(Lift("L", 0, 0, (0, 1)),)), "stands on no aisle"),
        (lambda: FloorPlan((aisle("A", 0),), lifts=(Lift("L", 0, 0, (0,)),)), "no two floors"),
        (lambda: FloorPlan((aisle("A", 0),), turn_mm=-1), "give time back"),
        (lambda: FloorPlan(tuple(aisle(f"A{n}", n) for n in range(401))), "at most 400"),
    ],
)
def test_a_broken_layout_is_refused_with_what_is_wrong(broken: object, says: str) -> None:
    with pytest.raises(LayoutError, match=says):
        broken()  # type: ignore[operator]
