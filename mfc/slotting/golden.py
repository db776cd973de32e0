"""Which level of its bay each SKU gets: heavy ones low, fast ones in the golden zone, each where it fits. Pure.

Once the bays are known the levels change no walk: every bay is a small assignment problem of its own, solved exactly
(Jonker and Volgenant 1987, by SciPy). The golden zone is what one reaches without stooping or stretching (Petersen,
Siu and Heiser 2005); its seconds are the site's own reach times.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.optimize import linear_sum_assignment

from mfc.slotting.assignment import Goods, Slots
from mfc.slotting.baskets import Floats, Ints

# From this weight on a SKU belongs low, whatever its speed (two levels above the floor at most).
HEAVY_G = 5_000.0
HEAVY_LEVEL = 1
# Seconds a day that a heavy SKU costs for each level too high: more than any reach time, less than "does not fit".
HEAVY_S = 1e4
FORBIDDEN = 1e9


def levels(
    slots: Slots, goods: Goods, slot_of: Ints, reach_s: Mapping[int, float], *, unknown_s: float = 2.5
) -> Ints:
    """The same bays, better levels: least reaching a day. Locked SKUs stay; empty slots of a bay are used too."""
    better = slot_of.copy()
    reach = np.array([reach_s.get(int(level), unknown_s) for level in slots.level])
    placed = np.flatnonzero(slot_of >= 0)
    by_bay = np.argsort(slots.bay, kind="stable")
    edges = np.concatenate(([0], np.cumsum(np.bincount(slots.bay))))
    locked_slots = set(slot_of[placed][goods.locked[placed]].tolist())
    bays = slots.bay[slot_of[placed]]
    for bay in np.unique(bays).tolist():
        skus = placed[(bays == bay) & ~goods.locked[placed]]
        places = np.array(
            [slot for slot in by_bay[edges[bay] : edges[bay + 1]].tolist() if slot not in locked_slots]
        )
        if len(skus) and len(places) >= 2:
            rows, columns = linear_sum_assignment(_cost(slots, goods, skus, places, reach))
            better[skus[rows]] = places[columns]
    return better


def _cost(slots: Slots, goods: Goods, skus: Ints, places: Ints, reach: Floats) -> Floats:
    """Seconds a day for each SKU in each place; what does not fit costs more than all else."""
    cost = goods.picks[skus][:, None] * reach[places][None, :]
    too_high = np.maximum(slots.level[places] - HEAVY_LEVEL, 0)
    cost += (goods.weight_g[skus] >= HEAVY_G)[:, None] * HEAVY_S * too_high[None, :]
    # Among equals nobody moves: a tenth of a second for each level away from home.
    wrong = (slots.kind[places][None, :] != goods.kind[skus][:, None]) | (
        goods.need[skus][:, None] > slots.room[places][None, :]
    )
    cost += 1e-6 * (places[None, :] != goods.home[skus][:, None])
    return np.asarray(np.where(wrong, FORBIDDEN, cost))


def facings(picks_a_day: Floats, eaches_per_slot: Floats, *, refill_days: float, most: int = 4) -> Ints:
    """Slots each SKU needs so that a refill comes no more often than every ``refill_days``; at least one."""
    wanted = np.ceil(picks_a_day * refill_days / np.maximum(eaches_per_slot, 1.0))
    return np.asarray(np.clip(wanted, 1, most), dtype=np.int64)


def quantities(
    eaches_a_day: Floats,
    deviation_a_day: Floats,
    eaches_per_slot: Floats,
    *,
    refill_days: float,
    safety: float = 1.65,
) -> tuple[Ints, Ints]:
    """``(minimum, maximum)`` eaches of a slot: the maximum lasts ``refill_days``, the minimum covers a day with safety.

    ``safety`` standard deviations of a day's demand: 1.65 is 95 % of days.
    """
    top = np.minimum(np.maximum(np.ceil(eaches_a_day * refill_days), 2), np.maximum(eaches_per_slot, 2))
    low = np.ceil(eaches_a_day + safety * deviation_a_day)
    return np.asarray(np.clip(low, 1, top - 1), dtype=np.int64), np.asarray(top, dtype=np.int64)
