"""Counting places: blind, again above the tolerance, decided by a manager when it is much; booked through the ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta

from django.db import IntegrityError
from django.db.models import Max, Q

from mfc.catalog.models import Sku, VelocityClass
from mfc.core import clock, journal, locks, txn
from mfc.core.actors import Actor
from mfc.core.errors import DomainError
from mfc.core.locks import LockSpace
from mfc.core.transitions import advance
from mfc.inventory import transfers
from mfc.inventory.models import Balance, Lot, MoveKind, ReasonCode, StockMove
from mfc.layout.models import SELLABLE_KINDS, Location, Site
from mfc.upkeep.models import Count, CountKind, CountLine
from mfc.upkeep.states import COUNT_OPEN, COUNT_TRANSITIONS, UNDER_WAY, WAITING, CountState

# Cycle counts that wait at a time: a count that nobody makes today is no plan.
MAX_CYCLE_OPEN = 20
MAX_QTY = 100_000

# SKU id and lot id -> counted eaches.
Counted = Mapping[tuple[int, int | None], int]


@txn.use_case
def draft(*, location: Location, kind: CountKind, reason: str = "") -> Count:
    """Have a place counted; one that waits already is not asked for twice (a picker's doubt makes it more urgent)."""
    while True:
        try:
            with txn.savepoint():
                count = Count.objects.create(
                    site_id=location.site_id,
                    location=location,
                    kind=kind,
                    reason=reason[:200],
                    created_at=clock.now(),
                )
        except IntegrityError:
            open_one = Count.objects.filter(location=location, state__in=COUNT_OPEN).first()
            if open_one is None:
                continue  # it was closed between the two looks: now there is room for a new one
            if open_one.kind == CountKind.CYCLE and kind != CountKind.CYCLE:
                Count.objects.filter(pk=open_one.pk).update(kind=kind, reason=reason[:200])
                open_one.kind, open_one.reason = kind, reason
            return open_one
        txn.hint("board")
        return count


def waiting(site: Site) -> list[Count]:
    """Counts that somebody should make: doubts first, then recounts, then what is due by class."""
    rank = {CountKind.SHORT: 0, CountKind.ZERO: 1, CountKind.MANUAL: 2, CountKind.CYCLE: 3}
    rows = Count.objects.filter(site=site, state__in=WAITING).select_related("location__zone", "site")
    return sorted(rows, key=lambda row: (rank[CountKind(row.kind)], row.pk))


@txn.use_case
def plan_cycle(*, site: Site) -> list[Count]:
    """Open counts of places whose turn has come: by the fastest class of what lies there, longest uncounted first."""
    locks.hold(LockSpace.UPKEEP, site.pk)
    open_now = Count.objects.filter(site=site, kind=CountKind.CYCLE, state__in=COUNT_OPEN).count()
    days = {
        VelocityClass.A: site.count_days_a,
        VelocityClass.B: site.count_days_b,
        VelocityClass.C: site.count_days_c,
    }
    fastest: dict[int, str] = {}
    rows = Balance.objects.filter(site=site, location__kind__in=SELLABLE_KINDS, on_hand__gt=0)
    for location_id, velocity in rows.values_list("location_id", "sku__velocity"):
        fastest[location_id] = min(fastest.get(location_id, "C"), velocity)
    due = []
    now = clock.now()
    places = Location.objects.filter(pk__in=fastest).exclude(counts__state__in=COUNT_OPEN)
    for place in places:
        interval = timedelta(days=days[VelocityClass(fastest[place.pk])])
        since = place.counted_at
        if since is None or now - since >= interval:
            overdue = (now - since) / interval if since else None
            due.append((overdue is not None, -(overdue or 0.0), fastest[place.pk], place.pk, place))
    due.sort(key=lambda item: item[:4])
    return [
        draft(
            location=place,
            kind=CountKind.CYCLE,
            reason=f"class {velocity}: every {days[VelocityClass(velocity)]} days",
        )
        for _, _, velocity, _, place in due[: max(MAX_CYCLE_OPEN - open_now, 0)]
    ]


@txn.use_case
def begin(*, count: Count, actor: Actor) -> Count:
    """Somebody stands before the place. Raises ``count_taken``."""
    locked = _lock(count.pk)
    if locked.state in UNDER_WAY:
        who = locked.second_by if locked.state == CountState.RECOUNTING else locked.first_by
        if who == str(actor):
            return locked
        raise DomainError("count_taken", f"{locked.location.code} is being counted by {who}.", by=who)
    newest = StockMove.objects.filter(_at(locked.location)).aggregate(newest=Max("id"))["newest"] or 0
    if locked.state == CountState.RECOUNT:
        advance(
            locked, CountState.RECOUNTING, table=COUNT_TRANSITIONS, second_by=str(actor), since_move=newest
        )
    else:
        advance(locked, CountState.COUNTING, table=COUNT_TRANSITIONS, first_by=str(actor), since_move=newest)
    return locked


def _at(location: Location) -> Q:
    return Q(from_location=location) | Q(to_location=location)


def _lock(count_id: int) -> Count:
    return (
        Count.objects.select_for_update(of=("self",), no_key=True)
        .select_related("location__zone", "site")
        .get(pk=count_id)
    )


@txn.use_case
def finish(*, count: Count, counted: Counted, actor: Actor) -> Count:
    """The place is counted: ``counted`` holds everything that lies there; what the book has besides was not found.

    Raises ``count_disturbed`` when stock moved at the place meanwhile (the count begins anew), ``quantity_invalid``,
    ``illegal_transition``.
    """
    locked = _lock(count.pk)
    for qty in counted.values():
        if not 0 <= qty <= MAX_QTY:
            raise DomainError("quantity_invalid", f"{qty} is not 0 to {MAX_QTY}.", limit=MAX_QTY)
    if locked.state not in UNDER_WAY:
        raise DomainError("illegal_transition", f"{locked} is {locked.state}.", state=locked.state)
    if StockMove.objects.filter(_at(locked.location), pk__gt=locked.since_move).exists():
        raise DomainError("count_disturbed", f"Stock moved at {locked.location.code} while it was counted.")
    is_second = locked.state == CountState.RECOUNTING
    lines = _lines(locked, counted, second=is_second)
    worst = max((abs(line.difference) for line in lines), default=0)
    if worst <= locked.site.count_tolerance_qty:
        return _close(locked, lines, actor)
    if not is_second:
        advance(locked, CountState.RECOUNT, table=COUNT_TRANSITIONS)
        journal.write("count.differs", actor=actor, subject=f"location:{locked.location.code}", worst=worst)
        return locked
    if any(line.first != line.second for line in lines) or worst > locked.site.count_approval_qty:
        advance(locked, CountState.REVIEW, table=COUNT_TRANSITIONS, counted_at=clock.now())
        journal.write(
            "count.for_review", actor=actor, subject=f"location:{locked.location.code}", worst=worst
        )
        txn.hint("board")
        return locked
    return _close(locked, lines, actor)


def _lines(count: Count, counted: Counted, *, second: bool) -> list[CountLine]:
    """Keep the count beside the present book."""
    book = {
        (row.sku_id, row.lot_id): row.on_hand
        for row in Balance.objects.filter(location=count.location, on_hand__gt=0)
    }
    known = {(line.sku_id, line.lot_id): line for line in count.lines.all()}
    for key in sorted({*book, *counted, *known}, key=lambda item: (item[0], item[1] or 0)):
        line = known.get(key) or CountLine(count=count, sku_id=key[0], lot_id=key[1])
        line.expected = book.get(key, 0)
        if second:
            line.second = counted.get(key, 0)
            line.first = line.first or 0
        else:
            line.first = counted.get(key, 0)
        line.save()
    return list(count.lines.select_related("sku", "lot").order_by("sku_id", "pk"))


def _close(count: Count, lines: list[CountLine], actor: Actor, **decided: object) -> Count:
    """Book the differences and end the count."""
    advance(count, CountState.CLOSED, table=COUNT_TRANSITIONS, counted_at=clock.now(), **decided)
    held_back = sum(_book(count, line, actor) for line in lines)
    Location.objects.filter(pk=count.location_id).update(counted_at=clock.now())
    journal.write(
        "count.closed",
        actor=actor,
        subject=f"location:{count.location.code}",
        lines=len(lines),
        booked=sum(line.booked for line in lines),
        held_back=held_back,
    )
    if held_back:
        draft(
            location=count.location,
            kind=CountKind.SHORT,
            reason=f"{held_back} reserved units were not there: count again after the picks",
        )
    txn.hint("board", "plan")
    return count


def _book(count: Count, line: CountLine, actor: Actor) -> int:
    """Correct one line; returns what is missing but reserved: its pickers keep their claim and will find out."""
    if line.difference == 0:
        return 0
    reason = f"count {count.pk}"
    balance = (
        Balance.objects.select_related("sku", "lot", "location", "site")
        .filter(location=count.location, sku_id=line.sku_id, lot=line.lot)
        .first()
    )
    if balance is None:
        transfers.found(
            location=count.location, sku_id=line.sku_id, lot_id=line.lot_id, qty=line.found, actor=actor,
            reference=f"count:{count.pk}", reason=reason,
        )  # fmt: skip
        CountLine.objects.filter(pk=line.pk).update(booked=line.found)
        line.booked = line.found
        return 0
    target = max(line.found, balance.reserved)
    line.booked, line.held_back = target - balance.on_hand, target - line.found
    transfers.adjust(
        balance=balance,
        actor=actor,
        on_hand=target,
        reason=reason,
        reason_code=ReasonCode.COUNTED,
        kind=MoveKind.COUNT,
        reference=f"count:{count.pk}",
    )
    CountLine.objects.filter(pk=line.pk).update(booked=line.booked, held_back=line.held_back)
    return line.held_back


@txn.use_case
def abandon(*, count: Count, actor: Actor) -> Count:
    """The counter stops before the end: the place waits again."""
    locked = _lock(count.pk)
    if locked.state == CountState.COUNTING:
        advance(locked, CountState.OPEN, table=COUNT_TRANSITIONS, first_by="")
    elif locked.state == CountState.RECOUNTING:
        advance(locked, CountState.RECOUNT, table=COUNT_TRANSITIONS, second_by="")
    return locked


@txn.use_case
def approve(*, count: Count, actor: Actor) -> Count:
    """A manager believes the count: it is booked. Raises ``illegal_transition``, ``count_disturbed``."""
    locked = _lock(count.pk)
    if (
        locked.state == CountState.REVIEW
        and StockMove.objects.filter(_at(locked.location), pk__gt=locked.since_move).exists()
    ):
        raise DomainError(
            "count_disturbed",
            f"Stock moved at {locked.location.code} since it was counted.",
            remedy="Have it counted again.",
        )
    if locked.state != CountState.REVIEW:
        raise DomainError(
            "illegal_transition", f"{locked} is {locked.state}, not in review.", state=locked.state
        )
    lines = list(locked.lines.select_related("sku", "lot").order_by("sku_id", "pk"))
    return _close(locked, lines, actor, decided_by=str(actor), decided_at=clock.now())


@txn.use_case
def reject(*, count: Count, actor: Actor, reason: str, again: bool = False) -> Count:
    """A manager does not believe it: nothing is booked; ``again``: somebody counts once more."""
    locked = _lock(count.pk)
    if again:
        advance(locked, CountState.RECOUNT, table=COUNT_TRANSITIONS, second_by="")
    else:
        advance(
            locked,
            CountState.REJECTED,
            table=COUNT_TRANSITIONS,
            decided_by=str(actor),
            decided_at=clock.now(),
        )
    journal.write(
        "count.rejected", actor=actor, subject=f"location:{locked.location.code}", reason=reason, again=again
    )
    return locked


def expected_lots(location: Location, sku: Sku) -> list[Lot]:
    """Lots of a SKU that the book has at the place: a code without a lot may mean any of them."""
    return [
        row.lot
        for row in Balance.objects.filter(location=location, sku=sku, on_hand__gt=0).select_related("lot")
        if row.lot is not None
    ]


def totals(counted: list[tuple[int, int | None, int]]) -> dict[tuple[int, int | None], int]:
    """Counted pieces by SKU and lot."""
    sums: dict[tuple[int, int | None], int] = defaultdict(int)
    for sku_id, lot_id, qty in counted:
        sums[(sku_id, lot_id)] += qty
    return dict(sums)
