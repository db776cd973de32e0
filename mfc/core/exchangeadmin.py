"""Admin of imports: upload, progress that renews itself, problems as a file, and exports of every kind."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterator
from typing import Any

from asgiref.sync import sync_to_async
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from mfc.core import csvfile, exchange, imports
from mfc.core.admin import ReadOnlyAdmin, Select, action, display, user_actor
from mfc.core.errors import DomainError
from mfc.core.models import ImportChunk, ImportRun
from mfc.core.states import RUNNING, STOPPABLE, ImportState

# The page shows so many; the file has all of them.
SHOWN_PROBLEMS = 50
REFRESH_S = 2


class UploadForm(forms.Form):
    kind = forms.ChoiceField(label="What the file holds", widget=Select)
    file = forms.FileField(label="CSV file", help_text="UTF-8, with a header line; comma, semicolon or tab")
    go_on = forms.BooleanField(
        label="Import at once", required=False, help_text="Otherwise you see the report first and decide"
    )
    partial = forms.BooleanField(
        label="Leave out wrong rows",
        required=False,
        help_text="Otherwise one wrong row refuses the whole file",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["kind"]
        field.choices = [(kind.name, kind.title) for kind in exchange.kinds()]


def streamed(request: HttpRequest, lines: Iterator[str], name: str) -> StreamingHttpResponse:
    """A CSV download that is made while it is sent."""
    body: Any = _async_blocks(lines) if isinstance(request, ASGIRequest) else lines
    answer = StreamingHttpResponse(body, content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


async def _async_blocks(lines: Iterator[str]) -> AsyncIterator[str]:
    def block() -> str:
        return "".join(itertools.islice(lines, exchange.BLOCK_ROWS))

    while text := await sync_to_async(block)():
        yield text


class ExchangeMixin:
    """A button on the list of what can be exchanged; ``exchange_kind`` is chosen there already."""

    exchange_kind = ""
    actions_list = ("exchange",)

    @action(description="Import or export CSV", url_path="exchange", permissions=["view"])
    def exchange(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(f"{reverse('admin:core_importrun_upload')}?kind={self.exchange_kind}")


@admin.register(ImportRun)
class ImportRunAdmin(ExchangeMixin, ReadOnlyAdmin):
    list_display = (
        "uploaded_at", "kind", "watch_link", "state", "rows_total", "rows_done", "rows_failed", "report", "actor_name",
    )  # fmt: skip
    list_filter = ("state", "kind")
    search_fields = ("file_name", "kind", "actor_name")
    ordering = ("-id",)

    @display(description="File", ordering="file_name")
    def watch_link(self, run: ImportRun) -> str:
        return format_html(
            '<a href="{}">{}</a>', reverse("admin:core_importrun_watch", args=[run.pk]), run.file_name
        )

    def get_urls(self) -> list[URLPattern]:
        """The pages besides list and row."""
        site = self.admin_site.admin_view
        return [
            path("upload/", site(self.upload), name="core_importrun_upload"),
            path("<int:run_id>/watch/", site(self.watch), name="core_importrun_watch"),
            path("<int:run_id>/problems.csv", site(self.problems), name="core_importrun_problems"),
            path("<int:run_id>/act/", site(self.act), name="core_importrun_act"),
            path("export/<slug:kind>/", site(self.export), name="core_importrun_export"),
            *super().get_urls(),
        ]

    def _page(self, request: HttpRequest, template: str, title: str, **context: Any) -> TemplateResponse:
        return TemplateResponse(
            request,
            f"core/{template}.html",
            {**self.admin_site.each_context(request), "opts": self.opts, "title": title, **context},
        )

    def upload(self, request: HttpRequest) -> HttpResponse:
        """Choose a file to import, or a kind to export."""
        if not self.has_view_permission(request):
            return HttpResponse("Not allowed", status=403)
        may_act = self.has_act_permission(request)
        if request.method == "POST" and not may_act:
            return HttpResponse("Not allowed", status=403)
        form = UploadForm(
            request.POST or None, request.FILES or None, initial={"kind": request.GET.get("kind")}
        )
        if request.method == "POST" and form.is_valid():
            found = self._store(request, form)
            if found is not None:
                return HttpResponseRedirect(reverse("admin:core_importrun_watch", args=[found.pk]))
        return self._page(
            request,
            "import_form",
            "Import or export CSV",
            form=form if may_act else None,
            kinds=exchange.kinds(),
        )

    def _store(self, request: HttpRequest, form: UploadForm) -> ImportRun | None:
        answers = form.cleaned_data
        file = answers["file"]
        try:
            if file.size > csvfile.MAX_BYTES:
                raise DomainError("import_too_large", f"The file has {file.size} bytes.")
            return imports.upload(
                site=settings.ENV.site,
                kind=answers["kind"],
                file_name=file.name,
                data=file.read(),
                actor=user_actor(request),
                go_on=answers["go_on"],
                partial=answers["partial"],
            )
        except DomainError as refusal:
            form.add_error("file", f"{refusal.message} {refusal.remedy}")
            return None

    def watch(self, request: HttpRequest, run_id: int) -> HttpResponse:
        """How far the import is; the page renews itself while something happens."""
        run = self.get_object(request, str(run_id))
        if run is None or not self.has_view_permission(request):
            return HttpResponse("Not found", status=404)
        shown = list(itertools.islice(imports.problems(run.pk), SHOWN_PROBLEMS))
        return self._page(
            request,
            "import_run",
            f"Import of {run.file_name}",
            run=run,
            percent=100 * run.rows_done // max(run.rows_total, 1),
            refresh_s=REFRESH_S if run.state in RUNNING else 0,
            problems={"headers": exchange.PROBLEM_COLUMNS, "rows": shown} if shown else None,
            may_begin=run.state == ImportState.CHECKED and self.has_act_permission(request),
            may_stop=run.state in STOPPABLE and self.has_act_permission(request),
        )

    def act(self, request: HttpRequest, run_id: int) -> HttpResponse:
        """The buttons: begin to write what was checked, or stop."""
        if request.method != "POST" or not self.has_act_permission(request):
            return HttpResponse("Not allowed", status=403)
        deed = imports.begin if request.POST.get("deed") == "begin" else imports.stop
        try:
            deed(run_id=run_id, actor=user_actor(request))
        except DomainError as refusal:
            messages.error(request, f"{refusal.message} {refusal.remedy}")
        return HttpResponseRedirect(reverse("admin:core_importrun_watch", args=[run_id]))

    def problems(self, request: HttpRequest, run_id: int) -> HttpResponse | StreamingHttpResponse:
        """Every wrong row, as a file."""
        if not self.has_view_permission(request):
            return HttpResponse("Not allowed", status=403)

        def lines() -> Iterator[str]:
            yield from csvfile.write([exchange.PROBLEM_COLUMNS])
            yield from csvfile.write(imports.problems(run_id))

        return streamed(request, lines(), f"import-{run_id}-problems")

    def export(self, request: HttpRequest, kind: str) -> HttpResponse | StreamingHttpResponse:
        """All rows of a kind, as an import reads them."""
        if not self.has_view_permission(request):
            return HttpResponse("Not allowed", status=403)
        try:
            spec = exchange.kind_of(kind)
        except DomainError as refusal:
            return HttpResponse(refusal.message, status=404)
        return streamed(request, exchange.export(spec, settings.ENV.site), spec.name)


@admin.register(ImportChunk)
class ImportChunkAdmin(ReadOnlyAdmin):
    list_display = ("run", "number", "applied_at")
    list_select_related = ("run",)
    search_fields = ("=run__id",)
    ordering = ("-id",)
