"""Choosing SKUs by the orders they fill whole: shrinkage, limits, changes, and a bound that holds."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mfc.slotting import assortment
from mfc.slotting.assortment import DEFAULT, Range
from mfc.slotting.baskets import Baskets, from_lines
from mfc.slotting.coverage import FREQUENCY, Coverage, Room, Shrinkage, peel
from mfc.slotting.fillbound import bound


def orders_of(*contents: str, days: list[float] | None = None) -> Baskets:
    """Orders as words: each letter a SKU, a = 0."""
    found, names = from_lines(
        (number, days[number] if days else float(number), ord(letter) - 97, 1.0)
        for number, content in enumerate(contents)
        for letter in content
    )
    skus = max(names) + 1
    return Baskets(found.starts, np.array(names, dtype=np.int64)[found.items], found.days, found.qty, skus)


def letters(kept: np.ndarray) -> str:
    return "".join(chr(97 + int(sku)) for sku in np.flatnonzero(kept))


def test_two_that_fill_orders_beat_two_that_only_sell_often() -> None:
    # a and b are in the most orders, but never alone; c and d make whole orders together.
    past = orders_of(*["axy", "bxz", "avw", "buv"] * 5, *["cd"] * 8)
    given = Range.plain(2, past.skus)
    assert letters(assortment.by_frequency(past, given)) != "cd"
    found = assortment.choose(past, given, shrinkage=DEFAULT)
    assert letters(found.kept) == "cd"
    assert found.filled == pytest.approx(8 / 28)


def test_the_newest_orders_count_more_with_a_half_life() -> None:
    past = orders_of(*["a"] * 10, *["b"] * 6, days=[*range(10), *range(300, 306)])
    given = Range.plain(1, past.skus)
    assert letters(assortment.choose(past, given, shrinkage=Shrinkage()).kept) == "a"
    assert letters(assortment.choose(past, given, shrinkage=Shrinkage(half_life_days=30)).kept) == "b"


def test_rules_hold_whatever_an_article_is_worth() -> None:
    past = orders_of(*["a"] * 9, *["b"] * 5, *["c"] * 3)
    none = np.zeros(3, dtype=np.bool_)
    keep, never = none.copy(), none.copy()
    keep[2], never[0] = True, True
    found = assortment.choose(past, Range(Room.of_size(2, 3), keep, never, none), shrinkage=DEFAULT)
    assert letters(found.kept) == "bc"


def test_room_is_by_class_and_a_gap_is_filled_again() -> None:
    past = orders_of(*["a"] * 9, *["b"] * 8, *["c"] * 7, *["d"] * 6)
    # a and c are cold, in a fridge of 3; b and d in a shelf of 10.
    use = np.array([[3.0, 0.0, 2.0, 0.0], [0.0, 6.0, 0.0, 5.0]])
    none = np.zeros(4, dtype=np.bool_)
    found = assortment.choose(
        past, Range(Room(use, np.array([3.0, 10.0])), none, none, none), shrinkage=DEFAULT
    )
    assert found.fits
    kept = letters(found.kept)
    assert kept in ("ab", "bc", "ad", "cd")
    assert "b" in kept


def test_a_change_budget_lets_only_the_best_newcomers_in() -> None:
    past = orders_of(*["a"] * 9, *["b"] * 8, *["c"] * 7, *["d"] * 2, *["e"] * 1)
    current = np.array([False, False, False, True, True])
    none = np.zeros(5, dtype=np.bool_)
    given = Range(Room.of_size(2, 5), none, none, current)
    assert letters(assortment.choose(past, given, shrinkage=DEFAULT).kept) == "ab"
    found = assortment.choose(past, given, shrinkage=DEFAULT, most_new=1)
    assert letters(found.kept) == "ad"
    assert [(chr(97 + change.sku), change.enters) for change in found.changes] == [("a", True), ("e", False)]


def random_baskets(seed: int, orders: int, skus: int) -> Baskets:
    pick = np.random.default_rng(seed)
    popularity = 1.0 / np.arange(1, skus + 1)
    lines = [
        (order, order / 10, int(sku), 1.0)
        for order in range(orders)
        for sku in pick.choice(
            skus, size=min(skus, 1 + int(pick.geometric(0.45))), p=popularity / popularity.sum()
        )
    ]
    found, names = from_lines(lines)
    return Baskets(found.starts, np.array(names, dtype=np.int64)[found.items], found.days, found.qty, skus)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 6))
def test_the_bound_holds_for_every_set_there_is(seed: int, size: int) -> None:
    past = random_baskets(seed, 25, 7)
    best = 0.0
    for members in itertools.combinations(range(7), size):
        kept = np.zeros(7, dtype=np.bool_)
        kept[list(members)] = True
        best = max(best, float(past.filled(kept).mean()))
    found = bound(past, size)
    assert found.share >= best - 1e-9
    assert found.attained <= best + 1e-9
    coverage = Coverage(past, Shrinkage(miss=0.0, prior=0.0))
    peel(coverage, Room.of_size(size, 7), np.ones(7, dtype=np.bool_))
    assert float(past.filled(coverage.alive).mean()) <= best + 1e-9


def test_shrinkage_is_chosen_on_weeks_that_follow_and_a_stop_is_heeded() -> None:
    past = random_baskets(1, 1_200, 60)
    given = Range.plain(12, 60)
    told: list[float] = []

    def listen(done: float, text: str) -> bool:
        del text
        told.append(done)
        return False

    found = assortment.choose(past, given, progress=listen)
    assert told == sorted(told)
    assert found.expected == max(trial.share for trial in found.trials)
    assert found.expected is not None
    assert found.expected_by_frequency is not None
    assert found.expected >= found.expected_by_frequency
    stopped = assortment.choose(past, given, progress=lambda done, text: True)
    assert stopped.stopped
    assert len(stopped.trials) == 1
    assert int(stopped.kept.sum()) == 12


def test_frequency_is_what_its_name_says() -> None:
    past = random_baskets(7, 300, 30)
    kept = assortment.by_frequency(past, Range.plain(5, 30))
    counts = past.counts()
    assert counts[kept].min() >= counts[~kept].max()
    assert FREQUENCY.miss == 1.0


def test_curve_grows_with_the_range() -> None:
    past = random_baskets(3, 500, 40)
    points = assortment.curve(past, DEFAULT, [5, 10, 20, 40], past)
    assert [size for size, _ in points] == [5, 10, 20, 40]
    shares = [share for _, share in points]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
