"""People at the pack bench and at the hospital (docs/reference/screen.md)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from firmware_sim.person import Person, Reply
from firmware_sim.scanner import GS1_128
from firmware_sim.truth import STACK, Tote

# A label is tried this often before the tote goes back on the belt for the system to decide.
MAX_TRIES = 2
# Wall seconds for settle, wire, commit and screen; then the tote is lifted and put down again.
WEIGH_PATIENCE_S = 4.0
SSCC_DIGITS = 18


class BenchWorker(Person):
    """Takes totes from lanes; ``accepted`` says that the WMS knows the tote on the bench."""

    lane_name = ""
    feed_name = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.accepted = False
        self.tries = 0

    @property
    def _place(self) -> str:
        return f"bench:{self.station.key}"

    def tote_here(self) -> Tote | None:
        return self.floor.truth.at(self._place)

    def done_with_it(self, tote: Tote) -> bool:
        """Whether the tote on the bench has been dealt with; overridden."""
        return self.accepted

    async def next_tote(self) -> None:
        """Take the next tote from the lane and read its label."""
        tote = self.tote_here()
        if tote is not None and self.done_with_it(tote):
            await self.back_on_belt(tote)
            return
        if tote is None:
            tote = self._from_lane()
            if tote is None:
                await self.idle("waits for totes")
                return
            self.floor.truth.move(tote.label, self._place)
            self._lane_changed()
            await self.spend("lift")
        self.accepted = False
        reply = await self.scan_label(tote.label)
        if reply is Reply.ACCEPTED:
            self.accepted, self.tries = True, 0
        elif reply is Reply.REFUSED:
            self.tries += 1
            if self.tries >= MAX_TRIES:
                await self._refuse(tote)

    async def _refuse(self, tote: Tote) -> None:
        """The system wants this tote elsewhere; an unknown empty one goes to the stack."""
        if tote.content or tote.sscc:
            await self.back_on_belt(tote)
        else:
            self.floor.truth.move(tote.label, STACK)
            self.tries = 0

    def _from_lane(self) -> Tote | None:
        truth = self.floor.truth
        for lane in truth.lanes_to(self.lane_name):
            if truth.lanes[lane]:
                return truth.totes[truth.lanes[lane][0]]
        return None

    def _lane_changed(self) -> None:
        if self.floor.conveyor:
            self.floor.conveyor.update_lanes()

    async def back_on_belt(self, tote: Tote) -> None:
        self.accepted, self.tries = False, 0
        if self.floor.conveyor:
            self.floor.conveyor.feed(self.feed_name, tote.label)
        await self.spend("lift")

    def _shown_tote(self) -> Tote | None:
        """The tote the screen speaks about (after a restart the bench may look different)."""
        rows = self.picture.get("totes") or ()
        return self.floor.truth.totes.get(str(rows[0].get("label"))) if rows else None

    async def tote_in_work(self) -> Tote | None:
        """The tote on the bench; fetched when the screen names one that stands in the lane; else undone."""
        tote = self.tote_here()
        if tote is not None:
            return tote
        shown = self._shown_tote()
        if shown is not None and shown.place.startswith("lane:"):
            self.floor.truth.move(shown.label, self._place)
            self._lane_changed()
            self.accepted = True
            return shown
        await self.tap("C-UNDO")
        await self.idle("misses the tote on the bench")
        return None

    def dump(self) -> dict[str, Any]:
        return {"accepted": self.accepted}

    def restore(self, saved: dict[str, Any]) -> None:
        self.accepted = bool(saved.get("accepted"))


class Packer(BenchWorker):
    """Weighs, seals, labels; what the scale refuses goes back on the belt."""

    lane_name = "pack"
    feed_name = "pack"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.weighed = False

    def handlers(self) -> dict[str, Callable[[], Awaitable[object]]]:
        return {
            "badge": self.badge,
            "pack_tote": self.next_tote,
            "pack_weigh": self.weigh,
            "pack_seal": self.seal,
        }

    def done_with_it(self, tote: Tote) -> bool:
        """Weighed and not asked to seal, or sealed: either way it leaves."""
        return self.weighed

    async def weigh(self) -> None:
        tote = await self.tote_in_work()
        if tote is None:
            return
        self.accepted = True
        scale = self.floor.scales[self.station.scale]
        await self.spend("lift")

        async def put_down() -> None:
            scale.put_on(self.floor.truth.weight_g(tote.label))

        before = self.screen.feedback_seq
        await put_down()
        moved_on = await self.noticed.until(lambda: self.screen.step != "pack_weigh", WEIGH_PATIENCE_S)
        if not moved_on:
            await self.screen.refresh()
            moved_on = self.screen.step != "pack_weigh"
        scale.take_off()
        if not moved_on:
            self._note(Reply.SILENT, "")
            return
        self.weighed = self.screen.step in ("pack_tote", "pack_seal")
        if self.screen.step == "pack_tote" and self.screen.feedback_seq != before:
            self._note(Reply.REFUSED, "weight")
            self.floor.figures.totes_to_hospital += 1

    async def seal(self) -> None:
        tote = await self.tote_in_work()
        if tote is None:
            return
        self.accepted = self.weighed = True
        sscc = str((self.picture.get("seal") or {}).get("sscc") or "")[-SSCC_DIGITS:]
        if tote.sscc != sscc:
            await self.spend("seal")
            tote.sscc = sscc
        if await self.scan(GS1_128, f"00{sscc}") is Reply.ACCEPTED:
            self.floor.figures.totes_packed += 1

    async def back_on_belt(self, tote: Tote) -> None:
        self.weighed = False
        await super().back_on_belt(tote)

    def dump(self) -> dict[str, Any]:
        return super().dump() | {"weighed": self.weighed}

    def restore(self, saved: dict[str, Any]) -> None:
        super().restore(saved)
        self.weighed = bool(saved.get("weighed"))


class HospitalWorker(BenchWorker):
    """Counts honestly what is in the tote, then takes out or fetches what differs."""

    lane_name = "hospital"
    feed_name = "hospital"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tally: Counter[str] = Counter()
        self.searched: set[str] = set()  # articles already looked for, for the tote on the bench

    def handlers(self) -> dict[str, Callable[[], Awaitable[object]]]:
        return {
            "badge": self.badge,
            "hospital_tote": self.next_tote,
            "hospital_count": self.count,
            "hospital_fix": self.fix,
        }

    async def tidy(self, step: str) -> None:
        if step != "hospital_count":
            self.tally.clear()
        if step != "hospital_fix":
            self.searched.clear()
            for sku in list(self.hand.units):
                self.floor.truth.put_back(self.station.key, sku)

    def _lines(self) -> list[dict[str, Any]]:
        return [line for line in self.picture.get("lines") or () if isinstance(line, dict)]

    def _counted(self, sku: str) -> int:
        shown = sum(int(line.get("counted") or 0) for line in self._lines() if line.get("sku") == sku)
        return max(shown, self.tally[sku])

    async def count(self) -> None:
        tote = await self.tote_in_work()
        if tote is None:
            return
        self.accepted = True
        left = {sku: n for sku, qty in tote.content.items() if (n := qty - self._counted(sku)) > 0}
        if not left:
            await self.tap("C-DONE")
            return
        # One of each in turn: reading the same barcode twice in a row takes longer.
        last = self.scanner.last_code()
        skus = sorted(left, key=lambda sku: (self._was_last(sku, last), -left[sku], sku))
        before = self._counted(skus[0])
        reply = await self.scan_item(skus[0])
        if reply is Reply.ACCEPTED:
            self.tally[skus[0]] = before + 1

    def _was_last(self, sku: str, last: tuple[str, str] | None) -> bool:
        return bool(last) and last is not None and last[1].endswith(self.floor.world.skus[sku].barcode)

    # fixing ----------------------------------------------------------------------------------------------

    async def fix(self) -> None:
        tote = await self.tote_in_work()
        if tote is None:
            return
        self.accepted = True
        lines = self._lines()
        line = next((line for line in lines if line.get("fix") == "remove"), None)
        if line is not None:
            await self._remove(tote, line)
            return
        line = next((line for line in lines if line.get("fix") == "fetch"), None)
        if line is None:
            await self.idle("sees nothing to fix")
        else:
            await self._fetch(tote, line)

    async def _remove(self, tote: Tote, line: dict[str, Any]) -> None:
        sku, expected = str(line["sku"]), int(line.get("expected") or 0)
        too_many = tote.content.get(sku, 0) - expected
        if too_many > 0:
            await self.spend("take")
            self.floor.truth.remove(tote.label, self.floor.world.places["shelf"].code, sku, too_many)
        await self.tap("C-REMOVED")

    async def _fetch(self, tote: Tote, line: dict[str, Any]) -> None:
        sku, expected = str(line["sku"]), int(line.get("expected") or 0)
        counted = int(line.get("counted") or 0)
        missing = expected - tote.content.get(sku, 0)
        if missing > 0 and sku not in self.searched and sku in self.floor.world.skus:
            self.searched.add(sku)
            await self._fetch_units(tote, line, sku, missing)
        if tote.content.get(sku, 0) > counted:
            if await self.scan_item(sku) is Reply.REFUSED:
                await self.spend("wait")
            return
        await self._cannot_find()

    async def _fetch_units(self, tote: Tote, line: dict[str, Any], sku: str, missing: int) -> None:
        truth, world = self.floor.truth, self.floor.world
        shelf = world.places["shelf"]
        home = self.spot
        for code, where in ((shelf.code, shelf), (str(line.get("location")), None)):
            target = where or world.locations.get(code)
            if missing <= 0 or target is None or not (where is None or truth.bins.get(code, {}).get(sku)):
                continue
            await self.walk_to(target)
            await self.spend("take")
            missing -= truth.take(self.station.key, code, sku, missing)
        await self.walk_to(home)
        truth.fill(self.station.key, tote.label, sku, self.hand.count(sku))

    async def _cannot_find(self) -> None:
        self.floor.figures.shorts_reported += 1
        actions = self.picture.get("actions") or ()
        asks_qty = any(row.get("code") == "C-SHORT" and row.get("needs_qty") for row in actions)
        await self.tap("C-SHORT", 0 if asks_qty else None)
