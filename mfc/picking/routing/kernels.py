"""Lengths of shortest tours on bit masks, for inner loops: one word of cells for each aisle and block. Pure.

A batch is the OR of its orders' masks. The same dynamic programmes as in `exact` and `oneblock`, on arrays;
`compiled` says how they become machine code.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mfc.picking.routing.compiled import WORD, compiled, lowest_bit
from mfc.picking.routing.grid import NO_WAY, Cell, Grid, Terminal
from mfc.picking.routing.tables import BACK, CROSS, FRONT, GAP, OPTIONS, SKIP, TWICE, tables

Ints = npt.NDArray[np.int64]
FAR = 1 << 50


class Floor(NamedTuple):
    """A grid as arrays. Cells that nobody orders from do not matter, so masks count all cells of the grid."""

    aisles: int
    blocks: int
    words: int  # per block of an aisle
    offset: Ints  # [aisle, block, cell] from the block's front
    length: Ints  # [aisle, block]
    along: Ints  # [aisle, row] position on a cross aisle
    depot_aisle: int
    depot_row: int
    approach: int  # to the depot and back
    skips_idle: bool
    # Class changes as flat lists (from, to, way), and what a way costs: see `_class_changes`.
    served: npt.NDArray[np.uint32]  # [change, 3], blocks one after the other
    served_first: Ints  # [block + 1]
    idle: npt.NDArray[np.uint32]  # [change, 3] of blocks without a pick
    idle_first: Ints
    onward: npt.NDArray[np.uint32]  # [change, 3] to the next aisle
    edges: Ints  # [way, row]
    touch: Ints  # [row, state]
    done: npt.NDArray[np.bool_]


def floor(grid: Grid, depot: Terminal) -> Floor:
    """Lay a grid out as arrays for closed tours from one depot."""
    most = max(len(block) for aisle in grid.cells for block in aisle)
    offset = np.zeros((grid.aisle_count, grid.block_count, max(most, 1)), np.int64)
    for a, aisle in enumerate(grid.cells):
        for b, block in enumerate(aisle):
            offset[a, b, : len(block)] = block
    along = np.zeros((grid.aisle_count, grid.row_count), np.int64)
    if grid.steps:
        along[1:] = np.cumsum(np.array(grid.steps, np.int64), axis=0)
    changes = _class_changes(grid.row_count)
    return Floor(
        aisles=grid.aisle_count,
        blocks=grid.block_count,
        words=max(1, -(-most // WORD)),
        offset=offset,
        length=np.array(grid.lengths, np.int64),
        along=along,
        depot_aisle=depot.aisle,
        depot_row=depot.row,
        approach=2 * depot.approach,
        skips_idle=grid.may_skip_idle,
        **changes,
    )


@lru_cache(maxsize=8)
def _class_changes(rows: int) -> dict[str, Any]:
    """Flatten the transition tables to the changes that can come up, each with its cheapest ways.

    A way of a block is a set of options that lead to the same class (the cheapest of them counts), as a bit
    mask; a way onward is a number of edges for every cross aisle.
    """
    table = tables(rows)
    blocks = rows - 1
    entering = {0}
    while True:
        reached = entering | {table.touch[row][state] for row in range(rows) for state in entering}
        levels = [reached]
        for block in range(blocks):
            levels.append({table.vertical[block][option][s] for option in range(OPTIONS) for s in levels[-1]})
        further = entering | {after for state in levels[-1] for _, after in table.across[state]}
        if further == entering:
            break
        entering = further
    served: list[tuple[int, int, int]] = []
    idle: list[tuple[int, int, int]] = []
    served_first, idle_first = [0], [0]
    for block in range(blocks):
        for options, changes in (((CROSS, TWICE, FRONT, BACK, GAP), served), ((SKIP, CROSS, TWICE), idle)):
            for state in sorted(levels[block]):
                ways: dict[int, int] = {}
                for option in options:
                    after = table.vertical[block][option][state]
                    ways[after] = ways.get(after, 0) | 1 << option
                changes += [(state, after, way) for after, way in ways.items()]
        served_first.append(len(served))
        idle_first.append(len(idle))
    edges = sorted({edges for state in levels[-1] for edges, _ in table.across[state]})
    number = {each: position for position, each in enumerate(edges)}
    onward = [(s, after, number[each]) for s in sorted(levels[-1]) for each, after in table.across[s]]
    return {
        # Unsigned, so that the compiler need not look for negative indexes.
        "served": np.array(served, np.uint32),
        "served_first": np.array(served_first, np.int64),
        "idle": np.array(idle, np.uint32),
        "idle_first": np.array(idle_first, np.int64),
        "onward": np.array(onward, np.uint32),
        "edges": np.array(edges, np.int64),
        "touch": np.array(table.touch, np.int64),
        "done": np.array(table.done, np.bool_),
    }


def mask(place: Floor, cells: Iterable[Cell]) -> Ints:
    """Return the cells as a mask [aisle * blocks * words]."""
    found = np.zeros(place.aisles * place.blocks * place.words, np.int64)
    for aisle, block, index in cells:
        found[(aisle * place.blocks + block) * place.words + index // WORD] |= 1 << index % WORD
    return found


@compiled
def tour(place: Floor, cells: Ints, scratch: Ints) -> int:
    """Return the length of the shortest closed tour through a mask; `scratch` from `scratch_for`."""
    if place.blocks == 1 and place.skips_idle:
        return _one_block(place, cells)
    return _many_blocks(place, cells, scratch)


@compiled
def tours(place: Floor, masks: Ints, scratch: Ints, lengths: Ints) -> None:
    """Fill `lengths` with the tours of many masks."""
    for number in range(masks.shape[0]):
        lengths[number] = tour(place, masks[number], scratch)


def scratch_for(place: Floor) -> Ints:
    """Return working memory for one thread: two rows of costs by class, one of costs by way."""
    return np.empty((3, scratch_width(place)), np.int64)


@compiled
def scratch_width(place: Floor) -> int:
    return max(place.done.shape[0], place.edges.shape[0], 1 << OPTIONS)


@compiled
def _one_block(place: Floor, cells: Ints) -> int:
    uu, e0, oe, e1, e2 = FAR, FAR, FAR, FAR, FAR
    nothing = 0
    words = place.words
    before = -1
    for aisle in range(place.aisles):
        here, last, gap = -1, 0, 0
        for word in range(words):
            bits = cells[aisle * words + word]
            while bits:
                there = place.offset[aisle, 0, word * WORD + lowest_bit(bits)]
                bits &= bits - 1
                if here < 0:
                    here = there
                else:
                    gap = max(gap, there - last)
                last = there
        is_depot = aisle == place.depot_aisle
        if here < 0 and not is_depot:
            continue
        if before >= 0:
            step = 2 * (place.along[aisle, 0] - place.along[before, 0])
            e0 = min(e0, e1) + step
            oe = min(oe, e1) + step
            uu += step
            e1 += 2 * step
            e2 += 2 * step
        before = aisle
        if is_depot:
            if place.depot_row == 0:
                e0, e2, oe = min(e0, nothing), min(e2, oe), FAR
            else:
                oe, e2, e0 = min(oe, nothing), min(e2, e0), FAR
            nothing = FAR
        if here < 0:
            continue
        cross = place.length[aisle, 0]
        front, back = 2 * last, 2 * (cross - here)
        gap = 2 * (cross - gap) if gap else FAR
        near, far = min(front, gap), min(back, gap)
        stay = min(near, far)
        least = min(e0, oe, e2, nothing)
        new_uu = min(uu + stay, min(least, e1) + cross)
        new_e1 = min(uu + cross, e1 + stay, least + 2 * cross)
        e2 = min(e0 + far, oe + near, e2 + stay, nothing + gap)
        e0 = min(e0, nothing) + front
        oe = min(oe, nothing) + back
        uu, e1 = new_uu, new_e1
        nothing = FAR
    best = min(e0, oe, e1)
    if uu >= FAR and best == 0:
        return 0
    return best + place.approach


@compiled
def _many_blocks(place: Floor, cells: Ints, scratch: Ints) -> int:
    states = place.done.shape[0]
    words, blocks = place.words, place.blocks
    width = blocks * words
    final = place.depot_aisle
    is_empty = True
    for spot in range(cells.shape[0]):
        if cells[spot]:
            is_empty = False
            final = max(final, spot // width)
    if is_empty:
        return 0
    costs, other, ways = scratch[0], scratch[1], scratch[2]
    costs[:] = FAR
    costs[0] = 0
    before = -1
    best = FAR
    for aisle in range(place.aisles):
        is_depot = aisle == place.depot_aisle
        is_used = is_depot or not place.skips_idle
        for spot in range(aisle * width, (aisle + 1) * width):
            if cells[spot]:
                is_used = True
        if not is_used:
            continue
        if before >= 0:
            for way in range(place.edges.shape[0]):
                total = 0
                for row in range(blocks + 1):
                    total += place.edges[way, row] * (place.along[aisle, row] - place.along[before, row])
                ways[way] = total
            other[:states] = FAR
            other[0] = costs[0]
            _change(place.onward, 0, place.onward.shape[0], ways, costs, other)
            costs, other = other, costs
        before = aisle
        if is_depot:
            other[:states] = FAR
            for state in range(states):
                after = place.touch[place.depot_row, state]
                other[after] = min(other[after], costs[state])
            costs, other = other, costs
        for block in range(blocks):
            cross = place.length[aisle, block]
            if cross == NO_WAY:
                continue
            other[:states] = FAR
            if _price(place, cells, aisle, block, cross, ways):
                _change(
                    place.served, place.served_first[block], place.served_first[block + 1], ways, costs, other
                )
            else:
                _change(place.idle, place.idle_first[block], place.idle_first[block + 1], ways, costs, other)
            costs, other = other, costs
        if aisle >= final:
            for state in range(states):
                if place.done[state]:
                    best = min(best, costs[state])
            if place.skips_idle:
                break
    return best + place.approach


@compiled
def _change(
    changes: npt.NDArray[np.uint32], first: int, end: int, ways: Ints, costs: Ints, other: Ints
) -> None:
    for number in range(first, end):
        cost = costs[changes[number, 0]] + ways[changes[number, 2]]
        after = changes[number, 1]
        if cost < other[after]:
            other[after] = cost


@compiled
def _price(place: Floor, cells: Ints, aisle: int, block: int, cross: int, ways: Ints) -> bool:
    """Fill `ways` with the cost of every set of options; False when the block has nothing to serve."""
    here, last, gap = -1, 0, 0
    base = (aisle * place.blocks + block) * place.words
    for word in range(place.words):
        bits = cells[base + word]
        while bits:
            there = place.offset[aisle, block, word * WORD + lowest_bit(bits)]
            bits &= bits - 1
            if here < 0:
                here = there
            else:
                gap = max(gap, there - last)
            last = there
    ways[1 << CROSS] = cross
    ways[1 << TWICE] = 2 * cross
    if here < 0:
        ways[1 << SKIP] = 0
        ways[1 << SKIP | 1 << TWICE] = 0
        return False
    front, back = 2 * last, 2 * (cross - here)
    around = 2 * (cross - gap) if gap else FAR
    ways[1 << FRONT] = front
    ways[1 << BACK] = back
    ways[1 << GAP] = around
    ways[1 << FRONT | 1 << GAP] = min(front, around)
    ways[1 << BACK | 1 << GAP] = min(back, around)
    ways[1 << FRONT | 1 << BACK | 1 << GAP] = min(front, back, around)
    ways[1 << TWICE | 1 << FRONT | 1 << BACK | 1 << GAP] = min(front, back, around)
    return True
