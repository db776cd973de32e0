"""Recompute every claimed value from the walks alone. Shares no code with the solvers or the readers.

The checker reads the instance's text itself, builds the walkable graph of every cell and crossing, takes all
distances from it (Dijkstra), and asks of a solution: does every walk start and end at the depot, does it come
to every place its orders need, is every order in exactly one batch, does the batch fit, and is the claimed
value the length of the walks? Anything else is a fault, said in words.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise, permutations
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

Place = Hashable
# Claimed and recomputed values may differ by the rounding of decimal fractions, not by a step.
TOLERANCE = 1e-6


class Floor:
    """The walkable graph of an instance."""

    def __init__(self) -> None:
        self._number: dict[Place, int] = {}
        self._ways: dict[tuple[int, int], float] = {}
        self._far: dict[int, np.ndarray] = {}

    def way(self, a: Place, b: Place, length: float) -> None:
        one, other = (self._number.setdefault(place, len(self._number)) for place in (a, b))
        self._ways[one, other] = self._ways[other, one] = length

    def knows(self, place: Place) -> bool:
        return place in self._number

    def distance(self, a: Place, b: Place) -> float:
        source = self._number[a]
        if source not in self._far:
            # A tiny length keeps ways of length zero in the sparse matrix.
            lengths = [max(length, 1e-12) for length in self._ways.values()]
            rows, columns = zip(*self._ways, strict=True)
            size = len(self._number)
            matrix = csr_matrix((lengths, (rows, columns)), shape=(size, size))
            self._far[source] = dijkstra(matrix, indices=source)
        return round(float(self._far[source][self._number[b]]), 6)


@dataclass(slots=True)
class Case:
    """An instance as the checker understands it."""

    floor: Floor
    depot: Place
    # Order id -> places it needs (with scattered storage: see `stock`).
    needs: dict[int, set[Place]]
    loads: dict[int, int]
    capacity: int | None
    due: dict[int, int] = field(default_factory=dict)
    pickers: int = 1
    travel_time: int = 1
    setup_time: int = 0
    pick_time: int = 0
    # Scattered storage: article -> how many pieces are wanted, and place -> article -> pieces there.
    wanted: dict[int, int] = field(default_factory=dict)
    stock: dict[Place, dict[int, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The recomputed value and what is wrong with the solution."""

    value: float
    faults: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return not self.faults


def check(text: str, solution: Mapping[str, Any]) -> Verdict:
    """Judge a solution of one instance; `blocks` and `ends` of the solution say which geometry it claims."""
    case = read(text, blocks=int(solution.get("blocks", 1)), ends=solution.get("ends"))
    if "batches" in solution:
        return _check_batches(case, solution)
    walk = [_place(point) for point in solution["walk"]]
    faults = _walk_faults(case, walk, set().union(*case.needs.values()) if not case.stock else set())
    if case.stock:
        faults += _stock_faults(case, walk)
    return _verdict(_length(case, walk) if not faults else float("nan"), solution, faults)


def read(text: str, *, blocks: int = 1, ends: float | None = None) -> Case:
    """Build the case of an instance file; `ends` overrules the distance from a cross aisle to its first cell."""
    return _read_graph(text) if text.lstrip().startswith("//") else _read_sections(text, blocks, ends)


def brute_force(case: Case, places: Iterable[Place]) -> float:
    """Return the length of the shortest walk by trying every order; for a handful of places."""
    chosen = list(places)
    return min(_length(case, [case.depot, *order, case.depot]) for order in permutations(chosen))


def _verdict(value: float, solution: Mapping[str, Any], faults: list[str]) -> Verdict:
    claimed = float(solution["value"])
    if not faults and abs(claimed - value) > TOLERANCE * max(1.0, abs(value)):
        faults = [f"claims {claimed}, but the walks make {value}"]
    return Verdict(value, tuple(faults))


