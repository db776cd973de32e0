"""The spool: on disk when ``append`` returns, each source key once, bounded, one owner."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from devices.drivers.base import Draft, Stored
from devices.errors import SpoolError, SpoolFullError
from devices.gateway import spool as module
from devices.gateway.spool import Settled, Spool
from devices.messages import ScanRead, decode


def open_spool(path: Path, boot: str = "b1", max_events: int = 100) -> Spool:
    return Spool(
        path, gateway="gw-1", boot=boot, max_events=max_events, stamp=lambda: "2026-01-01T00:00:00.000Z"
    )


def scan(data: str, source_key: str | None = None) -> Draft:
    def make(event_id: str, at: str) -> ScanRead:
        return ScanRead(event_id=event_id, device="s-1", at=at, data=data)

    return Draft(make, source_key)


def waiting(spool: Spool) -> list[tuple[str, str]]:
    events = [decode(item.line) for item in spool.waiting(0, 1000)]
    return [(event.event_id, event.data) for event in events if isinstance(event, ScanRead)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep/spool.sqlite"


def crash(spool: Spool) -> None:
    """What a killed process leaves: the connection is gone, nothing was flushed."""
    spool._db.close()


def test_events_survive_a_crash_in_order_under_their_first_names(path: Path) -> None:
    first = open_spool(path, "b1")
    first.append("s-1", [scan("A")])
    first.append("s-1", [scan("B"), scan("C")], {"count": "3"})
    crash(first)
    second = open_spool(path, "b2")
    assert second.append("s-1", [scan("D")]) == [Stored("gw-1/b2/1", is_new=True, is_acknowledged=False)]
    assert waiting(second) == [("gw-1/b1/1", "A"), ("gw-1/b1/2", "B"), ("gw-1/b1/3", "C"), ("gw-1/b2/1", "D")]
    assert (second.recall("count"), second.recall("other"), len(second)) == ("3", None, 4)


def test_a_settled_event_is_gone_once_and_for_all(path: Path) -> None:
    spool = open_spool(path)
    spool.append("s-1", [scan("A", "k-A"), scan("B")])
    assert spool.settle("gw-1/b1/1") == Settled("gw-1/b1/1", "s-1", "k-A")
    assert spool.settle("gw-1/b1/1") is None
    assert spool.settle("gw-1/b1/99") is None
    assert waiting(spool) == [("gw-1/b1/2", "B")]
    spool.close()
    assert waiting(open_spool(path, "b2")) == [("gw-1/b1/2", "B")]


@pytest.mark.parametrize("is_flushed", [False, True])
def test_a_source_key_is_one_event_before_and_after_its_acknowledgement(path: Path, is_flushed: bool) -> None:
    spool = open_spool(path)
    spool.append("s-1", [scan("A", "k")])
    assert spool.append("s-1", [scan("A", "k")]) == [Stored("gw-1/b1/1", is_new=False, is_acknowledged=False)]
    spool.settle("gw-1/b1/1")
    if is_flushed:
        spool.flush()
    assert spool.append("s-1", [scan("A", "k")]) == [Stored("gw-1/b1/1", is_new=False, is_acknowledged=True)]
    crash(spool)
    again = open_spool(path, "b2")
    assert again.append("s-1", [scan("A", "k")]) == [Stored("gw-1/b1/1", is_new=False, is_acknowledged=True)]
    assert (waiting(again), len(again)) == ([], 0)


def test_a_full_spool_refuses_the_whole_batch_and_keeps_its_memory(path: Path) -> None:
    spool = open_spool(path, max_events=2)
    spool.append("s-1", [scan("A")], {"n": "1"})
    with pytest.raises(SpoolFullError, match="maximum of 2 events"):
        spool.append("s-1", [scan("B"), scan("C")], {"n": "3"})
    assert (waiting(spool), spool.recall("n"), len(spool)) == ([("gw-1/b1/1", "A")], "1", 1)
    spool.settle("gw-1/b1/1")
    spool.append("s-1", [scan("B"), scan("C")], {"n": "3"})
    assert [data for _, data in waiting(spool)] == ["B", "C"]


def test_a_known_source_key_is_answered_by_a_full_spool(path: Path) -> None:
    spool = open_spool(path, max_events=1)
    spool.append("s-1", [scan("A", "k")])
    assert spool.append("s-1", [scan("A", "k")]) == [Stored("gw-1/b1/1", is_new=False, is_acknowledged=False)]


def test_an_event_that_cannot_be_built_leaves_nothing_behind(path: Path) -> None:
    def broken(event_id: str, at: str) -> ScanRead:
        raise ValueError("broken")

    spool = open_spool(path)
    with pytest.raises(ValueError, match="broken"):
        spool.append("s-1", [scan("A"), Draft(broken)], {"n": "1"})
    assert (waiting(spool), spool.recall("n"), len(spool)) == ([], None, 0)
    assert spool.append("s-1", [scan("B")])[0].event_id == "gw-1/b1/1"


def test_remembered_source_keys_are_bounded_and_the_oldest_go(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_SETTLED", 3)
    spool = open_spool(path)
    for number in range(6):
        [stored] = spool.append("s-1", [scan("A", f"k{number}")])
        spool.settle(stored.event_id)
        spool.flush()
    assert spool.append("s-1", [scan("A", "k5")])[0].is_acknowledged is True
    assert spool.append("s-1", [scan("A", "k0")])[0].is_new is True


def test_pages_of_waiting_events_follow_the_row(path: Path) -> None:
    spool = open_spool(path)
    spool.append("s-1", [scan(str(number)) for number in range(5)])
    spool.settle("gw-1/b1/2")
    first = spool.waiting(0, 2)
    assert [item.event_id for item in first] == ["gw-1/b1/1", "gw-1/b1/3"]
    assert [item.event_id for item in spool.waiting(first[-1].row, 9)] == ["gw-1/b1/4", "gw-1/b1/5"]


def test_a_second_gateway_cannot_open_the_same_spool(path: Path) -> None:
    first = open_spool(path)
    with pytest.raises(SpoolError, match="locked"):
        open_spool(path)
    first.close()
    open_spool(path).close()


@pytest.mark.parametrize(
    ("spoil", "text"),
    [
        (lambda path: path.write_bytes(b"this is not a database" * 100), "not a database"),
        (
            lambda path: sqlite3.connect(path).execute("PRAGMA user_version = 9").connection.close(),
            "format 9",
        ),
    ],
)
def test_a_foreign_file_is_refused_and_left_alone(
    path: Path, spoil: Callable[[Path], None], text: str
) -> None:
    path.parent.mkdir(parents=True)
    spoil(path)
    before = path.read_bytes()
    with pytest.raises(SpoolError, match=text):
        open_spool(path)
    assert path.read_bytes() == before


def test_a_full_disk_refuses_events_like_a_full_spool_and_recovers(path: Path) -> None:
    spool = open_spool(path, max_events=10_000)
    spool.append("s-1", [scan("A")])
    (pages,) = spool._db.execute("PRAGMA page_count").fetchone()
    spool._db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(SpoolFullError, match="cannot be written: database or disk is full"):
        spool.append("s-1", [scan("B" * 4000) for _ in range(200)])
    assert (waiting(spool), len(spool)) == ([("gw-1/b1/1", "A")], 1)
    spool._db.execute("PRAGMA max_page_count = 1000000")
    assert spool.append("s-1", [scan("B")])[0].event_id == "gw-1/b1/2"
