"""``manage.py archive_moves --before YYYY-MM --to FOLDER``: closed months leave the database as verified files."""

from __future__ import annotations

import getpass
from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mfc.core.actors import Actor
from mfc.core.errors import DomainError
from mfc.inventory import archive
from mfc.runtime.sites import month_of_text


class Command(BaseCommand):
    help = (
        "Write the stock moves of closed months to FOLDER (CSV, gzip, with a checksum file), read each file back, compare "
        "it with the table row by row, and only then remove the moves from the database. Month by month, oldest first."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--before", required=True, metavar="YYYY-MM", help="the first month that stays")
        parser.add_argument("--to", required=True, metavar="FOLDER")

    def handle(self, *args: Any, **options: Any) -> None:
        year, month = month_of_text(options["before"])
        folder = Path(options["to"]).absolute()
        months = archive.due(before=date(year, month, 1))
        if not months:
            self.stdout.write(f"No moves before {year}-{month:02d} are in the database.")
        for one in months:
            try:
                done = archive.archive_month(
                    month=one, folder=folder, actor=Actor("system", "archive_moves", getpass.getuser())
                )
            except DomainError as refusal:
                raise CommandError(f"{refusal.message} {refusal.remedy}") from refusal
            except OSError as error:
                raise CommandError(
                    f"{folder} cannot be written: {error.strerror}. Nothing was removed."
                ) from error
            checksum = done.file.with_name(done.file.name + ".sha256")
            checksum.write_text(f"{done.sha256}  {done.file.name}\n", encoding="utf-8")
            self.stdout.write(f"{one:%Y-%m}: {done.moves} moves in {done.file}, sha256 {done.sha256}")
