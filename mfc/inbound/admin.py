"""Admin of receipts and putaways: announced, closed and called off by actions."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from mfc.catalog.models import Sku
from mfc.core.admin import (
    ReadOnlyAdmin,
    Select,
    TabularInline,
    TextArea,
    TextInput,
    action,
    ask,
    report,
    user_actor,
)
from mfc.core.errors import DomainError
from mfc.inbound import receipts
from mfc.inbound.models import Putaway, Receipt, ReceiptItem, ReceiptLine
from mfc.inventory.models import ReasonCode
from mfc.layout.models import Site


class LineInline(TabularInline):
    model = ReceiptLine
    fields = ("position", "sku", "lot_code", "expires_on", "qty_expected", "qty_received", "sscc")
    ordering = ("position",)
    related = ("sku",)


class ItemInline(TabularInline):
    model = ReceiptItem
    fields = (
        "received_at",
        "line",
        "lot",
        "qty",
        "weight_g",
        "location",
        "container",
        "reason_code",
        "received_by",
    )
    ordering = ("id",)
    related = ("line__sku", "lot__sku", "location", "container")


class AnnounceForm(forms.Form):
    ref = forms.CharField(label="Reference", max_length=60, widget=TextInput)
    supplier = forms.CharField(max_length=80, required=False, widget=TextInput)
    lines = forms.CharField(
        widget=TextArea,
        help_text="One line per article: SKU;quantity, and if known ;lot;last day (2026-11-30)",
    )

    def clean_lines(self) -> list[receipts.Announced]:
        """The lines; errors name the line."""
        found = []
        for number, row in enumerate(
            csv.reader(io.StringIO(self.cleaned_data["lines"]), delimiter=";"), start=1
        ):
            if any(cell.strip() for cell in row):
                try:
                    found.append(_announced([cell.strip() for cell in row]))
                except ValueError as error:
                    raise forms.ValidationError(f"Line {number}: {error}") from error
        return found


def _announced(cells: list[str]) -> receipts.Announced:
    code, qty, lot, day = (*cells, "", "", "", "")[:4]
    sku = Sku.objects.filter(code=code).first()
    if sku is None:
        raise ValueError(f"{code!r} is no SKU.")
    if not qty.isdigit() or int(qty) < 1:
        raise ValueError(f"{qty!r} is no quantity.")
    try:
        expires_on = date.fromisoformat(day) if day else None
    except ValueError as error:
        raise ValueError(f"{day!r} is no date: write 2026-11-30.") from error
    return receipts.Announced(sku=sku, qty=int(qty), lot_code=lot, expires_on=expires_on)


class CloseForm(forms.Form):
    difference_code = forms.ChoiceField(
        label="If less arrived: why?", required=False, choices=[("", "–"), *ReasonCode.choices], widget=Select
    )


class CancelForm(forms.Form):
    reason = forms.CharField(max_length=200, widget=TextInput)


@admin.register(Receipt)
class ReceiptAdmin(ReadOnlyAdmin):
    list_display = (
        "ref",
        "supplier",
        "state",
        "blind",
        "expected_at",
        "created_at",
        "closed_at",
        "difference_code",
    )
    list_filter = ("state", "blind", "site")
    list_select_related = ("site",)
    search_fields = ("=ref",)
    search_help_text = "Reference, exactly"
    ordering = ("-id",)
    inlines = (LineInline, ItemInline)
    actions = ("close", "cancel")
    actions_list = ("announce",)

    @action(description="Announce a delivery…", url_path="announce", permissions=["act"])
    def announce(self, request: HttpRequest) -> HttpResponse:
        def act(answers: dict[str, Any]) -> None:
            try:
                site = Site.objects.get(code=settings.ENV.site)
                made = receipts.announce(site=site, actor=user_actor(request), **answers)
            except Site.DoesNotExist:
                messages.error(request, f"There is no site {settings.ENV.site}: add it first.")
            except DomainError as refusal:
                messages.error(request, f"{refusal.message} {refusal.remedy}")
            else:
                messages.success(request, f"{made} is announced.")

        question = "The terminal offers it for receiving; what comes is compared with it."
        page = ask(self, request, None, form=AnnounceForm, question=question, button="Announce", act=act)
        return page or HttpResponseRedirect(reverse("admin:inbound_receipt_changelist"))

    @action(description="Close…", permissions=["act"])
    def close(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        def act(answers: dict[str, Any]) -> None:
            report(
                request,
                queryset,
                lambda row: receipts.close(receipt=row, actor=user_actor(request), **answers),
                "Closed",
            )

        question = "Nothing more comes for these deliveries."
        return ask(self, request, queryset, form=CloseForm, question=question, button="Close", act=act)

    @action(description="Call off…", permissions=["act"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        def act(answers: dict[str, Any]) -> None:
            report(
                request,
                queryset,
                lambda row: receipts.cancel(receipt=row, actor=user_actor(request), **answers),
                "Called off",
            )

        question = "Possible while nothing of them has arrived."
        return ask(self, request, queryset, form=CancelForm, question=question, button="Call off", act=act)


@admin.register(ReceiptLine)
class ReceiptLineAdmin(ReadOnlyAdmin):
    list_display = ("receipt", "position", "sku", "lot_code", "expires_on", "qty_expected", "qty_received")
    list_select_related = ("receipt", "sku")
    search_fields = ("receipt__ref", "sku__code")
    ordering = ("-id",)


@admin.register(ReceiptItem)
class ReceiptItemAdmin(ReadOnlyAdmin):
    list_display = (
        "received_at",
        "line",
        "lot",
        "qty",
        "location",
        "container",
        "reason_code",
        "received_by",
    )
    list_filter = ("reason_code",)
    list_select_related = ("line__sku", "lot__sku", "location", "container", "receipt")
    search_fields = ("receipt__ref", "line__sku__code")
    ordering = ("-id",)


@admin.register(Putaway)
class PutawayAdmin(ReadOnlyAdmin):
    list_display = (
        "done_at",
        "sku",
        "lot",
        "qty",
        "source",
        "proposed",
        "location",
        "order",
        "rule",
        "why",
        "override_code",
    )
    list_filter = ("rule", "override_code")
    list_select_related = ("sku", "lot__sku", "proposed", "location", "order", "site")
    search_fields = ("sku__code", "location__code")
    ordering = ("-id",)
