"""Inputs at the hospital: take a tote, count it, mend it."""

from __future__ import annotations

from mfc.core.errors import DomainError
from mfc.core.labels import Kind
from mfc.dispatch import opening, shipments
from mfc.packing import bench, hospital
from mfc.packing.models import PackJob
from mfc.packing.states import IN_HOSPITAL, PackState
from mfc.scanning.replies import Desk, Reply, accepted
from mfc.scanning.resolve import CommandScan, ContainerScan, Scan, SkuScan
from mfc.workforce.sessions import actor_of

RIGHT = "The content is right. Put the tote back on the belt."


def scan(desk: Desk, scan: Scan) -> Reply:
    """One scan at the hospital."""
    job = bench.job_at(desk.station, IN_HOSPITAL)
    if job is None:
        if not isinstance(scan, ContainerScan) or scan.kind is not Kind.TOTE:
            raise DomainError(
                "unexpected_scan", "A tote is wanted now.", remedy="Scan the next tote of the lane."
            )
        due = bench.job_of_tote(site_id=desk.station.site_id, label=scan.label)
        if due.state == PackState.SEALED:
            opening.open_held(job=due, person=desk.person)
        if due.state == PackState.PUT_BACK:
            units = hospital.set_aside(station=desk.station, label=scan.label, person=desk.person)
            return accepted(
                f"The order was cancelled. Put back: {units} units. Stand the tote aside for that."
            )
        job = hospital.admit(station=desk.station, label=scan.label, person=desk.person)
        return accepted("Take everything out and scan each unit. C-DONE when finished.")
    if isinstance(scan, SkuScan):
        if scan.eaches != 1:
            raise DomainError(
                "wrong_pack",
                f"That stands for {scan.eaches} × {scan.sku.name}.",
                remedy="Scan the units one by one.",
            )
        hospital.count(job=job, sku=scan.sku, person=desk.person)
        return accepted(_after(job, f"{job.counted[str(scan.sku.pk)]} × {scan.sku.name}."))
    if isinstance(scan, CommandScan):
        return _command(desk, job, scan.name)
    raise DomainError(
        "unexpected_scan", "Scan the units of the tote one by one.", remedy="C-DONE when all are counted."
    )


def _command(desk: Desk, job: PackJob, name: str) -> Reply:
    match name, PackState(job.state):
        case "DONE", PackState.COUNTING:
            right = hospital.finish_count(job=job, person=desk.person)
            if job.state == PackState.EMPTIED:
                shipments.complete(order_id=job.order_id, actor=actor_of(desk.person))
            return accepted(RIGHT if right else "The content differs: follow the lines on the screen.")
        case "REMOVED", PackState.FIXING:
            line = hospital.removed(job=job, person=desk.person)
            return accepted(_after(job, f"{line.difference} × {line.sku.name} on the shelf."))
        case "SHORT", PackState.FIXING:
            line = hospital.give_up_missing(job=job, person=desk.person)
            if job.state == PackState.EMPTIED:
                shipments.complete(order_id=job.order_id, actor=actor_of(desk.person))
            return accepted(_after(job, f"{-line.difference} × {line.sku.name} are short."))
        case _:
            raise DomainError("unexpected_scan", f"C-{name} does nothing now.", remedy="Follow the screen.")


def _after(job: PackJob, text: str) -> str:
    if job.state in IN_HOSPITAL:
        return text
    return (
        f"{text} {RIGHT}"
        if job.state == PackState.ARRIVING
        else f"{text} Nothing is left: back to the stack."
    )
