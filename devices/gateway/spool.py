"""Events on disk until the WMS has committed them, and the drivers' small memory (SQLite, one owner)."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from devices.drivers.base import Draft, Stored
from devices.errors import SpoolError, SpoolFullError
from devices.messages import encode

log = logging.getLogger("devices.gateway")

SCHEMA_VERSION = 1
# Acknowledged source keys that are remembered, so that a device's repetition is no new event. Far less than
# the 65,535 events after which a PLC's sequence comes round, far more than any device's queue.
MAX_SETTLED = 10_000
# Acknowledgements wait for the next event's commit; this many, or a second, and they get their own.
MAX_LAZY = 256

_SCHEMA = f"""
CREATE TABLE event (row INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL UNIQUE,
    device TEXT NOT NULL, source_key TEXT UNIQUE, line BLOB NOT NULL);
CREATE TABLE settled (row INTEGER PRIMARY KEY, source_key TEXT NOT NULL UNIQUE, event_id TEXT NOT NULL);
CREATE TABLE memory (key TEXT PRIMARY KEY, value TEXT NOT NULL);
PRAGMA user_version = {SCHEMA_VERSION};
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    row: int
    event_id: str
    line: bytes


@dataclass(frozen=True, slots=True)
class Settled:
    event_id: str
    device: str
    source_key: str | None


class Spool:
    """``append`` returns after the fsync; ``settle`` is lazy: a lost deletion only repeats an event."""

    def __init__(
        self, path: Path, *, gateway: str, boot: str, max_events: int, stamp: Callable[[], str]
    ) -> None:
        self._prefix = f"{gateway}/{boot}"
        self._sequence = 0
        self._max_events = max_events
        self._stamp = stamp
        self._lazy: dict[str, int] = {}  # event id -> row, acknowledged but not yet deleted
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._db = _open(path)
        except sqlite3.Error as error:
            raise SpoolError(f"spool {path}: {error}") from error
        (self._count,) = self._db.execute("SELECT COUNT(*) FROM event").fetchone()

    def __len__(self) -> int:
        """Events that wait for their acknowledgement."""
        return self._count - len(self._lazy)

    def append(self, device: str, drafts: list[Draft], memory: dict[str, str] | None = None) -> list[Stored]:
        """Stores events (each source key once) and memory in one commit, or nothing and SpoolFullError."""
        sequence, count = self._sequence, self._count
        try:
            with self._commit():
                stored = [self._store(device, draft) for draft in drafts]
                self._put(memory or {})
        except sqlite3.OperationalError as error:
            # a full or failing disk: to the device it is the same as a full spool
            self._sequence, self._count = sequence, count
            raise SpoolFullError(f"the spool cannot be written: {error}") from error
        except BaseException:
            self._sequence, self._count = sequence, count
            raise
        return stored

    def settle(self, event_id: str) -> Settled | None:
        """The WMS has committed this event; None when it is not (any more) in the spool."""
        if event_id in self._lazy:
            return None
        found = self._db.execute(
            "SELECT row, device, source_key FROM event WHERE event_id = ?", (event_id,)
        ).fetchone()
        if found is None:
            return None
        row, device, source_key = found
        self._lazy[event_id] = row
        if len(self._lazy) >= MAX_LAZY:
            self.flush()
        return Settled(event_id, device, source_key)

    def waiting(self, after_row: int, limit: int) -> list[Waiting]:
        """Unacknowledged events after a row, oldest first."""
        rows = self._db.execute(
            "SELECT row, event_id, line FROM event WHERE row > ? ORDER BY row LIMIT ?",
            (after_row, limit + len(self._lazy)),
        )
        found = [Waiting(*row) for row in rows]
        return [item for item in found if item.event_id not in self._lazy][:limit]

    def flush(self) -> None:
        """Deletes what was acknowledged. A failing disk only costs repetitions: tried again later."""
        if not self._lazy:
            return
        try:
            with self._commit():
                pass
        except sqlite3.OperationalError as error:
            log.warning("acknowledged events stay in the spool for now: %s", error)

    def recall(self, key: str) -> str | None:
        found = self._db.execute("SELECT value FROM memory WHERE key = ?", (key,)).fetchone()
        return None if found is None else str(found[0])

    def remember(self, memory: dict[str, str]) -> None:
        with self._commit():
            self._put(memory)

    def close(self) -> None:
        self.flush()
        self._db.close()

    @contextmanager
    def _commit(self) -> Iterator[None]:
        """One transaction that also deletes what was acknowledged since the last one."""
        lazy = dict(self._lazy)
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._delete(lazy)
            yield
        except BaseException:
            self._roll_back()
            raise
        try:
            self._db.execute("COMMIT")
        except sqlite3.OperationalError:
            self._roll_back()
            raise
        self._count -= len(lazy)
        self._lazy.clear()

    def _roll_back(self) -> None:
        """SQLite may have done it by itself."""
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")

    def _delete(self, lazy: dict[str, int]) -> None:
        rows = [(row,) for row in lazy.values()]
        if not rows:
            return
        self._db.executemany(
            "INSERT OR REPLACE INTO settled SELECT row, source_key, event_id FROM event "
            "WHERE row = ? AND source_key IS NOT NULL",
            rows,
        )
        self._db.executemany("DELETE FROM event WHERE row = ?", rows)
        self._db.execute(
            "DELETE FROM settled WHERE row <= (SELECT MAX(row) FROM settled) - ?", (MAX_SETTLED,)
        )

    def _store(self, device: str, draft: Draft) -> Stored:
        key = draft.source_key
        if key is not None:
            known = self._known(key)
            if known is not None:
                return known
        if len(self) >= self._max_events:
            raise SpoolFullError(f"the spool holds its maximum of {self._max_events} events")
        self._sequence += 1
        event_id = f"{self._prefix}/{self._sequence}"
        line = encode(draft.make(event_id, self._stamp()))
        self._db.execute(
            "INSERT INTO event (event_id, device, source_key, line) VALUES (?, ?, ?, ?)",
            (event_id, device, key, line),
        )
        self._count += 1
        return Stored(event_id, is_new=True, is_acknowledged=False)

    def _known(self, source_key: str) -> Stored | None:
        for table, is_acknowledged in (("event", False), ("settled", True)):
            query = f"SELECT event_id FROM {table} WHERE source_key = ?"  # noqa: S608 - two fixed names
            found = self._db.execute(query, (source_key,)).fetchone()
            if found is not None:
                return Stored(found[0], is_new=False, is_acknowledged=is_acknowledged)
        return None

    def _put(self, memory: dict[str, str]) -> None:
        self._db.executemany("INSERT OR REPLACE INTO memory (key, value) VALUES (?, ?)", list(memory.items()))


def _open(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=1.0, isolation_level=None)
    try:
        # exclusive: a second gateway on the same spool would send the same events under two names
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if version not in (0, SCHEMA_VERSION):
            raise SpoolError(f"spool {path} has format {version}, this gateway knows {SCHEMA_VERSION}")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("BEGIN EXCLUSIVE")
        db.execute("COMMIT")
        if version == 0:
            db.executescript(f"BEGIN; {_SCHEMA} COMMIT;")
    except BaseException:
        db.close()
        raise
    return db
