"""Release rules on replayed baskets: how many orders per hour keep 99 % of their promises, beside what others do."""

from __future__ import annotations

import argparse
import csv
import lzma
import math
import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

from mfc.insight.daymodel import Arrival, Day, Site, simulate
from mfc.layout.travel import Spot, Walkway, distance_mm
from mfc.picking.batching import Cart, OpenOrder, Pace
from mfc.picking.release import Decision, Go, Policy, Settings, Situation, Wait, decide
from mfc.picking.release.survey import Survey
from mfc.picking.routing import Stop

MIXES: dict[str, dict[int, float]] = {
    "10/20/30/60": {10: 0.25, 20: 0.25, 30: 0.25, 60: 0.25},
    "20/40/60": {20: 0.3, 40: 0.4, 60: 0.3},
    "60": {60: 1.0},
}
HOURS = 10
# Orders per half hour against the day's mean: quiet mornings, a peak at noon and a higher one after work.
PROFILE = (0.5, 0.6, 0.7, 0.8, 1.0, 1.3, 1.5, 1.4, 1.0, 0.8, 0.7, 0.7, 0.8, 1.0, 1.4, 1.7, 1.6, 1.2, 0.8, 0.5)
GOAL = 0.99
STEP = 5
AISLES, BAYS, LEVELS = 12, 23, 5
SPACING_MM, BAY_MM = 3_000, 1_000


def baskets(path: Path, rng: Random) -> list[list[str]]:
    """Small baskets of the file: 1 to 20 lines, cancelled ones left out."""
    opened = lzma.open(path, "rt", encoding="utf-8") if path.suffix == ".xz" else path.open(encoding="utf-8")
    orders: dict[str, dict[str, int]] = {}
    with opened as file:
        for row in csv.DictReader(file):
            if row["InvoiceNo"].startswith("C") or float(row["Quantity"]) <= 0:
                continue
            orders.setdefault(row["InvoiceNo"], {})[row["StockCode"]] = 1
    found = [list(lines) for lines in orders.values() if 1 <= len(lines) <= 20]
    rng.shuffle(found)
    return found


