"""Bench ``duedates``: batching for two pickers with hard due times (Briant and others 2023)."""

from __future__ import annotations

import argparse

from mfc.picking.batching.duedates import Shift, plan_shift, warm_up
from mfc.picking.batching.problem import Order, task
from mfc.picking.routing import route
from tests.bench import published
from tests.bench.grids import site_of_graph
from tests.bench.instances import graphs
from tests.bench.instances.files import File
from tests.bench.instances.references import References

# The rest is for what comes after the search.
SHARE = 0.97


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench duedates", description=__doc__)
    published.arguments(parser, seconds=2.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2, help="searches at a time (2)")
    given = parser.parse_args(arguments)
    with published.quiet():
        warm_up(published.clock)
        references = References.read(given.reference, family="Kris")
        result = published.run(
            given, lambda file, seconds: _solve(file, seconds, given), references=references
        )
    return published.finish(result, given.json)


def _solve(file: File, seconds: float, given: argparse.Namespace) -> published.Answer:
    graph = graphs.parse(file)
    if graph.family != "Kris":
        raise SystemExit(f"{file.name}: has no due times")
    site = site_of_graph(graph)
    begin = published.clock()
    orders = [Order(cells=tuple(site.cell_of[v] for v in o.vertices), loads=(o.load,)) for o in graph.orders]
    job = task(site.grid, site.depot, orders, [graph.capacity])
    shift = Shift(
        free=(0,) * graph.pickers,
        per_length=graph.travel_time,
        per_batch=graph.setup_time * site.scale,
        handling=tuple(graph.pick_time * order.load * site.scale for order in graph.orders),
        due=tuple((order.due or 0) * site.scale for order in graph.orders),
    )
    roster = plan_shift(
        job,
        shift,
        clock=published.clock,
        seconds=max(seconds * SHARE - (published.clock() - begin), 0.01),
        seed=given.seed,
        threads=given.threads,
    )
    took = published.clock() - begin
    walks = []
    for batch in roster.batches:
        walk = route(site.grid, [cell for number in batch for cell in orders[number].cells], site.depot)
        walks.append(site.walk(walk.points))
    value = site.value(roster.work)
    solution = {
        "batches": [[graph.orders[number].number for number in batch] for batch in roster.batches],
        "pickers": list(roster.pickers),
        "walks": walks,
        "value": value,
    }
    return published.Answer(graph.family, value, took, solution, {"lateness": site.value(roster.lateness)})
