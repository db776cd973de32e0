"""Where goods are put away: a chain of rules over the places of the site, each with its reason. Pure.

The chain: its fixed slot; a bin that has the same SKU and lot; the nearest empty bin of its velocity class, then of any; a
reserve place; a bin with another lot of the SKU. Temperature class and capacity are never given up. Goods that orders
already wait for take the place nearest to the belt instead.
"""

from collections.abc import Sequence
from dataclasses import dataclass

# Proposals that a person is shown beside the first one.
MAX_PROPOSALS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Goods:
    """What is to be put away. ``volume_ml`` and ``weight_g`` are of one each; ``waiting_qty`` is promised and lacking."""

    sku: int
    lot: int | None
    qty: int
    temperature: str
    velocity: str
    volume_ml: int
    weight_g: int
    waiting_qty: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A bin or reserve place: what it may hold, what lies there (SKU, lot), and how far it is."""

    id: int
    code: str
    reserve: bool
    temperature: str
    velocity: str
    slotted: int | None
    slot_room: int | None  # eaches until slot_max; None: not limited by a slot
    free_ml: int | None
    free_g: int | None
    content: frozenset[tuple[int, int | None]]
    walk_mm: int  # from the dock
    belt_mm: int  # to the belt


@dataclass(frozen=True, slots=True)
class Proposal:
    """Put ``qty`` there; ``why`` is told to people, ``rule`` is counted in reports."""

    spot: Spot
    qty: int
    rule: str
    why: str


def room(goods: Goods, spot: Spot) -> int:
    """How many eaches of the goods fit there."""
    limits = [goods.qty]
    if spot.free_ml is not None:
        limits.append(spot.free_ml // goods.volume_ml)
    if spot.free_g is not None:
        limits.append(spot.free_g // goods.weight_g)
    if spot.slotted == goods.sku and spot.slot_room is not None:
        limits.append(spot.slot_room)
    return max(min(limits), 0)


def propose(goods: Goods, spots: Sequence[Spot]) -> list[Proposal]:
    """The best places in order, at most MAX_PROPOSALS; empty when nothing fits. Equal input gives equal output."""
    fitting = [
        (spot, room(goods, spot))
        for spot in spots
        if spot.temperature in {"", goods.temperature} and spot.slotted in {None, goods.sku}
    ]
    ranked = [
        (
            rank,
            qty < goods.qty,
            spot.belt_mm if rank == 0 else spot.walk_mm,
            spot.code,
            Proposal(spot, qty, rule, why),
        )
        for spot, qty in fitting
        if qty > 0
        for rank, rule, why in [_judge(goods, spot, qty)]
        if rule
    ]
    ranked.sort(key=lambda item: item[:4])
    return [item[4] for item in ranked[:MAX_PROPOSALS]]


def _judge(goods: Goods, spot: Spot, qty: int) -> tuple[int, str, str]:
    """Rank, rule and reason of a place for the goods; an empty rule: not proposed."""
    skus = {sku for sku, _ in spot.content}
    same_lot = (goods.sku, goods.lot) in spot.content
    is_empty = not spot.content
    only_this = skus <= {goods.sku}
    if goods.waiting_qty and not spot.reserve and only_this and (is_empty or same_lot):
        return 0, "cross_dock", f"{goods.waiting_qty} are promised and not on a shelf: near the belt"
    if spot.slotted == goods.sku:
        return 1, "fixed_slot", f"its slot, {qty} fit"
    if same_lot and not spot.reserve and only_this:
        return 2, "same_lot", "the same article and lot lie there"
    if is_empty and not spot.reserve:
        if spot.velocity == goods.velocity:
            return 3, "class", f"nearest empty place for class {goods.velocity}"
        if spot.velocity == "":
            return 4, "nearest_free", "nearest empty place"
        return 6, "nearest_free", f"empty, though meant for class {spot.velocity}"
    if spot.reserve and (is_empty or skus == {goods.sku}):
        return 5, "reserve", "no bin is free: kept in reserve"
    if only_this and not spot.reserve:
        return 7, "other_lot", "another lot of it lies there"
    return 9, "", ""
