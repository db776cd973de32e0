"""State machines are data: one table per noun, one compare-and-swap that writes."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from django.db import models

from mfc.core.errors import DomainError

Table = Mapping[Any, frozenset[Any]]


def check(table: Table, *, source: StrEnum, target: StrEnum, noun: str) -> None:
    """Raise ``illegal_transition`` unless the table allows ``source`` -> ``target``."""
    if target not in table[source]:
        possible = ", ".join(sorted(table[source])) or "nothing (final)"
        raise DomainError(
            "illegal_transition",
            f"{noun} is {source}; {target} is not possible. Possible: {possible}.",
            state=str(source),
        )


def advance(row: models.Model, target: StrEnum, *, table: Table, **fields: Any) -> None:
    """Move ``row.state`` to ``target`` by compare-and-swap, writing ``fields`` with it.

    Raises ``illegal_transition`` for a move the table forbids and ``state_conflict`` when another transaction was faster.
    """
    noun = f"{row._meta.verbose_name} {row.pk}"
    source = type(target)(row.state)  # type: ignore[attr-defined]
    check(table, source=source, target=target, noun=noun)
    manager = type(row)._default_manager
    if manager.filter(pk=row.pk, state=source).update(state=target, **fields) != 1:
        raise DomainError("state_conflict", f"{noun} is no longer {source}.", expected=str(source))
    row.state = target  # type: ignore[attr-defined]
    for name, value in fields.items():
        setattr(row, name, value)
