"""Demand by SKU: level, damped trend, weekday and season, with intervals that held on weeks not seen. Pure.

All SKUs at once, on weekly sums. Two methods compete for each SKU on its last weeks:

* exponential smoothing with a damped trend, ETS(A,Ad,N) of Hyndman, Koehler, Ord and Snyder (2008);
* TSB of Teunter, Syntetos and Babai (2011) for intermittent demand: chance of a sale and its size smoothed apart, so
  that what no longer sells fades.

Weekdays are a profile of the SKU drawn to the profile of all (one SKU has few sales on a Tuesday); the season of the year
needs two years and is taken from all SKUs together. Intervals are conformal: quantiles of the scaled errors of
forecasts made in the past, SKUs of like volume together; ``coverage`` says how often they held.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mfc.slotting.baskets import Baskets, Floats, Ints

WEEK_DAYS = 7
YEAR_WEEKS = 52
# (level, trend, damping) tried; one set for all SKUs of a method, so that few weeks are enough to choose.
SMOOTHING = tuple((a, b, 0.9) for a in (0.1, 0.2, 0.35, 0.5) for b in (0.0, 0.05, 0.15))
# (chance, size) tried for TSB.
TSB_SMOOTHING = tuple((a, b) for a in (0.05, 0.1, 0.2, 0.3) for b in (0.05, 0.15))
# Errors of this many past weeks choose the method and make the intervals.
BACKTEST_WEEKS = 8
# Sales of all SKUs that count as much as one's own in a weekday profile.
PRIOR_SALES = 40.0
# SKUs of like volume are put together until each group has so many errors.
LEAST_ERRORS = 200
# TSB is taken only where it is better by more than chance.
CLEARLY = 0.97


@dataclass(frozen=True, slots=True)
class Forecast:
    """Eaches per week of each SKU for the next week, with an interval that should hold ``confidence`` of the time.

    ``weekdays``: share of a week by weekday (0: the day of the week of the origin), by SKU. ``by_tsb``: the method used.
    ``coverage``: how often intervals made the same way held on the newest weeks. ``history``: weekly sums, newest last.
    """

    mean: Floats
    low: Floats
    high: Floats
    weekdays: Floats
    by_tsb: Ints
    confidence: float
    coverage: float
    history: Floats
    season: Floats | None

    def daily(self, weekday: int) -> Floats:
        """Expected eaches on one weekday."""
        return np.asarray(self.mean * self.weekdays[:, weekday])


def weekly(baskets: Baskets, end_day: float, *, eaches: bool = True) -> Floats:
    """``[SKU, week]`` sums of whole weeks that end at ``end_day``; the newest week is last."""
    if not len(baskets):
        return np.zeros((baskets.skus, 0))
    weeks = int((end_day - float(baskets.days[0])) // WEEK_DAYS)
    number = weeks - 1 - ((end_day - baskets.days[baskets.line_orders]) // WEEK_DAYS).astype(np.int64)
    fits = (number >= 0) & (number < weeks)
    table = np.zeros((baskets.skus, max(weeks, 0)))
    np.add.at(table, (baskets.items[fits], number[fits]), baskets.qty[fits] if eaches else 1.0)
    return table


def forecast(baskets: Baskets, end_day: float, *, confidence: float = 0.9) -> Forecast:
    """Forecast the week that begins at ``end_day`` from the orders before it."""
    known = baskets.between(-np.inf, end_day)
    history = weekly(known, end_day)
    season = seasonal_index(history)
    table = history if season is None else history / season[_positions(history.shape[1])][None, :]
    ets, tsb = _choose(table, damped_trend, SMOOTHING), _choose(table, croston_tsb, TSB_SMOOTHING)
    use_tsb = _errors(table, tsb) < CLEARLY * _errors(table, ets)
    track = np.maximum(np.where(use_tsb[:, None], tsb, ets), 0.0)
    mean = track[:, -1] if track.shape[1] else np.zeros(baskets.skus)
    factor = 1.0 if season is None else float(season[0])
    low, high, coverage = _intervals(table, track, confidence)
    return Forecast(
        mean * factor, low * factor, high * factor, weekday_profile(known, end_day), use_tsb.astype(np.int64),
        confidence, coverage, history, season,
    )  # fmt: skip


def damped_trend(table: Floats, parameters: tuple[float, ...]) -> Floats:
    """One-step forecasts ``[SKU, week + 1]``: column ``t`` is made before week ``t`` is known; the last is the future."""
    alpha, beta, phi = parameters
    skus, weeks = table.shape
    made = np.zeros((skus, weeks + 1))
    if not weeks:
        return made
    level = table[:, : min(4, weeks)].mean(axis=1)
    trend = np.zeros(skus)
    for week in range(weeks):
        made[:, week] = level + phi * trend
        error = table[:, week] - made[:, week]
        level = made[:, week] + alpha * error
        trend = phi * trend + beta * alpha * error
    made[:, weeks] = level + phi * trend
    return made


def croston_tsb(table: Floats, parameters: tuple[float, ...]) -> Floats:
    """One-step forecasts of TSB, in the same form."""
    chance_weight, size_weight = parameters
    skus, weeks = table.shape
    made = np.zeros((skus, weeks + 1))
    sold = table > 0
    chance = sold.mean(axis=1) if weeks else np.zeros(skus)
    with np.errstate(invalid="ignore"):
        size = np.where(sold.any(axis=1), table.sum(axis=1) / np.maximum(sold.sum(axis=1), 1), 0.0)
    for week in range(weeks):
        made[:, week] = chance * size
        chance = chance + chance_weight * (sold[:, week] - chance)
        size = np.where(sold[:, week], size + size_weight * (table[:, week] - size), size)
    made[:, weeks] = chance * size
    return made


def _choose(table: Floats, method: object, candidates: tuple[tuple[float, ...], ...]) -> Floats:
    assert callable(method)
    tracks = [np.asarray(method(table, candidate)) for candidate in candidates]
    return min(tracks, key=lambda track: float(_errors(table, track).sum()))


def _errors(table: Floats, track: Floats) -> Floats:
    """Mean absolute error of each SKU over the last weeks, scaled so that large SKUs do not decide alone."""
    weeks = min(BACKTEST_WEEKS, table.shape[1])
    if not weeks:
        return np.zeros(table.shape[0])
    actual, made = table[:, -weeks:], track[:, -weeks - 1 : -1]
    return np.asarray(np.abs(actual - made).mean(axis=1) / np.sqrt(table.mean(axis=1) + 0.25))


def _intervals(table: Floats, track: Floats, confidence: float) -> tuple[Floats, Floats, float]:
    """Quantiles of past errors by volume; the coverage is counted on weeks that were kept out of the quantiles."""
    skus, weeks = table.shape
    back = min(BACKTEST_WEEKS, weeks - 1)
    mean = track[:, -1] if weeks else np.zeros(skus)
    if back < 2:
        wide = 2.0 * np.sqrt(mean + 1.0)
        return np.maximum(mean - wide, 0.0), mean + wide, float("nan")
    made = track[:, -back - 1 : -1]
    scaled = (table[:, -back:] - made) / np.sqrt(made + 0.25)
    groups = np.array_split(np.argsort(mean, kind="stable"), max(1, min(12, skus * back // LEAST_ERRORS)))
    low, high = mean.copy(), mean.copy()
    held = counted = 0
    tail = (1.0 - confidence) / 2.0
    for group in groups:
        if not len(group):
            continue
        kept_out = back // 2
        early = np.quantile(scaled[group, : back - kept_out], (tail, 1.0 - tail))
        late = scaled[group, back - kept_out :]
        # A quantile that is an attained value holds that value: sales are whole numbers.
        held += int(((late >= early[0] - 1e-9) & (late <= early[1] + 1e-9)).sum())
        counted += late.size
        below, above = np.quantile(scaled[group], (tail, 1.0 - tail))
        root = np.sqrt(mean[group] + 0.25)
        low[group] = np.maximum(mean[group] + below * root, 0.0)
        high[group] = np.maximum(mean[group] + above * root, mean[group])
    return low, high, held / max(counted, 1)


def weekday_profile(baskets: Baskets, end_day: float) -> Floats:
    """``[SKU, 7]`` shares of a week, drawn to the profile of all SKUs; weekday 0 is the day that begins at ``end_day``."""
    weekday = np.floor(baskets.days - end_day).astype(np.int64) % WEEK_DAYS
    table = np.zeros((baskets.skus, WEEK_DAYS))
    np.add.at(table, (baskets.items, weekday[baskets.line_orders]), 1.0)
    total = table.sum()
    pool = table.sum(axis=0) / total if total else np.full(WEEK_DAYS, 1.0 / WEEK_DAYS)
    own = table.sum(axis=1, keepdims=True)
    return np.asarray((table + PRIOR_SALES * pool) / (own + PRIOR_SALES))


def seasonal_index(history: Floats) -> Floats | None:
    """Index of each week of the year around 1, the coming week first; None with less than two years.

    Ratio to the year's mean, of all SKUs together, drawn half way to 1: two years say little about one week.
    """
    weeks = history.shape[1]
    if weeks < 2 * YEAR_WEEKS:
        return None
    total = history.sum(axis=0)[-(weeks // YEAR_WEEKS) * YEAR_WEEKS :].reshape(-1, YEAR_WEEKS)
    ratio = (total / np.maximum(total.mean(axis=1, keepdims=True), 1e-9)).mean(axis=0)
    smooth = np.convolve(np.concatenate((ratio[-1:], ratio, ratio[:1])), np.full(3, 1 / 3), mode="valid")
    return np.asarray(0.5 + 0.5 * smooth)


def _positions(weeks: int) -> Ints:
    """Position in the seasonal index of each past week; the week after the last one is position 0."""
    return np.asarray((np.arange(weeks) - weeks) % YEAR_WEEKS)


def by_analogues(
    mean: Floats, known: Ints, family: Ints, price: Floats, sku: int, *, nearest: int = 5
) -> tuple[float, float, float]:
    """``(mean, low, high)`` for a SKU without history: of its family (else of all) the ones nearest in price.

    ``known``: SKUs with a history. Low and high are the least and the most of the analogues.
    """
    candidates = known[family[known] == family[sku]]
    if len(candidates) < 2:
        candidates = known
    if not len(candidates):
        return 0.0, 0.0, 0.0
    order = np.argsort(np.abs(price[candidates] - price[sku]), kind="stable")[:nearest]
    found = mean[candidates[order]]
    return float(np.median(found)), float(found.min()), float(found.max())
