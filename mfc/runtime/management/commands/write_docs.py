"""``manage.py write_docs``: write the reference pages that are made from the program; ``--check`` only compares."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mfc.env import ROOT
from mfc.runtime import referencedocs

FOLDER = ROOT / "docs" / "reference"


class Command(BaseCommand):
    help = "Write docs/reference/errors.md and states.md from the program."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="Write nothing; fail when a page is not up to date"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        stale = []
        for name, text in referencedocs.pages().items():
            path = FOLDER / name
            if path.exists() and path.read_text(encoding="utf-8") == text:
                continue
            stale.append(name)
            if not options["check"]:
                path.write_text(text, encoding="utf-8")
                self.stdout.write(f"wrote {path.relative_to(ROOT)}")
        if options["check"] and stale:
            raise CommandError(f"{', '.join(stale)}: not up to date. Run 'manage.py write_docs' and commit.")
