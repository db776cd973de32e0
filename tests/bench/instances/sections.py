"""The keyword form of Heßler, Irnich, Henn, Wäscher and others: single-block layout, articles, storage, orders.

Traps: cell 0 is at the TOP, far from a bottom depot; the depot may be at the top; the values that Wahlen and
Gschwind published for the set of Muter and Öncan hold for 1.5 between cross aisle and cell, although the files
say 1; as two blocks, a cross aisle of width 1 lies behind half of the cells.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from tests.bench.instances.files import File

# Distance from a cross aisle to the first cell for which values of the Muter-Öncan set were published.
WAHLEN_GSCHWIND_END = Fraction(3, 2)


@dataclass(frozen=True, slots=True)
class Storage:
    """Some pieces of an article in one cell."""

    article: int
    aisle: int
    cell: int
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sections:
    """One file. Orders map article to quantity; a routing task is one order."""

    name: str
    family: str
    aisles: int
    cells: int
    depot_aisle: int
    depot_at_top: bool
    aisle_step: Fraction
    cell_step: Fraction
    top_to_cell: Fraction
    bottom_to_cell: Fraction
    to_depot: Fraction
    capacity: int | None
    weights: dict[int, int]
    storage: tuple[Storage, ...]
    orders: tuple[dict[int, int], ...]
    blocks: int = 1

    def as_two_blocks(self) -> Sections:
        return replace(self, blocks=2)

    def as_wahlen_gschwind(self) -> Sections:
        return replace(self, top_to_cell=WAHLEN_GSCHWIND_END, bottom_to_cell=WAHLEN_GSCHWIND_END)

    def places_of(self) -> dict[int, list[tuple[int, int]]]:
        """Return (aisle, cell) of every article, in the order of the file."""
        places: dict[int, list[tuple[int, int]]] = {}
        for each in self.storage:
            places.setdefault(each.article, []).append((each.aisle, each.cell))
        return places


def is_sections(text: str) -> bool:
    return "NUM_AISLES" in text and "SKU_SECTION" in text


def parse(file: File) -> Sections:
    """Read one file; ValueError when a keyword is missing or the layout is not one block."""
    head: dict[str, str] = {}
    weights: dict[int, int] = {}
    storage: list[Storage] = []
    orders: list[dict[int, int]] = []
    section = ""
    for line in _lines(file.text):
        if line.endswith("_SECTION"):
            section = line
            if section == "ORDER_SECTION" and "NUM_ORDERS" not in file.text:
                orders.append({})
        elif line.startswith("ID "):
            fields = _fields(line)
            if section == "ARTICLE_SECTION":
                weights[fields["ID"]] = fields.get("WEIGHT", 1)
            elif section == "SKU_SECTION":
                storage.append(Storage(fields["ID"], fields["AISLE"], fields["CELL"], fields["QUANTITY"]))
            else:
                order = orders[-1]
                order[fields["ID"]] = order.get(fields["ID"], 0) + fields["QUANTITY"]
        elif ":" in line:
            key, value = (part.strip() for part in line.split(":", 1))
            if key == "NUM_ARTICLES_IN_ORDER":
                orders.append({})
            head.setdefault(key, value)
    return _built(file, head, weights, storage, orders)


def _lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if (line := line.strip()) and line != "EOF":
            yield line


def _fields(line: str) -> dict[str, int]:
    words = line.split()
    return {key: int(value) for key, value in zip(words[::2], words[1::2], strict=False) if _is_int(value)}


def _is_int(text: str) -> bool:
    return text.lstrip("-").isdigit()


def _built(
    file: File,
    head: dict[str, str],
    weights: dict[int, int],
    storage: list[Storage],
    orders: list[dict[int, int]],
) -> Sections:
    if head.get("LAYOUT", "single-block") != "single-block":
        raise ValueError(f"{file.name}: layout {head['LAYOUT']} is not known")
    try:
        return Sections(
            name=file.name,
            family=_family(head, file),
            aisles=int(head["NUM_AISLES"]),
            cells=int(head["NUM_CELLS"]),
            depot_aisle=int(head["DEPOT_AISLE"]),
            depot_at_top=head["DEPOT_LOCATION"] == "top",
            aisle_step=Fraction(head["DISTANCE_AISLE_TO_AISLE"]),
            cell_step=Fraction(head["DISTANCE_CELL_TO_CELL"]),
            top_to_cell=Fraction(head["DISTANCE_TOP_TO_CELL"]),
            bottom_to_cell=Fraction(head["DISTANCE_BOTTOM_TO_CELL"]),
            to_depot=Fraction(head["DISTANCE_TOP_OR_BOTTOM_TO_DEPOT"]),
            capacity=int(head["PICKER_CAPACITY"]) if "PICKER_CAPACITY" in head else None,
            weights=weights,
            storage=tuple(storage),
            orders=tuple(orders),
        )
    except KeyError as missing:
        raise ValueError(f"{file.name}: no {missing.args[0]}") from missing


def _family(head: dict[str, str], file: File) -> str:
    """Name the set by what the file says of itself; the folder may have been renamed."""
    kind, name, comment = head.get("TYPE", ""), head.get("NAME", ""), head.get("COMMENT", "")
    if kind.startswith("Single_picker_routing"):
        return "SPRP-SS" if "scattered" in kind else "SPRP"
    if name.startswith("uniform"):
        return "HennWaescherUniform"
    if name.startswith("class"):
        return "HennWaescherClassBased"
    if comment.startswith("Muter"):
        return "MuterOencan"
    if comment.startswith("Bah"):
        return "BahceciOencan"
    return file.folder
