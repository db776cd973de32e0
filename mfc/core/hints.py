"""Listening to hints: NOTIFY of committed transactions, as sets of topics."""

from __future__ import annotations

from collections.abc import AsyncIterator

import psycopg
from procrastinate.contrib.django.utils import connector_params

from mfc.core.txn import CHANNEL


async def listen() -> AsyncIterator[set[str]]:
    """Yield the topics of each commit; an empty set first, when listening has begun (read the state then).

    Ends with psycopg.OperationalError when the connection is lost; the caller listens again and reads the state anew.
    """
    params = connector_params()
    params.pop("autocommit", None)
    connection = await psycopg.AsyncConnection.connect(**params, autocommit=True)
    async with connection:
        await connection.execute(f"LISTEN {CHANNEL}")
        yield set()
        async for notification in connection.notifies():
            yield set(notification.payload.split("\n"))
