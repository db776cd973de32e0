"""The demo's back room: reserve stock, a delivery on its way, a stock terminal and the people who work there.

The simulated pickers know nothing of it: reserve and deliveries are of articles that no order of the day asks for.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import timedelta

from mfc.catalog.models import Pack, PackLevel, Sku, VelocityClass
from mfc.core import clock, labels
from mfc.core.actors import SYSTEM
from mfc.inbound import receipts
from mfc.inventory import transfers
from mfc.inventory.models import ReasonCode
from mfc.layout.models import Location, LocationKind, Site
from mfc.workforce.models import Person, Role, Station, StationKind

TERMINAL = "stock-1"
STOCKER_BADGE = labels.make("U", "STOCK01")
LEAD_BADGE = labels.make("U", "LEAD001")
RESERVE_PLACES = 8
CASE_EACHES = 12
# What an extra delivery holds, in eaches of each of its articles.
DELIVERY_EACHES = 24


def plant(site: Site, skus: dict[str, Sku], asked_for: Collection[str]) -> Station:
    """Build the back room; ``asked_for`` are the SKUs of the day's orders."""
    quiet = [
        sku for code, sku in sorted(skus.items()) if code not in asked_for and sku.temperature == "ambient"
    ]
    reserve = _reserve(site)
    _cases(quiet[:RESERVE_PLACES])
    _slots(quiet[:RESERVE_PLACES])
    _fill(site, reserve, quiet)
    _delivery(site, quiet[:4])
    Person.objects.create(name="Stocker 1", role=Role.STOCKER, badge=STOCKER_BADGE)
    Person.objects.create(name="Lead 1", role=Role.LEAD, badge=LEAD_BADGE)
    return Station.objects.create(
        site=site,
        key=TERMINAL,
        kind=StationKind.STOCK,
        token=secrets.token_urlsafe(9),  # short enough for one line of a terminal
        x_mm=1_000,
        y_mm=2_000,
    )


def _reserve(site: Site) -> list[Location]:
    """A rack on the front floor, beside the dock."""
    return Location.objects.bulk_create(
        Location(
            site=site,
            code=f"R-{number:02d}",
            label=labels.make("L", f"R{number:04d}"),
            kind=LocationKind.RESERVE,
            x_mm=400 * number,
            y_mm=2_300,
        )
        for number in range(1, RESERVE_PLACES + 1)
    )


def _cases(skus: list[Sku]) -> None:
    Pack.objects.bulk_create(
        Pack(sku=sku, level=PackLevel.CASE, eaches=CASE_EACHES, weight_g=sku.weight_g * CASE_EACHES)
        for sku in skus
    )
    Sku.objects.filter(pk__in=[sku.pk for sku in skus]).update(velocity=VelocityClass.B)


def _slots(skus: list[Sku]) -> None:
    """Their bins hold as little as the minimum: the planner asks for replenishment at once."""
    for sku in skus:
        place = Location.objects.filter(slotted_sku=sku, kind=LocationKind.BIN).order_by("pk").first()
        if place is not None:
            held = place.balance_set.values_list("on_hand", flat=True).first() or 0
            place.slot_min, place.slot_max = held, held + 2 * CASE_EACHES
            place.save(update_fields=["slot_min", "slot_max"])


def _fill(site: Site, reserve: list[Location], skus: list[Sku]) -> None:
    transfers.receive(
        site_id=site.pk,
        actor=SYSTEM,
        deliveries=[
            transfers.Delivery(place, sku.pk, None, 4 * CASE_EACHES)
            for place, sku in zip(reserve, skus, strict=False)
        ],
        reference="opening stock",
        reason_code=ReasonCode.OPENING,
    )


def _delivery(site: Site, skus: list[Sku]) -> None:
    if skus:
        receipts.announce(
            site=site,
            ref="ASN-1001",
            supplier="Example Wholesale",
            lines=[receipts.Announced(sku=sku, qty=DELIVERY_EACHES) for sku in skus],
            expected_at=clock.now() + timedelta(hours=1),
            actor=SYSTEM,
        )
