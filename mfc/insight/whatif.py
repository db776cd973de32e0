"""What if: the orders of a day once more, with another rule, staffing, promise or growth, in the model of the site."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

import numpy as np
from django.utils import timezone

from mfc.core.errors import DomainError
from mfc.insight.daymodel import Arrival, Day, Site, simulate
from mfc.insight.rules import RULES
from mfc.inventory.models import Balance
from mfc.layout import models as layout
from mfc.layout.models import Location
from mfc.layout.travel import Spot
from mfc.orders import timing
from mfc.orders.models import HistoryLine, Order
from mfc.picking import deciding
from mfc.picking.batching import OpenOrder
from mfc.picking.release import Policy
from mfc.picking.release.survey import Survey
from mfc.picking.routing import Stop, plan
from mfc.picking.sitewalks import Floor

DAY_S, HALF_HOUR_S = 86_400, 1_800
MOST_PICKERS = 40
# Copies of orders that growth adds come within this time of the original.
SPREAD_S = 900.0
# Orders of the imported past have no promise of their own.
PAST_PROMISE_MIN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A day, and what is to be different. ``pickers``: a number, or one per half hour from midnight on (48)."""

    day: date
    rule: str = "rolling"
    pickers: int | tuple[int, ...] = 4
    growth: float = 1.0
    promise_min: int | None = None
    joins: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """A day of a site, ready to be walked. ``homeless`` lines have no place and are left out."""

    site: Site
    policy: Policy
    arrivals: tuple[Arrival, ...]
    homeless: int


def replay(site: layout.Site, question: Question) -> Replay:
    """Read the day. Raises ``not_found`` when it has no orders, ``layout_broken``, ``invalid_request``."""
    _check(question)
    labour, floor = timing.standard(site), Floor.of(site)
    policy = deciding.policy_of(floor, labour, positions=site.cart_orders)
    if question.joins is not None:
        policy = replace(policy, settings=replace(policy.settings, joins=question.joins))
    home = _homes(site, floor)
    arrivals, homeless = _arrivals(site, question, home)
    if not arrivals:
        raise DomainError("not_found", f"{question.day} has no orders whose goods have a place.")
    survey = policy.survey

    def route(stops: Sequence[Stop]) -> Sequence[Stop]:
        if isinstance(survey, Survey):
            return survey.route(stops)
        return plan(stops, walkway=policy.walkway, start=policy.end, end=policy.end).stops

    model = Site(policy.walkway, policy.end, policy.cart, policy.pace, route)
    return Replay(site=model, policy=policy, arrivals=tuple(arrivals), homeless=homeless)


