"""Counting a place, blind: scan each article, type how many; the book is not shown."""

from __future__ import annotations

from typing import Any

from mfc.catalog.models import Sku
from mfc.core.errors import DomainError
from mfc.inventory import lots
from mfc.inventory.models import Lot
from mfc.layout.models import Location, Site
from mfc.scanning.flows.frame import (
    MAX_CHOICES,
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
from mfc.scanning.resolve import LocationScan, SkuScan
from mfc.upkeep import counting
from mfc.upkeep.models import Count, CountKind
from mfc.upkeep.states import CountState

DONE, EMPTY, STOP = "All counted", "The place is empty", "Stop counting"
WHY = {CountKind.SHORT: "a picker found less", CountKind.ZERO: "should be empty", CountKind.CYCLE: "its turn"}


def _start(work: Work) -> Reply:
    if "count" in work.state:
        _abandon(work)
    work.restart("place")
    return accepted("Choose a place, or scan one.")


def _due(site: Site) -> int:
    return len(counting.waiting(site))


def _view(work: Work) -> View:
    match work.step:
        case "place":
            rows = counting.waiting(work.site)[:MAX_CHOICES]
            return View(
                title="Which place do you count?" if rows else "Nothing waits to be counted",
                hint="Choose one, or scan any place.",
                choices=tuple(Choice(row.location.code, _why(row)) for row in rows),
            )
        case "go":
            return View(title="Go there and scan the place", location=_count(work).location)
        case "lot":
            lots_here = _lots(work)
            return View(
                title="Which lot?",
                sku=_sku(work),
                choices=tuple(
                    Choice(one.code, f"use by {one.expires_on:%Y-%m-%d}" if one.expires_on else "")
                    for one in lots_here
                ),
            )
        case "qty":
            return View(
                title="How many?",
                hint="Pieces, not boxes.",
                sku=_sku(work),
                ask=Ask("qty", "Quantity", "", counting.MAX_QTY),
            )
        case _:
            return _view_items(work)


def _why(row: Count) -> str:
    again = "again: " if row.state == CountState.RECOUNT else ""
    return again + (row.reason or WHY.get(CountKind(row.kind), ""))


def _view_items(work: Work) -> View:
    count = _count(work)
    rows = _kept(work)
    skus = Sku.objects.in_bulk([sku for sku, _, _ in rows])
    known = Lot.objects.in_bulk([lot for _, lot, _ in rows if lot is not None])
    buttons = (DONE, STOP) if rows else (EMPTY, STOP)
    return View(
        title="Scan an article of this place",
        location=count.location,
        lines=tuple(
            Line(
                skus[sku].name,
                f"lot {known[lot].code}" if lot is not None else skus[sku].code,
                str(qty),
                "done",
            )
            for sku, lot, qty in rows
        ),
        choices=tuple(Choice(text) for text in buttons),
    )


def _give(work: Work, given: Input) -> Reply:
    return {"place": _place, "go": _go, "items": _items, "lot": _lot, "qty": _qty}[work.step](work, given)


def _place(work: Work, given: Input) -> Reply:
    rows = counting.waiting(work.site)[:MAX_CHOICES]
    index = chosen(given, len(rows))
    if index is not None:
        work.go("go", count=rows[index].pk)
        return accepted(f"Go to {rows[index].location.code} and scan it.")
    if not isinstance(given, LocationScan):
        raise unexpected("A place")
    count = counting.draft(location=given.location, kind=CountKind.MANUAL, reason="counted by hand")
    return _begin(work, count, given.location)


def _go(work: Work, given: Input) -> Reply:
    count = _count(work)
    if not isinstance(given, LocationScan):
        raise unexpected("The place")
    if given.location.pk != count.location_id:
        raise DomainError(
            "wrong_location",
            f"This is {given.location.code}. Wanted: {count.location.code}.",
            remedy=f"Go to {count.location.code}.",
        )
    return _begin(work, count, given.location)


def _begin(work: Work, count: Count, place: Location) -> Reply:
    counting.begin(count=count, actor=work.actor)
    work.restart("items", count=count.pk, counted=[])
    return accepted(f"Count {place.code}: scan each article.")


def _items(work: Work, given: Input) -> Reply:
    rows = _kept(work)
    index = chosen(given, 2)
    if index == 0:
        return _finish(work)
    if index == 1:
        _abandon(work)
        work.restart("place")
        return accepted("Stopped: nothing was booked, the place still waits.")
    if not isinstance(given, SkuScan):
        raise unexpected("An article of this place", "Scan it, or press 'All counted'.")
    count = _count(work)
    if given.lot:
        lot = lots.find_or_make(sku_id=given.sku.pk, code=given.lot, expires_on=given.expires_on)
        return _ask_qty(work, given.sku, lot)
    here = counting.expected_lots(count.location, given.sku)
    if len(here) > 1:
        work.go("lot", sku=given.sku.pk, lots=[one.pk for one in here])
        return accepted("Several lots may lie here: which one is it?")
    assert rows is not None
    return _ask_qty(work, given.sku, here[0] if here else None)


def _ask_qty(work: Work, sku: Sku, lot: Lot | None) -> Reply:
    work.go("qty", sku=sku.pk, lot=lot.pk if lot else None, lots=None)
    return accepted(f"{sku.name}: how many?")


def _lot(work: Work, given: Input) -> Reply:
    here = _lots(work)
    index = chosen(given, len(here))
    if index is None:
        raise unexpected("A lot")
    return _ask_qty(work, _sku(work), here[index])


def _qty(work: Work, given: Input) -> Reply:
    if not isinstance(given, Entered) or given.number is None:
        raise unexpected("The quantity", "Press 'Enter' and type how many lie here.")
    if not 0 <= given.number <= counting.MAX_QTY:
        raise DomainError(
            "quantity_invalid", f"{given.number} is not 0 to {counting.MAX_QTY}.", limit=counting.MAX_QTY
        )
    key = (work.state["sku"], work.state.get("lot"))
    others = [row for row in _kept(work) if (row[0], row[1]) != key]
    work.go("items", counted=[*others, (*key, given.number)], sku=None, lot=None)
    return accepted(f"{given.number} noted. Next article, or 'All counted'.")


def _finish(work: Work) -> Reply:
    count = _count(work)
    try:
        done = counting.finish(count=count, counted=counting.totals(_kept(work)), actor=work.actor)
    except DomainError as refusal:
        if refusal.code != "count_disturbed":
            raise
        _abandon(work)
        counting.begin(count=count, actor=work.actor)
        work.restart("items", count=count.pk, counted=[])
        return asked(f"{refusal.message} Count it once more from the beginning.", refusal.code)
    work.restart("place")
    said = {
        CountState.CLOSED: "The place is counted.",
        CountState.RECOUNT: "Thank you. Somebody counts it once more.",
        CountState.REVIEW: "Thank you. A manager decides.",
    }
    return accepted(said[CountState(done.state)])


def _abandon(work: Work) -> None:
    counting.abandon(count=_count(work), actor=work.actor)


def _count(work: Work) -> Count:
    return Count.objects.select_related("location__zone", "site").get(pk=work.state["count"])


def _kept(work: Work) -> list[tuple[int, int | None, int]]:
    rows: list[Any] = work.state.get("counted", [])
    return [(row[0], row[1], row[2]) for row in rows]


def _lots(work: Work) -> list[Lot]:
    return list(Lot.objects.filter(pk__in=work.state["lots"]).order_by("expires_on", "code"))


def _sku(work: Work) -> Sku:
    return Sku.objects.get(pk=work.state["sku"])


FLOW = Flow(
    name="count", label="Count", hint="A place, blind", start=_start, view=_view, give=_give, due=_due
)
