"""A put wall in the test room: six slots with lights, two rows of three."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from devices.messages import ButtonPressed, Press
from mfc.floor import lights
from mfc.floor.models import Device, DeviceKind, LightPoint
from mfc.inventory.models import ToteUse
from mfc.picking import wallplan
from mfc.picking.models import Batch, PutSlot
from mfc.workforce.models import Station, StationKind
from tests.walk import AT, Said, Walk
from tests.world import LEAD, World

WALL = "wall-1"


@dataclass(slots=True)
class Wall:
    """The wall and what people do there."""

    world: World
    walk: Walk

    def slot(self, position: int) -> PutSlot:
        """A slot as it is now."""
        return PutSlot.objects.select_related("order", "station", "tote_use", "location").get(
            station=self.world.stations[WALL], position=position
        )

    def states(self) -> list[str]:
        """States by position."""
        rows = PutSlot.objects.filter(station=self.world.stations[WALL]).order_by("position")
        return list(rows.values_list("state", flat=True))

    def press(self, position: int, press: Press = Press.CONFIRM) -> Said:
        """The button of a slot's light."""
        event = ButtonPressed(
            event_id=self.walk.event_id(), device="lights-wall", at=AT, channel=position - 1, press=press
        )
        return self.walk._said(WALL, self.walk.send(event))

    def scan(self, code: str) -> Said:
        """A label, or an SKU's code for its barcode."""
        return self.walk.scan(WALL, self.world.gtins.get(code, code))

    def tell(self, code: str, qty: int | None = None) -> Said:
        """A button of the screen."""
        return self.walk.tell(WALL, code, qty)

    def screen(self) -> dict[str, Any]:
        """What the wall shows."""
        return self.walk.screen(WALL)

    def lamps(self) -> dict[int, tuple[str, str, int | None]]:
        """Colour, mode and number by slot."""
        picture = lights.wanted(lights.Wiring.read(self.world.gateway.pk))["lights-wall"]
        return {
            channel + 1: (str(lamp.colour), str(lamp.mode), lamp.quantity)
            for channel, lamp in picture.items()
        }

    def pick(self, tote: int = 0, station: str = "cart-1", name: str = "Sam") -> Batch:
        """Release, pick everything into one tote and bring the cart to the wall."""
        self.walk.start(station, name)
        self.world.clock.advance(minutes=6)
        self.walk.release()
        self.walk.load(station, tote)
        self.pick_stops(tote, station)
        assert self.drop(station).verdict == "accepted"
        return self.walk.batch(station)

    def pick_stops(self, tote: int = 0, station: str = "cart-1") -> None:
        """Every stop: the item, then the pick tote."""
        while self.walk.batch(station).state == "picking":
            (task, *_) = self.walk.stop(station)
            assert self.walk.scan(station, self.world.gtins[task.sku.code]).verdict == "accepted"
            assert self.walk.scan(station, self.world.totes[tote]).verdict == "accepted"

    def drop(self, station: str = "cart-1") -> Said:
        """The cart's way ends at the wall."""
        return self.walk.scan(station, self.slot(1).location.label)

    def bind(self, *totes: int) -> None:
        """Stand empty totes where they are asked for."""
        for tote in totes:
            assert self.scan(self.world.totes[tote]).verdict == "accepted"

    def use(self, tote: int) -> ToteUse:
        """The newest use of a tote."""
        return ToteUse.objects.filter(container__label=self.world.totes[tote]).latest("pk")


def build(world: World, walk: Walk, *, orders: int = 4) -> Wall:
    """Hang the wall and wire it."""
    station = Station.objects.create(site=world.site, key=WALL, kind=StationKind.PUTWALL)
    world.stations[WALL] = station
    slots = wallplan.build(station=station, rows=2, columns=3, actor=LEAD)
    Device.objects.create(gateway=world.gateway, key=f"scan-{WALL}", kind=DeviceKind.SCANNER, station=station)
    bar = Device.objects.create(gateway=world.gateway, key="lights-wall", kind=DeviceKind.LIGHTS)
    LightPoint.objects.bulk_create(
        LightPoint(device=bar, channel=slot.position - 1, location=slot.location) for slot in slots
    )
    world.site.wall_orders = orders
    world.site.save()
    return Wall(world, walk)
