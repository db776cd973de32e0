"""Admin page of the measured pace: measured beside standard, and the button that takes it over."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from mfc.core.admin import NumberInput, user_actor
from mfc.core.errors import DomainError
from mfc.layout.models import Site
from mfc.picking import measuring

MAX_DAYS = 365


class PaceForm(forms.Form):
    days = forms.IntegerField(
        label="Days back", min_value=1, max_value=MAX_DAYS, initial=measuring.DEFAULT_DAYS, widget=NumberInput
    )


def pace_page(owner: Any, request: HttpRequest) -> HttpResponse:
    """Show the measurement; a POST makes it the standard."""
    back = reverse("admin:picking_batch_changelist")
    site = Site.objects.filter(code=settings.ENV.site).first()
    if site is None:
        messages.error(request, f"There is no site {settings.ENV.site}.")
        return HttpResponseRedirect(back)
    form = PaceForm(request.POST or request.GET or None)
    days = form.cleaned_data["days"] if form.is_valid() else measuring.DEFAULT_DAYS
    try:
        if request.method == "POST" and form.is_valid():
            values = measuring.adopt(site=site, actor=user_actor(request), days=days)
            said = ", ".join(f"{field} {value}" for field, value in values.items())
            messages.success(request, f"The labour standard of {site} is now: {said}.")
            return HttpResponseRedirect(request.path)
        pace = measuring.measure(site, days=days)
    except DomainError as refusal:
        messages.error(request, f"{refusal.message} {refusal.remedy}")
        return HttpResponseRedirect(back)
    context = {
        **owner.admin_site.each_context(request),
        "opts": owner.model._meta,
        "title": f"Measured pace of {site}",
        "form": form if form.is_bound else PaceForm(initial={"days": days}),
        "pace": pace,
        "days": days,
        "may_adopt": any(row.figure.is_usable for row in pace.rows) and owner.has_act_permission(request),
    }
    return TemplateResponse(request, "picking/pace.html", context)
