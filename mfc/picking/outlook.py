"""The release queue as it stands: who waits with how much slack, and what the planner says to it. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mfc.core import clock
from mfc.layout.models import Site
from mfc.orders.models import Order
from mfc.picking import deciding, joining, waves
from mfc.picking.models import Batch
from mfc.picking.release import Go, Join, Situation, decide
from mfc.picking.states import BatchState

# More than this nobody reads; the rest is counted.
MAX_ROWS = 100


@dataclass(frozen=True, slots=True)
class Row:
    """An order that waits; ``slack_min`` is what is left until its latest start, negative when that has passed."""

    order: Order
    lines: int
    latest_start: datetime
    slack_min: int

    @property
    def is_late(self) -> bool:
        """Whether it should have begun."""
        return self.slack_min < 0

    @property
    def is_soon(self) -> bool:
        """Whether it must begin within a quarter of an hour."""
        return 0 <= self.slack_min < 15


@dataclass(frozen=True, slots=True)
class Outlook:
    """The queue, the people, and the planner's words."""

    rows: list[Row]
    waiting: int
    idle: int
    planned: int
    under_way: int
    per_hour: float
    says: str


def look(site: Site) -> Outlook:
    """What the planner sees now. Raises ``layout_broken``."""
    now = clock.now()
    waiting = waves.waiting_orders(site)
    idle = waves.idle_pickers(site)
    batches = Batch.objects.filter(site=site)
    planned = batches.filter(state=BatchState.PLANNED).count()
    rate = deciding.arrivals_per_s(site)
    says = "Nothing waits."
    if waiting:
        says = _says(site, waiting, free=max(idle - planned, 0), rate=rate, enough=planned > idle)
    rows = [
        Row(one.order, len(one.lines), one.latest_start, int((one.latest_start - now).total_seconds() // 60))
        for one in sorted(waiting, key=lambda one: one.latest_start)[:MAX_ROWS]
    ]
    under_way = batches.filter(state__in=(BatchState.LOADING, BatchState.PICKING)).count()
    return Outlook(rows, len(waiting), idle, planned, under_way, rate * 3600, says)


def _says(site: Site, waiting: list[waves.Waiting], *, free: int, rate: float, enough: bool) -> str:
    draft = waves.draft_of(site, waiting)
    walks = joining.walks(draft.floor, draft.policy) if site.join_walks and not free else []
    now = Situation(
        now_s=clock.now().timestamp(),
        waiting=tuple(draft.open_orders),
        idle=free,
        walks=tuple(walks),
        arrivals_per_s=rate,
    )
    decision = decide(draft.policy, now)
    if isinstance(decision, Join):
        return f"Joins batch {decision.walk}: {decision.why_now}."
    reason = waves.go_reason(site, waiting, idle=free)
    if enough:
        return "Enough batches are planned for the pickers there are."
    if reason or isinstance(decision, Go):
        why = reason or (decision.why_now if isinstance(decision, Go) else "")
        these = f"; {decision.why_these}" if isinstance(decision, Go) else ""
        return f"Releases now: {why}{these}."
    return f"Waits: {decision.why}." if not isinstance(decision, Go) else ""
