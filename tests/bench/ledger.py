"""Looking back and paging through millions of moves, orders and journal entries, beside bare SQL of the same rows."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client
from rich.console import Console

from mfc.catalog.models import Sku
from mfc.config.warmth import warm_up
from mfc.core import clock, keyset, txn
from mfc.core.actors import SYSTEM
from mfc.core.clock import FixedClock
from mfc.core.models import JournalEntry
from mfc.inventory import closing, history, partitions
from mfc.inventory.models import Container, Lot, StockMove
from mfc.inventory.sums import Where
from mfc.layout.models import Location, LocationKind, Site
from mfc.orders.models import Order
from tests.bench.report import answer, percentiles

MONTHS = 24
# The month that runs and the one before are open, as in a house that closes its books a few days late.
OPEN_MONTHS = 2
NOW = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
START = datetime(2024, 12, 1, tzinfo=UTC)
SKUS, LOTS, TOTES = 1_000, 2_000, 500
GOAL_LOOK_MS, GOAL_PAGE_MS = 200.0, 150.0
# Every delivery of three is picked by two and shipped: stock grows by one, and never falls below nothing.
RECEIVED, PICKED = 3, 2


@dataclass(frozen=True, slots=True)
class Filled:
    """A site with a long past."""

    site: Site
    moves: int
    closed: int


def fill(moves: int) -> Filled:
    """Plant a site with ``moves`` moves, as many orders and journal entries, over 24 months; close all but two."""
    site = Site.objects.create(
        code="DEMO", name="Bench", width_mm=20_000, depth_mm=10_000, front_y_mm=1_000, back_y_mm=9_000
    )
    Sku.objects.bulk_create(
        Sku(code=f"SKU-{n:04}", name=f"Item {n}", temperature="ambient", weight_g=100, volume_ml=100)
        for n in range(SKUS)
    )
    Location.objects.bulk_create(
        Location(site=site, code=f"B-{n:04}", label=f"L-B{n:04}", kind=LocationKind.BIN, x_mm=n, y_mm=1)
        for n in range(SKUS)
    )
    Container.objects.bulk_create(Container(site=site, kind="tote", label=f"T-{n:06}") for n in range(TOTES))
    first = Sku.objects.order_by("pk")[0].pk
    Lot.objects.bulk_create(Lot(sku_id=first + n % SKUS, code=f"LOT-{n}") for n in range(LOTS))
    month, months = partitions.month_of(START), []
    while month <= partitions.month_of(NOW):
        months.append(month)
        month = partitions.following(month)
    partitions.ensure(months=months)
    _plant(site, moves)
    closed = _close(site)
    return Filled(site, moves, closed)


def _plant(site: Site, moves: int) -> None:
    at = "%(start)s::timestamptz + (%(span)s * i / %(n)s) * interval '1 second'"
    values = {
        "site": site.pk,
        "n": moves,
        "start": START,
        "span": (NOW - START).total_seconds(),
        "sku": Sku.objects.order_by("pk")[0].pk,
        "lot": Lot.objects.order_by("pk")[0].pk,
        "bin": Location.objects.order_by("pk")[0].pk,
        "tote": Container.objects.order_by("pk")[0].pk,
        "skus": SKUS,
        "totes": TOTES,
        "lots": LOTS // SKUS,
        "received": RECEIVED,
        "picked": PICKED,
    }
    k = "(i / 3::bigint * 7919 %% %(skus)s)"  # which SKU: a walk that meets them all
    statements = (
        f"""
        INSERT INTO inventory_stockmove (at, site_id, kind, sku_id, lot_id, qty, from_location_id, from_container_id,
            to_location_id, to_container_id, reference, reason_code, reason, actor)
        SELECT {at}, %(site)s, (ARRAY['receipt', 'pick', 'ship'])[i %% 3 + 1], %(sku)s + {k},
               %(lot)s + {k} + (i / 3 %% %(lots)s) * %(skus)s,
               CASE i %% 3 WHEN 0 THEN %(received)s ELSE %(picked)s END,
               CASE i %% 3 WHEN 1 THEN %(bin)s + {k} END,
               CASE i %% 3 WHEN 2 THEN %(tote)s + i / 3 %% %(totes)s END,
               CASE i %% 3 WHEN 0 THEN %(bin)s + {k} END,
               CASE i %% 3 WHEN 1 THEN %(tote)s + i / 3 %% %(totes)s END,
               'task:' || i / 3, '', '', 'person:1'
          FROM generate_series(0, %(n)s - 1) i ORDER BY i""",
        f"""
        INSERT INTO orders_order (id, number, site_id, ref, client, state, accepted_at, promise_from, promise_until,
            substitution, min_remaining_days, address, volume_ml, weight_g, temperatures)
        SELECT gen_random_uuid(), i + 1, %(site)s, 'W-' || lpad(i::text, 8, '0'), 'shop',
               CASE WHEN i >= %(n)s - 40 THEN 'accepted' WHEN i %% 50 = 0 THEN 'cancelled' ELSE 'handed_over' END,
               {at}, {at}, {at} + interval '2 hours', 'never', 0, '{{}}', 1, 1, '[]'
          FROM generate_series(0, %(n)s - 1) i""",
        f"""
        INSERT INTO core_journalentry (at, site, verb, actor, actor_name, subject, data)
        SELECT {at}, 'DEMO', (ARRAY['order.accepted', 'order.released', 'task.picked'])[i %% 3 + 1], 'client:shop',
               'shop', 'order:' || i, '{{}}' FROM generate_series(0, %(n)s - 1) i""",
        """
        INSERT INTO inventory_balance (site_id, location_id, container_id, sku_id, lot_id, pickable, on_hand, reserved)
        SELECT %(site)s, location_id, container_id, sku_id, lot_id, location_id IS NOT NULL, sum(qty), 0 FROM (
            SELECT to_location_id AS location_id, to_container_id AS container_id, sku_id, lot_id, qty
              FROM inventory_stockmove WHERE to_location_id IS NOT NULL OR to_container_id IS NOT NULL
            UNION ALL SELECT from_location_id, from_container_id, sku_id, lot_id, -qty
              FROM inventory_stockmove WHERE from_location_id IS NOT NULL OR from_container_id IS NOT NULL
        ) flows GROUP BY 2, 3, 4, 5 HAVING sum(qty) <> 0""",
        """
        INSERT INTO inventory_skuposition (site_id, sku_id, on_hand, reserved, promised)
        SELECT site_id, sku_id, sum(on_hand), 0, 0 FROM inventory_balance WHERE pickable GROUP BY 1, 2""",
    )
    with connection.cursor() as cursor:
        for statement in statements:
            # the client puts the numbers in: a server that is told their type once would not compute with others
            text = statement % {name: _literal(value) for name, value in values.items()}
            cursor.execute(text)


def _literal(value: Any) -> str:
    return f"'{value.isoformat()}'" if isinstance(value, datetime) else str(value)


def _close(site: Site) -> int:
    last = partitions.month_of(NOW)
    count = 0
    while (due := closing.next_month(site=site)) and (
        last.year - due.year
    ) * 12 + last.month - due.month >= OPEN_MONTHS:
        closing.close_month(site=site, year=due.year, month=due.month, actor=SYSTEM)
        count += 1
    return count


def measure(given: argparse.Namespace) -> None:
    """Fill a scratch database, look back and page through it, answer."""
    console = Console(stderr=True)
    call_command("migrate", verbosity=0)
    with clock.using(FixedClock(NOW)):
        started = time.monotonic()
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
            # a scratch database of our own rows: references are right, no month is closed yet
            cursor.execute("SET session_replication_role = replica")
            with console.status(f"planting {given.moves:,} moves, orders and journal entries"):
                filled = fill(given.moves)
            cursor.execute("SET session_replication_role = origin")
            cursor.execute("VACUUM ANALYZE")
            cursor.execute("SET statement_timeout = 60000")
        planted_s = round(time.monotonic() - started, 1)
        with console.status("looking back"):
            looks, bare_looks = _look(filled, given.samples)
        with console.status("paging"):
            pages, bare_pages = _page(filled, max(given.samples // 5, 10))
    ratios = {name: _ratio(pages[name], bare_pages[name]) for name in pages}
    figures = {
        "moves": filled.moves,
        "closed_months": filled.closed,
        "planted_s": planted_s,
        "look_back_ms": looks,
        "page_ms": pages,
        "page_to_bare_sql": ratios,
        "goals": {
            f"look back p99 < {GOAL_LOOK_MS:.0f} ms": {k: v["p99"] < GOAL_LOOK_MS for k, v in looks.items()},
            f"page p99 < {GOAL_PAGE_MS:.0f} ms": {k: v["p99"] < GOAL_PAGE_MS for k, v in pages.items()},
        },
    }
    middle = _ratio(looks["as_of_site"], bare_looks["as_of_site"])
    answer(
        given.name,
        figures=figures,
        reference={"look_back_ms": bare_looks, "page_ms": bare_pages},
        ratio=middle,
        target=given.json,
    )


def _ratio(own: dict[str, Any], bare: dict[str, Any]) -> float | None:
    return round(own["p50"] / bare["p50"], 1) if own["p50"] and bare["p50"] else None


def timed(call: Callable[[], Any]) -> float:
    """Milliseconds of a call."""
    started = time.perf_counter()
    call()
    return (time.perf_counter() - started) * 1_000


def _look(filled: Filled, samples: int) -> tuple[dict[str, Any], dict[str, Any]]:
    chance = Random(1)
    site = filled.site.pk
    ids = {
        "sku_id": list(Sku.objects.values_list("pk", flat=True)),
        "lot_id": list(Lot.objects.values_list("pk", flat=True)),
        "location_id": list(Location.objects.values_list("pk", flat=True)),
        "container_id": list(Container.objects.values_list("pk", flat=True)),
    }

    def moment() -> datetime:
        return START + timedelta(seconds=chance.random() * (NOW - START).total_seconds())

    own: dict[str, list[float]] = {}
    bare: dict[str, list[float]] = {}
    for _ in range(samples):
        at = moment()
        own.setdefault("as_of_site", []).append(timed(lambda at=at: history.as_of(site_id=site, at=at)))
        bare.setdefault("as_of_site", []).append(timed(lambda at=at: _bare_month(at)))
        for name, known in ids.items():
            where = Where(**{name: chance.choice(known)})
            what = name.removesuffix("_id")
            own.setdefault(f"as_of_{what}", []).append(
                timed(lambda at=at, where=where: history.as_of(site_id=site, at=at, where=where))
            )
            own.setdefault(f"history_{what}", []).append(
                timed(
                    lambda at=at, where=where: history.moves(
                        site_id=site, where=where, size=50, older_than=(at, 0)
                    )
                )
            )
            column = {"sku_id": "sku_id", "lot_id": "lot_id"}.get(name, f"to_{name}")
            value = next(
                iter(v for v in (where.sku_id, where.lot_id, where.location_id, where.container_id) if v)
            )
            bare.setdefault(f"history_{what}", []).append(
                timed(lambda at=at, column=column, value=value: _bare_history(column, value, at))
            )
    return {k: percentiles(v) for k, v in own.items()}, {k: percentiles(v) for k, v in bare.items()}


def _bare_month(at: datetime) -> None:
    """The sum over the moves of the half month that the answer needs at most: what no program can leave out."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sku_id, sum(qty) FROM inventory_stockmove WHERE at > %s AND at <= %s GROUP BY 1",
            [at - timedelta(days=7), at],
        )
        cursor.fetchall()