def _check_batches(case: Case, solution: Mapping[str, Any]) -> Verdict:
    batches = [[int(order) for order in batch] for batch in solution["batches"]]
    walks = [[_place(point) for point in walk] for walk in solution["walks"]]
    faults = []
    taken = sorted(order for batch in batches for order in batch)
    if taken != sorted(case.needs):
        faults.append("not every order is in exactly one batch")
        return _verdict(float("nan"), solution, faults)
    if len(walks) != len(batches):
        faults.append(f"{len(batches)} batches, but {len(walks)} walks")
        return _verdict(float("nan"), solution, faults)
    for number, (batch, walk) in enumerate(zip(batches, walks, strict=True)):
        load = sum(case.loads[order] for order in batch)
        if case.capacity is not None and load > case.capacity:
            faults.append(f"batch {number} loads {load}, the picker carries {case.capacity}")
        needed = set().union(*(case.needs[order] for order in batch))
        faults += [f"batch {number}: {fault}" for fault in _walk_faults(case, walk, needed)]
    if faults:
        return _verdict(float("nan"), solution, faults)
    if not case.due:
        return _verdict(sum(_length(case, walk) for walk in walks), solution, [])
    return _check_schedule(case, batches, walks, solution)


def _check_schedule(
    case: Case,
    batches: Sequence[Sequence[int]],
    walks: Sequence[Sequence[Place]],
    solution: Mapping[str, Any],
) -> Verdict:
    """Batches are done one after the other by the picker in `pickers`, in the order of the list."""
    faults, total = [], 0.0
    free: dict[int, float] = defaultdict(float)
    for batch, walk, picker in zip(batches, walks, solution["pickers"], strict=True):
        if not 0 <= int(picker) < case.pickers:
            faults.append(f"there is no picker {picker}")
        lines = sum(case.loads[order] for order in batch)
        duration = _length(case, walk) * case.travel_time + case.setup_time + case.pick_time * lines
        free[int(picker)] += duration
        total += duration
        late = [order for order in batch if free[int(picker)] > case.due[order] + TOLERANCE]
        faults += [f"order {order} is late" for order in late]
    return _verdict(total, solution, faults)


def _place(point: Any) -> Place:
    return tuple(point) if isinstance(point, list) else point


def _length(case: Case, walk: Sequence[Place]) -> float:
    return sum(case.floor.distance(a, b) for a, b in pairwise(walk))


def _walk_faults(case: Case, walk: Sequence[Place], needed: set[Place]) -> list[str]:
    unknown = [place for place in walk if not case.floor.knows(place)]
    if unknown:
        return [f"there is no place {unknown[0]}"]
    faults = []
    if not walk or walk[0] != case.depot or walk[-1] != case.depot:
        faults.append("the walk does not start and end at the depot")
    if missed := needed - set(walk):
        faults.append(f"the walk misses {len(missed)} places, for example {min(missed, key=str)}")
    return faults


def _stock_faults(case: Case, walk: Sequence[Place]) -> list[str]:
    found: dict[int, int] = defaultdict(int)
    for place in set(walk):
        for article, pieces in case.stock.get(place, {}).items():
            found[article] += pieces
    short = [article for article, pieces in case.wanted.items() if found[article] < pieces]
    return [f"the walk brings too little of article {short[0]}"] if short else []


def _sections_floor(text: str, blocks: int, ends: float | None) -> Floor:
    def value(key: str) -> float:
        match = re.search(rf"^{key} *: *([-\d.]+)", text, re.MULTILINE)
        if match is None:
            raise ValueError(f"no {key}")
        return float(match[1])

    floor = Floor()
    aisles, cells = int(value("NUM_AISLES")), int(value("NUM_CELLS"))
    top = value("DISTANCE_TOP_TO_CELL") if ends is None else ends
    bottom = value("DISTANCE_BOTTOM_TO_CELL") if ends is None else ends
    across, along = value("DISTANCE_AISLE_TO_AISLE"), value("DISTANCE_CELL_TO_CELL")
    for aisle in range(aisles):
        floor.way(("top", aisle), (aisle, 0), top)
        floor.way((aisle, cells - 1), ("bottom", aisle), bottom)
        for cell in range(cells - 1):
            if blocks == 2 and cell + 1 == cells // 2:
                # One unit to the middle of the cross aisle and one from it: the two cells are 2 apart.
                floor.way((aisle, cell), ("middle", aisle), 1.0)
                floor.way(("middle", aisle), (aisle, cell + 1), 1.0)
            else:
                floor.way((aisle, cell), (aisle, cell + 1), along)
        if aisle:
            for row in ("top", "bottom", *(("middle",) if blocks == 2 else ())):
                floor.way((row, aisle - 1), (row, aisle), across)
    at_top = re.search(r"^DEPOT_LOCATION *: *top", text, re.MULTILINE)
    door = ("top" if at_top else "bottom", int(value("DEPOT_AISLE")))
    floor.way("depot", door, value("DISTANCE_TOP_OR_BOTTOM_TO_DEPOT"))

    return floor


