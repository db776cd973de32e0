"""Admin of the ledger's past: closed months, their snapshots, and the page "Stock as of…"."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from mfc.catalog.models import Sku
from mfc.core import clock, csvfile
from mfc.core.admin import DateTimeInput, ReadOnlyAdmin, Select, TextInput, action, ask, user_actor
from mfc.core.errors import DomainError
from mfc.inventory import closing, history
from mfc.inventory.models import BalanceSnapshot, ClosedMonth, Container, Lot
from mfc.inventory.sums import Where
from mfc.layout.models import Location, Site

# More rows than this are read in a spreadsheet, not on a page.
SHOWN = 500
COLUMNS = ("sku", "name", "lot", "expires_on", "place", "on_hand")


class AsOfForm(forms.Form):
    site = forms.ModelChoiceField(Site.objects.order_by("code"), widget=Select, empty_label=None)
    at = forms.DateTimeField(
        label="Moment", widget=DateTimeInput, help_text="Right after the moves of this second"
    )
    sku = forms.CharField(label="SKU", required=False, widget=TextInput)
    place = forms.CharField(required=False, widget=TextInput, help_text="Location code, or label of a tote")

    def where(self) -> Where:
        """The ids of what was typed; a code that does not exist becomes the field's error."""
        sku = self._found("sku", Sku.objects.filter(code=self.cleaned_data["sku"]))
        code = self.cleaned_data["place"]
        site = self.cleaned_data["site"]
        location = (
            Location.objects.filter(site=site).filter(Q(code=code) | Q(label=code)).first() if code else None
        )
        container = None
        if code and location is None:
            container = self._found("place", Container.objects.filter(site=site, label=code))
        return Where(
            sku_id=sku,
            location_id=location.pk if location else None,
            container_id=container,
        )

    def _found(self, name: str, rows: Any) -> int | None:
        if not self.cleaned_data[name]:
            return None
        pk = rows.values_list("pk", flat=True).first()
        if pk is None:
            self.add_error(name, "Not known here.")
        return pk


def as_of_page(owner: Any, request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """Form and table; with ``format=csv`` the whole answer as a file."""
    filled = AsOfForm(request.GET or None, initial=_initial())
    rows: list[dict[str, Any]] = []
    more = False
    if request.GET and filled.is_valid():
        where = filled.where()
        if not filled.errors:
            site, at = filled.cleaned_data["site"], filled.cleaned_data["at"]
            # the form knows seconds: everything of that second has happened
            at = min(at.replace(microsecond=999_999), clock.now()) if at <= clock.now() else at
            try:
                held = history.as_of(site_id=site.pk, at=at, where=where)
            except DomainError as refusal:
                messages.error(request, f"{refusal.message} {refusal.remedy}")
                held = []
            if request.GET.get("format") == "csv" and held:
                return _download(held, site, at)
            more = len(held) > SHOWN
            rows = list(islice(describe(held[:SHOWN]), SHOWN))
    query = request.GET.copy()
    query["format"] = "csv"
    context = {
        **owner.admin_site.each_context(request),
        "opts": owner.opts,
        "title": "Stock as of…",
        "form": filled,
        "rows": rows,
        "asked": bool(request.GET) and not filled.errors,
        "more": more,
        "shown": SHOWN,
        "csv_url": f"?{query.urlencode()}",
    }
    return TemplateResponse(request, "inventory/as_of.html", context)


def _initial() -> dict[str, Any]:
    return {
        "site": Site.objects.filter(code=settings.ENV.site).first(),
        "at": clock.now().replace(microsecond=0),
    }


def describe(held: list[history.Held]) -> Iterator[dict[str, Any]]:
    """The rows with codes and names, four queries for all of them."""
    skus = Sku.objects.in_bulk({row.sku_id for row in held})
    lots = Lot.objects.in_bulk({row.lot_id for row in held} - {0})
    locations = Location.objects.in_bulk({row.location_id for row in held} - {0})
    containers = Container.objects.in_bulk({row.container_id for row in held} - {0})
    for row in held:
        lot = lots.get(row.lot_id)
        place = locations[row.location_id].code if row.location_id else containers[row.container_id].label
        yield {
            "sku": skus[row.sku_id].code,
            "name": skus[row.sku_id].name,
            "lot": lot.code if lot else "",
            "expires_on": lot.expires_on if lot else None,
            "place": place,
            "on_hand": row.on_hand,
        }


def _download(held: list[history.Held], site: Site, at: datetime) -> StreamingHttpResponse:
    lines = ([row[name] for name in COLUMNS] for row in describe(held))
    response = StreamingHttpResponse(
        csvfile.write((list(COLUMNS), *lines)), content_type="text/csv; charset=utf-8"
    )
    name = f"stock-{site.code}-{at:%Y-%m-%dT%H%M%SZ}.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@admin.register(ClosedMonth)
class ClosedMonthAdmin(ReadOnlyAdmin):
    list_display = ("month", "site", "moves", "closed_at", "closed_by", "archived_at", "archive_file")
    list_filter = ("site",)
    list_select_related = ("site",)
    ordering = ("-id",)
    actions_list = ("close_next",)

    @admin.display(description="Month")
    def month(self, closed: ClosedMonth) -> str:
        return str(closed)

    @action(description="Close the next month…", url_path="close-next", permissions=["act"])
    def close_next(self, request: HttpRequest) -> HttpResponse:
        site = Site.objects.filter(code=settings.ENV.site).first()
        due = closing.next_month(site=site) if site else None
        page = None
        if site is None or due is None:
            messages.info(request, "There is nothing to close yet.")
        else:
            page = ask(
                self,
                request,
                None,
                form=forms.Form,
                question=f"Close {due:%Y-%m} of {site.code}? What every place held at its end is kept, and no move can "
                "fall into it any more. This cannot be taken back.",
                button="Close the month",
                act=lambda answers: _close(request, site, due.year, due.month),
            )
        return page or HttpResponseRedirect(reverse("admin:inventory_closedmonth_changelist"))


def _close(request: HttpRequest, site: Site, year: int, month: int) -> None:
    try:
        closed = closing.close_month(site=site, year=year, month=month, actor=user_actor(request))
    except DomainError as refusal:
        messages.error(request, f"{refusal.message} {refusal.remedy}")
    else:
        messages.success(request, f"Closed: {closed}, {closed.moves} moves.")


@admin.register(BalanceSnapshot)
class BalanceSnapshotAdmin(ReadOnlyAdmin):
    list_display = ("month", "sku", "lot", "place", "on_hand")
    list_filter = (("month", admin.RelatedOnlyFieldListFilter),)
    list_select_related = ("month", "sku", "lot__sku", "location", "container")
    search_fields = ("=sku__code", "=location__code")
    search_help_text = "SKU or location, exactly"
    ordering = ("-id",)

    @admin.display(description="Place")
    def place(self, row: BalanceSnapshot) -> str:
        return str(row.location or row.container)
