"""Every refusal is provoked by a test that also shows that nothing has changed."""

from __future__ import annotations

import ast
from pathlib import Path

from mfc.core.error_codes import CODES
from mfc.env import ROOT

HERE = Path(__file__)


def proven(tree: ast.Module) -> set[str]:
    """Codes that a module asserts: by ``refused(code)``, or inside ``with unchanged()`` in any form."""
    found: set[str] = set()
    helpers = {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and not node.name.startswith("test_")
        and (uses(node, "refused") or uses(node, "unchanged"))
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"refused", *helpers}:
            found |= {text for one in node.args for text in texts(one)}
        if isinstance(node, ast.FunctionDef) and any(
            ast.unparse(item.context_expr) == "unchanged()"
            for one in ast.walk(node)
            if isinstance(one, ast.With)
            for item in one.items
        ):
            found |= texts(node) | {text for mark in node.decorator_list for text in texts(mark)}
        if isinstance(node, ast.FunctionDef) and uses(node, "refused"):
            found |= parametrized(node)
    return found


def uses(node: ast.FunctionDef, name: str) -> bool:
    return any(isinstance(one, ast.Call) and ast.unparse(one.func) == name for one in ast.walk(node))


def parametrized(node: ast.FunctionDef) -> set[str]:
    """Texts in the marks of a test: the code may be one of its parameters."""
    return {text for mark in node.decorator_list for text in texts(mark)}


def texts(node: ast.AST) -> set[str]:
    return {
        one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)
    }


def test_every_code_is_provoked_by_a_test_that_shows_nothing_changed() -> None:
    found: set[str] = set()
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        if path != HERE:
            found |= proven(ast.parse(path.read_text(encoding="utf-8")))
    assert sorted(set(CODES) - found) == []


def test_the_registry_sees_the_forms_in_use() -> None:
    source = """
def test_a():
    with refused("one"):
        act()
@pytest.mark.parametrize("code", ["two"])
def test_b(code):
    with refused(code):
        act()
def test_c():
    with unchanged():
        said = scan()
    assert said.code == "three"
def test_d():
    assert said.code == "four"
"""
    assert proven(ast.parse(source)) >= {"one", "two", "three"}
    assert "four" not in proven(ast.parse(source))
