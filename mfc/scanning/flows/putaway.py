"""Putting away at a terminal: take goods from the dock, be told where and why, scan the shelf."""

from __future__ import annotations

from dataclasses import replace

from mfc.core.errors import DomainError
from mfc.inbound import putaway
from mfc.inbound.rules import Proposal
from mfc.inventory.models import Balance, ReasonCode
from mfc.layout.models import Site
from mfc.scanning.flows import finding
from mfc.scanning.flows.frame import (
    MAX_CHOICES,
    Ask,
    Choice,
    Flow,
    Input,
    View,
    Work,
    chosen,
    quantity,
    unexpected,
)
from mfc.scanning.replies import Reply, accepted, asked
from mfc.scanning.resolve import ContainerScan, LocationScan, SkuScan

REASONS = (ReasonCode.PLACE_FULL, ReasonCode.BETTER_PLACE, ReasonCode.WRONG_ITEM, ReasonCode.OTHER)


def _start(work: Work) -> Reply:
    work.restart("from")
    return accepted("Scan the dock, the pallet or the article.")


def _due(site: Site) -> int:
    return len(putaway.waiting_stock(site))


def _waiting(work: Work) -> list[Balance]:
    kept = set(work.state.get("rows", []))
    rows = putaway.waiting_stock(work.site)
    return [row for row in rows if row.pk in kept] if kept else rows


def _view(work: Work) -> View:
    if work.step == "from":
        rows = _waiting(work)
        return View(
            title="Scan what you put away" if rows else "Nothing waits to be put away",
            hint="The dock, the pallet or the article.",
            choices=finding.choices(rows),
        )
    row = finding.row(work.state["balance"])
    if work.step == "qty":
        return finding.about(
            row,
            View(title="How many do you carry?", ask=Ask("qty", "Quantity", str(row.on_hand), row.on_hand)),
        )
    if work.step == "to":
        return _view_to(work, row)
    view = View(
        title=f"Why {work.state['to_code']}?", choices=tuple(Choice(reason.label) for reason in REASONS)
    )
    # The place in question, not where the goods lie.
    return replace(finding.about(row, view), location=finding.location(work.state["to"]))


def _view_to(work: Work, row: Balance) -> View:
    qty = work.state["qty"]
    waiting = _waiting_order(work, row)
    if waiting is None:
        return _view_shelf(work, row)
    take = min(qty, waiting.qty)
    return View(
        title=f"Put {take} into tote {waiting.use.container.label}",
        why=waiting.why,
        sku=row.sku,
        lot=row.lot,
        qty=take,
        choices=(Choice("Put on a shelf instead"),),
    )


def _waiting_order(work: Work, row: Balance) -> putaway.Waiting | None:
    """The order the goods may go to, unless the person has chosen the shelf."""
    if work.state.get("shelf"):
        return None
    return putaway.waiting_order(site=work.site, sku_id=row.sku_id, lot_id=row.lot_id)


def _view_shelf(work: Work, row: Balance) -> View:
    options = _proposals(work, row)
    if not options:
        return View(
            title="No place is free: scan one that you choose",
            sku=row.sku,
            lot=row.lot,
            qty=work.state["qty"],
        )
    best, *others = options
    return View(
        title=f"Put {min(best.qty, work.state['qty'])} there and scan the place",
        why=best.why,
        location=finding.location(best.spot.id),
        sku=row.sku,
        lot=row.lot,
        qty=min(best.qty, work.state["qty"]),
        lines=tuple(finding.option(one.spot.code, one.why, one.qty) for one in others),
    )


def _proposals(work: Work, row: Balance) -> list[Proposal]:
    source = row.location or (row.container.stands_at if row.container else None)
    return putaway.propose(
        site=work.site, sku=row.sku, lot_id=row.lot_id, qty=work.state["qty"], source=source
    )


def _give(work: Work, given: Input) -> Reply:
    return {"from": _from, "qty": _qty, "to": _to, "why": _why}[work.step](work, given)


