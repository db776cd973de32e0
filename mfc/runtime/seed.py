"""Planting the demo site in the database: places, articles, stock, people, devices, clients."""

from __future__ import annotations

import random
import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth import get_user_model

from mfc.api.models import SCOPES, ApiClient
from mfc.catalog.models import Barcode, Sku
from mfc.core import clock, txn
from mfc.core.actors import SYSTEM
from mfc.dispatch.lanes import Way
from mfc.floor.models import DecisionPoint, Device, DeviceKind, Gateway, Lane, LightPoint
from mfc.inventory import transfers
from mfc.inventory.models import Container, ContainerKind, Lot
from mfc.layout.models import Aisle, Location, LocationKind, Site, Zone
from mfc.runtime import backroom
from mfc.runtime.crew import CART_POSITIONS
from mfc.runtime.demoplan import DemoPlan
from mfc.runtime.skuplan import TOTE_TARE_G, TRYING_OUT
from mfc.runtime.worldfile import PLC
from mfc.webhooks.models import Endpoint
from mfc.workforce.models import LabourStandard, Person, Role, Station

SITE_NAME = "Demo store room"
# Decision points of the demo conveyor: name, and lane number -> way and place.
_POINTS: tuple[tuple[str, dict[int, tuple[Way, str]]], ...] = (
    ("induct", {1: (Way.PACK, "PACK-LANE"), 2: (Way.HOSPITAL, "HOSP-LANE")}),
    (
        "sorter",
        {
            3: (Way.STAGE, "STAGE-1"),
            4: (Way.STAGE, "STAGE-2"),
            5: (Way.STAGE, "STAGE-3"),
            6: (Way.STAGE, "STAGE-4"),
            7: (Way.HOSPITAL, "HOSP-LANE"),
        },
    ),
)
MANAGER = "manager"
COURIER = "Demo courier"


@dataclass(frozen=True, slots=True)
class Planted:
    """What the caller must hand on: none of it can be read from the database later."""

    api_token: str
    manager_password: str
    station_tokens: dict[str, str]


def is_planted(code: str) -> bool:
    """Whether the site exists."""
    return Site.objects.filter(code=code).exists()


@txn.use_case
def plant(
    plan: DemoPlan, *, bus_url: str, webhook_url: str, webhook_secret: str, rng: random.Random
) -> Planted:
    """Write the whole plan; call it once on an empty database."""
    site = _site(plan)
    locations = _locations(site, plan)
    skus = _skus(plan)
    _slot(plan, locations, skus)
    _stock(site, plan, locations, skus)
    _containers(site, plan)
    stations = _stations(site, plan)
    _devices(site, plan, bus_url, locations, stations)
    asked_for = {sku for order in plan.orders for sku, _ in order.lines} | TRYING_OUT
    stations[backroom.TERMINAL] = backroom.plant(site, skus, asked_for)
    Endpoint.objects.create(name=COURIER, url=webhook_url, secret=webhook_secret)
    client = ApiClient(name="demo", scopes=list(SCOPES))
    password = "-".join(rng.choice(_WORDS) for _ in range(3))
    get_user_model().objects.create_superuser(MANAGER, password=password)
    return Planted(
        api_token=client.issue_token(),
        manager_password=password,
        station_tokens={station.key: station.token for station in stations.values()},
    )


_WORDS = [
    "apple",
    "amber",
    "basket",
    "birch",
    "cedar",
    "clover",
    "copper",
    "delta",
    "ember",
    "falcon",
    "fern",
    "garnet",
    "harbor",
    "hazel",
    "indigo",
    "ivory",
    "juniper",
    "kettle",
    "lemon",
    "linen",
    "maple",
    "meadow",
    "nectar",
    "ocean",
    "olive",
    "pepper",
    "pine",
    "quartz",
    "raven",
    "river",
    "saffron",
    "silver",
    "spruce",
    "sunny",
    "thistle",
    "topaz",
    "velvet",
    "walnut",
    "willow",
    "yarrow",
    "zephyr",
]


def _site(plan: DemoPlan) -> Site:
    walkway = plan.site.walkway
    site = Site.objects.create(
        code=plan.site.code,
        name=SITE_NAME,
        width_mm=plan.site.width_mm,
        depth_mm=plan.site.depth_mm,
        front_y_mm=walkway.front_y_mm,
        back_y_mm=walkway.back_y_mm,
        cart_orders=CART_POSITIONS,
        tote_tare_g=TOTE_TARE_G,
    )
    LabourStandard.objects.create(site=site)
    Aisle.objects.bulk_create(
        Aisle(site=site, code=aisle.code, x_mm=aisle.x_mm) for aisle in plan.site.aisles
    )
    return site


