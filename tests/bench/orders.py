"""Orders of five lines by REST on one web process, beside a bare REST framework application that creates the same rows."""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.core.management import call_command
from django.db import connection
from rich.console import Console

from mfc.api.models import SCOPES, ApiClient
from mfc.core.clock import SystemClock
from mfc.env import ROOT
from mfc.orders.models import Order
from tests.bench import stock
from tests.bench.report import answer, percentiles

LINES, CLIENTS = 5, 4
WARM_UP, ORDERS, ROUNDS = 80, 240, 3
GOAL = 0.5
HOST = "127.0.0.1"


def body_of(floor: stock.Floor, ref: str, *, bare: bool) -> dict[str, Any]:
    """The same order in the form of either application."""
    now = SystemClock().now()
    number = next(floor.numbers)
    lines = [{"sku": floor.skus[(number * 37 + n * 61) % stock.SKUS].code, "qty": 1} for n in range(LINES)]
    since, until = now.isoformat(), (now + timedelta(hours=3)).isoformat()
    address = {
        "name": "Ada Byron",
        "street": "12 St James's Square",
        "postcode": "SW1Y 4JH",
        "city": "London",
    }
    common = {"lines": lines, "address": address, "substitution": "never"}
    if bare:
        return {"ref": ref, "promise_from": since, "promise_until": until, "site": floor.site.pk, **common}
    return {"order_ref": ref, "promise": {"from": since, "until": until}, **common}


def database_url() -> str:
    """The database of this process, for the children: they must not start servers of their own."""
    database = connection.settings_dict
    return f"postgresql://{database['USER']}@/{database['NAME']}?host={database['HOST']}"


@contextmanager
def web(application: str, port: int, settings_module: str) -> Iterator[None]:
    """One web process as in production."""
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": settings_module, "DATABASE_URL": database_url()}
    command = [sys.executable, "-m", "uvicorn", application, "--host", HOST, "--port", str(port)]
    command += ["--no-access-log", "--log-level", "warning", "--lifespan", "off"]
    process = subprocess.Popen(command, env=environment, cwd=ROOT)
    try:
        for _ in range(300):
            try:
                http.client.HTTPConnection(HOST, port, timeout=1).connect()
                break
            except OSError:
                time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(timeout=20)


def send(
    port: int, path: str, bodies: list[tuple[dict[str, Any], dict[str, str]]]
) -> tuple[float, list[float]]:
    """Send the orders over CLIENTS connections; orders per second and each one's milliseconds."""
    todo = iter(bodies)
    lock = threading.Lock()
    times: list[float] = []
    wrong: list[str] = []

    def client() -> None:
        wire = http.client.HTTPConnection(HOST, port, timeout=30)
        while True:
            with lock:
                one = next(todo, None)
            if one is None:
                return
            body, headers = one
            text = json.dumps(body)
            started = time.perf_counter()
            wire.request("POST", path, text, {"Content-Type": "application/json", **headers})
            reply = wire.getresponse()
            said = reply.read()
            times.append((time.perf_counter() - started) * 1_000)
            if reply.status != 201:
                wrong.append(f"{reply.status} {said[:300]!r}")

    threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took_s = time.perf_counter() - started
    assert wrong == [], wrong[:3]
    return len(times) / took_s, times


def run(floor: stock.Floor, ports: tuple[int, int], *, orders: int, rounds: int) -> dict[str, Any]:
    """Both applications in turns; the best round of each counts, all latencies are kept."""
    token = ApiClient(name="bench", scopes=list(SCOPES)).issue_token()
    numbers = itertools.count(1)

    def batch(count: int, *, bare: bool) -> list[tuple[dict[str, Any], dict[str, str]]]:
        made = []
        for _ in range(count):
            ref = f"{'X' if bare else 'O'}-{next(numbers)}"
            headers = {} if bare else {"Authorization": f"Bearer {token}", "Idempotency-Key": ref}
            made.append((body_of(floor, ref, bare=bare), headers))
        return made

    ways: dict[bool, Callable[[int], tuple[float, list[float]]]] = {
        False: lambda count: send(ports[0], "/api/v1/orders", batch(count, bare=False)),
        True: lambda count: send(ports[1], "/orders", batch(count, bare=True)),
    }
    for way in ways.values():
        way(min(WARM_UP, orders))
    rates: dict[bool, list[float]] = {False: [], True: []}
    times: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(rounds):
        for bare, way in ways.items():
            rate, took = way(orders)
            rates[bare].append(round(rate, 1))
            times[bare] += took

    def told(bare: bool) -> dict[str, Any]:
        return {
            "orders_per_s": max(rates[bare]),
            "rounds": rates[bare],
            "latency_ms": percentiles(times[bare]),
        }

    ratio = round(max(rates[False]) / max(rates[True]), 2)
    figures = {**told(False), "goals": {f"ratio >= {GOAL}": ratio >= GOAL}}
    return {"figures": figures, "reference": told(True), "ratio": ratio}


def compare(floor: stock.Floor, *, orders: int, rounds: int) -> dict[str, Any]:
    """Start both applications and run."""
    from mfc.runtime.demo import ports

    own, plain = ports.some(2)
    with (
        web("mfc.config.asgi:application", own, "mfc.config.settings"),
        web("tests.bench.bareapp:application", plain, "tests.bench.baresettings"),
    ):
        found = run(floor, (own, plain), orders=orders, rounds=rounds)
    assert Order.objects.filter(client="bench", lines__qty_promised=1).exists()
    return found


def measure(given: argparse.Namespace) -> None:
    """Plant a scratch database, start both applications, measure, answer."""
    call_command("migrate", verbosity=0)
    with Console(stderr=True).status("planting and measuring"):
        floor = stock.fill()
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        found = compare(floor, orders=ORDERS, rounds=ROUNDS)
    answer(given.name, target=given.json, **found)
