"""Listening to hints: NOTIFY of committed transactions, as sets of topics."""

from __future__ import annotations

from collections.abc import AsyncIterator

import psycopg
from procrastinate.contrib.django.utils import connector_params

from mfc.core.locks import LockSpace
from mfc.core.txn import CHANNEL


async def listen(*, elected_by: LockSpace | None = None) -> AsyncIterator[set[str]]:
    """Yield the topics of each commit; an empty set first, when listening has begun (read the state then).

    With ``elected_by``, only one listener at a time holds that lock; for the others the iteration is empty. Ends with
    psycopg.OperationalError when the connection is lost; the caller listens again and reads the state anew.
    """
    params = connector_params()
    params.pop("autocommit", None)
    connection = await psycopg.AsyncConnection.connect(**params, autocommit=True)
    async with connection:
        if elected_by is not None:
            cursor = await connection.execute("SELECT pg_try_advisory_lock(%s, 0)", [int(elected_by)])
            row = await cursor.fetchone()
            if not (row and row[0]):
                return
        await connection.execute(f"LISTEN {CHANNEL}")
        yield set()
        async for notification in connection.notifies():
            yield set(notification.payload.split("\n"))
