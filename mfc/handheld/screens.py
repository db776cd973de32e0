"""The screen of a station as JSON: one task, one expected input. A pure projection (docs/reference/screen.md)."""

from __future__ import annotations

import time
from typing import Any

from mfc.catalog.models import Sku
from mfc.handheld import stock
from mfc.inventory.models import Lot
from mfc.layout import queries as layout
from mfc.layout.models import Location
from mfc.packing import bench, hospital
from mfc.packing.models import PackJob
from mfc.packing.states import AT_PACK_BENCH, IN_HOSPITAL, PackState
from mfc.picking import batches, tasks
from mfc.picking.models import Batch, BatchOrder, PickTask
from mfc.picking.states import BatchState, TaskState
from mfc.scanning.flows.frame import Work
from mfc.workforce import sessions
from mfc.workforce.models import Station, StationKind, WorkSession

UNDO = {"code": "C-UNDO", "label": "Undo", "needs_qty": False}
SHORT = {"code": "C-SHORT", "label": "Short", "needs_qty": True}
END = {"code": "C-END", "label": "Log out", "needs_qty": False}


def build(station: Station) -> dict[str, Any]:
    """The present screen of a station."""
    session = sessions.open_at(station)
    screen: dict[str, Any] = {
        "version": time.time_ns() // 1_000_000,
        "station": station.key,
        "kind": station.kind,
        "step": "badge",
        "title": "Scan your badge",
        "person": session.person.name if session else None,
        "batch": None,
        "location": None,
        "item": None,
        "qty": None,
        "totes": [],
        "lines": [],
        "seal": None,
        "guide": None,
        "actions": [END] if session else [],
        "feedback": station.feedback,
    }
    if session is None:
        return screen
    match station.kind:
        case StationKind.CART:
            screen |= _cart(station, session)
        case StationKind.STOCK:
            screen |= stock.screen(Work(station, session.person, session))
        case StationKind.PACK:
            screen |= _pack(bench.job_at(station, AT_PACK_BENCH))
        case _:
            screen |= _hospital(bench.job_at(station, IN_HOSPITAL))
    return screen


def _cart(station: Station, session: WorkSession) -> dict[str, Any]:
    batch = batches.on_station(station)
    if batch is None:
        if not session.cart:
            return {"step": "cart", "title": "Scan your cart"}
        return {"step": "wait", "title": "Nothing to pick yet. Work comes by itself."}
    entries = batches.cart_orders(batch)
    match BatchState(batch.state):
        case BatchState.LOADING:
            return _loading(batch, entries)
        case BatchState.PICKING:
            return _picking(batch, entries)
        case _:
            return _dropping(station, batch, entries)


def _batch(batch: Batch, stops: int | None = None) -> dict[str, Any]:
    return {
        "number": batch.pk,
        "colour": batch.colour,
        "stop": batch.current_stop,
        "stops": stops or batch.current_stop,
    }


def _tote(entry: BatchOrder, *, state: str, qty: int | None = None) -> dict[str, Any]:
    use = entry.tote_use
    return {
        "position": entry.position,
        "letter": entry.letter,
        "label": use.container.label if use else None,
        "order": entry.order.ref,
        "qty": qty,
        "state": state,
    }


def _loading(batch: Batch, entries: list[BatchOrder]) -> dict[str, Any]:
    first = next(entry for entry in entries if entry.tote_use_id is None)
    return {
        "step": "totes",
        "title": f"Put an empty tote on {first.letter} and scan it",
        "batch": _batch(batch),
        "totes": [
            _tote(entry, state="done" if entry.tote_use_id else "wanted" if entry == first else "idle")
            for entry in entries
        ],
    }


