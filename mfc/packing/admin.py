"""Admin of pack jobs."""

from __future__ import annotations

from django.contrib import admin

from mfc.core.admin import ReadOnlyAdmin
from mfc.packing.models import PackJob


@admin.register(PackJob)
class PackJobAdmin(ReadOnlyAdmin):
    list_display = (
        "id",
        "order",
        "tote_use",
        "state",
        "station",
        "expected_g",
        "measured_g",
        "reason",
        "sscc",
    )
    list_filter = ("state", "count_confirmed", "site")
    list_select_related = ("site", "order", "tote_use__container", "tote_use__order", "station")
    search_fields = ("=order__ref", "=tote_use__container__label", "=sscc")
    ordering = ("-id",)
