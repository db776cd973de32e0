"""State machines are data: one table per noun, one compare-and-swap that writes."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from django.db import connection, models

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
    if any(hasattr(value, "resolve_expression") for value in fields.values()):
        rows = type(row)._default_manager.filter(pk=row.pk, state=source)
        is_done = rows.update(state=target, **fields) == 1
    else:
        is_done = _swap(row, source, target, fields)
    if not is_done:
        raise DomainError("state_conflict", f"{noun} is no longer {source}.", expected=str(source))
    row.state = target  # type: ignore[attr-defined]
    for name, value in fields.items():
        setattr(row, name, value)


def _swap(row: models.Model, source: StrEnum, target: StrEnum, fields: dict[str, Any]) -> bool:
    """The compare-and-swap itself, in SQL by hand: it runs in every deed, and building it anew each time is slow."""
    meta = row._meta
    columns, values = ["state = %s"], [str(target)]
    for name, value in fields.items():
        field = meta.get_field(name)
        plain = value.pk if isinstance(value, models.Model) else value
        columns.append(f"{field.column} = %s")  # type: ignore[union-attr]
        values.append(field.get_db_prep_save(plain, connection))  # type: ignore[union-attr]
    sql = f"UPDATE {meta.db_table} SET {', '.join(columns)} WHERE {meta.pk.column} = %s AND state = %s"  # noqa: S608
    key = meta.pk.get_db_prep_value(row.pk, connection)
    with connection.cursor() as cursor:
        cursor.execute(sql, [*values, key, str(source)])
        return int(cursor.rowcount) == 1
