"""Looking back by REST: as of a moment, and moves page by page."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from mfc.api.models import ApiClient
from mfc.inventory import archive, closing
from mfc.inventory.models import StockMove
from tests import world as builder
from tests.client import Api, problem
from tests.ledgerwalk import Past
from tests.world import LEAD, NOW, World


def test_stock_as_of_a_past_moment(world: World, api: Api) -> None:
    world.clock.advance(hours=1)
    builder.receive(world, "A01-01", "TEA", 5)
    answer = api.get("/stock/as-of", at=NOW.isoformat(), sku="TEA").json()
    row = {"sku": "TEA", "lot": "", "location": "A01-01", "container": None, "on_hand": 10}
    assert answer == {"at": "2026-11-10T09:00:00Z", "next": None, "results": [row]}
    answer = api.get("/stock/as-of", at=world.clock.now().isoformat(), location="A01-01").json()
    assert answer["results"] == [row | {"on_hand": 15}]
    answer = api.get("/stock/as-of", at=NOW.isoformat(), sku="MILK", lot="SOON").json()
    assert [(held["location"], held["on_hand"]) for held in answer["results"]] == [("A02-02", 3)]


def test_a_long_answer_comes_in_pages(world: World, api: Api) -> None:
    seen, cursor = [], ""
    while True:
        answer = api.get(
            "/stock/as-of", at=NOW.isoformat(), limit="2", **({"cursor": cursor} if cursor else {})
        ).json()
        seen += [(row["location"], row["sku"], row["on_hand"]) for row in answer["results"]]
        cursor = answer["next"]
        if cursor is None:
            break
    assert sorted(seen) == sorted((place, sku, qty) for place, sku, _, _, qty in builder.STOCK)
    assert len(seen) == len(set(seen))


def test_moves_come_newest_first_in_pages(world: World, api: Api) -> None:
    Past(world, Random(9)).live(days=20, per_day=3)
    for query, expected in (
        ({}, StockMove.objects.all()),
        ({"sku": "TEA"}, StockMove.objects.filter(sku__code="TEA")),
        (
            {"from": (NOW + timedelta(days=3)).isoformat(), "until": (NOW + timedelta(days=6)).isoformat()},
            StockMove.objects.filter(at__gte=NOW + timedelta(days=3), at__lt=NOW + timedelta(days=6)),
        ),
    ):
        seen, cursor = [], None
        while True:
            answer = api.get(
                "/stock/moves", limit="7", **query, **({"cursor": cursor} if cursor else {})
            ).json()
            seen += [row["id"] for row in answer["results"]]
            cursor = answer["next"]
            if cursor is None:
                break
        assert seen == list(expected.order_by("-at", "-id").values_list("id", flat=True)), query


def test_a_move_says_what_went_where_and_why(world: World, api: Api) -> None:
    (row,) = api.get("/stock/moves", location="A02-02").json()["results"]
    assert row == {
        "id": row["id"],
        "at": "2026-11-10T09:00:00Z",
        "kind": "receipt",
        "sku": "MILK",
        "lot": "SOON",
        "qty": 3,
        "from": None,
        "to": {"location": "A02-02", "container": None},
        "reference": "opening stock",
        "reason_code": "",
        "reason": "",
        "weight_g": None,
        "actor": "user:1",
    }
    assert api.get("/stock/moves", container=world.totes[0]).json()["results"] == []


def test_archived_moves_are_told(world: World, api: Api, tmp_path: Path) -> None:
    world.clock.advance(days=30)
    closing.close_month(site=world.site, year=2026, month=11, actor=LEAD)
    archive.archive_month(month=date(2026, 11, 1), folder=tmp_path, actor=LEAD)
    body = problem(api.get("/stock/as-of", at=NOW.isoformat()), 410, "moment_archived")
    assert body["details"]["month"] == "2026-11"
    end = datetime(2026, 12, 1, tzinfo=UTC).isoformat()
    assert len(api.get("/stock/as-of", at=end).json()["results"]) == len(builder.STOCK)
    moves = api.get("/stock/moves").json()
    assert (moves["results"], moves["archived_until"]) == ([], "2026-12-01T00:00:00Z")


@pytest.mark.parametrize(
    ("path", "query", "status", "code"),
    [
        ("/stock/as-of", {}, 400, "invalid_request"),
        ("/stock/as-of", {"at": "yesterday"}, 400, "invalid_request"),
        ("/stock/as-of", {"at": "2026-11-10T09:00:00"}, 400, "invalid_request"),
        ("/stock/as-of", {"at": "2036-11-10T09:00:00Z"}, 422, "moment_in_future"),
        ("/stock/as-of", {"at": "2026-11-10T09:00:00Z", "sku": "NOPE"}, 404, "not_found"),
        ("/stock/as-of", {"at": "2026-11-10T09:00:00Z", "lot": "SOON"}, 400, "invalid_request"),
        ("/stock/as-of", {"at": "2026-11-10T09:00:00Z", "cursor": "W10="}, 400, "invalid_request"),
        ("/stock/as-of", {"at": "2026-11-10T09:00:00Z", "limit": "0"}, 400, "invalid_request"),
        ("/stock/moves", {"location": "NOPE"}, 404, "not_found"),
        ("/stock/moves", {"container": "NOPE"}, 404, "not_found"),
        ("/stock/moves", {"cursor": "x"}, 400, "invalid_request"),
        ("/stock/moves", {"from": "9999-99-99"}, 400, "invalid_request"),
        ("/stock/moves", {"sku": "\x00"}, 400, "invalid_request"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(
    world: World, api: Api, path: str, query: dict[str, str], status: int, code: str
) -> None:
    problem(api.get(path, **query), status, code)


def test_the_past_needs_the_right_to_read_stock(world: World) -> None:
    token = ApiClient(name="x", scopes=["orders:write"]).issue_token()
    for path in ("/stock/as-of", "/stock/moves"):
        problem(Api(token).get(path, at=NOW.isoformat()), 403, "not_allowed")
