"""Admin of orders: looked at, and called off until a tote is sealed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from mfc.core.admin import ReadOnlyAdmin, TabularInline, TextInput, action, ask_each, user_actor
from mfc.orders import services
from mfc.orders.models import HistoryLine, Order, OrderLine


class OrderLineInline(TabularInline):
    model = OrderLine
    fields = (
        "position",
        "sku",
        "qty",
        "qty_picked",
        "weight_g_picked",
        "qty_short",
        "short_reason",
        "instead_of",
    )
    ordering = ("position",)
    related = ("sku", "instead_of__sku")


class CancelForm(forms.Form):
    reason = forms.CharField(max_length=200, widget=TextInput, initial="cancelled in the admin")


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    list_display = (
        "number",
        "ref",
        "client",
        "state",
        "accepted_at",
        "promise_from",
        "promise_until",
        "closed_at",
    )
    list_filter = ("state", "site")
    list_select_related = ("site",)
    search_fields = ("ref", "=number")
    search_help_text = "Reference, from its beginning; or the number"
    ordering = ("-number",)
    inlines = (OrderLineInline,)
    actions = ("cancel",)

    @action(description="Cancel…", permissions=["act"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        return ask_each(
            self,
            request,
            queryset,
            form=CancelForm,
            question="What is in no tote yet becomes free at once; what is in one is put back. Sealed orders stay.",
            button="Cancel orders",
            done="Cancelled",
            act=lambda row, answers: services.cancel(order=row, actor=user_actor(request), **answers),
        )


@admin.register(OrderLine)
class OrderLineAdmin(ReadOnlyAdmin):
    list_display = (
        "order",
        "position",
        "sku",
        "qty",
        "qty_promised",
        "qty_picked",
        "qty_short",
        "short_reason",
        "weight_g_picked",
        "instead_of",
    )
    list_select_related = ("order", "sku", "instead_of__sku")
    search_fields = ("=order__ref", "=sku__code")
    search_help_text = "Order or SKU, exactly"
    ordering = ("-id",)


@admin.register(HistoryLine)
class HistoryLineAdmin(ReadOnlyAdmin):
    list_display = ("placed_at", "order_ref", "sku", "qty")
    list_filter = ("site",)
    list_select_related = ("site", "sku")
    search_fields = ("=order_ref", "=sku__code")
    search_help_text = "Order or SKU, exactly"
    ordering = ("-id",)
