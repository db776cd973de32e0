"""CSV as people's programs write it."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfc.core import csvfile
from mfc.core.errors import DomainError

TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=20)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_delimiter_bom_and_line_ends_are_found(delimiter, bom, end):
    text = f' SKU {delimiter}"Näme"{end}A{delimiter}"one{delimiter} two"{end}{end}{delimiter}{end}B{delimiter} x {end}'
    table = csvfile.read(bom + text.encode())
    assert table.columns == ["sku", "näme"]
    assert table.rows == [(2, ["A", f"one{delimiter} two"]), (5, ["B", "x"])]


def test_a_row_is_named_by_the_line_it_begins_on():
    table = csvfile.read(b'a,b\n1,"x\ny"\n2,z\n')
    assert [line for line, _ in table.rows] == [2, 4]


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "'=1", "''-1"])
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(start):
    assert csvfile.escaped(start) == f"'{start}"
    assert csvfile.unescaped(f"'{start}") == start


@pytest.mark.parametrize("text", ["plain", "'quoted'", "1-1", "", "'", "O'Neill"])
def test_what_is_harmless_stays(text):
    assert csvfile.escaped(text) == text
    assert csvfile.unescaped(text) == text


@given(TEXT)
def test_escaping_is_undone_exactly(text):
    assert csvfile.unescaped(csvfile.escaped(text)) == text


@given(st.lists(TEXT, min_size=2, max_size=5))
def test_what_is_written_is_read_back_but_for_outer_blanks(cells):
    written = "".join(csvfile.write([["h"] * len(cells), cells]))
    back = list(csv.reader(io.StringIO(written, newline="")))[1]
    assert [csvfile.unescaped(cell) for cell in back] == cells


def test_numbers_stay_numbers():
    assert list(csvfile.write([[-5, None, 0, "-5"]])) == ["-5,,0,'-5\r\n"]


def test_an_endless_cell_is_refused():
    with pytest.raises(DomainError) as caught:
        csvfile.read(b"a\n" + b"x" * 200_000 + b"\n")
    assert caught.value.message == "Line 2 is no CSV: field larger than field limit (131072)."
