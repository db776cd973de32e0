"""A small warehouse in the middle of its day, built through the services that people use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any

from mfc.catalog.gs1 import check_digit
from mfc.catalog.models import Barcode, Sku
from mfc.core import clock, ids, labels
from mfc.core.actors import SYSTEM
from mfc.dispatch import shipments
from mfc.floor.models import DecisionPoint, Device, DirectionDecision, Gateway, Lane, LightPoint
from mfc.handheld import screens
from mfc.handheld.views import give
from mfc.inventory import transfers
from mfc.inventory.models import Container, Lot
from mfc.layout.models import Aisle, Location, Site, Zone
from mfc.orders import intake
from mfc.packing.bench import expected_weight
from mfc.packing.models import PackJob, Parcel
from mfc.picking import waves
from mfc.scanning import interpret
from mfc.workforce.models import LabourStandard, Person, Station

AISLES = 3
BAYS = 4
SKUS = 6
ORDERS = 4


def gtin(number: int) -> str:
    """GTIN-14 of the n-th SKU, in the range for use inside a company."""
    body = f"0200{number:09d}"
    return f"{body}{check_digit(body)}"


@dataclass(frozen=True)
class Floor:
    """The site and what tests ask for."""

    site: Site
    belt: Location

    def screen(self, key: str) -> dict[str, Any]:
        return screens.build(self.station(key))

    def station(self, key: str) -> Station:
        return Station.objects.select_related("site").get(key=key)

    def scan(self, key: str, code: str, qty: int | None = None) -> dict[str, Any]:
        return give(token=f"token-{key}", input_id=str(ids.new()), code=code, qty=qty)

    def log_in(self, key: str) -> None:
        self.scan(key, badge(key))
        if key.startswith("cart"):
            self.scan(key, labels.make("K", key.replace("-", "").upper()))

    def load(self, key: str) -> None:
        """Stand empty totes on the cart until picking begins."""
        free = Container.objects.filter(kind="tote").exclude(
            pk__in=Container.objects.filter(uses__isnull=False).values("pk")
        )
        for tote in free.order_by("label"):
            if self.screen(key)["step"] != "totes":
                return
            self.scan(key, tote.label)

    def step(self, key: str) -> None:
        """Do what the screen of a cart asks for."""
        screen = self.screen(key)
        if screen["step"] == "put":
            self.scan(key, next(tote["label"] for tote in screen["totes"] if tote["state"] == "wanted"))
        else:
            self.scan(key, screen["location"]["label"])

    def pick_all(self, key: str) -> None:
        self.load(key)
        for _ in range(100):
            if self.screen(key)["step"] not in {"pick", "put", "drop"}:
                return
            self.step(key)
        raise AssertionError("the batch does not end")

    def seal(self, job: PackJob) -> Parcel:
        """Weigh, label and stage one tote."""
        self.scan("pack-1", job.tote_use.container.label)
        goods_g, _ = expected_weight(job)
        interpret.weight(station=self.station("pack-1"), weight_g=job.tote_use.container.tare_g + goods_g)
        job.refresh_from_db()
        self.scan("pack-1", f"]C100{job.sscc}")
        parcel = Parcel.objects.get(sscc=job.sscc)
        lane = Location.objects.get(code="STAGE-1")
        shipments.stage(parcel=parcel, lane=lane, source="conveyor", actor=SYSTEM)
        return parcel


def badge(key: str) -> str:
    """The badge of the person who works at a station."""
    return labels.make("U", f"P{key.replace('-', '').upper()}")


def build() -> Floor:
    """Site, stock, people, devices and orders; nobody is logged in yet."""
    site = Site.objects.create(
        code="DEMO", name="Test store", width_mm=9_000, depth_mm=9_000, front_y_mm=2_500, back_y_mm=8_000
    )
    LabourStandard.objects.create(site=site)
    belt = _places(site)
    _stock(site)
    _stations(site)
    _devices(site)
    for number in range(1, ORDERS + 1):
        now = clock.now()
        intake.accept(
            site=site,
            client="shop",
            actor=SYSTEM,
            request=intake.OrderRequest(
                ref=f"ORDER-{number}",
                lines=[
                    intake.LineRequest(sku=f"SKU-{1 + (number + step) % SKUS}", qty=1 + step)
                    for step in range(3)
                ],
                promise_from=now,
                promise_until=now + timedelta(minutes=60),
                address={"name": "Test Customer", "street": "1 Test Lane", "city": "Sampleton"},
                substitution="never",
            ),
        )
    return Floor(site, belt)


def work(floor: Floor) -> None:
    """A morning: one batch picked, packed and staged, so that every table has rows."""
    for key in ("cart-1", "pack-1"):
        floor.log_in(key)
    waves.release_due(site=floor.site)
    floor.scan("cart-1", labels.make("K", "CART1"))
    floor.pick_all("cart-1")
    for job in PackJob.objects.select_related("tote_use__container").order_by("pk")[:2]:
        floor.seal(job)
    DirectionDecision.objects.create(
        point=DecisionPoint.objects.get(), tracking_id=1, barcode="T-000001P", lane=1, reason="test", decided_at=clock.now()
    )  # fmt: skip


def _places(site: Site) -> Location:
    zone = Zone.objects.create(site=site, code="ambient", temperature="ambient")
    serial = count(1)
    for aisle in range(1, AISLES + 1):
        x_mm = 2_600 * aisle - 1_000
        Aisle.objects.create(site=site, code=f"A{aisle:02d}", x_mm=x_mm)
        Location.objects.bulk_create(
            Location(
                site=site,
                zone=zone,
                code=f"A{aisle:02d}-{bay:02d}-A",
                label=labels.make("L", f"A{aisle:02d}{bay:02d}A"),
                kind="bin",
                aisle=f"A{aisle:02d}",
                x_mm=x_mm - 800 if bay % 2 else x_mm + 800,
                y_mm=3_500 + bay * 800,
                check_code=str(next(serial) + 10),
            )
            for bay in range(1, BAYS + 1)
        )
    for code, kind, x_mm in (
        ("BELT-1", "belt", 8_000),
        ("STAGE-1", "stage", 1_000),
        ("HOSP-1", "hospital", 4_000),
    ):
        Location.objects.create(
            site=site,
            code=code,
            label=labels.make("L", code.replace("-", "")),
            kind=kind,
            x_mm=x_mm,
            y_mm=700,
        )
    return Location.objects.get(code="BELT-1")


def _stock(site: Site) -> None:
    bins = list(Location.objects.filter(kind="bin").order_by("code"))
    deliveries = []
    for number in range(1, SKUS + 1):
        sku = Sku.objects.create(
            code=f"SKU-{number}",
            name=f"WHITE HANGING HEART T-LIGHT HOLDER {number}",
            weight_g=200 + number,
            volume_ml=300,
        )
        Barcode.objects.create(sku=sku, code=gtin(number))
        lot = (
            Lot.objects.create(sku=sku, code=f"LOT{number}", expires_on=clock.now().date())
            if number % 2
            else None
        )
        deliveries.append(transfers.Delivery(bins[number], sku.pk, lot.pk if lot else None, 50))
    transfers.receive(site_id=site.pk, actor=SYSTEM, deliveries=deliveries, reference="test")
    for number in range(1, 13):
        Container.objects.create(
            site=site, kind="tote", label=labels.make("T", f"{number:06d}"), tare_g=1_500
        )


def _stations(site: Site) -> None:
    for key, role in (
        ("cart-1", "picker"),
        ("cart-2", "picker"),
        ("pack-1", "packer"),
        ("hospital-1", "packer"),
        ("stock-1", "lead"),
    ):
        kind = key.split("-")[0]
        Station.objects.create(site=site, key=key, kind=kind, token=f"token-{key}", x_mm=6_000, y_mm=1_200)
        Person.objects.create(name=f"Person {key}", role=role, badge=badge(key))
        if kind == "cart":
            Container.objects.create(
                site=site, kind="cart", label=labels.make("K", key.replace("-", "").upper())
            )


def _devices(site: Site) -> None:
    gateway = Gateway.objects.create(site=site, name="floor-1", bus_url="unix:/run/test", connected=True)
    lights = Device.objects.create(gateway=gateway, key="lights-A01", kind="lights", state="online")
    for channel, location in enumerate(Location.objects.filter(aisle="A01").order_by("code")):
        LightPoint.objects.create(device=lights, channel=channel, location=location)
    plc = Device.objects.create(gateway=gateway, key="plc-1", kind="plc", state="offline", detail="no answer")
    point = DecisionPoint.objects.create(device=plc, index=0, name="Sorter")
    Lane.objects.create(point=point, number=1, way="stage", location=Location.objects.get(code="STAGE-1"))
