"""The jobs of webhooks: fan an event out, deliver it with doubling pauses."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from procrastinate import BaseRetryStrategy, RetryDecision
from procrastinate.contrib.django import app
from procrastinate.jobs import Job

from mfc.core import jobs, txn
from mfc.core.clock import SystemClock
from mfc.webhooks import delivery


class NotDeliveredError(Exception):
    """The receiver did not take it; the job comes again after ``pause_s``."""

    def __init__(self, pause_s: int) -> None:
        super().__init__(f"again in {pause_s} s")
        self.pause_s = pause_s


class _Doubling(BaseRetryStrategy):
    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if not isinstance(exception, NotDeliveredError):
            return None
        return RetryDecision(retry_at=SystemClock().now() + timedelta(seconds=exception.pause_s))


@app.task(name="webhooks.fan_out")
def fan_out(**event: Any) -> None:
    with txn.transaction_scope():
        for delivery_id in delivery.fan_out(**event):
            row = delivery.Delivery.objects.get(pk=delivery_id)
            jobs.defer(
                "webhooks.deliver", lock=f"webhook/{row.endpoint_id}/{row.key}", delivery_id=delivery_id
            )


@app.task(name="webhooks.deliver", retry=_Doubling())
def deliver(delivery_id: int) -> None:
    result = delivery.send(delivery_id=delivery_id)
    if result.retry_after_s is not None:
        raise NotDeliveredError(result.retry_after_s)
