"""``manage.py reconcile``: where the books of a site disagree, with what to do; exit 1 on differences."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand
from rich.console import Console
from rich.table import Table

from mfc.inventory import reconcile
from mfc.runtime.sites import this_site


class Command(BaseCommand):
    help = (
        "Rebuild balances from the moves, positions from the balances and reserved quantities from the reservations, and "
        "print what differs by place, SKU and lot, with a suggestion. Changes nothing. Exit code 1 on differences."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        site = this_site()
        found = reconcile.differences(site=site)
        if options["json"]:
            body = {"site": site.code, "differences": [asdict(one) for one in found]}
            self.stdout.write(json.dumps(body, indent=1))
        elif found:
            _show(found)
        else:
            self.stdout.write(f"{site.code}: moves, balances, positions and reservations agree.")
        if found:
            sys.exit(1)


def _show(found: list[reconcile.Difference]) -> None:
    table = Table("Place", "SKU", "Lot", "Book", "Rebuilt", "What to do")
    for one in found:
        table.add_row(one.place, one.sku, one.lot, str(one.book), str(one.rebuilt), one.suggestion)
    Console().print(table)
