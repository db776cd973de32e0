"""Months close in their order and for good; closed months leave as verified files; partitions come in time."""

from __future__ import annotations

import csv
import gzip
import hashlib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from mfc.core import txn
from mfc.core.models import JournalEntry
from mfc.inventory import archive, closing, partitions, reconcile
from mfc.inventory.models import BalanceSnapshot, ClosedMonth, StockMove
from mfc.layout.models import Site
from tests import world as builder
from tests.ledgerwalk import Past
from tests.proof import broken_invariants, refused
from tests.world import LEAD, NOW, World


def close(world: World, year: int, month: int) -> ClosedMonth:
    return closing.close_month(site=world.site, year=year, month=month, actor=LEAD)


def test_closing_keeps_what_every_place_held_at_the_end(world: World) -> None:
    world.clock.advance(days=25)
    builder.receive(world, "A01-01", "TEA", 5)
    closed = close(world, 2026, 11)
    assert (closed.starts_on, closed.ends_at) == (date(2026, 11, 1), datetime(2026, 12, 1, tzinfo=UTC))
    assert closed.moves == len(builder.STOCK)
    kept = {
        (row.location.code, row.sku.code, row.lot.code if row.lot else ""): row.on_hand
        for row in BalanceSnapshot.objects.select_related("location", "sku", "lot")
    }
    assert kept == {(place, sku, lot): qty for place, sku, lot, _, qty in builder.STOCK}
    entry = JournalEntry.objects.get(verb="month.closed")
    assert (entry.subject, entry.data["moves"]) == ("month:2026-11", closed.moves)
    assert broken_invariants() == {}


def test_a_month_that_is_not_over_stays_open(world: World) -> None:
    world.clock.at = datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC)
    with refused("month_not_over"):
        close(world, 2026, 11)


def test_months_close_in_their_order(world: World) -> None:
    world.clock.advance(days=120)
    with refused("month_not_next") as caught:
        close(world, 2026, 12)
    assert caught.value.details == {"due": "2026-11"}
    with refused("nothing_to_close"):
        close(world, 2026, 10)
    close(world, 2026, 11)
    with refused("month_closed"):
        close(world, 2026, 11)
    assert close(world, 2026, 12).moves == 0


def test_a_site_without_moves_has_nothing_to_close(world: World) -> None:
    other = Site.objects.create(code="EMPTY", name="x", width_mm=1, depth_mm=1, front_y_mm=0, back_y_mm=1)
    world.clock.advance(days=30)
    with refused("nothing_to_close"):
        closing.close_month(site=other, year=2026, month=11, actor=LEAD)


@pytest.mark.parametrize("wrong", ["on_hand + 1", "on_hand - 1"])
def test_books_that_disagree_are_not_closed(world: World, wrong: str) -> None:
    world.clock.advance(days=30)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE inventory_balance SET on_hand = {wrong} WHERE id = (SELECT min(id) FROM inventory_balance)"
        )
    with refused("books_disagree") as caught:
        close(world, 2026, 11)
    (place,) = caught.value.details["places"]
    assert abs(place["difference"]) == 1


def test_a_closed_month_takes_no_move(world: World) -> None:
    world.clock.advance(days=30)
    close(world, 2026, 11)
    builder.receive(world, "A01-01", "TEA", 1)
    world.clock.at = datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC)
    with pytest.raises(DatabaseError, match="is closed"), txn.transaction_scope(), txn.savepoint():
        builder.receive(world, "A01-01", "TEA", 1)
    assert StockMove.objects.filter(at__lt=NOW + timedelta(days=29)).count() == len(builder.STOCK)


def test_snapshots_are_final_in_the_database(world: World) -> None:
    world.clock.advance(days=30)
    close(world, 2026, 11)
    for statement in (
        "UPDATE inventory_balancesnapshot SET on_hand = 1",
        "DELETE FROM inventory_balancesnapshot",
    ):
        with pytest.raises(DatabaseError, match="final"), transaction.atomic():
            connection.cursor().execute(statement)


def tables() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text, count(*) FROM inventory_stockmove GROUP BY 1")
        return dict(cursor.fetchall())


def test_partitions_are_made_ahead_and_fetch_what_waits_in_the_default_one(world: World) -> None:
    world.clock.at = datetime(2031, 3, 15, tzinfo=UTC)
    builder.receive(world, "A01-01", "TEA", 5)
    world.clock.at = datetime(2031, 7, 15, tzinfo=UTC)
    builder.receive(world, "A01-01", "TEA", 5)
    before = list(StockMove.objects.order_by("id").values())
    assert tables()[partitions.DEFAULT] == 2
    made = partitions.ensure_partitions()
    assert made == [date(2031, 3, 1), date(2031, 7, 1), date(2031, 8, 1), date(2031, 9, 1)]
    assert partitions.ensure_partitions() == []
    assert set(made) <= set(partitions.existing())
    counts = tables()
    assert counts["inventory_stockmove_y2031m03"] == counts["inventory_stockmove_y2031m07"] == 1
    assert partitions.DEFAULT not in counts
    assert list(StockMove.objects.order_by("id").values()) == before
    builder.receive(world, "A01-01", "TEA", 5)
    world.clock.at = datetime(2035, 1, 1, tzinfo=UTC)
    builder.receive(world, "A01-01", "TEA", 5)
    for table in ("inventory_stockmove_y2031m03", partitions.DEFAULT, partitions.TABLE):
        for change in (f"UPDATE {table} SET qty = qty + 1", f"DELETE FROM {table}"):
            with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
                connection.cursor().execute(change)
    assert tables()["inventory_stockmove_y2031m07"] == 2
    assert broken_invariants() == {}


