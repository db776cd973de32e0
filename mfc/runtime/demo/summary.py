"""The end of a demo in figures: what was promised, what was done, how fast, and whether the books are right."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db.models import F, Sum

from mfc.core import integrity
from mfc.core.models import JournalEntry, Receipt
from mfc.layout.models import Site
from mfc.orders.models import Order, OrderLine
from mfc.orders.states import FINAL, OrderState
from mfc.picking.models import PickTask
from mfc.picking.states import TaskState

MISPICK_CODES = ("wrong_item", "wrong_tote", "wrong_location")


def counts(site: Site) -> dict[str, int]:
    """Orders by what became of them; ``late`` left after the latest moment that keeps the promise."""
    orders = Order.objects.filter(site=site)
    handed_over = orders.filter(state=OrderState.HANDED_OVER)
    return {
        "accepted": orders.count(),
        "released": orders.exclude(state__in=[OrderState.ACCEPTED, OrderState.CANCELLED]).count(),
        "handed_over": handed_over.count(),
        "unfilled": orders.filter(state=OrderState.UNFILLED).count(),
        "cancelled": orders.filter(state=OrderState.CANCELLED).count(),
        "open": orders.exclude(state__in=FINAL).count(),
        "late": handed_over.filter(
            closed_at__gt=F("promise_until") - timedelta(seconds=site.route_lead_s)
        ).count(),
        "short_lines": OrderLine.objects.filter(order__site=site, qty_short__gt=0).count(),
    }


def percentiles(samples: Sequence[float]) -> dict[str, float | int | None]:
    """p50, p95 and p99 (nearest rank) in the unit of the samples, and how many there are."""
    ordered = sorted(samples)

    def at(share: float) -> float | None:
        if not ordered:
            return None
        return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1)

    return {"p50": at(0.50), "p95": at(0.95), "p99": at(0.99), "n": len(ordered)}


def compare_with_truth(site: Site, truth: dict[str, Any]) -> list[dict[str, Any]]:
    """Handed-over orders whose tote held something else than the books say: the floor is the witness."""
    wrong = []
    delivered: dict[str, dict[str, int]] = truth.get("delivered", {})
    for order in Order.objects.filter(site=site, state=OrderState.HANDED_OVER, ref__in=delivered):
        book = dict(order.lines.filter(qty_picked__gt=0).values_list("sku__code", "qty_picked"))
        if book != delivered[order.ref]:
            wrong.append({"order": order.ref, "book": book, "floor": delivered[order.ref]})
    return wrong


def summarize(
    *,
    site: Site,
    seed: int,
    floor: dict[str, Any],
    truth: dict[str, Any],
    wall_s: float,
    restarts: dict[str, int],
) -> dict[str, Any]:
    """The result of a demo as JSON (docs/reference/demo.md)."""
    figures = floor.get("figures", {})
    wrong = compare_with_truth(site, truth)
    findings = [finding for finding in integrity.run() if finding.violations]
    mispicks = Receipt.objects.filter(refused__in=MISPICK_CODES).count()
    picked = PickTask.objects.filter(batch__site=site, state=TaskState.PICKED)
    return {
        "seed": seed,
        "orders": counts(site),
        "orders_refused": figures.get("orders_refused", 0),
        "refused_codes": figures.get("refused_codes", {}),
        "lines_picked": picked.count(),
        "units_picked": picked.aggregate(total=Sum("qty"))["total"] or 0,
        "mispicks_caught": mispicks,
        "weights_refused": JournalEntry.objects.filter(verb="tote.rejected").count(),
        "scan_to_lamp_ms": percentiles(figures.get("scan_to_lamp_ms", [])),
        "direction_answer_ms": percentiles(figures.get("direction_answer_ms", [])),
        "integrity_violations": sum(finding.violations for finding in findings),
        "integrity_broken": [finding.name for finding in findings],
        "deliveries_wrong": len(wrong),
        "deliveries_wrong_examples": wrong[:5],
        "mistakes_made": figures.get("mistakes_made", {}),
        "faults_made": figures.get("faults_made", {}),
        "webhooks_verified": figures.get("webhooks_verified", 0),
        "restarts": restarts,
        "wall_s": round(wall_s, 1),
    }
