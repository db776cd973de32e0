"""SKUs with their packs and barcodes as CSV: one row an article."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Prefetch

from mfc.catalog import codes
from mfc.catalog.models import Barcode, Pack, PackLevel, Sku, TemperatureClass, VelocityClass
from mfc.core import exchange
from mfc.core.errors import DomainError
from mfc.core.exchange import Batch, Column, Kind, Row, flag, one_of, text, whole, yes_no

EACH = ""
LEVELS = (EACH, PackLevel.INNER.value, PackLevel.CASE.value)
# Nothing has more codes than this; a longer list is a slip.
MAX_CODES = 20


def _codes_cell(cell: str) -> list[str]:
    found = [part.strip() for part in cell.split("|") if part.strip()]
    if len(found) > MAX_CODES:
        raise ValueError(f"The cell has {len(found)} codes.")
    return found


def _number(name: str, *, lowest: int = 0, highest: int = exchange.MAX_NUMBER) -> Column:
    return Column(name, f"a whole number from {lowest}, or nothing", whole(lowest, highest), None)


def _flag(name: str, default: str = "no") -> Column:
    return Column(name, f"yes or no; empty: {default}", flag, default == "yes")


_FIELDS = (
    Column("sku", "the code of the article, 1 to 40 characters", text(40), needed=True),
    Column("name", "1 to 200 characters", text(200)),
    Column("brand", "up to 80 characters", text(80), ""),
    Column("family", "up to 40 characters", text(40), ""),
    Column(
        "temperature", "ambient, chilled or frozen", one_of(TemperatureClass.values), TemperatureClass.AMBIENT
    ),
    Column("velocity", "A, B or C", one_of(VelocityClass.values), VelocityClass.C),
    _number("price_cents"),
    Column("weight_g", "a whole number from 1: grams of one each", whole(1)),
    Column("volume_ml", "a whole number from 1: millilitres of one each", whole(1)),
    _number("length_mm"),
    _number("width_mm"),
    _number("height_mm"),
    _flag("catch_weight"),
    Column("catch_tolerance_percent", "0 to 1000; empty: 30", whole(0, 1000), 30),
    _flag("lot_required"),
    _flag("expiry_required"),
    _number("shelf_life_days", highest=36_500),
    Column("min_remaining_days", "0 to 36500; empty: 0", whole(0, 36_500), 0),
    _flag("active", "yes"),
)
_CODES_EXPECTED = "codes of one each with | between them, each once"
_PACKS = tuple(
    column
    for level in LEVELS[1:]
    for column in (
        Column(f"{level}_eaches", "a whole number from 2; empty: no such pack", whole(2), None),
        _number(f"{level}_weight_g", lowest=1),
        _number(f"{level}_volume_ml", lowest=1),
        Column(f"{level}_barcodes", _CODES_EXPECTED.replace("one each", f"the {level}"), _codes_cell, ()),
    )
)
COLUMNS = (*_FIELDS, Column("barcodes", _CODES_EXPECTED, _codes_cell, ()), *_PACKS)
# What a SKU that is not known yet must have.
FIRST = ("name", "weight_g", "volume_ml")
_SKU_FIELDS = tuple(column.name for column in _FIELDS if column.name != "sku")
_PACK_FIELDS = ("eaches", "weight_g", "volume_ml")


def codes_column(level: str) -> str:
    """The column with the codes of a pack level."""
    return f"{level}_barcodes" if level else "barcodes"


@dataclass(slots=True)
class _Known:
    """What the database has of a chunk's articles and codes."""

    skus: dict[str, Sku]
    owners: dict[str, tuple[str, str]]  # code: (SKU, level)


@dataclass(slots=True)
class _Plan:
    """What is to be written, in the order of writing."""

    new: list[Sku] = field(default_factory=list)
    changed: list[Sku] = field(default_factory=list)
    fields: set[str] = field(default_factory=set)  # what differs in any of them
    packs_gone: list[Pack] = field(default_factory=list)
    packs_new: list[Pack] = field(default_factory=list)
    packs_changed: list[Pack] = field(default_factory=list)
    codes_gone: list[str] = field(default_factory=list)
    codes_new: list[tuple[Sku, str, str]] = field(default_factory=list)  # SKU, level, code


