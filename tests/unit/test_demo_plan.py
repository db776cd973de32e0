"""The generated demo: site, articles, slots, stock and the order stream."""

from collections import Counter
from datetime import date
from itertools import pairwise

import pytest

from mfc.catalog import gs1
from mfc.core import labels
from mfc.layout.travel import distance_mm
from mfc.runtime import extract
from mfc.runtime.crew import build_stations
from mfc.runtime.demoorders import demo_orders, period_s
from mfc.runtime.demoplan import build_plan
from mfc.runtime.siteplan import build_site
from mfc.runtime.skuplan import (
    TOTE_VOLUME_ML,
    TOTE_WEIGHT_G,
    build_skus,
    first_stock,
    line_counts,
    slot,
    visit_s,
)

SITE = build_site()
PLAN = build_plan(orders=120, hands=4, seed=7)


def test_extract_holds_small_real_baskets_only():
    baskets = extract.orders()
    assert (len(baskets), sum(len(basket.lines) for basket in baskets), len(extract.skus())) == (
        659,
        1686,
        800,
    )
    assert max(len(basket.lines) for basket in baskets) <= 12
    assert {line.qty for basket in baskets for line in basket.lines} == {1, 2, 3, 4, 5, 6}
    assert all(line.unit_price_minor > 0 for basket in baskets for line in basket.lines)
    assert {line.sku for basket in baskets for line in basket.lines} <= set(extract.skus())
    assert all(len({line.sku for line in basket.lines}) == len(basket.lines) for basket in baskets)


def test_history_ends_before_the_replay_starts():
    assert (len(extract.history()), len(extract.replay())) == (410, 249)
    assert extract.history()[-1].placed_at.date() < date(2011, 6, 1) <= extract.replay()[0].placed_at.date()


def test_site_has_450_m2_and_880_bins_in_three_zones():
    assert SITE.area_m2 == 450.0
    assert Counter(location.zone for location in SITE.locations) == {
        "ambient": 640,
        "chilled": 160,
        "frozen": 80,
    }
    assert SITE.locations[0].code == "A01-01-A"
    assert SITE.locations[-1].code == "A11-20-D"


def test_every_label_code_and_lamp_is_unique_and_readable():
    everything = [*SITE.locations, *(place for place in SITE.places.values() if place.label)]
    assert len({row.label for row in everything}) == len({row.code for row in everything}) == 880 + 10
    assert all(labels.parse(row.label).kind == "L" for row in everything)
    lamps = {(location.light_device, location.light_channel) for location in SITE.locations}
    assert len(lamps) == 880
    assert {channel for device, channel in lamps if device == "lights-A03"} == set(range(80))


def test_odd_bays_stand_left_and_check_codes_do_not_repeat_in_an_aisle():
    for location in SITE.locations:
        assert (location.x_mm < location.stand_x_mm) == (location.bay % 2 == 1)
    codes = Counter((location.aisle, location.check_code) for location in SITE.locations)
    assert set(codes.values()) == {1}
    assert all(len(location.check_code) == 2 for location in SITE.locations)


def test_everything_stands_inside_the_walls_and_can_be_walked_to():
    for row in [*SITE.locations, *SITE.places.values()]:
        assert 0 < row.x_mm < SITE.width_mm
        assert 0 < row.y_mm < SITE.depth_mm
        assert distance_mm(SITE.walkway, SITE.places["home"].spot, row.spot) >= 0


def test_cold_zones_are_nearer_to_the_belt_than_most_of_the_ambient_one():
    belt = SITE.places["belt"].spot
    nearest = {}
    for location in SITE.locations:
        way_mm = distance_mm(SITE.walkway, belt, location.spot)
        nearest[location.aisle] = min(way_mm, nearest.get(location.aisle, way_mm))
    assert sorted(nearest, key=lambda aisle: nearest[aisle])[:3] == ["A10", "A11", "A09"]


def test_every_sku_has_a_unique_gtin_from_the_range_for_internal_use():
    gtins = {spec.gtin13 for spec in PLAN.skus.values()}
    assert len(gtins) == 800
    assert all(gtin.startswith("200") and gs1.gtin14(gtin) == f"0{gtin}" for gtin in gtins)
    assert PLAN.skus["85123A"].gtin13[:-1] == "200851230100"


def test_every_sku_is_slotted_once_in_its_own_zone():
    assert set(PLAN.slots) == set(PLAN.skus)
    assert len({location.code for location in PLAN.slots.values()}) == 800
    assert all(PLAN.slots[sku].zone == spec.zone for sku, spec in PLAN.skus.items())
    assert Counter(spec.zone for spec in PLAN.skus.values()) == {"ambient": 586, "chilled": 150, "frozen": 64}


def test_faster_movers_never_have_a_dearer_place():
    velocity = line_counts(extract.history())
    for zone in ("ambient", "chilled", "frozen"):
        skus = sorted((s for s in PLAN.skus if PLAN.skus[s].zone == zone), key=lambda s: (-velocity[s], s))
        costs = [visit_s(SITE, PLAN.slots[sku]) for sku in skus]
        assert all(a <= b for a, b in pairwise(costs))
        assert PLAN.slots[skus[0]].level in (1, 2)
        assert costs[0] < costs[-1]


