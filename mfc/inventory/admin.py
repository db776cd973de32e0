"""Admin of stock: balances are corrected through the ledger, everything else is looked at."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from mfc.core import sheets
from mfc.core.admin import (
    ModelAdmin,
    NumberInput,
    ReadOnlyAdmin,
    Select,
    TabularInline,
    TextInput,
    action,
    ask_each,
    display,
    link_action,
    user_actor,
)
from mfc.core.adminpages import print_sheet
from mfc.core.exchangeadmin import ExchangeMixin
from mfc.inventory import ledgeradmin, transfers
from mfc.inventory.lotadmin import HoldAdmin, LotAdmin
from mfc.inventory.models import (
    Balance,
    Container,
    ContainerKind,
    ReasonCode,
    Reservation,
    SkuPosition,
    StockMove,
    ToteUse,
)
from mfc.layout.models import Location

# Django finds only this module by itself; ledgeradmin registers closed months and snapshots.
__all__ = ["HoldAdmin", "LotAdmin"]


class ToteUseInline(TabularInline):
    model = ToteUse
    fields = ("order", "opened_at", "closed_at")
    related = ("order", "container")
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(closed_at=None)


@admin.register(Container)
class ContainerAdmin(ModelAdmin):
    list_display = ("label", "kind", "site", "tare_g")
    list_filter = ("kind", "site")
    list_select_related = ("site",)
    search_fields = ("label",)
    ordering = ("label",)
    inlines = (ToteUseInline,)
    actions_detail = ("moves",)
    moves = link_action("Stock moves", "inventory_stockmove_changelist", "container")
    actions = ("print_labels",)

    @action(description="Print labels", permissions=["act"])
    def print_labels(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse:
        """Labels of totes and carts, as ZPL; a pallet's SSCC is printed with its papers."""
        rows = queryset.filter(kind__in=(ContainerKind.TOTE, ContainerKind.CART))
        found = [sheets.PlaceLabel(row.label, row.label, row.get_kind_display()) for row in rows]
        return print_sheet(request, found, name="container-labels")


@admin.register(ToteUse)
class ToteUseAdmin(ReadOnlyAdmin):
    list_display = ("container", "order", "opened_at", "closed_at")
    list_filter = (("closed_at", admin.EmptyFieldListFilter),)
    list_select_related = ("container", "order")
    search_fields = ("=container__label", "=order__ref")
    ordering = ("-id",)


class AdjustForm(forms.Form):
    on_hand = forms.IntegerField(label="Found quantity", min_value=0, max_value=1_000_000, widget=NumberInput)
    reason_code = forms.ChoiceField(
        label="Kind", choices=ReasonCode.choices, initial=ReasonCode.OTHER, widget=Select
    )
    reason = forms.CharField(max_length=200, widget=TextInput, help_text="Kept with the stock move")


class RelocateForm(forms.Form):
    qty = forms.IntegerField(label="Quantity", min_value=1, max_value=1_000_000, widget=NumberInput)
    target = forms.CharField(label="To location", max_length=30, widget=TextInput, help_text="Its code")
    reason_code = forms.ChoiceField(
        label="Kind", choices=ReasonCode.choices, initial=ReasonCode.BETTER_PLACE, widget=Select
    )

    def clean_target(self) -> Location:
        code = self.cleaned_data["target"].strip()
        location = Location.objects.select_related("zone").filter(code__iexact=code).first()
        if location is None:
            raise forms.ValidationError(f"There is no location {code}.")
        return location


@admin.register(Balance)
class BalanceAdmin(ExchangeMixin, ReadOnlyAdmin):
    exchange_kind = "opening-stock"
    list_display = ("sku", "lot", "place", "on_hand", "reserved", "pickable")
    list_filter = ("pickable", "site")
    list_select_related = ("site", "sku", "lot__sku", "location", "container")
    search_fields = ("sku__code", "sku__name", "location__code", "container__label")
    ordering = ("-id",)
    keyset = False
    actions = ("adjust", "relocate")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """The list shows what is there; the row of a place that was emptied is still found by its address."""
        rows = super().get_queryset(request)
        match = request.resolver_match
        return rows.filter(on_hand__gt=0) if match and (match.url_name or "").endswith("changelist") else rows

    @display(description="Place", ordering="location__code")
    def place(self, balance: Balance) -> str:
        return str(balance.location or balance.container)

    @action(description="Correct the quantity…", permissions=["act"])
    def adjust(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        rows = list(queryset[:2])
        if len(rows) != 1:
            messages.error(request, "Choose exactly one balance: each count has its own quantity and reason.")
            return None

        balance = rows[0]
        return ask_each(
            self,
            request,
            rows,
            form=AdjustForm,
            question=f"By the book {balance.on_hand} are there, {balance.reserved} of them reserved. How many were found?",
            button="Correct the quantity",
            done="Corrected",
            act=lambda row, answers: transfers.adjust(balance=row, actor=user_actor(request), **answers),
        )

    @action(description="Move to another place…", permissions=["act"])
    def relocate(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        rows = list(queryset[:2])
        if len(rows) != 1:
            messages.error(request, "Choose exactly one balance: each move has its own quantity and place.")
            return None

        free = rows[0].on_hand - rows[0].reserved
        return ask_each(
            self,
            request,
            rows,
            form=RelocateForm,
            question=f"{free} of {rows[0].on_hand} are free. How many go where?",
            button="Move",
            done="Moved",
            act=lambda row, answers: transfers.relocate(balance=row, actor=user_actor(request), **answers),
        )


@admin.register(SkuPosition)
class SkuPositionAdmin(ReadOnlyAdmin):
    list_display = ("sku", "site", "on_hand", "reserved", "promised", "available")
    list_filter = ("site",)
    list_select_related = ("sku", "site")
    search_fields = ("sku__code", "sku__name")
    ordering = ("sku__code",)
    keyset = False
    actions_list = ("as_of",)

    @action(description="Stock as of…", url_path="as-of", permissions=["view"])
    def as_of(self, request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
        return ledgeradmin.as_of_page(self, request)


@admin.register(StockMove)
class StockMoveAdmin(ReadOnlyAdmin):
    list_display = ("at", "kind", "qty", "sku", "lot", "source", "target", "reference", "reason", "actor")
    list_filter = ("kind",)
    list_select_related = (
        "site",
        "sku",
        "lot__sku",
        "from_location",
        "from_container",
        "to_location",
        "to_container",
    )
    search_fields = (
        "=sku__code",
        "=reference",
        "=lot__code",
        "=from_location__code",
        "=to_location__code",
        "=from_container__label",
        "=to_container__label",
    )
    search_help_text = "SKU, lot, place, tote or reference, exactly"
    scopes = {
        "sku": ("sku",),
        "lot": ("lot",),
        "location": ("from_location", "to_location"),
        "container": ("from_container", "to_container"),
    }
    ordering = ("-at", "-id")

    @display(description="From")
    def source(self, move: StockMove) -> str:
        return str(move.from_location or move.from_container or "outside")

    @display(description="To")
    def target(self, move: StockMove) -> str:
        return str(move.to_location or move.to_container or "outside")


@admin.register(Reservation)
class ReservationAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "qty", "balance", "order_line", "reason")
    list_select_related = (
        "balance__sku",
        "balance__location",
        "balance__container",
        "order_line__sku",
        "order_line__order",
    )
    search_fields = ("=order_line__order__ref", "=balance__sku__code")
    ordering = ("-id",)
