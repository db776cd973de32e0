"""A day of a site in virtual time: orders come, pickers walk, a release rule decides. Discrete events, no database. Pure.

The same decisions as in the worker (``mfc.picking.release``) run on the same aisles with the same pace, so that a changed
layout, rule, staffing or promise can be tried on the orders of a real day before anybody is asked to walk it.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from mfc.layout.travel import Ground, Spot, reach_s, way_mm
from mfc.picking.batching import Cart, OpenOrder, Pace
from mfc.picking.release.situation import Decision, Go, Join, Situation, Visit, Walk
from mfc.picking.routing import Stop

ARRIVES, ENDS, LOOK, SHIFT = range(4)


@dataclass(frozen=True, slots=True)
class Arrival:
    """An order and when it is accepted."""

    at_s: float
    order: OpenOrder


class Rule(Protocol):
    """Decides; told which orders are gone."""

    def __call__(self, now: Situation) -> Decision: ...

    def forget(self, order_ids: Sequence[Hashable]) -> None: ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened to one order: seconds from its acceptance to the drop, and whether its promise was kept."""

    order_id: Hashable
    at_s: float
    started_s: float
    done_s: float
    due_s: float

    @property
    def is_on_time(self) -> bool:
        """Whether it was done by its deadline."""
        return self.done_s <= self.due_s


@dataclass(slots=True)
class Day:
    """What a day came to. Lengths in millimetres, times in seconds."""

    outcomes: list[Outcome] = field(default_factory=list)
    walks: int = 0
    joined: int = 0
    walked_mm: int = 0
    busy_s: float = 0.0
    lines: int = 0
    ended_s: float = 0.0
    visits: dict[Spot, int] = field(default_factory=dict)

    @property
    def on_time(self) -> float:
        """Share of orders whose promise was kept."""
        if not self.outcomes:
            return 1.0
        return sum(one.is_on_time for one in self.outcomes) / len(self.outcomes)

    @property
    def lines_per_labour_hour(self) -> float:
        """Lines per hour on a walk."""
        return self.lines / (self.busy_s / 3600) if self.busy_s else 0.0

    @property
    def late_s(self) -> float:
        """Sum of seconds that orders were late."""
        return sum(max(one.done_s - one.due_s, 0.0) for one in self.outcomes)


@dataclass(slots=True)
class _Batch:
    """A walk under way: orders with when they came and started, visits left, and the clock of the one under way."""

    key: int
    orders: dict[Hashable, tuple[OpenOrder, float, float]]
    stands_at: Spot
    free_s: float
    visits: list[Visit]
    times: list[float]  # when each of ``visits`` ends
    ends_s: float
    version: int = 0


@dataclass(slots=True)
class Site:
    """What the model walks on."""

    walkway: Ground
    depot: Spot
    cart: Cart
    pace: Pace
    route: Callable[[Sequence[Stop]], Sequence[Stop]]  # a walk's stops in walking order


def simulate(
    site: Site,
    arrivals: Sequence[Arrival],
    *,
    pickers: Callable[[float], int],
    rule: Rule,
    arrivals_per_s: Callable[[float], float] = lambda now_s: 0.0,
    changes_s: Sequence[float] = (),
) -> Day:
    """Run until every order is done. ``pickers(t)`` is how many are on shift; ``changes_s`` when that number changes."""
    return _Run(site, pickers, rule, arrivals_per_s).run(arrivals, changes_s)


