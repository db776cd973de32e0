"""Client processes that run deeds against the database, and the same statements again, bare, by psycopg."""

from __future__ import annotations

import multiprocessing
import queue
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from django.db import DatabaseError, connection, transaction

from mfc.core.errors import DomainError
from tests.bench.report import percentiles

# A child that says nothing for so long is dead.
SILENCE_S = 300.0
Deed = Callable[[], object]
# One transaction as it was captured: statements with their values.
Script = list[tuple[str, Any]]


@dataclass(frozen=True, slots=True)
class Run:
    """What a number of clients did together: transactions per second, latencies, and what went wrong."""

    per_s: float
    latency_ms: dict[str, float | int | None]
    errors: int

    def as_dict(self) -> dict[str, Any]:
        return {"per_s": self.per_s, "latency_ms": self.latency_ms, "errors": self.errors}


def together(work: Sequence[Callable[[], Sequence[Deed]]]) -> Run:
    """One process per entry of ``work``; each makes its deeds, all begin at once, every deed is timed."""
    connection.close()  # a forked child must not share it
    context = multiprocessing.get_context("fork")
    start = context.Barrier(len(work))
    answers: Any = context.Queue()
    children = [context.Process(target=_client, args=(make, start, answers)) for make in work]
    for child in children:
        child.start()
    try:
        found = [answers.get(timeout=SILENCE_S) for _ in children]
    except queue.Empty as error:
        raise SystemExit("a client process has died: see its message above") from error
    finally:
        for child in children:
            child.join(timeout=10)
    samples = [ms for times, _, _, _ in found for ms in times]
    took_s = max(end for _, _, end, _ in found) - min(begin for _, begin, _, _ in found)
    return Run(round(len(samples) / took_s, 1), percentiles(samples), sum(errors for *_, errors in found))


def _client(make: Callable[[], Sequence[Deed]], start: Any, answers: Any) -> None:
    deeds = make()
    start.wait(timeout=SILENCE_S)
    times, errors = [], 0
    begin = time.monotonic()
    for deed in deeds:
        one = time.perf_counter()
        try:
            deed()
        except (
            DomainError,
            DatabaseError,
        ) as error:  # counted and shown: a benchmark of refusals would measure nothing
            errors += 1
            if errors == 1:
                print(f"{type(error).__name__}: {error}", flush=True)
            continue
        times.append((time.perf_counter() - one) * 1_000)
    answers.put((times, begin, time.monotonic(), errors))


def capture(deeds: Sequence[Deed]) -> list[Script]:
    """The statements of each deed, in order, without its outermost savepoint; nothing of it stays in the database."""
    scripts: list[Script] = []
    found: Script = []

    def record(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        assert not many, sql
        found.append((sql, params))
        return execute(sql, params, many, context)

    connection.ensure_connection()
    transaction.set_autocommit(False)
    try:
        with connection.execute_wrapper(record):
            for deed in deeds:
                found = []
                deed()
                assert found[0][0].startswith("SAVEPOINT"), found[0]
                assert found[-1][0].startswith("RELEASE"), found[-1]
                scripts.append(found[1:-1])
    finally:
        transaction.rollback()
        transaction.set_autocommit(True)
    return scripts


def bare(scripts: Sequence[Script]) -> Callable[[], Sequence[Deed]]:
    """Deeds that send the captured statements, each script as one transaction, and read what comes back."""

    def make() -> Sequence[Deed]:
        given = connection.get_connection_params()
        given = {
            key: given[key]
            for key in ("dbname", "user", "password", "host", "port", "options")
            if given.get(key)
        }
        # Bound by the server and prepared as with Django's settings here.
        client = psycopg.connect(**given, prepare_threshold=5)

        def deed(script: Script) -> None:
            with client.cursor() as cursor:
                for sql, params in script:
                    cursor.execute(sql, params or None)
                    if cursor.description is not None:
                        cursor.fetchall()
            client.commit()

        return [lambda script=script: deed(script) for script in scripts]  # type: ignore[misc]

    return make


def compare(
    sizes: Sequence[tuple[int, int]], plan: Callable[[int, int], Sequence[Callable[[], Sequence[Deed]]]]
) -> tuple[dict[str, Any], dict[str, Any], dict[str, float]]:
    """For (clients, deeds each): ours and the bare SQL one after the other; figures, reference, ratios.

    ``plan(clients, deeds)`` plants rows of its own each time and returns one maker of deeds per client.
    """
    ours, reference, ratios = {}, {}, {}
    for clients, each in sizes:
        # the bare side first is measured on one half of the work, ours on the other: alternately, in halves
        scripts = [capture(make()) for make in plan(clients, each)]
        plain = together([bare(one) for one in scripts])
        own = together(plan(clients, each))
        assert own.errors == plain.errors == 0, (own, plain)
        name = f"{clients} clients"
        ours[name], reference[name] = own.as_dict(), plain.as_dict()
        ratios[name] = round(own.per_s / plain.per_s, 2)
        reference[name]["statements"] = round(
            sum(len(script) for one in scripts for script in one) / sum(len(one) for one in scripts), 1
        )
    return ours, reference, ratios
