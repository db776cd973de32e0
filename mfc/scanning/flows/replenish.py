"""Bringing goods from reserve to the bins, urgent ones first: scan where you take it, say how many, scan the bin."""

from __future__ import annotations

from mfc.core.errors import DomainError
from mfc.layout.models import Site
from mfc.scanning.flows.frame import (
    MAX_CHOICES,
    Ask,
    Choice,
    Entered,
    Flow,
    Input,
    View,
    Work,
    chosen,
    unexpected,
)
from mfc.scanning.replies import Reply, accepted
from mfc.scanning.resolve import LocationScan, SkuScan
from mfc.upkeep import replenish
from mfc.upkeep.models import Replenishment, Urgency


def _start(work: Work) -> Reply:
    work.restart("task")
    return accepted("Choose what you bring, or scan the reserve place.")


def _due(site: Site) -> int:
    return len(replenish.open_tasks(site))


def _view(work: Work) -> View:
    if work.step == "task":
        rows = replenish.open_tasks(work.site)[:MAX_CHOICES]
        return View(
            title="What do you bring?" if rows else "Every bin has enough",
            choices=tuple(Choice(_label(row), f"{row.source} to {row.target}: {row.why}") for row in rows),
        )
    task = _task(work)
    shown = {"from": task.source, "qty": task.source, "to": task.target}[work.step]
    title = {
        "from": "Go to the reserve place and scan it, or the article",
        "qty": "How many do you take?",
        "to": "Bring it to the bin and scan it",
    }[work.step]
    return View(
        title=title,
        hint=replenish.packs_text(task),
        why=task.why,
        location=shown,
        sku=task.sku,
        lot=task.lot,
        qty=work.state.get("qty", task.qty),
        ask=Ask("qty", "Quantity", str(task.qty), task.qty) if work.step == "qty" else None,
    )


def _label(row: Replenishment) -> str:
    urgent = "Urgent: " if row.urgency == Urgency.URGENT else ""
    return f"{urgent}{row.qty} × {row.sku.name}"


def _task(work: Work) -> Replenishment:
    return Replenishment.objects.select_related("sku", "lot", "source__zone", "target__zone", "site").get(
        pk=work.state["task"]
    )


def _give(work: Work, given: Input) -> Reply:
    return {"task": _choose, "from": _from, "qty": _qty, "to": _to}[work.step](work, given)


def _choose(work: Work, given: Input) -> Reply:
    rows = replenish.open_tasks(work.site)
    index = chosen(given, len(rows[:MAX_CHOICES]))
    if index is not None:
        work.go("from", task=rows[index].pk)
        return accepted(f"Go to {rows[index].source}.")
    if not isinstance(given, LocationScan):
        raise unexpected("A choice, or the reserve place")
    here = [row for row in rows if row.source_id == given.location.pk]
    if not here:
        raise DomainError("nothing_expected", f"Nothing is wanted from {given.location.code}.")
    work.go("qty", task=here[0].pk)
    return accepted(f"Take {here[0].qty} × {here[0].sku.name}.")


def _from(work: Work, given: Input) -> Reply:
    task = _task(work)
    if isinstance(given, LocationScan):
        if given.location.pk != task.source_id:
            raise DomainError(
                "wrong_location",
                f"This is {given.location.code}. Wanted: {task.source}.",
                remedy=f"Go to {task.source}.",
            )
    elif isinstance(given, SkuScan):
        _check_article(task, given)
    else:
        raise unexpected("The reserve place")
    work.go("qty")
    return accepted(f"Take {task.qty}.")


def _check_article(task: Replenishment, given: SkuScan) -> None:
    if given.sku.pk != task.sku_id:
        raise DomainError(
            "wrong_item",
            f"That is {given.sku.code}. Wanted: {task.sku.code} {task.sku.name}.",
            wanted=task.sku.code,
        )
    if given.lot and task.lot is not None and given.lot != task.lot.code:
        raise DomainError(
            "wrong_item",
            f"That is lot {given.lot}. Wanted: lot {task.lot.code}.",
            remedy="It expires first: take that lot.",
            wanted=task.sku.code,
        )


def _qty(work: Work, given: Input) -> Reply:
    task = _task(work)
    if isinstance(given, SkuScan):
        _check_article(task, given)
        return accepted("Right article. How many do you take?")
    if not isinstance(given, Entered) or given.number is None:
        raise unexpected("The quantity", "Press 'Enter' and type how many you take; 0 when nothing is there.")
    if not 0 <= given.number <= task.qty:
        raise DomainError("quantity_invalid", f"{given.number} is not 0 to {task.qty}.", limit=task.qty)
    if given.number == 0:
        return _done(work, task, 0, f"Noted: nothing is at {task.source}. It will be counted.")
    work.go("to", qty=given.number)
    return accepted(f"Bring it to {task.target}.")


def _to(work: Work, given: Input) -> Reply:
    task = _task(work)
    if not isinstance(given, LocationScan):
        raise unexpected("The bin")
    if given.location.pk != task.target_id:
        raise DomainError(
            "wrong_location",
            f"This is {given.location.code}. Wanted: {task.target}.",
            remedy=f"Go to {task.target}.",
        )
    qty = work.state["qty"]
    return _done(work, task, qty, f"{qty} × {task.sku.name} now at {task.target}.")


def _done(work: Work, task: Replenishment, qty: int, text: str) -> Reply:
    replenish.bring(task=task, qty=qty, actor=work.actor)
    work.restart("task")
    return accepted(text)


FLOW = Flow(
    name="replenish",
    label="Replenish",
    hint="From reserve to the bins",
    start=_start,
    view=_view,
    give=_give,
    due=_due,
)
