"""Registry of what can be exchanged as CSV: columns of each kind, how rows are taken in, and how they are given out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import QuerySet

from mfc.core import csvfile
from mfc.core.actors import Actor
from mfc.core.errors import DomainError

# Rows read in one query while exporting.
BLOCK_ROWS = 1_000
# An Excel date or a number beyond this is a slip, not a quantity.
MAX_NUMBER = 2_000_000_000
_YES = frozenset({"yes", "true", "1", "y"})
_NO = frozenset({"no", "false", "0", "n"})
_REQUIRED = object()


@dataclass(frozen=True, slots=True)
class Column:
    """One column. ``read`` turns a cell that is not empty into a value or raises ValueError with a text.

    ``empty`` is the value of an empty cell; without it the cell must not be empty. A ``needed`` column must be in every
    file; others may be missing, and then what is there stays as it is.
    """

    name: str
    expected: str
    read: Callable[[str], Any]
    empty: Any = _REQUIRED
    needed: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one cell (or the whole row, with an empty column) and what was expected."""

    line: int
    column: str
    code: str
    message: str
    expected: str

    def as_list(self) -> list[Any]:
        """The JSON form that a chunk keeps."""
        return [self.line, self.column, self.code, self.message, self.expected]


PROBLEM_COLUMNS = ("line", "column", "code", "message", "expected")


@dataclass(frozen=True, slots=True)
class Row:
    """Values by column name; columns that the file does not have are missing."""

    line: int
    values: dict[str, Any]


@dataclass(slots=True)
class Batch:
    """Rows that are taken in together. With ``dry`` nothing may be written.

    ``memory`` lasts for the whole file while it is checked, and for one chunk while it is imported.
    """

    site: str
    actor: Actor
    digest: str
    dry: bool
    rows: list[Row]
    memory: dict[str, Any]
    problems: list[Problem] = field(default_factory=list)
    new: int = 0
    changed: int = 0
    same: int = 0

    def refuse(self, row: Row, column: str, code: str, message: str, expected: str = "") -> None:
        """Note what is wrong with a row."""
        self.problems.append(Problem(row.line, column, code, message, expected))


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of file. ``key`` names the columns that together may stand in a file only once."""

    name: str
    title: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    apply: Callable[[Batch], None]
    rows: Callable[[str], Iterator[Sequence[object]]]

    def column(self, name: str) -> Column | None:
        """The column with this name."""
        return next((column for column in self.columns if column.name == name), None)


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Add a kind; apps do so when they are ready."""
    _kinds[kind.name] = kind


def kinds() -> list[Kind]:
    """All kinds, in the order in which an empty system wants them."""
    return list(_kinds.values())


def kind_of(name: str) -> Kind:
    """The kind with this name; raises ``not_found``."""
    if name not in _kinds:
        raise DomainError("not_found", f"There is no kind {name!r}; there are {', '.join(_kinds)}.")
    return _kinds[name]


def check_header(kind: Kind, columns: Sequence[str]) -> None:
    """Raise ``import_refused`` for columns that are missing or unknown."""
    known = [column.name for column in kind.columns]
    missing = [column.name for column in kind.columns if column.needed and column.name not in columns]
    unknown = [name for name in columns if name not in known]
    wrong = [f"lacks {', '.join(missing)}"] if missing else []
    wrong += [f"has unknown columns {', '.join(map(repr, unknown))}"] if unknown else []
    if wrong:
        raise DomainError(
            "import_refused",
            f"The header {' and '.join(wrong)}.",
            remedy=f"Columns of {kind.name}: {', '.join(known)}.",
            missing=missing,
            unknown=unknown,
        )


def batch_of(
    kind: Kind, columns: Sequence[str], rows: Iterable[tuple[int, list[str]]], **about: Any
) -> Batch:
    """Rows with their cells read; those that cannot be are in the batch's problems instead."""
    batch = Batch(rows=[], **about)
    readers = [kind.column(name) for name in columns]
    for line, cells in rows:
        if len(cells) != len(columns):
            batch.problems.append(
                Problem(line, "", "row_length", f"The row has {len(cells)} cells.", f"{len(columns)} cells")
            )
            continue
        row = Row(line, {})
        before = len(batch.problems)
        for column, cell in zip(readers, cells, strict=True):
            assert column is not None, "the header was checked"
            _read_cell(batch, row, column, cell)
        if len(batch.problems) == before and _is_first(batch, kind, row):
            batch.rows.append(row)
    return batch


