"""Writing the journal: one line per deed, in the deed's transaction."""

from __future__ import annotations

from typing import Any

from django.db import connection

from mfc.core import clock, txn
from mfc.core.actors import Actor
from mfc.core.models import JournalEntry


def write(verb: str, *, actor: Actor, subject: str, site: str = "", **data: Any) -> None:
    """Record that ``actor`` did ``verb`` (``order.accepted``) to ``subject`` (``order:17``)."""
    txn.hint("board")
    JournalEntry.objects.create(
        at=clock.now(),
        site=site,
        verb=verb,
        actor=str(actor),
        actor_name=actor.name,
        subject=subject,
        data=data,
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
