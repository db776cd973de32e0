"""The demo's order stream: real baskets, overlaid to one working period. Pure, from one seed.

Baskets, their order and their times of day are real (see data/README.md). Names, addresses and positions are
SYNTHETIC and say so; they lie around a point that was chosen for being open country.
"""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mfc.runtime.extract import Basket

ORDERS_PER_HAND_HOUR = 14
PROMISE_S = 7_200
# A repeated basket comes a little earlier or later than its original, so that repeats are no echo.
REPEAT_SHIFT_S = 900
CENTRE_LATITUDE, CENTRE_LONGITUDE = 52.90, -1.60
# About 4 km in each direction.
SPREAD_LATITUDE, SPREAD_LONGITUDE = 0.036, 0.060
STREETS = ("Sample Street", "Test Lane", "Example Road", "Demo Close", "Placeholder Way", "Fixture Row")


@dataclass(frozen=True, slots=True)
class DemoOrder:
    """An order of the demo; `at_s` counts from the start of the period."""

    ref: str
    at_s: int
    promise_s: int
    lines: tuple[tuple[str, int], ...]  # SKU, quantity
    address: dict[str, Any]
    substitution: str = "never"

    def as_json(self) -> dict[str, Any]:
        """Return the form of the simulator's orders file."""
        return {
            "ref": self.ref,
            "at_s": self.at_s,
            "promise_s": self.promise_s,
            "lines": [{"sku": sku, "qty": qty} for sku, qty in self.lines],
            "address": self.address,
            "substitution": self.substitution,
        }


def period_s(n: int, hands: int) -> int:
    """Return how long the stream of `n` orders lasts for so many people: 14 orders per person and hour."""
    if n < 0 or hands <= 0:
        raise ValueError("orders cannot be negative, and somebody must pick them")
    return round(n * 3600 / (hands * ORDERS_PER_HAND_HOUR))


def demo_orders(n: int, *, seed: int, hands: int, baskets: Sequence[Basket]) -> list[DemoOrder]:
    """Return `n` orders by arrival, made from the first `n` of `baskets`; beyond their number they repeat.

    The times of day of all used baskets are laid over one another and compressed to `period_s`; the rhythm
    of the real shop stays. A repeat carries the suffix `-2`, `-3` and so on. ValueError without baskets.
    """
    if n and not baskets:
        raise ValueError("there is no basket to replay")
    chance = random.Random(seed)  # noqa: S311 - a demo, not a secret
    chosen = []
    for index in range(n):
        turn, basket = index // len(baskets) + 1, baskets[index % len(baskets)]
        shift_s = chance.randint(-REPEAT_SHIFT_S, REPEAT_SHIFT_S) if turn > 1 else 0
        ref = f"UCI-{basket.order_ref}" + (f"-{turn}" if turn > 1 else "")
        chosen.append((_time_of_day_s(basket.placed_at) + shift_s, index, ref, basket))
    chosen.sort(key=lambda one: one[:2])
    length_s = period_s(n, hands)
    first_s, last_s = (chosen[0][0], chosen[-1][0]) if chosen else (0, 0)
    real_s = max(1, last_s - first_s)
    return [
        DemoOrder(
            ref=ref,
            at_s=(time_s - first_s) * length_s // real_s,
            promise_s=PROMISE_S,
            lines=tuple((line.sku, line.qty) for line in basket.lines),
            address=_address(number, chance),
        )
        for number, (time_s, _, ref, basket) in enumerate(chosen, start=1)
    ]


def demand(orders: Sequence[DemoOrder]) -> Counter[str]:
    """Return the units per SKU that the orders ask for."""
    units: Counter[str] = Counter()
    for order in orders:
        for sku, qty in order.lines:
            units[sku] += qty
    return units


def _time_of_day_s(moment: datetime) -> int:
    return moment.hour * 3600 + moment.minute * 60 + moment.second


def _address(number: int, chance: random.Random) -> dict[str, Any]:
    latitude = CENTRE_LATITUDE + chance.uniform(-SPREAD_LATITUDE, SPREAD_LATITUDE)
    longitude = CENTRE_LONGITUDE + chance.uniform(-SPREAD_LONGITUDE, SPREAD_LONGITUDE)
    return {
        "name": f"Demo Customer {number:03d}",
        "street": f"{chance.randint(1, 180)} {chance.choice(STREETS)}",
        "city": "Sampleton",
        "postcode": f"ZZ{number % 9 + 1} {chance.randint(1, 9)}ZZ",
        "country": "GB",
        "lat": round(latitude, 6),
        "lon": round(longitude, 6),
        "note": "made up for the demo",
    }
