"""Scan anything: what it is, what is in it, where it lies."""

from __future__ import annotations

from mfc.inventory import containers
from mfc.inventory.models import Balance, Container, SkuPosition
from mfc.scanning.flows import finding
from mfc.scanning.flows.frame import MAX_LINES, Flow, Input, Line, View, Work, unexpected
from mfc.scanning.replies import Reply, accepted
from mfc.scanning.resolve import LocationScan, SkuScan


def _start(work: Work) -> Reply:
    work.restart("scan")
    return accepted("Scan anything.")


def _view(work: Work) -> View:
    state = work.state
    if "location" in state:
        place = finding.location(state["location"])
        rows = finding.at_location(place)
        slot = f"Slot of {place.slotted_sku}" if place.slotted_sku else ""
        return View(
            title=f"{place.kind.capitalize()} {place.code}",
            hint=slot,
            location=place,
            lines=_lines(rows, "Nothing is here."),
        )
    if "sku" in state:
        rows = finding.of_sku(work, state["sku"])
        position = (
            SkuPosition.objects.select_related("sku").filter(site=work.site, sku_id=state["sku"]).first()
        )
        if position is None:
            return View(title="Never stocked here", lines=_lines(rows, "Nothing is here."))
        free = max(position.available, 0)
        return View(
            title=f"{free} may still be promised",
            hint=f"{position.on_hand} for sale, {position.reserved} reserved, {position.promised} promised",
            sku=position.sku,
            lines=_lines(rows, "Nothing is here.", with_place=True),
        )
    if "container" in state:
        box = Container.objects.get(pk=state["container"])
        use = containers.current_use(box)
        owner = f"For {use.order or use.purpose}" if use else "Free"
        return View(
            title=f"{box.kind.capitalize()} {box.label}",
            hint=owner,
            lines=_lines(finding.in_container(box), "It is empty."),
        )
    return View(title="Scan anything", hint="A place, an item, a tote or a pallet.")


def _lines(rows: list[Balance], empty: str, *, with_place: bool = False) -> tuple[Line, ...]:
    lines = [finding.line(row, with_place=with_place) for row in rows[:MAX_LINES]]
    if len(rows) > MAX_LINES:
        lines.append(Line(f"… and {len(rows) - MAX_LINES} more"))
    return tuple(lines) or (Line(empty),)


def _give(work: Work, given: Input) -> Reply:
    if isinstance(given, LocationScan):
        work.restart("shown", location=given.location.pk)
        return accepted(f"{given.location.code}.")
    if isinstance(given, SkuScan):
        work.restart("shown", sku=given.sku.pk)
        return accepted(f"{given.sku.name}.")
    box = finding.container(work, given)
    if box is None:
        raise unexpected("A label")
    work.restart("shown", container=box.pk)
    return accepted(f"{box.label}.")


FLOW = Flow(name="lookup", label="Look up", hint="What is this?", start=_start, view=_view, give=_give)
