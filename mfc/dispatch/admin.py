"""Admin of shipments and where their parcels stand."""

from __future__ import annotations

from django.contrib import admin

from mfc.core.admin import ReadOnlyAdmin, TabularInline
from mfc.dispatch.models import Shipment, Staging


class StagingInline(TabularInline):
    model = Staging
    fields = ("parcel", "lane", "staged_at", "source")
    related = ("parcel", "lane")


@admin.register(Shipment)
class ShipmentAdmin(ReadOnlyAdmin):
    list_display = (
        "order",
        "state",
        "lane",
        "lane_reason",
        "created_at",
        "ready_at",
        "claimed_by",
        "handed_over_at",
    )
    list_filter = ("state", "site")
    list_select_related = ("site", "order", "lane")
    search_fields = ("=order__ref", "=claimed_by")
    ordering = ("-id",)
    inlines = (StagingInline,)


@admin.register(Staging)
class StagingAdmin(ReadOnlyAdmin):
    list_display = ("staged_at", "parcel", "shipment", "lane", "source")
    list_select_related = ("parcel", "shipment__order", "lane")
    search_fields = ("=parcel__sscc", "=shipment__order__ref")
    ordering = ("-id",)
