"""Every model of the house has an admin, and every page of it opens fast."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from mfc.core.admin import ReadOnlyAdmin
from tests.browser.floor import Floor

MAX_QUERIES = 15


def our_models() -> list[type[Model]]:
    return [model for model in apps.get_models() if model.__module__.startswith("mfc.")]


def name_of(model: type[Model]) -> str:
    return f"{model._meta.app_label}_{model._meta.model_name}"


def opened(client: Client, url: str) -> tuple[Any, list[str]]:
    with CaptureQueriesContext(connection) as seen:
        answer = client.get(url)
    return answer, [query["sql"] for query in seen.captured_queries]


def test_every_model_is_registered_through_the_house_seam() -> None:
    assert len(our_models()) > 30
    for model in our_models():
        assert model in admin.site._registry, f"{model.__name__} has no admin"
        owner = admin.site._registry[model]
        assert any(base.__module__ == "mfc.core.admin" for base in type(owner).__mro__), model.__name__


def test_what_services_rule_cannot_be_typed_over(rf: Any, admin_user: Any) -> None:
    request = rf.get("/")
    request.user = admin_user
    for label in (
        "inventory.Balance", "inventory.SkuPosition", "inventory.StockMove", "inventory.Reservation",
        "inventory.ToteUse", "orders.Order", "orders.OrderLine", "picking.Wave", "picking.Batch",
        "picking.PickTask", "picking.PickAction",
        "picking.PutSlot", "picking.SortTote", "picking.WallPut", "picking.WallWork",
        "picking.SubstitutionAsk", "picking.PutBack",
        "packing.PackJob", "packing.Parcel", "dispatch.Shipment", "dispatch.Staging",
        "floor.DirectionDecision", "workforce.WorkSession", "core.JournalEntry", "core.Receipt",
        "core.ImportRun", "core.ImportChunk",
    ):  # fmt: skip
        owner = admin.site._registry[apps.get_model(label)]
        assert isinstance(owner, ReadOnlyAdmin), label
        assert not owner.has_add_permission(request), label
        assert not owner.has_change_permission(request), label
        assert not owner.has_delete_permission(request), label


@pytest.mark.django_db
def test_every_list_row_and_form_opens_in_few_queries_without_counting(floor: Floor, manager: Client) -> None:
    trouble = []
    for model in our_models():
        owner = admin.site._registry[model]
        urls = [
            reverse(f"admin:{name_of(model)}_changelist"),
            reverse(f"admin:{name_of(model)}_changelist") + "?q=x",
        ]
        row = model._default_manager.first()
        assert row is not None, f"the test floor has no {model.__name__}"
        urls.append(reverse(f"admin:{name_of(model)}_change", args=[row.pk]))
        if not isinstance(owner, ReadOnlyAdmin):
            urls.append(reverse(f"admin:{name_of(model)}_add"))
        for url in urls:
            answer, queries = opened(manager, url)
            if answer.status_code != 200:
                trouble.append(f"{url}: {answer.status_code}")
            if len(queries) > MAX_QUERIES:
                trouble.append(f"{url}: {len(queries)} queries")
            if isinstance(owner, ReadOnlyAdmin) and any("COUNT(" in query for query in queries):
                trouble.append(f"{url}: counts")
    assert trouble == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    "url", ["/admin/", "/admin/auth/user/", "/admin/auth/group/", "/admin/procrastinate/procrastinatejob/"]
)
def test_pages_of_django_and_of_the_job_queue_open_too(manager: Client, url: str) -> None:
    assert manager.get(url).status_code == 200


@pytest.mark.django_db
def test_a_station_links_to_its_screen(floor: Floor, manager: Client) -> None:
    page = manager.get(reverse("admin:workforce_station_changelist")).content.decode()
    assert 'href="/handheld/token-cart-1/"' in page
