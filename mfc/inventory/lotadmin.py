"""Admin of lots and holds: stopped, recalled and traced by actions, never typed over."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse

from mfc.catalog.models import Sku
from mfc.core.admin import (
    ReadOnlyAdmin,
    Select,
    TextInput,
    action,
    ask,
    ask_each,
    display,
    link_action,
    report,
    user_actor,
)
from mfc.core.errors import DomainError
from mfc.inventory import holds, lots, tracing
from mfc.inventory.models import Hold, HoldKind, Lot
from mfc.layout.models import Location, Site


class ReasonForm(forms.Form):
    reason = forms.CharField(max_length=200, widget=TextInput, help_text="Kept with the change")


class HoldForm(ReasonForm):
    kind = forms.ChoiceField(choices=HoldKind.choices, widget=Select)


class LastDayForm(ReasonForm):
    expires_on = forms.DateField(
        label="Last day", required=False, widget=TextInput, help_text="2026-11-30; empty: none"
    )


class PlaceHoldForm(HoldForm):
    """A hold on what is named: a lot needs its SKU, several things together hold what is all of them."""

    location = forms.CharField(required=False, widget=TextInput, help_text="Code of a location")
    sku = forms.CharField(required=False, widget=TextInput, help_text="Code of a SKU")
    lot = forms.CharField(required=False, widget=TextInput, help_text="Code of a lot of that SKU")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        place, sku, lot = (str(data.get(name) or "").strip() for name in ("location", "sku", "lot"))
        data["location"] = (
            Location.objects.filter(site__code=settings.ENV.site, code__iexact=place).first()
            if place
            else None
        )
        data["sku"] = Sku.objects.filter(code__iexact=sku).first() if sku else None
        data["lot"] = Lot.objects.filter(sku=data["sku"], code=lot).first() if lot and data["sku"] else None
        for name, text in (("location", place), ("sku", sku), ("lot", lot)):
            if text and data[name] is None:
                self.add_error(
                    name,
                    f"There is no {name} {text}." if name != "lot" or data["sku"] else "Name its SKU too.",
                )
        if not (place or sku or lot):
            raise forms.ValidationError("Name a location, a SKU or a lot.")
        return data


def this_site() -> Site:
    """The site this installation serves. Raises ``not_found``."""
    site = Site.objects.filter(code=settings.ENV.site).first()
    if site is None:
        raise DomainError("not_found", f"There is no site {settings.ENV.site}.")
    return site


def _traced(lot: Lot) -> tracing.Trace:
    """The trace, made once: the page asks for the value of a column several times."""
    found: tracing.Trace | None = getattr(lot, "found", None)
    if found is None:
        found = tracing.trace(lot)
        lot.found = found  # type: ignore[attr-defined]
    return found


@admin.register(Lot)
class LotAdmin(ReadOnlyAdmin):
    list_display = ("code", "sku", "expires_on", "received_at", "on_hold")
    list_select_related = ("sku",)
    search_fields = ("=code", "=sku__code")
    search_help_text = "Lot or SKU, exactly"
    ordering = ("-id",)
    actions = ("hold", "recall", "correct")
    actions_detail = ("moves",)
    moves = link_action("Stock moves", "inventory_stockmove_changelist", "lot")
    fields = ("code", "sku", "expires_on", "received_at", "where")
    readonly_fields = ("where",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("holds")

    @display(description="Status")
    def on_hold(self, lot: Lot) -> str:
        kinds = sorted({hold.kind for hold in lot.holds.all() if hold.lifted_at is None})
        return f"on hold: {', '.join(kinds)}" if kinds else "–"

    @display(description="Every unit")
    def where(self, lot: Lot) -> str:
        return render_to_string("inventory/lot_trace.html", {"found": _traced(lot)})

    @action(description="Put on hold…", permissions=["act"])
    def hold(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        def act(answers: dict[str, Any]) -> None:
            kind, reason = HoldKind(answers["kind"]), answers["reason"]
            report(
                request,
                queryset,
                lambda lot: holds.place(
                    site_id=this_site().pk, kind=kind, lot=lot, actor=user_actor(request), reason=reason
                ),
                "On hold",
            )

        question = "Nothing of these lots may be promised, picked or handed over until the hold is lifted."
        return ask(self, request, queryset, form=HoldForm, question=question, button="Put on hold", act=act)

    @action(description="Recall…", permissions=["act"])
    def recall(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        def stop(lot: Lot, reason: str) -> None:
            _, found = tracing.recall(
                lot=lot, site_id=this_site().pk, actor=user_actor(request), reason=reason
            )
            messages.warning(
                request,
                f"{lot}: {found.here_qty} here, {found.shipped_qty} shipped with "
                f"{len({one.parcel for one in found.shipped})} parcels. Open the lot to see each of them.",
            )

        question = "Every unit is stopped at once: on shelves, in totes, in parcels that have not left."
        return ask_each(
            self,
            request,
            queryset,
            form=ReasonForm,
            question=question,
            button="Recall",
            done="Recalled",
            act=lambda lot, answers: stop(lot, answers["reason"]),
        )

    @action(description="Correct the last day…", permissions=["act"])
    def correct(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        question = "Stock whose last day is over may not be promised; a later day frees it."
        return ask_each(
            self,
            request,
            queryset,
            form=LastDayForm,
            question=question,
            button="Correct the last day",
            done="Corrected",
            act=lambda lot, answers: lots.correct_last_day(lot=lot, actor=user_actor(request), **answers),
        )


@admin.register(Hold)
class HoldAdmin(ReadOnlyAdmin):
    list_display = ("placed_at", "kind", "lot", "sku", "location", "reason", "placed_by", "lifted_at")
    list_filter = ("kind", ("lifted_at", admin.EmptyFieldListFilter))
    list_select_related = ("lot__sku", "sku", "location")
    search_fields = ("lot__code", "sku__code", "location__code")
    ordering = ("-id",)
    keyset = False
    actions = ("lift",)
    actions_list = ("place_hold",)

    @action(description="Lift…", permissions=["act"])
    def lift(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        question = "What no other hold covers may be promised again at once."
        return ask_each(
            self,
            request,
            queryset,
            form=ReasonForm,
            question=question,
            button="Lift",
            done="Lifted",
            act=lambda hold, answers: holds.lift(hold=hold, actor=user_actor(request), **answers),
        )

    @action(description="Put on hold…", url_path="place-hold", permissions=["act"])
    def place_hold(self, request: HttpRequest) -> HttpResponse:
        def act(answers: dict[str, Any]) -> None:
            try:
                placed = holds.place(
                    site_id=this_site().pk,
                    actor=user_actor(request),
                    **{**answers, "kind": HoldKind(answers["kind"])},
                )
            except DomainError as refusal:
                messages.error(request, f"{refusal.message} {refusal.remedy}")
                return
            messages.success(request, f"{placed} is in force.")

        question = (
            "Name what must not be sold: everything at a location, a SKU, a lot, or what is all of them."
        )
        page = ask(self, request, None, form=PlaceHoldForm, question=question, button="Put on hold", act=act)
        return page or HttpResponseRedirect(reverse("admin:inventory_hold_changelist"))
