"""Orders and their lines, and the history that planning learns from."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from mfc.orders.states import OrderState


class Substitution(models.TextChoices):
    NEVER = "never"
    SAME_BRAND = "same_brand"
    CHEAPER_OR_EQUAL = "cheaper_or_equal"
    ASK = "ask"


class Order(models.Model):
    """What a customer was promised: lines, a window and an address."""

    id = models.UUIDField(primary_key=True)
    number = models.BigIntegerField(unique=True, editable=False, help_text="Short number for people")
    site = models.ForeignKey("layout.Site", on_delete=models.PROTECT)
    ref = models.CharField(max_length=60, help_text="The client's order reference")
    client = models.CharField(max_length=60, help_text="Who sent it")
    state = models.CharField(
        max_length=12, choices=[(s.value, s.value) for s in OrderState], default=OrderState.ACCEPTED
    )
    accepted_at = models.DateTimeField()
    promise_from = models.DateTimeField()
    promise_until = models.DateTimeField()
    substitution = models.CharField(max_length=20, choices=Substitution, default=Substitution.NEVER)
    min_remaining_days = models.PositiveIntegerField(
        default=0, help_text="Days of life the customer must still get; a SKU may ask for more"
    )
    address = models.JSONField()
    volume_ml = models.PositiveIntegerField()
    weight_g = models.PositiveIntegerField()
    temperatures = models.JSONField(default=list)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site", "client", "ref"], name="order_ref_once"),
            models.CheckConstraint(
                condition=Q(promise_from__lt=F("promise_until")), name="order_promise_window"
            ),
        ]
        indexes = [
            models.Index(fields=["site", "state", "promise_until"], name="order_by_promise"),
            models.Index(fields=["site", "accepted_at"], name="order_by_arrival"),
            models.Index(fields=["state", "-number"], name="order_by_state"),
            models.Index(fields=["ref"], name="order_by_ref", opclasses=["varchar_pattern_ops"]),
        ]

    def __str__(self) -> str:
        return self.ref


class OrderLine(models.Model):
    """``qty`` ordered; picked and short grow until they account for all of it."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveSmallIntegerField()
    sku = models.ForeignKey("catalog.Sku", on_delete=models.PROTECT, db_index=False)
    qty = models.PositiveIntegerField()
    qty_promised = models.PositiveIntegerField(default=0, help_text="Soft claim still open")
    qty_picked = models.PositiveIntegerField(default=0)
    qty_short = models.PositiveIntegerField(default=0)
    short_reason = models.CharField(max_length=200, blank=True)
    weight_g_picked = models.PositiveIntegerField(default=0, help_text="Of catch-weight goods, as taken")
    instead_of = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="substitutes",
        help_text="The line this one stands in for",
    )

    class Meta:
        indexes = [models.Index(fields=["sku", "-id"], name="line_by_sku")]
        constraints = [
            models.UniqueConstraint(fields=["order", "position"], name="line_position_once"),
            models.CheckConstraint(condition=Q(qty__gt=0), name="line_qty_positive"),
            models.CheckConstraint(
                condition=Q(qty__gte=F("qty_picked") + F("qty_short")), name="line_not_overfilled"
            ),
            models.CheckConstraint(condition=Q(qty_promised__lte=F("qty")), name="line_promise_within_qty"),
        ]

    def __str__(self) -> str:
        return f"{self.qty} × {self.sku}"


class HistoryLine(models.Model):
    """A line of the past, imported: demand for planning, never stock."""

    site = models.ForeignKey("layout.Site", on_delete=models.PROTECT)
    order_ref = models.CharField(max_length=60)
    placed_at = models.DateTimeField()
    sku = models.ForeignKey("catalog.Sku", on_delete=models.PROTECT)
    qty = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "order_ref", "sku"], name="history_line_once")]

    def __str__(self) -> str:
        return f"{self.order_ref}: {self.qty} × {self.sku}"
