"""Stopping the sale of stock at once: a lot, or everything at a place."""

from __future__ import annotations

from mfc.core.errors import DomainError
from mfc.inventory import holds
from mfc.inventory.models import HoldKind, Lot
from mfc.scanning.flows import finding
from mfc.scanning.flows.frame import Choice, Flow, Input, View, Work, chosen, unexpected
from mfc.scanning.replies import Reply, accepted
from mfc.scanning.resolve import LocationScan, SkuScan
from mfc.workforce.models import Role

# Button, kind and the reason kept with the hold.
REASONS = (
    (HoldKind.QUALITY, "Quality is in doubt"),
    (HoldKind.DAMAGE, "Damaged"),
    (HoldKind.OTHER, "Label or article is wrong"),
    (HoldKind.OTHER, "Told to by a manager"),
)


def _reasons(work: Work) -> tuple[tuple[HoldKind, str], ...]:
    """A recall is a lead's decision."""
    recall = ((HoldKind.RECALL, "Recalled"),) if work.person.role == Role.LEAD else ()
    return REASONS + recall


def _start(work: Work) -> Reply:
    work.restart("what")
    return accepted("Scan the place, or an item with its lot.")


def _view(work: Work) -> View:
    if work.step == "what":
        return View(
            title="Scan what must not be sold",
            hint="A place stops everything there; a code with a lot, or the choice of one, stops that lot everywhere.",
        )
    if work.step == "lot":
        return View(
            title="Which lot?",
            choices=tuple(
                Choice(lot.code, f"use by {lot.expires_on:%Y-%m-%d}" if lot.expires_on else "")
                for lot in _lots(work)
            ),
        )
    return View(
        title="Why?",
        hint=str(work.state["text"]),
        choices=tuple(Choice(text) for _, text in _reasons(work)),
    )


def _lots(work: Work) -> list[Lot]:
    return list(Lot.objects.filter(pk__in=work.state["lots"]).order_by("expires_on", "code"))


def _give(work: Work, given: Input) -> Reply:
    match work.step:
        case "what":
            return _what(work, given)
        case "lot":
            lots = _lots(work)
            index = chosen(given, len(lots))
            if index is None:
                raise unexpected("A lot")
            return _ask_why(work, f"Lot {lots[index].code} everywhere", lot=lots[index].pk)
        case _:
            return _why(work, given)


def _what(work: Work, given: Input) -> Reply:
    if isinstance(given, LocationScan):
        return _ask_why(work, f"Everything at {given.location.code}", location=given.location.pk)
    if not isinstance(given, SkuScan):
        raise unexpected("A place or an item")
    held = {row.lot.pk: row.lot for row in finding.of_sku(work, given.sku.pk) if row.lot is not None}
    lots = [lot for lot in held.values() if not given.lot or lot.code == given.lot]
    if not lots:
        raise DomainError(
            "nothing_expected",
            f"{given.sku.code} has no lot {given.lot} here."
            if given.lot
            else f"{given.sku.code} has no lots here.",
            remedy="Scan the place instead: everything there is stopped.",
        )
    if len(lots) == 1:
        return _ask_why(work, f"Lot {lots[0].code} of {given.sku.name} everywhere", lot=lots[0].pk)
    work.go("lot", lots=[lot.pk for lot in lots])
    return accepted("Choose the lot.")


def _ask_why(work: Work, text: str, **target: int) -> Reply:
    work.restart("why", text=text, **target)
    return accepted("Why?")


def _why(work: Work, given: Input) -> Reply:
    reasons = _reasons(work)
    index = chosen(given, len(reasons))
    if index is None:
        raise unexpected("A reason")
    kind, reason = reasons[index]
    lot = Lot.objects.select_related("sku").get(pk=work.state["lot"]) if "lot" in work.state else None
    place = finding.location(work.state["location"]) if "location" in work.state else None
    holds.place(site_id=work.site.pk, kind=kind, lot=lot, location=place, actor=work.actor, reason=reason)
    text = f"{work.state['text']} is on hold. A manager lifts it."
    work.restart("what")
    return accepted(text)


FLOW = Flow(
    name="hold",
    label="Put on hold",
    hint="Stop the sale of a lot or a place",
    start=_start,
    view=_view,
    give=_give,
)
