"""Setting the stage: database, site, wires and the processes of one start."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import random
import shutil
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from mfc.core import clock
from mfc.env import ROOT
from mfc.floor.models import Gateway
from mfc.orders.models import Order
from mfc.orders.states import OPEN
from mfc.runtime import seed
from mfc.runtime.crew import CARTS
from mfc.runtime.demo import ports
from mfc.runtime.demo.options import Files, Memory, Options
from mfc.runtime.demo.processes import Process
from mfc.runtime.demoplan import DemoPlan, build_plan
from mfc.runtime.siteplan import SITE_CODE
from mfc.runtime.worldfile import build_wiring, write_floor_toml, write_orders, write_world
from mfc.webhooks.models import Endpoint

# The day begins when a store opens.
OPENING_HOUR = 9
_lock_file: IO[str] | None = None


class DemoError(Exception):
    """The demo cannot start; the text says why and what to do."""


@dataclass(slots=True)
class Stage:
    """Everything that runs, in the order of starting."""

    options: Options
    files: Files
    memory: Memory
    plan: DemoPlan
    processes: dict[str, Process]
    web_port: int
    bus_url: str
    database_url: str

    def url(self, path: str) -> str:
        """Address of a page."""
        return f"http://{ports.HOST}:{self.web_port}{path}"


def set_up(
    options: Options, *, fresh: bool, given: frozenset[str], arrival_hands: int | None = None
) -> Stage:
    """Prepare everything up to, but not including, the start of the processes.

    ``given`` names the arguments that were typed: another number of orders or another seed begins a new demo.
    Orders arrive as fast as ``arrival_hands`` people can work them off (as many as ``hands`` unless told).
    """
    if options.hands > CARTS:
        raise DemoError(
            f"--hands {options.hands}: the demo site has {CARTS} carts, so at most {CARTS} pickers."
        )
    files = Files(settings.ENV.var_dir / "demo")
    _lock(files)
    memory = None if fresh else _usable_memory(options, files, given)
    if memory is None:
        _wipe(files)
    call_command("migrate", verbosity=0)
    files.logs.mkdir(parents=True, exist_ok=True)
    for log in files.logs.glob("*.log"):
        log.unlink()
    secret = memory.webhook_secret if memory else webhook_secret(options.seed)
    start = _site_start(memory)
    clock.install(clock.ScaledClock(time.time(), start, options.speed))
    plan = build_plan(
        orders=memory.orders if memory else options.orders,
        hands=memory.hands if memory else arrival_hands or options.hands,
        seed=memory.seed if memory else options.seed,
    )
    wiring = build_wiring(plan.site, plan.stations, ports=_PortGiver())
    web_port, webhook_port = _web_port(options.port), ports.some(1)[0]
    mqtt_url, broker = _broker(options, files)
    bus_url = mqtt_url or f"unix:{files.folder / 'run' / 'gw-1.sock'}"
    webhook_url = f"http://{ports.HOST}:{webhook_port}/"
    if memory is None:
        memory = _plant(plan, options, bus_url, webhook_url, secret)
    Gateway.objects.update(bus_url=bus_url, connected=False)
    Endpoint.objects.filter(name=seed.COURIER).update(url=webhook_url)
    files.world.write_text(
        json.dumps(write_world(plan, wiring, tokens=memory.station_tokens, mqtt_url=mqtt_url))
    )
    files.orders.write_text(json.dumps(write_orders(plan)))
    files.floor.write_text(write_floor_toml(wiring, bus_url=bus_url, mqtt_url=mqtt_url))
    memory.site_time = start.isoformat()
    memory.save(files)
    processes = _processes(options, files, memory, web_port, webhook_port)
    if broker is not None:
        processes = {"broker": broker, **processes}
    return Stage(options, files, memory, plan, processes, web_port, bus_url, _database_url())


def _lock(files: Files) -> None:
    """One demo per folder: the lock is held until this process ends, whatever ends it."""
    global _lock_file
    files.folder.parent.mkdir(parents=True, exist_ok=True)
    _lock_file = (files.folder.parent / "demo.lock").open("w")
    try:
        fcntl.flock(_lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise DemoError(
            f"A demo is already running in {files.folder}. Stop it with Ctrl-C first, or set MFC_VAR to another folder."
        ) from error


def _usable_memory(options: Options, files: Files, given: frozenset[str]) -> Memory | None:
    """The earlier demo, when it is there, unfinished and the one that is asked for."""
    memory = Memory.load(files)
    if memory is None or not _has_site():
        return None
    other_plan = ("orders" in given and options.orders != memory.orders) or (
        "seed" in given and options.seed != memory.seed
    )
    if other_plan:
        return None
    sent = Order.objects.count()
    finished = sent >= memory.orders and not Order.objects.filter(state__in=OPEN).exists()
    return None if finished else memory


def _has_site() -> bool:
    return "layout_site" in connection.introspection.table_names() and seed.is_planted(SITE_CODE)


def _wipe(files: Files) -> None:
    """Empty the demo's own database and folder; a database that is not a demo's is never touched."""
    tables = connection.introspection.table_names()
    if tables and not _is_demo_database(tables):
        raise DemoError(
            "The database in DATABASE_URL is not empty and not a demo's. "
            "Give the demo an empty database, or leave DATABASE_URL out."
        )
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE")
        cursor.execute("CREATE SCHEMA public")
    shutil.rmtree(files.folder, ignore_errors=True)
    files.folder.mkdir(parents=True)


def _is_demo_database(tables: list[str]) -> bool:
    if "layout_site" not in tables:
        return not settings.ENV.database_url
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM layout_site WHERE name <> %s", [seed.SITE_NAME])
        return int(cursor.fetchone()[0]) == 0


def webhook_secret(number: int) -> str:
    """The demo's webhook secret: the same for the same seed."""
    return "whsec_" + base64.b64encode(random.Random(number).randbytes(32)).decode()  # noqa: S311 - loopback demo


