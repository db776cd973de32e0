"""Admin of waves, batches and pick tasks, and the release of due work by hand."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from mfc.core.admin import ReadOnlyAdmin, TabularInline, action, ask
from mfc.core.errors import DomainError
from mfc.layout.models import Site
from mfc.picking import waves
from mfc.picking.models import Batch, BatchOrder, PickTask, Wave


class BatchInline(TabularInline):
    model = Batch
    fields = ("state", "station", "person", "colour", "length_mm", "reason")
    related = ("station", "person")


@admin.register(Wave)
class WaveAdmin(ReadOnlyAdmin):
    list_display = ("id", "site", "released_at", "reason")
    list_filter = ("site",)
    list_select_related = ("site",)
    search_fields = ("=id",)
    ordering = ("-id",)
    inlines = (BatchInline,)
    actions_list = ("release_now",)

    @action(description="Release due work now", url_path="release-now", permissions=["act"])
    def release_now(self, request: HttpRequest) -> HttpResponse:
        page = ask(
            self,
            request,
            None,
            form=forms.Form,
            question=f"Plan what is due at {settings.ENV.site} now, as the planner does every few seconds.",
            button="Release due work now",
            act=lambda answers: _release(request),
        )
        return page or HttpResponseRedirect(reverse("admin:picking_wave_changelist"))


def _release(request: HttpRequest) -> None:
    site = Site.objects.filter(code=settings.ENV.site).first()
    if site is None:
        messages.error(request, f"There is no site {settings.ENV.site}.")
        return
    try:
        planned = waves.release_due(site=site)
    except DomainError as refusal:
        messages.error(request, f"{refusal.message} {refusal.remedy}")
        return
    if planned:
        messages.success(request, f"Planned: {', '.join(str(batch) for batch in planned)}.")
    else:
        messages.info(request, "Nothing is due, or enough batches wait for pickers.")


class BatchOrderInline(TabularInline):
    model = BatchOrder
    fields = ("position", "letter", "order", "tote_use")
    readonly_fields = ("letter",)
    ordering = ("position",)
    related = ("order", "tote_use__container", "tote_use__order")


class PickTaskInline(TabularInline):
    model = PickTask
    fields = ("stop", "location", "sku", "lot", "qty", "batch_order", "state", "done_by", "done_at", "reason")
    ordering = ("stop", "id")
    related = ("location", "sku", "lot__sku", "batch_order__order", "done_by")


@admin.register(Batch)
class BatchAdmin(ReadOnlyAdmin):
    list_display = (
        "id",
        "state",
        "colour",
        "station",
        "person",
        "current_stop",
        "length_mm",
        "latest_start",
        "reason",
    )
    list_filter = ("state", "site")
    list_select_related = ("site", "wave", "station", "person")
    search_fields = ("=id", "=orders__order__ref")
    ordering = ("-id",)
    inlines = (BatchOrderInline, PickTaskInline)


@admin.register(BatchOrder)
class BatchOrderAdmin(ReadOnlyAdmin):
    list_display = ("batch", "position", "order", "tote_use")
    list_select_related = ("batch", "order", "tote_use__container", "tote_use__order")
    search_fields = ("=order__ref", "=batch__id")
    ordering = ("-id",)


@admin.register(PickTask)
class PickTaskAdmin(ReadOnlyAdmin):
    list_display = (
        "id",
        "batch",
        "stop",
        "location",
        "sku",
        "lot",
        "qty",
        "state",
        "done_by",
        "done_at",
        "reason",
    )
    list_filter = ("state",)
    list_select_related = (
        "batch",
        "batch_order__order",
        "order_line__sku",
        "reservation",
        "location",
        "sku",
        "lot__sku",
        "done_by",
    )
    search_fields = ("=batch__id", "=sku__code", "=location__code")
    ordering = ("-id",)
