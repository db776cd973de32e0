"""CSV as people's programs write it: encodings, delimiters and spreadsheet formulas, read strictly and written safely."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from mfc.core.errors import DomainError

# The largest list of a store, 50,000 SKUs with every column, has 10 MB.
MAX_BYTES = 32 * 1024 * 1024
MAX_ROWS = 200_000
MAX_CELL = 2_000
DELIMITERS = ",;\t"
_KNOWN_FORMATS = {
    b"\x1f\x8b": "a gzip archive",
    b"PK\x03\x04": "a ZIP archive or an Excel workbook",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
}
# A spreadsheet runs a cell that begins so as a formula; an apostrophe before it makes it text. Apostrophes that stand
# there already get one more, so that taking one off always gives the original back.
_DANGEROUS = re.compile(r"^'*[=+\-@\t\r]")
_ESCAPED = re.compile(r"^'+[=+\-@\t\r]")


@dataclass(frozen=True, slots=True)
class Table:
    """Header names in small letters, and the rows with the line each begins on."""

    columns: list[str]
    rows: list[tuple[int, list[str]]]


def read(data: bytes) -> Table:
    """Read a whole file. Raises ``import_too_large`` and ``import_refused``, which says what was found and expected."""
    if len(data) > MAX_BYTES:
        raise DomainError(
            "import_too_large", f"The file has {len(data)} bytes; at most {MAX_BYTES} are read."
        )
    text = _decoded(data)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    try:
        columns = [name.strip().lower() for name in next(lines, [])]
        rows = list(_rows(lines))
    except csv.Error as error:
        raise _unreadable(f"Line {lines.line_num} is no CSV: {error}.") from error
    if not any(columns):
        raise _unreadable("The file has no header line.")
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        raise _unreadable(f"The header names {', '.join(map(repr, twice))} twice.")
    if not rows:
        raise _unreadable("The file has a header, but no rows.")
    return Table(columns, rows)


def _decoded(data: bytes) -> str:
    for start, name in _KNOWN_FORMATS.items():
        if data.startswith(start):
            raise _unreadable(f"This is {name}, not CSV text in UTF-8.")
    if b"\x00" in data:
        raise _unreadable("The file holds NUL bytes: it is no CSV text in UTF-8.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _unreadable(f"Line {line}, byte {error.start} of the file, is not UTF-8 text.") from error


def _delimiter(text: str) -> str:
    header = re.sub(r'"[^"]*"', "", text.partition("\n")[0])
    return max(DELIMITERS, key=header.count)


def _rows(lines: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    begin = lines.line_num + 1  # type: ignore[attr-defined]
    count = 0
    for cells in lines:
        if any(cell.strip() for cell in cells):
            count += 1
            if count > MAX_ROWS:
                raise DomainError("import_too_large", f"The file has more than {MAX_ROWS} rows.")
            yield begin, [unescaped(cell.strip()) for cell in cells]
        begin = lines.line_num + 1  # type: ignore[attr-defined]


def _unreadable(message: str) -> DomainError:
    return DomainError(
        "import_refused",
        message,
        remedy="Save it as CSV in UTF-8, with a header line and comma, semicolon or tab between the cells.",
    )


def escaped(text: str) -> str:
    """The text as a spreadsheet cell that is never run as a formula."""
    return f"'{text}" if _DANGEROUS.match(text) else text


def unescaped(text: str) -> str:
    """What ``escaped`` was given."""
    return text[1:] if _ESCAPED.match(text) else text


def write(rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Lines of a CSV file: texts are made safe, numbers stay numbers, None is an empty cell."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    for row in rows:
        writer.writerow([escaped(cell) if isinstance(cell, str) else cell for cell in row])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
