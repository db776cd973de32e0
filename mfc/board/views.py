"""The live board's page, and the health of the web process."""

from __future__ import annotations

from django.conf import settings
from django.contrib.admin.views.decorators import staff_member_required
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from mfc.board import plan, queries
from mfc.layout.models import Site
from mfc.orders.states import OrderState


@staff_member_required
def page(request: HttpRequest) -> HttpResponse:
    """The board: floor plan drawn by the server, everything that moves filled in by the websocket."""
    site = Site.objects.filter(code=settings.ENV.site).first()
    if site is None:
        return render(request, "board/no_site.html", {"code": settings.ENV.site}, status=404)
    context = {
        "site": site,
        "plan": plan.of(site),
        "states": [str(state) for state in OrderState],
        "snapshot": queries.snapshot(site),
        # Nobody's browser knows in which time zone the warehouse stands.
        "time_zone": settings.TIME_ZONE,
    }
    return render(request, "board/page.html", context)


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
