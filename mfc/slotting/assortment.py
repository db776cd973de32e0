"""Which SKUs to stock so that the most orders are filled whole, judged on weeks the choice has not seen. Pure.

The industry keeps the top movers; that covers lines, not orders. Here SKUs are chosen by order coverage with shrinkage
(see ``coverage``); how much shrinkage suits this shop is decided on rolling windows of its own past. What is reported
beside the choice is an upper bound over all possible choices (see ``fillbound``).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from mfc.slotting.baskets import Baskets, Flags, Floats
from mfc.slotting.coverage import BY_SIZE, FREQUENCY, Coverage, Room, Shrinkage, peel, refill

MISSES = (0.2, 0.35, 0.5, 0.7)
PRIORS = (0.0, 2.0, 8.0)
MIDDLE_PRIOR = 2.0
HALF_LIVES_DAYS = (120.0, 60.0, 30.0)
DEFAULT = Shrinkage()
# Each window is judged on this share of the orders, the newest first.
FOLD_SHARE = 0.10
FOLDS = 3
# Shrinkage is chosen on the newest orders: more of them change the choice little, and take long.
MOST_TRIAL_ORDERS = 40_000
# Fewer orders than this say nothing about shrinkage.
LEAST_ORDERS = 200

Progress = Callable[[float, str], bool]


def silent(done: float, text: str) -> bool:
    """A progress report that nobody reads; never asks to stop."""
    del done, text
    return False


@dataclass(frozen=True, slots=True)
class Range:
    """What is known of each SKU, by number. ``room`` says what is scarce.

    ``must_stay`` are kept whatever they are worth, ``never`` are not even candidates, ``current`` are stocked now.
    """

    room: Room
    must_stay: Flags
    never: Flags
    current: Flags

    @classmethod
    def plain(cls, size: int, skus: int) -> Range:
        """Any ``size`` of ``skus`` SKUs, nothing stocked yet."""
        none = np.zeros(skus, dtype=np.bool_)
        return cls(Room.of_size(size, skus), none, none, none)


@dataclass(frozen=True, slots=True)
class Trial:
    """One amount of shrinkage and the mean share of orders it filled in the weeks after each window."""

    shrinkage: Shrinkage
    share: float


@dataclass(frozen=True, slots=True)
class Change:
    """A SKU that enters or leaves, and the share of orders that hang on it."""

    sku: int
    enters: bool
    share: float


@dataclass(frozen=True, slots=True)
class Assortment:
    """The choice. Shares are of the orders given: ``filled`` whole by the choice, ``split`` partly, the rest not at all.

    ``expected``: the mean share over the windows that had not been seen (the honest figure), None when the history is
    too short for that. ``next_share``: what the best SKU left out would add, at most.
    """

    kept: Flags
    shrinkage: Shrinkage
    trials: tuple[Trial, ...]
    filled: float
    split: float
    lines: float
    expected: float | None
    expected_by_frequency: float | None
    changes: tuple[Change, ...]
    next_sku: int | None
    next_share: float
    fits: bool
    stopped: bool = False
    values: Floats = field(default_factory=lambda: np.zeros(0))


def choose(
    baskets: Baskets,
    given: Range,
    *,
    shrinkage: Shrinkage | None = None,
    most_new: int | None = None,
    progress: Progress = silent,
) -> Assortment:
    """Choose SKUs. ``most_new``: at most so many enter that are not stocked now (the change budget).

    ``shrinkage`` None: chosen on rolling windows of these baskets. Equal input gives equal output.
    """
    trials: list[Trial] = []
    stopped = False
    if shrinkage is None:
        trials, stopped = rolling_trials(baskets, given, progress=progress)
        shrinkage = max(trials, key=lambda trial: trial.share).shrinkage if trials else DEFAULT
    kept, coverage = _select(baskets, given, shrinkage, most_new)
    progress(1.0, "chosen")
    shares = {trial.shrinkage: trial.share for trial in trials}
    values = coverage.value / max(float(shrinkage.weights(baskets).sum()), 1e-9)
    outside = ~kept & ~given.never
    best_outside = int(np.argmax(np.where(outside, values, -1.0))) if outside.any() else None
    whole = baskets.filled(kept)
    touched = np.bincount(baskets.line_orders[kept[baskets.items]], minlength=len(baskets)) > 0
    count = max(len(baskets), 1)
    return Assortment(
        kept=kept,
        shrinkage=shrinkage,
        trials=tuple(trials),
        filled=float(whole.sum()) / count,
        split=float((touched & ~whole).sum()) / count,
        lines=float(kept[baskets.items].sum()) / max(len(baskets.items), 1),
        expected=shares.get(shrinkage),
        expected_by_frequency=shares.get(FREQUENCY),
        changes=_changes(kept, given.current, values),
        next_sku=best_outside,
        next_share=float(values[best_outside]) if best_outside is not None else 0.0,
        fits=given.room.cost(kept)[1] == 0.0,
        stopped=stopped,
        values=values,
    )


def _select(
    baskets: Baskets, given: Range, shrinkage: Shrinkage, most_new: int | None
) -> tuple[Flags, Coverage]:
    coverage = Coverage(baskets, shrinkage)
    coverage.drop(given.never & ~given.must_stay)
    may_leave = ~given.must_stay
    left = peel(coverage, given.room, may_leave)
    if most_new is not None and int((coverage.alive & ~given.current).sum()) > most_new:
        # Compare newcomers with one another while everything stocked is there, then make room.
        coverage = Coverage(baskets, shrinkage)
        coverage.drop(given.never & ~given.must_stay)
        newcomers = Room(
            (~given.current & ~given.must_stay)[None, :].astype(float), np.array([float(most_new)])
        )
        left = peel(coverage, newcomers, may_leave & ~given.current)
        left = [sku for sku in left if given.current[sku]] + peel(coverage, given.room, may_leave)
        left = [sku for sku in left if given.current[sku]]
    refill(coverage, given.room, left[::-1])
    return coverage.alive.copy(), coverage


def _changes(kept: Flags, current: Flags, values: Floats) -> tuple[Change, ...]:
    if not current.any():
        return ()
    entering = [Change(int(sku), True, float(values[sku])) for sku in np.flatnonzero(kept & ~current)]
    leaving = [Change(int(sku), False, float(values[sku])) for sku in np.flatnonzero(current & ~kept)]
    entering.sort(key=lambda change: (-change.share, change.sku))
    leaving.sort(key=lambda change: (change.share, change.sku))
    return (*entering, *leaving)


def rolling_trials(
    baskets: Baskets, given: Range, *, progress: Progress = silent
) -> tuple[list[Trial], bool]:
    """Try amounts of shrinkage on windows of the past; returns the trials and whether somebody stopped it.

    Each window chooses from the orders before it and counts what it fills of those inside. Miss and prior first, then
    half-lives around the best two: a dozen trials, not a hundred.
    """
    if len(baskets) < LEAST_ORDERS:
        return [], False
    folds = _folds(baskets.part(max(0, len(baskets) - MOST_TRIAL_ORDERS), len(baskets)))
    span_days = float(baskets.days[-1] - baskets.days[0])
    half_lives = [days for days in HALF_LIVES_DAYS if 1.5 * days < span_days]
    total = 2 + len(MISSES) + len(PRIORS) - 1 + 2 * len(half_lives)
    trials: list[Trial] = []

    def run(candidates: Sequence[Shrinkage]) -> bool:
        for candidate in candidates:
            share = float(np.mean([_judged(known, later, given, candidate) for known, later in folds]))
            trials.append(Trial(candidate, share))
            if progress(0.9 * len(trials) / total, f"shrinkage {len(trials)} of {total}"):
                return True
        return False

    if run([FREQUENCY, BY_SIZE]) or run([Shrinkage(miss, MIDDLE_PRIOR) for miss in MISSES]):
        return trials, True
    miss = max(trials[2:], key=lambda trial: trial.share).shrinkage.miss
    if run([Shrinkage(miss, prior) for prior in PRIORS if prior != MIDDLE_PRIOR]):
        return trials, True
    best = sorted(trials, key=lambda trial: -trial.share)[:2]
    return trials, run([replace(one.shrinkage, half_life_days=days) for one in best for days in half_lives])


def fading(baskets: Baskets, *, share: float = 0.3) -> float:
    """The half-life in days that suits this shop's demand (infinite: all alike), judged as a choice of a range is."""
    if len(baskets) < LEAST_ORDERS:
        return math.inf
    given = Range.plain(max(1, int(share * baskets.skus)), baskets.skus)
    folds = _folds(baskets.part(max(0, len(baskets) - MOST_TRIAL_ORDERS), len(baskets)))
    span_days = float(baskets.days[-1] - baskets.days[0])
    tried = [replace(DEFAULT, half_life_days=days) for days in HALF_LIVES_DAYS if 1.5 * days < span_days]
    return max(
        [DEFAULT, *tried],
        key=lambda one: float(np.mean([_judged(known, later, given, one) for known, later in folds])),
    ).half_life_days


