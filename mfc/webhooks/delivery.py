"""Sending one delivery: signed, logged, with the next attempt decided by what came back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from standardwebhooks import Webhook

from mfc.core import clock, jobs, txn
from mfc.core.errors import DomainError
from mfc.webhooks import addresses
from mfc.webhooks.models import Delivery, DeliveryState, Endpoint

# A receiver that needs longer must answer first and work later.
TIMEOUT_S = 5.0
# After this many attempts (about ten hours of doubling pauses) a person must look.
MAX_ATTEMPTS = 16
FIRST_PAUSE_S = 2
LONGEST_PAUSE_S = 3 * 3600
# A receiver's answer is read this far: enough for its complaint, never a flood.
MAX_ANSWER_BYTES = 2_000


@txn.use_case
def fan_out(*, event_id: str, kind: str, key: str, at: str, data: dict[str, Any]) -> list[int]:
    """One delivery row per endpoint that wants the event; running twice makes no second row."""
    body = json.dumps({"type": kind, "timestamp": at, "data": data}, separators=(",", ":"), sort_keys=True)
    fresh = []
    for endpoint in Endpoint.objects.filter(active=True).order_by("pk"):
        if endpoint.kinds and kind not in endpoint.kinds:
            continue
        row, created = Delivery.objects.get_or_create(
            endpoint=endpoint,
            event_id=event_id,
            defaults={"kind": kind, "key": key, "body": body, "created_at": clock.now()},
        )
        if created:
            fresh.append(row.pk)
    return fresh


@dataclass(frozen=True, slots=True)
class Result:
    """``retry_after_s`` is None when the delivery is finished, one way or the other."""

    state: DeliveryState
    retry_after_s: int | None


def send(*, delivery_id: int, transport: httpx.BaseTransport | None = None) -> Result:
    """Make one attempt, outside any transaction, and log it. 2xx is success; redirects are not followed."""
    delivery = Delivery.objects.select_related("endpoint").get(pk=delivery_id)
    if delivery.state != DeliveryState.PENDING:
        return Result(DeliveryState(delivery.state), None)
    status, error = _post(delivery, transport)
    delivered = status is not None and 200 <= status < 300
    attempts = delivery.attempts + 1
    if delivered:
        state, pause = DeliveryState.DELIVERED, None
    elif attempts >= MAX_ATTEMPTS or status == httpx.codes.GONE:
        state, pause = DeliveryState.FAILED, None
    else:
        state, pause = DeliveryState.PENDING, min(FIRST_PAUSE_S * 2 ** (attempts - 1), LONGEST_PAUSE_S)
    Delivery.objects.filter(pk=delivery_id).update(
        state=state, attempts=attempts, last_status=status, last_error=error[:300], attempted_at=clock.now()
    )
    return Result(state, pause)


def _post(delivery: Delivery, transport: httpx.BaseTransport | None) -> tuple[int | None, str]:
    endpoint = delivery.endpoint
    sent_at = datetime.fromtimestamp(clock.SystemClock().now().timestamp(), UTC)  # receivers check real time
    headers = {
        "content-type": "application/json",
        "webhook-id": delivery.event_id,
        "webhook-timestamp": str(int(sent_at.timestamp())),
        "webhook-signature": Webhook(endpoint.secret).sign(delivery.event_id, sent_at, delivery.body),
    }
    try:
        addresses.check(endpoint.url)
        with (
            httpx.Client(timeout=TIMEOUT_S, transport=transport, trust_env=False) as client,
            client.stream("POST", endpoint.url, content=delivery.body.encode(), headers=headers) as response,
        ):
            return response.status_code, "" if response.is_success else _complaint(response)
    except DomainError as refusal:
        return None, refusal.message
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return None, f"{type(error).__name__}: {error}"


def _complaint(response: httpx.Response) -> str:
    """The beginning of the answer, as text that a database keeps."""
    part = next(response.iter_raw(MAX_ANSWER_BYTES), b"")
    return part.decode("utf-8", "replace").replace("\x00", "\ufffd")[:200]


@txn.use_case
def replay(*, delivery: Delivery) -> None:
    """Send a finished or failed delivery again, with the same id."""
    Delivery.objects.filter(pk=delivery.pk).update(state=DeliveryState.PENDING, attempts=0)
    jobs.defer(
        "webhooks.deliver", lock=f"webhook/{delivery.endpoint_id}/{delivery.key}", delivery_id=delivery.pk
    )