def floor(found: Sequence[Sequence[str]]) -> tuple[Walkway, Spot, dict[str, Spot]]:
    """A block of aisles; the fastest movers stand nearest to the depot in the middle of the front."""
    xs = tuple(1_500 + SPACING_MM * n for n in range(AISLES))
    walkway = Walkway(2_000, 2_000 + BAY_MM * (BAYS + 1), xs)
    depot = Spot(xs[AISLES // 2], 1_000)
    places = [
        Spot(x, 2_000 + BAY_MM * bay, level)
        for x in xs
        for bay in range(1, BAYS + 1)
        for level in range(LEVELS)
        for _ in range(2)
    ]
    places.sort(key=lambda spot: (distance_mm(walkway, depot, spot), spot))
    moved = Counter(sku for basket in found for sku in basket)
    slots = {sku: spot for (sku, _), spot in zip(moved.most_common(), places, strict=False)}
    return walkway, depot, slots


@dataclass
class Fifo:
    """Whoever is idle takes the oldest orders, as many as the cart holds."""

    policy: Policy

    def forget(self, order_ids: Sequence[Hashable]) -> None:
        self.policy.forget(order_ids)

    def order(self, now: Situation) -> list[OpenOrder]:
        return list(now.waiting)

    def __call__(self, now: Situation) -> Decision:
        if not now.waiting or now.idle <= 0:
            return Wait(until_s=None, why="")
        return go(self.policy, self.order(now)[: self.policy.cart.positions])


class Edd(Fifo):
    """The same by earliest deadline."""

    def order(self, now: Situation) -> list[OpenOrder]:
        return sorted(now.waiting, key=lambda order: order.due_s)


@dataclass
class Waves(Fifo):
    """Every 15 minutes all that waits is cut into batches by proximity; idle pickers take them in turn."""

    every_s: float = 900.0
    planned: list[list[OpenOrder]] = field(default_factory=list)
    at_s: float = 0.0

    def __call__(self, now: Situation) -> Decision:
        if now.now_s >= self.at_s:
            self.at_s = (math.floor(now.now_s / self.every_s) + 1) * self.every_s
            known = {order.order_id for batch in self.planned for order in batch}
            left = sorted(
                (o for o in now.waiting if o.order_id not in known), key=lambda order: order.due_s
            )
            while left:
                batch = [left.pop(0)]
                while left and len(batch) < self.policy.cart.positions:
                    best = min(left, key=lambda o: self.policy.survey([*batch, o]) - self.policy.alone_mm(o))
                    batch.append(best)
                    left.remove(best)
                self.planned.append(batch)
        if not self.planned or now.idle <= 0:
            return Wait(until_s=self.at_s if now.waiting else None, why="")
        return go(self.policy, self.planned.pop(0))


def go(policy: Policy, members: Sequence[OpenOrder]) -> Go:
    return Go(
        order_ids=tuple(order.order_id for order in members),
        length_mm=0,
        duration_s=0.0,
        why_now="",
        why_these="",
    )


@dataclass
class Ours:
    policy: Policy

    def forget(self, order_ids: Sequence[Hashable]) -> None:
        self.policy.forget(order_ids)

    def __call__(self, now: Situation) -> Decision:
        return decide(self.policy, now)


@dataclass(frozen=True)
class Trial:
    """A rule on a floor with so many pickers."""

    site: Site
    survey: Survey
    found: Sequence[Sequence[str]]
    slots: dict[str, Spot]
    pickers: int

    def policy(self, settings: Settings) -> Policy:
        s = self.site
        return Policy(walkway=s.walkway, end=s.depot, cart=s.cart, pace=s.pace, survey=self.survey, settings=settings)

    def run(self, rule: Callable[[Policy], Any], settings: Settings, mix: dict[int, float], rate: float, days: int) -> list[Day]:
        return [
            simulate(
                self.site,
                list(self.arrivals(mix, rate, seed)),
                pickers=lambda now_s: self.pickers,
                rule=rule(self.policy(settings)),
                arrivals_per_s=lambda now_s: rate / 3600 * level(now_s),
            )
            for seed in range(days)
        ]

    def arrivals(self, mix: dict[int, float], rate: float, seed: int) -> Iterator[Arrival]:
        rng = Random(seed)  # noqa: S311
        at_s, number = 0.0, 0
        peak = max(PROFILE)
        while True:
            at_s += rng.expovariate(rate / 3600 * peak)
            if at_s >= HOURS * 3600:
                return
            if rng.random() * peak > level(at_s):
                continue
            (minutes,) = rng.choices(list(mix), weights=list(mix.values()))
            lines = self.found[(seed * 7919 + number) % len(self.found)]
            number += 1
            stops = tuple(Stop((number, n), self.slots[sku]) for n, sku in enumerate(lines))
            yield Arrival(
                at_s,
                OpenOrder(order_id=number, due_s=at_s + 60 * minutes, stops=stops, volume_ml=1, weight_g=1),
            )


def level(now_s: float) -> float:
    return PROFILE[min(int(now_s // 1800), len(PROFILE) - 1)] / (sum(PROFILE) / len(PROFILE))


def capacity(trial: Trial, rule: Callable[[Policy], Any], settings: Settings, mix: dict[int, float], days: int) -> tuple[int, list[Day]]:
    """The highest rate, in steps, that keeps the goal; found by bisection (more load never helps)."""
    low, high, best = 0, 60, []
    while low < high:
        middle = (low + high + 1) // 2
        result = trial.run(rule, settings, mix, middle * STEP, days)
        if share(result) >= GOAL:
            low, best = middle, result
        else:
            high = middle - 1
    return low * STEP, best


def share(days: Sequence[Day]) -> float:
    done = sum(len(day.outcomes) for day in days)
    return sum(one.is_on_time for day in days for one in day.outcomes) / done if done else 1.0


def trial_of(path: Path, pickers: int, limit: int = 4000) -> Trial:
    rng = Random(1)  # noqa: S311
    found = baskets(path, rng)[:limit]
    walkway, depot, slots = floor(found)
    found = [[sku for sku in basket if sku in slots] for basket in found]
    found = [basket for basket in found if basket]
    pace = Pace(speed_mm_s=1200, setup_s=45.0, line_s=6.0, tote_s=12.0, after_s=0.0)
    cart = Cart(positions=8, tote_volume_ml=10**9, tote_weight_g=10**9, cart_weight_g=10**12)
    survey = Survey(walkway, depot, list(slots.values()))
    return Trial(Site(walkway, depot, cart, pace, survey.route), survey, found, slots, pickers)
