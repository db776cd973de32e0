"""Running the same deed in many threads at once, each with a connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db import connection

from mfc.core.errors import DomainError

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Outcome(Generic[R]):
    """What one thread got: a result, or a refusal. Anything else fails the test."""

    result: R | None
    refusal: DomainError | None


def together(count: int, deed: Callable[[int], R]) -> list[Outcome[R]]:
    """Run ``deed(0)`` … ``deed(count - 1)`` at the same moment; outcomes in that order."""
    start = threading.Barrier(count)

    def run(number: int) -> Outcome[R]:
        try:
            connection.ensure_connection()
            start.wait(timeout=20)
            return Outcome(deed(number), None)
        except DomainError as refusal:
            return Outcome(None, refusal)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return [future.result() for future in [pool.submit(run, number) for number in range(count)]]


def refusals(outcomes: list[Outcome[R]]) -> list[str]:
    """Codes of the refusals."""
    return [one.refusal.code for one in outcomes if one.refusal is not None]
