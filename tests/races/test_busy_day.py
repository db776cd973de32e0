"""Six seconds of everything at once on few SKUs: nobody deadlocks, and afterwards all books agree."""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import dataclass, field

import pytest

from devices.messages import Press
from mfc.core.errors import DomainError
from mfc.floor.models import Device, DeviceKind, LightPoint
from mfc.inventory import transfers
from mfc.inventory.models import Balance, Container, ContainerKind
from mfc.orders import services
from mfc.orders.models import Order
from mfc.picking import shorts, waves
from mfc.picking.models import Batch
from mfc.workforce.models import Person, Role, Station
from tests.proof import broken_invariants
from tests.races.threads import together
from tests.walk import Walk
from tests.world import CART_POSITIONS, LEAD, World, label

pytestmark = pytest.mark.django_db(transaction=True)
SECONDS = 6.0
PICKERS = 4
SKUS = ("TEA", "MUG", "SOAP", "MILK")


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
    transfers.receive(
        site_id=world.site.pk,
        actor=LEAD,
        deliveries=[
            transfers.Delivery(row.location, row.sku_id, row.lot_id, 60)  # type: ignore[arg-type]
            for row in Balance.objects.filter(pickable=True).select_related("location")
        ],
        reference="for a busy day",
    )
    names = ["Sam", "Kim", "Picker 3", "Picker 4"]
    for number, name in enumerate(names[:PICKERS]):
        walk.start(f"cart-{number + 1}", name, number)
    return Day(world, walk, more)


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


def test_a_busy_day_keeps_every_invariant(day: Day) -> None:
    end = time.monotonic() + SECONDS

    def work(number: int) -> None:
        rng = random.Random(number)
        while time.monotonic() < end:
            try:
                picks = number < PICKERS
                done = pick_a_step(day, f"cart-{number + 1}", rng) if picks else run_the_office(day, rng)
                day.done[done] += 1
            except DomainError as refusal:
                day.done[refusal.code] += 1

    together(2 * PICKERS, work)
    assert broken_invariants() == {}
    for deed in ("accept", "cancel", "release", "adjust", "load", "pick", "drop", "undo", "short"):
        assert day.done[deed] > 0, day.done
    # Refusals that two people at one thing explain; others would be mistakes.
    for deed in ("damaged accepted",):  # a full tote needs one that holds something: too rare to ask for
        assert day.done[deed] > 0, day.done
    assert set(day.done) <= {
        *(
            "accept",
            "cancel",
            "release",
            "adjust",
            "load",
            "pick",
            "drop",
            "undo",
            "short",
            "partial short",
            "idle",
            "next tote",
            "moved on",
            *(f"{deed} {verdict}" for deed in ("damaged", "full") for verdict in ("accepted", "refused")),
        ),
        *("stock_insufficient", "state_conflict", "order_not_cancellable", "quantity_invalid"),
    }, day.done
