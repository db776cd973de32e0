"""Refusals and states are complete: every code is used, every state is reached, and the pages about them are fresh."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from mfc.core import integrity, labels
from mfc.core.error_codes import _ALL, CODES
from mfc.runtime import referencedocs
from mfc.runtime.management.commands import write_docs
from mfc.runtime.referencedocs import MACHINES, Machine
from tests.arch.test_sources import modules, names

CATALOGUE = "mfc/core/error_codes.py"


def raised_codes() -> dict[str, str]:
    """Every code given to DomainError as a literal, with one place."""
    found = {}
    for path in modules("mfc"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("DomainError") and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    found[str(first.value)] = f"{names(path)}:{node.lineno}"
    return found


def words(path: Path) -> set[str]:
    """All string literals of a module."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_every_refusal_is_in_the_catalogue() -> None:
    raised = raised_codes()
    assert len(raised) > 30
    assert {code: place for code, place in raised.items() if code not in CODES} == {}


def test_every_code_of_the_catalogue_is_used() -> None:
    used = set().union(*(words(path) for path in modules("mfc") if names(path) != CATALOGUE))
    assert set(CODES) - used == set()


def test_codes_are_unique_and_say_what_to_do() -> None:
    assert [code for code, count in Counter(entry.code for entry in _ALL).items() if count > 1] == []
    for entry in _ALL:
        assert 400 <= entry.status < 600, entry
        assert entry.title[0].isupper(), entry
        assert not entry.title.endswith("."), entry
        assert entry.remedy.endswith("."), entry


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.title)
def test_a_state_table_is_complete(machine: Machine) -> None:
    assert set(machine.table) == set(machine.states)
    reached = {machine.initial}
    while more := {target for state in reached for target in machine.table[state]} - reached:
        reached |= more
    assert reached == set(machine.states)
    final = {state for state in machine.states if not machine.table[state]}
    assert final, "every noun comes to an end"
    for state in machine.states:  # from everywhere there is a way to an end
        ahead = {state}
        while more := {target for one in ahead for target in machine.table[one]} - ahead:
            ahead |= more
        assert ahead & final, state


def test_every_states_module_is_in_the_reference() -> None:
    from importlib import import_module

    found = {
        name.removesuffix(".py").replace("/", ".")
        for name in map(names, modules("mfc"))
        if name.endswith("/states.py")
    }
    tables = {
        id(value)
        for name in found
        for attribute, value in vars(import_module(name)).items()
        if attribute.endswith("TRANSITIONS")
    }
    assert tables == {id(machine.table) for machine in MACHINES}


def test_the_reference_pages_are_up_to_date() -> None:
    call_command("write_docs", "--check")


def test_a_stale_page_is_found_and_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write_docs, "FOLDER", tmp_path)
    monkeypatch.setattr(write_docs, "ROOT", tmp_path)
    with pytest.raises(CommandError, match=r"errors\.md, states\.md: not up to date"):
        call_command("write_docs", "--check")
    assert list(tmp_path.iterdir()) == []
    call_command("write_docs")
    assert {path.name for path in tmp_path.iterdir()} == set(referencedocs.pages())
    (tmp_path / "states.md").write_text("old", encoding="utf-8")
    with pytest.raises(CommandError, match=r"^states\.md: not up to date"):
        call_command("write_docs", "--check")


def test_every_refusal_has_its_heading_where_problem_documents_point() -> None:
    page = referencedocs.errors()
    assert [line[3:] for line in page.splitlines() if line.startswith("## ")] == list(CODES)


def test_every_invariant_says_what_must_hold() -> None:
    for name in integrity.names():
        (finding,) = [integrity._registry[name]]
        assert finding.statement[0].isupper()


def test_every_label_prefix_has_a_meaning_to_the_resolver() -> None:
    assert {kind.value for kind in labels.Kind} == set("LTKUCDS")
