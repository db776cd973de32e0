"""Is the place empty? Asked where the book says so, while the picker still stands there; never insisted on."""

from __future__ import annotations

from typing import Any

from mfc.core.errors import DomainError
from mfc.inventory.models import Balance
from mfc.layout.models import Location
from mfc.picking.models import PickTask
from mfc.scanning.replies import Desk, Reply, accepted
from mfc.upkeep import counting
from mfc.upkeep.models import CountKind
from mfc.workforce import sessions
from mfc.workforce.models import WorkSession
from mfc.workforce.sessions import actor_of

NAME = "zero_check"


def ask(desk: Desk, task: PickTask) -> None:
    """After a pick: remember the question when the book has nothing left there. Costs nothing where it is switched off."""
    if not desk.station.site.zero_checks:
        return
    if Balance.objects.filter(location_id=task.location_id, on_hand__gt=0).exists():
        return
    session = sessions.open_at(desk.station)
    if session is not None and not session.flow:
        _keep(session, {"name": NAME, "location": task.location_id, "sku": task.sku_id, "lot": task.lot_id})


def asked(session: WorkSession) -> Location | None:
    """The place that is asked about."""
    if session.flow.get("name") != NAME:
        return None
    return Location.objects.filter(pk=session.flow["location"]).first()


def answer(desk: Desk, session: WorkSession, name: str, qty: int | None) -> Reply | None:
    """C-EMPTY or C-LEFT with a number; None for anything else: then the place is counted later."""
    place = asked(session)
    if place is None or name not in {"EMPTY", "LEFT"}:
        return None
    flow: dict[str, Any] = session.flow
    left = (qty or 0) if name == "LEFT" else 0
    if not 0 <= left <= counting.MAX_QTY:
        raise DomainError(
            "quantity_invalid", f"{left} is not 0 to {counting.MAX_QTY}.", limit=counting.MAX_QTY
        )
    _keep(session, {})
    actor = actor_of(desk.person)
    count = counting.draft(location=place, kind=CountKind.ZERO, reason="should be empty")
    counting.begin(count=count, actor=actor)
    counted = {(flow["sku"], flow["lot"]): left} if left else {}
    counting.finish(count=count, counted=counted, actor=actor)
    return accepted("Thank you. Go on." if left == 0 else f"{left} noted at {place.code}. Go on.")


def leave(session: WorkSession | None) -> None:
    """The picker went on without an answer: somebody counts the place later."""
    place = asked(session) if session is not None else None
    if session is None or place is None:
        return
    _keep(session, {})
    counting.draft(location=place, kind=CountKind.ZERO, reason="should be empty")


def _keep(session: WorkSession, flow: dict[str, Any]) -> None:
    WorkSession.objects.filter(pk=session.pk).update(flow=flow)
    session.flow = flow
