"""Deferring work to after the commit: a job row in the same transaction (procrastinate)."""

from __future__ import annotations

from typing import Any

from procrastinate.contrib.django import app

from mfc.core import txn


def defer(task: str, *, lock: str | None = None, queueing_lock: str | None = None, **arguments: Any) -> None:
    """Have the worker run the task named ``task`` once this transaction has committed.

    ``lock`` keeps the order of jobs with the same value; ``queueing_lock`` lets at most one wait (later ones are dropped:
    the waiting one will see the newest state).
    """
    txn.current()
    deferrer = app.configure_task(task, lock=lock, queueing_lock=queueing_lock)
    if queueing_lock is not None and is_waiting(queueing_lock):
        return
    deferrer.defer(**arguments)


def is_waiting(queueing_lock: str) -> bool:
    """Say whether a job with this lock has not been begun yet."""
    # A unique violation would break the caller's transaction, so look first; the rare race costs one extra run.
    from procrastinate.contrib.django.models import ProcrastinateJob

    return ProcrastinateJob.objects.filter(queueing_lock=queueing_lock, status="todo").exists()
