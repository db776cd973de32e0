"""Running the demo: start everything, watch, disturb when asked, stop everything."""

from __future__ import annotations

import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import httpx
from django.db import close_old_connections, connections
from rich.console import Console
from rich.live import Live

from mfc.board import queries
from mfc.core import clock
from mfc.layout.models import Site
from mfc.orders.models import Order
from mfc.orders.states import FINAL
from mfc.runtime import backroom, seed
from mfc.runtime.demo import show, simulator, summary
from mfc.runtime.demo.options import Options
from mfc.runtime.demo.stage import DemoError, Stage

READY_TIMEOUT_S = 60.0
LOOK_S = 0.5
LINE_S = 5.0
# Real seconds between two killed workers.
KILL_BETWEEN_S = (12.0, 25.0)
# Nothing new for this long although orders are open: something is stuck, and waiting longer will not help.
STUCK_S = 240.0
STOP_ORDER = ("floor", "gateway", "worker", "web", "broker")


class _Stopped(Exception):  # noqa: N818 - a request, not an error
    """Ctrl-C or SIGTERM."""


def run(stage: Stage, console: Console) -> dict[str, Any]:
    """Run until done or stopped; returns the summary. Everything is stopped in any case."""
    _install_signals()
    started = time.monotonic()
    floor: dict[str, Any] = {}
    truth: dict[str, Any] = {}
    try:
        start(stage, console)
        console.print(show.greeting(_urls(stage), _logins(stage)))
        _watch(stage, console)
    except _Stopped:
        console.print("Stopping …")
    finally:
        floor, truth = last_words(stage)
        stop(stage)
    restarts = {name: process.restarts for name, process in stage.processes.items() if process.restarts}
    return summary.summarize(
        site=_site(),
        seed=stage.memory.seed,
        floor=floor,
        truth=truth,
        wall_s=time.monotonic() - started,
        restarts=restarts,
    )


