"""The whole demo in one value: site, articles, slots, stock, stations, totes and orders. Pure."""

from dataclasses import dataclass

from mfc.runtime import extract
from mfc.runtime.crew import Station, Tote, build_stations, build_totes
from mfc.runtime.demoorders import DemoOrder, demand, demo_orders
from mfc.runtime.siteplan import PickLocation, SitePlan, build_site
from mfc.runtime.skuplan import SkuSpec, StockLine, build_skus, first_stock, slot

# Besides one tote per order: empty ones on carts, so that nobody waits while the last ones leave.
SPARE_TOTES = 60


@dataclass(frozen=True, slots=True)
class DemoPlan:
    """Everything that seed, simulator and gateway are told; equal arguments give equal plans."""

    site: SitePlan
    skus: dict[str, SkuSpec]
    slots: dict[str, PickLocation]
    stock: tuple[StockLine, ...]
    stations: tuple[Station, ...]
    totes: tuple[Tote, ...]
    orders: tuple[DemoOrder, ...]


def build_plan(*, orders: int, hands: int, seed: int) -> DemoPlan:
    """Return the demo for so many orders and picking people. Slots learn from history only."""
    site = build_site()
    skus = build_skus(extract.skus(), extract.orders())
    slots = slot(site, skus, extract.history())
    stream = demo_orders(orders, seed=seed, hands=hands, baskets=extract.replay())
    return DemoPlan(
        site=site,
        skus=skus,
        slots=slots,
        stock=first_stock(skus, slots, demand(stream)),
        stations=build_stations(site),
        totes=build_totes(orders + SPARE_TOTES),
        orders=tuple(stream),
    )
