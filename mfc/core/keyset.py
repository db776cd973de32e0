"""Keyset pages: the rows after (or before) a known row, newest first, without OFFSET and without COUNT at any depth."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import BooleanField, DateTimeField, F, Func, IntegerField, Model, Q, QuerySet, Value

# A cursor is a time and an id; whatever is longer is not ours.
MAX_CURSOR = 400
_BIGINT = 2**63
Key = tuple[Any, ...]


class BadCursorError(ValueError):
    """The text is not a cursor of this list."""


@dataclass(frozen=True, slots=True)
class Page:
    """``rows`` newest first; ``newer`` and ``older`` are cursors of the neighbouring pages, None where the list ends."""

    rows: list[Any]
    newer: str | None
    older: str | None


class _RowCompare(Func):
    """``(a, b) < (x, y)``: one condition that an index over (a, b) answers."""

    output_field = BooleanField()

    def __init__(self, sign: str, columns: Sequence[str], values: Key) -> None:
        super().__init__(*(F(name) for name in columns), *(Value(value) for value in values))
        self.sign = sign

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **extra: Any) -> Any:
        parts = [compiler.compile(source) for source in self.source_expressions]
        half = len(parts) // 2
        left, right = (", ".join(sql for sql, _ in side) for side in (parts[:half], parts[half:]))
        return f"({left}) {self.sign} ({right})", [value for _, values in parts for value in values]


def fields_of(ordering: Sequence[Any], model: type[Model]) -> tuple[str, ...]:
    """The columns of an ordering that pages can walk: all descending, the last one unique; AssertionError otherwise."""
    names = tuple(str(name).removeprefix("-") for name in ordering)
    last = model._meta.get_field(names[-1])
    assert all(str(name).startswith("-") for name in ordering), (
        f"{model.__name__}: {ordering} is not descending"
    )
    assert getattr(last, "unique", False), f"{model.__name__}: {names[-1]} is not unique"
    return names


def encode(row: Any, fields: Sequence[str]) -> str:
    """The cursor of a row."""
    values = [getattr(row, name) for name in fields]
    text = json.dumps([value.isoformat() if isinstance(value, datetime) else value for value in values])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(cursor: str, fields: Sequence[str], model: type[Model]) -> Key:
    """The key that ``encode`` wrote; raises BadCursorError."""
    try:
        if len(cursor) > MAX_CURSOR:
            raise BadCursorError("too long")
        values = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars="-_", validate=True))
        if not isinstance(values, list) or len(values) != len(fields):
            raise BadCursorError("another list's")
        return tuple(
            _checked(value, model._meta.get_field(name)) for value, name in zip(values, fields, strict=True)
        )
    except (
        binascii.Error,
        UnicodeError,
        ValueError,
        OverflowError,
        ValidationError,
        RecursionError,
    ) as error:
        raise BadCursorError(str(error)) from error


def _checked(value: Any, field: Any) -> Any:
    if isinstance(field, DateTimeField):
        moment = datetime.fromisoformat(value if isinstance(value, str) else "")
        if moment.tzinfo is None or not 1 < moment.year < 9999:
            raise BadCursorError("no moment")
        return moment
    if isinstance(field, IntegerField):
        if type(value) is not int or not -_BIGINT <= value < _BIGINT:
            raise BadCursorError("no number")
        return value
    if not isinstance(value, str) or "\x00" in value:
        raise BadCursorError("no text")
    return field.to_python(value)


def page(
    branches: Sequence[QuerySet[Any]],
    *,
    fields: Sequence[str],
    size: int,
    rows: QuerySet[Any],
    older_than: Key | None = None,
    newer_than: Key | None = None,
    oldest: bool = False,
) -> Page:
    """At most ``size`` rows of the union of ``branches``, newest first.

    Every branch is walked in its own index order and read ``size`` + 1 keys deep, so each should be answered by an
    index that ends in ``fields``. The rows themselves are read from ``rows`` by their ids, with all it joins.
    ``older_than`` and ``newer_than`` bound both ways; without ``newer_than`` and ``oldest`` the page begins at the newest.
    """
    upwards = oldest or newer_than is not None
    keys = _keys(branches, fields, size + 1, older_than, newer_than, upwards)
    more = len(keys) > size
    keys = keys[:size]
    if upwards:
        keys.reverse()
    found = _read(rows, fields, keys)
    has_newer = more if upwards else older_than is not None
    has_older = (newer_than is not None) if upwards else more
    return Page(
        rows=found,
        newer=encode(found[0], fields) if found and has_newer else None,
        older=encode(found[-1], fields) if found and has_older else None,
    )


def _keys(
    branches: Sequence[QuerySet[Any]],
    fields: Sequence[str],
    count: int,
    older_than: Key | None,
    newer_than: Key | None,
    upwards: bool,
) -> list[Key]:
    order = [name if upwards else f"-{name}" for name in fields]
    cut = [
        bounded(branch, fields, older_than, newer_than).order_by(*order).values_list(*fields)[:count]
        for branch in branches
    ]
    if not cut:
        return []
    if len(cut) == 1:
        return list(cut[0])
    # a row may be in several branches: count a row once (union sorts out doubles)
    return list(cut[0].union(*cut[1:]).order_by(*order)[:count])


def bounded(
    rows: QuerySet[Any], fields: Sequence[str], older_than: Key | None, newer_than: Key | None
) -> QuerySet[Any]:
    """The rows strictly between two keys. The first column is bounded once more by itself: partitions are pruned by it."""
    for sign, lookup, key in (("<", "lte", older_than), (">", "gte", newer_than)):
        if key is not None:
            rows = rows.filter(_RowCompare(sign, fields, key))
            if len(fields) > 1:
                rows = rows.filter(**{f"{fields[0]}__{lookup}": key[0]})
    return rows


def _read(rows: QuerySet[Any], fields: Sequence[str], keys: list[Key]) -> list[Any]:
    if not keys:
        return []
    unique = fields[-1]
    rows = rows.filter(**{f"{unique}__in": [key[-1] for key in keys]})
    if len(fields) > 1:
        rows = rows.filter(**{f"{fields[0]}__gte": keys[-1][0], f"{fields[0]}__lte": keys[0][0]})
    by_key = {getattr(row, unique): row for row in rows.order_by()}
    return [by_key[key[-1]] for key in keys if key[-1] in by_key]


def any_of(conditions: Sequence[Q]) -> Q:
    """One condition that holds where any of them holds; none of them: nowhere."""
    return reduce(or_, conditions) if conditions else Q(pk__in=[])