def _install_signals() -> None:
    def leave(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise _Stopped

    signal.signal(signal.SIGINT, leave)
    signal.signal(signal.SIGTERM, leave)


def _site() -> Site:
    return Site.objects.get(name=seed.SITE_NAME)


def start(stage: Stage, console: Console) -> None:
    """Start every process, each when what it needs is there."""
    connections.close_all()  # children must not share our connections
    with console.status("Starting the web server, the worker, the floor and the gateway …"):
        for name, process in stage.processes.items():
            process.start()
            if name == "web":
                _wait_for_web(stage)
            if name == "floor":
                process.wait_for_line("ready", timeout_s=READY_TIMEOUT_S)


def _wait_for_web(stage: Stage) -> None:
    deadline = time.monotonic() + READY_TIMEOUT_S
    while time.monotonic() < deadline:
        try:
            if httpx.get(stage.url("/readyz"), timeout=2.0, trust_env=False).status_code == httpx.codes.OK:
                return
        except httpx.HTTPError:
            pass
        if not stage.processes["web"].is_running:
            break
        time.sleep(0.1)
    raise DemoError(f"The web server did not start. Its log ends with:\n{stage.processes['web'].tail()}")


def _urls(stage: Stage) -> dict[str, str]:
    tokens = stage.memory.station_tokens
    urls = {
        "Live board": stage.url("/board/"),
        "Admin": stage.url("/admin/"),
        "Pick yourself": stage.url(f"/handheld/{tokens[_spare_cart(stage)]}/"),
    }
    if backroom.TERMINAL in tokens:  # a demo of an earlier version has none
        urls["Stock terminal"] = stage.url(f"/handheld/{tokens[backroom.TERMINAL]}/")
    return urls


def _spare_cart(stage: Stage) -> str:
    """The last cart: nobody simulated works there unless all six are asked for."""
    return max(station.key for station in stage.plan.stations if station.kind == "cart")


def _logins(stage: Stage) -> dict[str, str]:
    picker = next(station for station in stage.plan.stations if station.key == _spare_cart(stage))
    return {
        "Manager": f"{seed.MANAGER} / {stage.memory.manager_password}   (board and admin)",
        "Picker": f"badge {picker.badge_label}, cart {picker.cart_label}   (type them there)",
        "Stocker": f"badge {backroom.STOCKER_BADGE}, lead {backroom.LEAD_BADGE}   (at the stock terminal)",
    }


def _watch(stage: Stage, console: Console) -> None:
    options = stage.options
    watch = _Watch(stage)
    if options.headless or not console.is_terminal:
        next_line = 0.0
        while not watch.look():
            if time.monotonic() >= next_line:
                console.print(show.line(watch.snapshot, total=stage.memory.orders))
                next_line = time.monotonic() + LINE_S
            time.sleep(LOOK_S)
        return
    with Live(console=console, refresh_per_second=4, transient=True) as live:
        while not watch.look():
            note = "all done, Ctrl-C ends" if watch.finished else ""
            live.update(show.live(watch.snapshot, total=stage.memory.orders, note=note))
            time.sleep(LOOK_S)


class _Watch:
    """Looks at the floor again and again, keeps processes alive, disturbs them when faults are wild."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._site = _site()
        self._rng = random.Random(f"kills {stage.memory.seed}")  # noqa: S311
        self._next_kill = self._later()
        self._last_change = time.monotonic()
        self._last_state: tuple[Any, ...] = ()
        self.snapshot: dict[str, Any] = {}
        self.finished = False

    def _later(self) -> float:
        return time.monotonic() + self._rng.uniform(*KILL_BETWEEN_S)

    def look(self) -> bool:
        """One look; True when the demo is over."""
        close_old_connections()
        self.snapshot = queries.snapshot(self._site)
        for process in self._stage.processes.values():
            process.keep_alive()
        if self._stage.options.faults == "wild" and time.monotonic() >= self._next_kill and not self.finished:
            self._stage.processes["worker"].kill()
            self._next_kill = self._later()
        self._remember_time()
        self.finished = self._all_accounted_for()
        self._check_progress()
        return self.finished and self._stage.options.until_done

    def _remember_time(self) -> None:
        self._stage.memory.site_time = clock.now().isoformat()
        self._stage.memory.save(self._stage.files)

    def _all_accounted_for(self) -> bool:
        """Every order of the plan was sent, and accepted ones have reached an end (or were refused for good)."""
        if Order.objects.exclude(state__in=FINAL).exists():
            return False
        if Order.objects.count() >= self._stage.memory.orders:
            return True
        try:
            floor = simulator.ask(self._stage.files.control, {"do": "status"})
        except (OSError, ValueError):
            return False
        refused = floor["figures"]["orders_refused"]
        return int(floor["orders_left"]) == 0 and Order.objects.count() + refused >= self._stage.memory.orders

    def _check_progress(self) -> None:
        """With --until-done, a floor that stands still is reported instead of waited for."""
        state = (tuple(self.snapshot["orders"].values()), self.snapshot["figures"]["units_picked"])
        if state != self._last_state or self.finished:
            self._last_state, self._last_change = state, time.monotonic()
        stuck_s = max(STUCK_S, 3600 / self._stage.options.speed)
        if self._stage.options.until_done and time.monotonic() - self._last_change > stuck_s:
            raise DemoError(
                f"Nothing has changed for {stuck_s:.0f} s although orders are open: "
                f"{show.line(self.snapshot, total=self._stage.memory.orders)}. See {self._stage.files.logs}."
            )


def last_words(stage: Stage) -> tuple[dict[str, Any], dict[str, Any]]:
    """Figures and physical truth, before the floor goes dark."""
    answers: list[dict[str, Any]] = []
    for request in ("status", "truth"):
        try:
            answers.append(simulator.ask(stage.files.control, {"do": request}))
        except (OSError, ValueError):
            answers.append({})
    return answers[0], answers[1]


def stop(stage: Stage) -> None:
    """People first, then wires, then the rest: what happened last is still booked."""
    for name in STOP_ORDER:
        if name in stage.processes:
            stage.processes[name].stop()


def write_json(target: str, text: str, out: Callable[[str], Any]) -> None:
    """To a file, or to standard output for ``-``."""
    if target == "-":
        out(text)
    else:
        Path(target).write_text(text + "\n", encoding="utf-8")


def make_console(options: Options, *, json_on_stdout: bool) -> Console:
    """Progress goes to standard error when the result goes to standard output."""
    return Console(file=sys.stderr if json_on_stdout or options.headless else sys.stdout)
