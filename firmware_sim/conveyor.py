"""Belts, readers, diverters and lanes: totes travel in simulated time and ask the PLC's master for a way."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, field
from typing import Any

from firmware_sim.clock import SiteClock
from firmware_sim.plc import (
    AS_COMMANDED,
    DEADLINE_PASSED,
    DIVERT_FAILED,
    DIVERTED,
    HOLD,
    LANE_FULL,
    MISSED,
    MULTI_READ,
    NO_READ,
    SCAN_REQUEST,
    WCS_SILENT,
    Plc,
    PlcEvent,
)
from firmware_sim.truth import BELT, Truth
from firmware_sim.world import ConveyorSpec, DecisionPoint, Lane

# Zero-pressure accumulation: a tote enters the zone between reader and diverter when the one before has left it, and
# never sooner than this after it: half a metre of belt.
READ_GAP_SIM_S = 1.5
MAX_HOLD_WALL_S = 30.0
GOOD_READ_PERCENT = 97
MAX_TRACKING = 0xFFFFFFFE


@dataclass(frozen=True, slots=True)
class BeltRates:
    """Chances per passage of a decision point."""

    no_read: float = 0.0
    multi_read: float = 0.0
    divert_failed: float = 0.0


@dataclass(slots=True, eq=False)
class LoadUnit:
    """A tote on the belt; ``lane`` None = no command yet, ``tracking`` None = the PLC has forgotten it."""

    tote: str
    point: int
    tracking: int | None = None
    lane: int | None = None
    phase: str = "to reader"
    bound_for: int | None = None
    barcode: str = ""  # what the last reader saw
    commanded: asyncio.Event = field(default_factory=asyncio.Event)


class Conveyor:
    """All belts behind one PLC."""

    def __init__(
        self,
        spec: ConveyorSpec,
        plc: Plc,
        truth: Truth,
        clock: SiteClock,
        rng: random.Random,
        rates: BeltRates,
    ) -> None:
        self.spec, self.plc, self.truth, self.clock, self.rng, self.rates = (
            spec,
            plc,
            truth,
            clock,
            rng,
            rates,
        )
        self.units: list[LoadUnit] = []
        self.last_tracking = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._zones = [asyncio.Lock() for _ in spec.points]
        self._running = asyncio.Event()
        self._running.set()
        plc.on_command = self._on_command
        plc.on_run = self._on_run

    def feed(self, feed: str, tote: str, delay_sim_s: float = 0.0) -> None:
        """Put a tote on the belt."""
        self._send_off(LoadUnit(tote, self.spec.feeds[feed]), delay_sim_s)

    def _send_off(self, unit: LoadUnit, delay_sim_s: float) -> None:
        self.truth.move(unit.tote, BELT)
        self.units.append(unit)
        task = asyncio.get_running_loop().create_task(self._journey(unit, delay_sim_s))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def forget(self) -> None:
        """The PLC lost its memory: units under way are no longer known to it."""
        for unit in self.units:
            unit.tracking = None
        self._on_run(True)

    def _on_run(self, running: bool) -> None:
        if running:
            self._running.set()
        else:
            self._running.clear()

    def _on_command(self, point: int, tracking: int, lane: int) -> None:
        for unit in self.units:
            if unit.tracking == tracking and unit.point == point and unit.phase == "to diverter":
                unit.lane = lane
                unit.commanded.set()

    # the way of one tote ---------------------------------------------------------------------------------

    async def _journey(self, unit: LoadUnit, delay_sim_s: float) -> None:
        point = self.spec.points[unit.point]
        await self.clock.sleep(delay_sim_s + point.reach_s)
        while True:
            lane = await self._pass_point(unit, point)
            if lane is not None:
                break
            unit.phase = "looping"
            await self.clock.sleep(point.loop_s)
        await self.clock.sleep(lane.travel_s)
        self.units.remove(unit)
        self.truth.move(unit.tote, f"lane:{lane.number}")
        self.update_lanes()

    async def _pass_point(self, unit: LoadUnit, point: DecisionPoint) -> Lane | None:
        """Reader, then diverter; answers the lane taken or None for the default exit."""
        unit.phase = "to reader"
        async with self._zones[unit.point]:
            lane = await self._cross_zone(unit, point)
            await self.clock.sleep(READ_GAP_SIM_S)
        return lane

    async def _cross_zone(self, unit: LoadUnit, point: DecisionPoint) -> Lane | None:
        await self._running.wait()
        unit.tracking, unit.lane, unit.phase = self._new_tracking(), None, "to diverter"
        unit.commanded.clear()
        self.plc.post(unit.point, self._reading(unit))
        await asyncio.sleep(max(self.clock.wall_s(self.spec.diverter_s), self.spec.decision_min_wall_s))
        await self._wait_while_held(unit)
        lane, reason = self._decide(unit, point)
        self._report(unit, lane, reason)
        if lane is not None:
            unit.phase, unit.bound_for = "to lane", lane.number
            self.update_lanes()
        return lane

    def _new_tracking(self) -> int:
        self.last_tracking = self.last_tracking % MAX_TRACKING + 1
        return self.last_tracking

    def _reading(self, unit: LoadUnit) -> PlcEvent:
        assert unit.tracking is not None
        draw = self.rng.random()
        unit.barcode = ""
        if draw < self.rates.no_read:
            return PlcEvent(NO_READ, unit.tracking)
        if draw < self.rates.no_read + self.rates.multi_read:
            return PlcEvent(MULTI_READ, unit.tracking)
        unit.barcode = unit.tote
        return PlcEvent(SCAN_REQUEST, unit.tracking, unit.barcode, GOOD_READ_PERCENT)

    async def _wait_while_held(self, unit: LoadUnit) -> None:
        end = time.monotonic() + MAX_HOLD_WALL_S
        while unit.lane == HOLD and (left_s := end - time.monotonic()) > 0:
            unit.commanded.clear()
            try:
                async with asyncio.timeout(left_s):
                    await unit.commanded.wait()
            except TimeoutError:
                return

    def _decide(self, unit: LoadUnit, point: DecisionPoint) -> tuple[Lane | None, int]:
        if self.plc.wcs_silent:
            return None, WCS_SILENT
        if unit.lane is None or unit.lane == HOLD:
            return None, DEADLINE_PASSED
        if unit.lane == 0:
            return None, AS_COMMANDED
        lane = point.lanes.get(unit.lane)
        if lane is None or self.rng.random() < self.rates.divert_failed:
            return None, DIVERT_FAILED
        if self._load_of(lane) >= lane.capacity:
            return None, LANE_FULL
        return lane, AS_COMMANDED

    def _report(self, unit: LoadUnit, lane: Lane | None, reason: int) -> None:
        if unit.tracking is None:
            return
        kind = DIVERTED if reason == AS_COMMANDED else MISSED
        number = lane.number if lane else 0
        self.plc.post(
            unit.point, PlcEvent(kind, unit.tracking, unit.barcode, GOOD_READ_PERCENT, number, reason)
        )

    # lanes -----------------------------------------------------------------------------------------------

    def _load_of(self, lane: Lane) -> int:
        under_way = sum(unit.bound_for == lane.number for unit in self.units)
        return len(self.truth.lanes[lane.number]) + under_way

    def update_lanes(self) -> None:
        """Refresh the photo cells: the PLC's full and occupied bits."""
        lanes = [lane for point in self.spec.points for lane in point.lanes.values()]
        self.plc.full = {lane.number for lane in lanes if self._load_of(lane) >= lane.capacity}
        self.plc.occupied = {lane.number for lane in lanes if self.truth.lanes[lane.number]}

    # persistence and view --------------------------------------------------------------------------------

    def dump(self) -> dict[str, Any]:
        units = [{"tote": unit.tote, "point": unit.point, "bound_for": unit.bound_for} for unit in self.units]
        return {"units": units, "last_tracking": self.last_tracking}

    def resume(self, saved: dict[str, Any]) -> None:
        """Totes on their way to a lane arrive; others come to their reader again."""
        self.last_tracking = saved.get("last_tracking", 0)
        on_belt = {label for label, tote in self.truth.totes.items() if tote.place == BELT}
        for row in saved.get("units", []):
            if row["tote"] not in on_belt:
                continue
            on_belt.discard(row["tote"])
            if row["bound_for"] in self.truth.lanes:
                self.truth.move(row["tote"], f"lane:{row['bound_for']}")
            elif row["point"] < len(self.spec.points):
                self._send_off(LoadUnit(row["tote"], row["point"]), 0.0)
        for label in sorted(on_belt):
            self.feed("induct", label)
        self.update_lanes()

    def view(self) -> list[dict[str, Any]]:
        return [
            {"tote": unit.tote, "point": unit.point, "phase": unit.phase, "lane": unit.bound_for}
            for unit in self.units
        ]
