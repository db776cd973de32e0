"""Admin of put walls: the slots, what is sorted, and what a manager does with a slot."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from mfc.core.admin import ReadOnlyAdmin, Select, action, ask, report, user_actor
from mfc.core.errors import DomainError
from mfc.picking import wallplan, walls
from mfc.picking.models import PutSlot, SortTote, WallPut, WallWork
from mfc.workforce.models import Station, StationKind


class WallForm(forms.Form):
    """How a face of a wall hangs."""

    station = forms.ModelChoiceField(
        Station.objects.filter(kind=StationKind.PUTWALL).order_by("key"), widget=Select
    )
    face = forms.IntegerField(min_value=1, max_value=9, initial=1)
    rows = forms.IntegerField(min_value=1, max_value=wallplan.MAX_ROWS, initial=2)
    columns = forms.IntegerField(min_value=1, max_value=wallplan.MAX_COLUMNS, initial=3)


@admin.register(PutSlot)
class PutSlotAdmin(ReadOnlyAdmin):
    keyset = False
    list_display = ("station", "position", "face", "row", "column", "state", "order", "tote_use", "location")
    list_filter = ("state", "station")
    list_select_related = ("site", "station", "order", "location", "tote_use__container", "tote_use__order")
    search_fields = ("location__code", "order__ref")
    ordering = ("station", "position")
    actions = ("free_slots", "retire_slots")
    actions_list = ("build_wall",)

    @action(description="Build a put wall", url_path="build-wall", permissions=["act"])
    def build_wall(self, request: HttpRequest) -> HttpResponse:
        page = ask(
            self,
            request,
            None,
            form=WallForm,
            question="Every slot becomes a place with a label: print the labels in the list of locations, and bind a "
            "light point to each.",
            button="Build a put wall",
            act=lambda answers: _build(request, answers),
        )
        return page or HttpResponseRedirect(reverse("admin:picking_putslot_changelist"))

    @action(description="Free slots…", permissions=["act"])
    def free_slots(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        return ask(
            self,
            request,
            queryset,
            form=forms.Form,
            question="An empty slot is given to other orders; its order gets another one when its goods come.",
            button="Free the slots",
            act=lambda answers: report(
                request, queryset, lambda slot: walls.free(slot=slot, actor=user_actor(request)), "Freed"
            ),
        )

    @action(description="Take off the wall…", permissions=["act"])
    def retire_slots(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        return ask(
            self,
            request,
            queryset,
            form=forms.Form,
            question="Free slots are taken off the wall for good.",
            button="Take off the wall",
            act=lambda answers: report(
                request,
                queryset,
                lambda slot: walls.retire(slot=slot, actor=user_actor(request)),
                "Taken off",
            ),
        )


def _build(request: HttpRequest, answers: dict[str, Any]) -> None:
    try:
        made = wallplan.build(**answers, actor=user_actor(request))
    except DomainError as refusal:
        messages.error(request, f"{refusal.message} {refusal.remedy}")
        return
    messages.success(request, f"Built: {len(made)} slots.")


@admin.register(SortTote)
class SortToteAdmin(ReadOnlyAdmin):
    list_display = ("batch", "number", "tote_use")
    list_select_related = ("batch", "tote_use__container", "tote_use__order")
    search_fields = ("=batch__id",)
    ordering = ("-id",)


@admin.register(WallWork)
class WallWorkAdmin(ReadOnlyAdmin):
    keyset = False
    list_display = ("station", "tote_use", "sku", "lot", "typed_qty")
    list_select_related = ("station", "tote_use__container", "tote_use__order", "sku", "lot__sku")
    ordering = ("station",)


@admin.register(WallPut)
class WallPutAdmin(ReadOnlyAdmin):
    list_display = ("at", "station", "kind", "qty", "task", "source", "target", "person", "undone_at")
    list_filter = ("kind", "station")
    list_select_related = (
        "station",
        "task__sku",
        "task__location",
        "source__container",
        "source__order",
        "target__container",
        "target__order",
        "person",
    )
    search_fields = ("=task__id",)
    ordering = ("-id",)
