"""Receiving at a terminal: choose the delivery, scan each article, say how many; the rest is asked only when needed."""

from __future__ import annotations

from datetime import date
from typing import Any

from mfc.catalog import measuring
from mfc.catalog.models import Sku
from mfc.core import clock
from mfc.core.errors import DomainError
from mfc.core.txn import savepoint
from mfc.inbound import receipts
from mfc.inbound.models import Receipt
from mfc.inbound.states import OPEN
from mfc.inventory.models import Container, ReasonCode
from mfc.layout.models import Location, LocationKind, Site
from mfc.scanning.flows import finding
from mfc.scanning.flows.frame import (
    MAX_CHOICES,
    MAX_LINES,
    Ask,
    Choice,
    Entered,
    Flow,
    Input,
    Line,
    View,
    Work,
    chosen,
    unexpected,
)
from mfc.scanning.replies import Reply, accepted, asked
from mfc.scanning.resolve import LocationScan, SkuScan, SsccScan

OVER_REASONS = (ReasonCode.OVER_DELIVERY, ReasonCode.UNANNOUNCED, ReasonCode.OTHER)
UNDER_REASONS = (ReasonCode.UNDER_DELIVERY, ReasonCode.DAMAGED, ReasonCode.OTHER)
BLIND = "Not announced"
FINISH, HOLD, MEASURE, PUT_DOWN = (
    "Finish this delivery",
    "Hold the next for inspection",
    "Weigh and measure one",
    "Put down elsewhere",
)


def _start(work: Work) -> Reply:
    docks = list(Location.objects.filter(site=work.site, kind=LocationKind.DOCK).order_by("code")[:2])
    if len(docks) == 1:
        work.restart("receipt", dock=docks[0].pk)
        return accepted("Which delivery?")
    work.restart("dock")
    return accepted("Scan the dock where you put the goods.")


def _due(site: Site) -> int:
    return Receipt.objects.filter(site=site, state__in=OPEN).count()


# Forgotten once an article is booked.
_ANSWERS = ("sku", "lot", "day", "qty", "weight", "serial", "why", "hold", "told", "expected", "suggest")


# ---- what is shown


def _view(work: Work) -> View:
    return _VIEWS[work.step](work)


def _view_dock(work: Work) -> View:
    return View(title="Scan where you put the goods", hint="A dock, a staging place, a tote or a pallet.")


def _view_receipt(work: Work) -> View:
    rows = receipts.open_receipts(work.site)[: MAX_CHOICES - 1]
    return View(
        title="Which delivery?",
        hint="Choose it, or scan the SSCC of an announced pallet.",
        choices=(*(Choice(row.ref, _about(row)) for row in rows), Choice(BLIND)),
    )


def _about(row: Receipt) -> str:
    expected = f"due {row.expected_at:%H:%M}" if row.expected_at else ""
    return " · ".join(part for part in (row.supplier, expected, str(row.state)) if part)


def _view_item(work: Work) -> View:
    receipt = _receipt(work)
    rows = list(receipt.lines.select_related("sku").order_by("position")[:MAX_LINES])
    return View(
        title=f"{receipt.ref}: scan an article",
        hint="The next one is held for inspection." if work.state.get("hold") else "",
        lines=tuple(
            Line(
                row.sku.name,
                " · ".join(
                    part for part in (row.sku.code, f"lot {row.lot_code}" if row.lot_code else "") if part
                ),
                f"{row.qty_received} of {row.qty_expected}",
                "done" if row.qty_expected and not row.qty_open else "wanted" if row.qty_open else "idle",
            )
            for row in rows
        ),
        choices=tuple(Choice(text) for text in _item_choices(work)),
    )


def _item_choices(work: Work) -> list[str]:
    texts = [FINISH, HOLD, PUT_DOWN]
    return [*texts, MEASURE] if "last_sku" in work.state else texts


def _view_lot(work: Work) -> View:
    return View(
        title="Which lot?",
        hint="Scan the code with the lot, or type it as printed.",
        sku=_sku(work),
        ask=Ask("text", "Lot"),
    )


