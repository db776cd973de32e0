"""Moving articles to better slots, as an approved plan says: scan where you take all of it, then where you put it."""

from __future__ import annotations

from mfc.core.errors import DomainError
from mfc.layout.models import Site
from mfc.scanning.flows.frame import MAX_CHOICES, Choice, Flow, Input, View, Work, chosen, unexpected
from mfc.scanning.replies import Reply, accepted
from mfc.scanning.resolve import LocationScan, SkuScan
from mfc.slotting import moves
from mfc.slotting.models import SlotMove


def _start(work: Work) -> Reply:
    work.restart("task")
    return accepted("Choose what you move, or scan the place where it lies.")


def _due(site: Site) -> int:
    return len(moves.due(site))


def _view(work: Work) -> View:
    if work.step == "task":
        rows = moves.due(work.site)[:MAX_CHOICES]
        waiting = not rows and bool(moves.open_moves(work.site))
        title = (
            "What do you move?"
            if rows
            else "Moves wait for a quiet hour"
            if waiting
            else "Nothing is to be moved"
        )
        return View(
            title=title,
            choices=tuple(Choice(row.sku.name, f"{row.source} to {row.target}: {row.why}") for row in rows),
        )
    move = _move(work)
    is_taking = work.step == "from"
    return View(
        title="Go there and scan the place, or the article"
        if is_taking
        else "Put all of it there and scan the place",
        hint="It waits there until its new slot is empty." if move.to_buffer else "All of it goes.",
        why=move.why,
        location=move.source if is_taking else move.target,
        sku=move.sku,
        qty=moves.qty_there(move),
    )


def _move(work: Work) -> SlotMove:
    related = ("sku", "source__zone", "target__zone", "site", "run")
    return SlotMove.objects.select_related(*related).get(pk=work.state["move"])


def _give(work: Work, given: Input) -> Reply:
    return {"task": _choose, "from": _from, "to": _to}[work.step](work, given)


def _choose(work: Work, given: Input) -> Reply:
    rows = moves.due(work.site)
    index = chosen(given, len(rows[:MAX_CHOICES]))
    if index is not None:
        work.go("from", move=rows[index].pk)
        return accepted(f"Go to {rows[index].source}.")
    if not isinstance(given, LocationScan):
        raise unexpected("A choice, or the place where it lies")
    here = [row for row in rows if row.source_id == given.location.pk]
    if not here:
        raise DomainError("nothing_expected", f"Nothing is to be moved from {given.location.code} now.")
    work.go("to", move=here[0].pk)
    return accepted(f"Take all {moves.qty_there(here[0])} × {here[0].sku.name} to {here[0].target}.")


def _from(work: Work, given: Input) -> Reply:
    move = _move(work)
    if isinstance(given, LocationScan):
        if given.location.pk != move.source_id:
            raise DomainError(
                "wrong_location",
                f"This is {given.location.code}. Wanted: {move.source}.",
                remedy=f"Go to {move.source}.",
            )
    elif isinstance(given, SkuScan):
        if given.sku.pk != move.sku_id:
            raise DomainError(
                "wrong_item",
                f"That is {given.sku.code}. Wanted: {move.sku.code} {move.sku.name}.",
                wanted=move.sku.code,
            )
    else:
        raise unexpected("The place where it lies")
    work.go("to")
    return accepted(f"Take all of it to {move.target}.")


def _to(work: Work, given: Input) -> Reply:
    move = _move(work)
    if not isinstance(given, LocationScan):
        raise unexpected("The new place")
    if given.location.pk != move.target_id:
        raise DomainError(
            "wrong_location",
            f"This is {given.location.code}. Wanted: {move.target}.",
            remedy=f"Go to {move.target}.",
        )
    moves.carry(move=move, actor=work.actor)
    work.restart("task")
    return accepted(f"{move.qty_done} × {move.sku.name} now at {move.target}.")


FLOW = Flow(
    name="reslot",
    label="Re-slot",
    hint="To better slots, as the plan says",
    start=_start,
    view=_view,
    give=_give,
    due=_due,
)
