"""A picker with a cart: totes on, walk, take, put, bring to the belt (docs/reference/screen.md)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from firmware_sim.lights import Probe
from firmware_sim.person import Person, Reply
from firmware_sim.scanner import CODE_128, item_symbology
from firmware_sim.truth import STACK, Tote
from firmware_sim.world import LightRef, Location

# Belts take one tote after the other: simulated seconds between two put on by the same person.
BELT_SPACING_SIM_S = 2.0
# Totes somebody has just been told not to use; forgotten one by one.
MAX_SHUNNED = 50


class Picker(Person):
    """Physical things happen once per task of the screen, however often its input must be repeated."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.taken_for: tuple[Any, ...] = ()
        self.put_for: tuple[Any, ...] = ()
        self.placed: list[int] = []
        self.leaving: list[str] = []  # totes that go to the belt once the belt's label is accepted
        self.returning: list[str] = []  # empty totes that go back to the stack then
        self.shunned: list[str] = []
        self.refused_in_a_row = 0

    def handlers(self) -> dict[str, Callable[[], Awaitable[object]]]:
        return {
            "badge": self.badge,
            "cart": self.take_cart,
            "wait": self.wait,
            "totes": self.put_tote_on,
            "pick": self.pick,
            "put": self.put,
            "drop": self.drop,
        }

    async def tidy(self, step: str) -> None:
        if step != "drop" and (self.leaving or self.returning):
            self._unload()
        if step != "put":
            self.put_for, self.placed = (), []
        if step not in ("pick", "put") and self.hand.units:
            await self.return_units()
        if step not in ("badge", "cart", "totes"):
            self._reconcile_cart()

    def _place(self, position: int) -> str:
        return f"cart:{self.station.key}:{position}"

    def _reconcile_cart(self) -> None:
        """A tote the screen shows on the cart was put there, even if its tone was missed."""
        for row in self.picture.get("totes") or ():
            tote = self.floor.truth.totes.get(str(row.get("label")))
            if tote is not None and tote.place == STACK:
                self.floor.truth.move(tote.label, self._place(int(row["position"])))

    def _task(self) -> tuple[Any, ...]:
        batch, place, item = (self.picture.get(name) or {} for name in ("batch", "location", "item"))
        return (batch.get("number"), batch.get("stop"), place.get("code"), item.get("sku"))

    # steps -----------------------------------------------------------------------------------------------

    async def take_cart(self) -> None:
        await self.walk_to(self.floor.world.places["home"])
        await self.scan_label(self.station.cart)

    async def wait(self) -> None:
        await self.idle("waits for work")

    async def put_tote_on(self) -> None:
        rows = [row for row in self.picture.get("totes") or () if row.get("state") == "wanted"]
        if not rows:
            await self.idle("sees no position that wants a tote")
            return
        position = min(int(row["position"]) for row in rows)
        await self.walk_to(self.floor.world.places["stack"])
        tote = self._free_tote()
        if tote is None:
            self.shunned.clear()
            await self.idle("waits for empty totes")
            return
        self.floor.truth.move(tote.label, self._place(position))
        await self.spend("fetch_tote")
        reply = await self.scan_label(tote.label)
        if reply is Reply.ACCEPTED or self._shown_on_cart(tote):
            await self.scan_by_mistake_twice()
            return
        self.floor.truth.move(tote.label, STACK)
        if reply is Reply.REFUSED:
            self.shunned = [*self.shunned, tote.label][-MAX_SHUNNED:]

    def _free_tote(self) -> Tote | None:
        return next((tote for tote in self.floor.truth.free_totes() if tote.label not in self.shunned), None)

    def _shown_on_cart(self, tote: Tote) -> bool:
        return any(row.get("label") == tote.label for row in self.picture.get("totes") or ())

    # picking ---------------------------------------------------------------------------------------------

    async def pick(self) -> None:
        task = self._task()
        code, sku, wanted = task[2], task[3], int(self.picture.get("qty") or 0)
        location = self.floor.world.locations.get(code)
        if location is None or sku not in self.floor.world.skus or wanted <= 0:
            await self.idle(f"cannot find {code} or {sku}")
            return
        await self.walk_to(location)
        if self.taken_for != task:
            await self.return_units()
            self._look_at_lamp(location, wanted)
            if self.rng.random() < self.floor.habits.wrong_item:
                await self._take_wrong_item(location, sku)
                return
            await self.spend("take")
            await self._take(location, sku, wanted)
            self.taken_for = task
        await self._confirm_pick(location, sku, wanted)

    async def _take(self, location: Location, sku: str, wanted: int) -> None:
        qty = wanted
        if self.rng.random() < self.floor.habits.miscount:
            qty = wanted + self.rng.choice((-1, 1)) or wanted + 1
            self.mistake("miscount")
        self.floor.truth.take(self.station.key, location.code, sku, qty)
        held = self.hand.count(sku)
        # A short hand although the bin holds more is the miscount itself and goes unnoticed.
        self.believes_short = held < wanted and not self.floor.truth.bins[location.code].get(sku)

    believes_short = False

    async def _confirm_pick(self, location: Location, sku: str, wanted: int) -> None:
        found = self.hand.count(sku)
        if self.believes_short and found < wanted:
            await self._report_short(location, found)
        else:
            await self._scan_pick(location, sku)

    async def start_afresh(self) -> None:
        """Put back what is in the hand, read the screen again."""
        self.taken_for = ()
        await self.return_units()
        await super().start_afresh()

    async def _report_short(self, location: Location, found: int) -> Reply:
        self.floor.figures.shorts_reported += 1
        if found == 0 and location.light and self.lamp(location.light).lit:
            reply = await self.press(location.light, short=True)
            if reply is not Reply.SILENT:
                return reply
        return await self.tap("C-SHORT", found)

    async def _scan_pick(self, location: Location, sku: str) -> Reply:
        draw = self.rng.random()
        habits = self.floor.habits
        if location.light and draw < habits.pick_by_lamp and self.lamp(location.light).lit:
            return await self.press(location.light)
        if draw < habits.pick_by_lamp + habits.pick_by_location:
            return await self._scan_and_watch(CODE_128, location.label, location)
        return await self._scan_and_watch(*item_symbology(self.floor.world.skus[sku].barcode), location)

    async def _scan_and_watch(self, symbology: str, data: str, location: Location) -> Reply:
        """The moment that counts: from the bytes of the scan to the first lamp that answers."""
        refs = [*self.station.lights, *([location.light] if location.light else [])]
        probes: list[Probe] = []
        await self.spend("scan")

        async def act() -> None:
            if await self.scanner.scan(symbology, data):
                probes.append(self.watch_lamps(refs, time.perf_counter()))

        reply = await self.attempt(act)
        for probe in probes:
            self.finish_watch(probe, counts=reply is Reply.ACCEPTED)
        if reply is Reply.ACCEPTED:
            await self.scan_by_mistake_twice()
        return reply

    def _look_at_lamp(self, location: Location, wanted: int) -> None:
        if location.light is None:
            return
        shown = self.lamp(location.light)
        agrees = shown.qty in (None, wanted)
        self.floor.figures.lamps_seen["dark" if not shown.lit else "right" if agrees else "other"] += 1

    async def _take_wrong_item(self, location: Location, sku: str) -> None:
        """Reach into a neighbouring bin; the refused tone makes the person put it back."""
        world, bins = self.floor.world, self.floor.truth.bins
        others = [
            (row.code, other)
            for row in world.locations.values()
            if row.aisle == location.aisle
            for other in bins[row.code]
            if other != sku
        ]
        if not others:
            return
        code, other = self.rng.choice(others)
        self.mistake("wrong_item")
        await self.spend("take")
        self.floor.truth.take(self.station.key, code, other, 1)
        reply = await self.scan_item(other)
        if reply is Reply.ACCEPTED:
            self.mistake("wrong_item_accepted")
        await self.spend("put")
        self.floor.truth.put_back(self.station.key, other)

    async def return_units(self) -> None:
        if not self.hand.units:
            return
        await self.spend("put")
        for sku in list(self.hand.units):
            self.floor.truth.put_back(self.station.key, sku)

    # putting ---------------------------------------------------------------------------------------------

    async def put(self) -> None:
        task = self._task()
        if self.put_for != task:
            self.put_for, self.placed, self.taken_for = task, [], ()
        rows = [row for row in self.picture.get("totes") or () if row.get("state") == "wanted"]
        if not rows:
            await self.idle("sees no tote that wants something")
            return
        row = min(rows, key=lambda row: int(row["position"]))
        position, label, qty = int(row["position"]), str(row["label"]), int(row.get("qty") or 0)
        if position not in self.placed:
            await self._fetch_again(str(task[3]), str(task[2]), rows)
            await self.spend("put")
            everything = len(rows) == 1  # what was taken too much goes into the last tote, unnoticed
            self._fill(label, str(task[3]), self.hand.count(str(task[3])) if everything else qty)
            self.placed.append(position)
        if not await self._wrong_tote(label):
            reply = await self._confirm_put(position, label)
            if reply is Reply.ACCEPTED:
                self.floor.figures.lines_picked += 1

    async def _fetch_again(self, sku: str, code: str, rows: list[dict[str, Any]]) -> None:
        """Empty hands at a put (the floor was stopped in between): go and take the units again."""
        if self.hand.count(sku):
            return
        where = code if self.floor.truth.bins.get(code, {}).get(sku) else self.floor.truth.find(sku)
        location = self.floor.world.locations.get(where or "")
        if location is None:
            return
        await self.walk_to(location)
        await self.spend("take")
        wanted = sum(int(row.get("qty") or 0) for row in rows if int(row["position"]) not in self.placed)
        self.floor.truth.take(self.station.key, location.code, sku, wanted)

    def _fill(self, label: str, sku: str, qty: int) -> None:
        if label in self.floor.truth.totes:
            self.floor.truth.fill(self.station.key, label, sku, qty)

    def _button(self, position: int) -> LightRef | None:
        lights = self.station.lights
        return lights[position - 1] if 0 < position <= len(lights) else None

    async def _wrong_tote(self, right: str) -> bool:
        """Point at a tote that wants nothing; a person notices by the tone or because nothing moves on."""
        if self.rng.random() >= self.floor.habits.wrong_tote:
            return False
        others = [
            row
            for row in self.picture.get("totes") or ()
            if row.get("label") and row["label"] != right and row.get("state") != "wanted"
        ]
        if not others:
            return False
        self.mistake("wrong_tote")
        other = self.rng.choice(others)
        await self._confirm_put(int(other["position"]), str(other["label"]))
        return True

    async def _confirm_put(self, position: int, label: str) -> Reply:
        button = self._button(position)
        if button is None or self.rng.random() < self.floor.habits.put_by_label:
            return await self.scan_label(label)
        reply = await self.press(button)
        # A button that does nothing is followed by the label: a broken lamp must not stop the cart.
        return await self.scan_label(label) if reply is Reply.SILENT else reply

    # dropping --------------------------------------------------------------------------------------------

    async def drop(self) -> None:
        belt = self.floor.world.places["belt"]
        await self.walk_to(belt)
        rows = self.picture.get("totes") or ()
        known = self.floor.truth.totes
        self.leaving = [row["label"] for row in rows if row.get("state") == "full" and row["label"] in known]
        self.returning = [
            row["label"] for row in rows if row.get("state") == "empty" and row.get("label") in known
        ]
        reply = await self.scan_label(str((self.picture.get("location") or {}).get("label") or belt.label))
        if reply is Reply.REFUSED:
            await asyncio.sleep(self.floor.clock.wall_s(1.0))

    def _unload(self) -> None:
        """The belt's label was accepted: full totes go on the belt one by one, empty ones to the stack."""
        for index, label in enumerate(self.leaving):
            if self.floor.truth.totes[label].place.startswith("cart:") and self.floor.conveyor:
                self.floor.conveyor.feed("induct", label, index * BELT_SPACING_SIM_S)
        for label in self.returning:
            if self.floor.truth.totes[label].place.startswith("cart:"):
                self.floor.truth.move(label, STACK)
        self.leaving, self.returning = [], []

    def dump(self) -> dict[str, Any]:
        return {
            "put_for": list(self.put_for),
            "placed": self.placed,
            "leaving": self.leaving,
            "returning": self.returning,
        }

    def restore(self, saved: dict[str, Any]) -> None:
        self.put_for = tuple(saved.get("put_for", ()))
        self.placed = list(saved.get("placed", []))
        self.leaving = list(saved.get("leaving", []))
        self.returning = list(saved.get("returning", []))