def _bare_history(column: str, value: int, at: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT * FROM inventory_stockmove WHERE {column} = %s AND at < %s ORDER BY at DESC, id DESC LIMIT 50",
            [value, at],
        )
        cursor.fetchall()


@dataclass(frozen=True, slots=True)
class List:
    """An admin list: where it is, how it is ordered, a filter and a search, each as the page and as SQL ask it."""

    model: type[Any]
    url: str
    table: str
    fields: tuple[str, ...]
    filtered: tuple[str, str]
    searched: tuple[str, str]


LISTS = {
    "moves": List(
        StockMove,
        "/admin/inventory/stockmove/",
        "inventory_stockmove",
        ("at", "id"),
        ("kind__exact=ship", "kind = 'ship'"),
        ("q=SKU-0123", "sku_id = (SELECT id FROM catalog_sku WHERE code = 'SKU-0123')"),
    ),
    "orders": List(
        Order,
        "/admin/orders/order/",
        "orders_order",
        ("number",),
        ("state__exact=cancelled", "state = 'cancelled'"),
        ("q=W-000012", "ref LIKE 'W-000012%%'"),
    ),
    "journal": List(
        JournalEntry,
        "/admin/core/journalentry/",
        "core_journalentry",
        ("at", "id"),
        ("site=DEMO", "site = 'DEMO'"),
        ("q=task.picked", "verb = 'task.picked'"),
    ),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One page, and the bare SQL of its rows."""

    url: str
    sql: str
    values: tuple[Any, ...] = ()


def asked(moves: int) -> dict[str, Asked]:
    """Pages to measure: first, middle, 99 % down, last; first and deep with a filter; first and middle of a search."""
    found: dict[str, Asked] = {}
    for name, one in LISTS.items():
        rows = one.model._default_manager.order_by(*one.fields)
        for part, query, condition, share in (
            ("first", "", "true", None),
            ("middle", "", "true", 0.5),
            ("deep", "", "true", 0.01),
            ("last", "oldest=1", "true", None),
            ("filter_first", *one.filtered, None),
            ("filter_deep", *one.filtered, 0.01),
            ("search_first", *one.searched, None),
            ("search_middle", *one.searched, 0.5),
        ):
            row = _nth(rows, one.fields, moves, share) if share else None
            found[f"{name}_{part}"] = _asked(one, query, condition, row)
    for name, row, condition in (
        ("sku", Sku.objects.all()[0], "sku_id = {0}"),
        ("location", Location.objects.all()[0], "(from_location_id = {0} OR to_location_id = {0})"),
    ):
        deep = _nth(StockMove.objects.order_by("at", "id"), ("at", "id"), moves, 0.01)
        found[f"moves_of_{name}_deep"] = _asked(
            LISTS["moves"], f"{name}={row.pk}", condition.format(row.pk), deep
        )
    return found


def _asked(one: List, query: str, condition: str, row: Any) -> Asked:
    way = "ASC" if "oldest" in query else "DESC"
    order = ", ".join(f"{name} {way}" for name in one.fields)
    values: tuple[Any, ...] = ()
    if row is not None:
        query = "&".join(filter(None, (query, f"older={keyset.encode(row, one.fields)}")))
        values = tuple(getattr(row, name) for name in one.fields)
        condition += (
            f" AND {one.fields[0]} <= %s AND ({', '.join(one.fields)}) < ({', '.join(['%s'] * len(values))})"
        )
        values = (values[0], *values)
    elif "%%" in condition:
        condition = condition.replace("%%", "%")
    return Asked(
        f"{one.url}?{query}", f"SELECT * FROM {one.table} WHERE {condition} ORDER BY {order} LIMIT 51", values
    )


def _nth(rows: Any, fields: tuple[str, ...], moves: int, share: float) -> Any:
    if fields[0] == "number":
        return rows.get(number=max(int(moves * share), 1))
    return rows.filter(at__gte=START + (NOW - START) * share)[0]


def manager() -> Client:
    """A browser that is logged in as a manager."""
    client = Client(SERVER_NAME="localhost")
    client.force_login(User.objects.create_superuser("bench", "bench@example.com", "x"))
    return client


def _page(filled: Filled, samples: int) -> tuple[dict[str, Any], dict[str, Any]]:
    client = manager()
    for page in asked(filled.moves).values():
        assert client.get(page.url).status_code == 200, page.url  # templates are compiled once
    warm_up()  # as the web process does
    own: dict[str, list[float]] = {}
    bare: dict[str, list[float]] = {}
    for name, page in asked(filled.moves).items():
        for _ in range(samples):
            own.setdefault(name, []).append(timed(lambda page=page: client.get(page.url)))
            bare.setdefault(name, []).append(timed(lambda page=page: bare_rows(page)))
    return {k: percentiles(v) for k, v in own.items()}, {k: percentiles(v) for k, v in bare.items()}


def bare_rows(page: Asked) -> list[tuple[Any, ...]]:
    """The rows of a page, straight from the database."""
    with connection.cursor() as cursor:
        cursor.execute(page.sql, list(page.values) or None)
        return list(cursor.fetchall())


@txn.use_case
def fill_small(moves: int) -> Filled:
    """``fill`` for a test, in one transaction."""
    return fill(moves)
