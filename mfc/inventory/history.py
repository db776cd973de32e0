"""Looking back: stock as of any past moment, and the moves of a SKU, a lot, a place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from mfc.core import clock, keyset
from mfc.core.errors import DomainError
from mfc.inventory.models import ClosedMonth, StockMove
from mfc.inventory.sums import EVERYTHING, Sums, Where

# More places than a site of this kind has: an answer without a limit still has an end.
MAX_ROWS = 100_000
FIELDS = ("at", "id")
RELATED = ("sku", "lot__sku", "from_location", "from_container", "to_location", "to_container")
# What a month's end means once its moves are archived: the last second of the month, or the first instant after it.
MONTH_END = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, order=True)
class Held:
    """``on_hand`` of SKU + lot in one place; the id that does not apply is 0."""

    sku_id: int
    location_id: int
    container_id: int
    lot_id: int
    on_hand: int


def as_of(
    *, site_id: int, at: datetime, where: Where = EVERYTHING, after: Held | None = None, limit: int = MAX_ROWS
) -> list[Held]:
    """What every place held right after the moves of ``at``, ordered by SKU, location, container and lot.

    Counted from the nearest known state: the end of a closed month before or after, or now. Raises ``moment_in_future``,
    and ``moment_archived`` inside a month whose moves are archived (the ends of those months can be asked for).
    """
    if at > clock.now():
        raise DomainError("moment_in_future", f"{at.isoformat(timespec='seconds')} has not come yet.")
    sums = Sums()
    _from_nearest(sums, site_id, at, where)
    tail, values = " HAVING sum(qty) <> 0", list(sums.values)
    if after is not None:
        tail += " AND (sku_id, coalesce(location_id, 0), coalesce(container_id, 0), coalesce(lot_id, 0)) > (%s, %s, %s, %s)"
        values += [after.sku_id, after.location_id, after.container_id, after.lot_id]
    text = f"""
        SELECT sku_id, coalesce(location_id, 0), coalesce(container_id, 0), coalesce(lot_id, 0), sum(qty)::bigint
          FROM ({sums.sql}) flows GROUP BY sku_id, location_id, container_id, lot_id{tail}
         ORDER BY 1, 2, 3, 4 LIMIT %s"""  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(text, [*values, min(limit, MAX_ROWS)])
        return [Held(*row) for row in cursor.fetchall()]


def _from_nearest(sums: Sums, site_id: int, at: datetime, where: Where) -> None:
    months = ClosedMonth.objects.filter(site_id=site_id)
    before = months.filter(ends_at__lte=at).order_by("-ends_at").first()
    after = months.filter(ends_at__gt=at).order_by("ends_at").first()
    if after is not None and after.archived_at is not None:
        _from_archive(sums, at, before, after, where)
        return
    distance = {
        "before": at - before.ends_at if before else _since_first(site_id, at),
        "after": (after.ends_at if after else clock.now()) - at,
    }
    if distance["before"] <= distance["after"]:
        if before is not None:
            sums.add_snapshot(before.pk, where)
        lower = before.ends_at if before else datetime.min.replace(tzinfo=UTC)
        sums.add_moves(site_id, "at >= %s AND at <= %s", lower, at, where=where)
    elif after is not None:
        sums.add_snapshot(after.pk, where)
        sums.add_moves(site_id, "at > %s AND at < %s", at, after.ends_at, where=where, sign=-1)
    else:
        sums.add_balances(site_id, where)
        sums.add_moves(site_id, "at > %s", at, where=where, sign=-1)


def _since_first(site_id: int, at: datetime) -> timedelta:
    """How far back the first move lies: before it there was nothing."""
    first = (
        StockMove.objects.filter(site_id=site_id).order_by("at", "id").values_list("at", flat=True).first()
    )
    return at - first if first is not None else timedelta()


def _from_archive(
    sums: Sums, at: datetime, before: ClosedMonth | None, after: ClosedMonth, where: Where
) -> None:
    starts_at = datetime(after.starts_on.year, after.starts_on.month, 1, tzinfo=UTC)
    if after.ends_at - at <= MONTH_END:
        sums.add_snapshot(after.pk, where)
    elif before is not None and at == before.ends_at:
        sums.add_snapshot(before.pk, where)
    elif at < starts_at:
        sums.add_snapshot(0, where)  # before the first closed month: there was nothing
    else:
        raise DomainError(
            "moment_archived",
            f"The moves of {after} are archived; known are the ends of the months"
            f" ({starts_at.isoformat()} and {after.ends_at.isoformat()}).",
            month=str(after),
            file=after.archive_file,
            month_ends=[starts_at.isoformat(), after.ends_at.isoformat()],
        )


def moves(
    *,
    site_id: int,
    where: Where,
    size: int,
    since: datetime | None = None,
    until: datetime | None = None,
    kind: str = "",
    older_than: keyset.Key | None = None,
    newer_than: keyset.Key | None = None,
) -> keyset.Page:
    """A page of the moves of a SKU, a lot, a location or a container (or of all), newest first, from one key on.

    ``since`` is inclusive, ``until`` exclusive. Moves of archived months are not there.
    """
    rows = StockMove.objects.filter(site_id=site_id)
    if since is not None:
        rows = rows.filter(at__gte=since)
    if until is not None:
        rows = rows.filter(at__lt=until)
    if kind:
        rows = rows.filter(kind=kind)
    return keyset.page(
        _branches(rows, where),
        fields=FIELDS,
        size=size,
        rows=StockMove.objects.select_related(*RELATED),
        older_than=older_than,
        newer_than=newer_than,
    )


def _branches(rows: QuerySet[Any], where: Where) -> list[QuerySet[Any]]:
    """One query per index that answers it: into the place, and out of it."""
    for name in ("sku_id", "lot_id"):
        if getattr(where, name) is not None:
            rows = rows.filter(**{name: getattr(where, name)})
    if where.location_id is None and where.container_id is None:
        return [rows]
    ends = []
    for end in ("from", "to"):
        condition = Q()
        if where.location_id is not None:
            condition &= Q(**{f"{end}_location_id": where.location_id})
        if where.container_id is not None:
            condition &= Q(**{f"{end}_container_id": where.container_id})
        ends.append(rows.filter(condition))
    return ends


def archived_until(*, site_id: int) -> datetime | None:
    """Before this moment the moves are in archive files."""
    row = ClosedMonth.objects.filter(site_id=site_id, archived_at__isnull=False).order_by("-ends_at").first()
    return row.ends_at if row else None
