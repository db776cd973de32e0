"""Admin lists of growing tables: pages by key, and a search that only asks what an index answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import CharField, Field, Model, Q, QuerySet, TextField
from django.http import HttpRequest

from mfc.core import keyset

OLDER, NEWER, OLDEST = "older", "newer", "oldest"
CURSORS = (OLDER, NEWER, OLDEST)
# A beginning that more rows share says too little: the person types on.
MAX_PREFIX_MATCHES = 1_000
# Of a related thing (an order, a SKU) so many may match; each becomes a walk of its own.
MAX_RELATED = 20
_BIGINT = 2**63


@dataclass(slots=True)
class Found:
    """What a search asks: rows that fit any of the ``conditions``; ``cut`` when more would have matched."""

    conditions: list[Q]
    cut: bool = False


def search(model: type[Model], fields: Sequence[str], text: str) -> Found:
    """The conditions of a search over ``fields``: ``=path`` exactly, otherwise the beginning, as typed or in capitals.

    Things named along a path are looked up first, so that every condition is on an indexed column of ``model`` itself.
    """
    found = Found([])
    text = text.strip()
    if not text or "\x00" in text:
        return found
    known: dict[tuple[type[Model], str], list[Any]] = {}
    for spec in fields:
        exact, path = spec.startswith("="), spec.lstrip("=^")
        found.conditions += _conditions(model, path.split("__"), exact, text, found, known)
    return found


def _conditions(
    model: type[Model],
    path: list[str],
    exact: bool,
    text: str,
    found: Found,
    known: dict[tuple[type[Model], str], list[Any]],
) -> list[Q]:
    name, rest = path[0], path[1:]
    field: Any = model._meta.pk if name == "pk" else model._meta.get_field(name)
    if not rest:
        return _own(model, field, exact, text, found)
    related = field.related_model
    key = (related, "__".join(rest))
    if key not in known:
        inner = _conditions(related, rest, exact, text, found, known)
        known[key] = _ids(related, keyset.any_of(inner), MAX_RELATED, found) if inner else []
    if not field.one_to_many:
        return [Q(**{name: pk}) for pk in known[key]]
    owners = related._default_manager.filter(pk__in=known[key]).values_list(field.field.attname, flat=True)
    return [Q(pk__in=sorted(set(owners)))] if known[key] else []


def _own(model: type[Model], field: Field[Any, Any], exact: bool, text: str, found: Found) -> list[Q]:
    if not isinstance(field, CharField | TextField):
        return _number(field, text)
    words = sorted({text, text.upper()})
    if exact:
        return [Q(**{field.name: word}) for word in words]
    begins = keyset.any_of([Q(**{f"{field.name}__startswith": word}) for word in words])
    ids = _ids(model, begins, MAX_PREFIX_MATCHES, found)
    return [Q(pk__in=ids)] if ids else []


def _number(field: Field[Any, Any], text: str) -> list[Q]:
    """A number or an id, when the text is one that the column can hold."""
    try:
        value = field.to_python(text[:40])
    except (ValidationError, ValueError, TypeError, ArithmeticError):
        return []
    if isinstance(value, int) and not -_BIGINT <= value < _BIGINT:
        return []
    return [Q(**{field.name: value})]


def _ids(model: type[Model], condition: Q, most: int, found: Found) -> list[Any]:
    ids = list(model._default_manager.filter(condition).order_by().values_list("pk", flat=True)[: most + 1])
    if len(ids) > most:
        found.cut = True
    return ids[:most]


@dataclass(frozen=True, slots=True)
class Pages:
    """What the theme asks of a paginator, and the links of ours."""

    first: str
    newer: str
    older: str
    oldest: str
    per_page: int
    template_name: str = "core/keyset_pagination.html"
    num_pages: int = 1


class KeysetList:
    """Mixin for the theme's ChangeList: newest first, links to the neighbouring pages, no OFFSET and no COUNT."""

    model: type[Model]
    model_admin: Any
    query: str
    filter_params: dict[str, Any]
    params: dict[str, Any]
    root_queryset: QuerySet[Any]
    list_per_page: int

    def get_filters_params(self, params: Any = None) -> Any:
        ours = {*CURSORS, *self.model_admin.scopes}
        kept = super().get_filters_params(params)  # type: ignore[misc]
        return {name: value for name, value in kept.items() if name not in ours}

    def get_query_string(self, new_params: Any = None, remove: Any = None) -> str:
        """Links keep filters, scope and search; a cursor belongs to one page only."""
        for name in CURSORS:
            self.filter_params.pop(name, None)
            self.params.pop(name, None)
        return str(super().get_query_string(new_params, remove))  # type: ignore[misc]

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[str]:
        """Always the keyset's: another order would have to sort the whole table."""
        return list(self.model_admin.ordering)

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        """All rows of the list, for actions; pages are read by ``branches``."""
        query, self.query = self.query, ""
        try:
            filtered: QuerySet[Any] = super().get_queryset(request, exclude_parameters)  # type: ignore[misc]
        finally:
            self.query = query
        self.filtered = filtered
        self.conditions = self._scoped(request)
        if query:
            self.conditions.append(self._searched(request, query))
        for any_of in self.conditions:
            filtered = filtered.filter(keyset.any_of(any_of))
        return filtered

    def _scoped(self, request: HttpRequest) -> list[list[Q]]:
        """Whose history is shown (``?sku=17``); also what the page says about it."""
        wanted: list[list[Q]] = []
        self.scope_names: list[str] = []
        for name, columns in self.model_admin.scopes.items():
            text = request.GET.get(name, "")
            if not text:
                continue
            field: Any = self.model._meta.get_field(columns[0])
            numbers = text.isascii() and text.isdigit() and len(text) <= 18
            row = field.related_model._default_manager.filter(pk=int(text)).first() if numbers else None
            if row is None:
                messages.warning(
                    request, f"There is no {name} with the number {text[:20]}: nothing is shown."
                )
                wanted.append([])
                continue
            self.scope_names.append(f"{name} {row}")
            wanted.append([Q(**{column: row.pk}) for column in columns])
        return wanted

    def _searched(self, request: HttpRequest, query: str) -> list[Q]:
        found = search(self.model, self.model_admin.get_search_fields(request), query)
        if found.cut:
            messages.warning(
                request, "Too much begins like that: only a part of it is searched. Type more of it."
            )
        return found.conditions

    def branches(self) -> list[QuerySet[Any]]:
        """The list as a union of walks, each with one condition of the scope and one of the search."""
        walks = [self.filtered]
        for any_of in self.conditions:
            walks = [walk.filter(condition) for walk in walks for condition in any_of]
        return [walk.select_related(None).prefetch_related(None) for walk in walks]

    def get_results(self, request: HttpRequest) -> None:
        fields = keyset.fields_of(self.model_admin.ordering, self.model)
        page = keyset.page(
            self.branches(),
            fields=fields,
            size=self.list_per_page,
            rows=self._joined(),
            oldest=OLDEST in request.GET,
            **self._bounds(request, fields),
        )
        self.result_list = page.rows
        self.result_count = len(page.rows)
        self.full_result_count = self.result_count
        self.show_full_result_count = self.show_admin_actions = bool(page.rows)
        self.can_show_all = self.multi_page = False
        away = any(name in request.GET for name in CURSORS)
        self.paginator = Pages(
            first=self.get_query_string() if away else "",
            newer=self.get_query_string({NEWER: page.newer}) if page.newer else "",
            older=self.get_query_string({OLDER: page.older}) if page.older else "",
            oldest=self.get_query_string({OLDEST: "1"}) if page.older else "",
            per_page=self.list_per_page,
        )

    def _joined(self) -> QuerySet[Any]:
        related = self.model_admin.list_select_related
        return self.root_queryset.select_related(*related) if related else self.root_queryset

    def _bounds(self, request: HttpRequest, fields: Sequence[str]) -> dict[str, Any]:
        for name, bound in ((OLDER, "older_than"), (NEWER, "newer_than")):
            text = request.GET.get(name, "")
            if not text:
                continue
            try:
                return {bound: keyset.decode(text, fields, self.model)}
            except keyset.BadCursorError:
                messages.warning(
                    request, "That link does not name a page of this list: here is the first one."
                )
        return {}
