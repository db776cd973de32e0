"""The shortest closed tour in one block, written out by hand: the case that live routing meets most. Pure.

The classes of Ratliff and Rosenthal (1983), by the degrees at the front and the back cross aisle and the number
of parts: UU1 (both odd), E01 (front only), 0E1 (back only), EE1 (one part), EE2 (two parts). The way back
through the choices compares sums again instead of remembering them, which keeps the way forward short.
"""

from __future__ import annotations

from dataclasses import dataclass

from mfc.picking.routing.grid import Grid, Terminal
from mfc.picking.routing.tables import BACK, CROSS, FRONT, GAP, SKIP, TWICE

UU1, E01, OE1, EE1, EE2, NOTHING = range(6)
FAR = 1 << 60
Choice = tuple[tuple[int, ...], tuple[int, ...]]
# Edges on front and back cross aisle on the way to the next aisle, by class.
_EDGES: tuple[tuple[int, ...], ...] = ((1, 1), (2, 0), (0, 2), (2, 2), (2, 2))
# The next classes for an aisle crossed, twice crossed, served from the front, from the back, around the gap; None
# where it is never better than something else.
_SERVED: dict[int, tuple[int | None, ...]] = {
    UU1: (EE1, None, UU1, UU1, UU1),
    E01: (UU1, EE1, E01, EE2, EE2),
    OE1: (UU1, EE1, EE2, OE1, EE2),
    EE1: (UU1, None, EE1, EE1, EE1),
    EE2: (UU1, EE1, EE2, EE2, EE2),
    NOTHING: (UU1, EE1, E01, OE1, EE2),
}
# The same backwards: for a class the (class before, way) that lead to it.
_INTO = tuple(
    tuple(
        (known, way)
        for known, classes in _SERVED.items()
        for way, after in enumerate(classes)
        if after == state
    )
    for state in range(5)
)
_NO_WAYS = (0, 0, 0, 0, 0)
_OPTIONS = (CROSS, TWICE, FRONT, BACK, GAP)
# For a class that comes into an aisle the (class that left, edges there, class on the way); EE1 may leave one cross
# aisle for good. The depot in that aisle turns a walk that knows the other cross aisle only into EE2.
_LEFT = (
    ((UU1, 1, UU1),),
    ((E01, 1, E01), (EE1, 1, E01)),
    ((OE1, 1, OE1), (EE1, 1, OE1)),
    ((EE1, 2, EE1),),
    ((EE2, 2, EE2),),
)
_LEFT_TO_DEPOT = ((*_LEFT[EE2], *_LEFT[OE1]), (*_LEFT[EE2], *_LEFT[E01]))


@dataclass(slots=True)
class _Met:
    """One aisle: the way here from the aisle before, its lengths, the costs of the classes in and out."""

    step: int
    ways: tuple[int, int, int, int, int]
    before: tuple[int, int, int, int, int, int]
    after: tuple[int, int, int, int, int, int]


def shortest_tour(
    grid: Grid, columns: list[int], served: dict[tuple[int, int], list[int]], depot: Terminal
) -> tuple[int, list[Choice]]:
    """Return the length of the shortest tour through the columns, and how it serves and leaves each."""
    uu = e0 = oe = e1 = e2 = FAR
    nothing = step = 0
    trace: list[_Met] = []
    steps, cells, lengths = grid.steps, grid.cells, grid.lengths
    position = columns[0]
    for aisle in columns:
        if nothing:
            step = 0
            while position < aisle:
                step += 2 * steps[position][0]
                position += 1
            e0 = (e0 if e0 < e1 else e1) + step
            oe = (oe if oe < e1 else e1) + step
            uu += step
            e1 += 2 * step
            e2 += 2 * step
        if aisle == depot.aisle:
            # The depot's crossing must be met: a walk that knows only the other one gets a second part.
            if depot.row == 0:
                e0, e2, oe, nothing = min(e0, nothing), min(e2, oe), FAR, FAR
            else:
                oe, e2, e0, nothing = min(oe, nothing), min(e2, e0), FAR, FAR
        before = (uu, e0, oe, e1, e2, nothing)
        indexes = served.get((aisle, 0))
        if indexes is None:
            nothing = FAR
            trace.append(_Met(step, _NO_WAYS, before, before))
            continue
        offsets, cross = cells[aisle][0], lengths[aisle][0]
        here = offsets[indexes[0]]
        back, gap = 2 * (cross - here), 0
        for index in indexes:
            there = offsets[index]
            if there - here > gap:
                gap = there - here
            here = there
        front = 2 * here
        gap = 2 * (cross - gap) if gap else FAR
        near = gap if gap < front else front
        far = gap if gap < back else back
        stay = near if near < far else far
        least = min(e0, oe, e2, nothing)
        uu, e1, e2, e0, oe, nothing = (
            min(uu + stay, least + cross, e1 + cross),
            min(uu + cross, e1 + stay, least + 2 * cross),
            min(e0 + far, oe + near, e2 + stay, nothing + gap),
            (e0 if e0 < nothing else nothing) + front,
            (oe if oe < nothing else nothing) + back,
            FAR,
        )
        trace.append(_Met(step, (cross, 2 * cross, front, back, gap), before, (uu, e0, oe, e1, e2, FAR)))
    length = min(e0, oe, e1)
    state = E01 if length == e0 else OE1 if length == oe else EE1
    return length, _retrace(columns, trace, depot, state)


def _retrace(columns: list[int], trace: list[_Met], depot: Terminal, state: int) -> list[Choice]:
    choices: list[Choice] = []
    across: tuple[int, ...] = ()
    for position in range(len(columns) - 1, -1, -1):
        met = trace[position]
        option = SKIP
        if met.ways[0]:
            state, option = _before_aisle(state, met)
        choices.append(((option,), across))
        if position:
            meets = depot.row if columns[position] == depot.aisle else None
            state, after = _before_step(met.before[state], state, met.step, trace[position - 1].after, meets)
            across = _EDGES[after]
    choices.reverse()
    return choices


def _before_aisle(state: int, met: _Met) -> tuple[int, int]:
    """Return the class before this aisle was served, and how it was served."""
    cost, before, ways = met.after[state], met.before, met.ways
    for known, way in _INTO[state]:
        if before[known] + ways[way] == cost:
            return known, _OPTIONS[way]
    raise AssertionError("the trace has a gap")


def _before_step(
    cost: int, state: int, step: int, after: tuple[int, ...], meets: int | None
) -> tuple[int, int]:
    """Return the class that left the aisle before, and the class in which it walked over."""
    for left, edges, walked in _LEFT[state] if meets is None or state != EE2 else _LEFT_TO_DEPOT[meets]:
        if after[left] + edges * step == cost:
            return left, walked
    raise AssertionError("the trace has a gap")
