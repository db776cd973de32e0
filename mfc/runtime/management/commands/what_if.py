"""``manage.py what_if``: a day once more with another rule, staffing, promise or growth; and how many pickers it needs."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.table import Table

from mfc.core.errors import DomainError
from mfc.insight import whatif
from mfc.insight.daymodel import Day
from mfc.insight.rules import RULES
from mfc.insight.whatif import Question
from mfc.layout.models import Site


class Command(BaseCommand):
    help = "Replay a day of the site in its model: with other rules, pickers, promises or more orders."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--site", default=settings.ENV.site)
        parser.add_argument("--day", type=date.fromisoformat, required=True, help="YYYY-MM-DD")
        parser.add_argument("--rule", choices=[*RULES, "all"], default="all")
        parser.add_argument("--pickers", type=int, default=4)
        parser.add_argument("--growth", type=float, default=1.0, help="1.3: three orders in ten come twice")
        parser.add_argument(
            "--promise", type=int, help="minutes from the order to the belt, instead of its promise"
        )
        parser.add_argument("--no-joins", action="store_true", help="nobody joins a walk that is under way")
        parser.add_argument("--staffing", action="store_true", help="the fewest pickers of each half hour")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **given: Any) -> None:
        site = Site.objects.filter(code=given["site"]).first()
        if site is None:
            raise CommandError(f"There is no site {given['site']}.")
        question = Question(
            day=given["day"],
            pickers=given["pickers"],
            growth=given["growth"],
            promise_min=given["promise"],
            joins=False if given["no_joins"] else None,
        )
        try:
            self._answer(site, question, given)
        except DomainError as refusal:
            raise CommandError(f"{refusal.message} {refusal.remedy}") from refusal

    def _answer(self, site: Site, question: Question, given: dict[str, Any]) -> None:
        console = Console(stderr=given["json"])
        replay = whatif.replay(site, question)
        if replay.homeless:
            console.print(f"[yellow]{replay.homeless} lines have no place on the site and are left out.")
        rules = list(RULES) if given["rule"] == "all" else [given["rule"]]
        results: dict[str, Any] = {}
        table = Table(
            "rule", "on time", "orders", "walks", "lines per labour hour", "m per line", "late, min"
        )
        with console.status("Walking the day") as status:
            for rule in rules:
                status.update(f"Walking the day: {rule}")
                day = whatif.answer(replay, Question(**_with(question, rule)))
                results[rule] = _figures(day)
                table.add_row(rule, *(str(value) for value in results[rule].values()))
            levels: tuple[int, ...] = ()
            if given["staffing"]:
                levels = whatif.staffing(replay, Question(**_with(question, rules[0])), told=status.update)
        if given["json"]:
            body = {"day": str(question.day), "rules": results, "homeless_lines": replay.homeless}
            self.stdout.write(json.dumps(body | ({"pickers_by_half_hour": levels} if levels else {})))
            return
        console.print(table)
        if levels:
            console.print(f"Pickers for 99 % of the promises ({rules[0]}):")
            for number, count in enumerate(levels):
                if count:
                    console.print(f"  {number // 2:02}:{30 * (number % 2):02}  {'█' * count} {count}")


def _with(question: Question, rule: str) -> dict[str, Any]:
    return {
        "day": question.day,
        "rule": rule,
        "pickers": question.pickers,
        "growth": question.growth,
        "promise_min": question.promise_min,
        "joins": question.joins,
    }


def _figures(day: Day) -> dict[str, Any]:
    return {
        "on_time": f"{day.on_time:.1%}",
        "orders": len(day.outcomes),
        "walks": day.walks,
        "lines_per_labour_hour": round(day.lines_per_labour_hour),
        "metres_per_line": round(day.walked_mm / 1000 / max(day.lines, 1), 1),
        "late_min": round(day.late_s / 60),
    }
