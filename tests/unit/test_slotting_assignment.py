"""Assigning SKUs to slots: exact walks, rules kept by every swap, moves that are valid one by one."""

from __future__ import annotations

import itertools

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mfc.slotting import aisles, annealing, assignment, golden, reslot
from mfc.slotting.aisles import Block
from mfc.slotting.assignment import DoesNotFitError, Goods, Slots
from mfc.slotting.baskets import Baskets, from_lines
from mfc.slotting.reslot import BUFFER, MoveWork


def graph(block: Block) -> nx.Graph:
    """The block as a plain graph: every place, both ends of each aisle, and the depot."""
    plan = nx.Graph()
    for number, x in enumerate(block.xs.tolist()):
        for y in range(block.length):
            plan.add_edge((number, y), (number, y + 1), weight=1)
        if number:
            step = x - int(block.xs[number - 1])
            plan.add_edge((number - 1, 0), (number, 0), weight=step)
            plan.add_edge((number - 1, block.length), (number, block.length), weight=step)
    for number, x in enumerate(block.xs.tolist()):
        plan.add_edge("depot", (number, 0), weight=abs(x - block.depot_x))
    return plan


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_walks_are_as_short_as_any_sequence_on_the_graph(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 4))
    steps = data.draw(st.lists(st.integers(1, 6), min_size=count, max_size=count))
    xs = np.cumsum(steps).astype(np.int64)
    block = Block(xs, data.draw(st.integers(2, 7)), data.draw(st.integers(0, int(xs[-1]) + 2)))
    places = data.draw(
        st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, block.length)), min_size=1, max_size=5)
    )
    plan = graph(block)
    way = dict(nx.all_pairs_dijkstra_path_length(plan))
    best = min(
        sum(way[a][b] for a, b in itertools.pairwise(["depot", *order, "depot"]))
        for order in itertools.permutations(places)
    )
    assert block.walk(np.array([block.key(aisle, y) for aisle, y in places])) == best


def test_no_places_are_no_walk_and_places_outside_are_refused() -> None:
    block = Block(np.array([0, 3], dtype=np.int64), 10, 0)
    assert block.walk(np.array([], dtype=np.int64)) == 0
    with pytest.raises(ValueError, match="not in the block"):
        block.key(2, 5)


def block_and_slots(aisle_count: int = 4, cells: int = 6, levels: int = 2) -> tuple[Block, Slots]:
    block = Block(np.arange(aisle_count, dtype=np.int64) * 3_000, cells * 1_000, (aisle_count - 1) * 1_500)
    places = [(a, c, level) for a in range(aisle_count) for c in range(cells) for level in range(levels)]
    plain = Slots.plain(np.array([block.key(a, c * 1_000 + 500) for a, c, _ in places], dtype=np.int64))
    level = np.array([level for *_, level in places], dtype=np.int64)
    return block, Slots(plain.key, plain.kind, plain.room, plain.bay, level)


