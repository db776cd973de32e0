"""Admin page of the release queue."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from mfc.core.errors import DomainError
from mfc.layout.models import Site
from mfc.picking import outlook


def queue_page(owner: Any, request: HttpRequest) -> HttpResponse:
    """Who waits with how much slack, and what the planner says."""
    site = Site.objects.filter(code=settings.ENV.site).first()
    try:
        if site is None:
            raise DomainError("not_found", f"There is no site {settings.ENV.site}.")
        found = outlook.look(site)
    except DomainError as refusal:
        messages.error(request, f"{refusal.message} {refusal.remedy}")
        return HttpResponseRedirect(reverse("admin:picking_wave_changelist"))
    context = {
        **owner.admin_site.each_context(request),
        "opts": owner.model._meta,
        "title": f"Release queue of {site}",
        "outlook": found,
    }
    return TemplateResponse(request, "picking/queue.html", context)