@lru_cache(maxsize=4)
def _read_sections(text: str, blocks: int, ends: float | None) -> Case:
    floor = _sections_floor(text, blocks, ends)
    storage, wanted_part = re.split(r"^ORDER_SECTION", text, maxsplit=1, flags=re.MULTILINE)
    stock: dict[Place, dict[int, int]] = defaultdict(dict)
    places: dict[int, list[Place]] = defaultdict(list)
    for match in re.finditer(r"ID (\d+) AISLE (\d+) CELL (\d+) QUANTITY (\d+)", storage):
        article, aisle, cell, pieces = map(int, match.groups())
        here = stock[aisle, cell]
        here[article] = here.get(article, 0) + pieces
        places[article].append((aisle, cell))
    weight = {int(a): int(w) for a, w in re.findall(r"^ID (\d+) WEIGHT (\d+)", storage, re.MULTILINE)}
    orders = re.split(r"^NUM_ARTICLES(?:_IN_ORDER)? *:.*$", wanted_part, flags=re.MULTILINE)[1:]
    needs: dict[int, set[Place]] = {}
    loads: dict[int, int] = {}
    wanted: dict[int, int] = defaultdict(int)
    for number, part in enumerate(orders):
        lines = [(int(a), int(q)) for a, q in re.findall(r"^ID (\d+) QUANTITY (\d+)", part, re.MULTILINE)]
        needs[number] = {place for article, _ in lines for place in places[article]}
        loads[number] = sum(weight.get(article, 1) * pieces for article, pieces in lines)
        for article, pieces in lines:
            wanted[article] += pieces
    capacity = re.search(r"^PICKER_CAPACITY *: *(\d+)", text, re.MULTILINE)
    scattered = "with_scattered_storage" in text.split("\n", 3)[1]
    return Case(
        floor=floor,
        depot="depot",
        needs=needs,
        loads=loads,
        capacity=int(capacity[1]) if capacity else None,
        wanted=dict(wanted) if scattered else {},
        stock=dict(stock) if scattered else {},
    )


@lru_cache(maxsize=4)
def _read_graph(text: str) -> Case:
    def after(title: str) -> list[list[str]]:
        match = re.search(rf"^//{title}.*\n((?:[^/].*\n?)*)", text, re.MULTILINE)
        if match is None:
            raise ValueError(f"no {title}")
        return [line.split() for line in match[1].splitlines() if line.strip()]

    floor = Floor()
    for a, b, length in after("Start End Distance"):
        floor.way(int(a), int(b), float(length))
    depot, arrival = int(after("DepartingDepot")[0][0]), int(after("ArrivalDepot")[0][0])
    # Both numbers stand for one place.
    floor.way(depot, arrival, 0.0)
    location = {int(line[0]): int(line[1]) for line in after("Idx Location")}
    timed = "//NbPickers" in text
    case = Case(floor, depot, {}, {}, int(after("CapaPicker" if timed else "K: NbBoxesTrolley")[0][0]))
    for line in after("Idx DueDate" if timed else "Idx M NbProdInOrder"):
        figures = [int(each) for each in line]
        number, rest = figures[0], figures[4 if timed else 3 :]
        products = rest[: 2 * figures[3 if timed else 2] : 2]
        case.needs[number] = {location[product] for product in products}
        case.loads[number] = len(products) if timed else figures[1]
        if timed:
            case.due[number] = figures[1]
    if timed:
        case.pickers = int(after("NbPickers")[0][0])
        case.travel_time = int(after("TimeToTravelOneDistanceUnit")[0][0])
        case.setup_time = int(after("SetupTime")[0][0])
        case.pick_time = int(after("PickTime")[0][0])
    return case
