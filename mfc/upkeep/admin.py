"""Admin of replenishments and counts: decided by actions; how right the book is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from mfc.catalog.models import Sku
from mfc.core import clock
from mfc.core.admin import (
    NumberInput,
    ReadOnlyAdmin,
    TabularInline,
    TextArea,
    TextInput,
    action,
    ask,
    ask_each,
    display,
    report,
    user_actor,
)
from mfc.layout.models import Location, Site
from mfc.upkeep import counting, replenish, reports
from mfc.upkeep.models import Count, CountKind, CountLine, Replenishment


class ReasonForm(forms.Form):
    reason = forms.CharField(max_length=200, widget=TextInput, help_text="Kept with the decision")


class PlacesForm(ReasonForm):
    places = forms.CharField(widget=TextArea, help_text="Codes of locations, separated by blanks or lines")

    def clean_places(self) -> list[Location]:
        codes = self.cleaned_data["places"].replace(",", " ").replace(";", " ").split()
        found = {
            row.code: row for row in Location.objects.filter(site__code=settings.ENV.site, code__in=codes)
        }
        missing = [code for code in codes if code not in found]
        if missing:
            raise forms.ValidationError(f"There is no location {', '.join(missing[:5])}.")
        return [found[code] for code in dict.fromkeys(codes)]


class CountedForm(forms.Form):
    lines = forms.CharField(
        required=False, widget=TextArea, help_text="One line per article: SKU;quantity, or SKU;quantity;lot"
    )

    def clean_lines(self) -> list[tuple[int, int | None, int]]:
        """(SKU id, lot id, quantity); errors name the line."""
        found = []
        for number, text in enumerate(self.cleaned_data["lines"].splitlines(), start=1):
            if text.strip():
                try:
                    found.append(_counted_line([cell.strip() for cell in text.split(";")]))
                except ValueError as error:
                    raise forms.ValidationError(f"Line {number}: {error}") from error
        return found


def _counted_line(cells: list[str]) -> tuple[int, int | None, int]:
    code, qty, lot_code = (*cells, "", "", "")[:3]
    sku = Sku.objects.filter(code__iexact=code).first()
    if sku is None:
        raise ValueError(f"{code!r} is no SKU.")
    if not qty.isdigit() or len(qty) > 6:
        raise ValueError(f"{qty!r} is no quantity.")
    if not lot_code:
        return sku.pk, None, int(qty)
    lot = sku.lots.filter(code=lot_code).first()
    if lot is None:
        raise ValueError(f"{sku.code} has no lot {lot_code!r}.")
    return sku.pk, lot.pk, int(qty)


def _enter(count: Count, lines: list[tuple[int, int | None, int]], request: HttpRequest) -> None:
    actor = user_actor(request)
    begun = counting.begin(count=count, actor=actor)
    counting.finish(count=begun, counted=counting.totals(lines), actor=actor)


class PeriodForm(forms.Form):
    days = forms.IntegerField(label="Days back", min_value=1, max_value=3_650, initial=30, widget=NumberInput)


def _site(request: HttpRequest) -> Site | None:
    site = Site.objects.filter(code=settings.ENV.site).first()
    if site is None:
        messages.error(request, f"There is no site {settings.ENV.site}: add it first.")
    return site


@admin.register(Replenishment)
class ReplenishmentAdmin(ReadOnlyAdmin):
    list_display = (
        "created_at",
        "urgency",
        "sku",
        "lot",
        "qty",
        "qty_done",
        "source",
        "target",
        "state",
        "why",
        "done_by",
    )
    list_filter = ("state", "urgency", "site")
    list_select_related = ("sku", "lot__sku", "source", "target", "site")
    search_fields = ("=sku__code",)
    search_help_text = "SKU, exactly"
    ordering = ("-id",)
    actions = ("brought", "cancel")
    actions_list = ("plan_now",)

    @action(description="Brought as planned", permissions=["act"])
    def brought(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        rows = queryset.select_related("sku", "lot", "source__zone", "target__zone", "site")
        report(
            request,
            rows,
            lambda row: replenish.bring(task=row, qty=row.qty, actor=user_actor(request)),
            "Brought",
        )

    @action(description="Cancel…", permissions=["act"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        question = "Nobody is to bring these goods. The planner asks again if they are still needed."
        return ask_each(
            self,
            request,
            queryset,
            form=ReasonForm,
            question=question,
            button="Cancel tasks",
            done="Cancelled",
            act=lambda row, answers: replenish.cancel(task=row, actor=user_actor(request), **answers),
        )

    @action(description="Plan now", url_path="plan-now", permissions=["act"])
    def plan_now(self, request: HttpRequest) -> HttpResponse:
        def act(answers: dict[str, Any]) -> None:
            site = _site(request)
            if site is not None:
                made = replenish.plan(site=site)
                messages.success(request, f"Opened: {len(made)}.")

        question = "Look at slots and waiting orders now, as the worker does every minute."
        page = ask(self, request, None, form=forms.Form, question=question, button="Plan now", act=act)
        return page or HttpResponseRedirect(reverse("admin:upkeep_replenishment_changelist"))


class CountLineInline(TabularInline):
    model = CountLine
    fields = ("sku", "lot", "expected", "first", "second", "booked", "held_back")
    related = ("sku", "lot__sku")
    ordering = ("sku_id", "id")


@admin.register(Count)
class CountAdmin(ReadOnlyAdmin):
    list_display = (
        "created_at",
        "location",
        "kind",
        "state",
        "reason",
        "worst",
        "first_by",
        "second_by",
        "decided_by",
    )
    list_filter = ("state", "kind", "site")
    list_select_related = ("location", "site")
    search_fields = ("=location__code",)
    search_help_text = "Location, exactly"
    ordering = ("-id",)
    inlines = (CountLineInline,)
    actions = ("enter", "approve", "again", "reject")
    actions_list = ("count_places", "accuracy")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("lines")

    @display(description="Largest difference")
    def worst(self, count: Count) -> str:
        differences = [line.difference for line in count.lines.all()]
        return f"{max(differences, key=abs):+d}" if any(differences) else "0" if differences else "–"

    @action(description="Enter what was counted…", permissions=["act"])
    def enter(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        rows = list(queryset[:2])
        if len(rows) != 1:
            messages.error(request, "Choose exactly one count: every place has its own content.")
            return None

        question = "Everything that lies there; what is not named was not found."
        return ask_each(
            self,
            request,
            rows,
            form=CountedForm,
            question=question,
            button="Enter the count",
            done="Entered",
            act=lambda row, answers: _enter(row, answers["lines"], request),
        )

    @action(description="Approve: book the count", permissions=["act"])
    def approve(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        report(
            request, queryset, lambda row: counting.approve(count=row, actor=user_actor(request)), "Booked"
        )

    @action(description="Have it counted again…", permissions=["act"])
    def again(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        return self._reject(request, queryset, again=True)

    @action(description="Reject: book nothing…", permissions=["act"])
    def reject(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        return self._reject(request, queryset, again=False)

    def _reject(self, request: HttpRequest, queryset: QuerySet[Any], *, again: bool) -> HttpResponse | None:
        question = (
            "Somebody counts these places once more." if again else "Nothing of these counts is booked."
        )
        button = "Count again" if again else "Reject"
        return ask_each(
            self,
            request,
            queryset,
            form=ReasonForm,
            question=question,
            button=button,
            done="To be counted again" if again else "Rejected",
            act=lambda row, answers: counting.reject(
                count=row, actor=user_actor(request), again=again, **answers
            ),
        )

    @action(description="Count places…", url_path="count-places", permissions=["act"])
    def count_places(self, request: HttpRequest) -> HttpResponse:
        def act(answers: dict[str, Any]) -> None:
            for place in answers["places"]:
                counting.draft(location=place, kind=CountKind.MANUAL, reason=answers["reason"])
            messages.success(request, f"To be counted: {len(answers['places'])}.")

        question = "The stock terminal offers these places for counting."
        page = ask(
            self, request, None, form=PlacesForm, question=question, button="Have them counted", act=act
        )
        return page or HttpResponseRedirect(reverse("admin:upkeep_count_changelist"))

    @action(description="Accuracy and shrinkage…", url_path="accuracy", permissions=["act"])
    def accuracy(self, request: HttpRequest) -> HttpResponse:
        def act(answers: dict[str, Any]) -> None:
            site = _site(request)
            if site is None:
                return
            now = clock.now()
            for name in ("", "A", "B", "C"):
                found = reports.accuracy(
                    site=site, since=now - timedelta(days=answers["days"]), until=now, velocity=name
                )
                messages.info(request, f"{f'Class {name}' if name else 'All'}: {_told(found)}")

        question = "How right was the book in finished counts?"
        page = ask(self, request, None, form=PeriodForm, question=question, button="Report", act=act)
        return page or HttpResponseRedirect(reverse("admin:upkeep_count_changelist"))


def _told(found: reports.Accuracy) -> str:
    return (
        f"{found.line_accuracy:.1%} of {found.lines} lines right, {found.places_right} of {found.places} places; "
        f"{found.missing_qty} missing, {found.found_qty} found of {found.expected_qty} eaches; "
        f"shrinkage {found.shrinkage_qty} eaches, {found.shrinkage_cents / 100:.2f}"
    )


@admin.register(CountLine)
class CountLineAdmin(ReadOnlyAdmin):
    list_display = ("count", "sku", "lot", "expected", "first", "second", "booked", "held_back")
    list_select_related = ("count__location", "sku", "lot__sku")
    search_fields = ("=sku__code",)
    ordering = ("-id",)
