"""Every input has an id and happens once: the answer is stored with the effect and repeated to a repeat."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connection

from mfc.core import clock
from mfc.core.errors import DomainError
from mfc.core.models import Receipt
from mfc.core.txn import savepoint, transaction_scope


@dataclass(frozen=True, slots=True)
class Answer:
    """What the first occurrence was told; ``refusal`` when it was refused."""

    body: dict[str, Any]
    refusal: DomainError | None
    repeated: bool


def fingerprint(body: Any) -> str:
    """SHA-256 of the canonical JSON form of a request."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def once(
    *,
    source: str,
    kind: str,
    payload: dict[str, Any],
    act: Callable[[], dict[str, Any]],
    on_refusal: Callable[[DomainError], None] | None = None,
) -> Answer:
    """Run ``act`` for the first occurrence of ``source``; give later ones the first answer.

    Effect and receipt commit together. A DomainError rolls ``act`` back, but its receipt stays, and ``on_refusal``
    may record what the person should see. Of two at once the second waits for the first to commit. Raises
    ``idempotency_key_reused`` when the payload differs from the first.
    """
    digest = fingerprint(payload)
    with transaction_scope():
        receipt_id = _claim(source, kind, digest, payload)
        if receipt_id is None:
            return _repeat(Receipt.objects.get(source=source), digest)
        try:
            with savepoint():
                body = act()
        except DomainError as refusal:
            if on_refusal is not None:
                on_refusal(refusal)
            Receipt.objects.filter(pk=receipt_id).update(answer=refusal.as_dict(), refused=refusal.code)
            return Answer(body={}, refusal=refusal, repeated=False)
        Receipt.objects.filter(pk=receipt_id).update(answer=body)
        return Answer(body=body, refusal=None, repeated=False)


def _claim(source: str, kind: str, digest: str, payload: dict[str, Any]) -> int | None:
    """Id of the new receipt; None when the source has one. One statement: it waits for a rival's commit."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_receipt (source, kind, fingerprint, payload, refused, received_at) "
            "VALUES (%s, %s, %s, %s, '', %s) ON CONFLICT (source) DO NOTHING RETURNING id",
            [source, kind, digest, json.dumps(_storable(payload)), clock.now()],
        )
        row = cursor.fetchone()
    return row[0] if row else None


def _storable(value: Any) -> Any:
    """The payload as PostgreSQL can keep it: NUL and half surrogates, which a damaged read may hold, are replaced."""
    if isinstance(value, str):
        return value.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {key: _storable(item) for key, item in value.items()}
    return [_storable(item) for item in value] if isinstance(value, list | tuple) else value


def _repeat(receipt: Receipt, digest: str) -> Answer:
    if receipt.fingerprint != digest:
        raise DomainError("idempotency_key_reused", f"{receipt.source} was used for another request before.")
    if receipt.refused:
        return Answer(body={}, refusal=DomainError.from_dict(receipt.answer or {}), repeated=True)
    return Answer(body=receipt.answer or {}, refusal=None, repeated=True)
