"""Cursor pages: stable under writes, bounded, without counting."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from rest_framework.request import Request

from mfc.core import keyset
from mfc.core.errors import DomainError

PAGE_SIZE = 50
MAX_PAGE_SIZE = 200
NOT_OURS = "The cursor is not one of ours: take it from 'next'."


def page(
    request: Request, rows: QuerySet[Any], *, order: str, describe: Callable[[Any], dict[str, Any]]
) -> dict[str, Any]:
    """``{"next": cursor or null, "results": […]}`` of rows ordered by the unique column ``order``.

    Raises ``invalid_request`` for a bad ``limit`` or ``cursor``.
    """
    limit = _limit(request.query_params.get("limit", ""))
    cursor = request.query_params.get("cursor", "")
    if cursor:
        column = rows.model._meta.get_field(order)
        rows = rows.filter(Q(**{f"{order}__gt": _decode(cursor, column)}))
    found = list(rows.order_by(order)[: limit + 1])
    more = len(found) > limit
    found = found[:limit]
    return {
        "next": _encode(str(getattr(found[-1], order))) if more else None,
        "results": [describe(row) for row in found],
    }


def newest(
    request: Request,
    read: Callable[..., keyset.Page],
    *,
    model: type[Model],
    fields: Sequence[str],
    describe: Callable[[Any], dict[str, Any]],
) -> dict[str, Any]:
    """A page of rows newest first, walked by key: ``read(size=…, older_than=…)`` gives it.

    Raises ``invalid_request`` for a bad ``limit`` or ``cursor``.
    """
    cursor = text_of(request, "cursor")
    try:
        older_than = keyset.decode(cursor, fields, model) if cursor else None
    except keyset.BadCursorError as error:
        raise DomainError("invalid_request", NOT_OURS) from error
    page = read(size=limit_of(request), older_than=older_than)
    return {"next": page.older, "results": [describe(row) for row in page.rows]}


def moment_of(request: Request, name: str) -> datetime | None:
    """A moment of the query, with its offset; None when it is not there. Raises ``invalid_request``."""
    text = text_of(request, name)
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or not 1 < moment.year < 9999:
        raise DomainError(
            "invalid_request", f"{name}={text[:40]}: use ISO 8601 with an offset, like 2026-01-31T18:00:00Z."
        )
    return moment


def limit_of(request: Request) -> int:
    """The rows of a page; raises ``invalid_request``."""
    return _limit(request.query_params.get("limit", ""))


def _limit(text: str) -> int:
    if not text:
        return PAGE_SIZE
    # The length first: Python refuses to read endless digits.
    if len(text) > 9 or not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= MAX_PAGE_SIZE:
        raise DomainError("invalid_request", f"limit={text[:20]}: use 1 to {MAX_PAGE_SIZE}.")
    return int(text)


def _encode(value: str) -> str:
    return base64.urlsafe_b64encode(value.encode()).decode()


def _decode(cursor: str, column: Any) -> Any:
    try:
        text = base64.urlsafe_b64decode(cursor.encode()).decode()
        return column.to_python(text)
    except (binascii.Error, ValueError, ValidationError) as error:
        raise DomainError("invalid_request", NOT_OURS) from error


def text_of(request: Request, name: str) -> str:
    """A text of the query; empty when it is not there. Raises ``invalid_request`` for what no text column holds."""
    text = request.query_params.get(name, "")
    if "\x00" in text:
        raise DomainError("invalid_request", f"{name} holds a NUL character.")
    return text
