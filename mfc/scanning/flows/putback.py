"""Putting the goods of cancelled orders back: tote, item, shelf."""

from __future__ import annotations

from mfc.core.errors import DomainError
from mfc.core.labels import Kind
from mfc.layout.models import Site
from mfc.picking import putback
from mfc.picking.models import PutBack
from mfc.scanning.flows.frame import MAX_CHOICES, Choice, Flow, Input, View, Work, chosen, unexpected
from mfc.scanning.replies import Reply, accepted
from mfc.scanning.resolve import ContainerScan, LocationScan, SkuScan


def _due(site: Site) -> int:
    return len(putback.due(site=site))


def _start(work: Work) -> Reply:
    work.restart("tote")
    return accepted("Scan a tote of a cancelled order.")


def _lines(work: Work) -> list[PutBack]:
    return putback.due(site=work.site, tote=str(work.state["tote"]))


def _line(work: Work) -> PutBack:
    line = next((one for one in _lines(work) if one.pk == work.state["line"]), None)
    if line is None:
        raise DomainError("put_back_done", "Somebody has put this back meanwhile.")
    return line


def _totes(work: Work) -> list[str]:
    return list(dict.fromkeys(one.tote_use.container.label for one in putback.due(site=work.site)))


def _view(work: Work) -> View:
    match work.step:
        case "tote":
            totes = _totes(work)
            return View(
                title="Scan a tote of a cancelled order" if totes else "Nothing is to be put back",
                choices=tuple(Choice(label) for label in totes[:MAX_CHOICES]),
            )
        case "item":
            return View(
                title="Scan an item of the tote, or choose it",
                hint=f"Tote {work.state['tote']}",
                choices=tuple(
                    Choice(f"{one.qty} × {one.sku.name}", one.location.code)
                    for one in _lines(work)[:MAX_CHOICES]
                ),
            )
    line = next((one for one in _lines(work) if one.pk == work.state["line"]), None)
    if line is None:
        return View(title="Somebody has put this back meanwhile", hint="Press Again.")
    return View(
        location=line.location,
        sku=line.sku,
        lot=line.lot,
        title=f"Put {line.qty} × {line.sku.name} back at {line.location.code} and scan the place",
        hint=f"Tote {work.state['tote']}",
        qty=line.qty,
    )


def _give(work: Work, given: Input) -> Reply:
    return {"tote": _tote, "item": _item, "place": _place}[work.step](work, given)


def _tote(work: Work, given: Input) -> Reply:
    totes = _totes(work)
    index = chosen(given, min(len(totes), MAX_CHOICES))
    if index is not None:
        label = totes[index]
    elif isinstance(given, ContainerScan) and given.kind is Kind.TOTE:
        label = given.label
    else:
        raise unexpected("A tote")
    if label not in totes:
        raise DomainError("tote_not_here", f"Nothing in tote {label} is to be put back.")
    work.go("item", tote=label)
    return accepted("Take an item out and scan it.")


def _item(work: Work, given: Input) -> Reply:
    rows = _lines(work)
    index = chosen(given, min(len(rows), MAX_CHOICES))
    if index is not None:
        line = rows[index]
    elif isinstance(given, SkuScan):
        fits = [one for one in rows if one.sku_id == given.sku.pk]
        if given.lot:
            fits = [one for one in fits if one.lot is None or one.lot.code == given.lot]
        if not fits:
            raise DomainError("wrong_item", f"No {given.sku.code} is to be put back from this tote.")
        line = fits[0]
    else:
        raise unexpected("An item of the tote")
    work.go("place", line=line.pk)
    return accepted(f"{line.qty} × {line.sku.name} back to {line.location.code}.")


def _place(work: Work, given: Input) -> Reply:
    if not isinstance(given, LocationScan):
        raise unexpected("The place you put it")
    line = _line(work)
    putback.confirm(put_back=line, sku=line.sku, location=given.location, person=work.person)
    said = f"{line.qty} × {line.sku.name} at {given.location.code}."
    if _lines(work):
        work.go("item", line=None)
        return accepted(f"{said} Take the next item.")
    work.restart("tote")
    return accepted(f"{said} The tote is empty.")


FLOW = Flow(
    name="putback",
    label="Put back",
    hint="Goods of cancelled orders",
    start=_start,
    view=_view,
    give=_give,
    due=_due,
)
