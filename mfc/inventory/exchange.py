"""Opening stock as CSV: what lies where on the day the system takes over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from mfc.catalog.models import Sku
from mfc.core import clock, exchange, journal, txn
from mfc.core.exchange import Batch, Column, Kind, Row, day, one_of, text, whole
from mfc.inventory import ledger
from mfc.inventory.models import Balance, Lot, MoveKind, ReasonCode, StockMove
from mfc.inventory.places import at_location
from mfc.layout.exchange import places, site_of
from mfc.layout.models import Location, LocationKind

# Where stock can lie that nobody is working on.
PLACES = frozenset({LocationKind.BIN, LocationKind.RESERVE, LocationKind.QUARANTINE})
MAX_QTY = 1_000_000
ADD = "add"
COLUMNS = (
    Column("location", "the code of a bin, reserve place or quarantine place", text(30), needed=True),
    Column("sku", "the code of an active SKU", text(40), needed=True),
    Column("lot", "the lot, up to 20 characters; empty: none, or the last day as YYYY-MM-DD", text(20), ""),
    Column("expires_on", "the last day as YYYY-MM-DD, or nothing", day, None),
    Column("qty", f"eaches, 1 to {MAX_QTY}", whole(1, MAX_QTY), needed=True),
    Column("mode", "add: on top of what lies there; empty: nothing of it lies there yet", one_of({ADD}), ""),
)
_LotKey = tuple[str, str]


@dataclass(slots=True)
class _Known:
    """What the database has of a chunk's places, articles, lots and stock."""

    places: dict[str, Location]
    skus: dict[str, Sku]
    lots: dict[_LotKey, Lot]
    held: dict[tuple[int, int, str], int]  # (location, SKU, lot code): quantity
    done: set[str]  # references of rows that are booked


def reference(batch: Batch, row: Row) -> str:
    """The same row of the same file has the same reference for ever: that is how it is booked once."""
    return f"opening/{batch.digest[:16]}/{row.line}"


def apply(batch: Batch) -> None:
    """Book every row that is not booked yet, all of them in one posting."""
    known = _look_up(batch)
    wanted = [row for row in batch.rows if _is_wanted(batch, row, known)]
    if not batch.dry and wanted:
        _book(batch, wanted, known)


def _look_up(batch: Batch) -> _Known:
    found = places(batch)
    skus = Sku.objects.filter(code__in={row.values["sku"] for row in batch.rows}, active=True)
    lots = Lot.objects.filter(sku__in=skus, code__in={_lot_code(row) for row in batch.rows})
    held = Balance.objects.filter(location__in=found.values(), sku__in=skus, on_hand__gt=0)
    references = [reference(batch, row) for row in batch.rows]
    return _Known(
        found,
        {sku.code: sku for sku in skus},
        {(lot.sku.code, lot.code): lot for lot in lots.select_related("sku")},
        {
            (location, sku, lot or ""): qty
            for location, sku, lot, qty in held.values_list("location_id", "sku_id", "lot__code", "on_hand")
        },
        set(StockMove.objects.filter(reference__in=references).values_list("reference", flat=True)),
    )


def _lot_code(row: Row) -> str:
    """Goods that have a last day and no lot are kept apart by their day."""
    lot: str = row.values.get("lot", "")
    last_day: date | None = row.values.get("expires_on")
    return lot or (last_day.isoformat() if last_day else "")


def _is_wanted(batch: Batch, row: Row, known: _Known) -> bool:
    """Whether the row is right and not booked yet."""
    if reference(batch, row) in known.done:
        batch.same += 1
        return False
    before = len(batch.problems)
    place = known.places.get(row.values["location"])
    sku = known.skus.get(row.values["sku"])
    if place is None:
        batch.refuse(
            row, "location", "unknown_place", f"There is no location {row.values['location']}.", "a location"
        )
    elif place.kind not in PLACES:
        batch.refuse(
            row, "location", "value_invalid", f"{place.code} is a {place.kind}.", ", ".join(sorted(PLACES))
        )
    if sku is None:
        batch.refuse(row, "sku", "unknown_sku", f"{row.values['sku']} is not stocked here.", "an active SKU")
    if sku is not None:
        _check_lot(batch, row, sku, known)
    if place is not None and sku is not None:
        _check_free(batch, row, place, sku, known)
    if len(batch.problems) > before:
        return False
    batch.new += 1
    return True