def _picking(batch: Batch, entries: list[BatchOrder]) -> dict[str, Any]:
    stop = tasks.at_stop(batch)
    present = stop[0]
    in_hand = {task.batch_order_id: task for task in stop if task.state == TaskState.VERIFIED}
    last_stop = PickTask.objects.filter(batch=batch).order_by("-stop").values_list("stop", flat=True)[0]
    qty = sum(task.qty for task in stop)
    common = {
        "batch": _batch(batch, last_stop),
        "location": _location(present.location),
        "item": _item(present.sku, present.lot),
        "qty": qty,
        "actions": [SHORT, UNDO, END],
    }
    if not in_hand:
        by_entry = {task.batch_order_id: task.qty for task in stop}
        totes = [_tote(entry, state="idle", qty=by_entry.get(entry.pk)) for entry in entries]
        return common | {"step": "pick", "title": f"Take {qty} × {present.sku.name}", "totes": totes}
    totes = [
        _tote(
            entry,
            state="wanted" if entry.pk in in_hand else "idle",
            qty=in_hand[entry.pk].qty if entry.pk in in_hand else None,
        )
        for entry in entries
    ]
    where = ", ".join(f"{tote['qty']} into {tote['letter']}" for tote in totes if tote["state"] == "wanted")
    return common | {"step": "put", "title": f"Put {where}", "totes": totes}


def _dropping(station: Station, batch: Batch, entries: list[BatchOrder]) -> dict[str, Any]:
    full = {entry.pk for entry in entries if any(line.qty_picked for line in entry.order.lines.all())}
    belt = layout.the_belt(station.site)
    return {
        "step": "drop",
        "title": "Bring the cart to the belt and scan the belt's label",
        "batch": _batch(batch),
        "location": _location(belt) if belt else None,
        "totes": [_tote(entry, state="full" if entry.pk in full else "empty") for entry in entries],
        "actions": [UNDO, END],
    }


def _location(location: Location) -> dict[str, Any]:
    return {"code": location.code, "label": location.label, "check": location.check_code}


def _item(sku: Sku, lot: Lot | None) -> dict[str, Any]:
    gtin = sku.barcodes.values_list("code", flat=True).first()
    return {
        "sku": sku.code,
        "name": sku.name,
        "gtin": gtin,
        "lot": lot.code if lot else "",
        "expires": lot.expires_on.isoformat() if lot and lot.expires_on else None,
    }


def _pack(job: PackJob | None) -> dict[str, Any]:
    if job is None:
        return {"step": "pack_tote", "title": "Take the next tote and scan it"}
    label = job.tote_use.container.label
    tote = {
        "position": 1,
        "letter": "",
        "label": label,
        "order": job.order.ref,
        "qty": None,
        "state": "wanted",
    }
    if job.state == PackState.AT_BENCH:
        return {"step": "pack_weigh", "title": f"Put tote {label} on the scale", "totes": [tote]}
    return {
        "step": "pack_seal",
        "title": "Close the tote, stick on the label and scan it",
        "totes": [tote],
        "seal": {"sscc": job.sscc, "weight_g": job.measured_g, "reason": job.reason},
    }


def _hospital(job: PackJob | None) -> dict[str, Any]:
    if job is None:
        return {"step": "hospital_tote", "title": "Take the next tote and scan it"}
    fixing = job.state == PackState.FIXING
    counted = hospital.lines(job)
    lines = [
        {
            "sku": line.sku.code,
            "name": line.sku.name,
            "gtin": None,
            "expected": line.expected if fixing else None,
            "counted": line.counted,
            "location": line.location,
            "fix": "ok" if line.difference == 0 else "remove" if line.difference > 0 else "fetch",
            "difference": line.difference if fixing else None,
        }
        for line in counted
        if fixing or line.counted
    ]
    label = job.tote_use.container.label
    tote = {
        "position": 1,
        "letter": "",
        "label": label,
        "order": job.order.ref,
        "qty": None,
        "state": "wanted",
    }
    if not fixing:
        done = {"code": "C-DONE", "label": "All counted", "needs_qty": False}
        return {
            "step": "hospital_count",
            "title": f"Count tote {label}: scan each unit",
            "totes": [tote],
            "lines": lines,
            "actions": [done, END],
        }
    return {
        "step": "hospital_fix",
        "title": _fix_title(counted),
        "totes": [tote],
        "lines": lines,
        "actions": [
            {"code": "C-REMOVED", "label": "Taken out", "needs_qty": False},
            {"code": "C-SHORT", "label": "Not found", "needs_qty": False},
            END,
        ],
    }


def _fix_title(lines: list[hospital.CountLine]) -> str:
    for line in lines:
        if line.difference > 0:
            return f"Take out {line.difference} × {line.sku.name} and put it on the shelf"
    for line in lines:
        if line.difference < 0:
            return f"Fetch {-line.difference} × {line.sku.name} at {line.location} and scan each"
    return "The content is right"