def apply(batch: Batch) -> None:
    """Compare the rows with what is there and, unless dry, write what differs."""
    wanted = {row.line: _normal_codes(batch, row) for row in batch.rows}
    known = _look_up(batch, wanted)
    plan = _Plan()
    for row in batch.rows:
        levels = wanted[row.line]
        if levels is not None:
            _plan_row(batch, row, levels, known, plan)
    if not batch.dry:
        _write(plan)


def _normal_codes(batch: Batch, row: Row) -> dict[str, list[str]] | None:
    """Codes by level in their kept form; None when one is wrong."""
    layouts = batch.memory.get("layouts")
    if layouts is None:
        layouts = batch.memory["layouts"] = codes.patterns()
    found: dict[str, list[str]] = {}
    for level in LEVELS:
        column = codes_column(level)
        if column not in row.values:
            continue
        try:
            found[level] = list(dict.fromkeys(codes.normal(code, layouts) for code in row.values[column]))
        except DomainError as refusal:
            batch.refuse(row, column, refusal.code, refusal.message, _CODES_EXPECTED)
            return None
    return found


def _look_up(batch: Batch, wanted: dict[int, dict[str, list[str]] | None]) -> _Known:
    packs = Prefetch("packs", Pack.objects.prefetch_related("barcodes"))
    rows = Sku.objects.filter(code__in=[row.values["sku"] for row in batch.rows])
    if not batch.dry:  # a scale on the floor may measure one of them meanwhile
        rows = rows.select_for_update(no_key=True).order_by("pk")
    every = {code for levels in wanted.values() if levels for found in levels.values() for code in found}
    owners = Barcode.objects.filter(code__in=every).values_list("code", "sku__code", "pack__level")
    return _Known(
        {sku.code: sku for sku in rows.prefetch_related(packs, "barcodes")},
        {code: (sku, level or EACH) for code, sku, level in owners},
    )


def _plan_row(batch: Batch, row: Row, levels: dict[str, list[str]], known: _Known, plan: _Plan) -> None:
    code = row.values["sku"]
    sku = known.skus.get(code)
    if sku is None:
        missing = [name for name in FIRST if row.values.get(name) is None]
        for name in missing:
            batch.refuse(row, name, "value_missing", f"{code} is new and has no {name}.", "a value")
        if missing:
            return
    if not (_packs_fit(batch, row, sku, levels) and _codes_are_free(batch, row, levels, known)):
        return
    is_new = sku is None
    sku = sku or Sku(code=code)
    fields = {name: row.values[name] for name in _SKU_FIELDS if name in row.values}
    differs = [name for name, value in fields.items() if getattr(sku, name) != value]
    for name in differs:
        setattr(sku, name, fields[name])
    if is_new:
        plan.new.append(sku)
    elif differs:
        plan.changed.append(sku)
        plan.fields.update(differs)
    moved = _plan_packs(row, sku, is_new, plan) + _plan_codes(batch, sku, is_new, levels, plan)
    if is_new:
        batch.new += 1
    elif differs or moved:
        batch.changed += 1
    else:
        batch.same += 1


def _packs_fit(batch: Batch, row: Row, sku: Sku | None, levels: dict[str, list[str]]) -> bool:
    has = {pack.level for pack in sku.packs.all()} if sku else set()
    right = True
    for level in LEVELS[1:]:
        eaches = row.values.get(f"{level}_eaches")
        there = eaches is not None or (f"{level}_eaches" not in row.values and level in has)
        extra = [name for name in ("weight_g", "volume_ml") if row.values.get(f"{level}_{name}") is not None]
        if not there and (levels.get(level) or extra):
            batch.refuse(
                row, f"{level}_eaches", "value_missing",
                f"The {level} has codes or measures, but nobody knows how many it holds.", "a whole number from 2",
            )  # fmt: skip
            right = False
    return right


