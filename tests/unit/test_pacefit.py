"""The pace from what people did: found again in made-up days, robust to breaks, honest about too little."""

from __future__ import annotations

import random

from mfc.picking.pacefit import Fit, Frame, Leg, fit


def day(
    *, batches: int = 30, legs: int = 12, breaks: float = 0.0, seed: int = 1, same_lines: bool = False
) -> Fit:
    """Batches of somebody who walks 1 m/s, takes 9 s a stop and 5 s a line, with some noise, and 70 s of set-up."""
    rng = random.Random(seed)
    ways, frames = [], []
    for batch in range(batches):
        for _ in range(legs):
            length_mm, lines = rng.randrange(0, 30_000, 500), 1 if same_lines else rng.randrange(1, 4)
            seconds = length_mm / 1000 + 9 + 5 * lines + rng.gauss(0, 1.5)
            if rng.random() < breaks:
                seconds += rng.uniform(60, 600)
            ways.append(Leg(batch, seconds, length_mm, lines))
        frames.append(Frame(batch, 70 + 20 + 9 + 5 + rng.gauss(0, 3), 20_000, 1))
    return fit(ways, frames)


def near(found: float | None, true: float, share: float) -> bool:
    return found is not None and abs(found - true) <= share * true


def test_the_pace_that_made_the_times_is_found_again() -> None:
    found = day()
    assert near(found.speed_mm_s.value, 1000, 0.03)
    assert near(found.stop_s.value, 9, 0.08)
    assert near(found.put_s.value, 5, 0.08)
    assert near(found.setup_s.value, 70, 0.05)
    for figure in (found.speed_mm_s, found.stop_s, found.put_s, found.setup_s):
        assert figure.is_usable
        assert figure.value is not None
        assert figure.low <= figure.value <= figure.high
    assert (found.legs, found.batches) == (360, 30)
    assert day() == found


def test_breaks_and_chats_do_not_count_as_walking() -> None:
    found = day(breaks=0.08)
    assert near(found.speed_mm_s.value, 1000, 0.06)
    assert near(found.stop_s.value, 9, 0.2)


def test_too_few_data_leave_the_standard_alone_and_say_so() -> None:
    found = day(batches=4)
    assert found.speed_mm_s.value is None
    assert not found.stop_s.is_usable
    assert found.speed_mm_s.why_not == "Too few data: 48 of 60 ways between stops, in 4 of 5 batches."


def test_walking_is_not_told_from_taking_when_all_ways_are_equally_long() -> None:
    found = fit([Leg(n % 10, 20.0 + n % 3, 5000 + n % 7, 1) for n in range(200)])
    assert found.speed_mm_s.value is None
    assert "equally long" in found.speed_mm_s.why_not


def test_putting_is_not_told_from_taking_when_every_stop_has_one_line() -> None:
    found = day(same_lines=True)
    assert near(found.speed_mm_s.value, 1000, 0.03)
    assert found.put_s.value is None
    assert near(found.stop_s.value, 14, 0.08)


def test_a_speed_that_nobody_walks_is_shown_and_not_offered() -> None:
    rng = random.Random(5)
    legs = [Leg(n % 10, 10 + rng.gauss(0, 1), rng.randrange(0, 30_000), 1 + n % 2) for n in range(200)]
    found = fit(legs)
    assert not found.speed_mm_s.is_usable
    assert "implausible" in found.speed_mm_s.why_not
