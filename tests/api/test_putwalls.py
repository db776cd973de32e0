"""A put wall by REST."""

from __future__ import annotations

from mfc.picking.models import PutSlot
from tests import wall as walls
from tests.client import Api, problem
from tests.walk import Walk
from tests.world import World


def test_the_slots_of_a_wall_are_read(api: Api, world: World, walk: Walk) -> None:
    wall = walls.build(world, walk)
    world.accept("A", minutes=60, TEA=1)
    world.accept("B", minutes=70, TEA=2)
    wall.pick()
    walk.badge("wall-1", "Pat")
    wall.scan(world.totes[0])
    wall.scan("TEA")
    wall.bind(1, 2)
    body = api.get("/putwalls/wall-1/slots").json()
    assert body["station"] == "wall-1"
    assert [one["state"] for one in body["slots"]] == ["filling", "filling"] + ["idle"] * 4
    assert body["slots"][0] == {
        "position": 1,
        "face": 1,
        "row": 1,
        "column": 1,
        "location": "WALL-1-01",
        "barcode": PutSlot.objects.get(position=1).location.label,
        "state": "filling",
        "order_ref": "A",
        "tote": world.totes[1],
        "revision": 3,
    }
    assert (body["slots"][5]["row"], body["slots"][5]["column"], body["slots"][5]["order_ref"]) == (
        2,
        3,
        None,
    )
    problem(api.get("/putwalls/pack-1/slots"), 404, "not_found")
