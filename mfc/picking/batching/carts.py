"""Which orders are picked in one walk: the urgent one first, then those that save most walking. Pure.

Savings as in Clarke and Wright (1964) with recalculated routes (variant ii of de Koster, van der Poort and
Wolters 1999), seeded by the order with the least slack, so that promises come before metres. All times are
seconds on one axis that the caller chooses; equal input gives equal output.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

from mfc.layout.travel import DEFAULT_SPEED_MM_S, Ground, Spot, reach_s, walk_s
from mfc.picking.routing import Route, Stop, plan

# Candidates looked at for one batch, most urgent first. A micro-fulfillment site has at most about 300 open
# orders.
MAX_CANDIDATES = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenOrder:
    """An order that waits. `due_s` is when it must be released to the last mile at the latest."""

    order_id: Hashable
    due_s: float
    stops: tuple[Stop, ...]
    volume_ml: int
    weight_g: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cart:
    """What one walk can carry."""

    positions: int
    tote_volume_ml: int
    tote_weight_g: int
    cart_weight_g: int

    def totes_for(self, order: OpenOrder) -> int:
        """Return how many totes an order takes (at least one)."""
        by_volume = -(-order.volume_ml // self.tote_volume_ml)
        by_weight = -(-order.weight_g // self.tote_weight_g)
        return max(1, by_volume, by_weight)

    def holds(self, orders: Sequence[OpenOrder]) -> bool:
        """Say whether the orders fit on the cart together."""
        totes = sum(self.totes_for(order) for order in orders)
        return totes <= self.positions and sum(order.weight_g for order in orders) <= self.cart_weight_g


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast people work. Defaults are assumptions until `insight` has measured the site."""

    speed_mm_s: int = DEFAULT_SPEED_MM_S
    setup_s: float = 45.0  # per walk: take the cart, read the first screen
    line_s: float = 7.0  # per stop: scan, take, put
    tote_s: float = 12.0  # per tote: place it on the cart and later on the belt
    after_s: float = 600.0  # from the belt to the release: conveying, weighing, labelling, staging


@dataclass(frozen=True, slots=True)
class Batch:
    """Orders of one walk, its stops in walking order, and why."""

    order_ids: tuple[Hashable, ...]
    stops: tuple[Stop, ...]
    length_mm: int
    duration_s: float
    policy: str
    reason: str


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """All orders as batches in the order of urgency; `oversize_ids` fit no cart and need a person's
    decision.
    """

    batches: tuple[Batch, ...]
    oversize_ids: tuple[Hashable, ...]