def _view_day(work: Work) -> View:
    return View(
        title="What is the last day?",
        hint="Use by or best before.",
        sku=_sku(work),
        ask=Ask("date", "Last day"),
    )


def _view_qty(work: Work) -> View:
    expected = work.state.get("expected", 0)
    return View(
        title=f"How many? {expected} are still to come" if expected else "How many?",
        hint="Count pieces, not boxes.",
        sku=_sku(work),
        ask=Ask("qty", "Quantity", str(work.state.get("suggest", "") or expected or ""), receipts.MAX_QTY),
    )


def _view_weight(work: Work) -> View:
    return View(
        title="What do all of them weigh?",
        sku=_sku(work),
        qty=work.state["qty"],
        ask=Ask("weight", "Weight in g"),
    )


def _view_why(work: Work) -> View:
    return View(
        title="More than announced: why?",
        hint=str(work.state["told"]),
        sku=_sku(work),
        qty=work.state["qty"],
        choices=tuple(Choice(reason.label) for reason in OVER_REASONS),
    )


def _view_under(work: Work) -> View:
    return View(
        title="Less than announced: why?",
        hint=str(work.state["told"]),
        choices=(
            *(Choice(reason.label) for reason in UNDER_REASONS),
            Choice("Leave it open: more will come"),
        ),
    )


def _view_measure(work: Work) -> View:
    step = work.state.get("measured", [])
    sku = Sku.objects.get(pk=work.state["last_sku"])
    labels = ("Weight of one in g", "Length in mm", "Width in mm", "Height in mm")
    kind = "weight" if not step else "qty"
    choices = (Choice("Only the weight"),) if len(step) == 1 else ()
    return View(title=labels[len(step)], sku=sku, ask=Ask(kind, labels[len(step)]), choices=choices)


# ---- what is given


def _give(work: Work, given: Input) -> Reply:
    return _GIVES[work.step](work, given)


def _give_dock(work: Work, given: Input) -> Reply:
    box = finding.container(work, given)
    if box is not None:
        place: dict[str, Any] = {"box": box.pk, "dock": None}
    elif isinstance(given, LocationScan):
        if given.location.kind not in receipts.ARRIVAL_KINDS:
            raise DomainError(
                "place_invalid", f"{given.location.code} is a {given.location.kind}, not a dock."
            )
        place = {"dock": given.location.pk, "box": None}
    else:
        raise unexpected("A dock")
    work.go("item" if "receipt" in work.state else "receipt", **place)
    return accepted("Scan an article." if work.step == "item" else "Which delivery?")


def _give_receipt(work: Work, given: Input) -> Reply:
    if isinstance(given, SsccScan):
        return _unit(work, given.sscc)
    rows = receipts.open_receipts(work.site)[: MAX_CHOICES - 1]
    index = chosen(given, len(rows) + 1)
    if index is None:
        raise unexpected("A delivery", "Choose it on the screen, or 'Not announced'.")
    if index < len(rows):
        work.go("item", receipt=rows[index].pk)
        return accepted(f"{rows[index].ref}: scan an article.")
    receipt = receipts.open_blind(site=work.site, ref=f"BLIND-{clock.now():%Y%m%d-%H%M%S}", actor=work.actor)
    work.go("item", receipt=receipt.pk)
    return accepted("Scan an article.")


def _unit(work: Work, sscc: str) -> Reply:
    if "dock" not in work.state:
        raise unexpected("A dock", "Scan the dock where the pallet stands first.")
    dock = finding.location(work.state["dock"])
    receipt, pallet, total = receipts.receive_unit(site=work.site, sscc=sscc, location=dock, actor=work.actor)
    return accepted(f"Pallet {pallet.label[-6:]} of {receipt.ref}: {total} pieces received.")


