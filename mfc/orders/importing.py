"""Orders from a CSV file: as history that planning learns from, or replayed as live orders."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TextIO

from mfc.catalog import queries as catalog
from mfc.core import clock, txn
from mfc.core.actors import Actor
from mfc.core.errors import DomainError
from mfc.layout.models import Site
from mfc.orders import intake
from mfc.orders.models import HistoryLine, Substitution

REQUIRED = ("order_ref", "placed_at", "sku", "qty")
# One report names at most this many rows; a file that is wrong throughout needs no longer list.
MAX_REPORTED = 10_000
# Rows per INSERT: enough to be fast, small enough to show progress.
BATCH_ROWS = 1_000
REPLAY_ADDRESS = {"name": "Replay", "street": "-", "postcode": "", "city": "-", "country": ""}


@dataclass(frozen=True, slots=True)
class Row:
    """One order line of the file, with its line number there."""

    line: int
    order_ref: str
    placed_at: datetime
    sku: str
    qty: int


@dataclass(frozen=True, slots=True)
class Refused:
    """A row (or the order it begins) that was not taken, and why."""

    line: int
    order_ref: str
    code: str
    text: str


@dataclass(slots=True)
class Report:
    """Counts, and the refused rows (at most MAX_REPORTED of them)."""

    rows: int = 0
    taken: int = 0
    known: int = 0
    refused: list[Refused] = field(default_factory=list)
    refused_count: int = 0

    def refuse(self, refused: Refused) -> None:
        """Note a refused row."""
        self.refused_count += 1
        if len(self.refused) < MAX_REPORTED:
            self.refused.append(refused)


def read(stream: TextIO, report: Report) -> Iterator[Row]:
    """Rows of the file; bad ones go to the report. Raises ``import_refused`` for a header that lacks columns."""
    reader = csv.DictReader(stream)
    missing = [name for name in REQUIRED if name not in (reader.fieldnames or ())]
    if missing:
        raise DomainError(
            "import_refused",
            f"The header lacks {', '.join(missing)}; found: {', '.join(reader.fieldnames or ()) or 'nothing'}.",
            remedy=f"The first line must name the columns {', '.join(REQUIRED)}.",
        )
    for raw in reader:
        report.rows += 1
        try:
            yield _row(reader.line_num, raw)
        except DomainError as refusal:
            report.refuse(
                Refused(reader.line_num, str(raw.get("order_ref") or ""), refusal.code, refusal.message)
            )


def _row(line: int, raw: dict[str, Any]) -> Row:
    try:
        placed_at = datetime.fromisoformat((raw["placed_at"] or "").strip())
    except ValueError as error:
        raise DomainError("import_refused", f"placed_at {raw['placed_at']!r} is no ISO 8601 time.") from error
    if placed_at.tzinfo is None:
        placed_at = placed_at.replace(tzinfo=UTC)
    ref, sku, text = ((raw[name] or "").strip() for name in ("order_ref", "sku", "qty"))
    if not ref or not sku:
        raise DomainError("import_refused", "order_ref and sku must not be empty.")
    if not text.isdigit() or not 1 <= int(text) <= intake.MAX_QTY:
        raise DomainError("quantity_invalid", f"qty {text!r} is not 1 to {intake.MAX_QTY}.")
    return Row(line, ref, placed_at, sku, int(text))


def history(*, site: Site, rows: Iterable[Row], report: Report) -> None:
    """Keep lines as history; lines that are known (same order and SKU) are counted and left as they are."""
    waiting: list[Row] = []
    for row in rows:
        waiting.append(row)
        if len(waiting) >= BATCH_ROWS:
            _keep(site, waiting, report)
            waiting = []
    if waiting:
        _keep(site, waiting, report)


@txn.use_case
def _keep(site: Site, rows: Sequence[Row], report: Report) -> None:
    skus = catalog.by_codes(row.sku for row in rows)
    lines: dict[tuple[str, int], HistoryLine] = {}
    for row in rows:
        sku = skus.get(row.sku)
        if sku is None:
            report.refuse(Refused(row.line, row.order_ref, "unknown_sku", f"{row.sku} is not stocked here."))
            continue
        key = (row.order_ref, sku.pk)
        if key in lines:
            lines[key].qty += row.qty
        else:
            lines[key] = HistoryLine(
                site=site, order_ref=row.order_ref, placed_at=row.placed_at, sku=sku, qty=row.qty
            )
    before = HistoryLine.objects.filter(site=site).count()
    HistoryLine.objects.bulk_create(lines.values(), ignore_conflicts=True)
    fresh = HistoryLine.objects.filter(site=site).count() - before
    report.taken += fresh
    report.known += len(lines) - fresh


def replay(
    *, site: Site, rows: Iterable[Row], report: Report, client: str, actor: Actor, promise_s: int
) -> None:
    """Send each order of the file as a live one, promised ``promise_s`` from now; one transaction per order.

    Rows of one order must stand together. An order that is refused is reported with its first row.
    """
    order: list[Row] = []
    for row in rows:
        if order and row.order_ref != order[0].order_ref:
            _send(site, order, report, client, actor, promise_s)
            order = []
        order.append(row)
    if order:
        _send(site, order, report, client, actor, promise_s)


def _send(site: Site, rows: list[Row], report: Report, client: str, actor: Actor, promise_s: int) -> None:
    now = clock.now()
    request = intake.OrderRequest(
        ref=rows[0].order_ref,
        lines=[intake.LineRequest(sku=row.sku, qty=row.qty) for row in rows],
        promise_from=now,
        promise_until=now + timedelta(seconds=promise_s),
        address=REPLAY_ADDRESS,
        substitution=Substitution.NEVER,
    )
    try:
        intake.accept(site=site, request=request, client=client, actor=actor)
    except DomainError as refusal:
        if refusal.code == "order_ref_taken":
            report.known += len(rows)
            return
        report.refuse(Refused(rows[0].line, rows[0].order_ref, refusal.code, refusal.message))
        return
    report.taken += len(rows)
