"""Puts a floor together, starts it, saves it, stops it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from firmware_sim import store
from firmware_sim.bench import HospitalWorker, Packer
from firmware_sim.clock import SiteClock, chance_for
from firmware_sim.control import Control
from firmware_sim.conveyor import Conveyor
from firmware_sim.courier import CourierCompany
from firmware_sim.faults import Faults
from firmware_sim.figures import Figures
from firmware_sim.habits import LEVELS
from firmware_sim.lights import LightController
from firmware_sim.person import Floor, Person
from firmware_sim.picker import Picker
from firmware_sim.plc import Plc
from firmware_sim.rest import Rest
from firmware_sim.scale import Scale
from firmware_sim.scale_links import link_for
from firmware_sim.scanner import Scanner
from firmware_sim.screen import Screen
from firmware_sim.shop import Shop
from firmware_sim.truth import Truth
from firmware_sim.view import physical, status
from firmware_sim.webhook import WebhookReceiver
from firmware_sim.world import World

log = logging.getLogger(__name__)

SAVE_EVERY_S = 2.0
STOP_WITHIN_S = 1.5
MAX_CONNECTIONS = 40


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says; without ``api`` nobody works, orders or collects: only the devices run."""

    hands: int = 0
    seed: int = 1
    faults: str = "none"
    api: str = ""
    token: str = ""
    orders: list[dict[str, Any]] = field(default_factory=list)
    webhook_port: int = 0
    webhook_secret: str = ""
    state_file: Path | None = None
    control_path: Path | None = None