def baskets(skus: int, orders: int = 400, seed: int = 3) -> Baskets:
    """Orders of families: SKUs of one tens digit are bought together."""
    pick = np.random.default_rng(seed)
    lines = []
    for order in range(orders):
        family = int(pick.integers(0, skus // 6))
        for sku in {int(family * 6 + pick.integers(0, 6)) for _ in range(4)} | {int(pick.integers(0, skus))}:
            lines.append((order, order / 20, sku, 1.0))
    lines += [(orders, orders / 20 + 1, sku, 1.0) for sku in range(skus)]
    found, names = from_lines(lines)
    order_of = np.argsort(np.array(names))
    rank = np.empty(skus, dtype=np.int64)
    rank[order_of] = np.arange(skus)
    return Baskets(found.starts, np.array(names)[found.items].astype(np.int64), found.days, found.qty, skus)


def test_search_beats_every_rule_of_the_trade_and_is_reproducible() -> None:
    block, slots = block_and_slots()
    orders = baskets(42)
    goods = Goods.plain(orders.counts())
    walks = {rule: assignment.mean_tour(block, slots, assignment.by_rule(block, slots, goods, rule), orders)
             for rule in assignment.RULES}  # fmt: skip
    start = assignment.by_rule(block, slots, goods, "nearest")
    found = [
        assignment.improve(
            block, slots, goods, orders, start=start, seed=5, seconds=60, proposals_per_sku=300
        )
        for _ in range(2)
    ]
    assert found[0].tour_after < 0.93 * min(walks.values())
    assert found[0].slot_of.tolist() == found[1].slot_of.tolist()
    assert found[0].tour_after == pytest.approx(assignment.mean_tour(block, slots, found[0].slot_of, orders))
    assert len(set(found[0].slot_of.tolist())) == 42


def test_plain_python_gives_the_same_answer_as_the_compiled_loop() -> None:
    block, slots = block_and_slots(2, 3, 1)
    orders = baskets(6, orders=20)
    keys = slots.key[np.arange(6)]
    compiled = aisles.all_tours(orders.starts, orders.items, keys, block.xs, block.length, block.depot_x, 1)
    plain = getattr(aisles.all_tours, "py_func", aisles.all_tours)
    assert (
        plain(orders.starts, orders.items, keys, block.xs, block.length, block.depot_x, 1).tolist()
        == compiled.tolist()
    )


def test_classes_room_locks_and_hostile_families_are_kept_by_every_swap() -> None:
    block, plain = block_and_slots()
    count = len(plain)
    slots = Slots(
        plain.key,
        (np.arange(count) % 4 == 0).astype(np.int64),
        5.0 + np.arange(count) % 7,
        plain.bay,
        plain.level,
    )
    orders = baskets(30)
    pick = np.random.default_rng(2)
    hostile = np.array([[False, True], [True, False]])
    goods = Goods(
        kind=(np.arange(30) % 6 == 0).astype(np.int64),
        need=pick.uniform(1, 6, 30),
        picks=orders.counts(),
        weight_g=np.full(30, 500.0),
        group=np.where(np.arange(30) < 4, np.arange(30) % 2, -1),
        hostile=hostile,
        locked=np.arange(30) == 7,
        home=np.full(30, -1, dtype=np.int64),
    )
    start = _start(slots, goods)
    found = assignment.improve(
        block, slots, goods, orders, start=start, seconds=30, proposals_per_sku=200
    ).slot_of
    assert (slots.kind[found] == goods.kind).all()
    assert (slots.room[found] >= goods.need).all()
    assert found[7] == start[7]
    bays = {int(sku): int(slots.bay[found[sku]]) for sku in range(4)}
    assert {bays[0], bays[2]}.isdisjoint({bays[1], bays[3]})


def _start(slots: Slots, goods: Goods) -> np.ndarray:
    """A legal start: hostile families at the two ends."""
    order = np.argsort(slots.bay, kind="stable")
    unlocked = Goods(
        goods.kind, goods.need, goods.picks, goods.weight_g, goods.group, goods.hostile,
        np.zeros(len(goods), dtype=np.bool_), goods.home,
    )  # fmt: skip
    first = [0, 2, *range(4, len(goods)), 1, 3]
    return assignment.fill(slots, unlocked, order, np.array(first, dtype=np.int64))


def test_what_fits_nowhere_is_named() -> None:
    block, plain = block_and_slots(1, 2, 1)
    goods = Goods.plain(np.ones(3))
    with pytest.raises(DoesNotFitError) as caught:
        assignment.by_rule(block, plain, goods, "nearest")
    assert caught.value.skus == [2]


def reslotted(seed: int, budget: int) -> tuple[Block, Slots, Goods, Baskets, np.ndarray]:
    block, slots = block_and_slots()
    orders = baskets(42)
    goods = Goods.plain(orders.counts()).at_home(
        assignment.at_random(slots, Goods.plain(orders.counts()), seed)
    )
    found = reslot.search(
        block, slots, goods, orders, most_moves=budget, seed=seed, seconds=30, proposals_per_sku=150
    )
    return block, slots, goods, orders, found


def test_a_budget_of_moves_is_kept_and_a_part_of_it_brings_most_of_the_gain() -> None:
    block, slots, goods, orders, few = reslotted(4, 12)
    *_, all_of_them = reslotted(4, 42)
    assert int((few != goods.home).sum()) <= 12
    home, short, free = (
        assignment.mean_tour(block, slots, plan, orders) for plan in (goods.home, few, all_of_them)
    )
    assert free < short < home
    assert home - short > 0.3 * (home - free)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 10_000))
