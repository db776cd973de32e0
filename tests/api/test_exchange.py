"""Master data by REST: sent once, followed, refused whole; exported as it is imported."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mfc.api import parsers
from mfc.api.models import ApiClient
from mfc.catalog.models import Barcode, Pack, Sku
from mfc.core import imports
from mfc.core.models import ImportRun, Receipt
from tests.client import Api, problem
from tests.proof import unchanged
from tests.world import World

JAM = "sku,name,weight_g,volume_ml\nJAM,Jam,400,350\n"


def body(answer: Any, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, answer.content
    found: dict[str, Any] = json.loads(answer.content)
    return found


def work_off() -> None:
    for run in ImportRun.objects.all():
        for _ in range(3):
            imports.work(run_id=run.pk)


def test_a_file_is_sent_followed_and_imported(world: World, api: Api) -> None:
    sent = body(api.post("/imports", {"kind": "skus", "csv": JAM}), 201)
    assert (sent["state"], sent["rows_total"], sent["problems"]) == ("uploaded", 1, [])
    work_off()
    done = body(api.get(f"/imports/{sent['id']}"))
    assert (done["state"], done["rows_done"], done["rows_new"]) == ("done", 1, 1)
    assert ImportRun.objects.get().actor == "client:shop"
    assert Sku.objects.get(code="JAM").weight_g == 400


def test_a_csv_body_with_the_wishes_beside_it(world: World, api: Api) -> None:
    answer = api.post(
        "/imports?kind=skus&dry_run=true&file_name=jam.csv", JAM, media="text/csv; charset=utf-8"
    )
    assert body(answer, 201)["file_name"] == "jam.csv"
    work_off()
    assert ImportRun.objects.get().state == "checked"
    assert not Sku.objects.filter(code="JAM").exists()


def test_the_same_key_sends_a_file_once_and_keeps_only_its_digest(world: World, api: Api) -> None:
    first = body(api.post("/imports?kind=skus", JAM, key="k1", media="text/csv"), 201)
    again = api.post("/imports?kind=skus", JAM, key="k1", media="text/csv")
    assert body(again, 201) == first
    assert again.headers["Idempotent-Replayed"] == "true"
    assert ImportRun.objects.count() == 1
    assert "Jam" not in json.dumps(Receipt.objects.get(kind="import.create").payload)
    other = api.post("/imports?kind=skus", JAM.replace("400", "401"), key="k1", media="text/csv")
    problem(other, 422, "idempotency_key_reused")


def test_wrong_rows_are_named(world: World, api: Api) -> None:
    sent = body(api.post("/imports", {"kind": "skus", "csv": JAM + "BAD,Bad,0,1\n"}), 201)
    work_off()
    found = body(api.get(f"/imports/{sent['id']}"))
    assert (found["state"], found["rows_failed"]) == ("refused", 1)
    assert found["problems"] == [
        {
            "line": 3,
            "column": "weight_g",
            "code": "value_invalid",
            "message": "'0' is not 1 to 2000000000.",
            "expected": "a whole number from 1: grams of one each",
        }
    ]


def test_good_rows_may_be_wanted_alone(world: World, api: Api) -> None:
    body(api.post("/imports", {"kind": "skus", "csv": JAM + "BAD,Bad,0,1\n", "skip_wrong": True}), 201)
    work_off()
    assert ImportRun.objects.get().state == "done"
    assert Sku.objects.filter(code="JAM").exists()


def test_what_cannot_be_read_is_refused_and_changes_nothing(
    world: World, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    with unchanged():
        problem(api.post("/imports?kind=skus", b"\x1f\x8b\x08", media="text/csv"), 422, "import_refused")
        problem(api.post("/imports", {"kind": "skus", "csv": "a,b\n1,2\n"}), 422, "import_refused")
        problem(api.post("/imports", {"kind": "shoes", "csv": JAM}), 400, "invalid_request")
        problem(api.post("/imports", JAM, media="text/csv"), 400, "invalid_request")
        problem(api.post("/imports", "x", media="text/plain"), 415, "unsupported_media_type")
        problem(api.post("/imports", {"kind": "skus", "csv": JAM}, key=None), 400, "idempotency_key_missing")
        monkeypatch.setattr(parsers, "MAX_CSV_BYTES", 10)
        problem(api.post("/imports?kind=skus", JAM, media="text/csv"), 413, "import_too_large")
        problem(api.get("/imports/999999"), 404, "not_found")
        problem(api.get(f"/imports/{2**70}"), 404, "not_found")
    assert not ImportRun.objects.exists()


def test_an_export_is_an_import(world: World, api: Api) -> None:
    answer = api.get("/exports/opening-stock")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert lines[0] == "location,sku,lot,expires_on,qty,mode"
    assert "A02-02,MILK,SOON,2026-11-15,3," in lines
    assert len(lines) == 8
    problem(api.get("/exports/shoes"), 404, "not_found")


def test_scopes_are_asked_for(world: World) -> None:
    reader = Api(ApiClient(name="reader", scopes=["stock:read"]).issue_token())
    problem(reader.post("/imports", {"kind": "skus", "csv": JAM}), 403, "not_allowed")
    assert reader.get("/exports/skus").status_code == 200
    stranger = Api(ApiClient(name="stranger", scopes=["orders:read"]).issue_token())
    problem(stranger.get("/exports/skus"), 403, "not_allowed")
    problem(stranger.get("/imports/1"), 403, "not_allowed")


def test_skus_come_with_packs_and_are_found_by_any_form_of_a_code(world: World, api: Api) -> None:
    tea = world.skus["TEA"]
    pack = Pack.objects.create(sku=tea, level="case", eaches=12, weight_g=2_600)
    Barcode.objects.create(sku=tea, pack=pack, code="15901234123454")
    Barcode.objects.create(sku=tea, code="00036000291452")
    (found,) = body(api.get("/skus", gtin="036000291452"))["results"]
    assert found["sku"] == "TEA"
    assert found["gtins"] == ["00036000291452", world.gtins["TEA"].zfill(14)]
    assert found["catch_weight"] is False
    assert found["packs"] == [
        {"level": "case", "eaches": 12, "weight_g": 2600, "volume_ml": None, "gtins": ["15901234123454"]}
    ]
    for gtin in ("15901234123454", "0036000291452", world.gtins["TEA"]):
        assert [row["sku"] for row in body(api.get("/skus", gtin=gtin))["results"]] == ["TEA"]
    assert [row["sku"] for row in body(api.get("/skus", sku="MUG"))["results"]] == ["MUG"]
    assert body(api.get("/skus", gtin="96385074"))["results"] == []
    problem(api.get("/skus", gtin="036000291453"), 422, "wrong_check_digit")
