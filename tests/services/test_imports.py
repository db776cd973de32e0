"""Imports: a file is refused or taken as a whole, each chunk once, whatever happens to the worker."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db.models import F
from django.db.models.functions import Now
from procrastinate.contrib.django.models import ProcrastinateJob

from mfc.catalog.models import Barcode, Pack, Sku, VariableMeasure
from mfc.core import exchange, imports
from mfc.core.actors import Actor
from mfc.core.models import ImportChunk, ImportRun, JournalEntry
from mfc.env import ROOT
from mfc.inventory.models import Balance, Lot, StockMove
from mfc.layout.models import Location
from tests.proof import broken_invariants, refused, unchanged
from tests.world import World, label

MANAGER = Actor("user", "7", "Mo")


def upload(kind: str, text: str | bytes, **options: Any) -> ImportRun:
    data = text if isinstance(text, bytes) else text.encode()
    return imports.upload(site="DEMO", kind=kind, file_name="test.csv", data=data, actor=MANAGER, **options)


def run_all(run: ImportRun) -> ImportRun:
    """What the worker does until nothing is left to do."""
    for _ in range(200):
        run.refresh_from_db()
        if run.state not in {"uploaded", "checking", "importing"}:
            return run
        imports.work(run_id=run.pk)
    raise AssertionError("the import does not end")


def take(kind: str, text: str | bytes, **options: Any) -> ImportRun:
    return run_all(upload(kind, text, go_on=True, **options))


def problems(run: ImportRun) -> list[list[Any]]:
    return list(imports.problems(run.pk))


def counts(run: ImportRun) -> tuple[str, int, int, int, int]:
    return run.state, run.rows_new, run.rows_changed, run.rows_same, run.rows_failed


def master_data() -> list[Any]:
    return [
        list(model._default_manager.order_by("pk").values_list())
        for model in (Sku, Pack, Barcode, Location, Lot)
    ]


def export(kind: str) -> str:
    return "".join(exchange.export(exchange.kind_of(kind), "DEMO"))


NEW_SKU = (
    "SKU;Name;weight_g;volume_ml;temperature;barcodes;case_eaches;case_barcodes\r\n"
    "JAM;Jam, red;400;350;Ambient;036000291452|old jam;12;00036000291469\r\n"
)


def test_a_new_sku_comes_with_packs_and_codes_in_one_form(world: World) -> None:
    run = take("skus", b"\xef\xbb\xbf" + NEW_SKU.encode())
    assert counts(run) == ("done", 1, 0, 0, 0)
    sku = Sku.objects.get(code="JAM")
    assert (sku.name, sku.weight_g, sku.temperature, sku.velocity) == ("Jam, red", 400, "ambient", "C")
    codes = Barcode.objects.filter(sku=sku).order_by("code").values_list("code", "pack__eaches")
    assert list(codes) == [("00036000291452", None), ("00036000291469", 12), ("old jam", None)]
    assert JournalEntry.objects.filter(verb="import.done", subject=f"import:{run.pk}").count() == 1


def test_the_same_file_twice_changes_nothing(world: World) -> None:
    take("skus", NEW_SKU)
    before = master_data()
    assert counts(take("skus", NEW_SKU)) == ("done", 0, 0, 1, 0)
    assert master_data() == before


def test_missing_columns_stay_as_they_are_and_empty_cells_are_emptied(world: World) -> None:
    Sku.objects.filter(code="TEA").update(brand="Old", shelf_life_days=9)
    run = take("skus", "sku,brand,price_cents\nTEA,,250\n")
    assert counts(run) == ("done", 0, 1, 0, 0)
    tea = Sku.objects.get(code="TEA")
    assert (tea.brand, tea.price_cents, tea.shelf_life_days, tea.name) == ("", 250, 9, "Tea caddy")
    assert tea.barcodes.count() == 1


def test_one_wrong_row_refuses_the_whole_file(world: World) -> None:
    text = (
        "sku,name,weight_g,volume_ml,temperature,barcodes\n"
        "GOOD,Good,1,1,ambient,\n"
        "BAD1,,x,1,warm,\n"
        "BAD2,Bad,1,1,ambient,5901234123458\n"
        f"BAD3,Bad,1,1,ambient,{world.gtins['TEA']}\n"
        "NEW,New\n"
        "GOOD,Again,1,1,ambient,\n"
    )
    before = master_data()
    with unchanged():
        run = upload("skus", text, queued=False)
        run_all(run)
    assert master_data() == before
    assert counts(run)[0::4] == ("refused", 5)
    tea = world.gtins["TEA"].zfill(14)
    assert problems(run) == [
        [3, "name", "value_missing", "The cell is empty.", "1 to 200 characters"],
        [3, "weight_g", "value_invalid", "'x' is not 1 to 2000000000.", "a whole number from 1: grams of one each"],
        [3, "temperature", "value_invalid", "'warm' is none of ambient, chilled, frozen.", "ambient, chilled or frozen"],
        [4, "barcodes", "wrong_check_digit",
         "The check digit of 5901234123458 is 8, it should be 7: scan it again.",
         "codes of one each with | between them, each once"],
        [5, "barcodes", "barcode_taken", f"{tea} is already the code of TEA (each).", "a code nobody else has"],
        [6, "", "row_length", "The row has 2 cells.", "6 cells"],
        [7, "sku", "value_duplicate", "GOOD stands in line 2 too.", "one row"],
    ]  # fmt: skip
    with refused("illegal_transition"):
        imports.begin(run_id=run.pk, actor=MANAGER)


def test_good_rows_are_taken_when_somebody_asks_for_it(world: World) -> None:
    text = "sku,name,weight_g,volume_ml\nGOOD,Good,1,1\nBAD,Bad,0,1\n"
    run = take("skus", text, partial=True)
    assert counts(run) == ("done", 1, 0, 0, 1)
    assert run.report == "1 new, 0 changed, 0 as they were. 1 rows were left out."
    assert not Sku.objects.filter(code="BAD").exists()


def test_a_check_alone_writes_nothing_until_somebody_begins(world: World) -> None:
    run = run_all(upload("skus", NEW_SKU))
    assert counts(run) == ("checked", 1, 0, 0, 0)
    assert not Sku.objects.filter(code="JAM").exists()
    imports.begin(run_id=run.pk, actor=MANAGER)
    assert run_all(run).state == "done"
    assert Sku.objects.filter(code="JAM").exists()


def test_a_code_wanders_from_one_article_to_another_in_one_file(world: World) -> None:
    tea, mug = world.gtins["TEA"], world.gtins["MUG"]
    run = take("skus", f"sku,barcodes\nTEA,\nMUG,{mug}|{tea}\n")
    assert counts(run) == ("done", 0, 2, 0, 0)
    assert Barcode.objects.get(code=tea.zfill(14)).sku.code == "MUG"
    other_way = run_all(upload("skus", f"sku,barcodes\nTEA,{tea}\nMUG,{mug}\n"))
    assert other_way.state == "refused", "the new owner stands before the old one"


def test_two_articles_of_one_file_cannot_claim_one_code(world: World) -> None:
    text = "sku,name,weight_g,volume_ml,barcodes\nA1,A,1,1,036000291452\nA2,B,1,1,0036000291452\n"
    run = run_all(upload("skus", text))
    assert [row[:3] for row in problems(run)] == [[3, "barcodes", "barcode_taken"]]


def test_a_pack_is_changed_and_taken_away(world: World) -> None:
    take("skus", "sku,inner_eaches,inner_barcodes\nTEA,6,PACK-6\n")
    assert counts(take("skus", "sku,inner_eaches\nTEA,8\n")) == ("done", 0, 1, 0, 0)
    assert Pack.objects.get(sku__code="TEA").eaches == 8
    assert counts(take("skus", "sku,inner_eaches,inner_barcodes\nTEA,,\n")) == ("done", 0, 1, 0, 0)
    assert not Pack.objects.exists()
    assert not Barcode.objects.filter(code="PACK-6").exists()
    run = run_all(upload("skus", "sku,case_barcodes\nTEA,X\n"))
    assert [row[:3] for row in problems(run)] == [[2, "case_eaches", "value_missing"]]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\x1f\x8b\x08\x00abc", "This is a gzip archive, not CSV text in UTF-8."),
        (b"PK\x03\x04abc", "This is a ZIP archive or an Excel workbook, not CSV text in UTF-8."),
        ("sku,näme\n".encode("latin-1"), "Line 1, byte 5 of the file, is not UTF-8 text."),
        ("sku\n".encode("utf-16"), "This is UTF-16 text, not CSV text in UTF-8."),
        (b"", "The file has no header line."),
        (b"sku,name\n", "The file has a header, but no rows."),
        (b"sku,name,SKU\nA,B,C\n", "The header names 'sku' twice."),
        (b"name,colour\nA,B\n", "The header lacks sku and has unknown columns 'colour'."),
        (b'sku,name\nA,"B\n', "Line 2 is no CSV: unexpected end of data."),
    ],
)
def test_a_file_that_cannot_be_read_says_why(world: World, data: bytes, message: str) -> None:
    with refused("import_refused") as caught:
        upload("skus", data)
    assert caught.value.message == message
    assert not ImportRun.objects.exists()


def test_a_file_that_is_too_large_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mfc.core.csvfile.MAX_ROWS", 2)
    with refused("import_too_large"):
        upload("skus", "sku\nA\nB\nC\n")
    monkeypatch.setattr("mfc.core.csvfile.MAX_BYTES", 5)
    with refused("import_too_large"):
        upload("skus", "sku\nA\nB\n")
    with refused("not_found"):
        upload("shoes", "sku\nA\n")


def test_what_is_exported_is_imported_as_it_was(world: World) -> None:
    Sku.objects.filter(code="TEA").update(name='=cmd|"x"!A1', brand="'=x", family="- loose -")
    Pack.objects.create(sku=world.skus["MUG"], level="case", eaches=6, weight_g=2_200)
    before = master_data()
    for kind in ("skus", "locations", "slots"):
        text = export(kind)
        run = take(kind, text)
        assert counts(run) == ("done", 0, 0, run.rows_total, 0), problems(run)
        assert export(kind) == text
    assert master_data() == before
    assert "'=cmd" in export("skus")
    assert "''=x" in export("skus")


def test_an_export_of_many_blocks_is_complete(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = {kind.name: export(kind.name) for kind in exchange.kinds()}
    monkeypatch.setattr(exchange, "BLOCK_ROWS", 2)
    assert {kind.name: export(kind.name) for kind in exchange.kinds()} == whole
    assert whole["skus"].count("\r\n") == 1 + Sku.objects.count()


def test_the_reference_has_every_column(world: World) -> None:
    page = (ROOT / "docs/reference/csv.md").read_text(encoding="utf-8")
    for kind in exchange.kinds():
        part = page.partition(f"\n## {kind.name}\n")[2].partition("\n## ")[0]
        names = [line.split("`")[1] for line in part.splitlines() if line.startswith("| `")]
        assert names == [column.name for column in kind.columns]


def test_an_export_fills_an_empty_room_exactly(world: World) -> None:
    texts = {kind: export(kind) for kind in ("skus", "locations", "slots", "opening-stock")}
    Sku.objects.filter(code="LAMP").delete()
    Location.objects.filter(code__startswith="STAGE").exclude(
        pk__in=Balance.objects.values("location")
    ).update(x_mm=1, check_code="9")
    assert export("skus") != texts["skus"]
    assert counts(take("skus", texts["skus"]))[:2] == ("done", 1)
    assert counts(take("locations", texts["locations"]))[0::2] == ("done", 2, 0)
    assert [export(kind) for kind in texts] == list(texts.values())


def test_locations_are_added_with_a_label_and_changed(world: World) -> None:
    text = "location;kind;zone;x_mm;y_mm;level\nA01-09;bin;ambient;-5;3000;2\nA01-01;;;2600;3000;\n"
    refused_run = run_all(upload("locations", text))
    assert [row[:3] for row in problems(refused_run)] == [[3, "kind", "value_missing"]]
    text = text.replace("A01-01;;;", "A01-01;bin;ambient;")
    assert counts(take("locations", text)) == ("done", 1, 1, 0, 0)
    place = Location.objects.get(code="A01-09")
    assert (place.label, place.zone.code, place.x_mm, place.level) == (label("L", "A0109"), "ambient", -5, 2)
    assert Location.objects.get(code="A01-01").label == world.locations["A01-01"].label


def test_a_location_keeps_its_kind_and_no_label_hangs_twice(world: World) -> None:
    text = (
        "location,label,kind,zone,x_mm,y_mm\n"
        f"A01-01,,dock,ambient,0,0\nA0101,,bin,,0,0\nB1,{world.locations['BELT'].label},bin,cellar,0,0\n"
    )
    run = run_all(upload("locations", text))
    assert [(row[0], row[1], row[2]) for row in problems(run)] == [
        (2, "kind", "value_fixed"),
        (3, "label", "value_duplicate"),
        (4, "zone", "unknown_zone"),
        (4, "label", "value_duplicate"),
    ]


def test_slots_have_a_sku_a_minimum_and_a_maximum(world: World) -> None:
    text = "location,sku,slot_min,slot_max\nA01-01,TEA,2,20\nA01-02,,,\n"
    assert counts(take("slots", text)) == ("done", 0, 1, 1, 0)
    place = Location.objects.get(code="A01-01")
    assert (place.slotted_sku.code, place.slot_min, place.slot_max) == ("TEA", 2, 20)
    wrong = "location,sku,slot_min,slot_max\nBELT,TEA,1,2\nA01-02,NONE,5,5\nX,TEA,,\n"
    run = run_all(upload("slots", wrong))
    assert [row[:3] for row in problems(run)] == [
        [2, "location", "value_invalid"],
        [3, "sku", "unknown_sku"],
        [3, "slot_max", "value_invalid"],
        [4, "location", "unknown_place"],
    ]


OPENING = (
    "location,sku,lot,expires_on,qty,mode\n"
    "A02-04,MILK,NEW,2026-12-01,7,\n"
    "A01-01,TEA,,,5,add\n"
    "A02-04,CHEESE,,2026-11-30,2,\n"
)


def test_opening_stock_is_booked_once_with_its_reason(world: World) -> None:
    run = take("opening-stock", OPENING)
    assert counts(run) == ("done", 3, 0, 0, 0)
    assert world.position("TEA") == (15, 0, 0)
    assert world.position("MILK") == (15, 0, 0)
    moves = StockMove.objects.filter(reference__startswith="opening/").order_by("reference")
    assert {(move.kind, move.reason_code, move.actor) for move in moves} == {("receipt", "opening", "user:7")}
    assert [move.reference.rpartition("/")[2] for move in moves] == ["2", "3", "4"]
    assert Lot.objects.get(sku__code="CHEESE", code="2026-11-30").expires_on == date(2026, 11, 30)
    with unchanged():
        again = run_all(upload("opening-stock", OPENING, queued=False))
    assert counts(again) == ("checked", 0, 0, 3, 0)
    assert counts(take("opening-stock", OPENING)) == ("done", 0, 0, 3, 0)
    assert world.position("TEA") == (15, 0, 0)
    assert broken_invariants() == {}


def test_opening_stock_names_what_does_not_fit(world: World) -> None:
    Sku.objects.filter(code="SOAP").update(lot_required=True, expiry_required=True)
    Sku.objects.filter(code="MUG").update(active=False)
    late = (world.lots["LATE"].expires_on or date.min) + timedelta(days=1)
    text = (
        "location,sku,lot,expires_on,qty,mode\n"
        "A01-01,TEA,,,5,\n"
        f"A02-01,MILK,LATE,{late},1,add\n"
        "BELT,TEA,,,1,\n"
        "A01-01,SOAP,,,1,\n"
        "A01-01,MUG,,,0,\n"
        "A99-99,MUG,,31.12.2026,1,more\n"
        "A99-99,MUG,,,1,\n"
    )
    with unchanged():
        run = run_all(upload("opening-stock", text, queued=False))
    assert [row[:3] for row in problems(run)] == [
        [2, "mode", "place_occupied"],
        [3, "expires_on", "value_invalid"],
        [4, "location", "value_invalid"],
        [5, "lot", "value_missing"],
        [5, "expires_on", "value_missing"],
        [6, "qty", "value_invalid"],
        [7, "expires_on", "value_invalid"],
        [7, "mode", "value_invalid"],
        [8, "location", "unknown_place"],
        [8, "sku", "unknown_sku"],
    ]
    assert broken_invariants() == {}


# -- crashes, stops, several workers


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "CHUNK_ROWS", 2)


def lines(count: int) -> str:
    body = "".join(f"A01-01,TEA,,2027-01-{number:02d},{number},\n" for number in range(1, count + 1))
    return "location,sku,lot,expires_on,qty,mode\n" + body


class WorkerKilledError(BaseException):
    """The process is gone."""


def kill_in(monkeypatch: pytest.MonkeyPatch, name: str, *, after: int) -> None:
    """The worker dies inside ``imports.name``, at its ``after``-th call, before the commit."""
    real, calls = getattr(imports, name), []

    def dying(*args: Any, **kwargs: Any) -> Any:
        calls.append(1)
        if len(calls) == after:
            raise WorkerKilledError
        return real(*args, **kwargs)

    monkeypatch.setattr(imports, name, dying)


def forget_worker(run: ImportRun) -> None:
    """Time passes; the dead worker's job is still marked as running."""
    ProcrastinateJob.objects.all()._raw_delete(ProcrastinateJob.objects.db)
    ImportRun.objects.filter(pk=run.pk).update(touched_at=Now() - 2 * imports.STALLED_AFTER)