@dataclass(slots=True)
class Batcher:
    """Builds batches for one floor, one kind of cart and one pace; walks lead from `start` to `end`."""

    walkway: Ground
    start: Spot
    end: Spot
    cart: Cart
    pace: Pace = field(default_factory=Pace)
    _alone: dict[Hashable, tuple[OpenOrder, int, float]] = field(default_factory=dict, init=False, repr=False)

    def next_batch(self, orders: Sequence[OpenOrder], *, now_s: float) -> Batch | None:
        """Return the batch that should be picked next, or None when no order fits the cart.

        No order joins when that would make it or another member late; an order that is late even alone does
        not hold the others back, because leaving the cart empty would not make it earlier.
        """
        waiting = [order for order in orders if self.cart.holds([order])]
        waiting.sort(key=lambda order: (self._slack_s(order, now_s), order.due_s))
        if not waiting:
            return None
        seed, *others = waiting[:MAX_CANDIDATES]
        members = [seed]
        length_mm = self._alone_mm(seed)
        while len(members) < self.cart.positions:
            joined = self._best_joiner(members, length_mm, others, now_s)
            if joined is None:
                break
            length_mm, order = joined
            members.append(order)
            others.remove(order)
        return self._finish(members, seed, now_s)

    def plan_all(self, orders: Sequence[OpenOrder], *, now_s: float) -> BatchPlan:
        """Split all orders into batches as if every one started now."""
        oversize = tuple(order.order_id for order in orders if not self.cart.holds([order]))
        left = [order for order in orders if order.order_id not in oversize]
        batches: list[Batch] = []
        while (batch := self.next_batch(left, now_s=now_s)) is not None:
            batches.append(batch)
            taken = set(batch.order_ids)
            left = [order for order in left if order.order_id not in taken]
        return BatchPlan(tuple(batches), oversize)

    def _best_joiner(
        self, members: list[OpenOrder], length_mm: int, others: list[OpenOrder], now_s: float
    ) -> tuple[int, OpenOrder] | None:
        """Return the new length and the order that saves most; `others` come by urgency, which breaks
        ties.
        """
        best: tuple[int, int, OpenOrder] | None = None
        for order in others:
            together = [*members, order]
            if not self.cart.holds(together):
                continue
            joint_mm = self._route(together, exact=False).length_mm
            saving_mm = length_mm + self._alone_mm(order) - joint_mm
            if saving_mm < 0 or (best is not None and saving_mm <= best[0]):
                continue
            if self._keeps_promises(together, joint_mm, now_s):
                best = (saving_mm, joint_mm, order)
        return (best[1], best[2]) if best else None

    def _keeps_promises(self, members: list[OpenOrder], length_mm: int, now_s: float) -> bool:
        done_s = now_s + self._duration_s(members, length_mm) + self.pace.after_s
        return all(done_s <= order.due_s or self._slack_s(order, now_s) < 0 for order in members)

    def _finish(self, members: list[OpenOrder], seed: OpenOrder, now_s: float) -> Batch:
        route = self._route(members, exact=True)
        saving_mm = sum(self._alone_mm(order) for order in members) - route.length_mm
        return Batch(
            order_ids=tuple(order.order_id for order in members),
            stops=route.stops,
            length_mm=route.length_mm,
            duration_s=self._duration_s(members, route.length_mm),
            policy=route.policy,
            reason=_reason(seed, self._slack_s(seed, now_s), len(members) - 1, saving_mm),
        )

    def _route(self, members: Sequence[OpenOrder], *, exact: bool) -> Route:
        stops = [stop for order in members for stop in order.stops]
        return plan(stops, walkway=self.walkway, start=self.start, end=self.end, exact=exact)

    def _measure_alone(self, order: OpenOrder) -> tuple[int, float]:
        """Return length and duration of a walk for this order only; remembered until the order changes."""
        known = self._alone.get(order.order_id)
        if known is None or known[0] != order:
            length_mm = self._route([order], exact=False).length_mm
            known = self._alone[order.order_id] = (order, length_mm, self._duration_s([order], length_mm))
        return known[1], known[2]

    def _alone_mm(self, order: OpenOrder) -> int:
        return self._measure_alone(order)[0]

    def _duration_s(self, members: Sequence[OpenOrder], length_mm: int) -> float:
        stops = [stop for order in members for stop in order.stops]
        totes = sum(self.cart.totes_for(order) for order in members)
        handling_s = sum(self.pace.line_s + reach_s(stop.spot.level) for stop in stops)
        walking_s = walk_s(length_mm, speed_mm_s=self.pace.speed_mm_s)
        return self.pace.setup_s + walking_s + handling_s + totes * self.pace.tote_s

    def _slack_s(self, order: OpenOrder, now_s: float) -> float:
        """Return how long the order could still wait if it were picked alone; negative when it is late."""
        return order.due_s - now_s - self.pace.after_s - self._measure_alone(order)[1]


def _reason(seed: OpenOrder, slack_s: float, joined: int, saving_mm: int) -> str:
    if slack_s < 0:
        why = f"order {seed.order_id} is the most urgent (late by {-slack_s / 60:.0f} min)"
    else:
        why = f"order {seed.order_id} has the least slack ({slack_s / 60:.0f} min)"
    if not joined:
        return f"{why}; no other order can join"
    noun = "order joins" if joined == 1 else "orders join"
    return f"{why}; {joined} {noun}, saving {saving_mm / 1000:.0f} m"
