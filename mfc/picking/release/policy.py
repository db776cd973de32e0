"""Rolling release: smallest slack first, nobody made late, wait while waiting is free, join walks that are under way.

Slack-aware seed and proximity release of Lorenz, Otto and Gendreau (2024) and of rolling pick lists: the order that must
start first seeds a batch, others join by the walking they save, the batch starts when it is full, when its slack is used
up, or when the work that waits needs every picker. Pure: the worker and the model of the site decide by this same code.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field

from mfc.layout.travel import Ground, Spot, reach_s, walk_s
from mfc.picking.batching import Cart, OpenOrder, Pace
from mfc.picking.release.insertion import insert
from mfc.picking.release.situation import Decision, Go, Join, Situation, Wait, Walk

# The length of the shortest round for these stops, in millimetres.
Surveyor = Callable[[Sequence[OpenOrder]], int]
NEVER = float("inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a site releases. Defaults were chosen on simulated days of one order set and judged on others."""

    # A walk is planned to end this much before the first deadline.
    safety_s: float = 15.0
    # A batch starts when this little is left until its latest start: estimates are not exact.
    margin_s: float = 60.0
    # An unfilled cart waits for company while its orders have slack and the expected work keeps pickers busier than this
    # share of their time at most; 0: never, 1: always.
    waits_below: float = 0.7
    # Of several orders that could join, those that must start soon are preferred: millimetres per second of slack.
    urgency_mm_per_s: float = 30.0
    # No walk takes longer, so that pickers come back in time for short promises; None: no limit.
    longest_walk_s: float | None = None
    # Whether orders may join a walk that is under way.
    joins: bool = True
    # An order that is not urgent joins a walk when it adds no more than this share of a walk of its own; 0: never.
    join_share: float = 0.6
    # Candidates looked at for one batch, most urgent first.
    candidates: int = 14


@dataclass(slots=True)
class Policy:
    """One floor's release: the way, the cart, the pace and the settings. Remembers single rounds by order."""

    walkway: Ground
    end: Spot
    cart: Cart
    pace: Pace
    survey: Surveyor
    settings: Settings = field(default_factory=Settings)
    _alone: dict[Hashable, tuple[OpenOrder, int, float]] = field(default_factory=dict, init=False, repr=False)

    _dear: set[tuple[Hashable, Hashable]] = field(default_factory=set, init=False, repr=False)

    def alone_mm(self, order: OpenOrder) -> int:
        """The round for this order only."""
        return self._measured(order)[0]

    def alone_s(self, order: OpenOrder) -> float:
        """Seconds of a walk for this order only."""
        return self._measured(order)[1]

    def _measured(self, order: OpenOrder) -> tuple[int, float]:
        known = self._alone.get(order.order_id)
        if known is None or known[0] is not order:
            length_mm = self.survey([order])
            known = self._alone[order.order_id] = (order, length_mm, self.duration_s([order], length_mm))
        return known[1], known[2]

    def duration_s(self, members: Sequence[OpenOrder], length_mm: int) -> float:
        """Seconds from taking the cart to putting the last tote down."""
        handling_s = sum(
            self.pace.line_s + reach_s(stop.spot.level) for order in members for stop in order.stops
        )
        totes = sum(self.cart.totes_for(order) for order in members)
        walking_s = walk_s(length_mm, speed_mm_s=self.pace.speed_mm_s)
        return self.pace.setup_s + walking_s + handling_s + totes * self.pace.tote_s

    def latest_start_s(self, order: OpenOrder) -> float:
        """The last moment to start the order alone and keep its promise."""
        return order.due_s - self.pace.after_s - self.alone_s(order)

    def forget(self, order_ids: Sequence[Hashable]) -> None:
        """Orders that will not be asked for again."""
        for order_id in order_ids:
            self._alone.pop(order_id, None)


@dataclass(slots=True)
class _Batch:
    members: list[OpenOrder]
    length_mm: int
    duration_s: float


