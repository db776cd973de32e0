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
    NumberInput,
    ReadOnlyAdmin,
    Select,
    TabularInline,
    TextArea,
    TextInput,
    action,
    ask,
    ask_each,
    report,
    user_actor,
)
from mfc.core.errors import DomainError
from mfc.inbound import putaway, receipts
from mfc.inbound.models import Putaway, Receipt, ReceiptItem, ReceiptLine
from mfc.inventory.models import Balance, ReasonCode
from mfc.layout.models import Location, Site


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


class ReceiveForm(forms.Form):
    """One article that has arrived."""

    sku = forms.CharField(label="SKU", widget=TextInput)
    qty = forms.IntegerField(
        label="Quantity in eaches", min_value=1, max_value=receipts.MAX_QTY, widget=NumberInput
    )
    lot_code = forms.CharField(label="Lot", max_length=20, required=False, widget=TextInput)
    expires_on = forms.DateField(label="Last day", required=False, widget=TextInput, help_text="2026-11-30")
    weight_g = forms.IntegerField(
        label="Weight of all in g",
        required=False,
        min_value=1,
        widget=NumberInput,
        help_text="Of goods sold by weight",
    )
    location = forms.CharField(label="Dock", widget=TextInput)
    reason_code = forms.ChoiceField(
        label="If more than announced: why?",
        required=False,
        choices=[("", "–"), *ReasonCode.choices],
        widget=Select,
    )
    hold = forms.BooleanField(label="Hold for inspection", required=False)

    def clean_sku(self) -> Sku:
        return _sku(self.cleaned_data["sku"])

    def clean_location(self) -> Location:
        return _location(self.cleaned_data["location"])


class PutAwayForm(forms.Form):
    """Goods at a dock that go on a shelf."""

    sku = forms.CharField(label="SKU", widget=TextInput)
    lot = forms.CharField(max_length=20, required=False, widget=TextInput)
    source = forms.CharField(label="From", widget=TextInput, help_text="Code of the dock")
    qty = forms.IntegerField(label="Quantity", min_value=1, max_value=receipts.MAX_QTY, widget=NumberInput)
    target = forms.CharField(
        label="To",
        required=False,
        widget=TextInput,
        help_text="Code of the shelf; empty: the best proposed place",
    )
    override_code = forms.ChoiceField(
        label="If not as proposed: why?",
        required=False,
        choices=[("", "–"), *ReasonCode.choices],
        widget=Select,
    )

    def clean_sku(self) -> Sku:
        return _sku(self.cleaned_data["sku"])

    def clean_source(self) -> Location:
        return _location(self.cleaned_data["source"])

    def clean_target(self) -> Location | None:
        return _location(self.cleaned_data["target"]) if self.cleaned_data["target"].strip() else None


def _sku(text: str) -> Sku:
    row = Sku.objects.filter(code__iexact=text.strip()).first()
    if row is None:
        raise forms.ValidationError(f"There is no SKU {text.strip()}.")
    return row


def _location(text: str) -> Location:
    row = (
        Location.objects.select_related("zone")
        .filter(site__code=settings.ENV.site, code__iexact=text.strip())
        .first()
    )
    if row is None:
        raise forms.ValidationError(f"There is no location {text.strip()}.")
    return row


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
    actions = ("receive", "close", "cancel")
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

    @action(description="Receive an article…", permissions=["act"])
    def receive(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        rows = list(queryset[:2])
        if len(rows) != 1:
            messages.error(request, "Choose exactly one receipt: every article belongs to one.")
            return None

        def act(answers: dict[str, Any]) -> None:
            arrived = receipts.Arrived(**answers)
            report(
                request,
                rows,
                lambda row: receipts.receive(receipt=row, arrived=arrived, actor=user_actor(request)),
                "Received",
            )

        question = "Goods that have arrived; they are for sale once they are put away."
        return ask(self, request, queryset, form=ReceiveForm, question=question, button="Receive", act=act)

    @action(description="Close…", permissions=["act"])
    def close(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        question = "Nothing more comes for these deliveries."
        return ask_each(
            self,
            request,
            queryset,
            form=CloseForm,
            question=question,
            button="Close",
            done="Closed",
            act=lambda row, answers: receipts.close(receipt=row, actor=user_actor(request), **answers),
        )

    @action(description="Call off…", permissions=["act"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        question = "Possible while nothing of them has arrived."
        return ask_each(
            self,
            request,
            queryset,
            form=CancelForm,
            question=question,
            button="Call off",
            done="Called off",
            act=lambda row, answers: receipts.cancel(receipt=row, actor=user_actor(request), **answers),
        )


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
    actions_list = ("put_away",)

    @action(description="Put away…", url_path="put-away", permissions=["act"])
    def put_away(self, request: HttpRequest) -> HttpResponse:
        def act(answers: dict[str, Any]) -> None:
            try:
                row = _put_away(answers, request)
            except DomainError as refusal:
                messages.error(request, f"{refusal.message} {refusal.remedy}")
                return
            messages.success(request, f"{row}: {row.why}.")

        question = (
            "Received goods go on a shelf. The place is proposed by the rules; another one needs a reason."
        )
        page = ask(self, request, None, form=PutAwayForm, question=question, button="Put away", act=act)
        return page or HttpResponseRedirect(reverse("admin:inbound_putaway_changelist"))


def _put_away(answers: dict[str, Any], request: HttpRequest) -> Putaway:
    sku, qty = answers["sku"], answers["qty"]
    balance = (
        Balance.objects.select_related("site", "sku", "lot", "location__zone")
        .filter(location=answers["source"], sku=sku, on_hand__gt=0)
        .filter(**({"lot__code": answers["lot"]} if answers["lot"] else {}))
        .order_by("pk")
        .first()
    )
    if balance is None:
        raise DomainError("stock_insufficient", f"By the book no {sku.code} is at {answers['source']}.")
    proposals = putaway.propose(
        site=balance.site, sku=sku, lot_id=balance.lot_id, qty=qty, source=balance.location
    )
    target = answers["target"]
    if target is None:
        if not proposals:
            raise DomainError("place_invalid", "No place is free for it.")
        target = Location.objects.select_related("zone").get(pk=proposals[0].spot.id)
    return putaway.put_away(
        balance=balance,
        qty=qty,
        target=target,
        actor=user_actor(request),
        proposals=proposals,
        override_code=answers["override_code"],
    )
