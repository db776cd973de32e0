"""One use case, one transaction: the outermost decorator opens it, hints leave with its commit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import connection, transaction

P = ParamSpec("P")
R = TypeVar("R")

# One NOTIFY payload holds 8,000 bytes; a use case that touches more topics than this sends "all".
MAX_TOPICS = 100
CHANNEL = "mfc_hint"


@dataclass(slots=True)
class Context:
    """What the running transaction has touched."""

    topics: dict[str, None] = field(default_factory=dict)
    locked_skus: set[int] = field(default_factory=set)


_context: ContextVar[Context | None] = ContextVar("mfc_txn", default=None)


@contextmanager
def transaction_scope() -> Iterator[Context]:
    """The use case's transaction; inside another one, part of it (a refusal undoes the whole)."""
    context = _context.get()
    if context is not None:
        yield context
        return
    context = Context()
    token = _context.set(context)
    try:
        with transaction.atomic(durable=True):
            yield context
            _send_hints(context)
    finally:
        _context.reset(token)


@contextmanager
def savepoint() -> Iterator[None]:
    """A part of the running transaction that may fail, be caught, and leave the rest standing."""
    current()
    with transaction.atomic():
        yield


def use_case(function: Callable[P, R]) -> Callable[P, R]:
    """Mark what an edge may call: it runs in one transaction, or as part of the caller's.

    Whoever catches a refusal of an inner use case and goes on must wrap the call in ``savepoint()``.
    """

    @wraps(function)
    def inside(*args: P.args, **kwargs: P.kwargs) -> R:
        with transaction_scope():
            return function(*args, **kwargs)

    return inside


def current() -> Context:
    """The running transaction's context; an inner service called outside a use case is our mistake."""
    context = _context.get()
    assert context is not None, "call this inside a use case"
    return context


def hint(*topics: str) -> None:
    """Tell listeners, at commit, that what ``topics`` name has changed. A hint may be lost; state never is."""
    current().topics.update(dict.fromkeys(topics))


def _send_hints(context: Context) -> None:
    if not context.topics:
        return
    payload = "\n".join(context.topics) if len(context.topics) <= MAX_TOPICS else "all"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, payload])
