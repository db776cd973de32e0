"""FEFO allocation."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfc.inventory.allocation import Allocation, Candidate, allocate

TODAY = date(2026, 3, 1)


def place(name, free_qty, expires=None, walk_rank=0):
    return Candidate(id=name, free_qty=free_qty, expires=expires, walk_rank=walk_rank)


def test_earliest_expiry_comes_first_even_when_it_is_far_and_small():
    found = allocate(
        5,
        [place("near", 9, date(2026, 4, 2)), place("far", 2, date(2026, 4, 1), 50), place("dry", 9)],
        today=TODAY,
    )
    assert found == Allocation((("far", 2), ("near", 3)), 0, "first to expire (2026-04-01), from 2 places")


def test_inside_one_expiry_one_place_that_fills_all_beats_a_nearer_one():
    found = allocate(5, [place("near", 4, walk_rank=1), place("full", 5, walk_rank=9)], today=TODAY)
    assert found == Allocation((("full", 5),), 0, "no expiry, from one place")


def test_after_the_first_take_the_nearest_place_that_fills_the_rest_is_next():
    places = [place("a", 4, walk_rank=1), place("b", 3, walk_rank=2), place("c", 1, walk_rank=3)]
    assert allocate(6, places, today=TODAY).takes == (("a", 4), ("b", 2))


def test_nearest_wins_among_equals_and_the_given_order_breaks_ties():
    places = [place("b", 5, walk_rank=2), place("a", 5, walk_rank=1), place("c", 5, walk_rank=1)]
    assert allocate(5, places, today=TODAY).takes == (("a", 5),)


def test_lots_with_too_little_life_are_not_given():
    places = [place("old", 5, date(2026, 3, 7)), place("new", 2, date(2026, 3, 8))]
    found = allocate(4, places, today=TODAY, min_remaining_days=7)
    assert found == Allocation(
        (("new", 2),),
        2,
        "first to expire (2026-03-08), from one place, 2 short, 5 not given: too little life left",
    )


def test_expired_is_excluded_but_the_last_day_still_counts():
    assert allocate(1, [place("a", 1, date(2026, 2, 28))], today=TODAY).short_qty == 1
    assert allocate(1, [place("a", 1, TODAY)], today=TODAY).takes == (("a", 1),)


@pytest.mark.parametrize("qty", [0, -1])
def test_only_positive_quantities(qty):
    with pytest.raises(ValueError):
        allocate(qty, [], today=TODAY)


CANDIDATES = st.lists(
    st.tuples(
        st.integers(0, 9), st.none() | st.dates(date(2026, 2, 20), date(2026, 3, 20)), st.integers(0, 5)
    ),
    max_size=8,
)


@given(st.integers(1, 40), CANDIDATES)
def test_nothing_is_invented_and_no_older_lot_is_left_behind(qty, rows):
    places = [place(index, *row) for index, row in enumerate(rows)]
    found = allocate(qty, places, today=TODAY)
    assert sum(taken for _, taken in found.takes) + found.short_qty == qty
    assert all(0 < taken <= places[key].free_qty for key, taken in found.takes)
    taken = dict(found.takes)
    given_days = [places[key].expires or date.max for key, _ in found.takes]
    assert given_days == sorted(given_days)
    left = [one for one in places if one.free_qty > taken.get(one.id, 0)]
    days_left = [one.expires or date.max for one in left]
    if found.short_qty:
        assert all(day < TODAY for day in days_left)
    elif given_days:
        assert not [day for day in days_left if TODAY <= day < given_days[-1]]
