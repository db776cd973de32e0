"""Monthly partitions of the stock moves: their bounds, and making them ahead of time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

from django.db import connection

from mfc.core import clock, txn

TABLE = "inventory_stockmove"
DEFAULT = f"{TABLE}_default"
# Housekeeping that stands still for two months costs nothing: until then every month finds its partition.
MONTHS_AHEAD = 2


def month_of(at: datetime) -> date:
    """First day of the month (UTC) that a moment falls into."""
    return at.astimezone(UTC).date().replace(day=1)


def following(month: date) -> date:
    """First day of the next month."""
    return (month.replace(day=1) + timedelta(days=32)).replace(day=1)


def start_of(month: date) -> datetime:
    """First instant of a month."""
    return datetime(month.year, month.month, 1, tzinfo=UTC)


def end_of(month: date) -> datetime:
    """First instant after a month."""
    return start_of(following(month))


def name_of(month: date) -> str:
    """Name of a month's table."""
    return f"{TABLE}_y{month:%Y}m{month:%m}"


def existing() -> list[date]:
    """Months that have a partition, in order."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
            " WHERE i.inhparent = %s::regclass AND c.relname ~ '_y[0-9]{4}m[0-9]{2}$' ORDER BY 1",
            [TABLE],
        )
        return [date(int(name[-7:-3]), int(name[-2:]), 1) for (name,) in cursor.fetchall()]


def waiting() -> list[date]:
    """Months whose moves lie in the default partition."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT date_trunc('month', at AT TIME ZONE 'UTC')::date FROM {DEFAULT} ORDER BY 1"  # noqa: S608
        )
        return [month for (month,) in cursor.fetchall()]


@contextmanager
def structure() -> Iterator[None]:
    """Room for a change of the tables: what this transaction wrote is checked now, no statement is cut short."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL statement_timeout = 0")
        yield
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


@txn.use_case
def ensure(*, months: list[date]) -> list[date]:
    """Make the partitions that are missing; moves that wait in the default partition come along. Returns the new ones."""
    made = []
    with structure(), connection.cursor() as cursor:
        for month in months:
            cursor.execute("SELECT inventory_add_move_partition(%s::date)", [month])
            if cursor.fetchone()[0]:
                made.append(month)
    return made


def ensure_partitions() -> list[date]:
    """For housekeeping: partitions of this month, the next ones, and of whatever fell into the default partition.

    Nothing is lost when nobody calls it: moves without a partition of their month go to the default one. Waits for
    writers no longer than the lock timeout; whoever calls it regularly may let it fail.
    """
    wanted = [month_of(clock.now())]
    for _ in range(MONTHS_AHEAD):
        wanted.append(following(wanted[-1]))
    present = set(existing())
    missing = sorted({*wanted, *waiting()} - present)
    return ensure(months=missing) if missing else []
