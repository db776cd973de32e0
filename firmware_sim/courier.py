"""The courier company: claims ready shipments, drives up, scans every label in the lane, drives off."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from firmware_sim.clock import SiteClock, new_id
from firmware_sim.figures import Figures
from firmware_sim.pulse import Pulse
from firmware_sim.rest import HTTP_TIMEOUT_S, Rest, is_transient, problem_code
from firmware_sim.truth import AWAY, STACK, Tote, Truth

log = logging.getLogger(__name__)

COURIERS = 3
POLL_SIM_S = 30.0
POLL_MIN_WALL_S = 1.0
DRIVE_UP_SIM_S = (60.0, 240.0)
SCAN_SIM_S = (1.0, 2.0)
# Totes may still be on their last metres of belt when the courier stands there.
LOOK_AGAIN_SIM_S = 20.0
LOOK_AGAIN_MIN_WALL_S = 0.5
MAX_LOOKS = 5
# Empties come back with the next visit; without a next visit, by themselves after this time.
EMPTIES_HOME_SIM_S = 900.0
MAX_PAGES = 20
MAX_OPEN = 500
# A day of a large site; the oldest are forgotten.
MAX_DELIVERED = 20_000
POST_TRIES = 5
POST_RETRY_S = 1.0


@dataclass(slots=True)
class Job:
    """One shipment on a courier's list."""

    shipment: dict[str, Any]
    claimed: bool = False
    looks: int = 0

    @property
    def key(self) -> str:
        return str(self.shipment["id"])

    @property
    def lane(self) -> str:
        return str((self.shipment.get("lane") or {}).get("code") or "")

    @property
    def labels(self) -> set[str]:
        return {str(parcel["sscc"])[-18:] for parcel in self.shipment.get("parcels") or ()}


