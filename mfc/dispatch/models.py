"""Shipments: what one order's carrier collects, and from which lane."""

from __future__ import annotations

from django.db import models

from mfc.dispatch.states import ShipmentState


class Shipment(models.Model):
    """The sealed parcels of one order, offered to the last mile."""

    id = models.UUIDField(primary_key=True)
    site = models.ForeignKey("layout.Site", on_delete=models.PROTECT)
    order = models.OneToOneField("orders.Order", on_delete=models.PROTECT, related_name="shipment")
    state = models.CharField(
        max_length=12, choices=[(s.value, s.value) for s in ShipmentState], default=ShipmentState.SEALED
    )
    lane = models.ForeignKey("layout.Location", on_delete=models.PROTECT, related_name="shipments")
    lane_reason = models.CharField(max_length=200, help_text="Why this lane")
    created_at = models.DateTimeField()
    ready_at = models.DateTimeField(null=True, blank=True)
    claimed_by = models.CharField(max_length=80, blank=True)
    claimed_client = models.CharField(max_length=60, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
    handed_over_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["site", "state", "id"], name="shipment_by_state")]

    def __str__(self) -> str:
        return f"Shipment of {self.order}"


class Staging(models.Model):
    """A parcel stands in a lane, since when and how we know."""

    parcel = models.OneToOneField("packing.Parcel", on_delete=models.PROTECT, related_name="staging")
    shipment = models.ForeignKey(Shipment, on_delete=models.CASCADE, related_name="stagings")
    lane = models.ForeignKey("layout.Location", on_delete=models.PROTECT, related_name="+")
    staged_at = models.DateTimeField()
    source = models.CharField(max_length=20, help_text="conveyor or scan")

    def __str__(self) -> str:
        return f"{self.parcel} in {self.lane}"
