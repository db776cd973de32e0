"""Fails on a skipped test whose reason nobody has allowed, and prints the totals of all reports.

    python .ci/check_skips.py var/reports tests/allowed_skips.toml

A test that is silently skipped proves nothing. In continuous integration (MFC_CI=1) also those reasons fail
that are allowed on a developer's machine only (`in_ci = false`).
"""

import os
import sys
import tomllib
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path


@dataclass(frozen=True)
class Skip:
    """One skipped (or expectedly failing) test."""

    test: str
    reason: str


@dataclass(frozen=True)
class Report:
    """Totals of one JUnit file."""

    name: str
    counts: Counter[str]
    seconds: float
    skips: tuple[Skip, ...]


def read_report(path: Path) -> Report:
    """Read one JUnit file of pytest."""
    # The files are our own, written a moment ago.
    root = ET.parse(path).getroot()  # noqa: S314
    counts: Counter[str] = Counter()
    skips = []
    for case in root.iter("testcase"):
        outcome = next(
            (tag for tag in ("error", "failure", "skipped") if case.find(tag) is not None), "passed"
        )
        counts[outcome] += 1
        skipped = case.find("skipped")
        if skipped is not None:
            skips.append(Skip(f"{case.get('classname')}::{case.get('name')}", skipped.get("message", "")))
    seconds = sum(float(suite.get("time", 0)) for suite in root.iter("testsuite"))
    return Report(path.stem, counts, seconds, tuple(skips))


def refused(skips: list[Skip], allowed: list[dict[str, object]], *, in_ci: bool) -> list[Skip]:
    """Return the skips that no entry allows; an entry's `reason` may hold *, ? and [ab]."""
    patterns = [str(entry["reason"]) for entry in allowed if entry["in_ci"] or not in_ci]
    return [skip for skip in skips if not any(fnmatchcase(skip.reason, pattern) for pattern in patterns)]


def totals_line(report: Report) -> str:
    """Return one line as pytest would end with."""
    words = {"passed": "passed", "failure": "failed", "error": "errors", "skipped": "skipped"}
    parts = [f"{report.counts[key]} {word}" for key, word in words.items()]
    return f"pytest {report.name}: {', '.join(parts)} in {report.seconds:.1f} s"


def main(folder: Path, table: Path) -> int:
    """Print refused skips and totals; return 1 when something is wrong."""
    reports = [read_report(path) for path in sorted(folder.glob("*.xml"))]
    if not any(sum(report.counts.values()) for report in reports):
        sys.stdout.write(f"No test report with a test in {folder}.\n")
        return 1
    in_ci = os.environ.get("MFC_CI") == "1"
    allowed = tomllib.loads(table.read_text(encoding="utf-8")).get("allowed", [])
    skips = [skip for report in reports for skip in report.skips]
    wrong = refused(skips, allowed, in_ci=in_ci)
    where = "in continuous integration" if in_ci else "here"
    sys.stdout.write(f"\n{len(skips)} tests skipped, {len(wrong)} of them for a reason not allowed {where}\n")
    for skip in wrong:
        sys.stdout.write(f"  {skip.test}: {skip.reason}\n")
    if wrong:
        sys.stdout.write(f"Make them run, or add the reason to {table} and say why.\n")
    sys.stdout.write("".join(f"{totals_line(report)}\n" for report in reports))
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]), Path(sys.argv[2])))
