"""Closing months: the end of a month is kept as a snapshot, and no move may fall into it any more."""

from __future__ import annotations

from datetime import date

from django.db import connection

from mfc.core import clock, journal, locks, txn
from mfc.core.actors import Actor
from mfc.core.errors import DomainError
from mfc.inventory import partitions
from mfc.inventory.models import ClosedMonth, StockMove
from mfc.inventory.sums import PLACE, Sums
from mfc.layout.models import Site

# A refusal names so many places that disagree: enough to begin with.
MAX_EXAMPLES = 20


def next_month(*, site: Site) -> date | None:
    """First day of the month that is to be closed next; None when the site has no moves yet."""
    last = ClosedMonth.objects.filter(site=site).order_by("-ends_at").first()
    if last is not None:
        return partitions.month_of(last.ends_at)
    first = StockMove.objects.filter(site=site).order_by("at", "id").values_list("at", flat=True).first()
    return partitions.month_of(first) if first is not None else None


@txn.use_case
def close_month(*, site: Site, year: int, month: int, actor: Actor) -> ClosedMonth:
    """Close a month: keep what every place held at its end, and let no move fall into it any more.

    Today's work goes on meanwhile: only writers of that very month are waited for. Raises ``month_not_over``,
    ``month_closed``, ``month_not_next`` (an earlier one is open), ``nothing_to_close``, ``books_disagree``.
    """
    locks.hold(locks.LockSpace.CLOSING, site.pk)
    first = date(year, month, 1)
    _check_turn(site, first)
    partitions.ensure(months=[first])
    with connection.cursor() as cursor:
        # waits for whoever is writing into that month; who comes later is refused by the trigger
        cursor.execute(f"LOCK TABLE {partitions.name_of(first)} IN SHARE MODE")
    previous = ClosedMonth.objects.filter(site=site).order_by("-ends_at").first()
    _check_books(site, previous)
    starts_at, ends_at = partitions.start_of(first), partitions.end_of(first)
    closed = ClosedMonth.objects.create(
        site=site,
        starts_on=first,
        ends_at=ends_at,
        moves=StockMove.objects.filter(site=site, at__gte=starts_at, at__lt=ends_at).count(),
        closed_at=clock.now(),
        closed_by=str(actor),
    )
    _write_snapshot(closed, previous)
    journal.write("month.closed", actor=actor, subject=f"month:{closed}", site=site.code, moves=closed.moves)
    return closed


def _check_turn(site: Site, first: date) -> None:
    due = next_month(site=site)
    if due is None:
        raise DomainError("nothing_to_close", f"{site.code} has no stock moves yet.")
    if first < due:
        if ClosedMonth.objects.filter(site=site, starts_on=first).exists():
            raise DomainError("month_closed", f"{first:%Y-%m} is closed.")
        raise DomainError("nothing_to_close", f"{site.code} has no stock moves before {due:%Y-%m}.")
    if partitions.end_of(first) > clock.now():
        raise DomainError("month_not_over", f"{first:%Y-%m} is not over.")
    if first > due:
        raise DomainError("month_not_next", f"{due:%Y-%m} is to be closed first.", due=f"{due:%Y-%m}")


def _check_books(site: Site, previous: ClosedMonth | None) -> None:
    """The last snapshot and all moves since must give what the balances say now."""
    sums = Sums()
    _since(sums, site, previous)
    sums.add_balances(site.pk, sign=-1)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute(
            f"SELECT {', '.join(PLACE)}, sum(qty)::bigint FROM ({sums.sql}) flows"  # noqa: S608
            f" GROUP BY 1, 2, 3, 4 HAVING sum(qty) <> 0 LIMIT {MAX_EXAMPLES}",
            sums.values,
        )
        wrong = [dict(zip((*PLACE, "difference"), row, strict=True)) for row in cursor.fetchall()]
    if wrong:
        raise DomainError(
            "books_disagree", f"At {len(wrong)} or more places the moves give another quantity.", places=wrong
        )


def _since(sums: Sums, site: Site, previous: ClosedMonth | None) -> None:
    if previous is not None:
        sums.add_snapshot(previous.pk)
        sums.add_moves(site.pk, "at >= %s", previous.ends_at)
    else:
        sums.add_moves(site.pk, "true")


def _write_snapshot(closed: ClosedMonth, previous: ClosedMonth | None) -> None:
    sums = Sums()
    if previous is not None:
        sums.add_snapshot(previous.pk)
    starts_at = partitions.start_of(closed.starts_on)
    sums.add_moves(closed.site_id, "at >= %s AND at < %s", starts_at, closed.ends_at)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM (SELECT 1 FROM ({sums.sql}) flows GROUP BY {', '.join(PLACE)} HAVING sum(qty) < 0) low",  # noqa: S608
            sums.values,
        )
        negative = cursor.fetchone()[0]
        if negative:
            raise DomainError(
                "books_disagree", f"{negative} places would have ended the month below nothing.", places=[]
            )
        cursor.execute(
            f"INSERT INTO inventory_balancesnapshot (month_id, {', '.join(PLACE)}, on_hand)"  # noqa: S608
            f" SELECT %s, {', '.join(PLACE)}, sum(qty) FROM ({sums.sql}) flows"
            f" GROUP BY {', '.join(PLACE)} HAVING sum(qty) <> 0",
            [closed.pk, *sums.values],
        )
