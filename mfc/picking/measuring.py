"""The measured pace of a site beside its labour standard, from the batches of the last days; and making it the standard."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

from mfc.core import clock, journal, txn
from mfc.core.actors import Actor
from mfc.core.errors import DomainError
from mfc.layout.models import Site
from mfc.layout.travel import Spot, way_mm
from mfc.orders import timing
from mfc.picking.models import Batch, PickTask
from mfc.picking.pacefit import Figure, Fit, Frame, Leg, fit
from mfc.picking.sitewalks import Floor
from mfc.picking.states import BatchState, TaskState
from mfc.workforce.models import LabourStandard

# Batches that one measurement reads, newest first.
MAX_BATCHES = 500
DEFAULT_DAYS = 14
# What is measured: field of the labour standard, its name for people, unit.
FIELDS = (
    ("walk_mm_per_s", "Walking speed", "mm/s"),
    ("stop_s", "Find, take and verify, per stop", "s"),
    ("put_s", "Put into a tote, per line", "s"),
    ("setup_s", "Set-up, per batch", "s"),
)


@dataclass(frozen=True, slots=True)
class Measured:
    """One quantity: the standard, and what was measured."""

    field: str
    name: str
    unit: str
    standard: int
    figure: Figure

    @property
    def rounded(self) -> int | None:
        """The value as the standard would take it."""
        if self.figure.value is None:
            return None
        return max(round(self.figure.value), 1 if self.field == "walk_mm_per_s" else 0)


@dataclass(frozen=True, slots=True)
class Pace:
    """All quantities, from how many ways and batches of the last days."""

    rows: tuple[Measured, ...]
    legs: int
    batches: int
    days: int


def measure(site: Site, *, days: int = DEFAULT_DAYS) -> Pace:
    """Estimate the pace from what was picked in the last days."""
    found = fit(*_observed(site, days))
    labour = timing.standard(site)
    rows = tuple(
        Measured(field, name, unit, int(getattr(labour, field)), _figure_of(found, field))
        for field, name, unit in FIELDS
    )
    return Pace(rows, found.legs, found.batches, days)


def _figure_of(found: Fit, field: str) -> Figure:
    return {
        "walk_mm_per_s": found.speed_mm_s,
        "stop_s": found.stop_s,
        "put_s": found.put_s,
        "setup_s": found.setup_s,
    }[field]


def _observed(site: Site, days: int) -> tuple[list[Leg], list[Frame]]:
    """Ways between finished stops, and what frames them, of closed batches. Times of one batch are one person's."""
    since = clock.now() - timedelta(days=days)
    batches = (
        Batch.objects.filter(site=site, state=BatchState.CLOSED, closed_at__gte=since)
        .exclude(claimed_at=None)
        .order_by("-closed_at", "-pk")[:MAX_BATCHES]
    )
    known = {batch.pk: batch for batch in batches}
    rows: dict[int, list[PickTask]] = defaultdict(list)
    tasks = PickTask.objects.filter(batch__in=known, state=TaskState.PICKED).exclude(done_at=None)
    for task in tasks.select_related("location").order_by("done_at", "pk"):
        rows[task.batch_id].append(task)
    floor = Floor.of(site)
    legs: list[Leg] = []
    frames: list[Frame] = []
    for batch_id, done in sorted(rows.items()):
        own_legs, frame = _of_batch(floor, known[batch_id], done)
        legs += own_legs
        frames += [frame] if frame else []
    return legs, frames


def _of_batch(floor: Floor, batch: Batch, done: list[PickTask]) -> tuple[list[Leg], Frame | None]:
    """Stops in the order in which they were finished; one that was come back to is two."""
    stops: list[tuple[Spot, float, int]] = []
    last_stop = None
    for task in done:
        assert task.done_at is not None, "only done tasks are read"
        spot = floor.place(task.location)
        at = task.done_at.timestamp()
        if task.stop == last_stop:
            stops[-1] = (spot, at, stops[-1][2] + 1)
        else:
            stops.append((spot, at, 1))
        last_stop = task.stop
    legs = []
    for (a, before, _), (b, after, lines) in pairwise(stops):
        length_mm = _length(floor, a, b)
        if length_mm is not None:
            legs.append(Leg(batch.pk, after - before, length_mm, lines))
    assert batch.claimed_at is not None, "only claimed batches are read"
    assert batch.closed_at is not None, "only closed batches are read"
    end = floor.where.of(batch.drop) if batch.drop_id and batch.drop else floor.home
    out, back = _length(floor, floor.home, stops[0][0]), _length(floor, stops[-1][0], end)
    if out is None or back is None:
        return legs, None
    seconds = stops[0][1] - batch.claimed_at.timestamp() + batch.closed_at.timestamp() - stops[-1][1]
    return legs, Frame(batch.pk, seconds, out + back, stops[0][2])


def _length(floor: Floor, a: Spot, b: Spot) -> int | None:
    try:
        return way_mm(floor.ground, a, b)
    except ValueError:
        return None


@txn.use_case
def adopt(*, site: Site, actor: Actor, days: int = DEFAULT_DAYS) -> dict[str, int]:
    """Make what was measured well enough the labour standard; the rest stays. Returns the new values by field.

    Raises ``pace_unmeasured`` when nothing was.
    """
    pace = measure(site, days=days)
    values = {row.field: row.rounded for row in pace.rows if row.figure.is_usable and row.rounded is not None}
    if not values:
        raise DomainError("pace_unmeasured", "; ".join(sorted({row.figure.why_not for row in pace.rows})))
    before = {row.field: row.standard for row in pace.rows}
    LabourStandard.objects.update_or_create(site=site, defaults=values)
    journal.write(
        "labour.measured",
        actor=actor,
        subject=f"site:{site.code}",
        before={field: before[field] for field in values},
        after=values,
        legs=pace.legs,
        batches=pace.batches,
        days=days,
    )
    return values
