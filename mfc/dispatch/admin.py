"""Admin of shipments, their parcels and where those stand."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from mfc.core.admin import ReadOnlyAdmin, TabularInline, TextInput, action, ask_each, user_actor
from mfc.dispatch import opening
from mfc.dispatch.models import Shipment, Staging
from mfc.packing.models import Parcel


class OpenForm(forms.Form):
    reason = forms.CharField(max_length=200, widget=TextInput)


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


@admin.register(Parcel)
class ParcelAdmin(ReadOnlyAdmin):
    list_display = ("sscc", "order", "tote_use", "weight_g", "sealed_at", "sealed_by")
    list_select_related = ("order", "tote_use__container", "tote_use__order", "sealed_by")
    search_fields = ("sscc", "=order__ref")
    ordering = ("-sscc",)
    actions = ("open_again",)

    @action(description="Open again…", permissions=["act"])
    def open_again(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        return ask_each(
            self,
            request,
            queryset,
            form=OpenForm,
            question="The label becomes void and the shipment is taken back. Bring the totes to the hospital.",
            button="Open again",
            done="Opened",
            act=lambda parcel, answers: opening.open_again(
                parcel=parcel, actor=user_actor(request), **answers
            ),
        )
