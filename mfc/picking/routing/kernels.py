"""Lengths of shortest tours on bit masks, for inner loops: one word of cells for each aisle and block. Pure.

A batch is the OR of its orders' masks. The same dynamic programmes as in `exact` and `oneblock`, on arrays;
`compiled` says how they become machine code.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mfc.picking.routing.compiled import WORD, compiled, lowest_bit
from mfc.picking.routing.grid import NO_WAY, Cell, Grid, Terminal
from mfc.picking.routing.tables import BACK, CROSS, FRONT, GAP, TWICE, tables

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
    vertical: Ints  # [block, option, state]
    touch: Ints  # [row, state]
    first: Ints  # [state + 1] into the moves to the next aisle
    after: Ints  # [move]
    edges: Ints  # [move, row]
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
    table = tables(grid.row_count)
    moves = [move for moves in table.across for move in moves]
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
        vertical=np.array(table.vertical, np.int64),
        touch=np.array(table.touch, np.int64),
        first=np.cumsum([0, *(len(moves) for moves in table.across)]).astype(np.int64),
        after=np.array([after for _, after in moves], np.int64),
        edges=np.array([edges for edges, _ in moves], np.int64).reshape(len(moves), grid.row_count),
        done=np.array(table.done, np.bool_),
    )


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
    """Return working memory for one thread."""
    return np.empty((2, len(place.done)), np.int64)


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
    rows = blocks + 1
    width = blocks * words
    final = place.depot_aisle
    is_empty = True
    for spot in range(cells.shape[0]):
        if cells[spot]:
            is_empty = False
            final = max(final, spot // width)
    if is_empty:
        return 0
    costs, other = scratch[0], scratch[1]
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
            other[:] = FAR
            other[0] = costs[0]
            for state in range(1, states):
                cost = costs[state]
                if cost >= FAR:
                    continue
                for move in range(place.first[state], place.first[state + 1]):
                    total = cost
                    for row in range(rows):
                        total += place.edges[move, row] * (place.along[aisle, row] - place.along[before, row])
                    after = place.after[move]
                    other[after] = min(other[after], total)
            costs, other = other, costs
        before = aisle
        if is_depot:
            other[:] = FAR
            for state in range(states):
                if costs[state] < FAR:
                    after = place.touch[place.depot_row, state]
                    other[after] = min(other[after], costs[state])
            costs, other = other, costs
        for block in range(blocks):
            if _serve(place, cells, aisle, block, costs, other):
                costs, other = other, costs
        if aisle >= final:
            for state in range(states):
                if place.done[state]:
                    best = min(best, costs[state])
            if place.skips_idle:
                break
    return best + place.approach


@compiled
def _serve(place: Floor, cells: Ints, aisle: int, block: int, costs: Ints, other: Ints) -> bool:
    """Serve one block of an aisle: costs -> other. False when there is nothing to do."""
    cross = place.length[aisle, block]
    if cross == NO_WAY:
        return False
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
    around = 2 * (cross - gap)
    states = costs.shape[0]
    vertical = place.vertical[block]
    if here < 0:
        # Walking through an aisle without picks may pay to change the cross aisle.
        other[:] = costs
    else:
        other[:] = FAR
    for state in range(states):
        cost = costs[state]
        if cost >= FAR:
            continue
        after = vertical[CROSS, state]
        other[after] = min(other[after], cost + cross)
        after = vertical[TWICE, state]
        other[after] = min(other[after], cost + 2 * cross)
        if here >= 0:
            after = vertical[FRONT, state]
            other[after] = min(other[after], cost + 2 * last)
            after = vertical[BACK, state]
            other[after] = min(other[after], cost + 2 * (cross - here))
            if gap:
                after = vertical[GAP, state]
                other[after] = min(other[after], cost + around)
    return True