def test_every_single_move_finds_its_goods_and_an_empty_target(seed: int) -> None:
    block, slots = block_and_slots(3, 4, 1)
    pick = np.random.default_rng(seed)
    skus = int(pick.integers(3, len(slots)))
    orders = baskets(max(12, skus // 6 * 6), orders=30)
    goods = Goods.plain(orders.counts())
    if len(goods) > len(slots):
        return
    home, target = (pick.permutation(len(slots))[: len(goods)].astype(np.int64) for _ in range(2))
    goods = goods.at_home(home)
    work = MoveWork(np.ones(len(goods)), 72_000.0)
    at = dict(enumerate(home.tolist()))
    for chain in reslot.sequence(block, slots, goods, orders, target, work):
        assert chain.saved > 0
        for step in chain.steps:
            assert at[step.sku] == step.source
            assert step.target == BUFFER or step.target not in at.values()
            at[step.sku] = step.target
        assert BUFFER not in at.values()


def test_chains_begin_at_the_empty_end_and_rings_over_the_buffer() -> None:
    home = np.array([0, 1, 2, 3], dtype=np.int64)
    found, rings = reslot.chains(home, np.array([1, 4, 3, 2], dtype=np.int64), 5)
    assert found == [[1, 0]]
    assert [sorted(ring) for ring in rings] == [[2, 3]]


def test_heavy_articles_lie_low_and_fast_ones_in_the_golden_zone() -> None:
    block, slots = block_and_slots(1, 1, 4)
    del block
    goods = Goods(
        np.zeros(3, dtype=np.int64), np.zeros(3), np.array([100.0, 10.0, 50.0]), np.array([200.0, 300.0, 9_000.0]),
        np.full(3, -1, dtype=np.int64), np.zeros((1, 1), dtype=np.bool_), np.zeros(3, dtype=np.bool_),
        np.full(3, -1, dtype=np.int64),
    )  # fmt: skip
    found = golden.levels(slots, goods, np.array([3, 1, 2], dtype=np.int64), {0: 2.0, 1: 1.0, 2: 1.0, 3: 2.0})
    levels = slots.level[found]
    assert levels[2] <= golden.HEAVY_LEVEL
    assert levels[0] in (1, 2)


def test_facings_and_quantities_follow_the_refill_interval() -> None:
    assert golden.facings(np.array([10.0, 1.0]), np.array([12.0, 12.0]), refill_days=2).tolist() == [2, 1]
    low, high = golden.quantities(np.array([4.0]), np.array([2.0]), np.array([40.0]), refill_days=5)
    assert (low.tolist(), high.tolist()) == ([8], [20])


def test_the_search_gives_the_same_answer_without_the_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    block, slots = block_and_slots(2, 4, 1)
    orders = baskets(6, orders=40)
    goods = Goods.plain(orders.counts())
    start = assignment.by_rule(block, slots, goods, "nearest")
    searches = [assignment.Search(block, slots, goods, orders, start, seed=9) for _ in range(2)]
    searches[0].anneal(150, 500.0)
    monkeypatch.setattr(annealing, "anneal", getattr(annealing.anneal, "py_func", annealing.anneal))
    searches[1].anneal(150, 500.0)
    assert searches[0].slot_of.tolist() == searches[1].slot_of.tolist()
    assert searches[0].slot_of.tolist() != start.tolist()
