"""The seam to the admin theme: the only module that imports it. Also the admin of receipts, journal, jobs and users."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.admin import GroupAdmin as BaseGroupAdmin
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import escape
from django.utils.http import urlencode
from django.utils.safestring import mark_safe
from procrastinate.contrib.django.models import ProcrastinateJob
from unfold.admin import ModelAdmin as ThemeModelAdmin
from unfold.admin import TabularInline as ThemeTabularInline
from unfold.admin import checkbox as theme_checkbox
from unfold.decorators import action, display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.paginator import InfinitePaginator
from unfold.views import ChangeList as ThemeChangeList
from unfold.widgets import UnfoldAdminIntegerFieldWidget as NumberInput
from unfold.widgets import UnfoldAdminSelectWidget as Select
from unfold.widgets import UnfoldAdminTextareaWidget as TextArea
from unfold.widgets import UnfoldAdminTextInputWidget as TextInput

from mfc.core import journal, keyset
from mfc.core.actors import Actor
from mfc.core.errors import DomainError
from mfc.core.keysetlist import KeysetList, search
from mfc.core.models import JournalEntry, Receipt

__all__ = [
    "DateTimeInput",
    "EditableInline",
    "ModelAdmin",
    "NumberInput",
    "ReadOnlyAdmin",
    "Select",
    "TabularInline",
    "TextArea",
    "TextInput",
    "action",
    "ask",
    "ask_each",
    "display",
    "link_action",
    "report",
    "user_actor",
]


class DateTimeInput(TextInput):
    """The browser's own field for a date and a time, to the second."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"step": "1", **(attrs or {})})

    def format_value(self, value: Any) -> str | None:
        return (
            value.strftime("%Y-%m-%dT%H:%M:%S")
            if isinstance(value, datetime)
            else super().format_value(value)
        )


# An action walks through its rows one transaction each; a browser does not wait for more.
MAX_ACTION_ROWS = 200


_BOX_VALUE = "the-rows-own-key"


@cache
def _checkbox() -> str:
    return str(theme_checkbox.render(ACTION_CHECKBOX_NAME, _BOX_VALUE))


class ModelAdmin(ThemeModelAdmin):
    """House defaults for every model."""

    list_per_page = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER

    @display(description=ThemeModelAdmin.action_checkbox.short_description)
    def action_checkbox(self, obj: Model) -> str:
        """The theme's box before a row, its template rendered once: fifty times would be a quarter of a page's time."""
        return mark_safe(_checkbox().replace(_BOX_VALUE, escape(obj.pk)))  # noqa: S308

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """The page of one row names the same relations as the list: read them in the same query."""
        rows = super().get_queryset(request)
        related = self.list_select_related
        return rows.select_related(*related) if isinstance(related, list | tuple) and related else rows

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Write only what the person changed: devices and people at work change the rest meanwhile."""
        if not change:
            obj.save()
            return
        concrete = {field.name for field in obj._meta.concrete_fields}
        obj.save(update_fields=[name for name in form.changed_data if name in concrete])

    def has_act_permission(self, request: HttpRequest) -> bool:
        """Who may run actions: whoever may change the model, even where the form itself is closed."""
        meta = self.opts
        return bool(request.user.has_perm(f"{meta.app_label}.change_{meta.model_name}"))


class TabularInline(ThemeTabularInline):
    """Read-only rows of a parent. ``related`` is read in the same query."""

    extra = 0
    can_delete = False
    show_change_link = True
    related: tuple[str, ...] = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        return rows.select_related(*self.related) if self.related else rows

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class EditableInline(ThemeTabularInline):
    """Rows of a parent that people maintain."""

    extra = 0


class KeysetChangeList(KeysetList, ThemeChangeList):
    """The theme's list with pages by key."""


class ReadOnlyAdmin(ModelAdmin):
    """For what only services may change: people look, actions act. Large tables open at once, at any depth.

    ``ordering`` is newest first and ends in a unique column: pages are walked by key, without OFFSET and COUNT, and
    columns are not sorted. ``search_fields`` are ``=path`` (exactly) or a beginning, see ``core.keysetlist``; an index
    should answer each. ``scopes`` names the parameters by which other pages link to a part of the list: the part where
    any of the columns is that row. A small table in another order sets ``keyset`` to False.
    """

    paginator = InfinitePaginator
    keyset = True
    scopes: dict[str, tuple[str, ...]] = {}
    list_before_template = "core/scope.html"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ThemeChangeList]:
        return KeysetChangeList if self.keyset else ThemeChangeList

    def get_sortable_by(self, request: HttpRequest) -> Any:
        return () if self.keyset else super().get_sortable_by(request)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """The list's own search, for whoever asks by this name (choosing a row of another model's form)."""
        if not self.keyset or not search_term:
            return super().get_search_results(request, queryset, search_term)
        found = search(self.model, self.get_search_fields(request), search_term)
        return queryset.filter(keyset.any_of(found.conditions)), False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def link_action(description: str, url_name: str, parameter: str) -> Any:
    """A button on a row's page that leads to another list, narrowed to this row: ``<url_name>?<parameter>=<id>``."""

    @action(
        description=description,
        permissions=["view"],
        url_path=f"to-{url_name.rpartition('_')[0].replace('_', '-')}",
    )
    def follow(owner: Any, request: HttpRequest, object_id: str) -> HttpResponseRedirect:
        return HttpResponseRedirect(f"{reverse(f'admin:{url_name}')}?{urlencode({parameter: object_id})}")

    return follow