class CourierCompany:
    """A few couriers share one list; a shipment stays on it until it is handed over or somebody else's."""

    def __init__(
        self,
        *,
        rest: Rest,
        truth: Truth,
        clock: SiteClock,
        figures: Figures,
        rng: random.Random,
        on_lane_change: Callable[[], None],
    ) -> None:
        self.rest, self.truth, self.clock = rest, truth, clock
        self.figures, self.rng, self.on_lane_change = figures, rng, on_lane_change
        self.jobs: dict[str, Job] = {}
        self.waiting: list[str] = []
        self.news = Pulse()
        self.delivered: dict[str, dict[str, int]] = {}  # order -> what physically left in its totes
        self.away_since: dict[str, float] = {}  # tote -> simulated second of its departure

    # learning of shipments -------------------------------------------------------------------------------

    def heard(self, kind: str, data: dict[str, Any]) -> None:
        """A verified webhook. It only tells earlier what the poll would find."""
        self.figures.webhooks_verified += 1
        if kind == "shipment.ready":
            self.consider(data.get("shipment") if isinstance(data.get("shipment"), dict) else data)

    def consider(self, shipment: Any) -> None:
        if not isinstance(shipment, dict) or "id" not in shipment or str(shipment["id"]) in self.jobs:
            return
        if len(self.jobs) >= MAX_OPEN:
            log.warning("courier: more than %d open shipments", MAX_OPEN)
            return
        job = Job(shipment)
        self.jobs[job.key] = job
        self.waiting.append(job.key)
        self.news.fire()

    async def poll(self) -> None:
        """Backup of the webhooks, page by page."""
        while True:
            cursor: str | None = ""
            for _ in range(MAX_PAGES):
                if cursor is None:
                    break
                cursor = await self._page(cursor)
            self._bring_old_empties()
            await asyncio.sleep(max(POLL_MIN_WALL_S, self.clock.wall_s(POLL_SIM_S)))

    async def _page(self, cursor: str) -> str | None:
        """Consider one page of ready shipments; the cursor of the next one."""
        query = {"state": "ready", **({"cursor": cursor} if cursor else {})}
        try:
            answer = await self.rest.http.get(
                self.rest.url("shipments"), params=query, headers=self.rest.headers(), timeout=HTTP_TIMEOUT_S
            )
            page = answer.json() if answer.is_success else {}
        except (httpx.HTTPError, ValueError) as exc:
            log.info("courier: %s", exc)
            return None
        for shipment in page.get("results") or ():
            self.consider(shipment)
        following = page.get("next")
        return str(following) if following else None

    # working ---------------------------------------------------------------------------------------------

    async def run(self) -> None:
        await asyncio.gather(self.poll(), *(self._courier(number) for number in range(1, COURIERS + 1)))

    async def _courier(self, number: int) -> None:
        while True:
            if not self.waiting:
                await self.news.wait(POLL_MIN_WALL_S)
                continue
            job = self.jobs[self.waiting.pop(0)]
            await self._serve(job, f"Courier {number}")

    async def _serve(self, job: Job, name: str) -> None:
        if not job.claimed:
            answer = await self._post(job, "claim", {"claimed_by": name})
            if answer is None or not answer.is_success:
                self.jobs.pop(job.key, None)  # the next poll finds it again if it is still free
                return
            job.claimed = True
            await self.clock.sleep(self.rng.uniform(*DRIVE_UP_SIM_S))
        self.bring_empties()
        totes = await self._look_into_lane(job)
        scanned = [tote.sscc for tote in totes]
        await self.clock.sleep(sum(self.rng.uniform(*SCAN_SIM_S) for _ in scanned))
        answer = await self._post(job, "handover", {"sscc": scanned}) if scanned else None
        if answer is not None and answer.is_success:
            self._drive_off(job, totes)
            return
        if answer is not None:
            self.figures.handovers_refused += 1
            log.info("courier: %s refused: %s", job.key, problem_code(answer))
        job.looks = 0
        await self._pause()
        self.waiting.append(job.key)

    async def _look_into_lane(self, job: Job) -> list[Tote]:
        """Labels of this shipment that physically stand in the lane; patient while some are missing."""
        while True:
            found = self._standing(self.truth.lanes_to(job.lane), job)
            if len(found) >= len(job.labels):
                return found
            job.looks += 1
            if job.looks >= MAX_LOOKS:
                return found
            await self._pause()

    def _standing(self, lanes: list[int], job: Job) -> list[Tote]:
        totes = [self.truth.totes[label] for lane in lanes for label in self.truth.lanes[lane]]
        return [tote for tote in totes if tote.sscc and tote.sscc in job.labels]

    async def _pause(self) -> None:
        await asyncio.sleep(max(LOOK_AGAIN_MIN_WALL_S, self.clock.wall_s(LOOK_AGAIN_SIM_S)))

    def _drive_off(self, job: Job, totes: list[Tote]) -> None:
        left = self.delivered.setdefault(str(job.shipment.get("order_ref") or job.key), {})
        while len(self.delivered) > MAX_DELIVERED:
            self.delivered.pop(next(iter(self.delivered)))
        for tote in totes:
            for sku, qty in tote.content.items():
                left[sku] = left.get(sku, 0) + qty
            self.truth.move(tote.label, AWAY)
            self.away_since[tote.label] = self.clock.sim_s()
        self.on_lane_change()
        self.figures.shipments_handed_over += 1
        self.jobs.pop(job.key, None)

    def bring_empties(self) -> None:
        """Totes of earlier deliveries come back with this visit."""
        for tote in list(self.truth.totes.values()):
            if tote.place == AWAY:
                self._home(tote)

    def _bring_old_empties(self) -> None:
        oldest = self.clock.sim_s() - EMPTIES_HOME_SIM_S
        for tote in list(self.truth.totes.values()):
            if tote.place == AWAY and self.away_since.get(tote.label, 0.0) < oldest:
                self._home(tote)

    def _home(self, tote: Tote) -> None:
        self.truth.empty_out(tote.label)
        self.truth.move(tote.label, STACK)
        self.away_since.pop(tote.label, None)

    async def _post(self, job: Job, verb: str, body: dict[str, Any]) -> httpx.Response | None:
        """One write, repeated with the same key while the server does not answer."""
        headers = self.rest.headers(new_id(self.rng))
        url = self.rest.url(f"shipments/{job.key}/{verb}")
        answer = None
        for _ in range(POST_TRIES):
            try:
                answer = await self.rest.http.post(url, json=body, headers=headers, timeout=HTTP_TIMEOUT_S)
            except httpx.HTTPError as exc:
                log.info("courier: %s: %s", verb, exc)
            else:
                if not is_transient(answer):
                    return answer
            await asyncio.sleep(POST_RETRY_S)
        return answer

    # persistence -----------------------------------------------------------------------------------------

    def dump(self) -> dict[str, Any]:
        claimed = [job.shipment for job in self.jobs.values() if job.claimed]
        return {"claimed": claimed, "delivered": self.delivered}

    def restore(self, saved: dict[str, Any]) -> None:
        """Claimed shipments are no longer announced: the courier still stands there."""
        self.delivered = dict(saved.get("delivered", {}))
        for shipment in saved.get("claimed", []):
            self.consider(shipment)
            self.jobs[str(shipment["id"])].claimed = True
