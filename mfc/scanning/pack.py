"""Inputs at a pack bench: take a tote, weigh it, seal it."""

from __future__ import annotations

from mfc.core.errors import DomainError
from mfc.core.labels import Kind
from mfc.dispatch import shipments
from mfc.packing import bench
from mfc.packing.states import AT_PACK_BENCH, PackState
from mfc.scanning.replies import SILENT, Desk, Reply, accepted
from mfc.scanning.resolve import ContainerScan, Scan, SsccScan


def scan(desk: Desk, scan: Scan) -> Reply:
    """One scan at a pack bench."""
    job = bench.job_at(desk.station, AT_PACK_BENCH)
    if job is None:
        if not isinstance(scan, ContainerScan) or scan.kind is not Kind.TOTE:
            raise DomainError(
                "unexpected_scan", "A tote is wanted now.", remedy="Scan the next tote of the lane."
            )
        job = bench.take(station=desk.station, label=scan.label, person=desk.person)
        return accepted(f"Order {job.order.ref}: put the tote on the scale.")
    if job.state == PackState.AT_BENCH:
        raise DomainError(
            "unexpected_scan", "The tote must be weighed first.", remedy="Put it on the scale and wait."
        )
    if not isinstance(scan, SsccScan):
        raise DomainError(
            "unexpected_scan", "The label is wanted now.", remedy="Stick the label on and scan it."
        )
    shipment = shipments.seal(job=job, sscc=scan.sscc, person=desk.person)
    return accepted(f"Sealed. Lane {shipment.lane.code}. Put it on the belt.")


def weight(desk: Desk, weight_g: int) -> Reply:
    """A stable weight at the bench's scale."""
    job = bench.job_at(desk.station, AT_PACK_BENCH)
    if job is None:
        refusal = DomainError(
            "unexpected_scan",
            "Nobody knows which tote this is.",
            remedy="Scan the tote, then put it on the scale.",
        )
        return Reply("refused", refusal.message, refusal.code, refusal.remedy)
    if job.state != PackState.AT_BENCH:
        return SILENT
    label = job.tote_use.container.label
    if bench.weigh(job=job, measured_g=weight_g, person=desk.person):
        return accepted("Weight is right. Stick the label on and scan it.")
    code = "stock_on_hold" if bench.must_come_out(job) else "weight_out_of_tolerance"
    refusal = DomainError(
        code, f"Tote {label}: {job.reason}.", remedy="Put the tote back on the belt: it goes to the hospital."
    )
    return Reply("refused", refusal.message, refusal.code, refusal.remedy)
