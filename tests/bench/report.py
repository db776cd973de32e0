"""The one form in which every benchmark answers."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def percentiles(samples: Sequence[float]) -> dict[str, float | int | None]:
    """p50, p95, p99 (nearest rank) and the number of samples."""
    ordered = sorted(samples)

    def at(share: float) -> float | None:
        return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 2) if ordered else None

    return {"p50": at(0.50), "p95": at(0.95), "p99": at(0.99), "n": len(ordered)}


def answer(
    bench: str, *, figures: dict[str, Any], reference: dict[str, Any], ratio: float | None, target: str
) -> None:
    """Print ``{"bench", "figures", "reference", "ratio"}`` to standard output (``-``) or a file."""
    body = {"bench": bench, "figures": figures, "reference": reference, "ratio": ratio}
    text = json.dumps(body, indent=1)
    if target == "-":
        sys.stdout.write(text + "\n")
    else:
        Path(target).write_text(text + "\n", encoding="utf-8")
