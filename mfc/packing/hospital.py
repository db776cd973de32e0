"""The hospital: a tote whose weight did not fit is counted and mended by a person."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import IntegrityError
from django.db.models import Sum

from mfc.catalog.models import Sku
from mfc.core import clock, journal, txn
from mfc.core.errors import DomainError
from mfc.core.transitions import advance
from mfc.inventory import containers, damage, holds, transfers
from mfc.inventory.models import Balance
from mfc.layout.models import Location, LocationKind
from mfc.orders import services as orders
from mfc.orders.models import OrderLine
from mfc.packing import bench
from mfc.packing.bench import job_of_tote, settle
from mfc.packing.models import PackJob
from mfc.packing.states import TRANSITIONS, PackState
from mfc.picking.models import PickTask
from mfc.workforce.models import Person, Station
from mfc.workforce.sessions import actor_of

_TAKEN_IN = frozenset({PackState.REJECTED, PackState.ARRIVING})
# At a pack bench; taken in as well when the tote holds what must not leave.
_TAKEN_FROM_BENCH = frozenset({PackState.AT_BENCH, PackState.WEIGHED})


@dataclass(frozen=True, slots=True)
class CountLine:
    """One SKU of a tote: by the book and as counted. ``location`` is where a missing unit is fetched."""

    sku: Sku
    expected: int
    counted: int
    location: str

    @property
    def difference(self) -> int:
        """Counted minus expected."""
        return self.counted - self.expected


@txn.use_case
def admit(*, station: Station, label: str, person: Person) -> PackJob:
    """Begin to count a tote. Raises ``unknown_tote``, ``tote_not_here``."""
    job = job_of_tote(site_id=station.site_id, label=label)
    if job.state in _TAKEN_FROM_BENCH and (reason := bench.must_come_out(job)):
        bench.reject(job=job, reason=reason, actor=actor_of(person))
    if job.state not in _TAKEN_IN:
        raise DomainError(
            "tote_not_here", f"Tote {label} is {job.state}, not due at the hospital.", state=job.state
        )
    try:
        with txn.savepoint():
            advance(job, PackState.COUNTING, table=TRANSITIONS, station_id=station.pk, counted={})
    except IntegrityError as error:
        raise DomainError("state_conflict", "Another tote is on this bench.") from error
    journal.write("tote.admitted", actor=actor_of(person), subject=f"order:{job.order.ref}", tote=label)
    return job


def lines(job: PackJob) -> list[CountLine]:
    """The content by the book beside the count; SKUs that do not belong are lines with expected 0."""
    held = {
        row["sku_id"]: row["total"]
        for row in Balance.objects.filter(container_id=job.tote_use.container_id, on_hand__gt=0)
        .values("sku_id")
        .annotate(total=Sum("on_hand"))
    }
    for balance, _ in holds.held_in([job.tote_use.container_id]):
        held[balance.sku_id] -= balance.on_hand  # must come out, whatever the order wanted
    counted = {int(sku_id): qty for sku_id, qty in job.counted.items()}
    skus = Sku.objects.in_bulk(set(held) | set(counted))
    places = dict(
        PickTask.objects.filter(batch_order__order_id=job.order_id)
        .order_by("-pk")
        .values_list("sku_id", "location__code")
    )
    return [
        CountLine(skus[sku_id], held.get(sku_id, 0), counted.get(sku_id, 0), places.get(sku_id, ""))
        for sku_id in sorted(skus)
    ]


@txn.use_case
def count(*, job: PackJob, sku: Sku, person: Person) -> None:
    """One unit was scanned; while fixing, a fetched unit that was missing went in (``wrong_item`` when none is missing)."""
    if job.state == PackState.FIXING:
        line = next((line for line in lines(job) if line.sku == sku), None)
        if line is None or line.difference >= 0:
            raise DomainError("wrong_item", f"No {sku.code} is missing in this tote.")
    counted = dict(job.counted)
    counted[str(sku.pk)] = counted.get(str(sku.pk), 0) + 1
    PackJob.objects.filter(pk=job.pk).update(counted=counted)
    job.counted = counted
    if job.state == PackState.FIXING:
        _release_when_right(job, person)


@txn.use_case
def finish_count(*, job: PackJob, person: Person) -> bool:
    """All units are counted. True when the content is right and the tote goes back on the belt."""
    if all(line.difference == 0 for line in lines(job)):
        _release(job, person)
        return True
    advance(job, PackState.FIXING, table=TRANSITIONS)
    journal.write(
        "tote.differs",
        actor=actor_of(person),
        subject=f"order:{job.order.ref}",
        lines=[[line.sku.code, line.difference] for line in lines(job) if line.difference],
    )
    return False


@txn.use_case
def removed(*, job: PackJob, person: Person) -> CountLine:
    """The first line that was too many has been taken out and put on the hospital shelf.

    The units left the bin without a booking, so they move from there; when the bin's book has none to give, they are
    found stock. Raises ``nothing_expected`` when no line is too many.
    """
    line = next((line for line in lines(job) if line.difference > 0), None)
    if line is None:
        raise DomainError("nothing_expected", "No line has too many units.")
    orders.lock([job.order_id])
    if not _book_held(job, line, person):
        _book_found(job, line, person)
    counted = dict(job.counted)
    counted[str(line.sku.pk)] = line.expected
    PackJob.objects.filter(pk=job.pk).update(counted=counted)
    job.counted = counted
    _release_when_right(job, person)
    return line


def _book_held(job: PackJob, line: CountLine, person: Person) -> bool:
    """Units on hold leave the tote for quarantine and are short on the order. False: none of the line is on hold."""
    held = [row for row, _ in holds.held_in([job.tote_use.container_id]) if row.sku_id == line.sku.pk]
    if not held:
        return False
    actor, qty = actor_of(person), sum(row.on_hand for row in held)
    reason = "on hold, taken out of the tote"
    damage.set_apart(
        site_id=job.site_id, actor=actor, balances=held, reference=f"pack_job:{job.pk}", reason=reason
    )
    _record_short(job, line.sku, qty, reason)
    return True


def _book_found(job: PackJob, line: CountLine, person: Person) -> None:
    shelf = Location.objects.filter(site_id=job.site_id, kind=LocationKind.HOSPITAL).order_by("pk").first()
    if shelf is None:
        raise DomainError(
            "not_found", "The site has no hospital shelf.", remedy="Add a location of kind hospital."
        )
    origin = (
        Balance.objects.filter(site_id=job.site_id, pickable=True, sku=line.sku, location__code=line.location)
        .order_by("pk")
        .first()
    )
    transfers.found_elsewhere(
        site_id=job.site_id,
        actor=actor_of(person),
        sku_id=line.sku.pk,
        qty=line.difference,
        origin=origin,
        target=shelf,
        reference=f"pack_job:{job.pk}",
        reason="too many in the tote",
    )


@txn.use_case
def give_up_missing(*, job: PackJob, person: Person) -> CountLine:
    """A missing unit cannot be found: the first such line becomes short by what is missing. Raises ``nothing_expected``."""
    line = next((line for line in lines(job) if line.difference < 0), None)
    if line is None:
        raise DomainError("nothing_expected", "No unit is missing.")
    orders.lock([job.order_id])
    missing = -line.difference
    reason = "missing in the tote, not found again"
    transfers.take_out(
        site_id=job.site_id,
        actor=actor_of(person),
        container_id=job.tote_use.container_id,
        sku_id=line.sku.pk,
        qty=missing,
        target=None,
        reference=f"pack_job:{job.pk}",
        reason=reason,
    )
    _record_short(job, line.sku, missing, reason)
    _release_when_right(job, person)
    return line


def _record_short(job: PackJob, sku: Sku, qty: int, reason: str) -> None:
    """Picked units left the tote again: the order's lines are short by them.

    An article may stand on several lines: as ordered, and as a substitute of another. The substitute gives first.
    """
    for line in OrderLine.objects.filter(order_id=job.order_id, sku=sku).order_by("-position"):
        part = min(qty, line.qty_picked)
        qty -= part
        if part:
            orders.record_picked(line.pk, qty=-part)
            orders.record_short(line.pk, qty=part, reason=reason)


def _release_when_right(job: PackJob, person: Person) -> None:
    if all(line.difference == 0 for line in lines(job)):
        _release(job, person)


def _release(job: PackJob, person: Person) -> None:
    actor = actor_of(person)
    if any(line.expected for line in lines(job)):
        advance(job, PackState.ARRIVING, table=TRANSITIONS, station_id=None, count_confirmed=True)
        journal.write("tote.mended", actor=actor, subject=f"order:{job.order.ref}")
        return
    orders.lock([job.order_id])
    advance(job, PackState.EMPTIED, table=TRANSITIONS, station_id=None, sealed_at=clock.now())
    containers.close_use(use_id=job.tote_use_id)
    settle(job.order, actor=actor)


@txn.use_case
def set_aside(*, station: Station, label: str, person: Person) -> int:
    """A tote of a cancelled order has come to the hospital; returns how many eaches wait to be put back.

    Raises ``unknown_tote``, ``tote_not_here`` when its order was not cancelled.
    """
    job = job_of_tote(site_id=station.site_id, label=label)
    if job.state != PackState.PUT_BACK:
        raise DomainError("tote_not_here", f"Tote {label} is {job.state}.", state=job.state)
    journal.write("tote.set_aside", actor=actor_of(person), subject=f"order:{job.order.ref}", tote=label)
    held = Balance.objects.filter(container_id=job.tote_use.container_id)
    return held.aggregate(total=Sum("on_hand"))["total"] or 0
