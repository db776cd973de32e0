"""The shop: posts its orders in time by REST, repeats with the same key until it has an answer."""

from __future__ import annotations

import heapq
import json
import logging
import random
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from firmware_sim.clock import SiteClock
from firmware_sim.figures import Figures
from firmware_sim.rest import HTTP_TIMEOUT_S, Rest, is_transient, problem_code

log = logging.getLogger(__name__)

KEY_NAMESPACE = uuid.UUID("6f1c3f6e-6a55-5d0e-9a53-3f6d7b9b1f10")
FIRST_RETRY_S, MAX_RETRY_S = 0.5, 5.0
MAX_ORDERS = 100_000
COPIED = ("address", "substitution")


class OrdersError(ValueError):
    """An orders file that cannot be read; one line."""


def load_orders(path: Path) -> list[dict[str, Any]]:
    try:
        orders = json.loads(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise OrdersError(f"{path}: {exc.strerror or exc}") from exc
    except ValueError as exc:
        raise OrdersError(f"{path}: not JSON: {exc}") from exc
    if not isinstance(orders, list) or len(orders) > MAX_ORDERS:
        raise OrdersError(f"{path}: a list of at most {MAX_ORDERS} orders is expected")
    for index, order in enumerate(orders):
        if not isinstance(order, dict) or not {"ref", "at_s", "promise_s", "lines"} <= order.keys():
            raise OrdersError(f"{path}: [{index}]: ref, at_s, promise_s and lines are expected")
    return orders


class Shop:
    """``done`` maps an order's reference to ``accepted`` or the refusal's code."""

    def __init__(
        self,
        orders: list[dict[str, Any]],
        *,
        rest: Rest,
        clock: SiteClock,
        figures: Figures,
        rng: random.Random,
    ) -> None:
        self.orders = {str(order["ref"]): order for order in orders}
        self.rest, self.clock, self.figures, self.rng = rest, clock, figures, rng
        self.first_start = clock.now()
        self.done: dict[str, str] = {}
        self.bodies: dict[str, dict[str, Any]] = {}  # posted at least once: a repeat must be the same bytes

    @property
    def left(self) -> int:
        return len(self.orders) - len(self.done)

    async def run(self) -> None:
        passed_s = (self.clock.now() - self.first_start).total_seconds()
        # (due in simulated seconds since this start, attempt, reference)
        due = [
            (float(order["at_s"]) - passed_s + self.clock.sim_s(), 0, ref)
            for ref, order in self.orders.items()
            if ref not in self.done
        ]
        heapq.heapify(due)
        while due:
            at_s, attempt, ref = heapq.heappop(due)
            await self.clock.sleep(at_s - self.clock.sim_s())
            if not await self._post(ref):
                wall_s = min(MAX_RETRY_S, FIRST_RETRY_S * 2 ** min(attempt, 10)) * self.rng.uniform(0.8, 1.2)
                heapq.heappush(due, (self.clock.sim_s() + wall_s * self.clock.speed, attempt + 1, ref))

    def _body(self, ref: str) -> dict[str, Any]:
        order = self.orders[ref]
        now = self.clock.now()
        until = now + timedelta(seconds=float(order["promise_s"]))
        body = {
            "order_ref": ref,
            "lines": order["lines"],
            "promise": {"from": now.isoformat(), "until": until.isoformat()},
        }
        return body | {name: order[name] for name in COPIED if name in order}

    async def _post(self, ref: str) -> bool:
        """True when the order is settled, one way or the other."""
        body = self.bodies.setdefault(ref, self._body(ref))
        key = str(uuid.uuid5(KEY_NAMESPACE, f"{self.first_start.isoformat()}/{ref}"))
        url, headers = self.rest.url("orders"), self.rest.headers(key)
        try:
            answer = await self.rest.http.post(url, json=body, headers=headers, timeout=HTTP_TIMEOUT_S)
        except httpx.HTTPError as exc:
            log.info("order %s: %s", ref, exc)
            return False
        if is_transient(answer):
            return False
        self.bodies.pop(ref, None)
        if answer.is_success:
            self.done[ref] = "accepted"
            self.figures.orders_sent += 1
        else:
            self.done[ref] = problem_code(answer)
            self.figures.orders_refused += 1
            self.figures.refused_codes[self.done[ref]] += 1
            log.info("order %s refused: %s", ref, self.done[ref])
        return True

    def dump(self) -> dict[str, Any]:
        return {"first_start": self.first_start.isoformat(), "done": self.done, "bodies": self.bodies}

    def restore(self, saved: dict[str, Any]) -> None:
        self.first_start = type(self.first_start).fromisoformat(saved["first_start"])
        self.done = dict(saved["done"])
        self.bodies = dict(saved["bodies"])