@dataclass(slots=True)
class _Run:
    site: Site
    pickers: Callable[[float], int]
    rule: Rule
    arrivals_per_s: Callable[[float], float]
    waiting: dict[Hashable, Arrival] = field(default_factory=dict)
    batches: dict[int, _Batch] = field(default_factory=dict)
    day: Day = field(default_factory=Day)
    heap: list[tuple[float, int, int, int, int]] = field(default_factory=list)
    serial: itertools.count[int] = field(default_factory=itertools.count)

    def run(self, arrivals: Sequence[Arrival], changes_s: Sequence[float]) -> Day:
        for index, arrival in enumerate(arrivals):
            self._push(arrival.at_s, ARRIVES, index)
        for at_s in changes_s:
            self._push(at_s, SHIFT, 0)
        looked_for: float | None = None
        while self.heap:
            now_s, _, kind, key, version = heapq.heappop(self.heap)
            if kind == ARRIVES:
                self.waiting[arrivals[key].order.order_id] = arrivals[key]
            elif kind == ENDS:
                batch = self.batches.get(key)
                if batch is None or batch.version != version:
                    continue  # it was made longer meanwhile
                self._end(batch, now_s)
            elif kind == LOOK and looked_for != now_s:
                continue  # another look was asked for since
            if self.heap and self.heap[0][0] == now_s and self.heap[0][2] != LOOK:
                continue  # first everything of this moment
            looked_for = self._decide(now_s)
            self.day.ended_s = max(self.day.ended_s, now_s)
        assert not self.waiting, "the rule left orders undone"
        return self.day

    def _push(self, at_s: float, kind: int, key: int, version: int = 0) -> None:
        heapq.heappush(self.heap, (at_s, next(self.serial), kind, key, version))

    def _decide(self, now_s: float) -> float | None:
        while True:
            decision = self.rule(self._situation(now_s))
            if isinstance(decision, Go):
                self._start(decision, now_s)
            elif isinstance(decision, Join):
                self._join(decision, now_s)
            else:
                if decision.until_s is None:
                    return None
                until_s = max(decision.until_s, now_s + 1.0)
                self._push(until_s, LOOK, 0)
                return until_s

    def _situation(self, now_s: float) -> Situation:
        for batch in self.batches.values():
            self._advance(batch, now_s)
        under_way = [batch for batch in self.batches.values() if batch.visits or batch.free_s > now_s]
        return Situation(
            now_s=now_s,
            waiting=tuple(one.order for one in self.waiting.values()),
            idle=self.pickers(now_s) - len(self.batches),
            # Who is on the way home takes nothing along any more.
            walks=tuple(self._walk(batch) for batch in under_way),
            arrivals_per_s=self.arrivals_per_s(now_s),
        )

    def _walk(self, batch: _Batch) -> Walk:
        cart, after_s = self.site.cart, self.site.pace.after_s
        members = [order for order, _, _ in batch.orders.values()]
        dues = [order.due_s for order in members if order.due_s >= batch.ends_s + after_s]
        return Walk(
            key=batch.key,
            free_positions=cart.positions - sum(cart.totes_for(order) for order in members),
            stands_at=batch.stands_at,
            free_s=batch.free_s,
            visits=tuple(batch.visits),
            ends_s=batch.ends_s,
            due_s=min(dues, default=None),
            weight_left_g=cart.cart_weight_g - sum(order.weight_g for order in members),
        )

    def _start(self, go: Go, now_s: float) -> None:
        key = next(self.serial)
        members = [self.waiting.pop(order_id) for order_id in go.order_ids]
        site, totes = self.site, sum(self.site.cart.totes_for(one.order) for one in members)
        stops = [
            Stop((one.order.order_id, n), stop.spot)
            for one in members
            for n, stop in enumerate(one.order.stops)
        ]
        visits = [Visit(stop.spot, stop.key[0]) for stop in site.route(stops)]  # type: ignore[index]
        batch = _Batch(
            key,
            {one.order.order_id: (one.order, one.at_s, now_s) for one in members},
            site.depot,
            now_s + site.pace.setup_s + totes * site.pace.tote_s,
            visits,
            [],
            0.0,
        )
        self.batches[key] = batch
        self.day.walks += 1
        self._timetable(batch)
        self.day.busy_s -= now_s
        self.rule.forget(go.order_ids)

    def _join(self, join: Join, now_s: float) -> None:
        batch = self.batches[int(str(join.walk))]
        one = self.waiting.pop(join.order_id)
        batch.orders[join.order_id] = (one.order, one.at_s, now_s)
        batch.visits = list(join.visits)
        # The new tote is put on the cart at the place where the picker stands.
        batch.free_s = max(batch.free_s, now_s) + self.site.pace.tote_s
        self.day.joined += 1
        self._timetable(batch)
        self.rule.forget([join.order_id])

    def _timetable(self, batch: _Batch) -> None:
        site = self.site
        at, clock_s, batch.times = batch.stands_at, batch.free_s, []
        for visit in batch.visits:
            clock_s += way_mm(site.walkway, at, visit.spot) / site.pace.speed_mm_s
            clock_s += visit.lines * (site.pace.line_s + reach_s(visit.spot.level))
            batch.times.append(clock_s)
            at = visit.spot
        batch.ends_s = clock_s + way_mm(site.walkway, at, site.depot) / site.pace.speed_mm_s
        batch.version += 1
        self._push(batch.ends_s, ENDS, batch.key, batch.version)

    def _end(self, batch: _Batch, now_s: float) -> None:
        self._advance(batch, now_s)
        self.day.walked_mm += way_mm(self.site.walkway, batch.stands_at, self.site.depot)
        del self.batches[batch.key]
        self.day.busy_s += now_s
        for order_id, (order, at_s, started_s) in batch.orders.items():
            done_s = now_s + self.site.pace.after_s
            self.day.outcomes.append(Outcome(order_id, at_s, started_s, done_s, order.due_s))
            self.day.lines += len(order.stops)

    def _advance(self, batch: _Batch, now_s: float) -> None:
        """The picker has set out for every visit before this moment: those can no longer be changed."""
        while batch.visits and batch.free_s <= now_s:
            visit = batch.visits.pop(0)
            self.day.walked_mm += way_mm(self.site.walkway, batch.stands_at, visit.spot)
            self.day.visits[visit.spot] = self.day.visits.get(visit.spot, 0) + visit.lines
            batch.stands_at, batch.free_s = visit.spot, batch.times.pop(0)
