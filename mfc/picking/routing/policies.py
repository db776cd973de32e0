"""Named routing policies: the order in which a picker who follows a simple rule visits the places of a walk. Pure.

S-shape, return and largest gap as in Hall (1993) and de Koster, Le-Duc and Roodbergen (2007), combined as in Roodbergen
and de Koster (2001): block by block from the back to the front, in each block aisle by aisle. A policy gives the order;
between two places everybody takes the shortest way.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby, pairwise

from mfc.layout.travel import Spot, Walkway, distance_mm

OrderRule = Callable[[Walkway, list[Spot], Spot], list[Spot]]
_FAR_MM = 1 << 60


def s_shape(walkway: Walkway, spots: list[Spot], start: Spot) -> list[Spot]:
    """Order spots by crossing every aisle that holds one completely, alternately up and down."""
    ordered: list[Spot] = []
    for front, back, inside in _blocks(walkway, spots):
        here = ordered[-1] if ordered else start
        upwards = here.y_mm <= (front + back) // 2
        for aisle in by_aisle(inside, here):
            ordered += aisle if upwards else aisle[::-1]
            upwards = not upwards
    return ordered


def return_policy(walkway: Walkway, spots: list[Spot], start: Spot) -> list[Spot]:
    """Order spots by entering and leaving every aisle through the front of its block."""
    ordered: list[Spot] = []
    for _, _, inside in _blocks(walkway, spots):
        for aisle in by_aisle(inside, ordered[-1] if ordered else start):
            ordered += aisle
    return ordered


def largest_gap(walkway: Walkway, spots: list[Spot], start: Spot) -> list[Spot]:
    """Order spots so that in every inner aisle the largest gap between two of them is not walked.

    In each block the first aisle is crossed to the back, the back cross aisle serves the parts behind the gaps, the last
    aisle is crossed to the front, and the way home along the front cross aisle serves the rest.
    """
    ordered: list[Spot] = []
    for front, back, inside in _blocks(walkway, spots):
        ordered += _around_gaps(front, back, by_aisle(inside, ordered[-1] if ordered else start))
    return ordered


def _around_gaps(front: int, back: int, aisles: list[list[Spot]]) -> list[Spot]:
    if len(aisles) < 2:
        return [spot for aisle in aisles for spot in aisle]
    behind: list[Spot] = []
    before: list[Spot] = []
    for aisle in aisles[1:-1]:
        ys = [front, *(spot.y_mm for spot in aisle), back]
        gaps = [upper - lower for lower, upper in pairwise(ys)]
        cut = gaps.index(max(gaps))
        before = aisle[:cut] + before
        behind += aisle[cut:][::-1]
    return aisles[0] + behind + aisles[-1][::-1] + before


def combined(walkway: Walkway, spots: list[Spot], start: Spot) -> list[Spot]:
    """Order spots so that each aisle is crossed or left where it was entered, whichever makes the block shortest.

    A dynamic programme over the aisles of a block with two states: standing at its front or at its back.
    """
    ordered: list[Spot] = []
    for front, back, inside in _blocks(walkway, spots):
        ordered += _crossed_or_left(walkway, front, back, inside, ordered[-1] if ordered else start)
    return ordered


def _crossed_or_left(walkway: Walkway, front: int, back: int, inside: list[Spot], here: Spot) -> list[Spot]:
    aisles = by_aisle(inside, here)
    if not aisles:
        return []
    known = set(walkway.aisle_xs_mm)
    x_mm = aisles[0][0].x_mm
    # (walked so far, the order so far) standing at the front and at the back of the block
    at: list[tuple[int, list[Spot]]] = [(distance_mm(walkway, here, Spot(x_mm, front)), []), (_FAR_MM, [])]
    if x_mm in known:
        at[1] = (distance_mm(walkway, here, Spot(x_mm, back)), [])
    for aisle in aisles:
        across, x_mm = abs(aisle[0].x_mm - x_mm), aisle[0].x_mm
        (front_mm, front_way), (back_mm, back_way) = at
        if x_mm not in known or aisle[-1].y_mm <= front:  # on the open floor: only the front leads there
            out = 2 * max(front - aisle[0].y_mm, 0)
            at = [(front_mm + across + out, front_way + aisle), (_FAR_MM, back_way + aisle)]
            continue
        through, up, down = back - front, 2 * (aisle[-1].y_mm - front), 2 * (back - aisle[0].y_mm)
        to_front = [
            (front_mm + across + up, front_way + aisle),
            (back_mm + across + through, back_way + aisle[::-1]),
        ]
        to_back = [
            (back_mm + across + down, back_way + aisle[::-1]),
            (front_mm + across + through, front_way + aisle),
        ]
        at = [min(to_front, key=lambda one: one[0]), min(to_back, key=lambda one: one[0])]
    return at[0][1]  # the block is left at its front, towards the next block or the belt


POLICIES: dict[str, OrderRule] = {
    "s-shape": s_shape,
    "return": return_policy,
    "largest-gap": largest_gap,
    "combined": combined,
}


def by_aisle(spots: list[Spot], start: Spot) -> list[list[Spot]]:
    """Group spots by aisle, each from front to back, from the outer aisle that is nearer to the start."""
    ordered = sorted(spots)
    aisles = [list(group) for _, group in groupby(ordered, key=lambda spot: spot.x_mm)]
    if aisles and abs(start.x_mm - aisles[-1][0].x_mm) < abs(start.x_mm - aisles[0][0].x_mm):
        aisles.reverse()
    return aisles


def _blocks(walkway: Walkway, spots: list[Spot]) -> list[tuple[int, int, list[Spot]]]:
    """(front, back, spots) of each block that holds one, from the back; the open floor belongs to the first block."""
    rows = walkway.cross_ys_mm
    found = []
    for number, (front, back) in reversed(list(enumerate(pairwise(rows)))):
        inside = [spot for spot in spots if (spot.y_mm > front or number == 0) and spot.y_mm <= back]
        if inside:
            found.append((front, back, inside))
    return found