def decide(policy: Policy, now: Situation) -> Decision:
    """What to do in this situation. Called again after each deed, until it says ``Wait``."""
    if not now.waiting:
        return Wait(until_s=None, why="no order waits")
    waiting = sorted(now.waiting, key=lambda order: (policy.latest_start_s(order), str(order.order_id)))
    # What is late even alone does not hold back what can still be kept.
    kept = [order for order in waiting if policy.latest_start_s(order) >= now.now_s]
    lost = [order for order in waiting if policy.latest_start_s(order) < now.now_s]
    if policy.settings.joins and now.walks and (joined := _join(policy, now, kept)) is not None:
        return joined
    if now.idle <= 0:
        return Wait(until_s=None, why="every picker is on a walk")
    queue = [*kept, *lost]
    if now.room is not None and now.room <= 0:
        return Wait(until_s=None, why="pack benches and lanes are full")
    batch = _grow(policy, queue, now)
    return _go_or_wait(policy, batch, queue, now)


def _join(policy: Policy, now: Situation, kept: Sequence[OpenOrder]) -> Join | None:
    """Whom a walk under way can still take along: who would be late otherwise, at the least added time."""
    if now.idle > 0:
        return None  # somebody can start at once
    next_free_s = min(walk.ends_s for walk in now.walks)
    for order in kept:
        is_urgent = policy.latest_start_s(order) - policy.settings.margin_s <= next_free_s
        if not is_urgent and policy.settings.join_share <= 0:
            break  # sorted: the rest has more slack
        best: Join | None = None
        for walk in now.walks:
            asked = (order.order_id, walk.key)
            if not is_urgent and asked in policy._dear:
                continue  # a walk that goes on comes nearer to nothing
            option = _joined(policy, now, walk, order, next_free_s)
            share = policy.settings.join_share * policy.alone_s(order)
            if option is None or (not is_urgent and option.added_s > share):
                policy._dear.add(asked)
                continue
            if best is None or option.added_s < best.added_s:
                best = option
        if best is not None:
            return best
    return None


def _joined(policy: Policy, now: Situation, walk: Walk, order: OpenOrder, next_free_s: float) -> Join | None:
    totes = policy.cart.totes_for(order)
    if walk.free_positions < totes or walk.weight_left_g < order.weight_g:
        return None
    found = insert(walk, order, walkway=policy.walkway, end=policy.end, pace=policy.pace)
    ends_s = walk.ends_s + found.added_s
    deadline_s = min(order.due_s, walk.due_s if walk.due_s is not None else NEVER) - policy.pace.after_s
    if ends_s > deadline_s:
        return None
    wait_s = max(next_free_s - now.now_s, 0.0)
    return Join(
        order_id=order.order_id,
        walk=walk.key,
        visits=found.visits,
        added_s=found.added_s,
        why_now=(
            f"order {order.order_id} must start within {max(policy.latest_start_s(order) - now.now_s, 0) / 60:.0f} min "
            f"and the next picker is free in {wait_s / 60:.0f} min; it adds {found.added_s / 60:.1f} min"
        ),
    )


def _grow(policy: Policy, queue: Sequence[OpenOrder], now: Situation) -> _Batch:
    """The most urgent order, and those that join it: by the walking they save and by their own urgency."""
    seed, *others = queue[: policy.settings.candidates]
    length_mm = policy.alone_mm(seed)
    batch = _Batch([seed], length_mm, policy.duration_s([seed], length_mm))
    positions = policy.cart.positions if now.room is None else min(policy.cart.positions, now.room)
    while others and len(batch.members) < positions:
        joined = _best_joiner(policy, batch, others, now)
        if joined is None:
            break
        order, batch = joined
        others.remove(order)
    return batch


