"""How people work: how long things take and how often they go wrong, all in simulated seconds and chances."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from firmware_sim.conveyor import BeltRates


@dataclass(frozen=True, slots=True)
class Habits:
    """Chances per opportunity. The preferences are the same at every fault level, the mistakes are not."""

    wrong_item: float = 0.0
    double_scan: float = 0.0
    wrong_tote: float = 0.0
    miscount: float = 0.0
    missing_stock: float = 0.0
    belt: BeltRates = field(default_factory=BeltRates)
    device_faults: bool = False
    # At a pick: mostly the article, sometimes the shelf label or the lamp's button.
    pick_by_location: float = 0.10
    pick_by_lamp: float = 0.10
    # At a put: mostly the button on the cart.
    put_by_label: float = 0.15


_MILD = Habits(
    wrong_item=0.02,
    double_scan=0.02,
    wrong_tote=0.01,
    miscount=0.01,
    missing_stock=0.03,
    belt=BeltRates(no_read=0.01),
)
LEVELS = {
    "none": Habits(),
    "mild": _MILD,
    "wild": Habits(
        wrong_item=2 * _MILD.wrong_item,
        double_scan=2 * _MILD.double_scan,
        wrong_tote=2 * _MILD.wrong_tote,
        miscount=2 * _MILD.miscount,
        missing_stock=2 * _MILD.missing_stock,
        belt=BeltRates(no_read=0.02, multi_read=0.005, divert_failed=0.01),
        device_faults=True,
    ),
}

# (least, most) simulated seconds of a hand's movement.
DURATIONS_SIM_S: dict[str, tuple[float, float]] = {
    "read": (0.3, 0.8),
    "scan": (1.0, 2.0),
    "take": (2.0, 4.0),
    "put": (1.0, 2.0),
    "press": (0.4, 0.6),
    "tap": (0.8, 1.6),
    "fetch_tote": (2.0, 3.0),
    "lift": (1.5, 2.5),
    "seal": (4.0, 8.0),
    "wait": (2.0, 4.0),
}


def duration_sim_s(rng: random.Random, what: str) -> float:
    least, most = DURATIONS_SIM_S[what]
    return rng.uniform(least, most)