def test_the_references_of_a_new_partition_are_checked(world: World) -> None:
    partitions.ensure(months=[date(2040, 1, 1)])
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(DatabaseError, match="foreign key"), transaction.atomic():
            cursor.execute(
                "INSERT INTO inventory_stockmove (at, site_id, kind, sku_id, qty, to_location_id, reference, reason_code,"
                " reason, actor) VALUES ('2040-01-05', %s, 'adjust', 0, 1, %s, '', '', '', '')",
                [world.site.pk, world.locations["A01-01"].pk],
            )


def archived(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as packed:
        return list(csv.DictReader(packed))


def test_an_archived_month_is_in_the_file_and_no_longer_in_the_table(world: World, tmp_path: Path) -> None:
    Past(world, Random(3)).live(days=40)
    close(world, 2026, 11)
    month = StockMove.objects.filter(at__lt=datetime(2026, 12, 1, tzinfo=UTC))
    ids = list(month.order_by("at", "id").values_list("id", flat=True))
    total = StockMove.objects.count()
    done = archive.archive_month(month=date(2026, 11, 1), folder=tmp_path, actor=LEAD)
    assert done.moves == len(ids) > len(builder.STOCK)
    rows = archived(done.file)
    assert [int(row["id"]) for row in rows] == ids
    assert hashlib.sha256(done.file.read_bytes()).hexdigest() == done.sha256
    assert StockMove.objects.count() == total - len(ids)
    assert date(2026, 11, 1) not in partitions.existing()
    closed = ClosedMonth.objects.get()
    assert (closed.archive_file, closed.archive_sha256) == (str(done.file), done.sha256)
    assert closed.archived_at == world.clock.now()
    assert JournalEntry.objects.get(verb="moves.archived").data["sha256"] == done.sha256
    assert {name for name in broken_invariants() if "moves" in name} == set()


def test_open_months_are_not_archived(world: World, tmp_path: Path) -> None:
    world.clock.advance(days=60)
    with refused("month_open"):
        archive.archive_month(month=date(2026, 11, 1), folder=tmp_path, actor=LEAD)
    close(world, 2026, 11)
    with refused("month_not_next"):
        archive.archive_month(month=date(2026, 12, 1), folder=tmp_path, actor=LEAD)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_lost_something_removes_nothing(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.clock.advance(days=30)
    close(world, 2026, 11)
    real = archive._unpacked

    def short(path: Path) -> Any:
        yield b"".join(real(path)).rsplit(b"\n", 2)[0] + b"\n"

    monkeypatch.setattr(archive, "_unpacked", short)
    with refused("archive_unverified"):
        archive.archive_month(month=date(2026, 11, 1), folder=tmp_path, actor=LEAD)
    assert date(2026, 11, 1) in partitions.existing()
    monkeypatch.undo()
    with refused("archive_unverified") as caught:
        archive.archive_month(month=date(2026, 11, 1), folder=tmp_path, actor=LEAD)
    assert "exists" in caught.value.message


def test_commands_close_archive_and_reconcile(world: World, tmp_path: Path, capsys: Any) -> None:
    world.clock.advance(days=60)
    call_command("close_month", "2026-11")
    call_command("close_month")
    with pytest.raises(CommandError, match="not over"):
        call_command("close_month")
    with pytest.raises(CommandError, match="write the month as"):
        call_command("close_month", "November")
    call_command("archive_moves", before="2026-12", to=str(tmp_path))
    said = capsys.readouterr().out
    assert "Closed 2026-11 of DEMO: 7 moves." in said
    assert "Closed 2026-12 of DEMO: 0 moves." in said
    assert "2026-11: 7 moves in" in said
    assert {path.name for path in tmp_path.iterdir()} == {
        "stock-moves-2026-11.csv.gz",
        "stock-moves-2026-11.csv.gz.sha256",
    }
    call_command("archive_moves", before="2026-12", to=str(tmp_path))
    assert "No moves before 2026-12" in capsys.readouterr().out
    call_command("reconcile")
    assert "agree" in capsys.readouterr().out


def test_reconcile_names_place_sku_and_lot_and_says_what_to_do(world: World, capsys: Any) -> None:
    assert reconcile.differences(site=world.site) == []
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE inventory_balance SET on_hand = 9 WHERE location_id = %s", [world.locations["A02-01"].pk]
        )
        cursor.execute(
            "UPDATE inventory_balance SET reserved = 1 WHERE location_id = %s", [world.locations["A01-01"].pk]
        )
    found = {
        (one.check, one.place, one.sku, one.lot): (one.book, one.rebuilt)
        for one in reconcile.differences(site=world.site)
    }
    assert found == {
        ("balances_equal_moves", "A02-01", "MILK", "LATE"): (9, 5),
        ("positions_equal_balances", "whole site", "MILK", ""): (8, 12),
        ("positions_equal_balances", "whole site", "TEA", ""): (0, 1),
        ("reservations_equal_reserved", "A01-01", "TEA", ""): (1, 0),
    }
    assert all(one.suggestion.endswith((".", "'")) for one in reconcile.differences(site=world.site))
    with pytest.raises(SystemExit) as ended:
        call_command("reconcile", json=True)
    assert ended.value.code == 1
    assert '"place": "A02-01"' in capsys.readouterr().out


def test_the_nightly_check_is_written_down(world: World) -> None:
    assert reconcile.nightly(world.site) == []
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE inventory_skuposition SET on_hand = on_hand + 1 WHERE sku_id = %s", [world.skus["TEA"].pk]
        )
    (found,) = reconcile.nightly(world.site)
    assert (found.sku, found.book, found.rebuilt) == ("TEA", 11, 10)
    said = [
        entry.data["differences"]
        for entry in JournalEntry.objects.filter(verb="stock.reconciled").order_by("id")
    ]
    assert said == [0, 1]
