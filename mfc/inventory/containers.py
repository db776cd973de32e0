"""Totes and carts: finding them, and one use at a time."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError

from mfc.core import clock
from mfc.core.errors import DomainError
from mfc.core.txn import savepoint
from mfc.inventory.models import Balance, Container, ContainerKind, ToteUse, UsePurpose
from mfc.layout.models import Location


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


def open_inbound(*, container: Container) -> ToteUse:
    """Begin to carry received goods in a tote or pallet; raises ``tote_in_use``."""
    try:
        with savepoint():
            return ToteUse.objects.create(
                container=container, purpose=UsePurpose.INBOUND, opened_at=clock.now()
            )
    except IntegrityError as error:
        raise DomainError("tote_in_use", f"{container.label} was taken a moment ago.") from error


def open_sort(*, container: Container) -> ToteUse:
    """Begin to carry goods of many orders to a put wall; raises ``tote_in_use``."""
    try:
        with savepoint():
            return ToteUse.objects.create(container=container, purpose=UsePurpose.SORT, opened_at=clock.now())
    except IntegrityError as error:
        raise DomainError("tote_in_use", f"Tote {container.label} is in use.") from error


def reopen(*, use: ToteUse) -> None:
    """Take back the end of a period of use; raises ``undo_too_late`` when another one has begun."""
    if use.closed_at is None:
        return
    try:
        with savepoint():
            ToteUse.objects.filter(pk=use.pk).update(closed_at=None)
    except IntegrityError as error:
        raise DomainError("undo_too_late", f"Tote {use.container.label} is used for other goods.") from error
    use.closed_at = None


def pallet(*, site_id: int, sscc: str) -> Container:
    """The pallet with this licence plate (SSCC); made when it is new."""
    row, _ = Container.objects.get_or_create(
        label=sscc, defaults={"site_id": site_id, "kind": ContainerKind.PALLET}
    )
    return row


def stand_at(*, container: Container, location: Location) -> None:
    """Remember where a container was put down."""
    Container.objects.filter(pk=container.pk).update(stands_at=location)
    container.stands_at = location


def close_if_empty(*, container_id: int) -> None:
    """End the use of a container that carried received goods once nothing is left in it."""
    if not Balance.objects.filter(container_id=container_id, on_hand__gt=0).exists():
        ToteUse.objects.filter(container_id=container_id, purpose=UsePurpose.INBOUND, closed_at=None).update(
            closed_at=clock.now()
        )


def close_use(*, use_id: int) -> None:
    """End a period of use: the container is empty, or gone with its content."""
    ToteUse.objects.filter(pk=use_id, closed_at=None).update(closed_at=clock.now())


def current_use(container: Container) -> ToteUse | None:
    """The open use of a container."""
    return ToteUse.objects.select_related("order").filter(container=container, closed_at=None).first()
