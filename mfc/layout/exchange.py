"""Locations, and which SKU has its slot where, as CSV."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from mfc.catalog.models import Sku, VelocityClass
from mfc.core import exchange, labels
from mfc.core.exchange import Batch, Column, Kind, Row, flag, one_of, text, whole, yes_no
from mfc.layout.models import Location, LocationKind, Site, Zone


def _label(cell: str) -> str:
    """A location label, with its check character."""
    label = labels.parse(cell)
    if label.kind is not labels.Kind.LOCATION:
        raise ValueError(f"{cell!r} is no label of a location.")
    return label.text


_MM = "a whole number: millimetres from the front left corner"
LOCATION_COLUMNS = (
    Column("location", "the code of the place, 1 to 30 characters", text(30), needed=True),
    Column("label", "L-… with its check character; empty: made from the code", _label, None),
    Column("kind", ", ".join(LocationKind.values), one_of(LocationKind.values)),
    Column("zone", "the code of a zone of this site, or nothing", text(20), None),
    Column("aisle", "up to 10 characters", text(10), ""),
    Column("x_mm", _MM, whole(-1_000_000, 1_000_000)),
    Column("y_mm", _MM, whole(-1_000_000, 1_000_000)),
    Column("level", "0 to 100, 0 is the floor; empty: 0", whole(0, 100), 0),
    Column("floor", "0 to 100, 0 is the ground floor; empty: 0", whole(0, 100), 0),
    Column("drop_point", "yes or no: carts may be emptied here; empty: no", flag, False),
    Column("check_code", "up to 4 characters", text(4), ""),
    Column("capacity_ml", "a whole number; empty: no limit", whole(1), None),
    Column("capacity_g", "a whole number; empty: no limit", whole(1), None),
    Column("velocity", "A, B or C; empty: anything", one_of(VelocityClass.values), ""),
)
SLOT_COLUMNS = (
    Column("location", "the code of a bin of this site", text(30), needed=True),
    Column("sku", "the SKU that has its slot here; empty: none", text(40), None, needed=True),
    Column("slot_min", "eaches: at or below this it is replenished; empty: never", whole(0), None),
    Column("slot_max", "eaches that fit, above slot_min; empty: no limit", whole(1), None),
)
# What a location that is not known yet must have.
FIRST = ("kind", "x_mm", "y_mm")
_PLACED = ("aisle", "x_mm", "y_mm", "level", "floor")
_REST = ("check_code", "capacity_ml", "capacity_g", "velocity")
_PLAIN = (*_PLACED, "drop_point", *_REST)
_FIELDS = ("label", "kind", "zone", *_PLAIN)
_SLOT_FIELDS = ("slotted_sku", "slot_min", "slot_max")


def site_of(batch: Batch) -> Site:
    """The site the file is for."""
    found: Site | None = batch.memory.get("site")
    if found is None:
        found = batch.memory["site"] = Site.objects.get(code=batch.site)
    return found


def made_label(code: str) -> str:
    """The label of a location without one: its code without signs, filled up to the shortest body."""
    return labels.make(labels.Kind.LOCATION, re.sub(r"[^0-9A-Z]", "", code.upper()).rjust(5, "0"))


def places(batch: Batch, *, lock: bool = False) -> dict[str, Location]:
    """The locations that the rows name, by code. Who goes on to book stock must not lock them: positions come first."""
    rows = Location.objects.filter(
        site=site_of(batch), code__in={row.values["location"] for row in batch.rows}
    )
    if lock:
        rows = rows.select_for_update(no_key=True, of=("self",)).order_by("pk")
    return {row.code: row for row in rows.select_related("zone", "slotted_sku")}


def apply_locations(batch: Batch) -> None:
    """Add locations that are new and change those that differ."""
    known = places(batch, lock=not batch.dry)
    zones = {zone.code: zone for zone in Zone.objects.filter(site=site_of(batch))}
    taken = _labels_taken(batch)
    new: list[Location] = []
    changed: list[Location] = []
    for row in batch.rows:
        place = known.get(row.values["location"])
        fields = _location_fields(batch, row, place, zones, taken)
        if fields is None:
            continue
        if place is None:
            new.append(Location(site=site_of(batch), code=row.values["location"], **fields))
            batch.new += 1
            continue
        differs = [name for name, value in fields.items() if getattr(place, name) != value]
        if not differs:
            batch.same += 1
            continue
        for name in differs:
            setattr(place, name, fields[name])
        changed.append(place)
        batch.changed += 1
    if not batch.dry:
        Location.objects.bulk_create(new)
        exchange.write_changes(changed, _FIELDS)


def _labels_taken(batch: Batch) -> dict[str, tuple[str, str]]:
    """(site, location) by label, of the labels that the rows name or that would be made for them."""
    wanted = {row.values.get("label") or _try_label(row.values["location"]) for row in batch.rows}
    rows = Location.objects.filter(label__in=wanted - {""}).values_list("label", "site__code", "code")
    return {label: (site, code) for label, site, code in rows}


def _try_label(code: str) -> str:
    try:
        return made_label(code)
    except labels.LabelError:
        return ""


def _location_fields(
    batch: Batch,
    row: Row,
    place: Location | None,
    zones: dict[str, Zone],
    taken: dict[str, tuple[str, str]],
) -> dict[str, Any] | None:
    """Values by field; None when something is wrong."""
    values, before = row.values, len(batch.problems)
    fields = {name: values[name] for name in _PLAIN if name in values}
    if place is None:
        for name in FIRST:
            if values.get(name) is None:
                batch.refuse(
                    row, name, "value_missing", f"{values['location']} is new and has no {name}.", "a value"
                )
    if "kind" in values:
        fields["kind"] = values["kind"]
        if place is not None and values["kind"] != place.kind:
            batch.refuse(
                row, "kind", "value_fixed",
                f"{place.code} is a {place.kind}; what lies there would change its meaning.",
                f"{place.kind}, or a new location",
            )  # fmt: skip
    if "zone" in values:
        fields["zone"] = zones.get(values["zone"] or "")
        if values["zone"] and fields["zone"] is None:
            batch.refuse(
                row, "zone", "unknown_zone", f"There is no zone {values['zone']}.", ", ".join(zones) or "no zone"
            )  # fmt: skip
    _choose_label(batch, row, place, fields, taken)
    return fields if len(batch.problems) == before else None


def _choose_label(
    batch: Batch, row: Row, place: Location | None, fields: dict[str, Any], taken: dict[str, tuple[str, str]]
) -> None:
    label = row.values.get("label")
    if label is None and place is not None:
        return  # an empty cell keeps the label that hangs there
    label = label or _try_label(row.values["location"])
    me = (batch.site, row.values["location"])
    if not label:
        batch.refuse(row, "label", "value_missing", "No label can be made from this code.", "L-…")
        return
    owner = batch.memory.setdefault("labels", {}).setdefault(label, taken.get(label, me))
    if owner != me:
        batch.refuse(
            row, "label", "value_duplicate", f"{label} hangs at {owner[1]} of {owner[0]}.", "another label"
        )
    fields["label"] = label


def location_rows(site: str) -> Iterator[Sequence[object]]:
    """Every location of the site."""
    rows = Location.objects.filter(site__code=site).select_related("zone")
    for place in exchange.in_blocks(rows, "code"):
        zone = place.zone.code if place.zone else ""
        placed = [getattr(place, name) for name in _PLACED]
        rest = [getattr(place, name) for name in _REST]
        yield [place.code, place.label, place.kind, zone, *placed, yes_no(place.drop_point), *rest]


def apply_slots(batch: Batch) -> None:
    """Say which SKU has its slot where, with min and max."""
    known = places(batch, lock=not batch.dry)
    skus = Sku.objects.in_bulk(
        {row.values["sku"] for row in batch.rows if row.values["sku"]}, field_name="code"
    )
    changed: list[Location] = []
    for row in batch.rows:
        place = known.get(row.values["location"])
        fields = _slot_fields(batch, row, place, skus)
        if place is None or fields is None:
            continue
        if all(getattr(place, name) == value for name, value in fields.items()):
            batch.same += 1
            continue
        for name, value in fields.items():
            setattr(place, name, value)
        changed.append(place)
        batch.changed += 1
    if not batch.dry:
        exchange.write_changes(changed, _SLOT_FIELDS)


def _slot_fields(
    batch: Batch, row: Row, place: Location | None, skus: dict[str, Sku]
) -> dict[str, Any] | None:
    values, before = row.values, len(batch.problems)
    if place is None:
        batch.refuse(
            row, "location", "unknown_place", f"There is no location {values['location']}.", "a location"
        )
        return None
    if place.kind != LocationKind.BIN and values["sku"]:
        batch.refuse(row, "location", "value_invalid", f"{place.code} is a {place.kind}.", "a bin")
    sku = skus.get(values["sku"] or "")
    if values["sku"] and sku is None:
        batch.refuse(row, "sku", "unknown_sku", f"{values['sku']} is not known here.", "a known SKU")
    low = values.get("slot_min", place.slot_min)
    high = values.get("slot_max", place.slot_max)
    if low is not None and high is not None and low >= high:
        batch.refuse(row, "slot_max", "value_invalid", f"{high} is not above slot_min {low}.", f"above {low}")
    return {"slotted_sku": sku, "slot_min": low, "slot_max": high} if len(batch.problems) == before else None


def slot_rows(site: str) -> Iterator[Sequence[object]]:
    """Every bin of the site, with its SKU or without."""
    rows = Location.objects.filter(site__code=site, kind=LocationKind.BIN).select_related("slotted_sku")
    for place in exchange.in_blocks(rows, "code"):
        sku = place.slotted_sku.code if place.slotted_sku else ""
        yield [place.code, sku, place.slot_min, place.slot_max]


LOCATIONS = Kind("locations", "Locations", LOCATION_COLUMNS, ("location",), apply_locations, location_rows)
SLOTS = Kind("slots", "Slots with min and max", SLOT_COLUMNS, ("location",), apply_slots, slot_rows)
