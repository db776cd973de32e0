"""The floor and the days on which release rules are compared: real baskets, arrival peaks, promises as drawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from mfc.insight.daymodel import Arrival, Day, Site, simulate
from mfc.layout.travel import DEFAULT_REACH_S, Spot, Walkway, distance_mm
from mfc.picking.batching import Cart, OpenOrder, Pace
from mfc.picking.release import Policy, Settings
from mfc.picking.release.survey import Survey
from mfc.picking.routing import Stop
from tests.bench import orderfiles

HOURS = 10
# Orders per half hour against the day's mean: a quiet morning, a peak at noon and a higher one after work.
PROFILE = (0.5, 0.6, 0.7, 0.8, 1.0, 1.3, 1.5, 1.4, 1.0, 0.8, 0.7, 0.7, 0.8, 1.0, 1.4, 1.7, 1.6, 1.2, 0.8, 0.5)
MEAN = sum(PROFILE) / len(PROFILE)
AISLES, BAYS, LEVELS, SIDES = 12, 23, 5, 2
SPACING_MM, BAY_MM, FRONT_MM, DEPOT_MM = 3_000, 1_000, 2_000, 1_000
LEAST_REACH_S = min(DEFAULT_REACH_S.values())
# Baskets of a micro-fulfillment site are small; wholesale orders are left out.
MOST_LINES = 20


@dataclass(frozen=True, slots=True)
class Trial:
    """A rule on a floor with so many pickers."""

    site: Site
    survey: Survey
    found: Sequence[Sequence[int]]
    slots: dict[int, Spot]
    pickers: int

    def policy(self, settings: Settings) -> Policy:
        s = self.site
        return Policy(
            walkway=s.walkway, end=s.depot, cart=s.cart, pace=s.pace, survey=self.survey, settings=settings
        )

    def run(
        self,
        rule: Callable[[Policy], Any],
        settings: Settings,
        mix: dict[int, float],
        rate: float,
        days: Sequence[int],
    ) -> list[Day]:
        return [
            simulate(
                self.site,
                list(self.arrivals(mix, rate, seed)),
                pickers=lambda now_s: self.pickers,
                rule=rule(self.policy(settings)),
                arrivals_per_s=lambda now_s: rate / 3600 * level(now_s),
            )
            for seed in days
        ]

    def arrivals(self, mix: dict[int, float], rate: float, seed: int) -> Iterator[Arrival]:
        rng = Random(seed)
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
    """Arrivals at this time of the day against the mean."""
    return PROFILE[min(int(now_s // 1800), len(PROFILE) - 1)] / MEAN


def build(path: Path, *, pickers: int, pace: Pace, positions: int) -> Trial:
    """The floor for an order file: as many of its fastest SKUs as there are slots, nearest first; baskets cut to them."""
    read = orderfiles.read(path, most_lines=MOST_LINES)
    baskets = read.baskets
    walkway, depot, places = _block()
    moved = Counter(int(sku) for sku in baskets.items)
    slots = {sku: spot for (sku, _), spot in zip(moved.most_common(), places, strict=False)}
    found = [
        [int(sku) for sku in baskets.items[a:b] if int(sku) in slots]
        for a, b in zip(baskets.starts[:-1], baskets.starts[1:], strict=True)
    ]
    found = [basket for basket in found if basket]
    Random(1).shuffle(found)
    survey = Survey(walkway, depot, places)
    roomy = 10**9
    cart = Cart(positions=positions, tote_volume_ml=roomy, tote_weight_g=roomy, cart_weight_g=roomy)
    return Trial(Site(walkway, depot, cart, pace, survey.route), survey, found, slots, pickers)


def _block() -> tuple[Walkway, Spot, list[Spot]]:
    """A block of aisles with the depot in front of the middle one; places, nearest to the depot first."""
    xs = tuple(SPACING_MM // 2 + SPACING_MM * n for n in range(AISLES))
    walkway = Walkway(FRONT_MM, FRONT_MM + BAY_MM * (BAYS + 1), xs)
    depot = Spot(xs[AISLES // 2], DEPOT_MM)
    places = [
        Spot(x, FRONT_MM + BAY_MM * bay, number)
        for x in xs
        for bay in range(1, BAYS + 1)
        for number in range(LEVELS)
        for _ in range(SIDES)
    ]
    places.sort(key=lambda spot: (distance_mm(walkway, depot, spot), spot))
    return walkway, depot, places