def booked(world: World) -> int:
    return world.position("TEA")[0] - 10


def test_a_worker_killed_between_chunks_leaves_no_gap_and_nothing_twice(
    world: World, small_chunks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = upload("opening-stock", lines(7), go_on=True)
    imports.work(run_id=run.pk)  # the check
    with monkeypatch.context() as patch:
        # Its third chunk is applied, but the mark is not committed any more.
        kill_in(patch, "_merged", after=3)
        with pytest.raises(WorkerKilledError):
            imports.work(run_id=run.pk)
    run.refresh_from_db()
    assert (run.state, run.rows_done, booked(world)) == ("importing", 4, 1 + 2 + 3 + 4)
    assert imports.resume_stalled() == 0, "it was touched just now"
    forget_worker(run)
    assert imports.resume_stalled() == 1
    assert imports.resume_stalled() == 0, "one waiting job is enough"
    assert counts(run_all(run)) == ("done", 7, 0, 0, 0)
    assert (run.rows_done, booked(world)) == (7, 28)
    assert StockMove.objects.filter(reference__startswith="opening/").count() == 7
    assert broken_invariants() == {}


def test_a_check_that_was_broken_off_begins_again(
    world: World, small_chunks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = upload("opening-stock", lines(5), go_on=True)
    with monkeypatch.context() as patch:
        kill_in(patch, "_counts", after=2)
        with pytest.raises(WorkerKilledError):
            imports.work(run_id=run.pk)
    run.refresh_from_db()
    assert (run.state, run.rows_done) == ("checking", 2)
    forget_worker(run)
    assert imports.resume_stalled() == 1
    assert counts(run_all(run)) == ("done", 5, 0, 0, 0)


def test_two_jobs_of_one_import_write_each_chunk_once(world: World, small_chunks: None) -> None:
    run = upload("opening-stock", lines(6), go_on=True)
    imports.work(run_id=run.pk)
    assert imports.write_chunk(run_id=run.pk)
    imports.work(run_id=run.pk)
    imports.work(run_id=run.pk)
    assert not imports.write_chunk(run_id=run.pk)
    assert booked(world) == 21


def test_what_kills_worker_after_worker_is_given_up(
    world: World, small_chunks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = upload("opening-stock", lines(4), go_on=True)
    imports.work(run_id=run.pk)
    for _ in range(imports.MAX_ATTEMPTS + 1):
        forget_worker(run)
        assert imports.resume_stalled() == 1
    run.refresh_from_db()
    assert (run.state, run.report) == ("failed", "Given up after 5 starts; the worker's log says why.")
    forget_worker(run)
    assert imports.resume_stalled() == 0


def test_a_stopped_import_keeps_what_it_wrote_and_the_file_can_be_sent_again(
    world: World, small_chunks: None
) -> None:
    run = upload("opening-stock", lines(6), go_on=True)
    imports.work(run_id=run.pk)
    imports.write_chunk(run_id=run.pk)
    imports.stop(run_id=run.pk, actor=MANAGER)
    assert not imports.write_chunk(run_id=run.pk)
    run.refresh_from_db()
    assert (run.state, run.report) == ("stopped", "Stopped by Mo. 2 of 6 rows are written.")
    assert booked(world) == 3
    with refused("illegal_transition"):
        imports.stop(run_id=run.pk, actor=MANAGER)
    assert counts(take("opening-stock", lines(6))) == ("done", 4, 0, 2, 0)
    assert booked(world) == 21
    assert broken_invariants() == {}


def test_what_has_changed_since_the_check_ends_the_import_before_its_chunk(
    world: World, small_chunks: None
) -> None:
    run = upload("opening-stock", lines(4), go_on=True)
    imports.work(run_id=run.pk)
    imports.write_chunk(run_id=run.pk)
    Sku.objects.filter(code="TEA").update(active=False)
    imports.work(run_id=run.pk)
    run.refresh_from_db()
    assert run.state == "failed"
    assert run.report == (
        "Something has changed since the check. Line 4: TEA is not stocked here. 2 of 4 rows are written."
    )
    assert booked(world) == 3
    assert [row[:3] for row in problems(run)] == [[4, "sku", "unknown_sku"], [5, "sku", "unknown_sku"]]


def test_the_job_continues_itself_through_the_queue(
    world: World, small_chunks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "CHUNKS_PER_JOB", 1)
    run = upload("opening-stock", lines(4), go_on=True)
    waiting = ProcrastinateJob.objects.filter(task_name="core.run_import", status="todo")
    assert waiting.get().args == {"run_id": run.pk}
    waiting._raw_delete(waiting.db)
    imports.work(run_id=run.pk)
    assert waiting.count() == 1, "the check queued the import"
    waiting._raw_delete(waiting.db)
    imports.work(run_id=run.pk)
    assert waiting.count() == 1, "one chunk is written, the next is queued"
    assert ImportChunk.objects.filter(run=run).exclude(applied_at=None).count() == 1


def test_weight_labels_are_imported_as_their_article(world: World) -> None:
    VariableMeasure.objects.create(pattern="28IIIIIWWWWWC")
    run = take(
        "skus", "sku,name,weight_g,volume_ml,catch_weight,barcodes\nHAM,Ham,300,300,yes,2812345003124\n"
    )
    assert run.state == "refused", "the check digit is wrong"
    run = take(
        "skus", "sku,name,weight_g,volume_ml,catch_weight,barcodes\nHAM,Ham,300,300,yes,2812345003121\n"
    )
    assert run.state == "done", problems(run)
    assert Barcode.objects.get(sku__code="HAM").code.startswith("0281234500000")


def test_progress_grows_with_every_chunk(world: World, small_chunks: None) -> None:
    run = upload("opening-stock", lines(5), queued=False)
    assert list(imports.check_steps(run_id=run.pk)) == [2, 4, 6]
    imports.begin(run_id=run.pk, actor=MANAGER, queued=False)
    seen = []
    while imports.write_chunk(run_id=run.pk):
        seen.append(ImportRun.objects.values_list("rows_done", flat=True).get(pk=run.pk))
    assert seen == [2, 4, 5]
    assert ImportRun.objects.filter(rows_done=F("rows_total"), state="done").exists()
