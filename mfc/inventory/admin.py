"""Admin of stock: balances are corrected through the ledger, everything else is looked at."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from mfc.core.admin import (
    ModelAdmin,
    NumberInput,
    ReadOnlyAdmin,
    TabularInline,
    TextInput,
    action,
    ask,
    display,
    report,
    user_actor,
)
from mfc.inventory import transfers
from mfc.inventory.models import Balance, Container, Hold, Lot, Reservation, SkuPosition, StockMove, ToteUse


@admin.register(Lot)
class LotAdmin(ModelAdmin):
    list_display = ("code", "sku", "expires_on")
    list_select_related = ("sku",)
    search_fields = ("code", "sku__code")
    autocomplete_fields = ("sku",)
    ordering = ("expires_on", "code")


@admin.register(Hold)
class HoldAdmin(ReadOnlyAdmin):
    list_display = ("placed_at", "kind", "lot", "sku", "location", "reason", "placed_by", "lifted_at")
    list_filter = ("kind", ("lifted_at", admin.EmptyFieldListFilter))
    list_select_related = ("lot__sku", "sku", "location")
    search_fields = ("lot__code", "sku__code", "location__code")
    ordering = ("-id",)


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


@admin.register(ToteUse)
class ToteUseAdmin(ReadOnlyAdmin):
    list_display = ("container", "order", "opened_at", "closed_at")
    list_filter = (("closed_at", admin.EmptyFieldListFilter),)
    list_select_related = ("container", "order")
    search_fields = ("container__label", "order__ref")
    ordering = ("-id",)


class AdjustForm(forms.Form):
    on_hand = forms.IntegerField(label="Found quantity", min_value=0, max_value=1_000_000, widget=NumberInput)
    reason = forms.CharField(max_length=200, widget=TextInput, help_text="Kept with the stock move")


@admin.register(Balance)
class BalanceAdmin(ReadOnlyAdmin):
    list_display = ("sku", "lot", "place", "on_hand", "reserved", "pickable")
    list_filter = ("pickable", "site")
    list_select_related = ("site", "sku", "lot__sku", "location", "container")
    search_fields = ("sku__code", "sku__name", "location__code", "container__label")
    ordering = ("-id",)
    actions = ("adjust",)

    @display(description="Place", ordering="location__code")
    def place(self, balance: Balance) -> str:
        return str(balance.location or balance.container)

    @action(description="Correct the quantity…", permissions=["act"])
    def adjust(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        rows = list(queryset[:2])
        if len(rows) != 1:
            messages.error(request, "Choose exactly one balance: each count has its own quantity and reason.")
            return None

        def act(answers: dict[str, Any]) -> None:
            report(
                request,
                rows,
                lambda row: transfers.adjust(balance=row, actor=user_actor(request), **answers),
                "Corrected",
            )

        balance = rows[0]
        return ask(
            self,
            request,
            queryset,
            form=AdjustForm,
            question=f"By the book {balance.on_hand} are there, {balance.reserved} of them reserved. How many were found?",
            button="Correct the quantity",
            act=act,
        )


@admin.register(SkuPosition)
class SkuPositionAdmin(ReadOnlyAdmin):
    list_display = ("sku", "site", "on_hand", "reserved", "promised", "available")
    list_filter = ("site",)
    list_select_related = ("sku", "site")
    search_fields = ("sku__code", "sku__name")
    ordering = ("sku__code",)


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
    search_fields = ("=sku__code", "=reference")
    search_help_text = "SKU or reference, exactly"
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
    search_fields = ("order_line__order__ref", "balance__sku__code")
    ordering = ("-id",)
