"""Bench ``routing``: the exact routes against the published optima, as one block and as two, and their pace.

Without ``--instances`` only the pace is measured. The references of a single-block run are the table's; a
table of two-block values (its name says so, or ``--blocks 2``) is held against the two-block run.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from mfc.picking.routing import Cell, Grid, Terminal, kernels, route
from mfc.picking.routing.compiled import HAS_NUMBA
from mfc.picking.routing.scattered import Source, choose, warm
from tests.bench import published
from tests.bench.grids import Site, site_of_sections
from tests.bench.instances import sections
from tests.bench.instances.files import File
from tests.bench.instances.references import References

ROUTES = 1000
SCATTERED = "SPRP-SS"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench routing", description=__doc__)
    published.arguments(parser, seconds=60.0, required=False)
    parser.add_argument("--blocks", type=int, choices=(1, 2), help="only as one block, or only as two")
    parser.add_argument("--no-pace", action="store_true", help="skip the routes per second")
    given = parser.parse_args(arguments)
    warm()  # compiling is no part of any figure
    if given.instances is None:
        return published.finish({"bench": "routing", "pace": pace(), "wrong_claims": []}, given.json)
    result: dict[str, Any] | None = None
    named_two = given.reference is not None and "two" in given.reference.name.lower()
    for blocks in (given.blocks,) if given.blocks else (1, 2):
        known = (
            References.read(given.reference)
            if (blocks == 2) == (named_two or given.blocks == 2)
            else References({})
        )
        part = published.run(_for(given, blocks), _solver(blocks), references=known)
        part["median_seconds"] = median(row["seconds"] for row in part["rows"])
        if result is None:
            result = part
        else:
            result["two_blocks"] = part
            result["wrong_claims"] += part["wrong_claims"]
    assert result is not None
    if not given.no_pace:
        result["pace"] = pace()
    return published.finish(result, given.json)


def _for(given: argparse.Namespace, blocks: int) -> argparse.Namespace:
    """Solutions as two blocks go beside the others: the names are the same."""
    if blocks == 1 or given.blocks == 2 or given.solutions is None:
        return given
    return argparse.Namespace(**vars(given) | {"solutions": Path(given.solutions) / "two_blocks"})


def _solver(blocks: int) -> published.Solve:
    def solve(file: File, budget: float) -> published.Answer:
        task = sections.parse(file)
        if task.family not in ("SPRP", SCATTERED):
            raise SystemExit(f"{file.name}: not a picker routing instance")
        if blocks == 2:
            task = task.as_two_blocks()
        site = site_of_sections(task)
        if task.family == SCATTERED:
            return _scattered(task, site, budget)
        places = task.places_of()
        cells = [site.cell_of[place] for article in task.orders[0] for place in places[article]]
        begin = published.clock()
        walk = route(site.grid, cells, site.depot)
        seconds = published.clock() - begin
        value = site.value(walk.length)
        solution = {"blocks": blocks, "walk": site.walk(walk.points), "value": value}
        return published.Answer(task.family, value, seconds, solution)

    return solve


def _scattered(task: sections.Sections, site: Site, budget: float) -> published.Answer:
    """Scattered storage: where to take it is part of the question."""
    sources = [Source(site.cell_of[one.aisle, one.cell], one.article, one.quantity) for one in task.storage]
    begin = published.clock()
    found = choose(site.grid, sources, task.orders[0], site.depot, seconds=budget)
    seconds = published.clock() - begin
    value = site.value(found.walk.length)
    solution = {"blocks": task.blocks, "walk": site.walk(found.walk.points), "value": value}
    extra = {"proven_here": found.is_proven, "lower": site.value(found.lower)}
    return published.Answer(task.family, value, seconds, solution, extra)


def pace() -> dict[str, Any]:
    """Measure 1,000 routes of 20 picks in 12 aisles of 45 cells; median of five rounds, in milliseconds."""
    rng = random.Random(20)
    grid = Grid.even(aisles=12, step=5, blocks=[[2 * index + 3 for index in range(45)]], lengths=[94])
    depot = Terminal(5, 0)
    tasks = [[Cell(rng.randrange(12), 0, rng.randrange(45)) for _ in range(20)] for _ in range(ROUTES)]

    def walks() -> None:
        for task in tasks:
            route(grid, task, depot)

    place = kernels.floor(grid, depot)
    masks = np.array([kernels.mask(place, task) for task in tasks])
    lengths, scratch = np.zeros(ROUTES, np.int64), kernels.scratch_for(place)
    kernels.tours(place, masks, scratch, lengths)  # compile
    assert lengths.tolist() == [route(grid, task, depot).length for task in tasks]
    figures: dict[str, Any] = {"routes": ROUTES, "picks": 20, "walks_plain_python_ms": _median_ms(walks)}
    if HAS_NUMBA:
        figures["lengths_compiled_ms"] = _median_ms(lambda: kernels.tours(place, masks, scratch, lengths))
    return figures


def _median_ms(work: Any) -> float:
    times = []
    for _ in range(5):
        begin = published.clock()
        work()
        times.append(1000 * (published.clock() - begin))
    return round(median(times), 3)
