"""``manage.py check_integrity``: run every named invariant; exit 1 when one is broken."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from rich.console import Console
from rich.table import Table

from mfc.core import integrity


class Command(BaseCommand):
    help = "Check every invariant of stock, orders, picking and dispatch. Exit code 1 when one is broken."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--json", metavar="FILE", help="Write the findings as JSON to FILE, or - for standard output"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        findings = integrity.run()
        violations = sum(finding.violations for finding in findings)
        if options["json"]:
            body = {
                "violations": violations,
                "checks": [
                    {
                        "name": finding.name,
                        "statement": finding.statement,
                        "violations": finding.violations,
                        "examples": finding.examples,
                    }
                    for finding in findings
                ],
            }
            text = json.dumps(body, indent=2, default=str)
            if options["json"] == "-":
                self.stdout.write(text)
            else:
                with open(options["json"], "w", encoding="utf-8") as file:  # noqa: PTH123
                    file.write(text + "\n")
        else:
            _show(findings)
        if violations:
            sys.exit(1)


def _show(findings: list[integrity.Finding]) -> None:
    table = Table("", "Invariant", "Violations")
    for finding in findings:
        good = finding.violations == 0
        table.add_row("[green]✓[/]" if good else "[red]✗[/]", finding.statement, str(finding.violations))
    console = Console()
    console.print(table)
    for finding in findings:
        for example in finding.examples:
            console.print(f"[red]{finding.name}[/] {example}")
