"""What must hold for every module: size, first line, imports, injected time and chance, no hidden effects."""

from __future__ import annotations

import ast
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mfc.env import ROOT

PACKAGES = ("mfc", "devices", "firmware_sim")
LARGEST_LINES = 500
MEDIAN_LINES = 120


def modules(*packages: str) -> list[Path]:
    """Modules that people wrote."""
    found = [path for name in packages for path in sorted((ROOT / name).rglob("*.py"))]
    return [path for path in found if "migrations" not in path.parts]


def names(path: Path) -> str:
    return str(path.relative_to(ROOT))


def calls(path: Path) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything called or looked up in a module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute):
            yield node.lineno, ast.unparse(node)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield node.lineno, f"{node.module}.{alias.name}"


def test_there_are_modules_to_look_at() -> None:
    assert len(modules("mfc")) > 100


def test_no_module_is_too_long_and_most_are_short() -> None:
    lines = {names(path): len(path.read_text(encoding="utf-8").splitlines()) for path in modules(*PACKAGES)}
    assert {name: count for name, count in lines.items() if count > LARGEST_LINES} == {}
    assert statistics.median(count for count in lines.values() if count) <= MEDIAN_LINES


def test_every_module_says_in_its_first_line_what_lives_there() -> None:
    silent = []
    for path in modules(*PACKAGES):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if tree.body and not (ast.get_docstring(tree) or "").strip():
            silent.append(names(path))
    assert silent == []


def test_imports_keep_their_direction() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program, "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


# Where the real clock, real chance and real ids enter; everybody else gets them injected.
TIME_AND_CHANCE = {
    "mfc/core/clock.py",
    "mfc/core/ids.py",
}
FORBIDDEN = (
    "datetime.now",
    "datetime.utcnow",
    "datetime.datetime.now",
    "timezone.now",
    "uuid.uuid4",
    "uuid.uuid1",
    "random.random",
    "random.choice",
    "random.randint",
    "random.shuffle",
    "random.sample",
)


def test_time_chance_and_ids_are_injected() -> None:
    found = [
        f"{names(path)}:{line} {name}"
        for path in modules("mfc")
        if names(path) not in TIME_AND_CHANCE
        for line, name in calls(path)
        if name in FORBIDDEN
    ]
    assert found == []


def test_the_search_for_forbidden_calls_finds_them(tmp_path: Path) -> None:
    sample = tmp_path / "sample.py"
    sample.write_text("import random\nfrom uuid import uuid4\nx = random.random()\n", encoding="utf-8")
    assert [name for _, name in calls(sample)] == ["uuid.uuid4", "random.random"]


@pytest.mark.parametrize(
    "hidden",
    [
        "transaction.on_commit",
        "connection.on_commit",
        "django.dispatch.receiver",
        "django.dispatch.Signal",
        "django.db.models.signals",
        "signals.post_save",
        "signals.pre_save",
    ],
)
def test_nothing_happens_behind_a_services_back(hidden: str) -> None:
    found = [
        f"{names(path)}:{line}"
        for path in modules("mfc")
        for line, name in calls(path)
        if name == hidden or name.startswith(f"{hidden}.")
    ]
    assert found == []
