"""The site that commands act on."""

from __future__ import annotations

from django.conf import settings
from django.core.management.base import CommandError

from mfc.layout.models import Site


def this_site() -> Site:
    """The site of MFC_SITE; CommandError when it is not set up."""
    site = Site.objects.filter(code=settings.ENV.site).first()
    if site is None:
        raise CommandError(
            f"Site {settings.ENV.site} is not set up: run 'manage.py seed' or add it in the admin."
        )
    return site


def month_of_text(text: str) -> tuple[int, int]:
    """Year and month of ``YYYY-MM``; CommandError otherwise."""
    year, _, month = text.partition("-")
    if not (len(year) == 4 and len(month) == 2 and (year + month).isascii() and (year + month).isdigit()):
        raise CommandError(f"{text}: write the month as YYYY-MM, like 2026-01.")
    if not (1 <= int(month) <= 12 and int(year) >= 1970):
        raise CommandError(f"{text}: there is no such month.")
    return int(year), int(month)
