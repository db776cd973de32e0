"""What should lie where, kept in Python beside the ledger: plain dictionaries, no SQL, nothing shared with ``mfc``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

# Place (location code or container label), SKU code, lot code ("" without).
Key = tuple[str, str, str]
# What a hold names: place, SKU, lot; None is "any".
Held = tuple[str | None, str | None, str | None]
OUTSIDE = ""
QUARANTINE = "QUARANTINE"


@dataclass(slots=True)
class Books:
    """The second bookkeeping: every deed is written here too, by what it should do."""

    sellable: frozenset[str]
    last_day: dict[tuple[str, str], date]
    today: date
    lies: Counter[Key] = field(default_factory=Counter)
    came: Counter[str] = field(default_factory=Counter)
    went: Counter[str] = field(default_factory=Counter)
    holds: dict[int, Held] = field(default_factory=dict)
    waiting: dict[str, Counter[str]] = field(default_factory=dict)
    # Of every cart what its actions moved, newest last; an undo takes the last one back.
    actions: dict[str, list[Counter[Key]]] = field(default_factory=dict)

    def move(self, sku: str, lot: str, qty: int, source: str, target: str) -> Counter[Key]:
        """``qty`` went from ``source`` to ``target`` (OUTSIDE: supplier, customer or loss); returns the change."""
        change: Counter[Key] = Counter()
        if source != OUTSIDE:
            change[source, sku, lot] -= qty
        if target != OUTSIDE:
            change[target, sku, lot] += qty
        self.apply(change)
        return change

    def apply(self, change: Counter[Key]) -> None:
        """Book a change; what it does not balance inside came from or went to the outside."""
        net: Counter[str] = Counter()
        for key, qty in change.items():
            self.lies[key] += qty
            net[key[1]] += qty
            assert self.lies[key] >= 0, f"{key} would be {self.lies[key]}"
        for sku, qty in net.items():
            (self.came if qty > 0 else self.went)[sku] += abs(qty)

    def difference(self, actual: Counter[Key]) -> Counter[Key]:
        """What the database holds more (or less) than these books."""
        keys = {key for key in (*actual, *self.lies) if actual[key] != self.lies[key]}
        return Counter({key: actual[key] - self.lies[key] for key in keys})

    def is_pickable(self, key: Key) -> bool:
        """In a sellable place, its last day not over, no hold on it."""
        place, sku, lot = key
        expires = self.last_day.get((sku, lot))
        return (
            place in self.sellable
            and (expires is None or expires >= self.today)
            and not any(
                all(one is None or one == own for one, own in zip(held, key, strict=True))
                for held in self.holds.values()
            )
        )

    def for_sale(self, sku: str) -> int:
        """Pickable units of a SKU, claimed or not."""
        return sum(qty for key, qty in self.lies.items() if key[1] == sku and qty and self.is_pickable(key))

    def promised(self, sku: str) -> int:
        """Units promised to orders that wait for release."""
        return sum(lines[sku] for lines in self.waiting.values())

    def must_come_out(self, tote: str) -> Counter[Key]:
        """Units of a tote that are on hold by their lot or SKU; a hold on a place does not follow them."""
        stopped = [(sku, lot) for place, sku, lot in self.holds.values() if place is None]
        return Counter(
            {
                key: qty
                for key, qty in self.lies.items()
                if key[0] == tote
                and qty
                and any(sku in {None, key[1]} and lot in {None, key[2]} for sku, lot in stopped)
            }
        )

    def at(self, place: str) -> int:
        """Units at a place."""
        return sum(qty for key, qty in self.lies.items() if key[0] == place)

    def in_totes(self) -> int:
        """Units in totes."""
        return sum(qty for key, qty in self.lies.items() if key[0].startswith("T-"))

    def inside(self, sku: str) -> int:
        """Units of a SKU anywhere on the site."""
        return sum(qty for key, qty in self.lies.items() if key[1] == sku)

    def check_totals(self, skus: Iterable[str]) -> None:
        """What is here came and has not gone."""
        for sku in skus:
            assert self.inside(sku) == self.came[sku] - self.went[sku], sku


def is_loss(change: Counter[Key], keys: set[Key], free: Counter[Key]) -> bool:
    """Whether a change only takes free units from these places, each to quarantine or out of the books."""
    for key, qty in change.items():
        if key in keys:
            if not -free[key] <= qty <= 0:
                return False
        elif key[0] != QUARANTINE or qty < 0:
            return False
    return sum(change.values()) <= 0


def opposite(change: Counter[Key]) -> Counter[Key]:
    """The compensating change."""
    return Counter({key: -qty for key, qty in change.items() if qty})
