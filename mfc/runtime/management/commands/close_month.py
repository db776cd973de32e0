"""``manage.py close_month [YYYY-MM]``: close the month that is due, or say which one is."""

from __future__ import annotations

import getpass
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mfc.core.actors import Actor
from mfc.core.errors import DomainError
from mfc.inventory import closing
from mfc.runtime.sites import month_of_text, this_site


class Command(BaseCommand):
    help = (
        "Close a month (UTC): keep what every place held at its end, and let no move fall into it any more. "
        "Months are closed in their order; without a month the next one is closed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("month", nargs="?", metavar="YYYY-MM")

    def handle(self, *args: Any, **options: Any) -> None:
        site = this_site()
        if options["month"]:
            year, month = month_of_text(options["month"])
        else:
            due = closing.next_month(site=site)
            if due is None:
                raise CommandError(f"{site.code} has no stock moves yet: there is nothing to close.")
            year, month = due.year, due.month
        try:
            closed = closing.close_month(
                site=site, year=year, month=month, actor=Actor("system", "close_month", getpass.getuser())
            )
        except DomainError as refusal:
            raise CommandError(f"{refusal.message} {refusal.remedy}") from refusal
        self.stdout.write(f"Closed {closed} of {site.code}: {closed.moves} moves.")
