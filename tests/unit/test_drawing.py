"""The drawing of a site: well-formed, safe, with every stop, on every storey."""

from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree

from mfc.layout.drawing import Mark, Scene, draw
from mfc.layout.travel import Axis, Direction, FloorPlan, Lift, OpenArea, Spot, Way, graph_of

PLAN = FloorPlan(
    (
        Way("A<1>", Axis.Y, 2000, 2000, 8000, Direction.FORWARD),
        Way("A2", Axis.Y, 4000, 2000, 8000),
        Way("F", Axis.X, 2000, 2000, 4000),
        Way("R", Axis.X, 8000, 2000, 4000, Direction.FORWARD),
        Way("M1", Axis.Y, 4000, 3000, 8000, floor=1),
    ),
    (Lift("L1", 4000, 5000, (0, 1), 1000, 1000),),
    (OpenArea(-(10**6), 10**6, -(10**6), 2000),),
)
SVG = "{http://www.w3.org/2000/svg}"


def scene() -> Scene:
    spots = [Spot(1000, 500), Spot(2000, 4000), Spot(4000, 6000, 0, 1), Spot(1000, 500)]
    graph = graph_of(PLAN)
    return Scene(
        plan=PLAN,
        width_mm=6000,
        depth_mm=9000,
        places=[Spot(1500, 4000), Spot(4500, 6000, 0, 1)],
        legs=[graph.leg(a, b) for a, b in pairwise(spots)],
        marks=[Mark("1", spots[1], "2 × <TEA> & more"), Mark("2", spots[2]), Mark("3", spots[2])],
        ends={"start": spots[0]},
        title="Walk <b>1</b>",
    )


def test_the_drawing_is_well_formed_and_escapes_what_people_typed() -> None:
    text = draw(scene())
    root = ElementTree.fromstring(text)
    assert root.tag == f"{SVG}svg"
    assert root.attrib["aria-label"] == "Walk <b>1</b>"
    assert "<TEA>" not in text
    assert draw(scene()) == text


def test_every_stop_is_numbered_and_stops_at_one_place_share_a_mark() -> None:
    root = ElementTree.fromstring(draw(scene()))
    stops = [node for node in root.iter(f"{SVG}g") if node.attrib.get("class") == "site-stop"]
    assert [node.findtext(f"{SVG}text") for node in stops] == ["1", "2+"]
    assert stops[0].findtext(f"{SVG}title") == "1: 2 × <TEA> & more"


def test_each_storey_has_its_panel_and_the_walk_goes_on_there() -> None:
    root = ElementTree.fromstring(draw(scene()))
    kinds = [node.attrib.get("class") for node in root.iter()]
    assert kinds.count("site-floor") == 2
    assert kinds.count("site-lift") == 2
    assert kinds.count("site-one-way") == 2
    # home to stop 1; to the lift, and from it to stop 2; back to the lift, and home
    assert kinds.count("site-walk") == 5
    height = float(root.attrib["viewBox"].split()[3])
    for node in root.iter(f"{SVG}polyline"):
        for point in node.attrib["points"].split():
            x, y = map(float, point.split(","))
            assert -1 <= y <= height + 1
            assert x > -1