def _give_item(work: Work, given: Input) -> Reply:
    if isinstance(given, SsccScan):
        try:
            with savepoint():
                return _unit(work, given.sscc)
        except DomainError as refusal:
            if refusal.code != "unit_unknown" or given.content is None:
                raise
            given = given.content  # nobody announced the unit, but its label says what is in it
    choices = _item_choices(work)
    index = chosen(given, len(choices))
    if index is not None:
        return _item_button(work, choices[index])
    if not isinstance(given, SkuScan):
        raise unexpected("An article")
    receipt = _receipt(work)
    line = next(
        (
            line
            for line in receipt.lines.order_by("position")
            if line.sku_id == given.sku.pk and line.qty_open
        ),
        None,
    )
    known = line is not None and not given.lot and line.lot_code
    work.go(
        "item",
        sku=given.sku.pk,
        lot=given.lot or (line.lot_code if known and line else None) or None,
        day=_iso(given.expires_on) or (_iso(line.expires_on) if known and line else None),
        expected=line.qty_open if line else None,
        suggest=finding.eaches(given) if finding.eaches(given) > 1 else None,
        weight=finding.weight_g(given),
        serial=given.serial or None,
        qty=None,
        why=None,
    )
    return _next(work)


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _item_button(work: Work, text: str) -> Reply:
    match text:
        case "Finish this delivery":
            return _finish(work, "")
        case "Hold the next for inspection":
            work.go("item", hold=True)
            return accepted("Scan the article that is to be inspected.")
        case "Put down elsewhere":
            work.go("dock")
            return accepted("Scan where you put the goods.")
        case _:
            work.go("measure", measured=[])
            return accepted("Put one piece on the scale.")


def _next(work: Work) -> Reply:
    """Ask for what is still missing; book when nothing is."""
    sku, state = _sku(work), work.state
    if sku.lot_required and not state.get("lot"):
        work.go("lot")
        return accepted(f"{sku.name}: which lot?")
    if sku.expiry_required and not state.get("day"):
        work.go("day")
        return accepted(f"{sku.name}: what is the last day?")
    if not state.get("qty"):
        work.go("qty")
        return accepted(f"{sku.name}: how many?")
    if sku.catch_weight and not state.get("weight"):
        work.go("weight")
        return accepted("What do all of them weigh?")
    return _book(work)


def _give_lot(work: Work, given: Input) -> Reply:
    if isinstance(given, SkuScan) and given.sku.pk == work.state["sku"] and given.lot:
        work.go("lot", lot=given.lot, day=_iso(given.expires_on) or work.state.get("day"))
        return _next(work)
    text = given.text.strip() if isinstance(given, Entered) else ""
    if not 1 <= len(text) <= 20:
        raise unexpected("The lot", "Type it as printed, at most 20 characters.")
    work.go("lot", lot=text)
    return _next(work)


def _give_day(work: Work, given: Input) -> Reply:
    if isinstance(given, SkuScan) and given.sku.pk == work.state["sku"] and given.expires_on:
        work.go("day", day=given.expires_on.isoformat())
        return _next(work)
    try:
        day = date.fromisoformat(given.text) if isinstance(given, Entered) else None
    except ValueError:
        day = None
    if day is None:
        raise unexpected("A date", "Type year, month and day: 2026-11-30.")
    work.go("day", day=day.isoformat())
    return _next(work)


def _give_qty(work: Work, given: Input) -> Reply:
    if not isinstance(given, Entered) or given.number is None:
        raise unexpected("The quantity", "Press 'Enter' and type how many arrived.")
    if not 1 <= given.number <= receipts.MAX_QTY:
        raise DomainError(
            "quantity_invalid", f"{given.number} is not 1 to {receipts.MAX_QTY}.", limit=receipts.MAX_QTY
        )
    work.go("qty", qty=given.number)
    return _next(work)


def _give_weight(work: Work, given: Input) -> Reply:
    if not isinstance(given, Entered) or not given.number:
        raise unexpected("The weight", "Press 'Enter' and type it in grams.")
    work.go("weight", weight=given.number)
    return _next(work)


def _give_why(work: Work, given: Input) -> Reply:
    index = chosen(given, len(OVER_REASONS))
    if index is None:
        raise unexpected("A reason")
    work.go("why", why=str(OVER_REASONS[index]))
    return _book(work)


