"""How right the book is: accuracy of places and units, and what was lost, from finished counts."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from mfc.layout.models import Site
from mfc.upkeep.models import CountLine
from mfc.upkeep.states import CountState


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Of counted places and lines, in eaches and cents. Shrinkage is what was missing less what was found."""

    places: int
    places_right: int
    lines: int
    lines_right: int
    expected_qty: int
    missing_qty: int
    found_qty: int
    shrinkage_cents: int

    @property
    def line_accuracy(self) -> float:
        """Share of lines that were right (inventory record accuracy), 0 to 1; 1 when nothing was counted."""
        return self.lines_right / self.lines if self.lines else 1.0

    @property
    def shrinkage_qty(self) -> int:
        """Eaches lost."""
        return self.missing_qty - self.found_qty


def accuracy(*, site: Site, since: datetime, until: datetime, velocity: str = "") -> Accuracy:
    """Counts closed in the period; with ``velocity`` only lines of that class."""
    rows = CountLine.objects.filter(
        count__site=site,
        count__state=CountState.CLOSED,
        count__counted_at__gte=since,
        count__counted_at__lte=until,
    ).select_related("sku")
    if velocity:
        rows = rows.filter(sku__velocity=velocity)
    wrong: dict[int, int] = defaultdict(int)
    lines = right = expected = missing = found = cents = 0
    for line in rows.iterator():
        lines += 1
        right += line.difference == 0
        wrong[line.count_id] += line.difference != 0
        expected += line.expected
        missing += max(-line.difference, 0)
        found += max(line.difference, 0)
        cents -= line.difference * (line.sku.price_cents or 0)
    return Accuracy(
        places=len(wrong),
        places_right=sum(1 for bad in wrong.values() if not bad),
        lines=lines,
        lines_right=right,
        expected_qty=expected,
        missing_qty=missing,
        found_qty=found,
        shrinkage_cents=cents,
    )
