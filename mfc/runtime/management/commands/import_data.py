"""``manage.py import_data KIND FILE.csv``: master data or opening stock, checked as a whole and then written."""

from __future__ import annotations

import csv
import itertools
import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from mfc.core import clock, exchange, imports
from mfc.core.actors import Actor
from mfc.core.errors import DomainError
from mfc.core.models import ImportRun
from mfc.core.states import ImportState
from mfc.layout.models import Site

SHOWN = 20
ACTOR = Actor("system", "import", "Import")


class Command(BaseCommand):
    help = (
        "Import skus, locations, slots or opening-stock from CSV. One wrong row refuses the file, unless --partial. "
        "Importing a file twice changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", metavar="KIND")
        parser.add_argument("file", metavar="FILE.csv")
        parser.add_argument("--dry-run", action="store_true", help="check only, write nothing")
        parser.add_argument(
            "--partial", action="store_true", help="leave out wrong rows and import the others"
        )
        parser.add_argument("--problems", metavar="FILE", help="write all wrong rows as CSV")
        parser.add_argument("--json", metavar="FILE", help="write the counts as JSON; - is standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        if not Site.objects.filter(code=settings.ENV.site).exists():
            raise CommandError(
                f"Site {settings.ENV.site} is not set up: run 'manage.py seed' or add it in the admin."
            )
        path = Path(options["file"])
        started = clock.SystemClock().now()
        try:
            run = imports.upload(
                site=settings.ENV.site,
                kind=options["kind"],
                file_name=path.name,
                data=path.read_bytes(),
                actor=ACTOR,
                partial=options["partial"],
                queued=False,
            )
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}") from error
        except DomainError as refusal:
            raise CommandError(f"{path}: {refusal.message} {refusal.remedy}") from refusal
        run = _with_progress(run, dry=options["dry_run"])
        self._tell(run, (clock.SystemClock().now() - started).total_seconds(), options)
        if run.rows_failed or run.state == ImportState.FAILED:
            sys.exit(1)

    def _tell(self, run: ImportRun, seconds: float, options: dict[str, Any]) -> None:
        if options["problems"]:
            with Path(options["problems"]).open("w", encoding="utf-8", newline="") as stream:
                writer = csv.writer(stream)
                writer.writerow(exchange.PROBLEM_COLUMNS)
                writer.writerows(imports.problems(run.pk))
        counts = {
            "import": run.pk,
            "state": run.state,
            "rows": run.rows_total,
            "new": run.rows_new,
            "changed": run.rows_changed,
            "same": run.rows_same,
            "failed": run.rows_failed,
            "seconds": round(seconds, 1),
        }
        if options["json"] == "-":
            self.stdout.write(json.dumps(counts))
            return
        if options["json"]:
            Path(options["json"]).write_text(json.dumps(counts) + "\n", encoding="utf-8")
        self.stdout.write(f"{run.state}: {run.report} {run.rows_total} rows in {seconds:.1f} s")
        for line, column, code, message, expected in itertools.islice(imports.problems(run.pk), SHOWN):
            self.stdout.write(f"  line {line} {column} ({code}): {message} Expected: {expected}")
        if run.rows_failed > SHOWN:
            self.stdout.write(f"  … of {run.rows_failed} wrong rows; --problems FILE writes them all")


def _with_progress(run: ImportRun, *, dry: bool) -> ImportRun:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("checking", total=run.rows_total)
        for done in imports.check_steps(run_id=run.pk):
            progress.update(task, completed=done)
        run.refresh_from_db()
        if dry or run.state != ImportState.CHECKED:
            return run
        imports.begin(run_id=run.pk, actor=ACTOR, queued=False)
        task = progress.add_task("importing", total=run.rows_total)
        while imports.write_chunk(run_id=run.pk):
            progress.update(task, advance=imports.CHUNK_ROWS)
    run.refresh_from_db()
    return run
