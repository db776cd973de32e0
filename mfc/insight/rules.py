"""Release rules side by side in the model of a day: what is usual elsewhere, and the site's own. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field

from mfc.insight.daymodel import Rule
from mfc.picking.batching import OpenOrder
from mfc.picking.release import Decision, Go, Policy, Situation, Wait, decide


@dataclass
class Fifo:
    """Whoever is idle takes the oldest orders, as many as the cart holds."""

    policy: Policy

    def forget(self, order_ids: Sequence[Hashable]) -> None:
        self.policy.forget(order_ids)

    def order(self, now: Situation) -> list[OpenOrder]:
        return list(now.waiting)

    def __call__(self, now: Situation) -> Decision:
        if not now.waiting or now.idle <= 0:
            return Wait(until_s=None, why="")
        return _go(self.order(now)[: self.policy.cart.positions])


class Edd(Fifo):
    """The same by earliest deadline."""

    def order(self, now: Situation) -> list[OpenOrder]:
        return sorted(now.waiting, key=lambda order: order.due_s)


@dataclass
class Waves(Fifo):
    """Every 15 minutes all that waits is cut into batches by proximity; idle pickers take them in turn."""

    every_s: float = 900.0
    planned: list[list[OpenOrder]] = field(default_factory=list)
    at_s: float = 0.0

    def __call__(self, now: Situation) -> Decision:
        if now.now_s >= self.at_s:
            self.at_s = (math.floor(now.now_s / self.every_s) + 1) * self.every_s
            known = {order.order_id for batch in self.planned for order in batch}
            left = sorted((o for o in now.waiting if o.order_id not in known), key=lambda order: order.due_s)
            while left:
                batch = [left.pop(0)]
                while left and len(batch) < self.policy.cart.positions:
                    best = min(left, key=lambda o: self.policy.survey([*batch, o]) - self.policy.alone_mm(o))
                    batch.append(best)
                    left.remove(best)
                self.planned.append(batch)
        if not self.planned or now.idle <= 0:
            return Wait(until_s=self.at_s if now.waiting else None, why="")
        return _go(self.planned.pop(0))


def _go(members: Sequence[OpenOrder]) -> Go:
    names = tuple(order.order_id for order in members)
    return Go(order_ids=names, length_mm=0, duration_s=0.0, why_now="", why_these="")


@dataclass
class Rolling:
    """The site's own rule."""

    policy: Policy

    def forget(self, order_ids: Sequence[Hashable]) -> None:
        self.policy.forget(order_ids)

    def __call__(self, now: Situation) -> Decision:
        return decide(self.policy, now)


RULES: dict[str, Callable[[Policy], Rule]] = {
    "rolling": Rolling,
    "fifo": Fifo,
    "edd": Edd,
    "waves": Waves,
}
