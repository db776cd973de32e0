"""Correcting a quantity at once, by a lead; everybody else counts, and the difference is approved."""

from __future__ import annotations

from mfc.core.errors import DomainError
from mfc.inventory import transfers
from mfc.inventory.models import ReasonCode
from mfc.scanning.flows import finding
from mfc.scanning.flows.frame import Ask, Choice, Entered, Flow, Input, View, Work, chosen, unexpected
from mfc.scanning.replies import Reply, accepted
from mfc.scanning.resolve import LocationScan
from mfc.workforce.models import Role

REASONS = (
    ReasonCode.DAMAGED,
    ReasonCode.EXPIRED,
    ReasonCode.FOUND,
    ReasonCode.NOT_FOUND,
    ReasonCode.THEFT,
    ReasonCode.SAMPLE,
    ReasonCode.OTHER,
)
MAX_QTY = 100_000


def _start(work: Work) -> Reply:
    work.restart("place")
    return accepted("Scan the place.")


def _view(work: Work) -> View:
    match work.step:
        case "place":
            return View(title="Scan the place whose quantity is wrong")
        case "item":
            return View(
                title="Scan the item, or choose it", choices=finding.choices(finding.there_again(work))
            )
    row = finding.row(work.state["balance"])
    if work.step == "qty":
        view = View(
            title=f"By the book {row.on_hand}. How many are there?",
            hint=f"{row.reserved} wait for a picker" if row.reserved else "",
            ask=Ask("qty", "Found", str(row.on_hand), MAX_QTY),
        )
    else:
        view = View(
            title="Why?",
            hint=f"{row.on_hand} becomes {work.state['qty']}",
            choices=tuple(Choice(reason.label) for reason in REASONS),
        )
    return finding.about(row, view)


def _give(work: Work, given: Input) -> Reply:
    return {"place": _place, "item": _item, "qty": _qty, "why": _why}[work.step](work, given)


def _place(work: Work, given: Input) -> Reply:
    if not isinstance(given, LocationScan):
        raise unexpected("A place")
    rows = finding.at_location(given.location)
    if not rows:
        raise DomainError(
            "nothing_expected",
            "By the book nothing is there.",
            remedy="What is found there is booked by a count.",
        )
    if len(rows) == 1:
        return _chosen(work, rows[0].pk)
    work.go("item", rows=[row.pk for row in rows])
    return accepted("Scan the item.")


def _item(work: Work, given: Input) -> Reply:
    return finding.item(work, given, _chosen)


def _chosen(work: Work, balance_id: int) -> Reply:
    work.go("qty", balance=balance_id, rows=None)
    return accepted("How many are there?")


def _qty(work: Work, given: Input) -> Reply:
    if not isinstance(given, Entered) or given.number is None:
        raise unexpected("The quantity", "Press 'Enter' and type how many are there.")
    row = finding.row(work.state["balance"])
    if not row.reserved <= given.number <= MAX_QTY:
        raise DomainError(
            "quantity_invalid",
            f"{given.number} is not {row.reserved} to {MAX_QTY}: {row.reserved} wait for a picker.",
            minimum=row.reserved,
        )
    work.go("why", qty=given.number)
    return accepted("Why?")


def _why(work: Work, given: Input) -> Reply:
    index = chosen(given, len(REASONS))
    if index is None:
        raise unexpected("A reason")
    row = finding.row(work.state["balance"])
    reason = REASONS[index]
    transfers.adjust(
        balance=row, actor=work.actor, on_hand=work.state["qty"], reason=reason.label, reason_code=reason
    )
    text = f"{finding.place_of(row)} now holds {work.state['qty']} × {row.sku.name}."
    work.restart("place")
    return accepted(text)


FLOW = Flow(
    name="adjust",
    label="Correct",
    hint="Set a quantity, with the reason",
    start=_start,
    view=_view,
    give=_give,
    roles=frozenset({Role.LEAD}),
)
