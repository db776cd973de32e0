"""The seam to the admin theme: the only module that imports it. Also the admin of receipts and journal."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin as ThemeModelAdmin
from unfold.admin import TabularInline as ThemeTabularInline
from unfold.decorators import action, display

from mfc.core.actors import Actor
from mfc.core.errors import DomainError
from mfc.core.models import JournalEntry, Receipt

__all__ = ["ModelAdmin", "ReadOnlyAdmin", "TabularInline", "action", "display", "report", "user_actor"]


class _CountFreePaginator(Paginator):  # type: ignore[type-arg]
    """Pages without COUNT(*): unbounded tables open at once."""

    count = 1_000_000


class ModelAdmin(ThemeModelAdmin):  # type: ignore[misc]
    """House defaults for every model."""

    list_per_page = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER


class TabularInline(ThemeTabularInline):  # type: ignore[misc]
    """Read-only rows of a parent."""

    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ReadOnlyAdmin(ModelAdmin):
    """For what only services may change: people look, actions act."""

    paginator = _CountFreePaginator

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def user_actor(request: HttpRequest) -> Actor:
    """The admin user as an actor."""
    return Actor("user", str(request.user.pk), request.user.get_username())


def report(request: HttpRequest, rows: QuerySet[Any], act: Any, done: str) -> None:
    """Run ``act(row)`` for each row, each in its own transaction; tell the user what was refused and why."""
    count = 0
    for row in rows:
        try:
            act(row)
            count += 1
        except DomainError as refusal:
            messages.error(request, f"{row}: {refusal.message} {refusal.remedy}")
    if count:
        messages.success(request, f"{done}: {count}")


@admin.register(JournalEntry)
class JournalAdmin(ReadOnlyAdmin):
    list_display = ("at", "verb", "subject", "actor_name", "data")
    list_filter = ("verb",)
    search_fields = ("subject", "actor_name")
    ordering = ("-at", "-id")


@admin.register(Receipt)
class ReceiptAdmin(ReadOnlyAdmin):
    list_display = ("received_at", "source", "kind", "refused")
    list_filter = ("kind", "refused")
    search_fields = ("source",)
    ordering = ("-received_at", "-id")
