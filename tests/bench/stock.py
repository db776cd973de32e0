"""Confirming picks, and promising and reserving one hot SKU, beside the bare SQL of the same statements."""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.management import call_command
from django.db import connection
from rich.console import Console

from mfc.catalog.models import Sku
from mfc.core import clock, ids, txn
from mfc.core.actors import Actor
from mfc.core.clock import FixedClock
from mfc.inventory import reservations, transfers
from mfc.inventory.models import Balance, Container, Reservation, SkuPosition, ToteUse
from mfc.inventory.reservations import Need
from mfc.layout.models import Location, LocationKind, Site
from mfc.orders import intake
from mfc.orders.models import Order, OrderLine
from mfc.picking import tasks
from mfc.picking.models import Batch, BatchOrder, PickTask, Wave
from mfc.workforce.models import LabourStandard, Person, Role, Station, StationKind
from tests.bench import rivals
from tests.bench.report import answer
from tests.bench.rivals import Deed

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
SKUS = 400
# A cart as in the house: four orders of six lines.
ORDERS, LINES = 4, 6
# Transactions of each client; enough for a steady state, few enough for a minute.
SIZES = ((1, 480), (4, 240), (16, 96))
GOAL_RATIO, GOAL_P99 = 0.35, 3.0
CLIENT = Actor("client", "bench", "bench")


@dataclass(slots=True)
class Floor:
    """The planted site; batches are added when a run wants them."""

    site: Site
    skus: list[Sku]
    bins: dict[int, Location]
    wave: Wave
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))


def fill(on_hand: int = 1_000_000) -> Floor:
    """A site with ``on_hand`` of every SKU in a bin of its own, received through the ledger."""
    site = Site.objects.create(
        code="DEMO", name="Bench", width_mm=20_000, depth_mm=10_000, front_y_mm=1_000, back_y_mm=9_000
    )
    LabourStandard.objects.create(site=site)
    skus = Sku.objects.bulk_create(
        Sku(code=f"SKU-{n:04}", name=f"Item {n}", temperature="ambient", weight_g=1, volume_ml=1)
        for n in range(SKUS)
    )
    bins = Location.objects.bulk_create(
        Location(site=site, code=f"B-{n:04}", label=f"L-B{n:04}", kind=LocationKind.BIN, x_mm=n, y_mm=1)
        for n in range(SKUS)
    )
    transfers.receive(
        site_id=site.pk,
        actor=CLIENT,
        deliveries=[
            transfers.Delivery(place, sku.pk, None, on_hand) for sku, place in zip(skus, bins, strict=True)
        ],
        reference="bench",
    )
    by_sku = {sku.pk: place for sku, place in zip(skus, bins, strict=True)}
    return Floor(site, list(skus), by_sku, Wave.objects.create(site=site, released_at=NOW, reason="bench"))


def an_order(floor: Floor, lines: Sequence[tuple[Sku, int]], *, promised: bool) -> Order:
    """An order with its lines, planted."""
    number = next(floor.numbers)
    order = Order.objects.create(
        id=ids.new(),
        number=1_000_000 + number,
        site=floor.site,
        ref=f"B-{number}",
        client="bench",
        state="accepted" if promised else "picking",
        accepted_at=NOW,
        promise_from=NOW,
        promise_until=NOW + timedelta(hours=2),
        substitution="never",
        address={},
        volume_ml=1,
        weight_g=1,
        temperatures=["ambient"],
    )
    OrderLine.objects.bulk_create(
        OrderLine(order=order, position=n, sku=sku, qty=qty, qty_promised=qty if promised else 0)
        for n, (sku, qty) in enumerate(lines, start=1)
    )
    return order


@txn.use_case
def a_batch(floor: Floor) -> tuple[Batch, Person, list[int]]:
    """A cart that is being picked, every item in hand: ids of its tasks in the order of the walk."""
    number = next(floor.numbers)
    person = Person.objects.create(name=f"P{number}", role=Role.PICKER, badge=f"U-{number:06}")
    station = Station.objects.create(site=floor.site, key=f"cart-{number}", kind=StationKind.CART)
    batch = Batch.objects.create(
        site=floor.site,
        wave=floor.wave,
        state="picking",
        station=station,
        person=person,
        colour=f"c{number}"[:10],
        length_mm=1,
        policy="bench",
        reason="bench",
        latest_start=NOW,
        planned_at=NOW,
        claimed_at=NOW,
    )
    made = []
    for place in range(1, ORDERS + 1):
        # SKUs spread over the room: two carts seldom meet at one bin
        wanted = [floor.skus[(number * 37 + place * 101 + n * 13) % SKUS] for n in range(LINES)]
        order = an_order(floor, [(sku, 1) for sku in wanted], promised=False)
        tote = Container.objects.create(site=floor.site, kind="tote", label=f"T-{number}-{place}", tare_g=1)
        use = ToteUse.objects.create(container=tote, order=order, opened_at=NOW)
        entry = BatchOrder.objects.create(batch=batch, order=order, position=place, tote_use=use)
        for line in order.lines.order_by("position"):
            made.append((entry, line))
    reserved = _reserve(floor, [line for _, line in made])
    rows = PickTask.objects.bulk_create(
        PickTask(
            batch=batch,
            batch_order=entry,
            order_line=line,
            reservation=row,
            location=floor.bins[line.sku_id],
            sku_id=line.sku_id,
            qty=1,
            stop=stop,
            state="verified",
            verified_by="item",
            done_by=person,
        )
        for stop, ((entry, line), row) in enumerate(zip(made, reserved, strict=True), start=1)
    )
    return batch, person, [row.pk for row in rows]


