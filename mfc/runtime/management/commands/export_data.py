"""``manage.py export_data KIND FILE.csv``: master data or stock as CSV, in the columns that an import reads."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn

from mfc.core import exchange
from mfc.core.errors import DomainError


class Command(BaseCommand):
    help = "Export skus, locations, slots or opening-stock as CSV; - is standard output."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", metavar="KIND")
        parser.add_argument("file", metavar="FILE.csv")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            lines = exchange.export(exchange.kind_of(options["kind"]), settings.ENV.site)
        except DomainError as refusal:
            raise CommandError(refusal.message) from refusal
        target: str = options["file"]
        columns = (SpinnerColumn(), TextColumn("{task.description}"), TextColumn("{task.completed} rows"))
        count = 0
        if target == "-":
            for line in lines:
                self.stdout.write(line, ending="")
            return
        try:
            with (
                Path(target).open("w", encoding="utf-8", newline="") as out,
                Progress(*columns, console=Console(stderr=True), transient=True) as progress,
            ):
                task = progress.add_task("exporting", total=None)
                for count, line in enumerate(lines):
                    out.write(line)
                    progress.update(task, completed=count)
        except OSError as error:
            raise CommandError(f"{target} cannot be written: {error.strerror}") from error
        self.stdout.write(f"{count} rows in {target}")
