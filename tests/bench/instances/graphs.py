"""The graph form of Valle, Beasley and da Cunha (Foodmart) and of Briant and others (due dates).

Traps: the depot of Foodmart joins every front crossing by an edge of its own (Euclidean) length; a trolley
takes boxes (M of the orders), not volume; in the due-date set the capacity counts order lines, and the time
of a batch is travel times `TimeToTravelOneDistanceUnit` + `SetupTime` + `PickTime` for each line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from tests.bench.instances.files import File


@dataclass(frozen=True, slots=True)
class GraphOrder:
    """An order of a graph file: its number there, its load, its vertices (one for each line), its due time."""

    number: int
    load: int
    vertices: tuple[int, ...]
    due: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """One file. `arcs` are undirected lengths; crossings are (aisle, row) as the names of the vertices say."""

    name: str
    family: str
    depot: int
    arrival: int
    capacity: int
    orders: tuple[GraphOrder, ...]
    arcs: dict[tuple[int, int], Fraction]
    crossings: dict[int, tuple[int, int]]
    pickers: int = 1
    travel_time: int = 1
    setup_time: int = 0
    pick_time: int = 0

    def neighbours(self) -> dict[int, dict[int, Fraction]]:
        near: dict[int, dict[int, Fraction]] = {}
        for (a, b), length in self.arcs.items():
            near.setdefault(a, {})[b] = length
            near.setdefault(b, {})[a] = length
        return near


def is_graph(text: str) -> bool:
    return text.lstrip().startswith("//") and "//Arcs" in text


_CROSSING = re.compile(r"^(\d+)\s.*\"intersection aisle (\d+) bloc \d+ rank (\d+)\"")


def parse(file: File) -> Graph:
    """Read one file; ValueError when a part is missing."""
    blocks = _blocks(file.text)
    due_dates = "NbPickers" in blocks
    products = {int(f[0]): int(f[1]) for f in map(str.split, _after(blocks, "Idx Location"))}
    orders = [
        _order([int(field) for field in line.split()], products, due_dates=due_dates)
        for line in blocks[next(key for key in blocks if key.startswith("Idx ") and "NbProdInOrder" in key)]
    ]
    arcs: dict[tuple[int, int], Fraction] = {}
    for line in blocks["Start End Distance"]:
        a, b, length = line.split()
        arcs[min(int(a), int(b)), max(int(a), int(b))] = Fraction(length)
    found = (_CROSSING.match(line) for line in file.text.splitlines() if "intersection" in line)
    return Graph(
        name=file.name,
        family="Kris" if due_dates else "Foodmart",
        depot=_number(blocks, "DepartingDepot"),
        arrival=_number(blocks, "ArrivalDepot"),
        capacity=_number(blocks, "CapaPicker" if due_dates else "K: NbBoxesTrolley"),
        orders=tuple(orders),
        arcs=arcs,
        crossings={int(m[1]): (int(m[2]), int(m[3])) for m in found if m},
        pickers=_number(blocks, "NbPickers") if due_dates else 1,
        travel_time=_number(blocks, "TimeToTravelOneDistanceUnit") if due_dates else 1,
        setup_time=_number(blocks, "SetupTime") if due_dates else 0,
        pick_time=_number(blocks, "PickTime") if due_dates else 0,
    )


def _blocks(text: str) -> dict[str, list[str]]:
    """Split the file at its comment lines; the distance matrix is left out, it follows from the arcs."""
    blocks: dict[str, list[str]] = {}
    key = ""
    for line in text.splitlines():
        line = line.strip()
        if line.startswith("//"):
            key = line[2:].strip()
            blocks.setdefault(key, [])
        elif line and not key.startswith("LocStart"):
            blocks[key].append(line)
    return blocks


def _after(blocks: dict[str, list[str]], start: str) -> list[str]:
    return next(lines for key, lines in blocks.items() if key.startswith(start))


def _number(blocks: dict[str, list[str]], key: str) -> int:
    return int(_after(blocks, key)[0])


def _order(fields: list[int], products: dict[int, int], *, due_dates: bool) -> GraphOrder:
    if due_dates:
        number, due, _penalty, count = fields[:4]
        lines = fields[4 : 4 + 2 * count : 2]
        return GraphOrder(number, count, tuple(products[line] for line in lines), due)
    number, boxes, count = fields[:3]
    lines = fields[3 : 3 + 2 * count : 2]
    return GraphOrder(number, boxes, tuple(products[line] for line in lines))
