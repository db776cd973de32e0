"""Aisles, cross aisles and lifts as CSV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from mfc.core import exchange
from mfc.core.exchange import Batch, Column, Kind, Row, one_of, text, whole
from mfc.layout.exchange import site_of
from mfc.layout.models import Aisle, CrossAisle, Lift, WayDirection, Zone

AISLE, CROSS = "aisle", "cross"
_FAR = 1_000_000
_MM = "a whole number: millimetres from the front left corner"
WAY_COLUMNS = (
    Column("way", "the code of the aisle or cross aisle, 1 to 10 characters", text(10), needed=True),
    Column(
        "along", "aisle (runs to the back) or cross (runs to the right)", one_of((AISLE, CROSS)), needed=True
    ),
    Column("at_mm", f"{_MM}: x of an aisle, y of a cross aisle", whole(-_FAR, _FAR), needed=True),
    Column(
        "from_mm", "where it begins; empty: at the front, or at the first aisle", whole(-_FAR, _FAR), None
    ),
    Column("to_mm", "where it ends; empty: at the back, or at the last aisle", whole(-_FAR, _FAR), None),
    Column("direction", "both, forward or backward; empty: both", one_of(WayDirection.values), "both"),
    Column("floor", "0 to 100, 0 is the ground floor; empty: 0", whole(0, 100), 0),
    Column("zone", "the code of a zone of this site, or nothing", text(20), None),
)
LIFT_COLUMNS = (
    Column("lift", "the code of the lift or staircase, 1 to 10 characters", text(10), needed=True),
    Column("x_mm", _MM, whole(-_FAR, _FAR), needed=True),
    Column("y_mm", _MM, whole(-_FAR, _FAR), needed=True),
    Column("lowest_floor", "0 to 100; empty: 0", whole(0, 100), 0),
    Column("highest_floor", "1 to 100, above lowest_floor; empty: 1", whole(1, 100), 1),
    Column("wait_s", "seconds until it is there; empty: 20", whole(0, 3600), 20),
    Column("ride_s", "seconds per storey; empty: 10", whole(0, 3600), 10),
)
_NAMES: dict[str, tuple[str, str, str]] = {
    AISLE: ("x_mm", "from_y_mm", "to_y_mm"),
    CROSS: ("y_mm", "from_x_mm", "to_x_mm"),
}
_LIFT_FIELDS = ("x_mm", "y_mm", "lowest_floor", "highest_floor", "wait_s", "ride_s")


def apply_ways(batch: Batch) -> None:
    """Add aisles and cross aisles that are new and change those that differ."""
    site = site_of(batch)
    known: dict[str, Aisle | CrossAisle] = {row.code: row for row in site.aisles.all()}
    known |= {row.code: row for row in site.cross_aisles.all()}
    zones = {zone.code: zone for zone in Zone.objects.filter(site=site)}
    kept = _Kept()
    for row in batch.rows:
        way = known.get(row.values["way"])
        fields = _way_fields(batch, row, way, zones)
        if fields is not None:
            model = Aisle if row.values["along"] == AISLE else CrossAisle
            kept.take(batch, way, model(site=site, code=row.values["way"]), fields)
    kept.write(batch)


class _Kept:
    """New and changed rows of one batch."""

    def __init__(self) -> None:
        self.rows: list[tuple[Any, list[str]]] = []

    def take(self, batch: Batch, found: Any, blank: Any, fields: dict[str, Any]) -> None:
        """Count one row and remember what is to be written; ``blank`` becomes the row when none was found."""
        if found is None:
            for name, value in fields.items():
                setattr(blank, name, value)
            self.rows.append((blank, []))
            batch.new += 1
            return
        differs = [name for name, value in fields.items() if getattr(found, name) != value]
        if not differs:
            batch.same += 1
            return
        for name in differs:
            setattr(found, name, fields[name])
        self.rows.append((found, differs))
        batch.changed += 1

    def write(self, batch: Batch) -> None:
        """Write them, unless the file is only looked at."""
        if batch.dry:
            return
        for row, differs in self.rows:
            row.save(update_fields=differs or None)


def _way_fields(
    batch: Batch, row: Row, way: Aisle | CrossAisle | None, zones: dict[str, Zone]
) -> dict[str, Any] | None:
    values, before = row.values, len(batch.problems)
    along = values["along"]
    if way is not None and isinstance(way, Aisle) != (along == AISLE):
        is_now = AISLE if isinstance(way, Aisle) else CROSS
        batch.refuse(
            row, "along", "value_fixed", f"{way.code} is known as {is_now}.", f"{is_now}, or a new code"
        )
    names = dict(zip(("at_mm", "from_mm", "to_mm"), _NAMES[along], strict=True))
    fields = {field: values[column] for column, field in names.items() if column in values}
    fields |= {name: values[name] for name in ("direction", "floor") if name in values}
    low, high = values.get("from_mm"), values.get("to_mm")
    if low is not None and high is not None and low >= high:
        batch.refuse(row, "to_mm", "value_invalid", f"{high} is not above from_mm {low}.", f"above {low}")
    if "zone" in values:
        fields["zone"] = zones.get(values["zone"] or "")
        if values["zone"] and fields["zone"] is None:
            batch.refuse(
                row,
                "zone",
                "unknown_zone",
                f"There is no zone {values['zone']}.",
                ", ".join(zones) or "no zone",
            )
    return fields if len(batch.problems) == before else None


def way_rows(site: str) -> Iterator[Sequence[object]]:
    """Every aisle and cross aisle of the site."""
    for along, model in ((AISLE, Aisle), (CROSS, CrossAisle)):
        rows = model._default_manager.filter(site__code=site).select_related("zone")
        for way in exchange.in_blocks(rows, "code"):
            ends = [getattr(way, name) for name in _NAMES[along]]
            yield [way.code, along, *ends, way.direction, way.floor, way.zone.code if way.zone else ""]


def apply_lifts(batch: Batch) -> None:
    """Add lifts that are new and change those that differ."""
    site = site_of(batch)
    known = {row.code: row for row in site.lifts.all()}
    kept = _Kept()
    for row in batch.rows:
        values, lift = row.values, known.get(row.values["lift"])
        fields = {name: values[name] for name in _LIFT_FIELDS if name in values}
        low = fields.get("lowest_floor", lift.lowest_floor if lift else 0)
        high = fields.get("highest_floor", lift.highest_floor if lift else 1)
        if low >= high:
            text = f"{high} is not above lowest_floor {low}."
            batch.refuse(row, "highest_floor", "value_invalid", text, f"above {low}")
            continue
        kept.take(batch, lift, Lift(site=site, code=values["lift"]), fields)
    kept.write(batch)


def lift_rows(site: str) -> Iterator[Sequence[object]]:
    """Every lift of the site."""
    for lift in exchange.in_blocks(Lift.objects.filter(site__code=site), "code"):
        yield [lift.code, *(getattr(lift, name) for name in _LIFT_FIELDS)]


WAYS = Kind("ways", "Aisles and cross aisles", WAY_COLUMNS, ("way",), apply_ways, way_rows)
LIFTS = Kind("lifts", "Lifts and stairs", LIFT_COLUMNS, ("lift",), apply_lifts, lift_rows)
