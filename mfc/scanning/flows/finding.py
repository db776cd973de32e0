"""Choosing stock by scans: at a place, of a SKU, of a lot; what is ambiguous is asked, never guessed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from django.db.models import QuerySet

from mfc.core.errors import DomainError
from mfc.inventory import containers
from mfc.inventory.models import Balance, Container
from mfc.layout.models import Location
from mfc.scanning.flows.frame import MAX_CHOICES, Choice, Input, Line, View, Work, chosen, unexpected
from mfc.scanning.replies import Reply, accepted
from mfc.scanning.resolve import ContainerScan, LocationScan, SkuScan, SsccScan


def at_location(location: Location) -> list[Balance]:
    """What lies at a place."""
    return list(_rows().filter(location=location))


def in_container(container: Container) -> list[Balance]:
    """What lies in a tote or pallet."""
    return list(_rows().filter(container=container))


def of_sku(work: Work, sku_id: int) -> list[Balance]:
    """Where a SKU lies at the site."""
    return list(_rows().filter(site=work.site, sku_id=sku_id))


def _rows() -> QuerySet[Balance]:
    return (
        Balance.objects.filter(on_hand__gt=0)
        .select_related("site", "sku", "lot", "location__zone", "container")
        .order_by("location__code", "sku__code", "lot__expires_on", "pk")
    )


def container(work: Work, given: Input) -> Container | None:
    """The tote or pallet that was scanned; None for another input. Raises ``unknown_tote``."""
    match given:
        case ContainerScan(label=label) | SsccScan(sscc=label):
            return containers.any_by_label(site_id=work.site.pk, label=label)
        case _:
            return None


def there(work: Work, given: Input) -> list[Balance] | None:
    """What lies where the scan points to, a place or a container; None for another input."""
    if isinstance(given, LocationScan):
        return at_location(given.location)
    found = container(work, given)
    return in_container(found) if found is not None else None


def narrow(rows: list[Balance], given: SkuScan) -> list[Balance]:
    """The rows of the scanned SKU, and of its lot when the code names one. Raises ``wrong_item`` when none is left."""
    same = [row for row in rows if row.sku_id == given.sku.pk]
    if not same:
        raise DomainError("wrong_item", f"By the book no {given.sku.code} {given.sku.name} is here.")
    if given.lot:
        same = [row for row in same if row.lot is not None and row.lot.code == given.lot]
        if not same:
            raise DomainError("wrong_item", f"By the book no lot {given.lot} of {given.sku.code} is here.")
    return same


def item(work: Work, given: Input, take: Callable[[Work, int], Reply]) -> Reply:
    """The step after a place with several goods: scan one of them, or choose it. ``take`` gets the balance's id."""
    rows = there_again(work)
    index = chosen(given, len(rows))
    if index is not None:
        return take(work, rows[index].pk)
    if not isinstance(given, SkuScan):
        raise unexpected("The item")
    rows = narrow(rows, given)
    if len(rows) > 1:
        work.go("item", rows=[row.pk for row in rows])
        return accepted("Several lots are here: choose one.")
    return take(work, rows[0].pk)


def row(balance_id: int) -> Balance:
    """The balance as it is now. Raises ``state_conflict`` when it is gone."""
    found = _rows().filter(pk=balance_id).first()
    if found is None:
        raise DomainError("state_conflict", "That stock is no longer there.")
    return found


def place_of(balance: Balance) -> str:
    """The place's name for people."""
    return str(balance.location or balance.container)


def lot_text(balance: Balance) -> str:
    """Lot and last day, when there are any."""
    if balance.lot is None:
        return ""
    until = f", use by {balance.lot.expires_on:%Y-%m-%d}" if balance.lot.expires_on else ""
    return f"lot {balance.lot.code}{until}"


def line(balance: Balance, *, with_place: bool) -> Line:
    """A balance as a row of the screen."""
    facts = [place_of(balance) if with_place else balance.sku.code, lot_text(balance)]
    if balance.reserved:
        facts.append(f"{balance.reserved} reserved")
    if balance.location is not None and not balance.pickable:
        facts.append("not for sale")
    return Line(balance.sku.name, " · ".join(fact for fact in facts if fact), str(balance.on_hand))


def about(row: Balance, view: View) -> View:
    """The view with the article, lot and place of a balance."""
    return replace(view, sku=row.sku, lot=row.lot, location=row.location)


def option(text: str, facts: str, qty: int) -> Line:
    """Another possibility, as a row of the screen."""
    return Line(text, facts, str(qty))


def eaches(given: SkuScan) -> int:
    """How many eaches the scanned unit holds."""
    return given.eaches


def weight_g(given: SkuScan) -> int | None:
    """The weight that the code states."""
    return given.weight_g


def choices(rows: list[Balance]) -> tuple[Choice, ...]:
    """Balances as buttons."""
    return tuple(
        Choice(
            f"{row.on_hand} × {row.sku.name}",
            " · ".join(part for part in (row.sku.code, lot_text(row), place_of(row)) if part),
        )
        for row in rows[:MAX_CHOICES]
    )


def there_again(work: Work) -> list[Balance]:
    """The rows that an earlier step kept, as they are now."""
    return list(_rows().filter(pk__in=work.state.get("rows", [])))


def location(location_id: int) -> Location:
    """The place an earlier step kept, with its zone."""
    return Location.objects.select_related("zone").get(pk=location_id)
