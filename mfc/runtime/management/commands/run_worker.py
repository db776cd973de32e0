"""``manage.py run_worker``: jobs, event ingest, lamps and release planning, until stopped."""

from __future__ import annotations

import asyncio
from typing import Any

from django.core.management.base import BaseCommand

from mfc.runtime.worker import main


class Command(BaseCommand):
    help = "Run the worker: jobs, events of gateways, lamp projection and release planning."

    def handle(self, *args: Any, **options: Any) -> None:
        asyncio.run(main.run())
