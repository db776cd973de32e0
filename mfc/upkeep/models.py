"""Replenishments and counts."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from mfc.upkeep.states import COUNT_OPEN, CountState, ReplenishState


class Urgency(models.TextChoices):
    URGENT = "urgent"  # released or promised orders need it soon
    ROUTINE = "routine"  # the slot is at or below its minimum


class Replenishment(models.Model):
    """Bring ``qty`` of a SKU from a reserve place to a bin. ``why`` is told to people."""

    site = models.ForeignKey("layout.Site", on_delete=models.PROTECT)
    sku = models.ForeignKey("catalog.Sku", on_delete=models.PROTECT)
    lot = models.ForeignKey("inventory.Lot", null=True, blank=True, on_delete=models.PROTECT)
    source = models.ForeignKey("layout.Location", on_delete=models.PROTECT, related_name="+")
    target = models.ForeignKey("layout.Location", on_delete=models.PROTECT, related_name="+")
    qty = models.PositiveIntegerField(help_text="Eaches")
    qty_done = models.PositiveIntegerField(default=0)
    urgency = models.CharField(max_length=10, choices=Urgency)
    state = models.CharField(
        max_length=10, choices=[(s.value, s.value) for s in ReplenishState], default=ReplenishState.OPEN
    )
    why = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(qty__gt=0), name="replenishment_qty_positive"),
            models.UniqueConstraint(
                fields=["source", "target", "sku", "lot"],
                condition=Q(state="open"),
                nulls_distinct=False,
                name="one_open_replenishment",
            ),
        ]
        indexes = [models.Index(fields=["site", "id"], condition=Q(state="open"), name="open_replenishment")]

    def __str__(self) -> str:
        return f"{self.qty} × {self.sku} to {self.target}"


class CountKind(models.TextChoices):
    CYCLE = "cycle"  # its turn by class
    ZERO = "zero"  # by the book the place is empty: is it?
    SHORT = "short"  # a picker found less
    MANUAL = "manual"  # a manager or an integrator asked


class Count(models.Model):
    """One place to be counted, blind; again when it differs; decided by a manager when it differs much."""

    site = models.ForeignKey("layout.Site", on_delete=models.PROTECT)
    location = models.ForeignKey("layout.Location", on_delete=models.PROTECT, related_name="counts")
    kind = models.CharField(max_length=10, choices=CountKind)
    state = models.CharField(
        max_length=12, choices=[(s.value, s.value) for s in CountState], default=CountState.OPEN
    )
    reason = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    since_move = models.BigIntegerField(
        default=0, help_text="Newest stock move when counting began: later moves make the count void"
    )
    first_by = models.CharField(max_length=120, blank=True)
    second_by = models.CharField(max_length=120, blank=True)
    counted_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(max_length=120, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["location"],
                condition=Q(state__in=[str(state) for state in sorted(COUNT_OPEN)]),
                name="one_open_count_per_location",
            )
        ]
        indexes = [models.Index(fields=["site", "state", "id"], name="count_by_state")]

    def __str__(self) -> str:
        return f"Count {self.pk} of {self.location}"


class CountLine(models.Model):
    """One SKU and lot of a counted place: by the book at the decision, first and second count, what was booked."""

    count = models.ForeignKey(Count, on_delete=models.CASCADE, related_name="lines")
    sku = models.ForeignKey("catalog.Sku", on_delete=models.PROTECT)
    lot = models.ForeignKey("inventory.Lot", null=True, blank=True, on_delete=models.PROTECT)
    expected = models.PositiveIntegerField(default=0)
    first = models.PositiveIntegerField(null=True, blank=True)
    second = models.PositiveIntegerField(null=True, blank=True)
    booked = models.IntegerField(default=0, help_text="Difference that went into the ledger")
    held_back = models.PositiveIntegerField(
        default=0, help_text="Missing, but reserved by pickers under way: they will find out"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["count", "sku", "lot"], nulls_distinct=False, name="count_line_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.sku} at {self.count}"

    @property
    def found(self) -> int:
        """What counts: the second count where there is one."""
        return self.second if self.second is not None else (self.first or 0)

    @property
    def difference(self) -> int:
        """Found minus expected."""
        return self.found - self.expected
