"""The moves of a put wall: from the pick tote into an order's tote, back again, and what was not there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mfc.core.actors import Actor
from mfc.inventory import ledger
from mfc.inventory.models import MoveKind, ReasonCode
from mfc.inventory.places import in_container


@dataclass(frozen=True, slots=True)
class Part:
    """``qty`` of SKU + lot; ``reference`` names the put it belongs to."""

    sku_id: int
    lot_id: int | None
    qty: int
    reference: str


def move(
    *, site_id: int, actor: Actor, parts: Sequence[Part], source_container_id: int, target_container_id: int
) -> None:
    """From one tote into another. Raises ``stock_insufficient`` when the first holds less."""
    ledger.post(
        site_id=site_id,
        actor=actor,
        entries=[
            ledger.Move(
                kind=MoveKind.SORT,
                sku_id=part.sku_id,
                lot_id=part.lot_id,
                qty=part.qty,
                source=in_container(source_container_id),
                target=in_container(target_container_id),
                reference=part.reference,
            )
            for part in parts
        ],
    )


def write_off(
    *, site_id: int, actor: Actor, parts: Sequence[Part], container_id: int, reason_code: ReasonCode
) -> None:
    """What the book says is in the tote is not there. Raises ``stock_insufficient``."""
    ledger.post(
        site_id=site_id,
        actor=actor,
        entries=[
            ledger.Move(
                kind=MoveKind.SHORT,
                sku_id=part.sku_id,
                lot_id=part.lot_id,
                qty=part.qty,
                source=in_container(container_id),
                target=None,
                reference=part.reference,
                reason_code=reason_code,
                reason=ReasonCode(reason_code).label.lower(),
            )
            for part in parts
        ],
    )
