"""The site, its slots and its goods as numbers for the planners, and back."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from django.db.models import Sum

from mfc.catalog.models import Sku, TemperatureClass
from mfc.core.errors import DomainError
from mfc.inventory.models import Balance
from mfc.layout import queries as layout
from mfc.layout.models import Location, LocationKind, Site
from mfc.slotting.aisles import Block
from mfc.slotting.assignment import Goods, Slots
from mfc.slotting.baskets import Floats, Ints
from mfc.slotting.models import RuleKind, SlottingRule
from mfc.workforce.models import Station, StationKind

KINDS = {str(value): number for number, value in enumerate(TemperatureClass.values)}
# A bin without a zone takes ambient goods.
NO_ZONE = str(TemperatureClass.AMBIENT)


@dataclass(frozen=True, slots=True)
class Floor:
    """What the search works on. ``locations`` by slot number; ``sku_ids`` by SKU number."""

    block: Block
    slots: Slots
    goods: Goods
    locations: list[Location]
    sku_ids: list[int]


def block_of(site: Site) -> Block:
    """The aisles as one block, the depot where carts start. Raises ``plan_impossible`` for a site without aisles."""
    xs = sorted(set(site.aisles.values_list("x_mm", flat=True)))
    if not xs:
        raise DomainError("plan_impossible", f"{site} has no aisles.")
    start = Station.objects.filter(site=site, kind=StationKind.CART).order_by("pk").first()
    depot_x = start.x_mm if start is not None and start.x_mm is not None else site.width_mm // 2
    return Block(np.array(xs, dtype=np.int64), site.back_y_mm - site.front_y_mm, int(depot_x))


def read(site: Site, sku_ids: list[int], picks: Floats) -> Floor:
    """All bins of the site in its aisles and the SKUs that lie in them; ``picks`` are orders by SKU of ``sku_ids``.

    A SKU in several slots is planned by its first one; the others, mixed bins and locked slots stay as they are.
    """
    block = block_of(site)
    aisle_xs = layout.aisle_xs(site)
    found = list(
        Location.objects.filter(site=site, kind=LocationKind.BIN)
        .select_related("zone", "slotted_sku")
        .order_by("pk")
    )
    locations = [place for place in found if _key(block, aisle_xs, site, place) is not None]
    homes, blocked = _homes(site, locations)
    order = {sku_id: number for number, sku_id in enumerate(sku_ids)}
    planned = [sku_id for sku_id in homes if sku_id not in _excluded(site)]
    if not planned:
        raise DomainError("plan_impossible", f"No bin of {site} has an article of its own.")
    skus = {sku.pk: sku for sku in Sku.objects.filter(pk__in=homes)}
    names = sorted(homes)
    number_of = {place.pk: number for number, place in enumerate(locations)}
    locked_places = set(
        SlottingRule.objects.filter(site=site, kind=RuleKind.LOCK_SLOT).values_list("location_id", flat=True)
    )
    goods = _goods(
        [skus[sku_id] for sku_id in names],
        np.array([picks[order[sku_id]] if sku_id in order else 0.0 for sku_id in names]),
        np.array([number_of[homes[sku_id]] for sku_id in names], dtype=np.int64),
        np.array(
            [sku_id not in planned or homes[sku_id] in locked_places for sku_id in names], dtype=np.bool_
        ),
        _apart(site),
    )
    slots = _slots(block, aisle_xs, site, locations, blocked | locked_places, set(homes.values()))
    return Floor(block, slots, goods, locations, names)


def _key(block: Block, aisle_xs: dict[str, int], site: Site, place: Location) -> int | None:
    """The number of a place in the block; None off its aisles."""
    x = aisle_xs.get(place.aisle, place.x_mm)
    aisle = int(np.searchsorted(block.xs, x))
    y = place.y_mm - site.front_y_mm
    if aisle >= len(block.xs) or int(block.xs[aisle]) != x or not 0 <= y <= block.length:
        return None
    return block.key(aisle, y)


def _homes(site: Site, locations: list[Location]) -> tuple[dict[int, int], set[int]]:
    """``({SKU: its slot}, slots nobody may use)``."""
    held: dict[int, set[int]] = defaultdict(set)
    rows = Balance.objects.filter(site=site, location__in=locations, on_hand__gt=0).order_by("pk")
    for location_id, sku_id in rows.values_list("location_id", "sku_id"):
        held[location_id].add(sku_id)
    homes: dict[int, int] = {}
    blocked: set[int] = set()
    for place in locations:
        content = held.get(place.pk, set())
        owner = place.slotted_sku_id or (next(iter(content)) if len(content) == 1 else None)
        if content - {owner}:
            blocked.add(place.pk)
        elif owner is not None and owner in homes:
            blocked.add(place.pk)  # a further facing: stays
        elif owner is not None:
            homes[owner] = place.pk
    return homes, blocked


def _excluded(site: Site) -> set[int]:
    rules = SlottingRule.objects.filter(site=site, kind=RuleKind.EXCLUDE_SKU)
    return {sku_id for sku_id in rules.values_list("sku_id", flat=True) if sku_id is not None}


def _apart(site: Site) -> list[tuple[str, str]]:
    rules = SlottingRule.objects.filter(site=site, kind=RuleKind.APART).order_by("pk")
    return list(rules.values_list("family", "other_family"))


def _goods(
    skus: list[Sku], picks: Floats, home: Ints, locked: np.ndarray, apart: list[tuple[str, str]]
) -> Goods:
    families = {name: number for number, name in enumerate(sorted({name for pair in apart for name in pair}))}
    hostile = np.zeros((max(len(families), 1), max(len(families), 1)), dtype=np.bool_)
    for one, other in apart:
        hostile[families[one], families[other]] = hostile[families[other], families[one]] = True
    stock = _stock_ml(skus)
    return Goods(
        kind=np.array([KINDS[sku.temperature] for sku in skus], dtype=np.int64),
        need=np.array([stock.get(sku.pk, 0.0) for sku in skus]),
        picks=picks,
        weight_g=np.array([float(sku.weight_g) for sku in skus]),
        group=np.array([families.get(sku.family, -1) for sku in skus], dtype=np.int64),
        hostile=hostile,
        locked=locked,
        home=home,
    )


def _stock_ml(skus: list[Sku]) -> dict[int, float]:
    """Room that the slot's maximum takes, else what lies there, in millilitres."""
    volume = {sku.pk: sku.volume_ml for sku in skus}
    slots = Location.objects.filter(slotted_sku__in=skus).exclude(slot_max=None)
    need = {
        sku_id: float((most or 0) * volume[sku_id or 0])
        for sku_id, most in slots.values_list("slotted_sku_id", "slot_max")
    }
    rows = Balance.objects.filter(sku__in=skus, location__kind=LocationKind.BIN, on_hand__gt=0)
    for row in rows.values("sku_id", "location_id").annotate(total=Sum("on_hand")).order_by("sku_id"):
        need[row["sku_id"]] = max(need.get(row["sku_id"], 0.0), float(row["total"] * volume[row["sku_id"]]))
    return need


def _slots(
    block: Block,
    aisle_xs: dict[str, int],
    site: Site,
    locations: list[Location],
    blocked: set[int],
    homes: set[int],
) -> Slots:
    keys = np.array([_key(block, aisle_xs, site, place) for place in locations], dtype=np.int64)
    # A slot that nobody may use has a class that no SKU has; what lies there is locked.
    kinds = [
        -1
        if place.pk in blocked and place.pk not in homes
        else KINDS[place.zone.temperature if place.zone else NO_ZONE]
        for place in locations
    ]
    room = np.array([float(place.capacity_ml) if place.capacity_ml else np.inf for place in locations])
    return Slots(
        key=keys,
        kind=np.array(kinds, dtype=np.int64),
        room=room,
        bay=np.unique(keys, return_inverse=True)[1].astype(np.int64),
        level=np.array([place.level for place in locations], dtype=np.int64),
    )


def shares(places: list[Location], picks: dict[int, float]) -> dict[str, float]:
    """Picks at each place as a share of the busiest one's, by code: the colours of a heat map."""
    most = max(picks.values(), default=0.0) or 1.0
    return {place.code: round(picks.get(place.pk, 0.0) / most, 4) for place in places}