def _read_cell(batch: Batch, row: Row, column: Column, cell: str) -> None:
    if cell == "":
        if column.empty is _REQUIRED:
            batch.refuse(row, column.name, "value_missing", "The cell is empty.", column.expected)
        row.values[column.name] = column.empty
        return
    try:
        if len(cell) > csvfile.MAX_CELL:
            raise ValueError(f"The cell has {len(cell)} characters.")
        row.values[column.name] = column.read(cell)
    except ValueError as error:
        batch.refuse(row, column.name, "value_invalid", str(error), column.expected)


def _is_first(batch: Batch, kind: Kind, row: Row) -> bool:
    seen: dict[tuple[Any, ...], int] = batch.memory.setdefault("keys", {})
    key = tuple(row.values.get(name) for name in kind.key)
    first = seen.setdefault(key, row.line)
    if first != row.line:
        text = ", ".join(str(part) for part in key if part)
        batch.refuse(row, kind.key[0], "value_duplicate", f"{text} stands in line {first} too.", "one row")
    return first == row.line


def text(longest: int) -> Callable[[str], str]:
    """Read a text of bounded length."""

    def read(cell: str) -> str:
        if len(cell) > longest:
            raise ValueError(f"{cell[:20]!r}… has {len(cell)} characters.")
        return cell

    return read


def whole(lowest: int, highest: int = MAX_NUMBER) -> Callable[[str], int]:
    """Read a whole number."""

    def read(cell: str) -> int:
        if not re.fullmatch(r"[+-]?[0-9]{1,12}", cell) or not lowest <= int(cell) <= highest:
            raise ValueError(f"{cell[:40]!r} is not {lowest} to {highest}.")
        return int(cell)

    return read


def one_of(values: Iterable[str]) -> Callable[[str], str]:
    """Read one of some words; capitals do not matter."""
    words = {str(value).lower(): str(value) for value in values}

    def read(cell: str) -> str:
        if cell.lower() not in words:
            raise ValueError(f"{cell[:40]!r} is none of {', '.join(words.values())}.")
        return words[cell.lower()]

    return read


def flag(cell: str) -> bool:
    """Read yes or no."""
    if cell.lower() not in _YES | _NO:
        raise ValueError(f"{cell[:40]!r} is neither yes nor no.")
    return cell.lower() in _YES


def day(cell: str) -> date:
    """Read a date as YYYY-MM-DD: other orders of day and month are guesses."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", cell):
        raise ValueError(f"{cell[:40]!r} is no date as YYYY-MM-DD.")
    return date.fromisoformat(cell)


def yes_no(value: bool) -> str:
    """A flag as it is exported."""
    return "yes" if value else "no"


def write_changes(rows: Sequence[Any], fields: Iterable[str]) -> None:
    """Write ``fields`` of rows that are locked: one statement, many times faster than one CASE a column."""
    names = sorted(set(fields))
    if rows and names:
        type(rows[0])._default_manager.bulk_create(
            rows, update_conflicts=True, unique_fields=["id"], update_fields=names
        )


def export(kind: Kind, site: str) -> Iterator[str]:
    """Lines of the export: what an import of the same kind reads."""
    yield from csvfile.write([[column.name for column in kind.columns]])
    yield from csvfile.write(kind.rows(site))


def in_blocks(rows: QuerySet[Any], column: str) -> Iterator[Any]:
    """All rows by a unique column, a block at a time: no long cursor, no large memory."""
    last: Any = None
    while True:
        ahead = rows if last is None else rows.filter(**{f"{column}__gt": last})
        found = list(ahead.order_by(column)[:BLOCK_ROWS])
        yield from found
        if len(found) < BLOCK_ROWS:
            return
        last = getattr(found[-1], column)
