"""Transition tables of the exact routing: what an aisle or a cross aisle makes of a partial walk. Pure.

A partial walk up to an aisle is known by the degree of every crossing of that aisle (none, odd, even) and by
which crossings hang together (Ratliff and Rosenthal 1983 for two cross aisles: 7 classes; Roodbergen and
de Koster 2001 for three: 25; Cambazard and Catusse 2018 for any number). The tables are found by walking
through all classes that can be reached, so one builder serves every number of cross aisles.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

NONE, ODD, EVEN = 0, 1, 2
# Ways to serve one block of an aisle. The order is known to the kernels.
SKIP, CROSS, TWICE, FRONT, BACK, GAP = range(6)
OPTIONS = 6

# (degree, component) of every crossing; component 0 is "not in the walk".
State = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Tables:
    """Successors by state number; -1 is impossible.

    `vertical[block][option][state]`, `touch[row][state]` (the walk must come here), `flip[row][state]` (one
    more walk end here), `across[state]` lists (edges on every cross aisle, next state), `done[state]` says
    whether a walk may end so.
    """

    rows: int
    states: tuple[State, ...]
    vertical: tuple[tuple[tuple[int, ...], ...], ...]
    touch: tuple[tuple[int, ...], ...]
    flip: tuple[tuple[int, ...], ...]
    across: tuple[tuple[tuple[tuple[int, ...], int], ...], ...]
    done: tuple[bool, ...]


@lru_cache(maxsize=16)
def tables(rows: int, *, open_ends: bool = False) -> Tables:
    """Build the tables for a number of cross aisles; `open_ends` when a walk may end elsewhere than it began."""
    start: State = ((NONE, 0),) * rows
    number: dict[State, int] = {start: 0}
    order = [start]

    def known(state: State | None) -> int:
        if state is None:
            return -1
        if state not in number:
            number[state] = len(order)
            order.append(state)
        return number[state]

    vertical: list[list[list[int]]] = [[[] for _ in range(OPTIONS)] for _ in range(rows - 1)]
    touch: list[list[int]] = [[] for _ in range(rows)]
    flip: list[list[int]] = [[] for _ in range(rows)]
    across: list[tuple[tuple[tuple[int, ...], int], ...]] = []
    position = 0
    while position < len(order):
        state = order[position]
        for block in range(rows - 1):
            for option in range(OPTIONS):
                vertical[block][option].append(known(_served(state, block, option)))
        for row in range(rows):
            touch[row].append(known(_touched(state, row)))
            flip[row].append(known(_flipped(state, row)) if open_ends else -1)
        across.append(tuple((edges, known(after)) for edges, after in _moves(state)))
        position += 1
    return Tables(
        rows=rows,
        states=tuple(order),
        vertical=tuple(tuple(tuple(option) for option in block) for block in vertical),
        touch=tuple(tuple(row) for row in touch),
        flip=tuple(tuple(row) for row in flip),
        across=tuple(across),
        done=tuple(_is_done(state) for state in order),
    )


def _canonical(degrees: list[int], components: list[int]) -> State:
    names: dict[int, int] = {}
    return tuple(
        (degree, names.setdefault(component, len(names) + 1) if degree else 0)
        for degree, component in zip(degrees, components, strict=True)
    )


def _split(state: State) -> tuple[list[int], list[int]]:
    return [degree for degree, _ in state], [component for _, component in state]


def _touched(state: State, row: int) -> State:
    degrees, components = _split(state)
    if degrees[row] == NONE:
        degrees[row], components[row] = EVEN, max(components) + 1
    return _canonical(degrees, components)


def _flipped(state: State, row: int) -> State:
    degrees, components = _split(_touched(state, row))
    degrees[row] = EVEN if degrees[row] == ODD else ODD
    return _canonical(degrees, components)


def _served(state: State, block: int, option: int) -> State:
    if option == SKIP:
        return state
    if option != BACK:
        state = _touched(state, block)
    if option != FRONT:
        state = _touched(state, block + 1)
    if option in (FRONT, BACK, GAP):
        return state
    degrees, components = _split(state)
    joined, merged = components[block], components[block + 1]
    components = [joined if component == merged else component for component in components]
    if option == CROSS:
        for row in (block, block + 1):
            degrees[row] = EVEN if degrees[row] == ODD else ODD
    return _canonical(degrees, components)


def _moves(state: State) -> list[tuple[tuple[int, ...], State]]:
    """List the ways to the next aisle: odd crossings go on once, even ones twice or not at all."""
    choices: list[list[int]] = [[]]
    for degree, _ in state:
        here = {NONE: (0,), ODD: (1,), EVEN: (0, 2)}[degree]
        choices = [[*before, edges] for before in choices for edges in here]
    found = []
    components = [component for _, component in state]
    for edges in choices:
        alive = {component for component, count in zip(components, edges, strict=True) if count}
        # A part that does not go on could never be joined to the rest.
        if alive and alive == {component for component in components if component}:
            degrees = [(NONE, ODD, EVEN)[count] for count in edges]
            found.append((tuple(edges), _canonical(degrees, list(components))))
    return found


def _is_done(state: State) -> bool:
    degrees, components = _split(state)
    return ODD not in degrees and max(components) == 1
