"""Admin of SKUs, their packs, barcodes and the layouts of weight labels."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import ForeignKey, QuerySet
from django.http import HttpRequest, HttpResponse

from mfc.catalog import codes, skulabels
from mfc.catalog.models import Barcode, Pack, Sku, VariableMeasure
from mfc.core import sheets
from mfc.core.admin import EditableInline, ModelAdmin, action, link_action
from mfc.core.adminpages import print_sheet
from mfc.core.errors import DomainError
from mfc.core.exchangeadmin import ExchangeMixin


class BarcodeForm(forms.ModelForm):
    """Keeps the normal form of a code and names who has it already."""

    class Meta:
        model = Barcode
        fields = ("sku", "pack", "code")

    def clean_code(self) -> str:
        """The code as it is kept; a form error says what is wrong, or whose it is."""
        try:
            code = codes.normal(self.cleaned_data["code"])
            codes.check_free(code, besides=self.instance.pk)
        except DomainError as refusal:
            raise ValidationError(f"{refusal.message} {refusal.remedy}", code=refusal.code) from refusal
        return code

    def clean(self) -> dict[str, Any] | None:
        """A pack's code belongs to the pack's SKU."""
        cleaned = super().clean()
        pack = self.cleaned_data.get("pack")
        sku = self.cleaned_data.get("sku") or getattr(self.instance, "sku", None)
        if pack is not None and sku is not None and pack.sku_id != sku.pk:
            self.add_error("pack", f"This is a pack of {pack.sku.code}, not of {sku.code}.")
        return cleaned


class PackInline(EditableInline):
    model = Pack


class BarcodeInline(EditableInline):
    model = Barcode
    form = BarcodeForm

    def formfield_for_foreignkey(self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any) -> Any:
        """Only packs of the SKU whose page this is."""
        if db_field.name == "pack":
            match = request.resolver_match
            sku_id = match.kwargs.get("object_id") if match else None
            packs = Pack.objects.select_related("sku")
            kwargs["queryset"] = packs.filter(sku_id=sku_id) if sku_id else packs.none()
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(Sku)
class SkuAdmin(ExchangeMixin, ModelAdmin):
    exchange_kind = "skus"
    list_display = ("code", "name", "temperature", "weight_g", "volume_ml", "catch_weight", "active")
    list_filter = ("temperature", "velocity", "active")
    search_fields = ("code", "name", "barcodes__code")
    ordering = ("code",)
    inlines = (PackInline, BarcodeInline)
    actions_detail = ("moves",)
    moves = link_action("Stock moves", "inventory_stockmove_changelist", "sku")
    actions = ("print_labels",)

    @action(description="Print labels", permissions=["act"])
    def print_labels(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse:
        """One label for each and one for every pack, as ZPL."""
        found: list[sheets.PlaceLabel] = []
        for sku in queryset.prefetch_related("packs"):
            found.append(sheets.PlaceLabel(skulabels.text_of(sku), sku.code, sku.name))
            found += [
                sheets.PlaceLabel(
                    skulabels.text_of(sku, pack), sku.code, f"{pack.level} of {pack.eaches} × {sku.name}"
                )
                for pack in sku.packs.all()
            ]
        return print_sheet(request, found, name="sku-labels")


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
    form = BarcodeForm
    list_display = ("code", "sku", "pack")
    list_select_related = ("sku", "pack__sku")
    search_fields = ("code", "sku__code")
    autocomplete_fields = ("sku", "pack")
    ordering = ("code",)


@admin.register(VariableMeasure)
class VariableMeasureAdmin(ModelAdmin):
    list_display = ("pattern", "decimals", "note")
    search_fields = ("pattern", "note")
    ordering = ("pattern",)
