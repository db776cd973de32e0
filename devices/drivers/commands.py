"""Directions on their way to a PLC: once each, in time, a scan's gap between two for one point."""

from __future__ import annotations

import logging
from collections import OrderedDict, deque
from dataclasses import dataclass

from devices.codecs import mfc_1
from devices.messages import Direct

log = logging.getLogger("devices.drivers")

# More load units than fit before the diverters of one PLC; the oldest directions are worthless by then.
MAX_WAITING = 64
# Command ids that are remembered, so that a repeated command is no second one.
MAX_REMEMBERED = 1024


@dataclass(frozen=True, slots=True)
class Due:
    """A direction with its sequence: the registers +19..+23 of its point."""

    point: int
    block: list[int]
    expires_at: float


class Directions:
    def __init__(self, device: str, points: int, gap_s: float) -> None:
        self._device = device
        self._points = points
        self._gap_s = gap_s
        self._waiting: deque[tuple[Direct, float]] = deque()
        self._again: deque[Due] = deque()
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._sequences = [0] * points
        self._free_at = [0.0] * points

    def start_session(self, sequences: list[int]) -> None:
        """Takes the PLC's command sequences. What was half-written before the cut becomes a new command."""
        self._sequences = list(sequences)
        self._free_at = [0.0] * self._points
        for due in self._again:
            self._sequences[due.point] = mfc_1.next_sequence(self._sequences[due.point])
            due.block[0] = self._sequences[due.point]

    def add(self, command: Direct, now: float) -> None:
        """Takes a command; a repeated, impossible or surplus one is dropped and said."""
        if command.command_id in self._seen:
            return
        self._seen[command.command_id] = None
        if len(self._seen) > MAX_REMEMBERED:
            self._seen.popitem(last=False)
        if not 0 <= command.point < self._points:
            log.error("%s has %d points, no point %d", self._device, self._points, command.point)
            return
        if len(self._waiting) >= MAX_WAITING:
            log.error(
                "%s: direction %s dropped: too many wait", self._device, self._waiting.popleft()[0].command_id
            )
        self._waiting.append((command, now + command.ttl_ms / 1000))

    def put_back(self, due: Due) -> None:
        """Not answered: write it again, with the same sequence."""
        self._again.appendleft(due)

    def take(self, now: float) -> Due | None:
        """Next direction that may be written now; expired ones are dropped."""
        while self._again:
            due = self._again.popleft()
            if due.expires_at > now:
                return due
            log.warning("%s: a direction for point %d expired unanswered", self._device, due.point)
        for item in list(self._waiting):
            command, expires_at = item
            if expires_at <= now:
                self._waiting.remove(item)
                log.warning("%s: direction for load unit %d expired", self._device, command.tracking_id)
            elif self._free_at[command.point] <= now:
                self._waiting.remove(item)
                fresh = self._due(command, expires_at)
                if fresh is not None:
                    self._free_at[command.point] = now + self._gap_s
                    return fresh
        return None

    def next_at(self, now: float) -> float:
        """When the next waiting direction becomes free to go; far away when none waits."""
        return min((self._free_at[command.point] for command, _ in self._waiting), default=now + 3600.0)

    def _due(self, command: Direct, expires_at: float) -> Due | None:
        sequence = mfc_1.next_sequence(self._sequences[command.point])
        try:
            block = mfc_1.command_block(sequence, command.tracking_id, command.lane)
        except ValueError as error:
            log.error("%s: direction %s refused: %s", self._device, command.command_id, error)
            return None
        self._sequences[command.point] = sequence
        return Due(command.point, block, expires_at)
