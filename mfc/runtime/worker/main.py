"""Composition of the worker: every part supervised, stopped together."""

from __future__ import annotations

import asyncio
import logging
import random
import signal
import sys
from collections.abc import Awaitable, Callable

import psycopg
from asgiref.sync import sync_to_async
from django.conf import settings
from procrastinate.contrib.django import app

from mfc.core import hints
from mfc.floor.models import Gateway
from mfc.runtime.worker.housekeeping import Housekeeper
from mfc.runtime.worker.link import GatewayLink
from mfc.runtime.worker.planner import Planner

log = logging.getLogger(__name__)
JOB_CONCURRENCY = 4
# A lamp waits for a thread that waits for the interpreter: hand it over ten times sooner than Python's default.
SWITCH_INTERVAL_S = 0.0005
# A part that crashes comes back after a pause that doubles up to this.
LONGEST_PAUSE_S = 10.0


async def run() -> None:
    """Run until SIGINT or SIGTERM."""
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    gateways = await sync_to_async(lambda: list(Gateway.objects.select_related("site").order_by("pk")))()
    listeners: list[Callable[[set[str]], None]] = []
    parts: dict[str, Callable[[], Awaitable[None]]] = {"jobs": _jobs, "hints": lambda: _hints(listeners)}
    for gateway in gateways:
        parts[f"gateway {gateway.name}"] = _link(gateway, listeners)
    parts["planner"] = _planner(listeners)
    parts["housekeeping"] = lambda: Housekeeper().run()
    tasks = [asyncio.create_task(_supervise(name, part, stop)) for name, part in parts.items()]
    await stop.wait()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _link(gateway: Gateway, listeners: list[Callable[[set[str]], None]]) -> Callable[[], Awaitable[None]]:
    async def serve() -> None:
        link = GatewayLink(gateway, bus_root=settings.ENV.mqtt_root)
        listeners.append(link.hint)
        try:
            await link.run()
        finally:
            listeners.remove(link.hint)

    return serve


def _planner(listeners: list[Callable[[set[str]], None]]) -> Callable[[], Awaitable[None]]:
    async def plan() -> None:
        planner = Planner()
        listeners.append(planner.hint)
        try:
            await planner.run()
        finally:
            listeners.remove(planner.hint)

    return plan


async def _hints(listeners: list[Callable[[set[str]], None]]) -> None:
    async for topics in hints.listen():
        for listener in listeners:
            listener(topics)


async def _jobs() -> None:
    # A second app for the worker: the first keeps deferring inside Django's transactions, also in this process.
    worker_app = app.with_connector(app.connector.get_worker_connector())
    async with worker_app.open_async():
        await worker_app.run_worker_async(
            concurrency=JOB_CONCURRENCY, install_signal_handlers=False, delete_jobs="successful"
        )


async def _supervise(name: str, part: Callable[[], Awaitable[None]], stop: asyncio.Event) -> None:
    pause_s = 0.5
    while not stop.is_set():
        started = asyncio.get_running_loop().time()
        try:
            await part()
        except psycopg.Error as error:
            log.warning("%s: the database is out of reach: %s", name, error)
        except Exception:
            log.exception("%s failed and is started again", name)
        if asyncio.get_running_loop().time() - started > LONGEST_PAUSE_S:
            pause_s = 0.5
        await asyncio.sleep(pause_s * random.uniform(0.5, 1.5))  # noqa: S311 - spreads restarts
        pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
