"""From which places a quantity is taken: bins before reserve, first expired first out, few places, near ones. Pure."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A balance that could give. `walk_rank` grows with the way to it; goods without expiry come last.

    `reserve` marks places that feed the bins: they are picked from only for what no bin has.
    """

    id: Hashable
    free_qty: int
    expires: date | None = None
    walk_rank: int = 0
    reserve: bool = False


@dataclass(frozen=True, slots=True)
class Allocation:
    """Takes as (candidate id, quantity) in the order to take them; `short_qty` found no place."""

    takes: tuple[tuple[Hashable, int], ...]
    short_qty: int
    reason: str


def allocate(
    qty: int, candidates: Sequence[Candidate], *, today: date, min_remaining_days: int = 0
) -> Allocation:
    """Allocate `qty` by FEFO.

    A lot that expires before `today + min_remaining_days` is not given away. Order: bins before reserve places;
    earliest expiry; inside one expiry the place that can fill all that is still missing; then the nearest; then the
    given order.
    ValueError when the quantity is not positive.
    """
    if qty <= 0:
        raise ValueError(f"only a positive quantity can be allocated, not {qty}")
    first_good_day = today + timedelta(days=min_remaining_days)
    fresh = [one for one in candidates if one.expires is None or one.expires >= first_good_day]
    usable = [one for one in fresh if one.free_qty > 0]
    too_old_qty = sum(max(one.free_qty, 0) for one in candidates if one not in fresh)
    takes: list[tuple[Candidate, int]] = []
    missing = qty
    while missing and usable:
        chosen = min(
            usable,
            key=lambda one: (one.reserve, one.expires or date.max, one.free_qty < missing, one.walk_rank),
        )
        usable.remove(chosen)
        taken = min(missing, chosen.free_qty)
        takes.append((chosen, taken))
        missing -= taken
    reason = _reason(takes, missing, too_old_qty)
    return Allocation(tuple((one.id, taken) for one, taken in takes), missing, reason)


def _reason(takes: list[tuple[Candidate, int]], missing: int, too_old_qty: int) -> str:
    parts = []
    if takes:
        expires = takes[0][0].expires
        parts.append(f"first to expire ({expires.isoformat()})" if expires else "no expiry")
        parts.append("from one place" if len(takes) == 1 else f"from {len(takes)} places")
    if any(one.reserve for one, _ in takes):
        parts.append("from reserve")
    if missing:
        parts.append(f"{missing} short")
    if too_old_qty:
        parts.append(f"{too_old_qty} not given: too little life left")
    return ", ".join(parts)
