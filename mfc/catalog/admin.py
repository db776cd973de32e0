"""Admin of SKUs and their barcodes."""

from __future__ import annotations

from django.contrib import admin

from mfc.catalog.models import Barcode, Sku
from mfc.core.admin import EditableInline, ModelAdmin


class BarcodeInline(EditableInline):
    model = Barcode


@admin.register(Sku)
class SkuAdmin(ModelAdmin):
    list_display = ("code", "name", "temperature", "weight_g", "volume_ml", "active")
    list_filter = ("temperature", "active")
    search_fields = ("code", "name", "barcodes__code")
    ordering = ("code",)
    inlines = (BarcodeInline,)


@admin.register(Barcode)
class BarcodeAdmin(ModelAdmin):
    list_display = ("code", "sku")
    list_select_related = ("sku",)
    search_fields = ("code", "sku__code")
    autocomplete_fields = ("sku",)
    ordering = ("code",)
