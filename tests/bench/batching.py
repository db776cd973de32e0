"""Bench ``batching``: joint order batching and picker routing against the best published values.

Sets: Henn and Wäscher (uniform, class-based), Muter and Öncan, Bahçeci and Öncan, Foodmart. First come first
served, the seed rule and savings run beside it; `first_50ms` is what the anytime search had after 50 ms.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

import numpy as np

from mfc.picking.batching import rules
from mfc.picking.batching.annealing import batch_lengths
from mfc.picking.batching.anytime import solve, warm_up
from mfc.picking.batching.problem import Order, Task, task
from mfc.picking.routing import Cell, route
from tests.bench import published
from tests.bench.grids import Site, site_of_graph, site_of_sections
from tests.bench.instances import graphs, sections
from tests.bench.instances.files import File
from tests.bench.instances.references import References

EARLY_S = 0.05


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench batching", description=__doc__)
    published.arguments(parser, seconds=1.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2, help="searches at a time (2)")
    given = parser.parse_args(arguments)
    references = References.read(given.reference)

    def one(file: File, seconds: float) -> published.Answer:
        return _solve(file, seconds, given, references)

    with published.quiet():
        # Machine code is made (or read from disk) before any clock starts.
        warm_up_s = warm_up(published.clock)
        result = published.run(given, one, references=references)
    result["warm_up_s"] = round(warm_up_s, 2)
    return published.finish(_with_rivals(result), given.json)


def _solve(file: File, seconds: float, given: argparse.Namespace, references: References) -> published.Answer:
    family, site, orders, limit, ends = load(file, references)
    begin = published.clock()
    job = task(site.grid, site.depot, [order for _, order in orders], [limit], seed=given.seed)
    found = solve(
        job,
        clock=published.clock,
        seconds=seconds - (published.clock() - begin),
        seed=given.seed,
        threads=given.threads,
    )
    took = published.clock() - begin
    walks = []
    length = 0
    for batch in found.batches:
        cells = [cell for number in batch for cell in orders[number][1].cells]
        walk = route(site.grid, cells, site.depot)
        length += walk.length
        walks.append(site.walk(walk.points))
    solution: dict[str, Any] = {
        "batches": [[orders[number][0] for number in batch] for batch in found.batches],
        "walks": walks,
        "value": site.value(length),
    }
    if ends is not None:
        solution["ends"] = ends
    early = [value for at, value in found.history if at <= EARLY_S] or [found.history[0][1]]
    extra = {"first_50ms": site.value(early[-1]), "first_seconds": round(found.history[0][0], 4)}
    extra |= {name: site.value(value) for name, value in rivals(job).items()}
    extra["over_time"] = [[round(at, 3), site.value(value)] for at, value in found.history]
    return published.Answer(family, site.value(length), took, solution, extra)


def load(file: File, references: References) -> tuple[str, Site, list[tuple[int, Order]], int, float | None]:
    """Return family, site, orders with their numbers in the file, capacity, and the changed end distance."""
    if graphs.is_graph(file.text):
        graph = graphs.parse(file)
        site = site_of_graph(graph)
        orders = [
            (order.number, Order(cells=tuple(site.cell_of[v] for v in order.vertices), loads=(order.load,)))
            for order in graph.orders
        ]
        return graph.family, site, orders, graph.capacity, None
    text = sections.parse(file)
    ends: float | None = None
    reference = references.find(text.family, file.name)
    own_geometry = reference is not None and not reference.set_name.endswith("WG")
    if text.family == "MuterOencan" and not own_geometry:
        text = text.as_wahlen_gschwind()
        ends = float(sections.WAHLEN_GSCHWIND_END)
    if text.capacity is None:
        raise SystemExit(f"{file.name}: not a batching instance")
    site, places = site_of_sections(text), text.places_of()
    numbered: list[tuple[int, Order]] = []
    for number, wanted in enumerate(text.orders):
        cells: list[Cell] = [site.cell_of[place] for article in wanted for place in places[article]]
        load = sum(text.weights.get(article, 1) * pieces for article, pieces in wanted.items())
        numbered.append((number, Order(cells=tuple(cells), loads=(load,))))
    return text.family, site, numbered, text.capacity, ends


def rivals(job: Task) -> dict[str, int]:
    """Return what simpler rules reach, as lengths."""
    alone = rules.lengths_alone(job)
    pairs = np.zeros((len(alone), len(alone)), np.int64)
    rules.pair_savings(job, alone, pairs)
    near = rules.nearest(pairs, rules.SEED_CANDIDATES)
    batches = {
        "fcfs": rules.first_come(job),
        "seed": rules.seed_batches(job, alone, near, len(alone)),
        "savings": rules.savings_batches(job, alone, pairs),
    }
    return {name: int(batch_lengths(job, batch_of).sum()) for name, batch_of in batches.items()}


def _with_rivals(result: dict[str, Any]) -> dict[str, Any]:
    """Add the mean gaps of the rivals and of the first 50 ms."""
    rows = [row for row in result["rows"] if row["reference"] is not None]
    gaps = {
        name: sum(100 * (row[name] - row["reference"]) / row["reference"] for row in rows) / len(rows)
        for name in ("fcfs", "seed", "savings", "first_50ms")
        if rows
    }
    if result["new_best"]:
        sys.stderr.write(f"new best values: {', '.join(result['new_best'])}\n")
    return result | {"mean_gap_of": gaps}
