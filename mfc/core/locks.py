"""Registry of advisory locks: one place, so that no two uses share a number.

Taken before any row lock. Transaction locks end with the transaction, session locks with the connection.
"""

from __future__ import annotations

from enum import IntEnum

from django.db import connection


class LockSpace(IntEnum):
    """First half of the key; the second is a row id (site, gateway)."""

    PLANNER = 7_301  # one release decision per site at a time
    CLAIM = 7_302  # one picker per site is given a batch and a colour at a time
    INGEST = 7_303  # one worker reads a gateway's events
    LANES = 7_304  # one lane assignment per site at a time
    UPKEEP = 7_306  # one plan of counts or replenishments per site at a time
    BRIDGE = 7_305  # one web process forwards hints to a shared channel layer
    PARTITIONS = (
        7_320  # one change to the partitions of the moves at a time (the function in the database takes it)
    )
    CLOSING = 7_321  # one closing of a site's month at a time


def hold(space: LockSpace, key: int) -> None:
    """Wait for the lock and hold it until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [int(space), key])
