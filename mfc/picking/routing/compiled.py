"""Compile inner loops when numba is installed; without it the same functions run as plain Python. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

try:
    import numba
    from numba.core import types as _types
    from numba.extending import intrinsic as _intrinsic
except ImportError:  # the extra `fast` is not installed
    numba = None

_Function = TypeVar("_Function", bound=Callable[..., Any])

HAS_NUMBA = numba is not None
# Cells in one word of a mask: the sign bit and one more stay free, so that plain Python computes the same.
WORD = 62


def compiled(function: _Function) -> _Function:
    """Compile on first use, keep the machine code on disk, and let other threads run meanwhile."""
    if numba is None:
        return function
    return numba.njit(cache=True, nogil=True)(function)


def inlined(function: _Function) -> _Function:
    """As `compiled`, for small functions inside loops."""
    if numba is None:
        return function
    return numba.njit(cache=True, nogil=True, inline="always")(function)


if numba is not None:

    @_intrinsic
    def lowest_bit(_context: Any, word: Any) -> Any:
        """Return the number of the lowest set bit."""
        from llvmlite import ir

        def build(_compiler: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

        return _types.int64(_types.int64), build

else:

    def lowest_bit(word: int) -> int:
        """Return the number of the lowest set bit."""
        word = int(word)
        return (word & -word).bit_length() - 1
