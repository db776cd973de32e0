"""Admin helpers that several apps share: downloads of labels and of lists."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from mfc.core import sheets
from mfc.core.labels import LabelError

# Printers hold about this many labels of ours in memory, and a roll hardly more.
MAX_LABELS = 2_000


def print_sheet(request: HttpRequest, found: Iterable[sheets.PlaceLabel], *, name: str) -> HttpResponse:
    """The labels as a ZPL file for a label printer; what cannot be printed is told and left out."""
    printed: list[str] = []
    for label in list(found)[:MAX_LABELS]:
        try:
            printed.append(sheets.zpl(label))
        except LabelError as error:
            messages.error(request, f"{label.title}: {error}")
    if not printed:
        return HttpResponseRedirect(request.get_full_path())
    answer = HttpResponse("".join(printed), content_type="text/plain; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.zpl"'
    return answer
