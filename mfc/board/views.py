"""The live board's page, and the health of the web process."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.admin.views.decorators import staff_member_required
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from mfc.board import queries
from mfc.layout.models import Location, LocationKind, Site


@staff_member_required
def page(request: HttpRequest) -> HttpResponse:
    """The board: floor plan drawn by the server, everything that moves filled in by the websocket."""
    site = Site.objects.filter(code=settings.ENV.site).first()
    if site is None:
        return render(request, "board/no_site.html", {"code": settings.ENV.site}, status=404)
    return render(
        request, "board/page.html", {"site": site, "plan": plan(site), "snapshot": queries.snapshot(site)}
    )


def plan(site: Site) -> dict[str, Any]:
    """The still parts of the floor plan: bins, aisles, other places. Millimetres."""
    places = list(
        Location.objects.filter(site=site)
        .select_related("zone")
        .values("code", "kind", "aisle", "x_mm", "y_mm", "level", "zone__temperature")
    )
    return {
        "width_mm": site.width_mm,
        "depth_mm": site.depth_mm,
        "bins": [place for place in places if place["kind"] == LocationKind.BIN],
        "places": [place for place in places if place["kind"] != LocationKind.BIN],
        "aisles": list(site.aisles.values("code", "x_mm")),
    }


def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"ok": True})


def readyz(request: HttpRequest) -> JsonResponse:
    """The database answers and is migrated."""
    try:
        executor = MigrationExecutor(connection)
        waiting = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    except DatabaseError as error:
        return JsonResponse({"ok": False, "database": str(error)}, status=503)
    return JsonResponse(
        {"ok": waiting == 0, "migrations_waiting": waiting}, status=200 if waiting == 0 else 503
    )
