"""The put wall: its slots, the pick totes that are sorted there, who sorts what, and every put."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from mfc.picking.states import SlotState


class PutSlot(models.Model):
    """One cubby of a put wall. Its place has the label and the light; it serves one order at a time."""

    site = models.ForeignKey("layout.Site", on_delete=models.PROTECT)
    station = models.ForeignKey("workforce.Station", on_delete=models.PROTECT, related_name="put_slots")
    location = models.OneToOneField("layout.Location", on_delete=models.PROTECT, related_name="put_slot")
    face = models.PositiveSmallIntegerField(default=1, help_text="Side of the wall")
    row = models.PositiveSmallIntegerField(help_text="From the top, from 1")
    column = models.PositiveSmallIntegerField(help_text="From the left, from 1")
    position = models.PositiveSmallIntegerField(help_text="The number people see; the lowest is filled first")
    state = models.CharField(
        max_length=10, choices=[(s.value, s.value) for s in SlotState], default=SlotState.IDLE
    )
    order = models.OneToOneField(
        "orders.Order", null=True, blank=True, on_delete=models.PROTECT, related_name="put_slot"
    )
    tote_use = models.OneToOneField(
        "inventory.ToteUse", null=True, blank=True, on_delete=models.PROTECT, related_name="put_slot"
    )
    revision = models.PositiveIntegerField(default=0, help_text="Grows with every change")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["station", "position"], name="one_slot_per_position"),
            models.UniqueConstraint(fields=["station", "face", "row", "column"], name="one_slot_per_cubby"),
        ]

    def __str__(self) -> str:
        return f"{self.station} slot {self.position}"


class SortTote(models.Model):
    """A pick tote of a sort batch: it takes goods of all orders; the wall empties it."""

    batch = models.ForeignKey("picking.Batch", on_delete=models.PROTECT, related_name="sort_totes")
    tote_use = models.OneToOneField("inventory.ToteUse", on_delete=models.PROTECT, related_name="sort_tote")
    number = models.PositiveSmallIntegerField(help_text="1 is the first on the cart")

    def __str__(self) -> str:
        return f"Pick tote {self.number} of batch {self.batch_id}"


class WallWork(models.Model):
    """What is in hand at a put wall now: the pick tote, the article, a typed number."""

    station = models.OneToOneField("workforce.Station", on_delete=models.PROTECT, related_name="wall_work")
    tote_use = models.ForeignKey(
        "inventory.ToteUse", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    sku = models.ForeignKey("catalog.Sku", null=True, blank=True, on_delete=models.PROTECT)
    lot = models.ForeignKey("inventory.Lot", null=True, blank=True, on_delete=models.PROTECT)
    typed_qty = models.PositiveIntegerField(
        null=True, blank=True, help_text="The next put is of so many; empty: of all that the slot wants"
    )

    def __str__(self) -> str:
        return f"Work at {self.station}"


class PutKind(models.TextChoices):
    """What became of picked units at the wall."""

    PUT = "put"  # in the order's tote
    MISSING = "missing"  # not in the pick tote, although the book says so


class WallPut(models.Model):
    """``qty`` of a pick task left the pick tote: into the order's tote, or out of the books."""

    station = models.ForeignKey("workforce.Station", on_delete=models.PROTECT, related_name="wall_puts")
    task = models.ForeignKey("picking.PickTask", on_delete=models.PROTECT, related_name="wall_puts")
    kind = models.CharField(max_length=10, choices=PutKind)
    qty = models.PositiveIntegerField()
    source = models.ForeignKey("inventory.ToteUse", on_delete=models.PROTECT, related_name="sorted_out")
    target = models.ForeignKey(
        "inventory.ToteUse", null=True, blank=True, on_delete=models.PROTECT, related_name="sorted_in"
    )
    person = models.ForeignKey("workforce.Person", on_delete=models.PROTECT)
    at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(qty__gt=0), name="wall_put_qty_positive"),
            models.CheckConstraint(
                condition=Q(kind="put", target__isnull=False) | Q(kind="missing", target=None),
                name="wall_put_has_target",
            ),
        ]
        indexes = [
            models.Index(
                fields=["station", "person", "-id"], condition=Q(undone_at=None), name="wall_put_to_undo"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.qty} of task {self.task_id}"
