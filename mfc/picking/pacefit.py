"""How fast people walk and work, estimated from what they did: a robust fit with honest limits. Pure.

The time from one finished stop to the next is walking, finding and taking, and putting:

    seconds = millimetres / speed + stop_s + put_s · lines

fitted by least squares with the soft-L1 loss and bounds (Branch, Coleman and Li 1999, in SciPy), so that breaks and chats do
not count as walking. Intervals come from resampling whole batches (the bootstrap of Efron 1979): times of one walk hang
together. What is left of a batch's time around its first and last stop is the set-up (median).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

# Fewer legs or batches than this say nothing about a site.
MIN_LEGS = 60
MIN_BATCHES = 5
# Legs must differ in length (standard deviation, metres), or walking cannot be told from taking.
MIN_SPREAD_M = 1.5
# Nobody walks slower or faster with a cart; a fit at such an edge is no measurement.
SPEED_MM_S = (250.0, 2_500.0)
MAX_STOP_S = 300.0
MAX_PUT_S = 120.0
# A pause this long between two stops is a break, whatever the distance.
MAX_LEG_S = 900.0
# The loss turns linear about here: ordinary legs differ by some seconds.
ORDINARY_S = 4.0
SAMPLES = 60
# An estimate whose 95 % interval is wider than this share of itself is shown, but not offered.
MAX_WIDTH = 0.5


@dataclass(frozen=True, slots=True)
class Leg:
    """From one finished stop to the next, in one batch."""

    batch: int
    seconds: float
    length_mm: int
    lines: int


@dataclass(frozen=True, slots=True)
class Frame:
    """The rest of a batch: from its claim to the first stop, and from the last one to the belt."""

    batch: int
    seconds: float
    length_mm: int
    lines: int


@dataclass(frozen=True, slots=True)
class Figure:
    """One estimate with its 95 % interval, or None with the reason."""

    value: float | None
    low: float = 0.0
    high: float = 0.0
    why_not: str = ""

    @property
    def is_usable(self) -> bool:
        """Whether it may replace a standard."""
        return self.value is not None and not self.why_not


@dataclass(frozen=True, slots=True)
class Fit:
    """What was measured, from how much."""

    speed_mm_s: Figure
    stop_s: Figure
    put_s: Figure
    setup_s: Figure
    legs: int
    batches: int


def fit(legs: Sequence[Leg], frames: Sequence[Frame] = ()) -> Fit:
    """Estimate the pace; equal input gives equal output."""
    kept = [leg for leg in legs if 0 < leg.seconds <= MAX_LEG_S and leg.length_mm >= 0]
    batches = sorted({leg.batch for leg in kept})
    problem = _too_little(kept, batches)
    if problem:
        nothing = Figure(None, why_not=problem)
        return Fit(nothing, nothing, nothing, nothing, len(kept), len(batches))
    rows = np.array([[leg.length_mm, leg.lines, leg.seconds] for leg in kept], dtype=np.float64)
    has_lines = bool(np.std(rows[:, 1]) > 0)
    best = _solve(rows, has_lines)
    samples = _resampled(kept, rows, batches, has_lines)
    speed, stop, put = (_figure(best[at], samples[:, at]) for at in range(3))
    if not has_lines:
        put = Figure(
            None, why_not="Every stop had the same number of lines: putting cannot be told from taking."
        )
    if not SPEED_MM_S[0] * 1.02 < best[0] < SPEED_MM_S[1] * 0.98:
        edge = "The walking speed would be implausible: are the coordinates of the places right?"
        speed = Figure(best[0], speed.low, speed.high, edge)
    return Fit(speed, stop, put, _setup(frames, best), len(kept), len(batches))


def _too_little(legs: Sequence[Leg], batches: Sequence[int]) -> str:
    if len(legs) < MIN_LEGS or len(batches) < MIN_BATCHES:
        return f"Too few data: {len(legs)} of {MIN_LEGS} ways between stops, in {len(batches)} of {MIN_BATCHES} batches."
    spread_m = float(np.std([leg.length_mm for leg in legs])) / 1000
    if spread_m < MIN_SPREAD_M:
        return f"All ways are about equally long ({spread_m:.1f} m of spread): walking cannot be told from taking."
    return ""


def _solve(rows: NDArray[np.float64], has_lines: bool) -> NDArray[np.float64]:
    """(speed in mm/s, seconds per stop, seconds per line)."""
    metres, lines, seconds = rows[:, 0] / 1000, rows[:, 1], rows[:, 2]

    def off(parameters: NDArray[np.float64]) -> NDArray[np.float64]:
        pace, stop, put = parameters
        return pace * metres + stop + (put * lines if has_lines else 0.0) - seconds

    slowest, fastest = 1000 / SPEED_MM_S[0], 1000 / SPEED_MM_S[1]
    found = least_squares(
        off,
        x0=[1000 / 1200, 10.0, 3.0],
        bounds=([fastest, 0.0, 0.0], [slowest, MAX_STOP_S, MAX_PUT_S]),
        loss="soft_l1",
        f_scale=ORDINARY_S,
    )
    pace, stop, put = found.x
    return np.array([1000 / pace, stop, put])


def _resampled(
    legs: Sequence[Leg], rows: NDArray[np.float64], batches: Sequence[int], has_lines: bool
) -> NDArray[np.float64]:
    """Estimates from batches drawn with replacement, always the same draws."""
    rng = np.random.default_rng(len(legs))
    of_batch = {
        batch: np.array([at for at, leg in enumerate(legs) if leg.batch == batch]) for batch in batches
    }
    found = []
    for _ in range(SAMPLES):
        drawn = rng.choice(len(batches), size=len(batches))
        found.append(_solve(rows[np.concatenate([of_batch[batches[at]] for at in drawn])], has_lines))
    return np.array(found)


def _figure(value: float, samples: NDArray[np.float64]) -> Figure:
    low, high = (float(bound) for bound in np.percentile(samples, (2.5, 97.5)))
    wide = high - low > MAX_WIDTH * max(value, 1e-9)
    why_not = "The interval is still too wide; wait for more batches." if wide else ""
    return Figure(float(value), low, high, why_not)


def _setup(frames: Sequence[Frame], best: NDArray[np.float64]) -> Figure:
    rest = [
        frame.seconds - frame.length_mm / best[0] - best[1] - best[2] * frame.lines
        for frame in frames
        if 0 < frame.seconds <= 2 * MAX_LEG_S
    ]
    if len(rest) < MIN_BATCHES:
        return Figure(None, why_not=f"Too few data: {len(rest)} of {MIN_BATCHES} whole batches.")
    rng = np.random.default_rng(len(rest))
    medians = np.array([np.median(rng.choice(rest, size=len(rest))) for _ in range(SAMPLES)])
    return _figure(max(0.0, float(np.median(rest))), np.maximum(0.0, medians))