def _reserve(floor: Floor, lines: Sequence[OrderLine]) -> list[Reservation]:
    needs = [Need(line.pk, line.sku_id, line.qty, 0) for line in lines]
    available = reservations.sources(site_id=floor.site.pk, sku_ids={line.sku_id for line in lines})
    taken = reservations.choose(needs=needs, available=available)
    return reservations.reserve(site_id=floor.site.pk, actor=CLIENT, needs=needs, taken=taken)


def picks(floor: Floor, clients: int, each: int) -> list[Callable[[], Sequence[Deed]]]:
    """Every client works off carts of its own, task by task, as a scan does after the screen has read the stop."""

    def maker(carts: list[tuple[Batch, Person, list[int]]]) -> Callable[[], Sequence[Deed]]:
        def make() -> Sequence[Deed]:
            deeds: list[Deed] = []
            for batch, person, pks in carts:
                rows = PickTask.objects.select_related(
                    "sku", "location", "batch_order__tote_use__container"
                ).in_bulk(pks)
                deeds += [
                    lambda batch=batch, person=person, task=rows[pk]: tasks.confirm_pick(  # type: ignore[misc]
                        batch=batch, task=task, person=person
                    )
                    for pk in pks
                ]
            return deeds

        return make

    carts = -(-each // (ORDERS * LINES))
    return [maker([a_batch(floor) for _ in range(carts)]) for _ in range(clients)]


def rushes(floor: Floor, clients: int, each: int) -> list[Callable[[], Sequence[Deed]]]:
    """Every client accepts orders of one and the same SKU, and reserves units of it, in turn."""
    hot = floor.skus[0]

    @txn.use_case
    def reserve(line: OrderLine) -> None:
        need = Need(line.pk, line.sku_id, 1, 1)
        balances = reservations.sources(site_id=floor.site.pk, sku_ids=[line.sku_id])
        taken = reservations.choose(needs=[need], available=balances)
        reservations.reserve(site_id=floor.site.pk, actor=CLIENT, needs=[need], taken=taken)
        OrderLine.objects.filter(pk=line.pk).update(qty_promised=0)

    def accept(ref: str) -> None:
        request = intake.OrderRequest(
            ref=ref,
            lines=[intake.LineRequest(sku=hot.code, qty=1)],
            promise_from=NOW,
            promise_until=NOW + timedelta(hours=2),
            address={"name": "Ada"},
            substitution="never",
        )
        intake.accept(site=floor.site, request=request, client="bench", actor=CLIENT)

    def maker(lines: list[OrderLine], refs: list[str]) -> Callable[[], Sequence[Deed]]:
        def make() -> Sequence[Deed]:
            deeds: list[Deed] = []
            for line, ref in zip(lines, refs, strict=True):
                deeds.append(lambda ref=ref: accept(ref))  # type: ignore[misc]
                deeds.append(lambda line=line: reserve(line))  # type: ignore[misc]
            return deeds

        return make

    def planted() -> Callable[[], Sequence[Deed]]:
        lines = [an_order(floor, [(hot, 1)], promised=True).lines.get() for _ in range(each // 2)]
        SkuPosition.objects.filter(sku=hot).update(promised=_promised(hot))
        return maker(lines, [f"H-{next(floor.numbers)}" for _ in lines])

    return [planted() for _ in range(clients)]


def _promised(sku: Sku) -> int:
    return sum(OrderLine.objects.filter(sku=sku).values_list("qty_promised", flat=True))


PLANS = {"confirm_pick": picks, "reserve_hot": rushes}


def run(name: str, sizes: Sequence[tuple[int, int]], floor: Floor) -> dict[str, Any]:
    """Figures, reference and ratio of one bench."""
    figures, reference, ratios = rivals.compare(
        sizes, lambda clients, each: PLANS[name](floor, clients, each)
    )
    most = f"{sizes[-1][0]} clients"
    own, plain = figures[most]["latency_ms"]["p99"], reference[most]["latency_ms"]["p99"]
    figures["ratios"] = ratios
    figures[f"p99 of {most} / bare"] = round(own / plain, 2)
    figures["goals"] = {
        f"ratio >= {GOAL_RATIO}": {size: ratio >= GOAL_RATIO for size, ratio in ratios.items()},
        f"p99 of {most} <= {GOAL_P99} x bare": own <= GOAL_P99 * plain,
    }
    return {"figures": figures, "reference": reference, "ratio": min(ratios.values())}


def measure(given: argparse.Namespace) -> None:
    """Plant a scratch database, measure, answer."""
    call_command("migrate", verbosity=0)
    with clock.using(FixedClock(NOW)):
        with Console(stderr=True).status("planting and measuring"):
            floor = fill()
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")
            found = run(given.name, SIZES, floor)
        assert not Balance.objects.filter(on_hand__lt=0).exists()
    answer(given.name, target=given.json, **found)
