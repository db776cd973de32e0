"""The benchmark of the ledger's past, small: it plants books that agree, and measures pages that show the right rows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from mfc.core import clock
from mfc.core.clock import FixedClock
from mfc.inventory import history
from mfc.inventory.models import StockMove
from tests.bench import ledger
from tests.proof import broken_invariants

MOVES = 5_000


@pytest.fixture
def filled(db: None) -> Any:
    with clock.using(FixedClock(ledger.NOW)):
        yield ledger.fill_small(MOVES)


def by_plain_sql(at: Any) -> dict[tuple[int, int, int, int], int]:
    sums: dict[tuple[int, int, int, int], int] = {}
    for move in StockMove.objects.filter(at__lte=at):
        for location, container, sign in (
            (move.to_location_id, move.to_container_id, 1),
            (move.from_location_id, move.from_container_id, -1),
        ):
            if location or container:
                key = (move.sku_id, location or 0, container or 0, move.lot_id or 0)
                sums[key] = sums.get(key, 0) + sign * move.qty
    return {key: qty for key, qty in sums.items() if qty}


def test_the_planted_books_agree_and_look_back_rightly(filled: ledger.Filled, manager_client: Client) -> None:
    assert filled.closed == 22
    assert "balances_equal_moves" not in broken_invariants()
    assert "snapshots_equal_moves" not in broken_invariants()
    for days in (0, 20, 45, 200, 700):
        at = ledger.NOW - timedelta(days=days)
        held = {
            (row.sku_id, row.location_id, row.container_id, row.lot_id): row.on_hand
            for row in history.as_of(site_id=filled.site.pk, at=at)
        }
        assert held == by_plain_sql(at), days

    for name, page in ledger.asked(MOVES).items():
        rows = manager_client.get(page.url).context["cl"].result_list
        with connection.cursor() as cursor:
            cursor.execute(page.sql, list(page.values) or None)
            names = [column.name for column in cursor.description]
            expected = [dict(zip(names, row, strict=True))["id"] for row in cursor.fetchall()][:50]
        if name.endswith("last"):
            expected = expected[::-1]
        assert [row.pk for row in rows] == expected, name
        assert rows or "deep" in name, name


@pytest.fixture
def manager_client(filled: ledger.Filled) -> Client:
    return ledger.manager()
