"""Admin of endpoints and deliveries."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest

from mfc.core.admin import ModelAdmin, ReadOnlyAdmin, action, report
from mfc.core.errors import DomainError
from mfc.webhooks import addresses, delivery
from mfc.webhooks.models import Delivery, Endpoint


class EndpointForm(forms.ModelForm):
    url = forms.URLField(assume_scheme="https", max_length=300)

    class Meta:
        model = Endpoint
        fields = ("name", "url", "secret", "kinds", "active")

    def clean_url(self) -> str:
        url = str(self.cleaned_data["url"])
        try:
            addresses.check(url)
        except DomainError as refusal:
            raise ValidationError(f"{refusal.message} {refusal.remedy}") from refusal
        return url


@admin.register(Endpoint)
class EndpointAdmin(ModelAdmin):
    form = EndpointForm
    list_display = ("name", "url", "active")


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "kind", "endpoint", "state", "attempts", "last_status", "last_error")
    list_filter = ("state", "endpoint")
    list_select_related = ("endpoint",)
    search_fields = ("=event_id", "=key", "=kind")
    ordering = ("-id",)
    actions = ("replay",)

    @action(description="Send again", permissions=["act"])
    def replay(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        report(request, queryset, lambda row: delivery.replay(delivery=row), "Queued again")
