"""The admin's sidebar: pages by daily work, only those that the person may see."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst

# Models by their labels; what people open every day comes first in each group.
GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "Floor",
        (
            "picking.batch",
            "picking.wave",
            "picking.picktask",
            "picking.putback",
            "picking.wallwork",
            "picking.putslot",
            "packing.packjob",
            "workforce.worksession",
        ),
    ),
    (
        "Stock",
        (
            "inventory.skuposition",
            "inventory.balance",
            "inventory.lot",
            "inventory.hold",
            "inventory.stockmove",
            "inventory.container",
            "inventory.reservation",
            "inventory.closedmonth",
        ),
    ),
    ("Inbound", ("inbound.receipt", "inbound.putaway", "inbound.receiptitem")),
    ("Counting and replenishment", ("upkeep.replenishment", "upkeep.count", "upkeep.countline")),
    (
        "Planning",
        (
            "slotting.planrun",
            "slotting.slotmove",
            "slotting.rangechange",
            "slotting.demandforecast",
            "slotting.slottingrule",
        ),
    ),
    ("Orders", ("orders.order", "orders.orderline", "picking.substitutionask", "orders.historyline")),
    ("Dispatch", ("dispatch.shipment", "packing.parcel", "dispatch.staging")),
    (
        "Master data",
        (
            "catalog.sku",
            "catalog.barcode",
            "catalog.pack",
            "catalog.variablemeasure",
            "layout.location",
            "layout.zone",
            "layout.aisle",
            "layout.crossaisle",
            "layout.lift",
            "layout.site",
            "workforce.person",
            "workforce.labourstandard",
            "core.importrun",
        ),
    ),
    (
        "Devices",
        (
            "workforce.station",
            "floor.device",
            "floor.gateway",
            "floor.lightpoint",
            "floor.decisionpoint",
            "floor.lane",
            "floor.directiondecision",
        ),
    ),
    (
        "System",
        (
            "core.journalentry",
            "core.receipt",
            "procrastinate.procrastinatejob",
            "webhooks.endpoint",
            "webhooks.delivery",
            "api.apiclient",
            "auth.user",
            "auth.group",
        ),
    ),
)
# Set once and seldom opened: folded until a page of theirs is shown.
FOLDED = frozenset({"Master data", "Devices", "System"})
# Rows of other pages: found there, in the list of all applications and by search.
ELSEWHERE = frozenset(
    {
        "core.importchunk",
        "inbound.receiptline",
        "inventory.balancesnapshot",
        "inventory.toteuse",
        "picking.batchorder",
        "picking.pickaction",
        "picking.sorttote",
        "picking.wallput",
    }
)
# Where the model's own name says too little beside the others of its group.
TITLES = {"core.receipt": "Inputs received", "webhooks.delivery": "Webhook deliveries"}


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """Groups of links in the form the theme wants; a group without a page for this person is left out."""
    groups: list[dict[str, Any]] = []
    for title, labels in GROUPS:
        items = [_item(label) for label in labels if _may_see(request, label)]
        if items:
            folded = title in FOLDED
            groups.append({"title": title, "collapsible": folded, "separator": bool(groups), "items": items})
    return groups


def _may_see(request: HttpRequest, label: str) -> bool:
    app, model = label.split(".")
    user = request.user
    return bool(user.has_perm(f"{app}.view_{model}") or user.has_perm(f"{app}.change_{model}"))


def _item(label: str) -> dict[str, Any]:
    meta = apps.get_model(label)._meta
    return {
        "title": TITLES.get(label) or capfirst(meta.verbose_name_plural),
        "link": reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist"),
    }
