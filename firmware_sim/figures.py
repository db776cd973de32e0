"""What the simulated floor counts and measures while it plays."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

# Enough for percentiles of a day; older samples fall out.
MAX_SAMPLES = 2000


def _samples() -> deque[float]:
    return deque(maxlen=MAX_SAMPLES)


@dataclass(slots=True)
class Figures:
    """Counters since the first start; samples since this start. Times in wall milliseconds."""

    orders_sent: int = 0
    orders_refused: int = 0
    refused_codes: Counter[str] = field(default_factory=Counter)
    lines_picked: int = 0
    shorts_reported: int = 0
    totes_packed: int = 0
    totes_to_hospital: int = 0
    shipments_handed_over: int = 0
    handovers_refused: int = 0
    webhooks_verified: int = 0
    webhooks_rejected: int = 0
    refusals_heard: int = 0
    silences: int = 0
    mistakes_made: Counter[str] = field(default_factory=Counter)
    faults_made: Counter[str] = field(default_factory=Counter)
    refusal_codes: Counter[str] = field(default_factory=Counter)
    lamps_seen: Counter[str] = field(default_factory=Counter)
    scan_to_lamp_ms: deque[float] = field(default_factory=_samples)
    direction_answer_ms: deque[float] = field(default_factory=_samples)

    def as_json(self, with_samples: bool = True) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for name in self.__slots__:
            value = getattr(self, name)
            if isinstance(value, deque):
                if with_samples:
                    result[name] = [round(sample, 2) for sample in value]
            else:
                result[name] = dict(value) if isinstance(value, Counter) else value
        return result

    def restore(self, saved: dict[str, Any]) -> None:
        for name, value in saved.items():
            current = getattr(self, name, None)
            if isinstance(current, Counter) and isinstance(value, dict):
                current.update({str(key): int(count) for key, count in value.items()})
            elif isinstance(current, int) and isinstance(value, int):
                setattr(self, name, value)
