"""Admin of REST clients: tokens are shown once."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from mfc.api.models import ApiClient
from mfc.core.admin import ModelAdmin, action


@admin.register(ApiClient)
class ApiClientAdmin(ModelAdmin):
    list_display = ("name", "scopes", "active", "prefix", "expires_at", "last_used_at")
    readonly_fields = ("prefix", "last_used_at")
    actions = ("issue_token",)

    @action(description="Issue a new token (the old one ends)", permissions=["act"])
    def issue_token(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for client in queryset:
            token = client.issue_token()
            messages.warning(request, f"{client.name}: {token} — copy it now, it is not shown again.")
