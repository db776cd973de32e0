"""Reconciling the books: where balances, moves, positions and reservations disagree, in words a person can act on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from mfc.catalog.models import Sku
from mfc.core import integrity, journal, txn
from mfc.core.actors import SYSTEM
from mfc.inventory.models import Balance, Container, Lot, SkuPosition
from mfc.layout.models import Location, Site

# More differences than this have one cause; the first ones show it.
MAX_DIFFERENCES = 1_000


@dataclass(frozen=True, slots=True)
class Difference:
    """``book`` is what the row says, ``rebuilt`` what its sources add up to."""

    check: str
    place: str
    sku: str
    lot: str
    book: int
    rebuilt: int
    suggestion: str


def differences(*, site: Site) -> list[Difference]:
    """Everything of a site's stock that does not add up; empty when the books agree."""
    return [
        difference
        for name, describe in _CHECKS.items()
        for difference in describe(site, integrity.offenders(name, limit=MAX_DIFFERENCES))
    ]


def _against_moves(site: Site, rows: list[dict[str, Any]]) -> Iterator[Difference]:
    for row in rows:
        where = _place(site, row["location_id"], row["container_id"])
        if where is None:
            continue
        place, is_bin = where
        book, rebuilt = int(row["balance"]), int(row["moved"])
        yield Difference(
            "balances_equal_moves",
            place,
            _sku(row["sku_id"]),
            _lot(row["lot_id"]),
            book,
            rebuilt,
            f"Count {place}. The balance was changed past the ledger: the database's owner puts it back to {rebuilt}, "
            "then what was counted is booked "
            + ("with 'Correct the quantity…'." if is_bin else "at the bench."),
        )


def _against_bins(site: Site, rows: list[dict[str, Any]]) -> Iterator[Difference]:
    for row in rows:
        position = SkuPosition.objects.select_related("sku").filter(pk=row["id"], site=site).first()
        if position is None:
            continue
        for book, rebuilt, word in (
            (position.on_hand, row["in_bins"], "on hand"),
            (position.reserved, row["reserved_in_bins"], "reserved"),
        ):
            if book != int(rebuilt):
                yield Difference(
                    "positions_equal_balances",
                    "whole site",
                    position.sku.code,
                    "",
                    book,
                    int(rebuilt),
                    f"{word.capitalize()}: the bins are right when no other line names this SKU; then the position's "
                    f"{word} must become {int(rebuilt)}. Until then its promises are wrong by {book - int(rebuilt)}.",
                )


def _against_reservations(site: Site, rows: list[dict[str, Any]]) -> Iterator[Difference]:
    for row in rows:
        balance = (
            Balance.objects.select_related("sku", "lot", "location", "container")
            .filter(pk=row["id"], site=site)
            .first()
        )
        if balance is not None:
            yield Difference(
                "reservations_equal_reserved",
                str(balance.location or balance.container),
                balance.sku.code,
                balance.lot.code if balance.lot else "",
                int(row["reserved"]),
                int(row["claimed"]),
                "Look at the open pick tasks of this place: finish or cancel their batch. If the difference stays, "
                "reserved must become the sum of the open reservations.",
            )


def _without_position(site: Site, rows: list[dict[str, Any]]) -> Iterator[Difference]:
    for row in rows:
        balance = Balance.objects.select_related("sku", "location").filter(pk=row["id"], site=site).first()
        if balance is not None:
            yield Difference(
                "bins_have_positions",
                str(balance.location),
                balance.sku.code,
                "",
                0,
                balance.on_hand,
                "The SKU's position is gone: nothing of it can be promised. Restore the row from the sum of its bins.",
            )


def _snapshots(site: Site, rows: list[dict[str, Any]]) -> Iterator[Difference]:
    for row in rows:
        where = _place(site, row["location_id"], row["container_id"])
        if where is not None:
            yield Difference(
                "snapshots_equal_moves",
                where[0],
                _sku(row["sku_id"]),
                _lot(row["lot_id"]),
                int(row["kept"]),
                int(row["moved"]),
                "A closed month was changed past the ledger: compare it with the backup of the day it was closed.",
            )


_CHECKS: dict[str, Callable[[Site, list[dict[str, Any]]], Iterator[Difference]]] = {
    "balances_equal_moves": _against_moves,
    "positions_equal_balances": _against_bins,
    "bins_have_positions": _without_position,
    "reservations_equal_reserved": _against_reservations,
    "snapshots_equal_moves": _snapshots,
}


def _place(site: Site, location_id: int | None, container_id: int | None) -> tuple[str, bool] | None:
    """Name of a place of this site, and whether it is a location; None for other sites' places."""
    location = Location.objects.filter(pk=location_id or 0, site=site).first()
    if location is not None:
        return str(location), True
    container = Container.objects.filter(pk=container_id or 0, site=site).first()
    return (str(container), False) if container is not None else None


def _sku(sku_id: int) -> str:
    return Sku.objects.values_list("code", flat=True).get(pk=sku_id)


def _lot(lot_id: int | None) -> str:
    return Lot.objects.values_list("code", flat=True).get(pk=lot_id) if lot_id else ""


@txn.use_case
def nightly(site: Site) -> list[Difference]:
    """The nightly job: reconcile, and write down that it was done and what it found."""
    found = differences(site=site)
    journal.write(
        "stock.reconciled",
        actor=SYSTEM,
        subject=f"site:{site.code}",
        site=site.code,
        differences=len(found),
        examples=[asdict(one) for one in found[: integrity.MAX_OFFENDERS]],
    )
    return found
