"""Admin of sites, zones, aisles and locations."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from mfc.catalog.models import TemperatureClass
from mfc.core import sheets
from mfc.core.admin import EditableInline, ModelAdmin, Select, action, link_action
from mfc.core.adminpages import print_sheet
from mfc.core.exchangeadmin import ExchangeMixin
from mfc.layout.models import Aisle, Location, Site, Zone


class ZoneForm(forms.ModelForm):
    temperature = forms.ChoiceField(choices=TemperatureClass.choices, widget=Select)

    class Meta:
        model = Zone
        fields = ("site", "code", "temperature")


class ZoneInline(EditableInline):
    model = Zone
    form = ZoneForm


class AisleInline(EditableInline):
    model = Aisle


@admin.register(Site)
class SiteAdmin(ModelAdmin):
    list_display = ("code", "name", "width_mm", "depth_mm", "cart_orders", "route_lead_s")
    search_fields = ("code", "name")
    ordering = ("code",)
    inlines = (ZoneInline, AisleInline)
    fieldsets = (
        (None, {"fields": ("code", "name")}),
        ("Floor", {"fields": (("width_mm", "depth_mm"), ("front_y_mm", "back_y_mm"))}),
        (
            "Promises and release",
            {"fields": (("route_lead_s", "release_horizon_s"), ("early_orders", "early_wait_s"))},
        ),
        (
            "Cart and tote",
            {
                "fields": (
                    ("cart_orders", "cart_weight_g", "wall_orders"),
                    ("tote_volume_ml", "tote_weight_g", "tote_tare_g"),
                )
            },
        ),
        ("Weight check", {"fields": (("weight_tolerance_g", "weight_tolerance_percent"),)}),
        (
            "Stock",
            {
                "fields": (
                    "receipt_tolerance_percent",
                    "replenish_horizon_s",
                    ("count_tolerance_qty", "count_approval_qty"),
                    ("count_days_a", "count_days_b", "count_days_c"),
                    "zero_checks",
                )
            },
        ),
        ("Exceptions", {"fields": ("shorts_by_lead_only", "substitution_timeout_s")}),
    )


@admin.register(Zone)
class ZoneAdmin(ModelAdmin):
    form = ZoneForm
    list_display = ("code", "site", "temperature")
    list_filter = ("site",)
    list_select_related = ("site",)
    search_fields = ("code",)
    ordering = ("site", "code")


class LocationForm(forms.ModelForm):
    class Meta:
        model = Location
        fields = "__all__"

    def clean_kind(self) -> str:
        """What lies at a place would change between sold and not sold behind the ledger's back."""
        kind = str(self.cleaned_data["kind"])
        if self.instance.pk and kind != Location.objects.values_list("kind", flat=True).get(
            pk=self.instance.pk
        ):
            held = self.instance.balance_set.filter(on_hand__gt=0).count()
            if held:
                raise forms.ValidationError("Stock lies here: move it away first, then change the kind.")
        return kind


@admin.register(Location)
class LocationAdmin(ExchangeMixin, ModelAdmin):
    exchange_kind = "locations"
    form = LocationForm
    list_display = ("code", "kind", "zone", "label", "check_code", "slotted_sku")
    list_filter = ("kind", "site", "zone")
    list_select_related = ("site", "zone", "slotted_sku")
    search_fields = ("code", "label", "slotted_sku__code")
    autocomplete_fields = ("slotted_sku", "zone", "site")
    ordering = ("site", "code")
    actions_detail = ("moves",)
    moves = link_action("Stock moves", "inventory_stockmove_changelist", "location")
    actions = ("print_labels",)

    @action(description="Print labels", permissions=["act"])
    def print_labels(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse:
        """The shelf labels, as ZPL."""
        return print_sheet(
            request,
            [
                sheets.PlaceLabel(row.label, row.code, f"{row.kind} {row.check_code}".strip())
                for row in queryset
            ],
            name="location-labels",
        )


@admin.register(Aisle)
class AisleAdmin(ModelAdmin):
    list_display = ("code", "site", "x_mm")
    list_filter = ("site",)
    list_select_related = ("site",)
    search_fields = ("code",)
    ordering = ("site", "x_mm")
