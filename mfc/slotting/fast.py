"""The compiler of hot loops, when it is there: without it the same functions run as plain Python. Pure.

Functions under ``compiled`` use numbers, numpy arrays and plain loops only, so that both ways give the same answers.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

njit: Any
try:
    njit = import_module("numba").njit
except ImportError:  # the extra "fast" is not installed
    njit = None

HAS_COMPILER = njit is not None


def compiled(function: F) -> F:
    """Compile on the first call (kept on disk); a job's affair, never a request's."""
    if njit is None:
        return function
    made: F = njit(cache=True, nogil=True)(function)
    return made
