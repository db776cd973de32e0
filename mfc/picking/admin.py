"""Admin of picking: what is on the floor, and what a manager does for pickers and customers."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from mfc.core.admin import ReadOnlyAdmin, Select, TabularInline, action, ask, display, report, user_actor
from mfc.core.errors import DomainError
from mfc.layout.models import Site
from mfc.picking import paceadmin, substitution, walkview, walladmin, waves
from mfc.picking.models import (
    Batch,
    BatchOrder,
    PickAction,
    PickTask,
    PutBack,
    SubstitutionAsk,
    Wave,
)

# Django finds only this module by itself; walladmin registers what belongs to put walls.
__all__ = ["walladmin"]


class BatchInline(TabularInline):
    model = Batch
    fields = ("state", "station", "person", "colour", "length_mm", "reason")
    related = ("station", "person")


@admin.register(Wave)
class WaveAdmin(ReadOnlyAdmin):
    list_display = ("id", "site", "released_at", "reason")
    list_filter = ("site",)
    list_select_related = ("site",)
    search_fields = ("=id",)
    ordering = ("-id",)
    inlines = (BatchInline,)
    actions_list = ("release_now",)

    @action(description="Release due work now", url_path="release-now", permissions=["act"])
    def release_now(self, request: HttpRequest) -> HttpResponse:
        page = ask(
            self,
            request,
            None,
            form=forms.Form,
            question=f"Plan what is due at {settings.ENV.site} now, as the planner does every few seconds.",
            button="Release due work now",
            act=lambda answers: _release(request),
        )
        return page or HttpResponseRedirect(reverse("admin:picking_wave_changelist"))


def _release(request: HttpRequest) -> None:
    site = Site.objects.filter(code=settings.ENV.site).first()
    if site is None:
        messages.error(request, f"There is no site {settings.ENV.site}.")
        return
    try:
        planned = waves.release_due(site=site)
    except DomainError as refusal:
        messages.error(request, f"{refusal.message} {refusal.remedy}")
        return
    if planned:
        messages.success(request, f"Planned: {', '.join(str(batch) for batch in planned)}.")
    else:
        messages.info(request, "Nothing is due, or enough batches wait for pickers.")


class BatchOrderInline(TabularInline):
    model = BatchOrder
    fields = ("position", "letter", "order", "tote_use")
    readonly_fields = ("letter",)
    ordering = ("position",)
    related = ("order", "tote_use__container", "tote_use__order")


class PickTaskInline(TabularInline):
    model = PickTask
    fields = ("stop", "location", "sku", "lot", "qty", "batch_order", "state", "done_by", "done_at", "reason")
    ordering = ("stop", "id")
    related = ("location", "sku", "lot__sku", "batch_order__order", "done_by")


@admin.register(Batch)
class BatchAdmin(ReadOnlyAdmin):
    list_display = (
        "id",
        "state",
        "method",
        "colour",
        "station",
        "person",
        "current_stop",
        "policy",
        "walk_cost",
        "latest_start",
        "reason",
    )
    list_filter = ("state", "method", "policy", "site")
    list_select_related = ("site", "wave", "station", "person", "drop")
    search_fields = ("=id", "=orders__order__ref")
    ordering = ("-id",)
    inlines = (BatchOrderInline, PickTaskInline)
    readonly_fields = ("walk",)
    actions_list = ("pace",)
    fieldsets = (
        (None, {"fields": (("state", "method", "colour"), ("station", "person"), "reason")}),
        ("Walk", {"fields": ("walk",)}),
        (
            "Times",
            {
                "fields": (
                    ("latest_start", "planned_at"),
                    ("claimed_at", "closed_at"),
                    ("site", "wave", "drop"),
                )
            },
        ),
    )

    @action(description="Measured pace", url_path="pace", permissions=["view"])
    def pace(self, request: HttpRequest) -> HttpResponse:
        if request.method == "POST" and not self.has_act_permission(request):
            raise PermissionDenied
        return paceadmin.pace_page(self, request)

    @display(description="Length")
    def walk_cost(self, row: Batch) -> str:
        return walkview.cost(row) or f"{row.length_mm / 1000:.1f} m"

    @display(description="")
    def walk(self, row: Batch) -> SafeString:
        """The walk drawn, with its length by every policy; once, though the theme asks several times for one page."""
        drawn: SafeString | None = getattr(row, "drawn_walk", None)
        if drawn is None:
            about = {
                "policy": row.policy,
                "cost": walkview.cost(row),
                "lengths": walkview.lengths(row),
                "drawing": mark_safe(walkview.drawing(row)),  # noqa: S308 (texts are escaped where it is drawn)
            }
            drawn = render_to_string("picking/batch_walk.html", about)
            row.drawn_walk = drawn  # type: ignore[attr-defined]
        return drawn


@admin.register(BatchOrder)
class BatchOrderAdmin(ReadOnlyAdmin):
    list_display = ("batch", "position", "order", "tote_use")
    list_select_related = ("batch", "order", "tote_use__container", "tote_use__order")
    search_fields = ("=order__ref", "=batch__id")
    ordering = ("-id",)


@admin.register(PickTask)
class PickTaskAdmin(ReadOnlyAdmin):
    list_display = (
        "id",
        "batch",
        "stop",
        "location",
        "sku",
        "lot",
        "qty",
        "state",
        "done_by",
        "done_at",
        "reason",
        "weight_g",
    )
    list_filter = ("state", "reason_code")
    list_select_related = (
        "tote_use__container",
        "tote_use__order",
        "batch",
        "batch_order__order",
        "order_line__sku",
        "reservation",
        "location",
        "sku",
        "lot__sku",
        "done_by",
    )
    search_fields = ("=batch__id", "=sku__code", "=location__code")
    ordering = ("-id",)


@admin.register(PickAction)
class PickActionAdmin(ReadOnlyAdmin):
    list_display = ("at", "batch", "person", "kind", "data", "undone_at")
    list_filter = ("kind", ("undone_at", admin.EmptyFieldListFilter))
    list_select_related = ("batch", "person")
    search_fields = ("=batch__id",)
    ordering = ("-id",)


class AnswerForm(forms.Form):
    """Which of the candidates; filled with those of the chosen question."""

    sku = forms.ChoiceField(label="The customer takes", required=False, widget=Select)

    @classmethod
    def of(cls, question: SubstitutionAsk) -> type[forms.Form]:
        """The form of one question."""
        choices = [("", "no substitute")]
        choices += [(one["sku"], f"{one['name']} ({one['sku']})") for one in question.candidates]
        field = forms.ChoiceField(
            label="The customer takes", required=False, choices=choices, widget=Select(choices=choices)
        )
        return type("QuestionForm", (cls,), {"sku": field})


@admin.register(SubstitutionAsk)
class SubstitutionAskAdmin(ReadOnlyAdmin):
    list_display = ("asked_at", "state", "order_line", "qty", "deadline", "answer", "answered_by")
    list_filter = ("state",)
    list_select_related = (
        "order_line__order",
        "order_line__sku",
        "batch_order__order",
        "task__sku",
        "task__location",
        "answer",
    )
    search_fields = ("order_line__order__ref", "order_line__sku__code")
    ordering = ("-asked_at", "-id")
    actions = ("answer_for_customer",)

    @action(description="Answer for the customer…", permissions=["act"])
    def answer_for_customer(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        rows = list(queryset[:2])
        if len(rows) != 1:
            messages.error(request, "Choose exactly one question: each has its own candidates.")
            return None

        def act(answers: dict[str, Any]) -> None:
            report(
                request,
                rows,
                lambda row: substitution.answer(
                    ask_id=row.pk, sku=answers["sku"] or None, actor=user_actor(request)
                ),
                "Answered",
            )

        row = rows[0]
        return ask(
            self,
            request,
            queryset,
            form=AnswerForm.of(row),
            question=f"{row.qty} × {row.order_line.sku.name} of order {row.order_line.order.ref} are missing.",
            button="Answer for the customer",
            act=act,
        )


@admin.register(PutBack)
class PutBackAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "state", "qty", "sku", "lot", "tote_use", "location", "done_by", "done_at")
    list_filter = ("state", "site")
    list_select_related = (
        "site",
        "sku",
        "lot__sku",
        "location",
        "done_by",
        "tote_use__container",
        "tote_use__order",
        "order_line__order",
        "order_line__sku",
    )
    search_fields = ("=sku__code", "tote_use__container__label", "order_line__order__ref")
    ordering = ("-id",)
