"""POST with Idempotency-Key: the first answer is kept and repeated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from mfc.api.authentication import caller
from mfc.api.problems import response_of
from mfc.core import receipts
from mfc.core.errors import DomainError

MAX_KEY = 100


def answer_once(
    request: Request,
    *,
    kind: str,
    act: Callable[[], dict[str, Any]],
    created: bool = False,
    body: Any = None,
) -> Response:
    """Run ``act`` once per client and key; a repeat gets the same status and body, and ``Idempotent-Replayed: true``.

    ``body`` stands for the request where that is too large to keep: a digest of it.
    """
    key = request.headers.get("Idempotency-Key", "")
    if not key or len(key) > MAX_KEY or not key.isprintable():
        raise DomainError(
            "idempotency_key_missing", f"Idempotency-Key must have 1 to {MAX_KEY} printable characters."
        )
    answer = receipts.once(
        # The id, not the name: a name may hold the separator, and then two clients would share a key.
        source=f"rest/{caller(request).client.pk}/{key}",
        kind=kind,
        payload={"path": request.path, "body": request.data if body is None else body},
        act=act,
    )
    if answer.refusal is not None:
        response = response_of(answer.refusal)
    else:
        response = Response(answer.body, status=status.HTTP_201_CREATED if created else status.HTTP_200_OK)
    if answer.repeated:
        response.headers["Idempotent-Replayed"] = "true"
    return response
