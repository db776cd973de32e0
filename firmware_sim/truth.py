"""What is physically where: units in bins, totes and hands, totes on carts, belts, lanes and benches."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from firmware_sim.world import World

STACK, BELT, AWAY = "stack", "belt", "away"


@dataclass(slots=True)
class Tote:
    """A reusable tote: its own label, the shipping label stuck on it (or none), its content, its place."""

    label: str
    tare_g: int
    place: str = STACK
    content: dict[str, int] = field(default_factory=dict)
    sscc: str = ""


@dataclass(slots=True)
class Hand:
    """Units a person holds, with the bin each came from, so that nothing vanishes when the floor stops."""

    units: dict[str, int] = field(default_factory=dict)
    origin: dict[str, str] = field(default_factory=dict)

    def count(self, sku: str) -> int:
        return self.units.get(sku, 0)


def _add(pile: dict[str, int], sku: str, qty: int) -> None:
    total = pile.get(sku, 0) + qty
    if total > 0:
        pile[sku] = total
    else:
        pile.pop(sku, None)


class Truth:
    """The only writer of physical things. Taking never makes a pile negative: it takes what is there."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.bins: dict[str, dict[str, int]] = {code: {} for code in world.locations}
        for location in world.locations.values():
            for sku, qty in location.stock:
                _add(self.bins[location.code], sku, qty)
        self.totes = {spec.label: Tote(spec.label, spec.tare_g) for spec in world.totes}
        self.lanes: dict[int, list[str]] = {}
        if world.conveyor:
            self.lanes = {number: [] for point in world.conveyor.points for number in point.lanes}
        self.hands: dict[str, Hand] = {station.key: Hand() for station in world.stations}
        self.listeners: list[Callable[[], None]] = []

    def changed(self) -> None:
        for listener in self.listeners:
            listener()

    # units -----------------------------------------------------------------------------------------------

    def take(self, person: str, code: str, sku: str, qty: int) -> int:
        """Bin to hand; answers how many were there to take."""
        pile = self.bins.setdefault(code, {})
        taken = max(0, min(qty, pile.get(sku, 0)))
        _add(pile, sku, -taken)
        hand = self.hands[person]
        _add(hand.units, sku, taken)
        if taken:
            hand.origin[sku] = code
        return taken

    def put_back(self, person: str, sku: str, qty: int | None = None) -> None:
        hand = self.hands[person]
        count = hand.count(sku) if qty is None else min(qty, hand.count(sku))
        if count > 0:
            _add(hand.units, sku, -count)
            _add(self.bins.setdefault(hand.origin[sku], {}), sku, count)

    def fill(self, person: str, label: str, sku: str, qty: int) -> int:
        """Hand to tote."""
        hand = self.hands[person]
        moved = max(0, min(qty, hand.count(sku)))
        _add(hand.units, sku, -moved)
        _add(self.totes[label].content, sku, moved)
        return moved

    def remove(self, label: str, code: str, sku: str, qty: int) -> int:
        """Tote to shelf."""
        moved = max(0, min(qty, self.totes[label].content.get(sku, 0)))
        _add(self.totes[label].content, sku, -moved)
        _add(self.bins.setdefault(code, {}), sku, moved)
        return moved

    def find(self, sku: str) -> str | None:
        """Any bin that holds the article."""
        return next((code for code, pile in self.bins.items() if pile.get(sku, 0) > 0), None)

    def hide_stock(self, rng: random.Random, share: float) -> int:
        """Let some bins hold less than the book says; answers in how many."""
        hidden = 0
        for code in sorted(self.bins):
            pile = self.bins[code]
            for sku in sorted(pile):
                if rng.random() < share:
                    _add(pile, sku, -rng.randint(1, pile[sku]))
                    hidden += 1
        return hidden

    # totes -----------------------------------------------------------------------------------------------

    def move(self, label: str, place: str) -> None:
        tote = self.totes[label]
        for lane in self.lanes.values():
            if label in lane:
                lane.remove(label)
        tote.place = place
        kind, _, number = place.partition(":")
        if kind == "lane":
            self.lanes[int(number)].append(label)
        self.changed()

    def at(self, place: str) -> Tote | None:
        return next((tote for tote in self.totes.values() if tote.place == place), None)

    def free_totes(self) -> list[Tote]:
        return [tote for tote in self.totes.values() if tote.place == STACK and not tote.content]

    def empty_out(self, label: str) -> None:
        """The content has reached its customer; the label is torn off."""
        tote = self.totes[label]
        tote.content = {}
        tote.sscc = ""

    def weight_g(self, label: str) -> int:
        tote = self.totes[label]
        return tote.tare_g + sum(self.world.skus[sku].weight_g * qty for sku, qty in tote.content.items())

    def lanes_to(self, destination: str) -> list[int]:
        if not self.world.conveyor:
            return []
        lanes = (lane for point in self.world.conveyor.points for lane in point.lanes.values())
        return [lane.number for lane in lanes if lane.to == destination]

    # persistence -----------------------------------------------------------------------------------------

    def dump(self) -> dict[str, Any]:
        """Physical state; what hands hold is written as lying in its bin again."""
        bins = {code: dict(pile) for code, pile in self.bins.items()}
        for hand in self.hands.values():
            for sku, qty in hand.units.items():
                _add(bins.setdefault(hand.origin[sku], {}), sku, qty)
        totes = {
            tote.label: {"place": tote.place, "content": dict(tote.content), "sscc": tote.sscc}
            for tote in self.totes.values()
        }
        return {
            "bins": bins,
            "totes": totes,
            "lanes": {str(number): lane for number, lane in self.lanes.items()},
        }

    def restore(self, saved: dict[str, Any]) -> None:
        self.bins.update({code: dict(pile) for code, pile in saved["bins"].items()})
        for label, row in saved["totes"].items():
            if label in self.totes:
                tote = self.totes[label]
                tote.place, tote.sscc = row["place"], row["sscc"]
                tote.content = {sku: qty for sku, qty in row["content"].items() if sku in self.world.skus}
        for number, labels in saved["lanes"].items():
            if int(number) in self.lanes:
                self.lanes[int(number)] = [label for label in labels if label in self.totes]