def _check_lot(batch: Batch, row: Row, sku: Sku, known: _Known) -> None:
    code, last_day = _lot_code(row), row.values.get("expires_on")
    lot = known.lots.get((sku.code, code)) if code else None
    if sku.lot_required and not row.values.get("lot"):
        batch.refuse(row, "lot", "value_missing", f"{sku.code} is kept by lot.", "the lot")
    if sku.expiry_required and last_day is None and (lot is None or lot.expires_on is None):
        batch.refuse(row, "expires_on", "value_missing", f"{sku.code} has a last day.", "YYYY-MM-DD")
    first: dict[_LotKey, date | None] = batch.memory.setdefault("days", {})
    named = lot.expires_on if lot else first.setdefault((sku.code, code), last_day)
    if code and last_day is not None and named != last_day:
        batch.refuse(
            row, "expires_on", "value_invalid",
            f"Lot {code} of {sku.code} has the last day {named or 'unknown'}, not {last_day}.",
            f"{named or 'nothing'}",
        )  # fmt: skip


def _check_free(batch: Batch, row: Row, place: Location, sku: Sku, known: _Known) -> None:
    qty = known.held.get((place.pk, sku.pk, _lot_code(row)))
    if qty and row.values.get("mode") != ADD:
        lot = f" of lot {_lot_code(row)}" if _lot_code(row) else ""
        batch.refuse(
            row, "mode", "place_occupied", f"{place.code} holds {qty} × {sku.code}{lot} already.", "add"
        )


@txn.use_case
def _book(batch: Batch, rows: Sequence[Row], known: _Known) -> None:
    site = site_of(batch)
    _add_lots(rows, known)

    def lot_id(row: Row) -> int | None:
        code = _lot_code(row)
        return known.lots[row.values["sku"], code].pk if code else None

    ledger.post(
        site_id=site.pk,
        actor=batch.actor,
        entries=[
            ledger.Move(
                kind=MoveKind.RECEIPT,
                sku_id=known.skus[row.values["sku"]].pk,
                lot_id=lot_id(row),
                qty=row.values["qty"],
                source=None,
                target=at_location(known.places[row.values["location"]]),
                reference=reference(batch, row),
                reason_code=ReasonCode.OPENING,
            )
            for row in rows
        ],
    )
    journal.write(
        "stock.opened",
        actor=batch.actor,
        subject=f"site:{site.pk}",
        site=site.code,
        rows=len(rows),
        eaches=sum(row.values["qty"] for row in rows),
    )


def _add_lots(rows: Sequence[Row], known: _Known) -> None:
    fresh: dict[_LotKey, Lot] = {}
    for row in rows:
        key = (row.values["sku"], _lot_code(row))
        if key[1] and key not in known.lots and key not in fresh:
            fresh[key] = Lot(
                sku=known.skus[key[0]],
                code=key[1],
                expires_on=row.values.get("expires_on"),
                received_at=clock.now(),
            )
    Lot.objects.bulk_create(fresh.values())
    known.lots.update(fresh)


def rows(site: str) -> Iterator[Sequence[object]]:
    """What lies in bins, reserve and quarantine places now."""
    held = Balance.objects.filter(
        Q(location__kind__in=PLACES), site__code=site, on_hand__gt=0
    ).select_related("location", "sku", "lot")
    for balance in exchange.in_blocks(held, "pk"):
        lot = balance.lot
        yield [
            balance.location.code,
            balance.sku.code,
            lot.code if lot else "",
            lot.expires_on if lot else None,
            balance.on_hand,
            "",
        ]


KIND = Kind("opening-stock", "Opening stock", COLUMNS, ("location", "sku", "lot", "expires_on"), apply, rows)
