"""Writing the journal: one line per deed, in the deed's transaction."""

from __future__ import annotations

from typing import Any

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
