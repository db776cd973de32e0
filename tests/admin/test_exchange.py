"""Imports, exports and labels in the admin."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.handlers.asgi import ASGIRequest
from django.test import Client
from django.urls import reverse

from mfc.catalog.models import Barcode, Pack, Sku
from mfc.core import exchange, exchangeadmin, imports, labels
from mfc.core.models import ImportRun
from mfc.inventory.models import Container
from mfc.layout.models import Location
from mfc.workforce.models import Person
from tests.world import World

UPLOAD = "/admin/core/importrun/upload/"


def send(client: Client, text: bytes, **fields: str) -> Any:
    file = SimpleUploadedFile("jam.csv", text, content_type="text/csv")
    return client.post(UPLOAD, {"kind": "skus", "file": file, **fields})


def watch(run: ImportRun) -> str:
    return reverse("admin:core_importrun_watch", args=[run.pk])


def act(client: Client, run: ImportRun, deed: str) -> list[str]:
    answer = client.post(reverse("admin:core_importrun_act", args=[run.pk]), {"deed": deed})
    assert answer.status_code == 302
    return [str(message) for message in get_messages(answer.wsgi_request)]


def test_a_manager_sends_a_file_looks_and_imports(world: World, manager: Client) -> None:
    answer = send(manager, b"sku,name,weight_g,volume_ml\nJAM,Jam,400,350\n")
    run = ImportRun.objects.get()
    assert answer.headers["Location"] == watch(run)
    page = manager.get(watch(run)).content.decode()
    assert 'http-equiv="refresh" content="2"' in page
    assert 'aria-valuenow="0"' in page
    assert "Stop" in page
    imports.work(run_id=run.pk)
    page = manager.get(watch(run)).content.decode()
    assert "http-equiv" not in page, "nothing happens any more until somebody decides"
    assert 'value="begin"' in page
    assert act(manager, run, "begin") == []
    imports.work(run_id=run.pk)
    run.refresh_from_db()
    assert (run.state, run.actor_name) == ("done", "manager")
    assert Sku.objects.filter(code="JAM").exists()
    assert act(manager, run, "stop") == [
        f"import {run.pk} is done; stopped is not possible. Possible: nothing (final). "
        "Read the present state; the answer names what is possible."
    ]


def test_wrong_rows_are_shown_and_downloaded(world: World, manager: Client) -> None:
    send(manager, b'sku,name,weight_g,volume_ml\n"<b>x",=1+1,0,1\n', go_on="on")
    run = ImportRun.objects.get()
    imports.work(run_id=run.pk)
    page = manager.get(watch(run)).content.decode()
    assert "refused" in page
    assert "&#x27;0&#x27; is not 1 to 2000000000." in page
    answer = manager.get(reverse("admin:core_importrun_problems", args=[run.pk]))
    assert b"".join(answer.streaming_content).decode().splitlines() == [
        "line,column,code,message,expected",
        "2,weight_g,value_invalid,'0' is not 1 to 2000000000.,a whole number from 1: grams of one each",
    ]


def test_an_unreadable_file_is_told_at_the_field(world: World, manager: Client) -> None:
    page = send(manager, b"PK\x03\x04").content.decode()
    assert "This is a ZIP archive or an Excel workbook, not CSV text in UTF-8." in page
    assert not ImportRun.objects.exists()


def test_an_import_is_stopped(world: World, manager: Client) -> None:
    send(manager, b"sku,brand\nTEA,Old\n", go_on="on")
    run = ImportRun.objects.get()
    assert act(manager, run, "stop") == []
    imports.work(run_id=run.pk)
    run.refresh_from_db()
    assert (run.state, run.report) == ("stopped", "Stopped by manager.")


def test_every_kind_is_exported_and_lists_lead_there(world: World, manager: Client) -> None:
    page = manager.get(UPLOAD).content.decode()
    for kind in ("skus", "locations", "slots", "opening-stock"):
        url = reverse("admin:core_importrun_export", args=[kind])
        assert url in page
        answer = manager.get(url)
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{kind}.csv"'
        assert b"".join(answer.streaming_content).count(b"\n") > 3
    assert manager.get(reverse("admin:core_importrun_export", args=["shoes"])).status_code == 404
    answer = manager.get(reverse("admin:catalog_sku_exchange"))
    assert answer.headers["Location"] == f"{UPLOAD}?kind=skus"
    for model in ("layout_location", "inventory_balance", "core_importrun"):
        assert manager.get(reverse(f"admin:{model}_exchange")).status_code == 302
        assert "Import or export CSV" in manager.get(reverse(f"admin:{model}_changelist")).content.decode()


def test_a_download_loses_no_row_between_its_blocks(monkeypatch: pytest.MonkeyPatch, rf: Any) -> None:
    monkeypatch.setattr(exchange, "BLOCK_ROWS", 3)
    lines = [f"{number}\n" for number in range(10)]

    async def received() -> str:
        request = ASGIRequest({"type": "http", "method": "GET", "path": "/", "headers": []}, io.BytesIO())
        answer = exchangeadmin.streamed(request, iter(lines), "x")
        return b"".join([part async for part in answer]).decode()

    assert asyncio.run(received()) == "".join(lines)
    assert b"".join(exchangeadmin.streamed(rf.get("/"), iter(lines), "x")).decode() == "".join(lines)


def test_who_may_only_look_cannot_import(world: World, client: Client) -> None:
    viewer = User.objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.add(*Permission.objects.filter(codename="view_importrun"))
    client.force_login(viewer)
    run = imports.upload(
        site="DEMO",
        kind="skus",
        file_name="x",
        data=b"sku,brand\nTEA,x\n",
        actor=imports.sender(ImportRun(actor="a:b")),
    )
    assert send(client, b"sku,brand\nTEA,Old\n").status_code == 403
    assert (
        client.post(reverse("admin:core_importrun_act", args=[run.pk]), {"deed": "stop"}).status_code == 403
    )
    assert "multipart" not in client.get(UPLOAD).content.decode()
    assert "Stop" not in client.get(watch(run)).content.decode()
    nobody = User.objects.create_user("nobody", is_staff=True)
    client.force_login(nobody)
    for url in (UPLOAD, watch(run), "/admin/core/importrun/export/skus/"):
        assert client.get(url).status_code in {403, 404}
    assert ImportRun.objects.count() == 1


@pytest.mark.parametrize(
    ("model", "url", "name"),
    [
        (Sku, "catalog_sku", "sku-labels"),
        (Location, "layout_location", "location-labels"),
        (Container, "inventory_container", "container-labels"),
        (Person, "workforce_person", "badges"),
    ],
)
def test_labels_are_printed(world: World, manager: Client, model: Any, url: str, name: str) -> None:
    rows = list(model.objects.order_by("pk"))
    Pack.objects.create(sku=world.skus["TEA"], level="case", eaches=12)
    answer = manager.post(
        reverse(f"admin:{url}_changelist"),
        {"action": "print_labels", "_selected_action": [row.pk for row in rows]},
    )
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}.zpl"'
    text = answer.content.decode()
    assert text.count("^XA") == len(rows) + (model is Sku)
    for line in text.splitlines():
        if "^BCN" in line:
            labels.parse(line.partition("^FD")[2].removesuffix("^FS"))


def test_what_cannot_be_printed_is_told(world: World, manager: Client) -> None:
    person = Person.objects.create(name="Old badge", role="picker", badge="4711")
    answer = manager.post(
        reverse("admin:workforce_person_changelist"),
        {"action": "print_labels", "_selected_action": [person.pk]},
    )
    assert answer.status_code == 302
    assert [str(message) for message in get_messages(answer.wsgi_request)] == [
        "Old badge: '4711' is not a label: character 2 must be '-'."
    ]


def barcode_form(client: Client, sku: Sku, code: str, pack: Pack | None = None) -> tuple[int, str]:
    answer = client.post(
        reverse("admin:catalog_barcode_add"), {"sku": sku.pk, "pack": pack.pk if pack else "", "code": code}
    )
    return answer.status_code, answer.content.decode()


def test_a_code_is_kept_in_one_form_and_its_holder_is_named(world: World, manager: Client) -> None:
    soap, tea = world.skus["SOAP"], world.skus["TEA"]
    assert barcode_form(manager, soap, "036000291452")[0] == 302
    assert Barcode.objects.filter(sku=soap, code="00036000291452").exists()
    status, page = barcode_form(manager, tea, "0036000291452")
    assert status == 200
    assert "00036000291452 is already the code of SOAP (each)." in page
    status, page = barcode_form(manager, tea, "036000291453")
    assert "it should be 2" in page
    case = Pack.objects.create(sku=soap, level="case", eaches=4)
    status, page = barcode_form(manager, tea, "PACK", case)
    assert "This is a pack of SOAP, not of TEA." in page
    assert barcode_form(manager, soap, "PACK", case)[0] == 302


def test_a_wrong_pattern_is_told(world: World, manager: Client) -> None:
    answer = manager.post(
        reverse("admin:catalog_variablemeasure_add"), {"pattern": "50IIIIIWWWWWC", "decimals": 3}
    )
    assert "begins with 02 or with 20 to 29" in answer.content.decode()
    answer = manager.post(
        reverse("admin:catalog_variablemeasure_add"), {"pattern": "28iiiiiwwwwwc", "decimals": 3}
    )
    assert answer.status_code == 302
