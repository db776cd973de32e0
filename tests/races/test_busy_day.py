"""Everything at once on twenty SKUs: nobody deadlocks, and afterwards all books agree. A minute of it in the long tests."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

import pytest
from django.db import OperationalError
from psycopg.errors import DeadlockDetected, LockNotAvailable

from devices.messages import Press
from mfc.catalog.models import Barcode, Sku
from mfc.core import txn
from mfc.core.errors import DomainError
from mfc.floor.models import Device, DeviceKind, LightPoint
from mfc.inventory import ledger, transfers
from mfc.inventory.models import Balance, Container, ContainerKind
from mfc.layout.models import Location, LocationKind, Zone
from mfc.orders import services
from mfc.orders.models import Order
from mfc.picking import shorts, waves
from mfc.picking.models import Batch
from mfc.workforce.models import Person, Role, Station
from tests.proof import broken_invariants
from tests.races import stockroom
from tests.races.threads import together
from tests.walk import Walk
from tests.world import CART_POSITIONS, LEAD, World, gtin13, label

pytestmark = pytest.mark.django_db(transaction=True)
SECONDS, LONG_SECONDS = 8.0, 60.0
PICKERS, OFFICE, STOCKERS = 4, 4, 4
SKUS = ["TEA", "MUG", "SOAP", "MILK", *(f"SKU-{number}" for number in range(16))]

# Each of these has happened at least once after a busy day.
DONE = frozenset(
    {"accept", "cancel", "release", "adjust", "load", "pick", "drop", "undo", "short", "damaged accepted"}
)
# A full tote needs one that holds something: too rare to ask for.
SELDOM = frozenset(
    {
        *("partial short", "idle", "next tote", "moved on", "waited too long"),
        *(f"{deed} {verdict}" for deed in ("damaged", "full") for verdict in ("accepted", "refused")),
    }
)
# Refusals that two people at one thing explain; others would be mistakes.
EXPLAINED = frozenset({"stock_insufficient", "state_conflict", "order_not_cancellable", "quantity_invalid"})


@dataclass(slots=True)
class Day:
    """What the threads share, and what they have done."""

    world: World
    walk: Walk
    free_totes: list[str]
    done: Counter[str] = field(default_factory=Counter)


@pytest.fixture
def day(world: World, walk: Walk) -> Day:
    for number in range(3, PICKERS + 1):
        key = f"cart-{number}"
        world.stations[key] = Station.objects.create(site=world.site, key=key, kind="cart")
        Device.objects.create(
            gateway=world.gateway, key=f"scan-{key}", kind=DeviceKind.SCANNER, station=world.stations[key]
        )
        bar = Device.objects.create(gateway=world.gateway, key=f"lights-{key}", kind=DeviceKind.LIGHTS)
        LightPoint.objects.bulk_create(
            LightPoint(device=bar, channel=place, station=world.stations[key], position=place + 1)
            for place in range(CART_POSITIONS)
        )
        name = f"Picker {number}"
        world.people[name] = Person.objects.create(
            name=name, role=Role.PICKER, badge=label("U", f"BADGE{number}")
        )
        world.carts.append(label("K", f"CART{number}"))
    more = [label("T", f"{number:06d}") for number in range(100, 1_100)]
    Container.objects.bulk_create(
        [Container(site=world.site, kind=ContainerKind.TOTE, label=text, tare_g=1500) for text in more]
        + [Container(site=world.site, kind=ContainerKind.CART, label=text) for text in world.carts[2:]]
    )
    stock_the_shelves(world)
    transfers.receive(
        site_id=world.site.pk,
        actor=LEAD,
        deliveries=[
            transfers.Delivery(row.location, row.sku_id, row.lot_id, 30)  # type: ignore[arg-type]
            for row in Balance.objects.filter(pickable=True).select_related("location")
        ],
        reference="for a busy day",
    )
    names = ["Sam", "Kim", "Picker 3", "Picker 4"]
    for number, name in enumerate(names[:PICKERS]):
        walk.start(f"cart-{number + 1}", name, number)
    return Day(world, walk, more)


def stock_the_shelves(world: World) -> None:
    """Sixteen more articles, each with a slot in a bin and cartons in reserve."""
    for number in range(16):
        sku = Sku.objects.create(
            code=f"SKU-{number}", name=f"Article {number}", temperature="ambient", weight_g=100, volume_ml=100
        )
        gtin = gtin13(500 + number)
        Barcode.objects.create(sku=sku, code=gtin.zfill(14))
        world.skus[sku.code], world.gtins[sku.code] = sku, gtin
        place = Location.objects.create(
            site=world.site,
            zone=Zone.objects.get(code="ambient"),
            code=f"A01-{10 + number}",
            label=label("L", f"A01{10 + number}"),
            kind=LocationKind.BIN,
            aisle="A01",
            x_mm=2_600,
            y_mm=2_000 + 100 * number,
            level=1,
            slotted_sku=sku,
            slot_min=40,
            slot_max=100,
        )
        LightPoint.objects.create(
            device=Device.objects.get(key="lights-shelf"), channel=100 + number, location=place
        )
        world.locations[place.code] = place
        transfers.receive(
            site_id=world.site.pk,
            actor=LEAD,
            deliveries=[
                transfers.Delivery(place, sku.pk, None, 10),
                transfers.Delivery(world.locations["RESERVE-1"], sku.pk, None, 60),
            ],
            reference="for a busy day",
        )


def release(world: World) -> None:
    """One round of the planner."""
    waves.hand_out(site=world.site)
    waves.release_due(site=world.site)
    waves.hand_out(site=world.site)


def pick_a_step(day: Day, station: str, rng: random.Random) -> str:
    """One input of a picker, as the state of the cart asks for."""
    walk = day.walk
    batch = Batch.objects.filter(station=day.world.stations[station]).order_by("-claimed_at", "-pk").first()
    if batch is None or batch.state == "closed":
        release(day.world)  # whoever has nothing to do asks the planner
        return "idle"
    if batch.state == "loading":
        walk.scan(station, day.free_totes.pop())
        return "load"
    if batch.state == "picked":
        if rng.random() < 0.5:
            walk.scan(station, "C-UNDO")
            return "undo"
        walk.drop(station)
        return "drop"
    return something_is_wrong(day, batch, station, rng) or pick_a_stop(day, batch, station)


def something_is_wrong(day: Day, batch: Batch, station: str, rng: random.Random) -> str:
    """Now and then a picker reports something, or takes something back."""
    walk = day.walk
    chance = rng.random()
    if chance < 0.08:
        walk.press_tote(station, 1, Press.SHORT)
        return "short"
    if chance < 0.14:
        stop = walk.stop(station)
        wanted = sum(task.qty for task in stop)
        if wanted > 1:
            person = batch.person
            assert person is not None
            shorts.report(batch=batch, tasks=stop, found=rng.randrange(1, wanted), person=person)
        return "partial short"
    if chance < 0.22:
        walk.scan(station, "C-UNDO")
        return "undo"
    if chance < 0.26:
        return f"damaged {walk.scan(station, 'C-DAMAGED').verdict}"
    if chance < 0.32:
        letter = rng.choice("AB")
        return f"full {walk.scan(station, f'C-FULL{letter}').verdict}"
    return ""


def pick_a_stop(day: Day, batch: Batch, station: str) -> str:
    """As a person does it; an order may be cancelled between two scans, then the screen has moved on."""
    walk = day.walk
    if batch.orders.exclude(order__state="cancelled").filter(tote_use=None).exists():
        walk.scan(station, day.free_totes.pop())
        return "next tote"
    stop = walk.stop(station)
    if not stop:
        return "moved on"
    if walk.scan(station, walk.world.gtins[stop[0].sku.code]).verdict != "accepted":
        return "moved on"
    for task in stop:
        use = task.batch_order.tote_use
        if use is None or walk.scan(station, use.container.label).verdict != "accepted":
            return "moved on"
    return "pick"


def run_the_office(day: Day, rng: random.Random) -> str:
    """One deed of the office: an order, a cancellation, a release, a correction."""
    world = day.world
    deed = rng.choices(("accept", "cancel", "release", "adjust"), weights=(6, 2, 4, 2))[0]
    if deed == "accept":
        codes = rng.sample(SKUS, rng.randint(1, 3))
        world.accept(f"O-{rng.random()}", minutes=rng.randint(40, 120), **dict.fromkeys(codes, 1))
    elif deed == "cancel":
        states = ["accepted", "released", "picking", "picked"]
        order = Order.objects.filter(state__in=states).order_by("?").first()
        if order is not None:
            services.cancel(order=order, actor=LEAD, reason="race")
    elif deed == "release":
        release(world)
    else:
        balance = Balance.objects.filter(pickable=True, sku__code__in=SKUS).order_by("?")[0]
        transfers.adjust(
            balance=balance,
            actor=LEAD,
            on_hand=max(0, balance.on_hand + rng.randint(-2, 6)),
            reason="counted",
        )
    return deed


def live_through(day: Day, seconds: float) -> None:
    """Everybody works until the time is up and each deed has happened; a deadlock ends the test."""
    start = time.monotonic()
    wanted = DONE | stockroom.DONE

    def is_over() -> bool:
        spent = time.monotonic() - start
        return spent > seconds and (spent > 3 * seconds or all(day.done[deed] for deed in wanted))

    def step(number: int, rng: random.Random) -> str:
        if number < PICKERS:
            return pick_a_step(day, f"cart-{number + 1}", rng)
        if number < PICKERS + OFFICE:
            return run_the_office(day, rng)
        return rng.choice(stockroom.DEEDS)(day.world, rng)

    def work(number: int) -> None:
        rng = random.Random(number)
        while not is_over():
            try:
                day.done[step(number, rng)] += 1
            except DomainError as refusal:
                day.done[refusal.code] += 1
            except OperationalError as error:
                # Nobody waits longer than three seconds for a row: with all threads on one core that may happen.
                if not isinstance(error.__cause__, LockNotAvailable):
                    raise
                day.done["waited too long"] += 1

    together(PICKERS + OFFICE + STOCKERS, work)


def check_the_day(day: Day) -> None:
    assert broken_invariants() == {}
    assert {deed for deed in (*DONE, *stockroom.DONE) if not day.done[deed]} == set(), day.done
    explained = {*DONE, *SELDOM, *EXPLAINED, *stockroom.DONE, *stockroom.NOTHING, *stockroom.EXPLAINED}
    assert set(day.done) <= explained, day.done


def test_a_busy_day_keeps_every_invariant(day: Day) -> None:
    live_through(day, SECONDS)
    check_the_day(day)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_busy_minute_keeps_every_invariant(day: Day) -> None:
    live_through(day, LONG_SECONDS)
    check_the_day(day)
    assert "waited too long" not in day.done


def test_without_the_order_of_locks_a_busy_day_deadlocks(day: Day, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: positions are locked in the order in which they come, which is another one for everybody."""
    write = ledger._write_positions

    def unordered(site_id: int, positions: dict[int, ledger._PositionDelta]) -> None:
        for sku_id in random.Random(threading.get_ident()).sample(list(positions), len(positions)):
            txn.current().locked_skus.clear()
            write(site_id, {sku_id: positions[sku_id]})
            time.sleep(0.02)

    monkeypatch.setattr(ledger, "_write_positions", unordered)
    deadlocks = []

    def accept(number: int) -> None:
        rng = random.Random(number)
        for turn in range(3):
            codes = rng.sample(SKUS[4:10], 4)
            try:
                day.world.accept(f"D-{number}-{turn}", **dict.fromkeys(codes, 1))
            except DomainError:
                continue
            except OperationalError as error:
                assert isinstance(error.__cause__, DeadlockDetected | LockNotAvailable), error  # noqa: PT017
                deadlocks.append(number)

    together(6, accept)
    assert deadlocks
