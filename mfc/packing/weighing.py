"""The weight gate: does a tote weigh what its goods should weigh? Pure."""

from dataclasses import dataclass

# Fine for the usual 30 kg class III bench scale with 5 g steps.
DEFAULT_RESOLUTION_G = 5


@dataclass(frozen=True, slots=True)
class WeightVerdict:
    """`difference_g` is measured minus expected; `reason` is for the person at the scale."""

    ok: bool
    difference_g: int
    tolerance_g: int
    reason: str


def tolerance_for(
    *,
    goods_g: int,
    lightest_unit_g: int,
    abs_g: int,
    percent: float,
    resolution_g: int = DEFAULT_RESOLUTION_G,
) -> int:
    """Return the accepted difference in grams: the larger of `abs_g` and `percent` of the goods.

    It is held below half of the lightest unit, so that one unit too many or too few is always seen; unless
    half a unit is not more than two steps of the scale, where the scale could not tell anyway.
    """
    tolerance_g = max(abs_g, round(goods_g * percent / 100))
    half_unit_g = lightest_unit_g // 2
    if half_unit_g > 2 * resolution_g:
        tolerance_g = min(tolerance_g, half_unit_g)
    return tolerance_g


def judge(
    expected_g: int,
    measured_g: int,
    goods_g: int,
    lightest_unit_g: int,
    abs_g: int,
    percent: float,
    *,
    resolution_g: int = DEFAULT_RESOLUTION_G,
) -> WeightVerdict:
    """Judge a stable weight. `expected_g` and `measured_g` are with the tote, `goods_g` without; all in
    grams.
    """
    tolerance_g = tolerance_for(
        goods_g=goods_g,
        lightest_unit_g=lightest_unit_g,
        abs_g=abs_g,
        percent=percent,
        resolution_g=resolution_g,
    )
    difference_g = measured_g - expected_g
    if abs(difference_g) <= tolerance_g:
        reason = f"{measured_g} g, within {tolerance_g} g of {expected_g} g"
        return WeightVerdict(True, difference_g, tolerance_g, reason)
    side = "heavy" if difference_g > 0 else "light"
    facts = f"{measured_g} g measured, {expected_g} g expected, {tolerance_g} g allowed"
    return WeightVerdict(False, difference_g, tolerance_g, f"{abs(difference_g)} g too {side}: {facts}")
