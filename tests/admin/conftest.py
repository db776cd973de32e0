"""A worked-in warehouse and a manager who looks at it."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.contrib.auth.models import User
from django.test import Client

from mfc.api.models import ApiClient
from mfc.catalog.models import Pack, VariableMeasure
from mfc.core import clock, ids, imports
from mfc.core.actors import SYSTEM
from mfc.inbound import putaway, receipts
from mfc.inventory.models import BalanceSnapshot, ClosedMonth, Hold, ReasonCode, ToteUse
from mfc.layout.models import Aisle, CrossAisle, Lift, Location
from mfc.orders.models import HistoryLine
from mfc.picking import wallplan
from mfc.picking.models import PickTask, PutBack, SortTote, SubstitutionAsk, WallPut, WallWork
from mfc.slotting.models import DemandForecast, PlanRun, RangeChange, SlotMove, SlottingRule
from mfc.upkeep import counting
from mfc.upkeep.models import Count, CountKind, CountLine, Replenishment
from mfc.webhooks.models import Delivery, Endpoint
from mfc.workforce.models import Station
from tests.browser import floor as floors
from tests.browser.floor import Floor


@pytest.fixture
def floor(db: None) -> Floor:
    built = floors.build()
    floors.work(built)
    ApiClient.objects.create(name="shop", scopes=["orders:write"]).issue_token()
    endpoint = Endpoint.objects.create(name="dispatch", url="http://127.0.0.1:9/hook")
    Delivery.objects.create(
        endpoint=endpoint, event_id="e1", kind="shipment.ready", key="k", body="{}", created_at=clock.now()
    )
    sku_id = floors.Sku.objects.values_list("pk", flat=True)[0]
    Pack.objects.create(sku_id=sku_id, level="case", eaches=12)
    Hold.objects.create(
        site=built.site, kind="quality", sku_id=sku_id, reason="test", placed_at=clock.now(), placed_by="test"
    )
    receipt = receipts.announce(
        site=built.site,
        ref="ASN-1",
        lines=[receipts.Announced(sku=floors.Sku.objects.get(pk=sku_id), qty=5)],
        actor=SYSTEM,
    )
    dock = Location.objects.create(
        site=built.site, code="DOCK", label="L-DOCK01", kind="dock", x_mm=0, y_mm=0
    )
    arrived = receipts.Arrived(sku=floors.Sku.objects.get(pk=sku_id), qty=5, location=dock)
    receipts.receive(receipt=receipt, arrived=arrived, actor=SYSTEM)
    (row,) = putaway.waiting_stock(built.site)
    quarantine = Location.objects.create(
        site=built.site, code="QUAR", label="L-QUAR01", kind="quarantine", x_mm=0, y_mm=0
    )
    putaway.put_away(
        balance=row, qty=2, target=quarantine, actor=SYSTEM, proposals=[], override_code=ReasonCode.OTHER
    )
    closed = ClosedMonth.objects.create(
        site=built.site,
        starts_on=date(2020, 1, 1),
        ends_at=datetime(2020, 2, 1, tzinfo=UTC),
        moves=1,
        closed_at=clock.now(),
        closed_by="test",
    )
    place = Location.objects.filter(site=built.site).first()
    BalanceSnapshot.objects.create(month=closed, location=place, sku_id=sku_id, on_hand=1)
    counting.draft(location=dock, kind=CountKind.MANUAL, reason="test")
    CountLine.objects.create(count=Count.objects.get(), sku_id=sku_id, expected=1, first=1)
    Replenishment.objects.create(
        site=built.site,
        sku_id=sku_id,
        source=dock,
        target=quarantine,
        qty=1,
        urgency="urgent",
        why="test",
        created_at=clock.now(),
    )
    task = PickTask.objects.select_related("batch_order", "order_line").order_by("pk")[0]
    use = ToteUse.objects.order_by("pk")[0]
    now = clock.now()
    SubstitutionAsk.objects.create(
        id=ids.new(), order_line=task.order_line, batch_order=task.batch_order, task=task, qty=1,
        candidates=[{"sku": "SKU-1", "name": "One", "brand": "", "price_cents": None}], asked_at=now, deadline=now,
    )  # fmt: skip
    PutBack.objects.create(
        site=built.site, order_line=task.order_line, tote_use=use, sku=task.sku, qty=1, location=task.location,
        created_at=now,
    )  # fmt: skip
    wall = Station.objects.create(site=built.site, key="wall-9", kind="putwall")
    wallplan.build(station=wall, rows=1, columns=2, actor=SYSTEM)
    SortTote.objects.create(batch=task.batch, tote_use=use, number=1)
    WallWork.objects.create(station=wall, tote_use=use, sku=task.sku)
    WallPut.objects.create(
        station=wall, task=task, kind="missing", qty=1, source=use, person=floors.Person.objects.order_by("pk")[0], at=now
    )  # fmt: skip
    CrossAisle.objects.create(site=built.site, code="X1", y_mm=5_000)
    Aisle.objects.create(site=built.site, code="M1", x_mm=0, floor=1)
    Lift.objects.create(site=built.site, code="L1", x_mm=0, y_mm=built.site.front_y_mm)
    HistoryLine.objects.create(site=built.site, order_ref="H1", placed_at=clock.now(), sku_id=sku_id, qty=2)
    _plans(built, sku_id, dock, quarantine)
    VariableMeasure.objects.create(pattern="28IIIIIWWWWWC")
    imports.upload(
        site="DEMO",
        kind="skus",
        file_name="x.csv",
        data=b"sku,brand\nSKU-1,Old\n",
        actor=SYSTEM,
        queued=False,
    )
    return built


def _plans(built: Floor, sku_id: int, source: Location, target: Location) -> None:
    """One row of everything that planning keeps."""
    run = PlanRun.objects.create(site=built.site, kind="demand", asked_at=clock.now(), actor="test")
    RangeChange.objects.create(run=run, sku_id=sku_id, enters=True, share=0.01, why="test")
    SlotMove.objects.create(
        run=run,
        site=built.site,
        chain=1,
        number=1,
        sku_id=sku_id,
        source=source,
        target=target,
        minutes=2,
        why="test",
    )
    DemandForecast.objects.create(
        site=built.site, sku_id=sku_id, made_at=clock.now(), mean=3, low=1, high=6, confidence=0.9, coverage=0.91,
        method="trend", history=[1, 2, 4], weekdays=[0.1, 0.1, 0.1, 0.1, 0.2, 0.3, 0.1],
    )  # fmt: skip
    SlottingRule.objects.create(site=built.site, kind="exclude_sku", sku_id=sku_id)


@pytest.fixture
def manager(db: None, client: Client) -> Client:
    client.force_login(User.objects.create_superuser("manager", "manager@example.com", "pw"))
    return client
