"""Master data heals itself: what is weighed and measured at receipt replaces what was typed once."""

from __future__ import annotations

from mfc.catalog.models import Sku
from mfc.core import clock, journal, txn
from mfc.core.actors import Actor
from mfc.core.errors import DomainError

MAX_G = 100_000
MAX_MM = 3_000


@txn.use_case
def measure(
    *, sku: Sku, actor: Actor, weight_g: int, length_mm: int = 0, width_mm: int = 0, height_mm: int = 0
) -> Sku:
    """Keep what one each weighs and, when all three are given, its lengths and volume.

    Raises ``measure_invalid`` for values that no article of a store has.
    """
    if not 1 <= weight_g <= MAX_G:
        raise DomainError("measure_invalid", f"{weight_g} g is not 1 to {MAX_G} g.")
    lengths = (length_mm, width_mm, height_mm)
    if any(lengths) and not all(1 <= one <= MAX_MM for one in lengths):
        raise DomainError("measure_invalid", f"Lengths are 1 to {MAX_MM} mm, all three or none: {lengths}.")
    before = {"weight_g": sku.weight_g, "volume_ml": sku.volume_ml}
    sku.weight_g = weight_g
    sku.measured_at = clock.now()
    if all(lengths):
        sku.length_mm, sku.width_mm, sku.height_mm = lengths
        # Cubic millimetres to millilitres, never nothing.
        sku.volume_ml = max(length_mm * width_mm * height_mm // 1_000, 1)
    sku.save(update_fields=["weight_g", "measured_at", "length_mm", "width_mm", "height_mm", "volume_ml"])
    journal.write(
        "sku.measured",
        actor=actor,
        subject=f"sku:{sku.code}",
        before=before,
        weight_g=sku.weight_g,
        volume_ml=sku.volume_ml,
    )
    return sku
