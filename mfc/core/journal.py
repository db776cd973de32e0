"""Writing the journal: one line per deed, in the deed's transaction."""

from __future__ import annotations

import json
from typing import Any

from django.db import connection

from mfc.core import clock, txn
from mfc.core.actors import Actor


def write(verb: str, *, actor: Actor, subject: str, site: str = "", **data: Any) -> None:
    """Record that ``actor`` did ``verb`` (``order.accepted``) to ``subject`` (``order:17``)."""
    txn.hint("board")
    # By hand: there is an entry in every deed, and the mapper's way to this statement takes longer than the database.
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_journalentry (at, site, verb, actor, actor_name, subject, data)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s)",
            [clock.now(), site, verb, str(actor), actor.name, subject, json.dumps(data)],
        )


def sites() -> list[str]:
    """Codes of the sites that have entries, one index probe each."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH RECURSIVE seen AS ("
            " (SELECT site FROM core_journalentry ORDER BY site LIMIT 1)"
            " UNION ALL SELECT (SELECT j.site FROM core_journalentry j WHERE j.site > seen.site ORDER BY j.site LIMIT 1)"
            " FROM seen WHERE seen.site IS NOT NULL"
            ") SELECT site FROM seen WHERE site IS NOT NULL"
        )
        return [site for (site,) in cursor.fetchall()]
