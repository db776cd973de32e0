"""Latencies of the whole floor, measured by the simulated devices, beside bare round trips of the same run."""

from __future__ import annotations

import argparse
import asyncio
import threading
import time
from typing import Any

import psycopg
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice
from rich.console import Console

from mfc.runtime.demo import ports, runner, simulator, stage
from mfc.runtime.demo.options import Options
from tests.bench.report import answer, percentiles

FIGURE = {"scan_to_lamp": "scan_to_lamp_ms", "direction": "direction_answer_ms"}
# Bare round trips are taken this often, so that they see the same machine without loading it.
REFERENCE_EVERY_S = 0.2
# Orders come faster than the pickers work, so that everybody always has something to do.
ORDERS, ORDERS_PLANNED_FOR_HANDS = 120, 24


def measure(given: argparse.Namespace) -> None:
    """Run the floor until there are enough samples, then answer."""
    console = Console(stderr=True)
    options = Options(
        orders=ORDERS,
        hands=given.hands,
        speed=given.speed,
        seed=7,
        faults="none",
        headless=True,
        until_done=False,
        port=ports.some(1)[0],
        bus=given.bus,
    )
    prepared = stage.set_up(options, fresh=True, given=frozenset(), arrival_hands=ORDERS_PLANNED_FOR_HANDS)
    reference = _Reference(prepared.database_url)
    try:
        runner.start(prepared, console)
        reference.start()
        samples = _collect(prepared, given, console)
    finally:
        reference.stop()
        runner.stop(prepared)
    bare = reference.result()
    own = percentiles(samples)
    ratio = round(own["p50"] / bare["sum_p50_ms"], 2) if own["p50"] and bare["sum_p50_ms"] else None
    answer(given.name, figures={FIGURE[given.name]: own}, reference=bare, ratio=ratio, target=given.json)


def _collect(prepared: stage.Stage, given: argparse.Namespace, console: Console) -> list[float]:
    deadline = time.monotonic() + given.seconds
    samples: list[float] = []
    with console.status("measuring") as status:
        while len(samples) < given.samples and time.monotonic() < deadline:
            time.sleep(1.0)
            figures = simulator.ask(prepared.files.control, {"do": "status"})["figures"]
            samples = figures[FIGURE[given.name]]
            status.update(f"{len(samples)} of {given.samples} samples")
    return samples


class _Reference:
    """Bare round trips in a thread of their own: one Modbus block write, one committed row."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self._modbus_ms: list[float] = []
        self._database_ms: list[float] = []

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(5.0)

    def result(self) -> dict[str, Any]:
        modbus, database = percentiles(self._modbus_ms), percentiles(self._database_ms)
        total = (modbus["p50"] or 0) + (database["p50"] or 0)
        return {
            "name": "one Modbus TCP block write plus one committed database row",
            "modbus_ms": modbus,
            "database_ms": database,
            "sum_p50_ms": round(total, 2),
        }

    async def _run(self) -> None:
        port = ports.some(1)[0]
        device = SimDevice(1, simdata=[SimData(200, count=100, values=0, datatype=DataType.REGISTERS)])
        server = ModbusTcpServer(device, address=(ports.HOST, port))
        await server.serve_forever(background=True)
        client = AsyncModbusTcpClient(ports.HOST, port=port, timeout=1, retries=0)
        await client.connect()
        database = await psycopg.AsyncConnection.connect(self._database_url, autocommit=True)
        await database.execute("CREATE UNLOGGED TABLE IF NOT EXISTS bench_reference (n int)")
        await database.execute("ALTER TABLE bench_reference SET LOGGED")
        number = 0
        while not self._stopping.is_set():
            number += 1
            begin = time.perf_counter()
            await client.write_registers(200, [number % 1000] * 20)
            between = time.perf_counter()
            await database.execute("INSERT INTO bench_reference VALUES (%s)", [number])
            end = time.perf_counter()
            self._modbus_ms.append((between - begin) * 1000)
            self._database_ms.append((end - between) * 1000)
            await asyncio.sleep(REFERENCE_EVERY_S)
        client.close()
        await database.close()
        await server.shutdown()