@pytest.mark.parametrize(
    ("baskets", "share"),
    [
        (extract.history(), 0.80),
        # Baskets that slotting has not seen: a gift shop's favourites change with the season.
        (extract.replay(), 0.95),
    ],
)
def test_slots_cost_less_than_the_reverse_would(baskets, share):
    def cost_s(slots):
        return sum(n * visit_s(SITE, slots[sku]) for sku, n in line_counts(baskets).items())

    reverse = {}
    for zone in ("ambient", "chilled", "frozen"):
        skus = [sku for sku, spec in PLAN.skus.items() if spec.zone == zone]
        skus.sort(key=lambda sku: visit_s(SITE, PLAN.slots[sku]))
        reverse |= {sku: PLAN.slots[other] for sku, other in zip(skus, reversed(skus), strict=True)}
    assert cost_s(PLAN.slots) < share * cost_s(reverse)


def test_a_zone_that_is_too_small_is_refused():
    skus = {f"1000{i}": build_skus({"10000": "X"}, [])["10000"] for i in range(3)}
    tiny = build_site().locations[:2]
    site = type(SITE)(SITE.code, 1, 1, SITE.walkway, SITE.aisles, tiny, SITE.places)
    with pytest.raises(ValueError, match="do not fit"):
        slot(site, skus, [])


def test_every_basket_fits_one_tote():
    for basket in extract.orders():
        assert sum(line.qty * PLAN.skus[line.sku].weight_g for line in basket.lines) <= TOTE_WEIGHT_G
        assert sum(line.qty * PLAN.skus[line.sku].volume_ml for line in basket.lines) <= TOTE_VOLUME_ML


def test_weights_stay_in_their_range_and_differ():
    weights = [spec.weight_g for spec in PLAN.skus.values()]
    assert 30 <= min(weights) < 40
    assert 1000 < max(weights) <= 1200


def test_stock_covers_the_demand_and_cold_goods_have_two_lots():
    stock: Counter[str] = Counter()
    for line in PLAN.stock:
        stock[line.sku] += line.qty
    for order in PLAN.orders:
        stock.subtract(dict(order.lines))
    assert min(stock.values()) >= 0
    lots = Counter(line.sku for line in PLAN.stock)
    assert {lots[sku] for sku, spec in PLAN.skus.items() if spec.zone == "ambient"} == {1}
    assert {lots[sku] for sku, spec in PLAN.skus.items() if spec.zone != "ambient"} == {2}
    assert all((line.lot == "") == (line.life_days is None) for line in PLAN.stock)
    assert all(line.qty > 0 for line in PLAN.stock)


def test_stock_is_six_or_demand_and_a_third():
    sku = next(sku for sku, spec in PLAN.skus.items() if spec.zone == "ambient")
    slots = {sku: PLAN.slots[sku]}
    assert [line.qty for line in first_stock(PLAN.skus, slots, {})] == [6]
    assert [line.qty for line in first_stock(PLAN.skus, slots, {sku: 10})] == [13]


def test_orders_are_the_first_real_baskets_over_the_period():
    assert period_s(120, 4) == 7714
    assert {order.ref for order in PLAN.orders} == {f"UCI-{b.order_ref}" for b in extract.replay()[:120]}
    arrivals = [order.at_s for order in PLAN.orders]
    assert arrivals == sorted(arrivals)
    assert (arrivals[0], arrivals[-1]) == (0, 7714)
    assert all(
        order.address["note"] == "made up for the demo" and order.promise_s == 7200 for order in PLAN.orders
    )


def test_more_orders_than_baskets_repeat_with_a_suffix():
    orders = demo_orders(600, seed=1, hands=4, baskets=extract.replay())
    assert len({order.ref for order in orders}) == 600
    assert Counter(order.ref.count("-") for order in orders) == {1: 249, 2: 351}
    assert sum(order.ref.endswith("-3") for order in orders) == 600 - 2 * 249


def test_no_orders_and_no_hands():
    assert demo_orders(0, seed=1, hands=1, baskets=[]) == []
    with pytest.raises(ValueError, match="somebody must pick"):
        demo_orders(1, seed=1, hands=0, baskets=extract.replay())
    with pytest.raises(ValueError, match="no basket"):
        demo_orders(1, seed=1, hands=1, baskets=[])


def test_one_seed_gives_one_plan():
    assert build_plan(orders=120, hands=4, seed=7) == PLAN
    other = build_plan(orders=120, hands=4, seed=8)
    assert other.orders != PLAN.orders
    assert other.slots == PLAN.slots


def test_stations_have_their_own_scanner_badge_and_lamps():
    stations = build_stations(SITE)
    assert Counter(station.kind for station in stations) == {"cart": 6, "pack": 2, "hospital": 1}
    assert len({station.scanner for station in stations}) == len({s.badge_label for s in stations}) == 9
    channels = [channel for station in stations for channel in station.light_channels]
    assert channels == list(range(36))
