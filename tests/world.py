"""A small store room for the tests, built through the services: two aisles, eight bins, five people, one gateway."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from mfc.api.models import SCOPES, ApiClient
from mfc.catalog import gs1
from mfc.catalog.models import Barcode, Sku
from mfc.core import labels, txn
from mfc.core.actors import Actor
from mfc.core.clock import FixedClock
from mfc.dispatch.lanes import Way
from mfc.floor.models import DecisionPoint, Device, DeviceKind, Gateway, Lane, LightPoint
from mfc.inventory import transfers
from mfc.inventory.models import Balance, Container, ContainerKind, Lot, SkuPosition
from mfc.layout.models import Aisle, Location, LocationKind, Site, Zone
from mfc.orders import intake
from mfc.orders.models import Order
from mfc.workforce.models import LabourStandard, Person, Role, Station, StationKind

NOW = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)
TODAY = date(2026, 11, 10)
ADDRESS = {"name": "Ada Byron", "street": "12 St James's Square", "postcode": "SW1Y 4JH", "city": "London"}
LEAD = Actor("user", "1", "the lead")
CLIENT = "shop"
TARE_G = 1500
CART_POSITIONS = 4

# code: name, temperature, grams, millilitres
SKUS = {
    "TEA": ("Tea caddy", "ambient", 200, 500),
    "MUG": ("Blue mug", "ambient", 350, 700),
    "SOAP": ("Olive soap", "ambient", 100, 120),
    "MILK": ("Whole milk", "chilled", 1030, 1000),
    "CHEESE": ("Old cheddar", "chilled", 250, 300),
    "LAMP": ("Desk lamp", "ambient", 900, 4000),  # known, never in stock
}
# bin, SKU, lot, days of life, quantity
STOCK = (
    ("A01-01", "TEA", "", None, 10),
    ("A01-02", "MUG", "", None, 4),
    ("A01-03", "MUG", "", None, 6),
    ("A01-04", "SOAP", "", None, 5),
    ("A02-01", "MILK", "LATE", 20, 5),
    ("A02-02", "MILK", "SOON", 5, 3),
    ("A02-03", "CHEESE", "C1", 30, 6),
)
# code, kind, x
PLACES = (
    ("BELT", LocationKind.BELT, 500),
    ("PACK-LANE", LocationKind.DOCK, 2000),
    ("HOSP-LANE", LocationKind.DOCK, 3000),
    ("HOSP-SHELF", LocationKind.HOSPITAL, 3500),
    ("STAGE-1", LocationKind.STAGE, 5000),
    ("STAGE-2", LocationKind.STAGE, 6000),
    ("DOCK-IN", LocationKind.DOCK, 7000),
    ("QUARANTINE", LocationKind.QUARANTINE, 8000),
    ("RESERVE-1", LocationKind.RESERVE, 8500),
    ("RESERVE-2", LocationKind.RESERVE, 9000),
)
PEOPLE = (
    ("Sam", Role.PICKER),
    ("Kim", Role.PICKER),
    ("Pat", Role.PACKER),
    ("Sid", Role.STOCKER),
    ("Lee", Role.LEAD),
)
STATIONS = (
    ("cart-1", StationKind.CART),
    ("cart-2", StationKind.CART),
    ("pack-1", StationKind.PACK),
    ("pack-2", StationKind.PACK),
    ("hosp-1", StationKind.HOSPITAL),
    ("stock-1", StationKind.STOCK),
    ("stock-2", StationKind.STOCK),
)
TOTES, CARTS = 8, 2
INDUCT, SORTER = 0, 1
PACK_LANE, HOSPITAL_LANE, STAGE_1_LANE, STAGE_2_LANE = 1, 2, 3, 4
POINTS = (
    ("induct", {PACK_LANE: (Way.PACK, "PACK-LANE"), HOSPITAL_LANE: (Way.HOSPITAL, "HOSP-LANE")}),
    (
        "sorter",
        {
            HOSPITAL_LANE: (Way.HOSPITAL, "HOSP-LANE"),
            STAGE_1_LANE: (Way.STAGE, "STAGE-1"),
            STAGE_2_LANE: (Way.STAGE, "STAGE-2"),
        },
    ),
)


def label(prefix: str, text: str) -> str:
    """A label of ours: what is left of ``text`` without signs, filled up to the shortest body."""
    return labels.make(prefix, text.replace("-", "").upper().rjust(5, "0"))


def gtin13(number: int) -> str:
    """A GTIN-13 of the range that companies use inside."""
    body = f"2000000{number:05d}"
    return f"{body}{gs1.check_digit(body)}"


@dataclass(slots=True)
class World:
    """Everything by the name people use; ``clock`` moves only when told."""

    clock: FixedClock
    site: Site
    locations: dict[str, Location]
    skus: dict[str, Sku]
    gtins: dict[str, str]
    lots: dict[str, Lot]
    people: dict[str, Person]
    stations: dict[str, Station]
    totes: list[str]
    carts: list[str]
    gateway: Gateway
    plc: Device
    token: str
    _orders: int = field(default=0)

    def request(
        self, ref: str = "", *, minutes: int = 120, substitution: str = "never", **quantities: int
    ) -> intake.OrderRequest:
        """An order as a client sends it, due in ``minutes``."""
        self._orders += 1
        now = self.clock.now()
        return intake.OrderRequest(
            ref=ref or f"W-{self._orders}",
            lines=[intake.LineRequest(sku=code, qty=qty) for code, qty in quantities.items()],
            promise_from=now,
            promise_until=now + timedelta(minutes=minutes),
            address=ADDRESS,
            substitution=substitution,
        )

    def accept(
        self,
        ref: str = "",
        *,
        client: str = CLIENT,
        minutes: int = 120,
        substitution: str = "never",
        **quantities: int,
    ) -> Order:
        """An accepted order of ``quantities`` (SKU code = eaches)."""
        return intake.accept(
            site=self.site,
            request=self.request(ref, minutes=minutes, substitution=substitution, **quantities),
            client=client,
            actor=Actor("client", client, client),
        )

    def position(self, code: str) -> tuple[int, int, int]:
        """(on hand, reserved, promised) of a SKU."""
        row = SkuPosition.objects.get(site=self.site, sku=self.skus[code])
        return row.on_hand, row.reserved, row.promised

    def balance(self, place: str, code: str) -> Balance:
        """What lies of a SKU in a bin."""
        return Balance.objects.get(location=self.locations[place], sku=self.skus[code])

    def in_tote(self, tote: str) -> dict[str, int]:
        """Content of a tote by the book."""
        content: Counter[str] = Counter()
        rows = Balance.objects.filter(container__label=tote, on_hand__gt=0)
        for code, qty in rows.values_list("sku__code", "on_hand"):
            content[code] += qty
        return dict(content)


def build(clock: FixedClock) -> World:
    """Build the store room; its stock comes in through ``transfers.receive``."""
    site = Site.objects.create(
        code="DEMO",
        name="Test room",
        width_mm=10_000,
        depth_mm=8_000,
        front_y_mm=2_000,
        back_y_mm=7_000,
        cart_orders=CART_POSITIONS,
        tote_tare_g=TARE_G,
    )
    LabourStandard.objects.create(site=site)
    Aisle.objects.bulk_create(Aisle(site=site, code=f"A0{n}", x_mm=n * 2_000) for n in (1, 2))
    locations = _locations(site)
    skus, gtins = _skus()
    lots = _stock(site, locations, skus)
    stations = {key: Station.objects.create(site=site, key=key, kind=kind) for key, kind in STATIONS}
    people = {
        name: Person.objects.create(name=name, role=role, badge=label("U", f"B{name}"))
        for name, role in PEOPLE
    }
    totes, carts = _containers(site)
    gateway, plc = _devices(site, stations, locations)
    token = ApiClient(name=CLIENT, scopes=list(SCOPES)).issue_token()
    return World(
        clock=clock,
        site=site,
        locations=locations,
        skus=skus,
        gtins=gtins,
        lots=lots,
        people=people,
        stations=stations,
        totes=totes,
        carts=carts,
        gateway=gateway,
        plc=plc,
        token=token,
    )


def _locations(site: Site) -> dict[str, Location]:
    zones = {
        aisle: Zone.objects.create(site=site, code=name, temperature=name)
        for aisle, name in (("A01", "ambient"), ("A02", "chilled"))
    }
    rows = [
        Location(site=site, code=code, label=label("L", code), kind=kind, x_mm=x_mm, y_mm=500)
        for code, kind, x_mm in PLACES
    ]
    rows += [
        Location(
            site=site,
            zone=zones[aisle],
            code=f"{aisle}-0{bay}",
            label=label("L", f"{aisle}-0{bay}"),
            kind=LocationKind.BIN,
            aisle=aisle,
            x_mm=2_000 * int(aisle[1:]) + 600,
            y_mm=2_000 + 1_000 * bay,
            level=1,
        )
        for aisle in zones
        for bay in (1, 2, 3, 4)
    ]
    return {row.code: row for row in Location.objects.bulk_create(rows)}


def _skus() -> tuple[dict[str, Sku], dict[str, str]]:
    skus = {
        row.code: row
        for row in Sku.objects.bulk_create(
            Sku(code=code, name=name, temperature=temperature, weight_g=grams, volume_ml=volume)
            for code, (name, temperature, grams, volume) in SKUS.items()
        )
    }
    gtins = {code: gtin13(number) for number, code in enumerate(skus, start=1)}
    Barcode.objects.bulk_create(Barcode(sku=skus[code], code=gtin.zfill(14)) for code, gtin in gtins.items())
    return skus, gtins


def _stock(site: Site, locations: dict[str, Location], skus: dict[str, Sku]) -> dict[str, Lot]:
    lots = {
        lot: Lot.objects.create(sku=skus[sku], code=lot, expires_on=TODAY + timedelta(days=days or 0))
        for _, sku, lot, days, _ in STOCK
        if lot
    }
    deliveries = [
        transfers.Delivery(locations[place], skus[sku].pk, lots[lot].pk if lot else None, qty)
        for place, sku, lot, _, qty in STOCK
    ]
    transfers.receive(site_id=site.pk, actor=LEAD, deliveries=deliveries, reference="opening stock")
    return lots


def _containers(site: Site) -> tuple[list[str], list[str]]:
    totes = [label("T", f"{number:06d}") for number in range(1, TOTES + 1)]
    carts = [label("K", f"CART{number}") for number in range(1, CARTS + 1)]
    Container.objects.bulk_create(
        [Container(site=site, kind=ContainerKind.TOTE, label=text, tare_g=TARE_G) for text in totes]
        + [Container(site=site, kind=ContainerKind.CART, label=text) for text in carts]
    )
    return totes, carts


def _devices(
    site: Site, stations: dict[str, Station], locations: dict[str, Location]
) -> tuple[Gateway, Device]:
    gateway = Gateway.objects.create(site=site, name="gw-1", bus_url="unix:test.sock")

    def device(key: str, kind: DeviceKind, station: Station | None = None) -> Device:
        return Device.objects.create(gateway=gateway, key=key, kind=kind, station=station)

    for key, station in stations.items():
        device(f"scan-{key}", DeviceKind.SCANNER, station)
        if station.kind == StationKind.PACK:
            device(f"scale-{key}", DeviceKind.SCALE, station)
        if station.kind == StationKind.CART:
            bar = device(f"lights-{key}", DeviceKind.LIGHTS)
            LightPoint.objects.bulk_create(
                LightPoint(device=bar, channel=position - 1, station=station, position=position)
                for position in range(1, CART_POSITIONS + 1)
            )
    shelf = device("lights-shelf", DeviceKind.LIGHTS)
    bins = [place for place in locations.values() if place.kind == LocationKind.BIN]
    LightPoint.objects.bulk_create(
        LightPoint(device=shelf, channel=channel, location=place) for channel, place in enumerate(bins)
    )
    plc = device("plc", DeviceKind.PLC)
    for index, (name, lanes) in enumerate(POINTS):
        point = DecisionPoint.objects.create(device=plc, index=index, name=name)
        Lane.objects.bulk_create(
            Lane(point=point, number=number, way=way, location=locations[code])
            for number, (way, code) in lanes.items()
        )
    return gateway, plc


@txn.use_case
def receive(world: World, place: str, code: str, qty: int) -> None:
    """Book more stock in."""
    transfers.receive(
        site_id=world.site.pk,
        actor=LEAD,
        deliveries=[transfers.Delivery(world.locations[place], world.skus[code].pk, None, qty)],
        reference="more stock",
    )
