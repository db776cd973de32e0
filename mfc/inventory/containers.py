"""Totes and carts: finding them, and one use at a time."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError

from mfc.core import clock
from mfc.core.errors import DomainError
from mfc.core.txn import savepoint
from mfc.inventory.models import Container, ContainerKind, ToteUse


def by_label(*, site_id: int, label: str, kind: ContainerKind) -> Container:
    """The container with this label; raises ``unknown_tote``."""
    container = Container.objects.filter(site_id=site_id, label=label, kind=kind).first()
    if container is None:
        raise DomainError("unknown_tote", f"There is no {kind} {label} at this site.", label=label)
    return container


def any_by_label(*, site_id: int, label: str) -> Container:
    """The tote, cart or pallet with this label; raises ``unknown_tote``."""
    container = Container.objects.filter(site_id=site_id, label=label).first()
    if container is None:
        raise DomainError(
            "unknown_tote", f"Nothing with the label {label} is known at this site.", label=label
        )
    return container


def open_use(*, container: Container, order: Any) -> ToteUse:
    """Begin a period of use; raises ``tote_in_use`` naming the order that has it."""
    try:
        with savepoint():
            return ToteUse.objects.create(container=container, order=order, opened_at=clock.now())
    except IntegrityError as error:
        holder = ToteUse.objects.select_related("order").filter(container=container, closed_at=None).first()
        ref = holder.order.ref if holder and holder.order else "other goods"
        raise DomainError(
            "tote_in_use", f"Tote {container.label} is in use for {ref}.", order_ref=ref
        ) from error


def close_use(*, use_id: int) -> None:
    """End a period of use: the container is empty, or gone with its content."""
    ToteUse.objects.filter(pk=use_id, closed_at=None).update(closed_at=clock.now())


def current_use(container: Container) -> ToteUse | None:
    """The open use of a container."""
    return ToteUse.objects.select_related("order").filter(container=container, closed_at=None).first()
