"""The documentation says what the code does: links, settings, commands, snippets and labels."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db.models import NOT_PROVIDED

from devices import config
from mfc.core import labels
from mfc.layout.models import Site

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"
# Made from the code by a command and compared elsewhere; they may be missing before it has run.
GENERATED = {REFERENCE / name for name in ("openapi.yaml", "errors.md", "states.md")}
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(set(DOCS.rglob("*.md")) - GENERATED)]

_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_OPTION = re.compile(r"\"(--[a-z-]+)\"")
# A whole label in code style or in a snippet; the tutorial's typing mistake is meant.
_LABEL = re.compile(r"\b[LTKUS]-[A-Z0-9]{6,24}\b")
MISTYPED = {"U-PICK06X"}


def _name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def _snippets(language: str) -> list[tuple[str, str]]:
    found = []
    for page in PAGES:
        for indent, kind, body in _FENCE.findall(page.read_text(encoding="utf-8")):
            if kind == language:
                lines = [line.removeprefix(indent) for line in body.splitlines()]
                found.append((_name(page), "\n".join(lines)))
    assert found, f"no {language} snippet found: has the pattern broken?"
    return found


def _headings(page: Path) -> set[str]:
    """Anchors of a page, as code hosts make them."""
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def _links() -> Iterator[tuple[Path, str]]:
    for page in PAGES:
        text = _FENCE.sub("", page.read_text(encoding="utf-8"))
        for target in _LINK.findall(text):
            if not target.startswith(("http://", "https://")):
                yield page, target


def test_every_relative_link_leads_somewhere() -> None:
    broken = []
    for page, target in _links():
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if file in GENERATED:
            continue
        if not file.exists() or (anchor and anchor not in _headings(file)):
            broken.append(f"{_name(page)}: {target}")
    assert broken == []


def test_the_index_leads_to_every_page() -> None:
    index = DOCS / "index.md"
    linked = {
        (page.parent / target.partition("#")[0]).resolve() for page, target in _links() if page == index
    }
    missing = [
        _name(page) for page in PAGES if page.is_relative_to(DOCS) and page != index and page not in linked
    ]
    assert missing == []


def test_every_setting_is_described_and_every_description_is_a_setting() -> None:
    source = (ROOT / "mfc/env.py").read_text(encoding="utf-8")
    known = set(re.findall(r"_(?:text|flag|number|words|choice|zone)\(\"([A-Z_]+)\"", source))
    page = (REFERENCE / "settings.md").read_text(encoding="utf-8")
    described = set(re.findall(r"^\| `([A-Z_]+)` \|", page, re.MULTILINE))
    assert known
    assert described == known


def test_every_site_setting_is_described_with_its_default() -> None:
    page = (REFERENCE / "site-settings.md").read_text(encoding="utf-8")
    described: dict[str, str] = {}
    for names, defaults in re.findall(r"^\| ((?:`\w+`(?:, )?)+) \| ([^|]+) \|", page, re.MULTILINE):
        fields = re.findall(r"`(\w+)`", names)
        values = defaults.strip().split(", ")
        described |= dict(zip(fields, values * len(fields) if len(values) == 1 else values, strict=False))
    words = {NOT_PROVIDED: "–", False: "off", True: "on"}
    known = {
        field.name: words.get(field.default, str(field.default))
        if not _is_number(field.default)
        else str(field.default)
        for field in Site._meta.concrete_fields
        if field.name not in {"id", "code", "name"}
    }
    assert described == known


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def test_every_management_command_is_described() -> None:
    folder = ROOT / "mfc/runtime/management/commands"
    names = {path.stem for path in folder.glob("*.py") if path.stem != "__init__"}
    page = (REFERENCE / "commands.md").read_text(encoding="utf-8")
    assert names
    assert [name for name in sorted(names) if f"`manage.py {name}" not in page] == []


@pytest.mark.parametrize(
    ("source", "page"),
    [
        ("mfc/runtime/management/commands/demo.py", "demo.md"),
        ("mfc/runtime/management/commands/seed.py", "commands.md"),
        ("mfc/runtime/management/commands/import_orders.py", "commands.md"),
        ("mfc/runtime/management/commands/import_data.py", "commands.md"),
        ("mfc/runtime/management/commands/check_integrity.py", "commands.md"),
        ("devices/gateway/__main__.py", "commands.md"),
        ("firmware_sim/__main__.py", "commands.md"),
        ("tests/bench/__main__.py", "commands.md"),
    ],
)
def test_every_option_is_described(source: str, page: str) -> None:
    options = set(_OPTION.findall((ROOT / source).read_text(encoding="utf-8")))
    text = (REFERENCE / page).read_text(encoding="utf-8")
    assert options
    assert [option for option in sorted(options) if not re.search(rf"{option}(?![a-z-])", text)] == []


def test_the_demos_page_has_exactly_the_options_and_keys_of_the_demo() -> None:
    page = (REFERENCE / "demo.md").read_text(encoding="utf-8")
    command = (ROOT / "mfc/runtime/management/commands/demo.py").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(--[a-z-]+)", page, re.MULTILINE)) == set(_OPTION.findall(command))
    summary = (ROOT / "mfc/runtime/demo/summary.py").read_text(encoding="utf-8")
    result = summary.partition("def summarize(")[2].partition("return {")[2]
    counts = summary.partition("def counts(")[2].partition("return {")[2].partition("\ndef ")[0]
    keys = set(re.findall(r"^        \"(\w+)\":", result, re.MULTILINE)) - {"orders"}
    keys |= {f"orders.{key}" for key in re.findall(r"^        \"(\w+)\":", counts, re.MULTILINE)}
    rows = re.findall(r"^\| ((?:`[a-z_.0-9]+`(?:, )?)+) \|", page.partition("## Result")[2], re.MULTILINE)
    assert {key for row in rows for key in re.findall(r"`([^`]+)`", row)} == keys


def test_json_snippets_parse() -> None:
    for page, text in _snippets("json"):
        try:
            json.loads(text)
        except ValueError as error:
            pytest.fail(f"{page}: {error}\n{text}")


def test_python_snippets_compile_and_keep_their_own_promises() -> None:
    for page, text in _snippets("python"):
        code = compile(text, page, "exec")
        if "assert " in text:
            exec(code, {})


def test_toml_snippets_are_a_floor_the_gateway_accepts(tmp_path: Path) -> None:
    head = {
        "gateway": {"name": "gw-1", "site": "DEMO", "spool": "spool.sqlite"},
        "bus": {"url": "unix:gw-1.sock"},
    }
    for page, text in _snippets("toml"):
        floor = config.parse({**head, **tomllib.loads(text)}, base=tmp_path)
        assert floor.devices, f"{page}: a snippet without a device"


@pytest.mark.parametrize("name", ["floor.toml", "deploy/floor.toml"])
def test_the_example_floors_load(name: str) -> None:
    floor = config.load(ROOT / name)
    assert floor.gateway.name == "gw-1"


def test_the_example_floor_has_one_of_each_profile() -> None:
    used = {device.profile for device in config.load(ROOT / "floor.toml").devices}
    assert used == {path.stem for path in (ROOT / "devices/profiles").glob("*.toml")}


def test_labels_in_the_docs_are_valid() -> None:
    wrong = []
    for page in PAGES:
        for text in set(_LABEL.findall(page.read_text(encoding="utf-8"))) - MISTYPED:
            try:
                labels.parse(text)
            except labels.LabelError as error:
                wrong.append(f"{_name(page)}: {error}")
    assert wrong == []


def test_the_mistyped_label_of_the_tutorial_is_refused_as_it_says() -> None:
    page = (DOCS / "tutorials/first-pick.md").read_text(encoding="utf-8").replace("\n", " ")
    with pytest.raises(labels.LabelError) as refusal:
        labels.parse("U-PICK06X")
    assert str(refusal.value) in page


def test_project_pages_do_not_run_wide() -> None:
    wide = []
    for page in PAGES:
        prose = _FENCE.sub("", page.read_text(encoding="utf-8"))
        wide += [
            f"{_name(page)}: {line[:60]}…"
            for line in prose.splitlines()
            if len(line) > 130 and not line.lstrip().startswith("|") and page.parent != REFERENCE
        ]
    assert wide == []
