"""Pages by key: every row exactly once in both directions, while rows are added; a bad cursor is told, never an error."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest

from mfc.core import keyset
from mfc.core.models import JournalEntry, Receipt

FIELDS = ("at", "id")
START = datetime(2026, 1, 1, tzinfo=UTC)


def add(minutes: int, subject: str = "x") -> None:
    JournalEntry.objects.create(at=START + timedelta(minutes=minutes), verb="v", actor="a", subject=subject)


def page(**bounds: object) -> keyset.Page:
    rows = JournalEntry.objects.all()
    return keyset.page([rows], fields=FIELDS, size=3, rows=rows, **bounds)  # type: ignore[arg-type]


def key(cursor: str | None) -> keyset.Key:
    assert cursor is not None
    return keyset.decode(cursor, FIELDS, JournalEntry)


@pytest.mark.django_db
def test_a_walk_meets_every_row_once_in_both_directions_while_rows_are_added() -> None:
    for number in range(20):
        add(number // 4)  # four rows of every minute: the id decides
    first = list(JournalEntry.objects.order_by("-at", "-id").values_list("pk", flat=True))
    seen: list[int] = []
    now = page()
    assert now.newer is None
    while True:
        seen += [row.pk for row in now.rows]
        add(100 + len(seen))  # newer than everything
        if now.older is None:
            break
        now = page(older_than=key(now.older))
    assert seen == first

    every = list(JournalEntry.objects.order_by("-at", "-id").values_list("pk", flat=True))
    now, back = page(oldest=True), []
    assert now.older is None
    while True:
        back = [row.pk for row in now.rows] + back
        if now.newer is None:
            break
        now = page(newer_than=key(now.newer))
    assert back == every


@pytest.mark.django_db
def test_neighbouring_pages_lead_back_to_each_other() -> None:
    for number in range(9):
        add(number)
    first = page()
    second = page(older_than=key(first.older))
    again = page(newer_than=key(second.newer))
    assert [row.pk for row in again.rows] == [row.pk for row in first.rows]
    assert again.newer is None
    assert again.older is not None
    assert page(older_than=key(page(oldest=True).newer)).older is None


@pytest.mark.django_db
def test_a_union_counts_a_row_once() -> None:
    for number in range(7):
        add(number, subject="even" if number % 2 == 0 else "odd")
    rows = JournalEntry.objects.all()
    walks = [
        rows.filter(subject="even"),
        rows.filter(subject="odd"),
        rows.filter(at__gte=START + timedelta(minutes=4)),
    ]
    seen, older = [], None
    while True:
        got = keyset.page(walks, fields=FIELDS, size=2, rows=rows, older_than=older)
        seen += [row.pk for row in got.rows]
        if got.older is None:
            break
        older = key(got.older)
    assert seen == list(JournalEntry.objects.order_by("-at", "-id").values_list("pk", flat=True))
    assert keyset.page([], fields=FIELDS, size=2, rows=rows) == keyset.Page([], None, None)


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "!!!",
        "é",
        "A" * 1000,
        base64.urlsafe_b64encode(b"[]").decode(),
        base64.urlsafe_b64encode(b'["2026-01-01", 1]').decode(),
        base64.urlsafe_b64encode(b'["9999-12-31T23:59:59-14:00", 1]').decode(),
        base64.urlsafe_b64encode(b'["2026-01-01T00:00:00+00:00", 99999999999999999999]').decode(),
        base64.urlsafe_b64encode(b'["2026-01-01T00:00:00+00:00", true]').decode(),
        base64.urlsafe_b64encode(b'["2026-01-01T00:00:00+00:00", "1; DROP"]').decode(),
        base64.urlsafe_b64encode(b'{"at": 1}').decode(),
        base64.urlsafe_b64encode(b"\xff\xfe").decode(),
        base64.urlsafe_b64encode(b"[" * 250).decode(),
    ],
)
def test_what_is_no_cursor_is_told(cursor: str) -> None:
    with pytest.raises(keyset.BadCursorError):
        keyset.decode(cursor, FIELDS, JournalEntry)


def test_an_order_that_cannot_be_walked_is_our_mistake() -> None:
    with pytest.raises(AssertionError, match="not descending"):
        keyset.fields_of(("-at", "id"), JournalEntry)
    with pytest.raises(AssertionError, match="not unique"):
        keyset.fields_of(("-at",), JournalEntry)
    assert keyset.fields_of(("-received_at", "-id"), Receipt) == ("received_at", "id")
