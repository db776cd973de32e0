"""The guard against silently skipped tests."""

import importlib.util
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
spec = importlib.util.spec_from_file_location("check_skips", ROOT / ".ci" / "check_skips.py")
assert spec is not None
assert spec.loader is not None
check_skips = importlib.util.module_from_spec(spec)
sys.modules["check_skips"] = check_skips  # dataclasses look their module up
spec.loader.exec_module(check_skips)

REPORT = """<testsuites><testsuite time="1.5">
<testcase classname="tests.a" name="test_one"/>
<testcase classname="tests.a" name="test_two"><skipped message="{reason}">x</skipped></testcase>
<testcase classname="tests.a" name="test_three"><failure message="no">x</failure></testcase>
</testsuite></testsuites>"""


@pytest.fixture
def folder(tmp_path):
    def write(reason):
        (tmp_path / "parallel.xml").write_text(REPORT.format(reason=reason))
        return tmp_path

    return write


@pytest.mark.parametrize(
    ("reason", "in_ci", "code"),
    [
        ("mosquitto is not on PATH", "", 0),
        ("no Mosquitto on PATH", "", 0),
        ("mosquitto is not on PATH", "1", 1),
        ("too hard", "", 1),
    ],
)
def test_only_listed_reasons_pass(folder, monkeypatch, capsys, reason, in_ci, code):
    monkeypatch.setenv("MFC_CI", in_ci)
    assert check_skips.main(folder(reason), ROOT / "tests" / "allowed_skips.toml") == code
    shown = capsys.readouterr().out.splitlines()
    assert shown[-1] == "pytest parallel: 1 passed, 1 failed, 0 errors, 1 skipped in 1.5 s"
    assert (f"  tests.a::test_two: {reason}" in shown) == (code == 1)


def test_no_report_is_a_failure(tmp_path):
    assert check_skips.main(tmp_path, ROOT / "tests" / "allowed_skips.toml") == 1