def user_actor(request: HttpRequest) -> Actor:
    """The admin user as an actor."""
    return Actor("user", str(request.user.pk), request.user.get_username())


def report(request: HttpRequest, rows: QuerySet[Any] | Sequence[Any], act: Any, done: str) -> None:
    """Run ``act(row)`` for each row, each in its own transaction; tell the user what was refused and why."""
    count = 0
    for row in rows[:MAX_ACTION_ROWS]:
        try:
            act(row)
            count += 1
        except DomainError as refusal:
            messages.error(request, f"{row}: {refusal.message} {refusal.remedy}")
    if count:
        messages.success(request, f"{done}: {count}")


def ask(
    owner: ModelAdmin,
    request: HttpRequest,
    rows: QuerySet[Any] | Sequence[Any] | None,
    *,
    form: type[forms.Form],
    question: str,
    button: str,
    act: Callable[[dict[str, Any]], None],
) -> TemplateResponse | None:
    """The page between an action and its deed: run ``act(answers)`` once the form is valid, show the form until then."""
    confirmed = request.POST.get("confirmed") == "1"
    filled = form(request.POST) if confirmed else form()
    if confirmed and filled.is_valid():
        act(filled.cleaned_data)
        return None
    meta = owner.model._meta
    context = {
        **owner.admin_site.each_context(request),
        "opts": meta,
        "title": button,
        "question": question,
        "button": button,
        "rows": rows[:MAX_ACTION_ROWS] if rows is not None else [],
        "form": filled,
        "action_name": request.POST.get("action", ""),
        "checkbox_name": ACTION_CHECKBOX_NAME,
        "back_url": reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist"),
    }
    return TemplateResponse(request, "core/action_form.html", context)


class SiteFilter(admin.SimpleListFilter):
    """Sites that have entries, found by skipping through the index: a plain DISTINCT would read the whole table."""

    title = "site"
    parameter_name = "site"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(code, code or "(none)") for code in journal.sites()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset if self.value() is None else queryset.filter(site=self.value())


def ask_each(
    owner: ModelAdmin,
    request: HttpRequest,
    rows: QuerySet[Any] | Sequence[Any],
    *,
    form: type[forms.Form],
    question: str,
    button: str,
    done: str,
    act: Callable[[Any, dict[str, Any]], object],
) -> TemplateResponse | None:
    """``ask``, then ``act(row, answers)`` for each row, reported like ``report``."""
    return ask(
        owner,
        request,
        rows,
        form=form,
        question=question,
        button=button,
        act=lambda answers: report(request, rows, lambda row: act(row, answers), done),
    )


@admin.register(JournalEntry)
class JournalAdmin(ReadOnlyAdmin):
    list_display = ("at", "verb", "subject", "actor_name", "data")
    list_filter = (SiteFilter,)
    search_fields = ("=subject", "=verb", "=actor_name")
    search_help_text = "Subject (order:17), verb (order.accepted) or name, exactly"
    ordering = ("-at", "-id")


@admin.register(Receipt)
class ReceiptAdmin(ReadOnlyAdmin):
    list_display = ("received_at", "source", "kind", "refused")
    search_fields = ("source", "=refused")
    search_help_text = "Source, from its beginning; or the code of a refusal"
    ordering = ("-received_at", "-id")


admin.site.unregister([User, Group, ProcrastinateJob])


@admin.register(User)
class UserAdmin(BaseUserAdmin, ModelAdmin):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm


@admin.register(Group)
class GroupAdmin(BaseGroupAdmin, ModelAdmin):
    pass


@admin.register(ProcrastinateJob)
class JobAdmin(ReadOnlyAdmin):
    list_display = ("id", "task_name", "status", "queue_name", "lock", "attempts", "scheduled_at")
    list_filter = ("status",)
    search_fields = ("=id",)
    search_help_text = "Number of the job"
    ordering = ("-id",)