def _site_start(memory: Memory | None) -> datetime:
    if memory is not None:
        return datetime.fromisoformat(memory.site_time)
    today = clock.SystemClock().now().astimezone(UTC)
    return today.replace(hour=OPENING_HOUR, minute=0, second=0, microsecond=0)


class _PortGiver:
    """A free port for each device."""

    def __init__(self) -> None:
        self._free = iter(ports.some(40))

    def __call__(self, key: str) -> int:
        return next(self._free)


def _web_port(wanted: int) -> int:
    if ports.is_free(wanted):
        return wanted
    return ports.some(1)[0]


def _broker(options: Options, files: Files) -> tuple[str, Process | None]:
    """A broker that is there is used: the one in MQTT_URL, else a private Mosquitto, else none."""
    if options.bus == "local":
        return "", None
    if settings.ENV.mqtt_url:
        return settings.ENV.mqtt_url, None
    binary = shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if binary is None:
        if options.bus == "mqtt":
            raise DemoError("--bus mqtt: neither MQTT_URL nor the program mosquitto is there.")
        return "", None
    port = ports.some(1)[0]
    config = files.folder / "mosquitto.conf"
    config.write_text(
        f"listener {port} {ports.HOST}\nallow_anonymous true\npersistence false\nmax_queued_messages 10000\n"
    )
    process = Process(
        "broker", [binary, "-c", str(config)], os.environ.copy(), files.folder, files.logs / "broker.log"
    )
    return f"mqtt://{ports.HOST}:{port}", process


def _plant(plan: DemoPlan, options: Options, bus_url: str, webhook_url: str, secret: str) -> Memory:
    planted = seed.plant(
        plan,
        bus_url=bus_url,
        webhook_url=webhook_url,
        webhook_secret=secret,
        rng=random.Random(options.seed),  # noqa: S311 - a login of a demo on the loopback address
    )
    return Memory(
        orders=options.orders,
        seed=options.seed,
        hands=options.hands,
        site_time="",
        api_token=planted.api_token,
        webhook_secret=secret,
        manager_password=planted.manager_password,
        station_tokens=planted.station_tokens,
    )


def _processes(
    options: Options, files: Files, memory: Memory, web_port: int, webhook_port: int
) -> dict[str, Process]:
    spec = f"scaled:{time.time()}:{memory.site_time}:{options.speed}"
    clock.install(clock.from_spec(spec))
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "mfc.config.settings",
        "DATABASE_URL": _database_url(),
        "MFC_VAR": str(settings.ENV.var_dir),
        "MFC_CLOCK": spec,
        "MFC_LOG_LEVEL": "WARNING",
        "PYTHONUNBUFFERED": "1",
    }
    python = sys.executable
    manage = str(ROOT / "manage.py")
    sim = [python, "-m", "firmware_sim", str(files.world), "--clock", spec, "--hands", str(options.hands)]
    sim += [
        "--seed",
        str(memory.seed),
        "--faults",
        options.faults,
        "--api",
        f"http://{ports.HOST}:{web_port}",
    ]
    sim += ["--token", memory.api_token, "--orders", str(files.orders), "--state", str(files.truth)]
    sim += ["--webhook-port", str(webhook_port), "--webhook-secret", memory.webhook_secret]
    sim += ["--control", str(files.control)]
    web = [
        python,
        "-m",
        "uvicorn",
        "mfc.config.asgi:application",
        "--host",
        ports.HOST,
        "--port",
        str(web_port),
    ]
    web += ["--no-access-log", "--log-level", "warning", "--timeout-graceful-shutdown", "2"]
    commands: dict[str, list[str]] = {
        "web": web,
        "worker": [python, manage, "run_worker"],
        "floor": sim,
        "gateway": [python, "-m", "devices.gateway", str(files.floor)],
    }
    return {
        name: Process(name, command, environment, Path(ROOT), files.logs / f"{name}.log")
        for name, command in commands.items()
    }


def _database_url() -> str:
    """The database of this process, for the children: they must not start servers of their own."""
    database = connection.settings_dict
    if settings.ENV.database_url:
        return settings.ENV.database_url
    return f"postgresql://{database['USER']}@/{database['NAME']}?host={database['HOST']}"
