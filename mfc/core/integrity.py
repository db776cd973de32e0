"""Registry of named invariants; every app contributes its own, ``manage.py check_integrity`` runs them all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

# A broken invariant names at most this many offenders: enough to find the cause, never a flood.
MAX_OFFENDERS = 20


@dataclass(frozen=True, slots=True)
class Invariant:
    """One statement that must always hold; ``sql`` selects the rows that break it."""

    name: str
    statement: str
    sql: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Result of one check: ``violations`` counts the offenders, ``examples`` shows some of them."""

    name: str
    statement: str
    violations: int
    examples: list[dict[str, Any]] = field(default_factory=list)


_registry: dict[str, Invariant] = {}


def register(name: str, statement: str, sql: str) -> None:
    """Add an invariant; names are unique."""
    assert name not in _registry or _registry[name].sql == sql, f"invariant {name} is registered twice"
    _registry[name] = Invariant(name, statement, sql)


def names() -> list[str]:
    """Names of all registered invariants."""
    return sorted(_registry)


def run(only: Callable[[str], bool] = lambda name: True) -> list[Finding]:
    """Run the checks; each is one query."""
    return [_check(_registry[name]) for name in names() if only(name)]


def offenders(name: str, *, limit: int) -> list[dict[str, Any]]:
    """Rows that break the invariant ``name``, at most ``limit``."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM ({_registry[name].sql}) offenders LIMIT {int(limit)}")  # noqa: S608
        columns = [column.name for column in cursor.description]
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


def _check(invariant: Invariant) -> Finding:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({invariant.sql}) offenders")  # noqa: S608
        violations = int(cursor.fetchone()[0])
    examples: list[dict[str, Any]] = []
    if violations:
        examples = offenders(invariant.name, limit=MAX_OFFENDERS)
    return Finding(invariant.name, invariant.statement, violations, examples)
