"""Admin of people, stations, sessions and labour standards."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html

from mfc.core import sheets
from mfc.core.admin import ModelAdmin, ReadOnlyAdmin, action, display, report
from mfc.core.adminpages import print_sheet
from mfc.workforce import sessions
from mfc.workforce.models import LabourStandard, Person, Station, WorkSession


@admin.register(Person)
class PersonAdmin(ModelAdmin):
    list_display = ("name", "role", "badge", "active")
    list_filter = ("role", "active")
    search_fields = ("name", "badge")
    autocomplete_fields = ("user",)
    ordering = ("name",)
    actions = ("print_labels",)

    @action(description="Print labels", permissions=["act"])
    def print_labels(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse:
        """The badges, as ZPL."""
        return print_sheet(
            request, [sheets.PlaceLabel(row.badge, row.name) for row in queryset], name="badges"
        )


@admin.register(Station)
class StationAdmin(ModelAdmin):
    list_display = ("key", "kind", "site", "screen")
    list_filter = ("kind", "site")
    list_select_related = ("site",)
    search_fields = ("key",)
    ordering = ("site", "key")
    readonly_fields = ("screen", "version", "feedback")

    @display(description="Handheld page")
    def screen(self, station: Station) -> str:
        """Whoever opens this address works at the station: open it on the terminal and keep it."""
        if not station.token or not station.pk:
            return "–"
        return format_html(
            '<a href="{}" target="_blank" rel="noopener">Open screen</a>',
            reverse("handheld", args=[station.token]),
        )


@admin.register(WorkSession)
class WorkSessionAdmin(ReadOnlyAdmin):
    list_display = ("started_at", "person", "station", "cart", "ended_at")
    list_filter = ("station__kind", ("ended_at", admin.EmptyFieldListFilter))
    list_select_related = ("person", "station")
    search_fields = ("person__name", "station__key", "cart")
    ordering = ("-id",)
    actions = ("end",)

    @action(description="End the session (log out)", permissions=["act"])
    def end(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        rows = queryset.select_related("person")
        report(request, rows, lambda row: sessions.end(session=row), "Ended")


@admin.register(LabourStandard)
class LabourStandardAdmin(ModelAdmin):
    list_display = ("site", "walk_mm_per_s", "setup_s", "stop_s", "put_s", "pack_s")
    list_select_related = ("site",)