def _folds(baskets: Baskets) -> list[tuple[Baskets, Baskets]]:
    count = len(baskets)
    edges = [round(count * (1 - FOLD_SHARE * back)) for back in range(FOLDS, -1, -1)]
    return [(baskets.part(0, edge), baskets.part(edge, end)) for edge, end in itertools.pairwise(edges)]


def _judged(known: Baskets, later: Baskets, given: Range, shrinkage: Shrinkage) -> float:
    kept, _ = _select(known, given, shrinkage, None)
    return float(later.filled(kept).mean()) if len(later) else math.nan


def by_frequency(baskets: Baskets, given: Range) -> Flags:
    """The rule of the trade at the same room: SKUs in the most orders."""
    return _select(baskets, given, FREQUENCY, None)[0]


def curve(
    baskets: Baskets, shrinkage: Shrinkage, sizes: Sequence[int], later: Baskets
) -> list[tuple[int, float]]:
    """``(SKUs, share of later orders filled whole)`` for growing ranges: how much the next places would bring."""
    points: list[tuple[int, float]] = []
    coverage = Coverage(baskets, shrinkage)
    every = np.ones(baskets.skus, dtype=np.bool_)
    for size in sorted(sizes, reverse=True):
        peel(coverage, Room.of_size(size, baskets.skus), every)
        points.append((size, float(later.filled(coverage.alive).mean()) if len(later) else math.nan))
    return points[::-1]
