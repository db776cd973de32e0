"""Putting the goods of cancelled orders back: from the tote onto the shelf they came from, or another that fits."""

from __future__ import annotations

from mfc.catalog.models import Sku
from mfc.core import clock, journal, txn
from mfc.core.errors import DomainError
from mfc.core.transitions import advance
from mfc.inventory import containers, damage, transfers
from mfc.inventory.models import Balance, ReasonCode
from mfc.layout.models import SELLABLE_KINDS, Location, LocationKind, Site
from mfc.orders import services as orders
from mfc.picking.models import PutBack
from mfc.picking.states import PUT_BACK_TRANSITIONS, PutBackState
from mfc.workforce.models import Person
from mfc.workforce.sessions import actor_of

_KINDS = SELLABLE_KINDS | {LocationKind.QUARANTINE}


def due(*, site: Site, tote: str = "") -> list[PutBack]:
    """What waits to be put back, tote by tote, oldest first; of one tote when its label is given."""
    rows = PutBack.objects.filter(site=site, state=PutBackState.OPEN)
    if tote:
        rows = rows.filter(tote_use__container__label=tote)
    return list(
        rows.select_related("sku", "lot", "location", "tote_use__container", "order_line__order").order_by(
            "tote_use_id", "location__aisle", "location__code", "pk"
        )
    )


@txn.use_case
def confirm(*, put_back: PutBack, sku: Sku, location: Location, person: Person) -> PutBack:
    """All units of the line lie on the shelf whose label was scanned.

    Raises ``put_back_done``, ``wrong_item``, ``place_invalid`` (not a shelf, or the wrong temperature),
    ``stock_insufficient``.
    """
    orders.lock([put_back.order_line.order_id])
    now = PutBack.objects.select_related("sku", "tote_use__container", "order_line__order").get(
        pk=put_back.pk
    )
    if now.state != PutBackState.OPEN:
        raise DomainError("put_back_done", f"{now.qty} × {now.sku.code} are on a shelf already.")
    if sku.pk != now.sku_id:
        raise DomainError(
            "wrong_item", f"That is {sku.code}. Wanted: {now.sku.code} {now.sku.name}.", wanted=now.sku.code
        )
    if location.kind not in _KINDS:
        raise DomainError("place_invalid", f"{location.code} is no shelf: it is a {location.kind}.")
    transfers.check_place(sku, location, site_id=now.site_id)
    actor = actor_of(person)
    advance(
        now,
        PutBackState.DONE,
        table=PUT_BACK_TRANSITIONS,
        done_at=clock.now(),
        done_by=person,
        location_id=location.pk,
    )
    damage.put_back(
        site_id=now.site_id,
        actor=actor,
        container_id=now.tote_use.container_id,
        sku_id=now.sku_id,
        lot_id=now.lot_id,
        qty=now.qty,
        target=location,
        reference=f"putback:{now.pk}",
        reason_code=ReasonCode.CANCELLED,
    )
    orders.record_picked(now.order_line_id, qty=-now.qty)
    journal.write(
        "stock.put_back",
        actor=actor,
        subject=f"order:{now.order_line.order.ref}",
        sku=sku.code,
        qty=now.qty,
        tote=now.tote_use.container.label,
        to=location.code,
    )
    if not Balance.objects.filter(container_id=now.tote_use.container_id, on_hand__gt=0).exists():
        containers.close_use(use_id=now.tote_use_id)
        journal.write(
            "tote.emptied",
            actor=actor,
            subject=f"order:{now.order_line.order.ref}",
            tote=now.tote_use.container.label,
        )
    txn.hint("board")
    return now