def answer(given: Replay, question: Question) -> Day:
    """Walk the day once."""
    levels = _levels(question.pickers)
    per_half_hour = Counter(int(one.at_s // HALF_HOUR_S) for one in given.arrivals)
    # A rule keeps what it has measured: a policy of its own for every run.
    policy = replace(given.policy)
    return simulate(
        given.site,
        given.arrivals,
        pickers=lambda now_s: levels[int(now_s // HALF_HOUR_S) % len(levels)],
        rule=RULES[question.rule](policy),
        arrivals_per_s=lambda now_s: per_half_hour[int(now_s // HALF_HOUR_S)] / HALF_HOUR_S,
        changes_s=[n * HALF_HOUR_S for n in range(1, 2 * len(levels)) if len(set(levels)) > 1],
    )


def staffing(
    given: Replay,
    question: Question,
    *,
    kept: float = 0.99,
    told: Callable[[str], None] = lambda text: None,
) -> tuple[int, ...]:
    """The fewest pickers of each half hour (48, from midnight) that keep this share of the promises.

    First the smallest number for the whole day, then one less wherever the day allows, the quietest half hours first. A
    local optimum of the model, not a proven minimum. Raises ``not_found`` when 40 pickers are not enough.
    """
    level = next((n for n in range(1, MOST_PICKERS + 1) if _keeps(given, question, (n,) * 48, kept)), None)
    if level is None:
        raise DomainError("not_found", f"{MOST_PICKERS} pickers keep fewer than {kept:.0%} of the promises.")
    told(f"{level} pickers all day")
    busy = Counter(int(one.at_s // HALF_HOUR_S) for one in given.arrivals)
    levels = [level if _is_open(busy, n) else 0 for n in range(48)]
    if not _keeps(given, question, levels, kept):
        levels = [level] * 48
    for number in sorted(range(48), key=lambda n: (busy[n], n)):
        while levels[number] > 0:
            trial = [*levels[:number], levels[number] - 1, *levels[number + 1 :]]
            if not _keeps(given, question, trial, kept):
                break
            levels = trial
        told(f"{number // 2:02}:{30 * (number % 2):02} needs {levels[number]}")
    return tuple(levels)


def _is_open(busy: Counter[int], number: int) -> bool:
    """From the first order to an hour after the last one somebody is there."""
    return min(busy) <= number <= max(busy) + 2


def _keeps(given: Replay, question: Question, levels: Sequence[int], kept: float) -> bool:
    if not any(levels):
        return False
    return answer(given, replace(question, pickers=tuple(levels))).on_time >= kept


def _check(question: Question) -> None:
    wrong = ""
    if question.rule not in RULES:
        wrong = f"{question.rule} is not one of {', '.join(RULES)}"
    elif not 0 < question.growth <= 10:
        wrong = f"growth {question.growth} is not above 0 and at most 10"
    elif question.promise_min is not None and question.promise_min < 1:
        wrong = "a promise takes at least a minute"
    elif not any(_levels(question.pickers)) or len(_levels(question.pickers)) not in {1, 48}:
        wrong = "pickers are one number above 0, or 48, one for each half hour"
    if wrong:
        raise DomainError("invalid_request", f"{wrong[0].upper()}{wrong[1:]}.")


def _levels(pickers: int | tuple[int, ...]) -> tuple[int, ...]:
    return (pickers,) if isinstance(pickers, int) else pickers


def _homes(site: layout.Site, floor: Floor) -> dict[int, Spot]:
    """Where each SKU is picked: in its slot, else where most of it lies now."""
    found: dict[int, Location] = {}
    rows = Balance.objects.filter(site=site, pickable=True, on_hand__gt=0).select_related("location")
    for row in rows.order_by("on_hand", "-pk"):
        if row.location is not None:
            found[row.sku_id] = row.location
    for place in Location.objects.filter(site=site).exclude(slotted_sku=None):
        if place.slotted_sku_id is not None:
            found[place.slotted_sku_id] = place
    return {sku_id: floor.place(place) for sku_id, place in found.items()}


def _arrivals(site: layout.Site, question: Question, home: dict[int, Spot]) -> tuple[list[Arrival], int]:
    midnight = timezone.make_aware(datetime.combine(question.day, time.min))
    until = midnight + timedelta(days=1)
    rows = [
        (
            str(order.ref),
            (order.accepted_at - midnight).total_seconds(),
            (timing.dispatch_deadline(order.promise_until, site=site) - midnight).total_seconds(),
            [line.sku_id for line in order.lines.all()],
        )
        for order in Order.objects.filter(site=site, accepted_at__gte=midnight, accepted_at__lt=until)
        .order_by("number")
        .prefetch_related("lines")
    ]
    if not rows:
        rows = _past(site, midnight, until)
    arrivals: list[Arrival] = []
    homeless = 0
    for copy, (ref, at_s, due_s, sku_ids) in _grown(rows, question):
        places = [home[sku_id] for sku_id in sku_ids if sku_id in home]
        homeless += len(sku_ids) - len(places)
        if not places:
            continue
        promised_s = due_s if question.promise_min is None else at_s + 60 * question.promise_min
        name = ref if not copy else f"{ref}+{copy}"
        stops = tuple(Stop((name, n), spot) for n, spot in enumerate(places))
        order = OpenOrder(order_id=name, due_s=promised_s, stops=stops, volume_ml=1, weight_g=1)
        arrivals.append(Arrival(at_s, order))
    return sorted(arrivals, key=lambda one: one.at_s), homeless


def _past(
    site: layout.Site, midnight: datetime, until: datetime
) -> list[tuple[str, float, float, list[int]]]:
    """Imported orders of the past."""
    orders: dict[str, tuple[float, list[int]]] = {}
    rows = HistoryLine.objects.filter(site=site, placed_at__gte=midnight, placed_at__lt=until)
    for ref, placed_at, sku_id in rows.order_by("pk").values_list("order_ref", "placed_at", "sku_id"):
        orders.setdefault(ref, ((placed_at - midnight).total_seconds(), []))[1].append(sku_id)
    return [(ref, at_s, at_s + 60 * PAST_PROMISE_MIN, lines) for ref, (at_s, lines) in orders.items()]


def _grown(
    rows: list[tuple[str, float, float, list[int]]], question: Question
) -> list[tuple[int, tuple[str, float, float, list[int]]]]:
    """Each order as often as the growth says, the part after the point by lot; copies a little earlier or later."""
    shuffle = np.random.default_rng(question.day.toordinal())
    grown = []
    for ref, at_s, due_s, lines in rows:
        times = int(question.growth) + int(shuffle.random() < question.growth % 1)
        for copy in range(times):
            later = 0.0 if copy == 0 else float(shuffle.uniform(-SPREAD_S, SPREAD_S))
            moved = min(max(at_s + later, 0.0), DAY_S - 1.0)
            grown.append((copy, (ref, moved, due_s + moved - at_s, lines)))
    return grown
