"""Archiving closed months: their moves go to a compressed CSV file, are read back and compared, and leave the database."""

from __future__ import annotations

import gzip
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from django.db import connection

from mfc.core import clock, journal, locks, txn
from mfc.core.actors import Actor
from mfc.core.errors import DomainError
from mfc.inventory import partitions
from mfc.inventory.models import ClosedMonth
from mfc.layout.models import Site

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Archived:
    """One month that left the database."""

    month: date
    file: Path
    sha256: str
    moves: int


def due(*, before: date) -> list[date]:
    """Months before ``before`` whose moves are still in the database, in order."""
    return [month for month in partitions.existing() if month < before]


@txn.use_case
def archive_month(*, month: date, folder: Path, actor: Actor) -> Archived:
    """Write a month's moves to ``folder``, read the file back, compare it row by row, and only then drop the moves.

    Raises ``month_open`` when a site has not closed the month, ``month_not_next`` when an earlier one is still there,
    ``archive_unverified`` when the file does not hold what the table holds. A file of that name is never overwritten.
    """
    locks.hold(locks.LockSpace.PARTITIONS, 0)
    table = partitions.name_of(month)
    present = partitions.existing()
    if month not in present:
        raise DomainError("month_not_next", f"{month:%Y-%m} has no table: it is archived, or never was.")
    if month != present[0]:
        raise DomainError(
            "month_not_next", f"{present[0]:%Y-%m} is to be archived first.", due=f"{present[0]:%Y-%m}"
        )
    with partitions.structure(), connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {table} IN SHARE MODE")
        _check_closed(cursor, month, table)
        path = folder / f"stock-moves-{month:%Y-%m}.csv.gz"
        sha256, moves = _export(cursor, table, path)
        _verify(cursor, table, path, sha256, moves)
        cursor.execute(f"ALTER TABLE {partitions.TABLE} DETACH PARTITION {table}")
        cursor.execute(f"DROP TABLE {table}")
    ClosedMonth.objects.filter(starts_on=month).update(
        archived_at=clock.now(), archive_file=str(path)[-300:], archive_sha256=sha256
    )
    journal.write(
        "moves.archived", actor=actor, subject=f"month:{month:%Y-%m}", file=str(path), sha256=sha256
    )
    return Archived(month, path, sha256, moves)


def _check_closed(cursor: Any, month: date, table: str) -> None:
    cursor.execute(f"SELECT DISTINCT site_id FROM {table}")  # noqa: S608
    with_moves = {site_id for (site_id,) in cursor.fetchall()}
    closed = set(ClosedMonth.objects.filter(starts_on=month).values_list("site_id", flat=True))
    started = set(
        ClosedMonth.objects.filter(starts_on__lt=month).values_list("site_id", flat=True)
    )  # a site with closed months before closes this one too, moves or not: archives have no holes
    for site in Site.objects.filter(pk__in=(with_moves | started) - closed).order_by("code"):
        raise DomainError("month_open", f"{site.code} has not closed {month:%Y-%m}.", site=site.code)
    if not closed:
        raise DomainError("month_open", f"No site has closed {month:%Y-%m}.")


def _export(cursor: Any, table: str, path: Path) -> tuple[str, int]:
    """SHA-256 of the finished file and the number of rows; the file appears under its name only when it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        raise DomainError(
            "archive_unverified",
            f"{path} exists.",
            remedy="Move the file away, or choose another folder; it is not overwritten.",
        )
    partial = path.with_name(path.name + ".part")
    rows_as_csv = f"COPY (SELECT * FROM {table} ORDER BY at, id) TO STDOUT (FORMAT csv, HEADER)"  # noqa: S608
    with partial.open("wb") as raw:
        with (
            gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as packed,
            cursor.copy(rows_as_csv) as rows,
        ):
            for block in rows:
                packed.write(bytes(block))
        raw.flush()
        os.fsync(raw.fileno())
    moves = int(cursor.rowcount)
    partial.rename(path)
    return _sha256(path), moves


def _verify(cursor: Any, table: str, path: Path, sha256: str, moves: int) -> None:
    """The file, read back from the disk, is the table: no row more, none less, none different."""
    cursor.execute("DROP TABLE IF EXISTS archived_again")
    cursor.execute(f"CREATE TEMP TABLE archived_again (LIKE {table}) ON COMMIT DROP")
    with cursor.copy("COPY archived_again FROM STDIN (FORMAT csv, HEADER MATCH)") as target:
        for block in _unpacked(path):
            target.write(block)
    cursor.execute(
        f"SELECT (SELECT count(*) FROM archived_again) = %s AND (SELECT count(*) FROM {table}) = %s"  # noqa: S608
        f" AND NOT EXISTS (SELECT * FROM {table} EXCEPT ALL SELECT * FROM archived_again)"
        f" AND NOT EXISTS (SELECT * FROM archived_again EXCEPT ALL SELECT * FROM {table})",
        [moves, moves],
    )
    same = bool(cursor.fetchone()[0])
    cursor.execute("DROP TABLE archived_again")
    if not same or _sha256(path) != sha256:
        raise DomainError("archive_unverified", f"{path} differs from the table.")


def _unpacked(path: Path) -> Iterator[bytes]:
    with gzip.open(path, "rb") as packed:
        while block := packed.read(_BLOCK):
            yield block


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as raw:
        while block := raw.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
