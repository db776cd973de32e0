"""Lists of growing tables: pages by key with filter, scope and search; the past, and what people download of it."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from html import unescape
from itertools import chain
from random import Random
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from mfc.catalog.models import Sku
from mfc.core import keyset
from mfc.core.admin import ReadOnlyAdmin
from mfc.inventory.models import ClosedMonth, Container, StockMove
from mfc.layout.models import Location
from mfc.orders.models import Order
from tests import world as builder
from tests.ledgerwalk import Past
from tests.world import World

MOVES = "admin:inventory_stockmove_changelist"


@pytest.fixture
def moves(world: World, monkeypatch: pytest.MonkeyPatch) -> Past:
    past = Past(world, Random(4))
    past.live(days=20, per_day=4)
    monkeypatch.setattr(admin.site._registry[StockMove], "list_per_page", 7)
    return past


def links(answer: Any) -> dict[str, str]:
    page = answer.content.decode()
    nav = page[page.index('aria-label="Pages"') :]
    found = re.findall(r'<a (?:href="([^"]*)")?[^>]*>(Newest|Previous|Next|Oldest)</a>', nav)
    return {name: unescape(url) for url, name in found if url}


def ids(answer: Any) -> list[int]:
    return [row.pk for row in answer.context["cl"].result_list]


def flat(pages: Iterable[list[int]]) -> list[int]:
    return list(chain.from_iterable(pages))


def walk(client: Client, url: str, way: str) -> Iterator[list[int]]:
    answer = client.get(url)
    while True:
        yield ids(answer)
        query = links(answer).get(way)
        if query is None:
            return
        answer = client.get(reverse(MOVES) + query)


def test_pages_lead_through_all_moves_and_back(moves: Past, manager: Client) -> None:
    every = list(StockMove.objects.order_by("-at", "-id").values_list("pk", flat=True))
    forth = list(walk(manager, reverse(MOVES), "Next"))
    assert flat(forth) == every
    assert {len(page) for page in forth[:-1]} == {7}
    first = manager.get(reverse(MOVES))
    assert set(links(first)) == {"Next", "Oldest"}
    last = manager.get(reverse(MOVES) + links(first)["Oldest"])
    assert ids(last) == every[-7:]
    assert set(links(last)) == {"Newest", "Previous"}
    back = list(walk(manager, reverse(MOVES) + links(first)["Oldest"], "Previous"))
    assert flat(reversed(back)) == every
    assert ids(manager.get(reverse(MOVES) + links(last)["Newest"])) == every[:7]


def test_pages_keep_filter_scope_and_search(moves: Past, manager: Client) -> None:
    for query, expected in (
        ("kind__exact=move", StockMove.objects.filter(kind="move")),
        ("q=tea", StockMove.objects.filter(sku__code="TEA")),
        ("q=opening+stock", StockMove.objects.filter(reference="opening stock")),
        (f"sku={moves.world.skus['TEA'].pk}", StockMove.objects.filter(sku__code="TEA")),
        (
            f"sku={moves.world.skus['TEA'].pk}&kind__exact=move&q=TEA",
            StockMove.objects.filter(sku__code="TEA", kind="move"),
        ),
    ):
        seen = flat(walk(manager, f"{reverse(MOVES)}?{query}", "Next"))
        assert seen == list(expected.order_by("-at", "-id").values_list("pk", flat=True)), query
        assert seen, query


def test_the_moves_of_a_place_are_those_in_and_out(moves: Past, manager: Client) -> None:
    place = Location.objects.get(code="A01-01")
    answer = manager.get(reverse("admin:layout_location_moves", args=[place.pk]))
    assert answer.headers["Location"].endswith(f"location={place.pk}")
    tote = Container.objects.order_by("pk")[0]
    for name, row in (("location", place), ("container", tote)):
        seen = flat(walk(manager, f"{reverse(MOVES)}?{name}={row.pk}", "Next"))
        into = StockMove.objects.filter(**{f"to_{name}": row})
        out = StockMove.objects.filter(**{f"from_{name}": row})
        assert seen == [move.pk for move in (into | out).order_by("-at", "-id")]
        assert (
            f"<strong>{name} {row}</strong>"
            in manager.get(f"{reverse(MOVES)}?{name}={row.pk}").content.decode()
        )


@pytest.mark.parametrize("model", ["catalog_sku", "inventory_lot", "layout_location", "inventory_container"])
def test_pages_of_things_have_a_button_to_their_moves(moves: Past, manager: Client, model: str) -> None:
    owner = next(m for m in admin.site._registry if f"{m._meta.app_label}_{m._meta.model_name}" == model)
    row = owner._default_manager.first()
    page = manager.get(reverse(f"admin:{model}_change", args=[row.pk])).content.decode()
    url = reverse(f"admin:{model}_moves", args=[row.pk])
    assert f'href="{url}"' in page
    answer = manager.get(url, follow=True)
    assert answer.status_code == 200
    assert answer.context["cl"].scope_names


@pytest.mark.parametrize(
    "query", ["older=x", "newer=!!", "older=W10", "older=" + "A" * 3000, "newer=%00", "older=é"]
)
def test_a_cursor_that_is_none_shows_the_first_page_and_says_so(
    moves: Past, manager: Client, query: str
) -> None:
    answer = manager.get(f"{reverse(MOVES)}?{query}")
    assert answer.status_code == 200
    assert ids(answer) == ids(manager.get(reverse(MOVES)))
    assert "here is the first one" in answer.content.decode()


@pytest.mark.parametrize(
    "query", ["sku=0", "sku=x", "sku=99999999999999999999", "location=é", "container=-1"]
)
def test_a_scope_that_does_not_exist_shows_nothing_and_says_so(
    moves: Past, manager: Client, query: str
) -> None:
    answer = manager.get(f"{reverse(MOVES)}?{query}")
    assert (answer.status_code, ids(answer)) == (200, [])
    assert "nothing is shown" in answer.content.decode()


@pytest.mark.parametrize(
    "text", ["%", "_", "'", "99999999999999999999999", "\\", "é", "2026-01-01", "-1", "1e9", " "]
)
def test_no_search_breaks_a_list(moves: Past, manager: Client, text: str) -> None:
    for model, owner in admin.site._registry.items():
        if isinstance(owner, ReadOnlyAdmin):
            url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
            assert manager.get(url, {"q": text}).status_code == 200, (model, text)


def test_a_page_uses_neither_offset_nor_count_nor_a_column_order(moves: Past, manager: Client) -> None:
    deep = links(manager.get(reverse(MOVES)))["Next"]
    with CaptureQueriesContext(connection) as seen:
        answer = manager.get(reverse(MOVES) + deep + "&o=3")
    text = " ".join(query["sql"] for query in seen.captured_queries)
    assert "OFFSET" not in text
    assert "COUNT(" not in text
    assert ids(answer) == ids(manager.get(reverse(MOVES) + deep))


@pytest.mark.parametrize(
    ("model", "query"),
    [
        ("inventory_stockmove", ""),
        ("inventory_stockmove", "kind__exact=move"),
        ("inventory_stockmove", "q=TEA"),
        ("orders_order", ""),
        ("orders_order", "state__exact=accepted"),
        ("orders_orderline", ""),
        ("core_journalentry", ""),
        ("core_journalentry", "site=DEMO"),
        ("core_journalentry", "q=order.accepted"),
        ("core_receipt", ""),
        ("picking_picktask", ""),
        ("inventory_toteuse", ""),
    ],
)
def test_a_deep_page_is_read_from_an_index_in_its_order(
    world: World, manager: Client, model: str, query: str
) -> None:
    owner = next(
        o for m, o in admin.site._registry.items() if f"{m._meta.app_label}_{m._meta.model_name}" == model
    )
    fields = keyset.fields_of(owner.ordering, owner.model)
    key = base64.urlsafe_b64encode(
        json.dumps(["2026-11-20T00:00:00+00:00" if "at" in name else 10**6 for name in fields]).encode()
    ).decode()
    with CaptureQueriesContext(connection) as seen:
        assert manager.get(reverse(f"admin:{model}_changelist") + f"?{query}&older={key}").status_code == 200
    walks = [one["sql"] for one in seen.captured_queries if "LIMIT 51" in one["sql"]]
    assert walks
    with connection.cursor() as cursor:
        # so small a table is scanned and sorted for choice; what matters is whether an index can do it
        cursor.execute(
            "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off"
        )
        for sql in walks:
            cursor.execute(f"EXPLAIN {sql}")
            plan = "\n".join(line for (line,) in cursor.fetchall())
            assert "Seq Scan" not in plan, plan
            # a union sorts what its walks bring, at most a page of each; the walks themselves sort nothing
            inner = plan.split("->  Limit")[1:] if "UNION" in sql else [plan]
            assert not [part for part in inner if "Sort  (" in part], plan
            assert "Index" in plan, plan


def test_every_list_that_is_walked_by_key_can_be() -> None:
    walked = [model for model, owner in admin.site._registry.items() if getattr(owner, "keyset", False)]
    assert {
        "StockMove",
        "Order",
        "OrderLine",
        "JournalEntry",
        "Receipt",
        "Reservation",
        "PickTask",
        "BatchOrder",
        "ToteUse",
    } <= {model.__name__ for model in walked}
    for model in walked:
        assert keyset.fields_of(admin.site._registry[model].ordering, model)


def test_orders_are_found_by_the_beginning_of_their_reference(world: World, manager: Client) -> None:
    for number in range(5):
        world.accept(f"AB-{number}", TEA=1)
    world.accept("CD-1", TEA=1)
    url = reverse("admin:orders_order_changelist")
    found = [row.ref for row in manager.get(url, {"q": "ab-"}).context["cl"].result_list]
    assert found == ["AB-4", "AB-3", "AB-2", "AB-1", "AB-0"]
    number = Order.objects.get(ref="CD-1").number
    assert [row.ref for row in manager.get(url, {"q": str(number)}).context["cl"].result_list] == ["CD-1"]
    lines = manager.get(reverse("admin:orders_orderline_changelist"), {"q": "AB-2"}).context["cl"].result_list
    assert [line.order.ref for line in lines] == ["AB-2"]


def test_an_action_reaches_the_rows_that_were_chosen_on_a_later_page(world: World, manager: Client) -> None:
    for number in range(5):
        world.accept(f"AB-{number}", TEA=1)
    chosen = Order.objects.get(ref="AB-1")
    key = keyset.encode(Order.objects.get(ref="AB-2"), ("number",))
    url = reverse("admin:orders_order_changelist") + f"?older={key}&q=AB"
    manager.post(
        url, {"action": "cancel", "_selected_action": [str(chosen.pk)], "confirmed": "1", "reason": "x"}
    )
    chosen.refresh_from_db()
    assert chosen.state == "cancelled"


AS_OF = "admin:inventory_skuposition_as_of"


def ask(client: Client, world: World, **fields: str) -> Any:
    moment = fields.pop("at", world.clock.now().strftime("%Y-%m-%dT%H:%M:%S"))
    return client.get(reverse(AS_OF), {"site": str(world.site.pk), "at": moment, **fields})


def test_stock_as_of_a_moment_is_shown_and_downloaded(world: World, manager: Client) -> None:
    before = world.clock.now()
    world.clock.advance(hours=2)
    builder.receive(world, "A01-01", "TEA", 5)
    assert manager.get(reverse(AS_OF)).status_code == 200
    moment = before.strftime("%Y-%m-%dT%H:%M:%S")
    rows = ask(manager, world, at=moment, sku="TEA").context["rows"]
    assert [(row["sku"], row["place"], row["on_hand"]) for row in rows] == [("TEA", "A01-01", 10)]
    rows = ask(manager, world, place="A01-01").context["rows"]
    assert [(row["sku"], row["place"], row["on_hand"]) for row in rows] == [("TEA", "A01-01", 15)]
    answer = ask(manager, world, at=moment, format="csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    table = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert table[0] == ["sku", "name", "lot", "expires_on", "place", "on_hand"]
    assert len(table) == 1 + len(builder.STOCK)
    assert ["MILK", "Whole milk", "LATE", "2026-11-30", "A02-01", "5"] in table


def test_a_download_never_starts_a_formula(world: World, manager: Client) -> None:
    Sku.objects.filter(code="TEA").update(name="=cmd|' /C calc'!A0")
    answer = ask(manager, world, sku="TEA", format="csv")
    assert "'=cmd|" in b"".join(answer.streaming_content).decode()


def test_questions_that_have_no_answer_are_told(world: World, manager: Client) -> None:
    assert "Not known here." in ask(manager, world, sku="NOPE").content.decode()
    assert "Not known here." in ask(manager, world, place="NOPE").content.decode()
    later = (world.clock.now() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%S")
    assert "has not come yet" in ask(manager, world, at=later).content.decode()
    assert ask(manager, world, at="never").status_code == 200


def test_the_past_is_for_those_who_may_see_stock(world: World, client: Client) -> None:
    client.force_login(User.objects.create_user("visitor", is_staff=True))
    assert ask(client, world).status_code == 403
    assert client.get(reverse(MOVES)).status_code == 403
    assert client.get(reverse("admin:inventory_closedmonth_close_next")).status_code == 403


def test_a_month_is_closed_by_hand_after_a_question(world: World, manager: Client) -> None:
    url = reverse("admin:inventory_closedmonth_close_next")
    manager.post(url, {"confirmed": "1"})
    assert not ClosedMonth.objects.exists(), "November is not over"
    world.clock.advance(days=30)
    assert "Close 2026-11 of DEMO?" in manager.get(url).content.decode()
    assert not ClosedMonth.objects.exists()
    answer = manager.post(url, {"confirmed": "1"})
    assert [str(message) for message in get_messages(answer.wsgi_request)][-1:] == [
        "Closed: 2026-11, 7 moves."
    ]
    assert str(ClosedMonth.objects.get()) == "2026-11"
