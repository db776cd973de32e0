"""Cursor pages: stable under writes, bounded, without counting."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from rest_framework.request import Request

from mfc.core.errors import DomainError

PAGE_SIZE = 50
MAX_PAGE_SIZE = 200


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
        raise DomainError("invalid_request", "The cursor is not one of ours: take it from 'next'.") from error


def text_of(request: Request, name: str) -> str:
    """A text of the query; empty when it is not there. Raises ``invalid_request`` for what no text column holds."""
    text = request.query_params.get(name, "")
    if "\x00" in text:
        raise DomainError("invalid_request", f"{name} holds a NUL character.")
    return text
