"""Published values by set and instance name, from the community's table or one of the sets' own tables."""

from __future__ import annotations

import csv
import gzip
import io
import lzma
import re
from dataclasses import dataclass
from pathlib import Path

_NAMES = ("instance_name", "instance", "name", "file")
_VALUES = (
    "reference_value",
    "optimal",
    "optimum",
    "opt",
    "value",
    "best",
    "ub",
    "objective",
    "cost",
    "length",
    "bks",
)
_PROVEN = ("reference_is_opt", "is_opt", "proven")
_POLICIES = ("", "optimal", "exact")
# The sets' names in the table, by the family of the file. Wahlen and Gschwind's values come first.
SETS = {
    "MuterOencan": ("muteroencanwg", "muteroencan"),
    "Kris": ("kris", "krissmall", "krissmalldatacorrected", "briantkris"),
    "Foodmart": ("foodmart", "foodmartdata"),
}
MARKS = {
    "HennWaescherUniform": "uniform",
    "HennWaescherClassBased": "class",
    "BahceciOencan": "bahc",
    "MuterOencan": "muter",
    "Foodmart": "foodmart",
    "Kris": "kris",
}


@dataclass(frozen=True, slots=True)
class Reference:
    """A published value of one instance."""

    value: float
    proven: bool
    set_name: str


class References:
    """All values of one table; find one by family and name."""

    def __init__(self, rows: dict[tuple[str, str], Reference]) -> None:
        self._rows = rows

    @classmethod
    def read(cls, path: Path | None, *, family: str = "") -> References:
        """Read a table (.csv, .csv.gz, .csv.xz); ValueError when it has no column of names or values.

        `family` is the set a table belongs to that does not say so itself.
        """
        rows: dict[tuple[str, str], Reference] = {}
        if path is None:
            return cls(rows)
        for row in _table(path):
            if row.get("reference_policy", "").strip().lower() not in _POLICIES:
                continue
            value = _figure(_value(row))
            if value is None:
                continue
            key = _folded(row.get("instance_set", family)), plain(_first(row, _NAMES, "name"))
            proven = _first(row, _PROVEN, None).strip().lower() in ("true", "1", "yes") or "optimal" in row
            known = rows.get(key)
            if known is None or value < known.value:
                rows[key] = Reference(value, proven, row.get("instance_set", family))
        return cls(rows)

    def find(self, family: str, name: str) -> Reference | None:
        for wanted in SETS.get(family, (_folded(family),)):
            if (found := self._rows.get((_folded(wanted), plain(name)))) is not None:
                return found
        if (own := self._rows.get(("", plain(name)))) is not None:
            return own
        # A table may split a set further or write its name longer: "Henn Wäscher uniform, largest gap".
        mark = MARKS.get(family)
        near = [
            row for (kept, key), row in self._rows.items() if key == plain(name) and mark and mark in kept
        ]
        return min(near, key=lambda row: row.value, default=None)

    def __len__(self) -> int:
        return len(self._rows)


def plain(name: str) -> str:
    """Reduce a name to what the tables agree on: no folder, ending, prefix or layout mark."""
    name = name.replace("\\", "/").rsplit("/", 1)[-1].strip().lower()
    name = re.sub(r"\.(txt|dat)$", "", name)
    return re.sub(r"_mal$", "", re.sub(r"^instances?_", "", name))


def _folded(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _table(path: Path) -> list[dict[str, str]]:
    content = path.read_bytes()
    if path.suffix == ".gz":
        content = gzip.decompress(content)
    elif path.suffix == ".xz":
        content = lzma.decompress(content)
    text = content.decode("utf-8-sig", errors="replace")
    first = text.split("\n", 1)[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    return [
        {
            (key or "").strip().lower(): (value or "")
            for key, value in row.items()
            if isinstance(value, str | None)
        }
        for row in csv.DictReader(io.StringIO(text), delimiter=delimiter)
    ]


def _first(row: dict[str, str], names: tuple[str, ...], what: str | None) -> str:
    for name in names:
        if name in row:
            return row[name]
    if what is None:
        return ""
    raise ValueError(f"the table has no column for the {what}: {', '.join(row)}")


def _value(row: dict[str, str]) -> str:
    """Return the value's column, or the only column of figures that is not about time or size."""
    if any(name in row for name in _VALUES):
        return _first(row, _VALUES, "value")
    others = re.compile(r"time|sec|cpu|gap|^n|num|count|cap|seed|^m$|^c$|^a$")
    figures = [text for key, text in row.items() if not others.search(key) and _figure(text) is not None]
    if len(figures) == 1:
        return figures[0]
    return _first(row, _VALUES, "value")


def _figure(text: str) -> float | None:
    text = text.strip().replace(",", ".")
    try:
        return float(text)
    except ValueError:
        return None
