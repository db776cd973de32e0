"""Bench ``duedates``: batching for two pickers with hard due times (Briant and others 2023)."""

from __future__ import annotations

import argparse

from mfc.picking.batching.anytime import warm_up
from mfc.picking.batching.duedates import Shift, plan_shift
from mfc.picking.batching.problem import Order, task
from mfc.picking.routing import route
from tests.bench import published
from tests.bench.grids import site_of_graph
from tests.bench.instances import graphs
from tests.bench.instances.files import File
from tests.bench.instances.references import References


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench duedates", description=__doc__)
    published.arguments(parser, seconds=2.0)
    given = parser.parse_args(arguments)
    with published.quiet():
        warm_up(published.clock)
        _warm_up_listing()
        references = References.read(given.reference, family="Kris")
        result = published.run(given, _solve, references=references)
    return published.finish(result, given.json)


def _solve(file: File, seconds: float) -> published.Answer:
    graph = graphs.parse(file)
    if graph.family != "Kris":
        raise SystemExit(f"{file.name}: has no due times")
    site = site_of_graph(graph)
    begin = published.clock()
    orders = [Order(cells=tuple(site.cell_of[v] for v in o.vertices), loads=(o.load,)) for o in graph.orders]
    job = task(site.grid, site.depot, orders, [graph.capacity])
    shift = Shift(
        pickers=graph.pickers,
        per_length=graph.travel_time,
        per_batch=graph.setup_time * site.scale,
        handling=tuple(graph.pick_time * order.load * site.scale for order in graph.orders),
        due=tuple((order.due or 0) * site.scale for order in graph.orders),
    )
    roster = plan_shift(job, shift, clock=published.clock, seconds=seconds)
    took = published.clock() - begin
    if roster is None:
        raise SystemExit(f"{file.name}: no roster without lateness within {seconds} s")
    walks = []
    for batch in roster.batches:
        walk = route(site.grid, [cell for number in batch for cell in orders[number].cells], site.depot)
        walks.append(site.walk(walk.points))
    value = site.value(roster.working_time)
    solution = {
        "batches": [[graph.orders[number].number for number in batch] for batch in roster.batches],
        "pickers": list(roster.pickers),
        "walks": walks,
        "value": value,
    }
    return published.Answer(graph.family, value, took, solution, {"proven_here": roster.proven})


def _warm_up_listing() -> None:
    """Compile what `warm_up` does not need."""
    from mfc.picking.routing import Cell, Grid, Terminal

    grid = Grid.even(aisles=2, step=1, blocks=[[1], [1]], lengths=[2, 2])
    job = task(grid, Terminal(0, 0), [Order(cells=(Cell(0, 0, 0),), loads=(1,))], [1])
    shift = Shift(pickers=1, per_length=1, per_batch=1, handling=(1,), due=(1000,))
    plan_shift(job, shift, clock=published.clock, seconds=10.0)
