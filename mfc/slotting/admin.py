"""Admin of planning: ask for a run, watch it, see what it found, decide; moves, forecasts and rules."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import mark_safe

from mfc.core.admin import (
    ModelAdmin,
    NumberInput,
    ReadOnlyAdmin,
    TextInput,
    action,
    ask,
    ask_each,
    display,
    report,
    user_actor,
)
from mfc.core.errors import DomainError
from mfc.layout.models import Site
from mfc.slotting import drawing, moves, pages, runs
from mfc.slotting.models import DemandForecast, PlanRun, RangeChange, RunKind, SlotMove, SlottingRule
from mfc.slotting.states import WORKING, RunState

REFRESH_S = 2


class ReasonForm(forms.Form):
    reason = forms.CharField(max_length=200, widget=TextInput, help_text="Kept in the journal")


def _number(label: str, kind: str, name: str, help_text: str) -> forms.IntegerField:
    usual, low, high = runs.SETTINGS[kind][name]
    return forms.IntegerField(
        label=label,
        initial=int(usual),
        min_value=int(low),
        max_value=int(high),
        widget=NumberInput,
        help_text=help_text,
    )


class DemandForm(forms.Form):
    days = _number("Days of history", RunKind.DEMAND, "days", "Two years and more show the season")


class AssortmentForm(forms.Form):
    days = _number(
        "Days of history", RunKind.ASSORTMENT, "days", "Older orders count less where the shop changes fast"
    )
    skus = _number("SKUs", RunKind.ASSORTMENT, "skus", "0: as many as are stocked now")
    most_new = _number(
        "New ones at most", RunKind.ASSORTMENT, "most_new", "-1: any number; what may change at once"
    )


class SlotsForm(forms.Form):
    days = _number("Days of history", RunKind.SLOTS, "days", "Orders whose walks are made shorter")
    moves_percent = _number(
        "SKUs that may move, in percent", RunKind.SLOTS, "moves_percent", "The work of the plan"
    )
    payback_days = _number(
        "Pays back within days", RunKind.SLOTS, "payback_days", "Moves that take longer to pay are left out"
    )
    seconds = _number(
        "Seconds of search", RunKind.SLOTS, "seconds", "Longer is better; you can stop it at any time"
    )
    seed = _number("Seed", RunKind.SLOTS, "seed", "The same seed tries the same swaps")


FORMS: dict[str, type[forms.Form]] = {
    RunKind.DEMAND: DemandForm,
    RunKind.ASSORTMENT: AssortmentForm,
    RunKind.SLOTS: SlotsForm,
}


@admin.register(PlanRun)
class PlanRunAdmin(ReadOnlyAdmin):
    list_display = ("asked_at", "kind", "watch_link", "percent", "note", "actor_name", "decided_by")
    list_filter = ("kind", "state", "site")
    list_select_related = ("site",)
    search_fields = ("=id",)
    ordering = ("-id",)
    actions_list = ("plan_slots", "plan_range", "plan_demand")

    @display(description="State", ordering="state")
    def watch_link(self, run: PlanRun) -> str:
        return format_html(
            '<a href="{}">{}</a>', reverse("admin:slotting_planrun_watch", args=[run.pk]), run.state
        )

    def get_urls(self) -> list[URLPattern]:
        """The pages besides list and row."""
        site = self.admin_site.admin_view
        return [
            path("<int:run_id>/watch/", site(self.watch), name="slotting_planrun_watch"),
            path("<int:run_id>/act/", site(self.act), name="slotting_planrun_act"),
            *super().get_urls(),
        ]

    @action(description="Plan slots…", url_path="plan-slots", permissions=["act"])
    def plan_slots(self, request: HttpRequest) -> HttpResponse:
        return self._ask(request, RunKind.SLOTS, "Which SKU should lie where, and which moves lead there?")

    @action(description="Plan the range…", url_path="plan-range", permissions=["act"])
    def plan_range(self, request: HttpRequest) -> HttpResponse:
        return self._ask(request, RunKind.ASSORTMENT, "Which SKUs fill the most orders whole?")

    @action(description="Forecast demand…", url_path="plan-demand", permissions=["act"])
    def plan_demand(self, request: HttpRequest) -> HttpResponse:
        return self._ask(request, RunKind.DEMAND, "How much of each SKU will sell next week?")

    def _ask(self, request: HttpRequest, kind: RunKind, question: str) -> HttpResponse:
        started: list[PlanRun] = []

        def act(answers: dict[str, Any]) -> None:
            site = Site.objects.filter(code=settings.ENV.site).first()
            if site is None:
                messages.error(request, f"There is no site {settings.ENV.site}: add it first.")
                return
            try:
                started.append(runs.ask(site=site, kind=kind, actor=user_actor(request), **answers))
            except DomainError as refusal:
                messages.error(request, f"{refusal.message} {refusal.remedy}")

        page = ask(self, request, None, form=FORMS[kind], question=question, button="Plan", act=act)
        if page is not None:
            return page
        if started:
            return HttpResponseRedirect(reverse("admin:slotting_planrun_watch", args=[started[0].pk]))
        return HttpResponseRedirect(reverse("admin:slotting_planrun_changelist"))

    def watch(self, request: HttpRequest, run_id: int) -> HttpResponse:
        """How far it is; once ready, what it found. The page renews itself while it works."""
        run = self.get_object(request, str(run_id))
        if run is None or not self.has_view_permission(request):
            return HttpResponse("Not found", status=404)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"{run.get_kind_display()} plan {run.pk}",
            "run": run,
            "refresh_s": REFRESH_S if run.state in WORKING else 0,
            "buttons": _buttons(run) if self.has_act_permission(request) else [],
            "figures": pages.figures(run),
            "maps": [(title, mark_safe(svg)) for title, svg in pages.maps(run)],  # noqa: S308 - names are escaped there
            "tables": pages.tables(run),
        }
        return TemplateResponse(request, "slotting/run.html", context)

    def act(self, request: HttpRequest, run_id: int) -> HttpResponse:
        """The buttons: stop, approve, discard."""
        if request.method != "POST" or not self.has_act_permission(request):
            return HttpResponse("Not allowed", status=403)
        deed = {"stop": runs.stop, "approve": runs.approve, "discard": runs.discard}.get(
            request.POST.get("deed", "")
        )
        if deed is None:
            return HttpResponse("Not found", status=404)
        try:
            deed(run_id=run_id, actor=user_actor(request))
        except DomainError as refusal:
            messages.error(request, f"{refusal.message} {refusal.remedy}")
        return HttpResponseRedirect(reverse("admin:slotting_planrun_watch", args=[run_id]))


def _buttons(run: PlanRun) -> list[tuple[str, str, str]]:
    if run.state in WORKING:
        return [("stop", "Stop and keep the best so far", "secondary")]
    if run.state == RunState.READY:
        decisions = [("approve", "Approve", "primary")] if run.kind != RunKind.DEMAND else []
        return [*decisions, ("discard", "Discard", "secondary")]
    return []


@admin.register(SlotMove)
class SlotMoveAdmin(ReadOnlyAdmin):
    list_display = (
        "run", "number", "chain", "sku", "source", "target", "minutes", "saved", "payback_days", "state", "why", "done_by",
    )  # fmt: skip
    list_filter = ("state", "site")
    list_select_related = ("run", "sku", "source", "target", "site")
    search_fields = ("=sku__code",)
    search_help_text = "SKU, exactly"
    ordering = ("-id",)
    actions = ("drop_chains", "done_as_planned", "not_possible")

    @display(description="Metres saved a day")
    def saved(self, move: SlotMove) -> str:
        return f"{move.saved_mm_a_day / 1000:.1f}" if move.saved_mm_a_day else "–"

    @action(description="Take their chains out of the plan", permissions=["act"])
    def drop_chains(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        rows = list({(row.run_id, row.chain): row for row in queryset}.values())
        report(
            request,
            rows,
            lambda row: runs.drop_chain(run_id=row.run_id, chain=row.chain, actor=user_actor(request)),
            "Chains taken out",
        )

    @action(description="Done as planned", permissions=["act"])
    def done_as_planned(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        rows = list(
            queryset.select_related("sku", "source", "target__zone", "site", "run").order_by("number")
        )
        report(request, rows, lambda row: moves.carry(move=row, actor=user_actor(request)), "Moved")

    @action(description="Not possible…", permissions=["act"])
    def not_possible(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        return ask_each(
            self,
            request,
            queryset,
            form=ReasonForm,
            question="The rest of their chains is taken out of the plan; goods stay where they are.",
            button="Not possible",
            done="Taken out",
            act=lambda row, answers: moves.skip(move=row, actor=user_actor(request), **answers),
        )


@admin.register(RangeChange)
class RangeChangeAdmin(ReadOnlyAdmin):
    list_display = ("run", "sku", "enters", "percent_of_orders", "minutes", "dropped", "why")
    list_filter = ("enters", "dropped")
    list_select_related = ("run", "sku")
    search_fields = ("=sku__code",)
    search_help_text = "SKU, exactly"
    ordering = ("-id",)
    actions = ("leave_as_it_is",)

    @display(description="Orders, in percent")
    def percent_of_orders(self, change: RangeChange) -> str:
        return f"{100 * change.share:.3f}"

    @action(description="Leave these SKUs as they are", permissions=["act"])
    def leave_as_it_is(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        report(request, queryset, lambda row: runs.drop_change(change=row, actor=user_actor(request)), "Left")


@admin.register(DemandForecast)
class DemandForecastAdmin(ReadOnlyAdmin):
    list_display = ("sku", "chart_link", "low", "high", "method", "made_at")
    list_filter = ("method", "site")
    list_select_related = ("sku", "site")
    search_fields = ("=sku__code",)
    search_help_text = "SKU, exactly"
    ordering = ("-id",)

    @display(description="Eaches a week", ordering="mean")
    def chart_link(self, row: DemandForecast) -> str:
        return format_html(
            '<a href="{}">{}</a>',
            reverse("admin:slotting_demandforecast_chart", args=[row.pk]),
            f"{row.mean:.1f}",
        )

    def get_urls(self) -> list[URLPattern]:
        """The chart besides list and row."""
        site = self.admin_site.admin_view
        return [
            path("<int:row_id>/chart/", site(self.chart), name="slotting_demandforecast_chart"),
            *super().get_urls(),
        ]

    def chart(self, request: HttpRequest, row_id: int) -> HttpResponse:
        """Past weeks, the next one and its interval."""
        row = self.get_object(request, str(row_id))
        if row is None or not self.has_view_permission(request):
            return HttpResponse("Not found", status=404)
        svg = drawing.forecast_chart(
            row.history, row.mean, row.low, row.high, title=f"Demand of {row.sku.code}"
        )
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Demand of {row.sku.code}",
            "row": row,
            "chart": mark_safe(svg),  # noqa: S308 - made of numbers and escaped text
            "confidence": round(100 * row.confidence),
            "coverage": round(100 * row.coverage) if row.coverage is not None else None,
            "weekdays": pages.weekdays(row),
        }
        return TemplateResponse(request, "slotting/forecast.html", context)


@admin.register(SlottingRule)
class SlottingRuleAdmin(ModelAdmin):
    list_display = ("kind", "location", "sku", "family", "other_family", "reason", "site")
    list_filter = ("kind", "site")
    list_select_related = ("location", "sku", "site")
    autocomplete_fields = ("location", "sku")
    search_fields = ("sku__code", "location__code", "family")
    ordering = ("kind", "id")