def _book(work: Work) -> Reply:
    state, sku = work.state, _sku(work)
    arrived = receipts.Arrived(
        sku=sku,
        qty=state["qty"],
        lot_code=state.get("lot", ""),
        expires_on=date.fromisoformat(state["day"]) if state.get("day") else None,
        serial=state.get("serial", ""),
        weight_g=state.get("weight") if sku.catch_weight else None,
        location=finding.location(state["dock"]) if "dock" in state else None,
        container=Container.objects.get(pk=state["box"]) if "box" in state else None,
        reason_code=state.get("why", ""),
        hold=bool(state.get("hold")),
    )
    try:
        receipts.receive(receipt=_receipt(work), arrived=arrived, actor=work.actor)
    except DomainError as refusal:
        if refusal.code != "over_receipt":
            raise
        work.go("why", told=refusal.message)
        return asked(f"{refusal.message} Count again, or choose why.")
    work.go("item", last_sku=sku.pk, **dict.fromkeys(_ANSWERS))
    held = " Held for inspection." if arrived.hold else ""
    return accepted(f"{arrived.qty} × {sku.name} received.{held}")


def _finish(work: Work, code: ReasonCode | str) -> Reply:
    receipt = _receipt(work)
    try:
        receipts.close(receipt=receipt, actor=work.actor, difference_code=code)
    except DomainError as refusal:
        if refusal.code != "under_receipt":
            raise
        work.go("under", told=refusal.message)
        return asked(refusal.message)
    place = {key: work.state[key] for key in ("dock", "box") if key in work.state}
    work.restart("receipt", **place)
    return accepted(f"{receipt.ref} is finished. Put the goods away.")


def _give_under(work: Work, given: Input) -> Reply:
    index = chosen(given, len(UNDER_REASONS) + 1)
    if index is None:
        raise unexpected("A reason")
    if index < len(UNDER_REASONS):
        return _finish(work, UNDER_REASONS[index])
    place = {key: work.state[key] for key in ("dock", "box") if key in work.state}
    work.restart("receipt", **place)
    return accepted("The delivery stays open.")


def _give_measure(work: Work, given: Input) -> Reply:
    measured = list(work.state.get("measured", []))
    if isinstance(given, Entered) and given.number:
        measured.append(given.number)
    elif chosen(given, 1) is None or len(measured) != 1:
        raise unexpected("A measure", "Press 'Enter' and type it.")
    if len(measured) in {2, 3} or (len(measured) == 1 and isinstance(given, Entered)):
        work.go("measure", measured=measured)
        return accepted("And now?")
    sku = Sku.objects.get(pk=work.state["last_sku"])
    lengths = dict(zip(("length_mm", "width_mm", "height_mm"), measured[1:], strict=False))
    measuring.measure(sku=sku, actor=work.actor, weight_g=measured[0], **lengths)
    work.go("item", measured=None)
    return accepted(f"{sku.name}: {sku.weight_g} g, {sku.volume_ml} ml.")


def _receipt(work: Work) -> Receipt:
    return Receipt.objects.select_related("site").get(pk=work.state["receipt"])


def _sku(work: Work) -> Sku:
    return Sku.objects.get(pk=work.state["sku"])


_VIEWS = {
    "dock": _view_dock,
    "receipt": _view_receipt,
    "item": _view_item,
    "lot": _view_lot,
    "day": _view_day,
    "qty": _view_qty,
    "weight": _view_weight,
    "why": _view_why,
    "under": _view_under,
    "measure": _view_measure,
}
_GIVES = {
    "dock": _give_dock,
    "receipt": _give_receipt,
    "item": _give_item,
    "lot": _give_lot,
    "day": _give_day,
    "qty": _give_qty,
    "weight": _give_weight,
    "why": _give_why,
    "under": _give_under,
    "measure": _give_measure,
}
FLOW = Flow(
    name="receive", label="Receive", hint="Goods have arrived", start=_start, view=_view, give=_give, due=_due
)
