"""Proving that a refusal changed nothing, and that the books agree."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.apps import apps

from mfc.core import integrity
from mfc.core.errors import DomainError

# Everything that a refused input must leave alone; receipts and screens do keep refusals.
_APPS = ("catalog", "inventory", "orders", "inbound", "upkeep", "slotting", "picking", "packing", "dispatch")


def snapshot() -> dict[str, list[tuple[Any, ...]]]:
    """Every row of stock, orders, picking, packing and dispatch, and who works where."""
    models = [model for name in _APPS for model in apps.get_app_config(name).get_models()]
    models.append(apps.get_model("workforce", "WorkSession"))
    models.append(apps.get_model("procrastinate", "ProcrastinateJob"))
    return {model.__name__: list(model._default_manager.order_by("pk").values_list()) for model in models}


@contextmanager
def unchanged() -> Iterator[None]:
    """Fails when a row was added, changed or removed inside the block."""
    before = snapshot()
    yield
    after = snapshot()
    assert {name: after[name] for name in after if after[name] != before[name]} == {}


@contextmanager
def refused(code: str) -> Iterator[pytest.ExceptionInfo[DomainError]]:
    """The block raises this refusal and changes nothing."""
    with unchanged(), pytest.raises(DomainError) as caught:
        yield caught
    assert caught.value.code == code


def broken_invariants() -> dict[str, int]:
    """Broken invariants by name; empty when the books agree."""
    return {finding.name: finding.violations for finding in integrity.run() if finding.violations}
