"""Admin of sites, zones, aisles and locations."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from mfc.catalog.models import TemperatureClass
from mfc.core import sheets
from mfc.core.admin import EditableInline, ModelAdmin, Select, action, link_action
from mfc.core.adminpages import print_sheet
from mfc.core.exchangeadmin import ExchangeMixin
from mfc.layout import sitecheck
from mfc.layout.models import (
    Aisle,
    CrossAisle,
    Lift,
    Location,
    RoutingPolicy,
    Site,
    WayDirection,
    Zone,
)


class ZoneForm(forms.ModelForm):
    temperature = forms.ChoiceField(choices=TemperatureClass.choices, widget=Select)

    class Meta:
        model = Zone
        fields = ("site", "code", "temperature", "enter_s")


class ZoneInline(EditableInline):
    model = Zone
    form = ZoneForm


class WayForm(forms.ModelForm):
    direction = forms.ChoiceField(choices=WayDirection.choices, widget=Select, initial=WayDirection.BOTH)

    def clean(self) -> dict[str, Any]:
        """A code names one way: places say by it where they lie."""
        cleaned = super().clean() or {}
        code, site = cleaned.get("code"), cleaned.get("site") or getattr(self.instance, "site", None)
        other = CrossAisle if isinstance(self.instance, Aisle) else Aisle
        if code and site and site.pk and other._default_manager.filter(site=site, code=code).exists():
            raise forms.ValidationError({"code": "An aisle and a cross aisle cannot share a code."})
        return cleaned


class AisleForm(WayForm):
    class Meta:
        model = Aisle
        fields = ("site", "code", "x_mm", "from_y_mm", "to_y_mm", "direction", "floor", "zone")


class CrossAisleForm(WayForm):
    class Meta:
        model = CrossAisle
        fields = ("site", "code", "y_mm", "from_x_mm", "to_x_mm", "direction", "floor", "zone")


class AisleInline(EditableInline):
    model = Aisle
    form = AisleForm


class CrossAisleInline(EditableInline):
    model = CrossAisle
    form = CrossAisleForm


class LiftInline(EditableInline):
    model = Lift


# Findings shown at once; the rest is found again when these are mended.
MAX_FINDINGS = 25


class SiteForm(forms.ModelForm):
    routing_policy = forms.ChoiceField(choices=RoutingPolicy.choices, widget=Select)

    class Meta:
        model = Site
        fields = "__all__"


@admin.register(Site)
class SiteAdmin(ModelAdmin):
    form = SiteForm
    list_display = ("code", "name", "width_mm", "depth_mm", "cart_orders", "route_lead_s")
    search_fields = ("code", "name")
    ordering = ("code",)
    inlines = (ZoneInline, AisleInline, CrossAisleInline, LiftInline)
    actions_detail = ("check_ways",)
    fieldsets = (
        (None, {"fields": ("code", "name")}),
        ("Floor", {"fields": (("width_mm", "depth_mm"), ("front_y_mm", "back_y_mm"))}),
        ("Walks", {"fields": (("routing_policy", "turn_ms"),)}),
        (
            "Promises and release",
            {
                "fields": (
                    ("route_lead_s", "release_horizon_s"),
                    ("early_orders", "early_wait_s"),
                    "join_walks",
                )
            },
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

    @action(description="Check the ways", url_path="check-ways", permissions=["view"])
    def check_ways(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Say what of the site cannot be walked to."""
        site = Site.objects.get(pk=object_id)
        found = sitecheck.check(site)
        for finding in found[:MAX_FINDINGS]:
            messages.warning(request, f"{finding.place}: {finding.text}")
        if len(found) > MAX_FINDINGS:
            messages.warning(request, f"… and {len(found) - MAX_FINDINGS} more.")
        if not found:
            messages.success(request, f"Every bin and reserve place of {site} can be walked to and from.")
        return HttpResponseRedirect(reverse("admin:layout_site_change", args=[site.pk]))


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
class AisleAdmin(ExchangeMixin, ModelAdmin):
    exchange_kind = "ways"
    form = AisleForm
    list_display = ("code", "site", "x_mm", "from_y_mm", "to_y_mm", "direction", "floor", "zone")
    list_filter = ("site", "floor")
    list_select_related = ("site", "zone")
    search_fields = ("code",)
    ordering = ("site", "x_mm")


@admin.register(CrossAisle)
class CrossAisleAdmin(ExchangeMixin, ModelAdmin):
    exchange_kind = "ways"
    form = CrossAisleForm
    list_display = ("code", "site", "y_mm", "from_x_mm", "to_x_mm", "direction", "floor", "zone")
    list_filter = ("site", "floor")
    list_select_related = ("site", "zone")
    search_fields = ("code",)
    ordering = ("site", "y_mm")


@admin.register(Lift)
class LiftAdmin(ExchangeMixin, ModelAdmin):
    exchange_kind = "lifts"
    list_display = ("code", "site", "x_mm", "y_mm", "lowest_floor", "highest_floor", "wait_s", "ride_s")
    list_filter = ("site",)
    list_select_related = ("site",)
    search_fields = ("code",)
    ordering = ("site", "code")