def _best_joiner(
    policy: Policy, batch: _Batch, others: Sequence[OpenOrder], now: Situation
) -> tuple[OpenOrder, _Batch] | None:
    best: tuple[float, OpenOrder, _Batch] | None = None
    for order in others:
        together = [*batch.members, order]
        if not policy.cart.holds(together):
            continue
        length_mm = policy.survey(together)
        saved_mm = batch.length_mm + policy.alone_mm(order) - length_mm
        slack_s = policy.latest_start_s(order) - now.now_s
        score = saved_mm - policy.settings.urgency_mm_per_s * max(slack_s, 0.0)
        if best is not None and score <= best[0]:
            continue
        grown = _Batch(together, length_mm, policy.duration_s(together, length_mm))
        if _is_kept(policy, grown, now.now_s):
            best = (score, order, grown)
    return (best[1], best[2]) if best is not None else None


def _is_kept(policy: Policy, batch: _Batch, start_s: float) -> bool:
    """Nobody is late who would not be late alone, and the walk is not too long."""
    longest_s = policy.settings.longest_walk_s
    if longest_s is not None and batch.duration_s > longest_s:
        return False
    return start_s + batch.duration_s + policy.settings.safety_s <= _deadline_s(
        policy, batch.members, start_s
    )


def _deadline_s(policy: Policy, members: Sequence[OpenOrder], start_s: float) -> float:
    """When the walk must end, so that every promise is kept that can be."""
    open_dues = [order.due_s for order in members if policy.latest_start_s(order) >= start_s]
    return min(open_dues, default=NEVER) - policy.pace.after_s


def _go_or_wait(policy: Policy, batch: _Batch, queue: Sequence[OpenOrder], now: Situation) -> Decision:
    settings = policy.settings
    seed = batch.members[0]
    must_s = _deadline_s(policy, batch.members, now.now_s) - batch.duration_s - settings.margin_s
    is_full = len(batch.members) >= policy.cart.positions
    left = len(queue) - len(batch.members)
    if is_full:
        why = f"the cart is full ({len(batch.members)} orders)"
    elif must_s <= now.now_s:
        why = f"order {seed.order_id} must start now"
    elif must_s == NEVER:
        why = f"order {seed.order_id} is late already"
    elif left > 0:
        why = f"{left} more orders wait for other walks"
    elif _load(batch, now) >= settings.waits_below:
        why = "a picker is idle and more work is on its way"
    elif now.arrivals_per_s <= 0:
        why = "nothing else is expected"
    else:
        company = now.arrivals_per_s * (must_s - now.now_s)
        if company >= 1:
            return Wait(
                until_s=must_s,
                why=f"{company:.0f} more orders are expected before order {seed.order_id} must start",
            )
        why = "nothing else is expected in time"
    return Go(
        order_ids=tuple(order.order_id for order in batch.members),
        length_mm=batch.length_mm,
        duration_s=batch.duration_s,
        why_now=why,
        why_these=_why_these(policy, batch, now.now_s),
    )


def _load(batch: _Batch, now: Situation) -> float:
    """Share of the pickers' time that the expected orders take, at this batch's seconds per order."""
    pickers = now.idle + len(now.walks)
    return now.arrivals_per_s * batch.duration_s / len(batch.members) / pickers


def _why_these(policy: Policy, batch: _Batch, now_s: float) -> str:
    seed = batch.members[0]
    slack_s = policy.latest_start_s(seed) - now_s
    why = (
        f"order {seed.order_id} is the most urgent (late by {-slack_s / 60:.0f} min)"
        if slack_s < 0
        else f"order {seed.order_id} has the least slack ({slack_s / 60:.0f} min)"
    )
    joined = len(batch.members) - 1
    if not joined:
        return f"{why}; no other order can join"
    saved_mm = sum(policy.alone_mm(order) for order in batch.members) - batch.length_mm
    noun = "order joins" if joined == 1 else "orders join"
    return f"{why}; {joined} {noun}, saving {saved_mm / 1000:.0f} m"
