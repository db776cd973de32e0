"""Admin of SKUs, their packs and barcodes."""

from __future__ import annotations

from django.contrib import admin

from mfc.catalog.models import Barcode, Pack, Sku
from mfc.core.admin import EditableInline, ModelAdmin, link_action


class PackInline(EditableInline):
    model = Pack


class BarcodeInline(EditableInline):
    model = Barcode


@admin.register(Sku)
class SkuAdmin(ModelAdmin):
    list_display = ("code", "name", "temperature", "weight_g", "volume_ml", "active")
    list_filter = ("temperature", "active")
    search_fields = ("code", "name", "barcodes__code")
    ordering = ("code",)
    inlines = (PackInline, BarcodeInline)
    actions_detail = ("moves",)
    moves = link_action("Stock moves", "inventory_stockmove_changelist", "sku")


@admin.register(Pack)
class PackAdmin(ModelAdmin):
    list_display = ("sku", "level", "eaches", "weight_g", "volume_ml")
    list_filter = ("level",)
    list_select_related = ("sku",)
    search_fields = ("sku__code",)
    autocomplete_fields = ("sku",)
    ordering = ("sku__code", "eaches")


@admin.register(Barcode)
class BarcodeAdmin(ModelAdmin):
    list_display = ("code", "sku")
    list_select_related = ("sku",)
    search_fields = ("code", "sku__code")
    autocomplete_fields = ("sku",)
    ordering = ("code",)
