"""Stock as of any moment equals plain arithmetic, across closings and archives; the history is whole and in order."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from django.db import connection

from mfc.core.errors import DomainError
from mfc.inventory import archive, closing, history
from mfc.inventory.models import ClosedMonth, Container, StockMove
from mfc.inventory.sums import Where
from tests.ledgerwalk import Past, as_counter, moments
from tests.proof import broken_invariants
from tests.world import LEAD, NOW, World

STOCK_CHECKS = {
    "balances_equal_moves",
    "snapshots_equal_moves",
    "moves_are_whole",
    "positions_equal_balances",
}


def wrong_books() -> set[str]:
    return set(broken_invariants()) & STOCK_CHECKS


def close(world: World, year: int, month: int) -> ClosedMonth:
    return closing.close_month(site=world.site, year=year, month=month, actor=LEAD)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_stock_as_of_any_moment_is_what_the_moves_add_up_to(world: World, tmp_path: Path, seed: int) -> None:
    past = Past(world, Random(seed))
    past.live(days=70)
    check(world, past, NOW - timedelta(days=1))
    close(world, 2026, 11)
    check(world, past, NOW - timedelta(days=1))
    past.live(days=60)
    close(world, 2026, 12)
    close(world, 2027, 1)
    check(world, past, NOW - timedelta(days=1))
    assert wrong_books() == set()

    archive.archive_month(month=date(2026, 11, 1), folder=tmp_path, actor=LEAD)
    archive.archive_month(month=date(2026, 12, 1), folder=tmp_path, actor=LEAD)
    assert wrong_books() == set()
    check(world, past, datetime(2027, 1, 1, tzinfo=UTC))
    for end in (datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)):
        for moment in (end, end - timedelta(microseconds=1), end - timedelta(seconds=1)):
            expected = past.held(end - timedelta(microseconds=1))
            assert as_counter(history.as_of(site_id=world.site.pk, at=moment)) == expected
    past.live(days=20)
    assert wrong_books() == set()
    check(world, past, datetime(2027, 1, 1, tzinfo=UTC))


def check(world: World, past: Past, start: datetime) -> None:
    """The program's answers, for everything and for parts, against the account."""
    site, now = world.site.pk, world.clock.now()
    for at in moments(past, start, now, 12):
        expected = past.held(at)
        assert as_counter(history.as_of(site_id=site, at=at)) == expected, at
        if not expected:
            continue
        sku, location, container, lot = past.chance.choice(sorted(expected))
        for where, fits in (
            (Where(sku_id=sku), lambda key, sku=sku: key[0] == sku),
            (Where(location_id=location), lambda key, location=location: key[1] == location),
            (Where(container_id=container), lambda key, container=container: key[2] == container),
            (Where(lot_id=lot), lambda key, lot=lot: key[3] == lot),
        ):
            if any(value for value in (where.sku_id, where.location_id, where.container_id, where.lot_id)):
                part = {key: qty for key, qty in expected.items() if fits(key)}
                assert as_counter(history.as_of(site_id=site, at=at, where=where)) == part, (at, where)


def test_an_answer_is_read_in_parts_without_gap_or_double(world: World) -> None:
    past = Past(world, Random(7))
    past.live(days=20)
    at = world.clock.now() - timedelta(days=5)
    whole = history.as_of(site_id=world.site.pk, at=at)
    assert whole == sorted(whole)
    parts, after = [], None
    while part := history.as_of(site_id=world.site.pk, at=at, after=after, limit=3):
        parts += part
        after = part[-1]
    assert parts == whole
    assert len(parts) > 6


def test_a_moment_that_has_not_come_is_refused(world: World) -> None:
    with pytest.raises(DomainError) as caught:
        history.as_of(site_id=world.site.pk, at=world.clock.now() + timedelta(seconds=1))
    assert caught.value.code == "moment_in_future"


def test_a_moment_inside_an_archived_month_is_refused_with_what_to_do(world: World, tmp_path: Path) -> None:
    world.clock.advance(days=30)
    close(world, 2026, 11)
    done = archive.archive_month(month=date(2026, 11, 1), folder=tmp_path, actor=LEAD)
    with pytest.raises(DomainError) as caught:
        history.as_of(site_id=world.site.pk, at=NOW)
    assert caught.value.code == "moment_archived"
    assert caught.value.details["file"] == str(done.file)
    assert caught.value.details["month_ends"] == ["2026-11-01T00:00:00+00:00", "2026-12-01T00:00:00+00:00"]
    assert "load the archive file" in caught.value.remedy
    assert history.as_of(site_id=world.site.pk, at=datetime(2026, 10, 5, tzinfo=UTC)) == []
    assert history.archived_until(site_id=world.site.pk) == datetime(2026, 12, 1, tzinfo=UTC)


def test_the_history_of_a_thing_is_whole_and_newest_first(world: World) -> None:
    past = Past(world, Random(11))
    past.live(days=40, per_day=4)
    every = list(StockMove.objects.order_by("-at", "-id"))
    place, tote = world.locations["A01-01"].pk, Container.objects.order_by("pk")[0].pk
    for where, fits in (
        (Where(), lambda move: True),
        (Where(sku_id=every[0].sku_id), lambda move: move.sku_id == every[0].sku_id),
        (
            Where(lot_id=world.lots["LATE"].pk),
            lambda move: move.lot_id == world.lots["LATE"].pk,
        ),
        (Where(location_id=place), lambda move: place in (move.from_location_id, move.to_location_id)),
        (Where(container_id=tote), lambda move: tote in (move.from_container_id, move.to_container_id)),
    ):
        expected = [move.pk for move in every if fits(move)]
        seen: list[int] = []
        key = None
        while True:
            page = history.moves(site_id=world.site.pk, where=where, size=4, older_than=key)
            seen += [move.pk for move in page.rows]
            if page.older is None:
                break
            key = (page.rows[-1].at, page.rows[-1].pk)
        assert seen == expected, where
        assert expected, where


def test_a_history_has_a_beginning_and_an_end_in_time(world: World) -> None:
    past = Past(world, Random(5))
    past.live(days=20)
    since, until = NOW + timedelta(days=4), NOW + timedelta(days=9)
    page = history.moves(site_id=world.site.pk, where=Where(), size=200, since=since, until=until)
    expected = StockMove.objects.filter(at__gte=since, at__lt=until).order_by("-at", "-id")
    assert [move.pk for move in page.rows] == list(expected.values_list("pk", flat=True))
    assert page.rows


@pytest.mark.parametrize(
    ("where", "index"),
    [
        ("sku_id = 1", "sku_id"),
        ("lot_id = 1", "lot_id"),
        ("from_location_id = 1", "from_location"),
        ("to_container_id = 1", "to_container"),
        ("kind = 'pick'", "kind"),
        ("reference = 'task:1'", "reference"),
        ("true", "at_id"),
    ],
)
def test_a_deep_page_of_moves_reads_an_index_in_order(world: World, where: str, index: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        cursor.execute(
            f"EXPLAIN SELECT at, id FROM inventory_stockmove WHERE {where} AND at <= '2026-11-20'"
            " AND (at, id) < ('2026-11-20', 5) ORDER BY at DESC, id DESC LIMIT 51"
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Seq Scan" not in plan
    assert "Sort  " not in plan
    assert f"{index}" in plan
    assert "y2026m12" not in plan, "partitions after the cursor are not looked at"