def _from(work: Work, given: Input) -> Reply:
    rows = _waiting(work)
    index = chosen(given, len(rows[:MAX_CHOICES]))
    if index is not None:
        return _take(work, rows[index])
    if isinstance(given, SkuScan):
        rows = finding.narrow(rows, given)
    else:
        there = finding.there(work, given)
        if there is None:
            raise unexpected("A dock, a pallet or an article")
        here = {row.pk for row in there}
        rows = [row for row in putaway.waiting_stock(work.site) if row.pk in here]
    if not rows:
        raise DomainError("nothing_expected", "Nothing waits there to be put away.")
    if len(rows) == 1:
        return _take(work, rows[0])
    work.go("from", rows=[row.pk for row in rows])
    return accepted("Scan the article.")


def _take(work: Work, row: Balance) -> Reply:
    work.go("qty", balance=row.pk, rows=None)
    return accepted(f"{row.sku.name}: how many do you carry?")


def _qty(work: Work, given: Input) -> Reply:
    row = finding.row(work.state["balance"])
    qty = quantity(given, limit=row.on_hand)
    if qty is None:
        raise unexpected("The quantity", "Press 'Enter' and type how many you carry.")
    work.go("to", qty=qty)
    return accepted("Follow the screen.")


def _to(work: Work, given: Input) -> Reply:
    row = finding.row(work.state["balance"])
    waiting = _waiting_order(work, row)
    if waiting is not None:
        if chosen(given, 1) == 0:
            work.go("to", shelf=True)
            return accepted("Then onto a shelf.")
        if isinstance(given, ContainerScan):
            return _into_tote(work, row, waiting, given.label)
    if not isinstance(given, LocationScan):
        raise unexpected("The place you put it")
    options = _proposals(work, row)
    if any(one.spot.id == given.location.pk for one in options):
        return _shelve(work, row, given.location.pk, options, "")
    work.go("why", to=given.location.pk, to_code=given.location.code)
    return asked(f"{given.location.code} was not proposed: why there?")


def _into_tote(work: Work, row: Balance, waiting: putaway.Waiting, label: str) -> Reply:
    tote = waiting.use.container.label
    if label != tote:
        raise DomainError(
            "wrong_tote", f"That is {label}. Wanted: {tote}.", remedy=f"Put it into {tote} and scan it."
        )
    qty = min(work.state["qty"], waiting.qty)
    putaway.cross_dock(balance=row, waiting=waiting, qty=qty, actor=work.actor)
    return _rest(work, row, qty, f"{qty} × {row.sku.name} in {tote} for {waiting.line.order.ref}.")


def _why(work: Work, given: Input) -> Reply:
    index = chosen(given, len(REASONS))
    if index is None:
        raise unexpected("A reason")
    row = finding.row(work.state["balance"])
    return _shelve(work, row, work.state["to"], _proposals(work, row), REASONS[index])


def _shelve(
    work: Work, row: Balance, target_id: int, options: list[Proposal], code: ReasonCode | str
) -> Reply:
    target = finding.location(target_id)
    fits = next((one.qty for one in options if one.spot.id == target.pk), work.state["qty"])
    qty = min(work.state["qty"], fits)
    putaway.put_away(
        balance=row, qty=qty, target=target, actor=work.actor, proposals=options, override_code=code
    )
    return _rest(work, row, qty, f"{qty} × {row.sku.name} at {target.code}.")


def _rest(work: Work, row: Balance, done: int, text: str) -> Reply:
    """What did not fit goes on to the next place."""
    left = work.state["qty"] - done
    if left:
        work.go("to", qty=left, to=None, to_code=None)
        return accepted(f"{text} {left} more in your hands: follow the screen.")
    work.restart("from")
    return accepted(text)


FLOW = Flow(
    name="putaway",
    label="Put away",
    hint="From the dock to the shelf",
    start=_start,
    view=_view,
    give=_give,
    due=_due,
)