def _codes_are_free(batch: Batch, row: Row, levels: dict[str, list[str]], known: _Known) -> bool:
    claimed: dict[str, tuple[str, str]] = batch.memory.setdefault("claimed", {})
    freed: set[str] = batch.memory.setdefault("freed", set())
    mine = row.values["sku"]
    right = True
    for level, found in levels.items():
        for code in found:
            owner = claimed.get(code) or (None if code in freed else known.owners.get(code))
            # A code may wander between the levels of its own article when the file says so for the old level too.
            stays = owner is not None and owner[0] == mine and (owner[1] == level or owner[1] in levels)
            if owner is not None and (not stays or (code in claimed and owner != (mine, level))):
                batch.refuse(
                    row, codes_column(level), "barcode_taken",
                    f"{code} is already the code of {owner[0]} ({owner[1] or 'each'}).", "a code nobody else has",
                )  # fmt: skip
                right = False
            else:
                claimed[code] = (mine, level)
    return right


def _plan_packs(row: Row, sku: Sku, is_new: bool, plan: _Plan) -> bool:
    packs = {} if is_new else {pack.level: pack for pack in sku.packs.all()}
    moved = False
    for level in LEVELS[1:]:
        values = {
            name: row.values[f"{level}_{name}"] for name in _PACK_FIELDS if f"{level}_{name}" in row.values
        }
        pack = packs.get(level)
        if values.get("eaches", 0) is None:
            if pack is not None:
                plan.packs_gone.append(pack)
                moved = True
        elif pack is None:
            if "eaches" in values:
                plan.packs_new.append(Pack(sku=sku, level=level, **values))
                moved = True
        elif any(getattr(pack, name) != value for name, value in values.items()):
            for name, value in values.items():
                setattr(pack, name, value)
            plan.packs_changed.append(pack)
            moved = True
    return moved


def _codes_of(sku: Sku) -> dict[str, str]:
    """Level by code, of what the article has."""
    levels = {pack.pk: pack.level for pack in sku.packs.all()}
    return {row.code: levels[row.pack_id] if row.pack_id else EACH for row in sku.barcodes.all()}


def _plan_codes(batch: Batch, sku: Sku, is_new: bool, levels: dict[str, list[str]], plan: _Plan) -> bool:
    has = {} if is_new else _codes_of(sku)
    want = {code: level for level, found in levels.items() for code in found}
    gone = [code for code, level in has.items() if level in levels and want.get(code) != level]
    fresh = [(code, level) for code, level in want.items() if has.get(code) != level]
    plan.codes_gone += gone
    batch.memory["freed"].update(code for code in gone if code not in want)
    plan.codes_new += [(sku, level, code) for code, level in fresh]
    return bool(gone or fresh)


def _write(plan: _Plan) -> None:
    Barcode.objects.filter(code__in=plan.codes_gone).delete()
    Pack.objects.filter(pk__in=[pack.pk for pack in plan.packs_gone]).delete()
    Sku.objects.bulk_create(plan.new)
    exchange.write_changes(plan.changed, plan.fields)
    Pack.objects.bulk_create(plan.packs_new)
    exchange.write_changes(plan.packs_changed, _PACK_FIELDS)
    in_packs = {sku.pk for sku, level, _ in plan.codes_new if level}
    packs = {(pack.sku_id, pack.level): pack for pack in Pack.objects.filter(sku_id__in=in_packs)}
    Barcode.objects.bulk_create(
        Barcode(sku=sku, pack=packs[sku.pk, level] if level else None, code=code)
        for sku, level, code in plan.codes_new
    )


def rows(site: str) -> Iterator[Sequence[object]]:
    """Every SKU, active or not."""
    known = Sku.objects.prefetch_related("packs", "barcodes")
    for sku in exchange.in_blocks(known, "code"):
        packs = {pack.level: pack for pack in sku.packs.all()}
        by_level: dict[str, list[str]] = {level: [] for level in LEVELS}
        for code, level in sorted(_codes_of(sku).items()):
            by_level[level].append(code)
        line: list[object] = [sku.code]
        for name in _SKU_FIELDS:
            value: Any = getattr(sku, name)
            line.append(yes_no(value) if isinstance(value, bool) else value)
        line.append("|".join(by_level[EACH]))
        for level in LEVELS[1:]:
            pack = packs.get(level)
            line += [getattr(pack, name, None) for name in _PACK_FIELDS]
            line.append("|".join(by_level[level]))
        yield line


KIND = Kind("skus", "SKUs with packs and barcodes", COLUMNS, ("sku",), apply, rows)
