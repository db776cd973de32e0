"""The rule chain of putaway: each rule wins where it should, and says why."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mfc.inbound.rules import MAX_PROPOSALS, Goods, Spot, propose, room

GOODS = Goods(sku=1, lot=10, qty=6, temperature="ambient", velocity="A", volume_ml=500, weight_g=200)
EMPTY = Spot(
    id=100,
    code="E-1",
    reserve=False,
    temperature="ambient",
    velocity="",
    slotted=None,
    slot_room=None,
    free_ml=None,
    free_g=None,
    content=frozenset(),
    walk_mm=5_000,
    belt_mm=9_000,
)
SLOT = replace(EMPTY, id=101, code="S-1", slotted=1, slot_room=20, walk_mm=9_000)
SAME_LOT = replace(EMPTY, id=102, code="L-1", content=frozenset({(1, 10)}), walk_mm=8_000)
OTHER_LOT = replace(EMPTY, id=103, code="O-1", content=frozenset({(1, 11)}), walk_mm=100)
CLASS_A = replace(EMPTY, id=104, code="A-1", velocity="A", walk_mm=7_000)
CLASS_C = replace(EMPTY, id=105, code="C-1", velocity="C", walk_mm=10)
RESERVE = replace(EMPTY, id=106, code="R-1", reserve=True, walk_mm=10)
TAKEN = replace(EMPTY, id=107, code="T-1", content=frozenset({(2, None)}), walk_mm=1)


def chain(*spots: Spot, goods: Goods = GOODS) -> list[str]:
    return [one.rule for one in propose(goods, spots)]


def test_the_chain_goes_from_its_slot_to_another_lot() -> None:
    every = (OTHER_LOT, TAKEN, CLASS_C, RESERVE, EMPTY, CLASS_A, SAME_LOT, SLOT)
    assert chain(*every) == ["fixed_slot", "same_lot", "class", "nearest_free"]
    assert chain(OTHER_LOT, TAKEN, CLASS_C, RESERVE) == ["reserve", "nearest_free", "other_lot"]
    assert len(chain(*every)) == MAX_PROPOSALS


def test_a_place_with_another_article_is_never_proposed() -> None:
    assert chain(TAKEN) == []
    assert chain(replace(EMPTY, slotted=2)) == []


def test_temperature_is_never_given_up() -> None:
    assert chain(replace(EMPTY, temperature="chilled")) == []
    assert chain(replace(EMPTY, temperature="")) == ["nearest_free"]


@pytest.mark.parametrize(
    ("change", "fits"),
    [
        ({"free_ml": 2_999}, 5),
        ({"free_ml": 499}, 0),
        ({"free_g": 400}, 2),
        ({"slotted": 1, "slot_room": 3}, 3),
        ({"slotted": 1, "slot_room": 0}, 0),
        ({}, 6),
    ],
)
def test_room_is_the_tightest_limit(change: dict[str, int], fits: int) -> None:
    assert room(GOODS, replace(EMPTY, **change)) == fits  # type: ignore[arg-type]


def test_of_equal_rules_the_place_that_holds_all_and_is_nearer_comes_first() -> None:
    small = replace(EMPTY, id=1, code="small", free_ml=500, walk_mm=1)
    far = replace(EMPTY, id=2, code="far", walk_mm=9_000)
    near = replace(EMPTY, id=3, code="near", walk_mm=2_000)
    assert [one.spot.code for one in propose(GOODS, (small, far, near))] == ["near", "far", "small"]


def test_what_orders_wait_for_goes_near_the_belt() -> None:
    near_belt = replace(EMPTY, id=1, code="near-belt", belt_mm=100, walk_mm=20_000)
    waiting = replace(GOODS, waiting_qty=2)
    best = propose(waiting, (SLOT, EMPTY, near_belt))[0]
    assert (best.spot.code, best.rule) == ("near-belt", "cross_dock")
    assert best.why == "2 are promised and not on a shelf: near the belt"


def test_every_proposal_says_why() -> None:
    for one in propose(GOODS, (SLOT, SAME_LOT, CLASS_A, EMPTY)):
        assert one.why
