"""People and machines of the test room: what they do reaches the WMS as events of its devices."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

from devices.messages import (
    Acknowledge,
    ButtonPressed,
    Command,
    Direct,
    DirectionRequested,
    Event,
    LoadMoved,
    Outcome,
    Press,
    ReadKind,
    ScanRead,
    Verdict,
    WeightRead,
)
from mfc.core import ids
from mfc.dispatch.models import Shipment
from mfc.floor import ingest
from mfc.floor.models import LightPoint
from mfc.handheld import screens
from mfc.handheld.views import give
from mfc.orders.models import Order
from mfc.packing.models import PackJob
from mfc.picking import waves
from mfc.picking.models import Batch, PickTask
from mfc.workforce.models import Station
from tests.world import INDUCT, SORTER, World

AT = "2026-11-10T09:00:00Z"


@dataclass(frozen=True, slots=True)
class Said:
    """What the person heard and what the station's screen shows."""

    verdict: str
    code: str
    text: str
    remedy: str


@dataclass(slots=True)
class Walk:
    """Drives the floor; every event has an id of its own."""

    world: World
    _sequence: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def event_id(self) -> str:
        """The id of the next event."""
        return f"gw-1/boot-1/{next(self._sequence)}"

    def send(self, event: Event) -> list[Command]:
        """Give one event to the WMS."""
        return ingest.handle(gateway_id=self.world.gateway.pk, event=event)

    def scan(self, station: str, data: str, symbology: str = "") -> Said:
        """Scan a code with the station's scanner."""
        event = ScanRead(
            event_id=self.event_id(), device=f"scan-{station}", at=AT, data=data, symbology=symbology
        )
        return self._said(station, self.send(event))

    def weigh(self, station: str, weight_g: int) -> Said:
        """A stable weight at the bench."""
        event = WeightRead(event_id=self.event_id(), device=f"scale-{station}", at=AT, weight_g=weight_g)
        return self._said(station, self.send(event))

    def press_tote(self, station: str, position: int, press: Press = Press.CONFIRM) -> Said:
        """The button under a tote of the cart."""
        event = ButtonPressed(
            event_id=self.event_id(), device=f"lights-{station}", at=AT, channel=position - 1, press=press
        )
        return self._said(station, self.send(event))

    def press_shelf(self, station: str, place: str, press: Press = Press.CONFIRM) -> Said:
        """The button at a bin; ``station`` is whose screen is read afterwards."""
        point = LightPoint.objects.get(location=self.world.locations[place])
        event = ButtonPressed(
            event_id=self.event_id(), device="lights-shelf", at=AT, channel=point.channel, press=press
        )
        return self._said(station, self.send(event))

    def _said(self, station: str, commands: list[Command]) -> Said:
        (answer,) = commands
        assert isinstance(answer, Acknowledge)
        shown = Station.objects.get(pk=self.world.stations[station].pk).feedback or {}
        if answer.verdict is Verdict.NONE:
            return Said("none", "", answer.text, "")
        if shown.get("text") != answer.text:  # no station could be told
            return Said(str(answer.verdict), "", answer.text, "")
        return Said(str(answer.verdict), shown["code"], answer.text, shown["remedy"])

    def ask(
        self, barcode: str, *, point: int = INDUCT, read: ReadKind = ReadKind.READ, tracking_id: int = 1
    ) -> int:
        """A load unit at a decision point; returns the lane it was sent to."""
        direct, _ = self.send(
            DirectionRequested(
                event_id=self.event_id(),
                device="plc",
                at=AT,
                point=point,
                tracking_id=tracking_id,
                read=read,
                barcode=barcode,
            )
        )
        assert isinstance(direct, Direct)
        return direct.lane

    def moved(
        self, barcode: str, lane: int, *, point: int = SORTER, outcome: Outcome = Outcome.DIVERTED
    ) -> list[Command]:
        """The PLC tells where a load unit went."""
        event = LoadMoved(
            event_id=self.event_id(),
            device="plc",
            at=AT,
            point=point,
            tracking_id=1,
            outcome=outcome,
            lane=lane,
            barcode=barcode,
        )
        return self.send(event)

    def badge(self, station: str, name: str) -> Said:
        """Badge in."""
        return self.scan(station, self.world.people[name].badge)

    def tell(self, station: str, code: str, qty: int | None = None, text: str = "") -> Said:
        """A button or a typed value at the station's screen."""
        place = self.world.stations[station]
        answer = give(token=place.token, input_id=str(ids.new()), code=code, qty=qty, text=text)
        return Said(answer["verdict"], answer["code"], answer["text"], answer["remedy"])

    def choose(self, station: str, label: str) -> Said:
        """The button of a stock terminal whose text begins so."""
        choices = self.screen(station)["guide"]["choices"]
        (number,) = [n for n, one in enumerate(choices, start=1) if one["label"].startswith(label)]
        return self.tell(station, "C-CHOOSE", number)

    def enter(self, station: str, value: int | str) -> Said:
        """A number or text typed into what the terminal asks for."""
        if isinstance(value, int):
            return self.tell(station, "C-ENTER", value)
        return self.tell(station, "C-ENTER", text=value)

    def screen(self, station: str) -> dict[str, Any]:
        """What the station shows."""
        place = Station.objects.select_related("site").get(pk=self.world.stations[station].pk)
        return screens.build(place)

    def start(self, station: str = "cart-1", name: str = "Sam", cart: int = 0) -> None:
        """A picker begins: badge, cart."""
        assert self.badge(station, name).verdict == "accepted"
        assert self.scan(station, self.world.carts[cart]).verdict == "accepted"

    def release(self) -> list[Batch]:
        """One round of the planner."""
        waves.hand_out(site=self.world.site)
        released = waves.release_due(site=self.world.site)
        waves.hand_out(site=self.world.site)
        return released

    def load(self, station: str, *totes: int) -> None:
        """Stand empty totes on the cart, lowest position first."""
        for tote in totes:
            assert self.scan(station, self.world.totes[tote]).verdict == "accepted"

    def begin(self, *totes: int, station: str = "cart-1", name: str = "Sam", cart: int = 0) -> Batch:
        """From badge to the first stop; the accepted orders must be due for release."""
        self.start(station, name, cart)
        self.world.clock.advance(minutes=6)  # longer than an idle picker lets an order wait
        self.release()
        self.load(station, *totes)
        return self.batch(station)

    def batch(self, station: str = "cart-1") -> Batch:
        """The newest batch of a station."""
        return Batch.objects.filter(station=self.world.stations[station]).latest("claimed_at", "pk")

    def stop(self, station: str = "cart-1") -> list[PickTask]:
        """The tasks of the present stop that are to be done, by position."""
        batch = self.batch(station)
        rows = PickTask.objects.filter(batch=batch, stop=batch.current_stop, state__in=["open", "verified"])
        return list(
            rows.select_related("sku", "location", "batch_order__tote_use__container").order_by(
                "batch_order__position", "pk"
            )
        )

    def pick_stop(self, station: str = "cart-1") -> None:
        """Scan the item of the present stop and every tote it goes into."""
        tasks = self.stop(station)
        assert self.scan(station, self.world.gtins[tasks[0].sku.code]).verdict == "accepted"
        for task in tasks:
            use = task.batch_order.tote_use
            assert use is not None
            assert self.scan(station, use.container.label).verdict == "accepted"

    def pick_all(self, station: str = "cart-1") -> None:
        """Work off every stop."""
        while self.batch(station).state == "picking":
            self.pick_stop(station)

    def drop(self, station: str = "cart-1") -> Said:
        """Bring the cart to the belt."""
        return self.scan(station, self.world.locations["BELT"].label)

    def right_weight(self, tote: int) -> int:
        """What the tote should weigh."""
        content = self.world.in_tote(self.world.totes[tote])
        return 1500 + sum(self.world.skus[code].weight_g * qty for code, qty in content.items())

    def job(self, tote: int) -> PackJob:
        """The newest pack job of a tote."""
        return PackJob.objects.filter(tote_use__container__label=self.world.totes[tote]).latest("pk")

    def seal(self, tote: int, station: str = "pack-1") -> str:
        """Weigh, label and seal a tote; returns its SSCC. Somebody must be at the bench."""
        assert self.scan(station, self.world.totes[tote]).verdict == "accepted"
        assert self.weigh(station, self.right_weight(tote)).verdict == "accepted"
        sscc = self.job(tote).sscc
        assert self.scan(station, f"00{sscc}", "C1").verdict == "accepted"
        return sscc

    def picked_tote(self, **quantities: int) -> Order:
        """An order whose tote (the first one) is on the belt."""
        order = self.world.accept(**quantities)
        self.begin(0)
        self.pick_all()
        assert self.drop().verdict == "accepted"
        order.refresh_from_db()
        return order

    def ready(self, **quantities: int) -> Shipment:
        """An order that stands in its lane, ready to be collected."""
        order = self.picked_tote(**(quantities or {"TEA": 2}))
        self.badge("pack-1", "Pat")
        self.seal(0)
        lane = self.ask(self.world.totes[0], point=SORTER)
        self.moved(self.world.totes[0], lane)
        return Shipment.objects.get(order=order)
