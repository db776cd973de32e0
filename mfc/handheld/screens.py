"""The screen of a station as JSON: one task, one expected input. A pure projection (docs/reference/screen.md)."""

from __future__ import annotations

import time
from typing import Any

from mfc.handheld import cartscreens, stock, wallscreens
from mfc.handheld.parts import END
from mfc.packing import bench, hospital
from mfc.packing.models import PackJob
from mfc.packing.states import AT_PACK_BENCH, IN_HOSPITAL, PackState
from mfc.scanning.flows.frame import Work
from mfc.workforce import sessions
from mfc.workforce.models import Station, StationKind


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
        "wall": None,
        "actions": [END] if session else [],
        "feedback": station.feedback,
    }
    if session is None:
        return screen
    match station.kind:
        case StationKind.CART:
            screen |= cartscreens.build(station, session)
        case StationKind.STOCK:
            screen |= stock.screen(Work(station, session.person, session))
        case StationKind.PUTWALL:
            screen |= wallscreens.build(station)
        case StationKind.PACK:
            screen |= _pack(bench.job_at(station, AT_PACK_BENCH))
        case _:
            screen |= _hospital(bench.job_at(station, IN_HOSPITAL))
    return screen


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
