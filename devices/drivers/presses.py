"""Counted presses of a light controller: what is new since the last counters, per boot id."""

from __future__ import annotations

import json
from dataclasses import dataclass

from devices.codecs import mfc_l1
from devices.messages import Press


@dataclass(frozen=True, slots=True)
class PressCounters:
    """The counters as they are kept on disk."""

    boot: int
    words: tuple[int, ...]

    def to_text(self) -> str:
        return json.dumps({"boot": self.boot, "words": self.words}, separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str | None) -> PressCounters | None:
        if text is None:
            return None
        body = json.loads(text)
        return cls(body["boot"], tuple(body["words"]))


@dataclass(frozen=True, slots=True)
class NewPresses:
    presses: list[tuple[int, Press]]  # (channel, kind), one item per press
    jumps: list[str]  # counters that cannot be right, for a person


def compare(before: PressCounters | None, now: PressCounters) -> NewPresses:
    """Presses since ``before``. None (first contact ever) adopts the counters: they are another owner's."""
    if before is None:
        return NewPresses([], [])
    is_same_boot = before.boot == now.boot and len(before.words) == len(now.words)
    base = before.words if is_same_boot else (0,) * len(now.words)
    presses: list[tuple[int, Press]] = []
    jumps: list[str] = []
    for channel, (old, new) in enumerate(zip(base, now.words, strict=True)):
        if old == new:
            continue
        for press, count in zip(Press, mfc_l1.presses_between(old, new), strict=True):
            if count > mfc_l1.MAX_JUMP:
                jumps.append(f"point {channel}: {press} counter jumped by {count}")
            else:
                presses += [(channel, press)] * count
    return NewPresses(presses, jumps)
