"""Admin of gateways, devices and what their channels mean."""

from __future__ import annotations

from django.contrib import admin

from mfc.core.admin import EditableInline, ModelAdmin, ReadOnlyAdmin, TabularInline
from mfc.floor.models import DecisionPoint, Device, DirectionDecision, Gateway, Lane, LightPoint


class DeviceInline(TabularInline):
    model = Device
    fields = ("key", "kind", "station", "state", "detail", "state_since")
    related = ("station",)
    ordering = ("key",)


@admin.register(Gateway)
class GatewayAdmin(ModelAdmin):
    list_display = ("name", "site", "bus_url", "connected", "seen_at")
    list_select_related = ("site",)
    search_fields = ("name",)
    ordering = ("name",)
    readonly_fields = ("boot", "connected", "seen_at")
    inlines = (DeviceInline,)


@admin.register(Device)
class DeviceAdmin(ModelAdmin):
    list_display = ("key", "kind", "gateway", "station", "state", "detail", "state_since")
    list_filter = ("kind", "state", "gateway")
    list_select_related = ("gateway", "station")
    search_fields = ("key", "station__key")
    autocomplete_fields = ("gateway", "station")
    ordering = ("key",)
    readonly_fields = ("state", "detail", "state_since", "reported")


@admin.register(LightPoint)
class LightPointAdmin(ModelAdmin):
    list_display = ("device", "channel", "location", "station", "position")
    list_filter = ("device__gateway",)
    list_select_related = ("device", "location", "station")
    search_fields = ("device__key", "location__code", "station__key")
    autocomplete_fields = ("device", "location", "station")
    ordering = ("device", "channel")


class LaneInline(EditableInline):
    model = Lane
    autocomplete_fields = ("location",)


@admin.register(DecisionPoint)
class DecisionPointAdmin(ModelAdmin):
    list_display = ("name", "device", "index")
    list_select_related = ("device",)
    search_fields = ("name", "device__key")
    autocomplete_fields = ("device",)
    ordering = ("device", "index")
    inlines = (LaneInline,)


@admin.register(Lane)
class LaneAdmin(ModelAdmin):
    list_display = ("point", "number", "way", "location")
    list_filter = ("way", "point")
    list_select_related = ("point", "location")
    search_fields = ("point__name", "location__code")
    autocomplete_fields = ("point", "location")
    ordering = ("point", "number")


@admin.register(DirectionDecision)
class DirectionDecisionAdmin(ReadOnlyAdmin):
    list_display = (
        "decided_at",
        "point",
        "barcode",
        "lane",
        "reason",
        "outcome",
        "actual_lane",
        "outcome_at",
    )
    list_filter = ("point", "outcome")
    list_select_related = ("point",)
    search_fields = ("=barcode",)
    ordering = ("-id",)
