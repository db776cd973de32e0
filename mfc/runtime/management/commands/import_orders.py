"""``manage.py import_orders FILE.csv``: order lines as history, or replayed as live orders."""

from __future__ import annotations

import csv
import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from mfc.core.actors import Actor
from mfc.core.errors import DomainError
from mfc.layout.models import Site
from mfc.orders import importing

SHOWN = 20


class Command(BaseCommand):
    help = (
        "Import order lines (columns order_ref, placed_at, sku, qty) as history for planning, or with --replay "
        "as live orders promised from now on. Importing a file twice changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE.csv")
        parser.add_argument("--replay", action="store_true", help="send the orders as live ones")
        parser.add_argument(
            "--promise-min", type=int, default=120, metavar="MIN", help="promise of replayed orders"
        )
        parser.add_argument("--refused", metavar="FILE", help="write refused rows as CSV")
        parser.add_argument("--json", metavar="FILE", help="write the counts as JSON; - is standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        site = Site.objects.filter(code=settings.ENV.site).first()
        if site is None:
            raise CommandError(
                f"Site {settings.ENV.site} is not set up: run 'manage.py seed' or add it in the admin."
            )
        path = Path(options["file"])
        report = importing.Report()
        try:
            with path.open(encoding="utf-8-sig", newline="") as stream:
                _import(stream, site, report, options)
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise CommandError(
                f"{path} is not UTF-8 text (byte {error.start}): save it as CSV in UTF-8."
            ) from error
        except DomainError as refusal:
            raise CommandError(f"{path}: {refusal.message} {refusal.remedy}") from refusal
        self._tell(report, options)
        if report.refused_count:
            sys.exit(1)

    def _tell(self, report: importing.Report, options: dict[str, Any]) -> None:
        counts = {
            "rows": report.rows,
            "taken": report.taken,
            "known": report.known,
            "refused": report.refused_count,
        }
        if options["refused"]:
            with Path(options["refused"]).open("w", encoding="utf-8", newline="") as stream:
                writer = csv.writer(stream)
                writer.writerow(["line", "order_ref", "code", "text"])
                writer.writerows([row.line, row.order_ref, row.code, row.text] for row in report.refused)
        if options["json"] == "-":
            self.stdout.write(json.dumps(counts))
            return
        if options["json"]:
            Path(options["json"]).write_text(json.dumps(counts) + "\n", encoding="utf-8")
        self.stdout.write(", ".join(f"{count} {name}" for name, count in counts.items()))
        for row in report.refused[:SHOWN]:
            self.stdout.write(f"  line {row.line} ({row.order_ref}): {row.text}")
        if report.refused_count > SHOWN:
            self.stdout.write(f"  … and {report.refused_count - SHOWN} more; --refused FILE writes them all")


def _import(stream: TextIO, site: Site, report: importing.Report, options: dict[str, Any]) -> None:
    total = sum(1 for _ in stream) - 1
    stream.seek(0)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("importing", total=max(total, 0))

        def counted() -> Iterator[importing.Row]:
            for row in importing.read(stream, report):
                progress.update(task, completed=report.rows)
                yield row

        if options["replay"]:
            importing.replay(
                site=site,
                rows=counted(),
                report=report,
                client="import",
                actor=Actor("system", "import", "Import"),
                promise_s=options["promise_min"] * 60,
            )
        else:
            importing.history(site=site, rows=counted(), report=report)
