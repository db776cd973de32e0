"""Moving stock from one place to another, with the reason."""

from __future__ import annotations

from mfc.core.errors import DomainError
from mfc.inventory import transfers
from mfc.inventory.models import ReasonCode
from mfc.scanning.flows import finding
from mfc.scanning.flows.frame import Ask, Choice, Flow, Input, View, Work, chosen, quantity, unexpected
from mfc.scanning.replies import Reply, accepted
from mfc.scanning.resolve import LocationScan

REASONS = (
    ReasonCode.BETTER_PLACE,
    ReasonCode.PLACE_FULL,
    ReasonCode.WRONG_ITEM,
    ReasonCode.DAMAGED,
    ReasonCode.EXPIRED,
    ReasonCode.OTHER,
)


def _start(work: Work) -> Reply:
    work.restart("from")
    return accepted("Scan the place you take from.")


def _view(work: Work) -> View:
    match work.step:
        case "from":
            return View(title="Scan the place you take from")
        case "item":
            rows = finding.there_again(work)
            return View(
                title="Scan the item, or choose it",
                lines=tuple(finding.line(row, with_place=False) for row in rows) if len(rows) > 8 else (),
                choices=finding.choices(rows),
            )
    row = finding.row(work.state["balance"])
    match work.step:
        case "qty":
            free = row.on_hand - row.reserved
            view = View(
                title=f"How many do you take? {free} are free", ask=Ask("qty", "Quantity", str(free), free)
            )
        case "to":
            view = View(title="Scan the place you put it", qty=work.state["qty"])
        case _:
            view = View(
                title="Why?",
                hint=f"{work.state['qty']} to {work.state['to_code']}",
                choices=tuple(Choice(reason.label) for reason in REASONS),
            )
    return finding.about(row, view)


def _give(work: Work, given: Input) -> Reply:
    return {"from": _from, "item": _item, "qty": _qty, "to": _to, "why": _why}[work.step](work, given)


def _from(work: Work, given: Input) -> Reply:
    rows = finding.there(work, given)
    if rows is None:
        raise unexpected("A place")
    if not rows:
        raise DomainError(
            "nothing_expected", "By the book nothing is there.", remedy="Scan another place, or count it."
        )
    if len(rows) == 1:
        return _take(work, rows[0].pk)
    work.go("item", rows=[row.pk for row in rows])
    return accepted("Scan the item.")


def _item(work: Work, given: Input) -> Reply:
    return finding.item(work, given, _take)


def _take(work: Work, balance_id: int) -> Reply:
    row = finding.row(balance_id)
    if row.container_id is not None:
        raise DomainError(
            "place_invalid",
            "Goods in a tote are not moved one by one here.",
            remedy="Put the tote away as a whole.",
        )
    if row.on_hand == row.reserved:
        raise DomainError(
            "stock_insufficient", f"All {row.on_hand} wait for a picker.", free=0, reserved=row.reserved
        )
    work.go("qty", balance=balance_id, rows=None)
    return accepted(f"{row.sku.name}: how many?")


def _qty(work: Work, given: Input) -> Reply:
    row = finding.row(work.state["balance"])
    qty = quantity(given, limit=row.on_hand - row.reserved)
    if qty is None:
        raise unexpected("The quantity", "Press 'Enter' and type how many you take.")
    work.go("to", qty=qty)
    return accepted("Scan the place you put it.")


def _to(work: Work, given: Input) -> Reply:
    if not isinstance(given, LocationScan):
        raise unexpected("The place you put it")
    row = finding.row(work.state["balance"])
    transfers.check_place(row.sku, given.location, site_id=work.site.pk)
    if given.location.pk == row.location_id:
        raise DomainError("place_invalid", f"It is at {given.location.code} already.")
    work.go("why", to=given.location.pk, to_code=given.location.code)
    return accepted("Why?")


def _why(work: Work, given: Input) -> Reply:
    index = chosen(given, len(REASONS))
    if index is None:
        raise unexpected("A reason")
    row = finding.row(work.state["balance"])
    target = finding.location(work.state["to"])
    transfers.relocate(
        balance=row, qty=work.state["qty"], target=target, actor=work.actor, reason_code=REASONS[index]
    )
    text = f"{work.state['qty']} × {row.sku.name} now at {target.code}."
    work.restart("from")
    return accepted(text)


FLOW = Flow(name="move", label="Move", hint="From one place to another", start=_start, view=_view, give=_give)
