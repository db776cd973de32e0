"""Receipts: what was announced, what arrived, and where each unit was put away and why."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from mfc.inbound.states import ReceiptState
from mfc.inventory.models import ReasonCode


class Receipt(models.Model):
    """One delivery: announced (an ASN), or blind, when nobody had announced it."""

    site = models.ForeignKey("layout.Site", on_delete=models.PROTECT)
    ref = models.CharField(max_length=60, help_text="The supplier's or the shop's reference")
    supplier = models.CharField(max_length=80, blank=True)
    blind = models.BooleanField(default=False, help_text="Nobody had announced it")
    state = models.CharField(
        max_length=12, choices=[(s.value, s.value) for s in ReceiptState], default=ReceiptState.ANNOUNCED
    )
    expected_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=120)
    closed_at = models.DateTimeField(null=True, blank=True)
    difference_code = models.CharField(
        max_length=20, choices=ReasonCode, blank=True, help_text="Why less arrived than announced"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "ref"], name="receipt_ref_once")]
        indexes = [models.Index(fields=["site", "state", "id"], name="receipt_by_state")]

    def __str__(self) -> str:
        return self.ref


class ReceiptLine(models.Model):
    """What was announced of one SKU (and lot); ``qty_received`` grows with every item."""

    receipt = models.ForeignKey(Receipt, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveSmallIntegerField()
    sku = models.ForeignKey("catalog.Sku", on_delete=models.PROTECT)
    lot_code = models.CharField(max_length=20, blank=True)
    expires_on = models.DateField(null=True, blank=True)
    qty_expected = models.PositiveIntegerField(help_text="Eaches; 0 when it was not announced")
    qty_received = models.PositiveIntegerField(default=0)
    sscc = models.CharField(
        max_length=18, blank=True, help_text="Licence plate of the announced unit that holds the line"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["receipt", "position"], name="receipt_position_once")]
        indexes = [models.Index(fields=["sscc"], condition=~Q(sscc=""), name="receipt_line_by_sscc")]

    def __str__(self) -> str:
        return f"{self.qty_expected} × {self.sku}"

    @property
    def qty_open(self) -> int:
        """Eaches that are still to come."""
        return max(self.qty_expected - self.qty_received, 0)


class ReceiptItem(models.Model):
    """Something that arrived: counted, with its lot, put down at a dock or in a container."""

    receipt = models.ForeignKey(Receipt, on_delete=models.CASCADE, related_name="items")
    line = models.ForeignKey(ReceiptLine, on_delete=models.CASCADE, related_name="items")
    lot = models.ForeignKey("inventory.Lot", null=True, blank=True, on_delete=models.PROTECT)
    qty = models.PositiveIntegerField()
    weight_g = models.PositiveIntegerField(
        null=True, blank=True, help_text="Of catch-weight goods, all eaches"
    )
    location = models.ForeignKey("layout.Location", null=True, blank=True, on_delete=models.PROTECT)
    container = models.ForeignKey("inventory.Container", null=True, blank=True, on_delete=models.PROTECT)
    serial = models.CharField(max_length=20, blank=True)
    reason_code = models.CharField(max_length=20, choices=ReasonCode, blank=True)
    received_at = models.DateTimeField()
    received_by = models.CharField(max_length=120)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(qty__gt=0), name="receipt_item_qty_positive")]

    def __str__(self) -> str:
        return f"{self.qty} of {self.line}"


class Putaway(models.Model):
    """One putaway: what was proposed and why, and where it went. Never changed afterwards."""

    site = models.ForeignKey("layout.Site", on_delete=models.PROTECT)
    sku = models.ForeignKey("catalog.Sku", on_delete=models.PROTECT)
    lot = models.ForeignKey("inventory.Lot", null=True, blank=True, on_delete=models.PROTECT)
    qty = models.PositiveIntegerField()
    source = models.CharField(max_length=40, help_text="Place or container it came from")
    proposed = models.ForeignKey(
        "layout.Location", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    rule = models.CharField(max_length=20)
    why = models.CharField(max_length=200)
    location = models.ForeignKey(
        "layout.Location", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    order = models.ForeignKey(
        "orders.Order", null=True, blank=True, on_delete=models.PROTECT, help_text="Straight into its tote"
    )
    override_code = models.CharField(max_length=20, choices=ReasonCode, blank=True)
    done_at = models.DateTimeField()
    done_by = models.CharField(max_length=120)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(qty__gt=0), name="putaway_qty_positive")]

    def __str__(self) -> str:
        return f"{self.qty} × {self.sku} to {self.location or self.order}"
