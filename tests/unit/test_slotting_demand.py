"""Demand: the same as a textbook implementation, intervals that hold, profiles that do not over-fit."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from mfc.slotting import demand
from mfc.slotting.baskets import Baskets, from_lines


def shop(skus: int, days: int, seed: int, *, rate: float = 2.0) -> Baskets:
    """Poisson sales; SKU 0 sells most, Saturdays (day 5 of the week of day 0) three times as much."""
    pick = np.random.default_rng(seed)
    lines = []
    for day in range(days):
        weight = 3.0 if day % 7 == 5 else 1.0
        for sku in range(skus):
            for number in range(int(pick.poisson(rate * weight / (1 + sku / 10)))):
                lines.append(((day, sku, number), day + 0.5, sku, 1.0))
    found, names = from_lines(lines)
    return Baskets(found.starts, np.array(names, dtype=np.int64)[found.items], found.days, found.qty, skus)


def test_damped_trend_equals_the_implementation_of_statsmodels() -> None:
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    pick = np.random.default_rng(4)
    series = pick.poisson(20, size=30).astype(float)
    made = demand.damped_trend(series[None, :], (0.35, 0.15, 0.9))[0]
    level = series[:4].mean()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = ETSModel(
            series, error="add", trend="add", damped_trend=True, initialization_method="known",
            initial_level=level, initial_trend=0.0,
        )  # fmt: skip
        fitted = model.smooth([0.35, 0.15 * 0.35, 0.9])
    assert made[:-1] == pytest.approx(fitted.fittedvalues)
    assert made[-1] == pytest.approx(float(fitted.forecast(1)[0]))


def test_tsb_fades_what_no_longer_sells() -> None:
    table = np.array([[3.0, 0, 2, 4, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0]])
    made = demand.croston_tsb(table, (0.2, 0.1))[0]
    assert made[6] > 3 * made[-1] > 0


def test_intervals_hold_about_as_often_as_they_say_on_weeks_not_seen() -> None:
    past = shop(40, 7 * 30, seed=5)
    held = []
    for weeks_back in range(1, 6):
        end = float(7 * (30 - weeks_back))
        made = demand.forecast(past, end)
        actual = demand.weekly(past, end + 7)[:, -1]
        held.append(((actual >= made.low - 1e-9) & (actual <= made.high + 1e-9)).mean())
        assert made.coverage == pytest.approx(0.9, abs=0.06)
    assert np.mean(held) == pytest.approx(0.9, abs=0.05)


def test_weekday_profiles_are_shares_and_find_the_busy_day() -> None:
    past = shop(10, 7 * 12, seed=2)
    made = demand.forecast(past, 84.0)
    assert made.weekdays.sum(axis=1) == pytest.approx(np.ones(10))
    assert set(made.weekdays.argmax(axis=1).tolist()) == {5}
    assert made.daily(5)[0] > 2 * made.daily(1)[0]


def test_an_article_with_hardly_any_sales_gets_the_profile_of_all() -> None:
    found, _ = from_lines(
        [((n, s), n % 14 + 0.5, s, 1.0) for n in range(140) for s in (0,)] + [("x", 3.5, 1, 1.0)]
    )
    profile = demand.weekday_profile(found, 14.0)
    assert np.abs(profile[1] - profile[0]).max() < 0.05


def test_the_season_needs_two_years() -> None:
    weeks = np.arange(120)
    season = 1 + 0.5 * np.sin(2 * np.pi * weeks / 52)
    assert demand.seasonal_index(np.tile(season[:100], (3, 1))) is None
    index = demand.seasonal_index(np.tile(season, (3, 1)))
    assert index is not None
    assert index.max() > 1.15
    assert index.min() < 0.85
    assert int(index.argmax()) == pytest.approx((13 - 120) % 52, abs=2)


def test_new_articles_take_after_their_family_at_like_prices() -> None:
    mean = np.array([10.0, 12.0, 50.0, 1.0, 0.0])
    family = np.array([0, 0, 0, 1, 0])
    price = np.array([100.0, 120.0, 900.0, 110.0, 110.0])
    middle, low, high = demand.by_analogues(mean, np.array([0, 1, 2, 3]), family, price, 4, nearest=2)
    assert (middle, low, high) == (11.0, 10.0, 12.0)


def test_no_history_is_no_forecast_and_no_crash() -> None:
    empty, _ = from_lines([])
    assert demand.forecast(empty, 10.0).mean.tolist() == []