class Simulation:
    """The whole floor. ``run`` returns after ``stop`` was asked for."""

    def __init__(self, world: World, clock: SiteClock, options: Options) -> None:
        self.world, self.clock, self.options = world, clock, options
        self.habits = LEVELS[options.faults]
        self.figures = Figures()
        self.truth = Truth(world)
        self.stopping = asyncio.Event()
        self.http = httpx.AsyncClient(limits=httpx.Limits(max_connections=MAX_CONNECTIONS), trust_env=False)
        self.persons: list[Person] = []
        self.shop: Shop | None = None
        self.couriers: CourierCompany | None = None
        self.webhook: WebhookReceiver | None = None
        self.control: Control | None = None
        self.conveyor: Conveyor | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._saved_belts: dict[str, Any] | None = None
        self._build_devices()
        self._build_people()
        self._load()

    def _rng(self, name: str) -> Any:
        return chance_for(self.options.seed, name)

    def _build_devices(self) -> None:
        world = self.world
        self.lights = {spec.key: LightController(spec) for spec in world.lights}
        self.scanners = {spec.key: Scanner(spec, self._rng(spec.key)) for spec in world.scanners}
        self.plcs = {spec.key: Plc(spec) for spec in world.plcs}
        self.scales = {
            spec.key: Scale(spec, link_for(spec), self.clock, self._rng(spec.key)) for spec in world.scales
        }
        if world.conveyor:
            plc = self.plcs[world.conveyor.plc]
            plc.on_answer_ms = self.figures.direction_answer_ms.append
            self.conveyor = Conveyor(
                world.conveyor, plc, self.truth, self.clock, self._rng("belt"), self.habits.belt
            )
        devices: dict[str, Scanner | LightController | Plc | Scale] = {
            **self.lights,
            **self.scanners,
            **self.plcs,
            **self.scales,
        }
        self.faults = Faults(devices, self.figures, self._rng("faults"), self._forget_units)
        if self.options.control_path:
            self.control = Control(self.options.control_path, self._control_handlers())

    def _forget_units(self) -> None:
        if self.conveyor:
            self.conveyor.forget()

    def _build_people(self) -> None:
        options = self.options
        if not options.api:
            return
        floor = Floor(
            self.world,
            self.truth,
            self.clock,
            self.figures,
            self.habits,
            self.lights,
            self.scanners,
            self.scales,
            self.conveyor,
        )
        kinds: dict[str, type[Person]] = {"cart": Picker, "pack": Packer, "hospital": HospitalWorker}
        pickers_left = options.hands
        for station in self.world.stations:
            if station.kind == "cart":
                if pickers_left == 0:
                    continue
                pickers_left -= 1
            rng = self._rng(station.key)
            screen = Screen(options.api, station.token, self.http, rng)
            self.persons.append(kinds[station.kind](floor, station, screen, rng))
        if pickers_left > 0:
            log.warning("%d of %d hands find no cart station", pickers_left, options.hands)
        self._build_outside()

    def _build_outside(self) -> None:
        """The shop and the courier company."""
        options = self.options
        rest = Rest(options.api, options.token, self.http)
        if options.orders:
            self.shop = Shop(
                options.orders, rest=rest, clock=self.clock, figures=self.figures, rng=self._rng("shop")
            )
        if not options.token:
            return
        self.couriers = CourierCompany(
            rest=rest,
            truth=self.truth,
            clock=self.clock,
            figures=self.figures,
            rng=self._rng("courier"),
            on_lane_change=self.conveyor.update_lanes if self.conveyor else lambda: None,
        )
        if options.webhook_port and options.webhook_secret:
            self.webhook = WebhookReceiver(
                options.webhook_port, options.webhook_secret, self.couriers.heard, self._webhook_rejected
            )

    def _webhook_rejected(self) -> None:
        self.figures.webhooks_rejected += 1

    # state -----------------------------------------------------------------------------------------------

    def _load(self) -> None:
        path = self.options.state_file
        state = store.load(path, self.world.site) if path else None
        if state is None:
            hidden = self.truth.hide_stock(self._rng("stock"), self.habits.missing_stock)
            if hidden:
                self.figures.mistakes_made["missing_stock"] += hidden
            return
        self.truth.restore(state["truth"])
        self.figures.restore(state["figures"])
        for key, boot_id in state["boot_ids"].items():
            if key in self.lights:
                self.lights[key].boot_id = boot_id % 0xFFFF + 1  # each start is a power-up
        for person in self.persons:
            person.restore(state["persons"].get(person.station.key, {}))
        self._saved_belts = state.get("belts")
        if self.shop and state.get("shop"):
            self.shop.restore(state["shop"])
        if self.couriers and state.get("couriers"):
            self.couriers.restore(state["couriers"])

    def dump(self) -> dict[str, Any]:
        return {
            "site": self.world.site,
            "truth": self.truth.dump(),
            "figures": self.figures.as_json(with_samples=False),
            "boot_ids": {key: light.boot_id for key, light in self.lights.items()},
            "persons": {person.station.key: person.dump() for person in self.persons},
            "belts": self.conveyor.dump() if self.conveyor else None,
            "shop": self.shop.dump() if self.shop else None,
            "couriers": self.couriers.dump() if self.couriers else None,
        }

    def save(self) -> None:
        if self.options.state_file:
            store.save(self.options.state_file, self.dump())

    async def _save_often(self) -> None:
        while True:
            await asyncio.sleep(SAVE_EVERY_S)
            self.save()

    # life ------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        await self._start_devices()
        for person in self.persons:
            self._spawn(person.screen.run(), f"screen of {person.station.key}")
            self._spawn(person.run(), person.station.key)
        if self.shop:
            self._spawn(self.shop.run(), "shop")
        if self.couriers:
            self._spawn(self.couriers.run(), "couriers")
        if self.habits.device_faults:
            self._spawn(self.faults.wild(), "faults")
        if self.options.state_file:
            self._spawn(self._save_often(), "state")

    async def _start_devices(self) -> None:
        for light in self.lights.values():
            await light.start()
        for plc in self.plcs.values():
            await plc.start()
        for scale in self.scales.values():
            await scale.start()
        for scanner in self.scanners.values():
            scanner.plug()
        if self.webhook:
            await self.webhook.start()
        if self.control:
            await self.control.start()
        if self.conveyor:
            if self._saved_belts:
                self.conveyor.resume(self._saved_belts)
            self.conveyor.update_lanes()

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.get_running_loop().create_task(work, name=name)
        task.add_done_callback(self._ended)
        self._tasks.append(task)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A part that ends by an error is a fault of this program: say so loudly, the floor goes on."""
        if not task.cancelled() and (error := task.exception()):
            log.error("%s stopped: %r", task.get_name(), error, exc_info=error)

    async def stop(self) -> None:
        """Save first, then close everything."""
        self.save()
        for task in self._tasks:
            task.cancel()
        await asyncio.wait([asyncio.create_task(self._close())], timeout=STOP_WITHIN_S)

    async def _close(self) -> None:
        for scanner in self.scanners.values():
            scanner.unplug()
        for light in self.lights.values():
            light.stop()
        for plc in self.plcs.values():
            plc.stop()
        if self.control:
            await self.control.stop()
        if self.webhook:
            await self.webhook.stop()
        await self.faults.stop()
        if self.conveyor:
            await self.conveyor.stop()
        await asyncio.gather(*(scale.stop() for scale in self.scales.values()), return_exceptions=True)
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.http.aclose()

    async def run(self) -> None:
        await self.stopping.wait()
        await self.stop()

    # control ---------------------------------------------------------------------------------------------

    def _control_handlers(self) -> dict[str, Any]:
        return {
            "status": lambda request: status(self),
            "truth": lambda request: physical(self),
            "fault": self._make_fault,
            "stop": self._ask_stop,
        }

    def _make_fault(self, request: dict[str, Any]) -> dict[str, Any]:
        self.faults.make(str(request.get("kind")), str(request.get("device")), request.get("seconds"))
        return {}

    def _ask_stop(self, request: dict[str, Any]) -> dict[str, Any]:
        asyncio.get_running_loop().call_later(0.05, self.stopping.set)  # the answer goes out first
        return {}
