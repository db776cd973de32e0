"""The common run over a published set: solve each instance, check the claim, compare with the reference."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bench import checker
from tests.bench.instances.files import File, read
from tests.bench.instances.references import Reference, References

# Below this a difference is the rounding of printed decimals.
SAME = 1e-6


@dataclass(frozen=True, slots=True)
class Answer:
    """What a solver claims for one instance: `solution` is written as it is (see the checker for its form)."""

    family: str
    value: float
    seconds: float
    solution: dict[str, Any]
    # Further figures of the row, such as what simpler rules reach.
    extra: dict[str, Any] = field(default_factory=dict)


Solve = Callable[[File, float], Answer]


def arguments(parser: argparse.ArgumentParser, *, seconds: float, required: bool = True) -> None:
    """Add the options that every bench over published instances takes."""
    parser.add_argument(
        "--instances", type=Path, required=required, help="directory, archive or file of one set"
    )
    parser.add_argument("--reference", type=Path, help="table of published values (.csv, .csv.gz)")
    parser.add_argument("--seconds", type=float, default=seconds, help=f"for each instance ({seconds:g})")
    parser.add_argument("--limit", type=int, help="take so many instances, evenly spread over the set")
    parser.add_argument("--solutions", type=Path, help="directory for the solutions, one JSON file each")
    parser.add_argument(
        "--json", default="-", metavar="FILE", help="where the result goes; - is standard output"
    )


def run(given: argparse.Namespace, solve: Solve, *, references: References | None = None) -> dict[str, Any]:
    """Run the set and return the result: {"set", "instances", "mean_gap_pct", ..., "rows"}."""
    known = References.read(given.reference) if references is None else references
    families: list[str] = []
    rows: list[dict[str, Any]] = []
    for file in read(given.instances, limit=given.limit):
        answer = solve(file, given.seconds)
        verdict = checker.check(file.text, answer.solution)
        row = compare(file.name, answer, known.find(answer.family, file.name))
        row["checked"] = verdict.holds
        if verdict.faults:
            row["faults"] = list(verdict.faults)
        if answer.family not in families:
            families.append(answer.family)
        rows.append(row)
        if given.solutions is not None:
            write_solution(given.solutions, answer.family, file.name, answer.solution)
        _progress(row)
    return summary("+".join(sorted(families)), rows)


def compare(name: str, answer: Answer, reference: Reference | None) -> dict[str, Any]:
    """Return the row of one instance."""
    row: dict[str, Any] = {
        "name": name,
        "value": answer.value,
        "reference": reference.value if reference else None,
        "gap_pct": None,
        "seconds": round(answer.seconds, 4),
    }
    if reference is not None:
        difference = answer.value - reference.value
        same = abs(difference) <= SAME * max(1.0, abs(reference.value))
        row["gap_pct"] = 0.0 if same else 100.0 * difference / reference.value
        row["proven"] = reference.proven
    return row | answer.extra


def summary(set_name: str, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Put the rows together; gaps are over the rows that have a reference."""
    gaps = [row["gap_pct"] for row in rows if row["gap_pct"] is not None]
    better = [row["name"] for row in rows if row["gap_pct"] is not None and row["gap_pct"] < 0]
    return {
        "set": set_name,
        "instances": len(rows),
        "mean_gap_pct": sum(gaps) / len(gaps) if gaps else None,
        "max_gap_pct": max(gaps, default=None),
        "optimal_found": sum(
            1 for row in rows if row["gap_pct"] is not None and row["gap_pct"] <= 0 and row["proven"]
        ),
        "mean_seconds": sum(row["seconds"] for row in rows) / len(rows) if rows else None,
        "with_reference": len(gaps),
        "proven_references": sum(1 for row in rows if row.get("proven")),
        "new_best": better,
        "wrong_claims": [row["name"] for row in rows if not row.get("checked", True)],
        "rows": list(rows),
    }


def write_solution(folder: Path, family: str, name: str, solution: dict[str, Any]) -> None:
    """Write one solution as plain JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    body = {"set": family, "name": name} | solution
    (folder / f"{name}.json").write_text(json.dumps(body) + "\n", encoding="utf-8")


def finish(result: dict[str, Any], target: str) -> int:
    """Write the result; the exit status says whether every claim held."""
    text = json.dumps(result, indent=1)
    if target == "-":
        sys.stdout.write(text + "\n")
    else:
        Path(target).write_text(text + "\n", encoding="utf-8")
    return 1 if result["wrong_claims"] else 0


@contextmanager
def quiet() -> Iterator[None]:
    """Send what libraries print to standard output to standard error: the result alone goes there."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)


def clock() -> float:
    return time.perf_counter()


def _progress(row: dict[str, Any]) -> None:
    if sys.stderr.isatty():
        gap = "" if row["gap_pct"] is None else f"{row['gap_pct']:8.3f} %"
        sys.stderr.write(f"{row['name']:40} {row['value']:12.2f} {gap} {row['seconds']:8.2f} s\n")