def _locations(site: Site, plan: DemoPlan) -> dict[str, Location]:
    names = sorted({location.zone for location in plan.site.locations})
    zones = {name: Zone.objects.create(site=site, code=name, temperature=name) for name in names}
    rows = [
        Location(
            site=site,
            code=place.code,
            label=place.label,
            kind=place.kind,
            x_mm=place.x_mm,
            y_mm=place.y_mm,
        )
        for place in sorted(plan.site.places.values(), key=lambda place: place.key != "belt")
        if place.kind
    ]
    rows += [
        Location(
            site=site,
            zone=zones[spot.zone],
            code=spot.code,
            label=spot.label,
            kind=LocationKind.BIN,
            aisle=spot.aisle,
            x_mm=spot.x_mm,
            y_mm=spot.y_mm,
            level=spot.level,
            check_code=spot.check_code,
        )
        for spot in plan.site.locations
    ]
    return {row.code: row for row in Location.objects.bulk_create(rows)}


def _skus(plan: DemoPlan) -> dict[str, Sku]:
    rows = Sku.objects.bulk_create(
        Sku(
            code=spec.sku,
            name=spec.name,
            temperature=spec.zone,
            weight_g=spec.weight_g,
            volume_ml=spec.volume_ml,
        )
        for spec in plan.skus.values()
    )
    skus = {row.code: row for row in rows}
    Barcode.objects.bulk_create(
        Barcode(sku=skus[spec.sku], code=spec.gtin13.zfill(14)) for spec in plan.skus.values()
    )
    return skus


def _slot(plan: DemoPlan, locations: dict[str, Location], skus: dict[str, Sku]) -> None:
    rows = []
    for code, spot in plan.slots.items():
        location = locations[spot.code]
        location.slotted_sku = skus[code]
        rows.append(location)
    Location.objects.bulk_update(rows, ["slotted_sku"], batch_size=500)


def _stock(site: Site, plan: DemoPlan, locations: dict[str, Location], skus: dict[str, Sku]) -> None:
    today = clock.now().date()
    lots = {
        (line.sku, line.lot): Lot(
            sku=skus[line.sku],
            code=line.lot,
            expires_on=today + timedelta(days=line.life_days) if line.life_days else None,
        )
        for line in plan.stock
        if line.lot
    }
    Lot.objects.bulk_create(lots.values())
    transfers.receive(
        site_id=site.pk,
        actor=SYSTEM,
        deliveries=[
            transfers.Delivery(
                locations[line.location],
                skus[line.sku].pk,
                lots[(line.sku, line.lot)].pk if line.lot else None,
                line.qty,
            )
            for line in plan.stock
        ],
        reference="opening stock",
    )


def _containers(site: Site, plan: DemoPlan) -> None:
    Container.objects.bulk_create(
        [
            Container(site=site, kind=ContainerKind.TOTE, label=tote.label, tare_g=tote.tare_g)
            for tote in plan.totes
        ]
        + [
            Container(site=site, kind=ContainerKind.CART, label=station.cart_label)
            for station in plan.stations
            if station.cart_label
        ]
    )


def _stations(site: Site, plan: DemoPlan) -> dict[str, Station]:
    rows = {}
    for spec in plan.stations:
        rows[spec.key] = Station.objects.create(
            site=site,
            key=spec.key,
            kind=spec.kind,
            token=secrets.token_urlsafe(9),  # short enough for one line of a terminal
            x_mm=spec.x_mm,
            y_mm=spec.y_mm,
        )
        role = Role.PICKER if spec.kind == "cart" else Role.PACKER
        Person.objects.create(name=spec.person, role=role, badge=spec.badge_label)
    return rows


def _devices(
    site: Site, plan: DemoPlan, bus_url: str, locations: dict[str, Location], stations: dict[str, Station]
) -> None:
    gateway = Gateway.objects.create(site=site, name="gw-1", bus_url=bus_url)
    devices: dict[str, Device] = {}

    def device(key: str, kind: DeviceKind, station: Station | None = None) -> Device:
        if key not in devices:
            devices[key] = Device.objects.create(gateway=gateway, key=key, kind=kind, station=station)
        return devices[key]

    points = [
        LightPoint(
            device=device(spot.light_device, DeviceKind.LIGHTS),
            channel=spot.light_channel,
            location=locations[spot.code],
        )
        for spot in plan.site.locations
    ]
    for spec in plan.stations:
        station = stations[spec.key]
        device(spec.scanner, DeviceKind.SCANNER, station)
        if spec.scale:
            device(spec.scale, DeviceKind.SCALE, station)
        points += [
            LightPoint(
                device=device(spec.light_device, DeviceKind.LIGHTS),
                channel=channel,
                station=station,
                position=position,
            )
            for position, channel in enumerate(spec.light_channels, start=1)
        ]
    LightPoint.objects.bulk_create(points)
    plc = device(PLC, DeviceKind.PLC)
    for index, (name, lanes) in enumerate(_POINTS):
        point = DecisionPoint.objects.create(device=plc, index=index, name=name)
        Lane.objects.bulk_create(
            Lane(point=point, number=number, way=way, location=locations[code])
            for number, (way, code) in lanes.items()
        )
