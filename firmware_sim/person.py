"""What every simulated person can do: look, walk, scan, press, tap, and notice what came of it."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from firmware_sim.clock import SiteClock
from firmware_sim.conveyor import Conveyor
from firmware_sim.figures import Figures
from firmware_sim.habits import Habits, duration_sim_s
from firmware_sim.lights import LightController, Probe, Shown
from firmware_sim.pulse import Pulse
from firmware_sim.scale import Scale
from firmware_sim.scanner import CODE_128, Scanner, item_symbology
from firmware_sim.screen import Picture, Screen, feedback_of
from firmware_sim.truth import Hand, Truth
from firmware_sim.walk import Spot, Stroll, length_m, route, spot_of
from firmware_sim.world import LightRef, Location, Place, Station, World

log = logging.getLogger(__name__)

# Wall seconds somebody waits for a tone, a lamp or the screen before looking again.
PATIENCE_S = 2.0
# After a bad tone the text on the screen follows at once; if it does not, the tone is enough.
AFTER_TONE_S = 0.5
IDLE_LOOK_S = 5.0
# Refused this often in a row, a person stops repeating and looks afresh.
MAX_REPEATS = 3
# A lamp that has not changed after this is not the answer to the scan.
LAMP_PATIENCE_S = 2.0


class Reply(Enum):
    ACCEPTED = "accepted"
    REFUSED = "refused"
    SILENT = "silent"


@dataclass(slots=True)
class Floor:
    """Everything on the floor that a person can touch."""

    world: World
    truth: Truth
    clock: SiteClock
    figures: Figures
    habits: Habits
    lights: dict[str, LightController]
    scanners: dict[str, Scanner]
    scales: dict[str, Scale]
    conveyor: Conveyor | None


def signature_of(picture: Picture | None) -> tuple[Any, ...]:
    """What a person would call "the screen has changed"."""
    if not picture:
        return ()
    batch, location, item = (picture.get(name) or {} for name in ("batch", "location", "item"))
    totes = tuple((tote.get("label"), tote.get("state")) for tote in picture.get("totes") or ())
    lines = tuple(
        (line.get("sku"), line.get("counted"), line.get("fix")) for line in picture.get("lines") or ()
    )
    place = (batch.get("number"), batch.get("stop"), location.get("code"), item.get("sku"))
    return (picture.get("step"), place, picture.get("qty"), totes, lines, bool(picture.get("seal")))


class Person:
    """One person at one station; ``doing`` is for the status view only."""

    def __init__(self, floor: Floor, station: Station, screen: Screen, rng: random.Random) -> None:
        self.floor, self.station, self.screen, self.rng = floor, station, screen, rng
        self.scanner = floor.scanners[station.scanner]
        self.noticed = Pulse()
        self.spot = Spot(station.x, station.y)
        self.stroll: Stroll | None = None
        self.doing = "arrives"
        self.refused_in_a_row = 0
        screen.listeners.append(self.noticed.fire)
        self.scanner.listeners.append(self.noticed.fire)
        floor.truth.listeners.append(self.noticed.fire)

    @property
    def hand(self) -> Hand:
        return self.floor.truth.hands[self.station.key]

    @property
    def picture(self) -> Picture:
        return self.screen.picture or {}

    # the working day -------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Do what the screen asks, for ever."""
        while True:
            if not self.screen.picture:
                self.doing = "looks at a dark screen"
                await self.noticed.wait(IDLE_LOOK_S)
                continue
            step = self.screen.step
            await self.tidy(step)
            self.doing = step
            handler = self.handlers().get(step)
            if handler is None:
                await self.idle(f"does not know the step {step!r}")
                continue
            try:
                await handler()
            except (AttributeError, LookupError, TypeError, ValueError):
                # A screen that makes no sense must not send a person home.
                log.warning("%s cannot make sense of %s", self.station.key, step, exc_info=True)
                await self.idle("is puzzled by the screen")
            if self.refused_in_a_row >= MAX_REPEATS:
                self.refused_in_a_row = 0
                await self.start_afresh()

    def handlers(self) -> dict[str, Callable[[], Awaitable[object]]]:
        return {"badge": self.badge}

    async def tidy(self, step: str) -> None:
        """Finish with the hands what the last step has left; overridden."""

    async def start_afresh(self) -> None:
        """Refused again and again: pause, then read the screen in peace."""
        await asyncio.sleep(AFTER_TONE_S)
        await self.screen.refresh()

    async def badge(self) -> None:
        await self.scan(CODE_128, self.station.badge)

    async def idle(self, why: str) -> None:
        """Nothing to do: wait for the screen or the floor to change."""
        self.doing = why
        before = signature_of(self.screen.picture)
        if not await self.noticed.wait(IDLE_LOOK_S):
            await self.screen.refresh()
        elif signature_of(self.screen.picture) == before:
            await self.spend("read")

    # body ------------------------------------------------------------------------------------------------

    async def spend(self, what: str) -> None:
        await self.floor.clock.sleep(duration_sim_s(self.rng, what))

    async def walk_to(self, where: Location | Place | Spot) -> None:
        goal = where if isinstance(where, Spot) else spot_of(self.floor.world, where)
        way = route(self.floor.world.walk, self.spot, goal)
        metres = length_m(way)
        if metres > 0:
            sim_s = metres / self.floor.world.walk.speed_m_s
            self.stroll = Stroll(way, duration_s=self.floor.clock.wall_s(sim_s))
            await self.floor.clock.sleep(sim_s)
        self.stroll, self.spot = None, goal

    def position(self) -> tuple[float, float]:
        return self.stroll.position() if self.stroll else (self.spot.x, self.spot.y)

    def lamp(self, ref: LightRef) -> Shown:
        return self.floor.lights[ref.device].lamp(ref.channel)

    # doing and noticing ----------------------------------------------------------------------------------

    async def scan(self, symbology: str, data: str) -> Reply:
        await self.spend("scan")
        return await self.attempt(lambda: self.scanner.scan(symbology, data))

    async def scan_label(self, label: str) -> Reply:
        return await self.scan(CODE_128, label)

    async def scan_item(self, sku: str) -> Reply:
        return await self.scan(*item_symbology(self.floor.world.skus[sku].barcode))

    async def scan_by_mistake_twice(self) -> None:
        """The last label once more, later than any bounce filter: the person forgot having scanned it."""
        frame = self.scanner.last_code()
        if frame and self.rng.random() < self.floor.habits.double_scan:
            self.mistake("double_scan")
            await self.scan(*frame)

    async def press(self, ref: LightRef, *, short: bool = False) -> Reply:
        await self.spend("press")

        async def push() -> None:
            self.floor.lights[ref.device].press(ref.channel, short=short)

        return await self.attempt(push)

    async def tap(self, code: str, qty: int | None = None) -> Reply:
        """A button of the screen; ``qty`` only where the screen asks for a number."""
        await self.spend("tap")
        result = await self.screen.tap(code, qty)
        if result is None:
            await asyncio.sleep(AFTER_TONE_S)
            return self._note(Reply.SILENT, "")
        accepted = result.get("verdict") == "accepted"
        return self._note(Reply.ACCEPTED if accepted else Reply.REFUSED, str(result.get("code", "")))

    async def attempt(self, act: Callable[[], Awaitable[object]]) -> Reply:
        """Act, then wait for the answer: the screen's feedback, or a changed screen, or at least a tone."""
        screen, scanner = self.screen, self.scanner
        seq, before, tones = screen.feedback_seq, signature_of(screen.picture), scanner.tones
        await act()

        def answered() -> bool:
            return screen.feedback_seq != seq or signature_of(screen.picture) != before

        def heard() -> bool:
            return answered() or scanner.tones != tones

        if await self.noticed.until(heard, PATIENCE_S) and not answered():
            await self.noticed.until(answered, AFTER_TONE_S if scanner.last_tone is False else PATIENCE_S)
        if not answered():
            await screen.refresh()
        if screen.feedback_seq != seq:
            feedback = feedback_of(self.picture)
            refused = feedback.get("verdict") == "refused"
            return self._note(Reply.REFUSED if refused else Reply.ACCEPTED, str(feedback.get("code", "")))
        if answered():
            return self._note(Reply.ACCEPTED, "")
        if scanner.tones != tones:
            return self._note(Reply.ACCEPTED if scanner.last_tone else Reply.REFUSED, "tone")
        return self._note(Reply.SILENT, "")

    def _note(self, reply: Reply, code: str) -> Reply:
        if reply is Reply.ACCEPTED:
            self.refused_in_a_row = 0
        elif reply is Reply.REFUSED:
            self.refused_in_a_row += 1
            self.floor.figures.refusals_heard += 1
            self.floor.figures.refusal_codes[code or "?"] += 1
            log.info("%s at %s: refused: %s", self.station.key, self.screen.step, code)
        elif reply is Reply.SILENT:
            self.floor.figures.silences += 1
            log.info("%s at %s: no answer", self.station.key, self.screen.step)
        return reply

    def mistake(self, kind: str) -> None:
        self.floor.figures.mistakes_made[kind] += 1

    # measuring -------------------------------------------------------------------------------------------

    def watch_lamps(self, refs: list[LightRef], since: float) -> Probe:
        """From now on note when the WMS first changes one of these lamps."""
        probe = Probe(since, {(ref.device, ref.channel) for ref in refs})
        for device in {ref.device for ref in refs}:
            self.floor.lights[device].watch(probe)
        return probe

    def finish_watch(self, probe: Probe, *, counts: bool) -> None:
        """Take the sample; a lamp may follow the screen a little later, so look once more then."""
        if counts and probe.found_at is None:
            asyncio.get_running_loop().call_later(LAMP_PATIENCE_S, self._take_sample, probe)
        else:
            self._take_sample(probe, counts)

    def _take_sample(self, probe: Probe, counts: bool = True) -> None:
        for device in {device for device, _ in probe.channels}:
            self.floor.lights[device].unwatch(probe)
        if counts and probe.found_at is not None:
            self.floor.figures.scan_to_lamp_ms.append((probe.found_at - probe.since) * 1000)

    # persistence -----------------------------------------------------------------------------------------

    def dump(self) -> dict[str, Any]:
        return {}

    def restore(self, saved: dict[str, Any]) -> None:
        """What a person remembers from before the stop; overridden."""
