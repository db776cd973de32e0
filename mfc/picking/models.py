"""Waves, batches and pick tasks."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from mfc.inventory.models import ReasonCode
from mfc.picking.states import ON_CART, AskState, BatchState, PutBackState, TaskState
from mfc.picking.wallmodels import PutSlot, SortTote, WallPut, WallWork

__all__ = ["PutSlot", "SortTote", "WallPut", "WallWork"]  # part of this app, in a module of their own


class Colour(models.TextChoices):
    """Lamp colours of carts; red is kept for refusals."""

    BLUE = "blue"
    GREEN = "green"
    AMBER = "amber"
    MAGENTA = "magenta"
    CYAN = "cyan"
    WHITE = "white"


class Method(models.TextChoices):
    """How the orders of a batch come apart."""

    CLUSTER = "cluster"  # each order has its tote on the cart
    SORT = "sort"  # one tote takes all, a put wall sorts it


class Wave(models.Model):
    """One release decision and why it was made."""

    site = models.ForeignKey("layout.Site", on_delete=models.PROTECT)
    released_at = models.DateTimeField()
    reason = models.CharField(max_length=300)

    def __str__(self) -> str:
        return f"Wave {self.pk}"


class Batch(models.Model):
    """Orders picked in one walk, one tote each, on one cart."""

    site = models.ForeignKey("layout.Site", on_delete=models.PROTECT)
    wave = models.ForeignKey(Wave, on_delete=models.PROTECT, related_name="batches")
    state = models.CharField(
        max_length=10, choices=[(s.value, s.value) for s in BatchState], default=BatchState.PLANNED
    )
    method = models.CharField(max_length=10, choices=Method, default=Method.CLUSTER)
    station = models.ForeignKey(
        "workforce.Station", null=True, blank=True, on_delete=models.PROTECT, related_name="batches"
    )
    person = models.ForeignKey(
        "workforce.Person", null=True, blank=True, on_delete=models.PROTECT, related_name="batches"
    )
    colour = models.CharField(max_length=10, choices=Colour, blank=True)
    current_stop = models.PositiveSmallIntegerField(default=1)
    length_mm = models.PositiveIntegerField(help_text="Planned walk")
    policy = models.CharField(max_length=30, help_text="How the walk was ordered")
    shortest_mm = models.PositiveIntegerField(
        null=True, blank=True, help_text="No walk to these places is shorter; the planned one may be as short"
    )
    lengths_mm = models.JSONField(default=dict, blank=True, help_text="The walk by every policy")
    drop = models.ForeignKey(
        "layout.Location",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Where the walk ends",
    )
    reason = models.CharField(max_length=300, help_text="Why these orders together")
    latest_start = models.DateTimeField()
    planned_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "batches"
        constraints = [
            models.UniqueConstraint(
                fields=["station"],
                condition=Q(state__in=[str(state) for state in sorted(ON_CART)]),
                name="one_batch_per_station",
            ),
            models.UniqueConstraint(
                fields=["site", "colour"],
                condition=Q(state__in=[str(state) for state in sorted(ON_CART)]),
                name="one_batch_per_colour",
            ),
        ]

    def __str__(self) -> str:
        return f"Batch {self.pk}"


class BatchOrder(models.Model):
    """One order's place on the cart; ``tote_use`` once an empty tote stands there."""

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="orders")
    order = models.OneToOneField("orders.Order", on_delete=models.PROTECT, related_name="batch_order")
    position = models.PositiveSmallIntegerField(help_text="1 is the first place on the cart")
    tote_use = models.OneToOneField("inventory.ToteUse", null=True, blank=True, on_delete=models.PROTECT)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["batch", "position"], name="one_order_per_cart_position")
        ]

    def __str__(self) -> str:
        return f"{self.order} at {self.letter}"

    @property
    def letter(self) -> str:
        """The name of the place people see: A, B, C …"""
        return chr(ord("A") + self.position - 1)


class PickTask(models.Model):
    """Take ``qty`` of a SKU + lot from a location into the tote of one order."""

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="tasks")
    batch_order = models.ForeignKey(BatchOrder, on_delete=models.CASCADE, related_name="tasks")
    order_line = models.ForeignKey("orders.OrderLine", on_delete=models.PROTECT, related_name="tasks")
    reservation = models.ForeignKey("inventory.Reservation", on_delete=models.PROTECT, related_name="tasks")
    location = models.ForeignKey("layout.Location", on_delete=models.PROTECT)
    sku = models.ForeignKey("catalog.Sku", on_delete=models.PROTECT)
    lot = models.ForeignKey("inventory.Lot", null=True, blank=True, on_delete=models.PROTECT)
    qty = models.PositiveIntegerField()
    stop = models.PositiveSmallIntegerField(help_text="Tasks with the same stop are taken together")
    state = models.CharField(
        max_length=10, choices=[(s.value, s.value) for s in TaskState], default=TaskState.OPEN
    )
    verified_by = models.CharField(max_length=10, blank=True, help_text="item, location or light")
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey("workforce.Person", null=True, blank=True, on_delete=models.PROTECT)
    reason = models.CharField(max_length=200, blank=True)
    reason_code = models.CharField(max_length=20, choices=ReasonCode, blank=True)
    tote_use = models.ForeignKey(
        "inventory.ToteUse",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="tasks",
        help_text="Where it was put; an order may fill several totes",
    )
    weights_g = models.JSONField(
        default=list, blank=True, help_text="Of each catch-weight piece taken so far"
    )
    weight_g = models.PositiveIntegerField(
        null=True, blank=True, help_text="Of catch-weight goods, all pieces"
    )

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(qty__gt=0), name="task_qty_positive")]
        indexes = [models.Index(fields=["batch", "stop"], name="task_by_stop")]

    def __str__(self) -> str:
        return f"{self.qty} × {self.sku} at {self.location}"


class ActionKind(models.TextChoices):
    """What a person can do on a cart and take back."""

    VERIFY = "verify"
    WEIGH = "weigh"
    PUT = "put"
    SHORT = "short"
    DAMAGED = "damaged"
    FULL = "full"
    TOTE = "tote"
    PUT_ALL = "put_all"
    SORT_FULL = "sort_full"


class PickAction(models.Model):
    """One action of a person on a cart, in order, with what is needed to compensate it."""

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="actions")
    person = models.ForeignKey("workforce.Person", on_delete=models.PROTECT)
    kind = models.CharField(max_length=10, choices=ActionKind)
    at = models.DateTimeField()
    data = models.JSONField(default=dict, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["batch", "person", "-id"], condition=Q(undone_at=None), name="action_to_undo"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} in batch {self.batch_id}"


class SubstitutionAsk(models.Model):
    """A customer is asked what to take instead of what no bin has."""

    id = models.UUIDField(primary_key=True)
    order_line = models.ForeignKey("orders.OrderLine", on_delete=models.PROTECT, related_name="asks")
    batch_order = models.ForeignKey(BatchOrder, on_delete=models.PROTECT, related_name="asks")
    task = models.ForeignKey(PickTask, on_delete=models.PROTECT, related_name="asks")
    qty = models.PositiveIntegerField()
    candidates = models.JSONField(help_text="What the customer may choose: sku, name, brand, price_cents")
    state = models.CharField(
        max_length=10, choices=[(s.value, s.value) for s in AskState], default=AskState.ASKED
    )
    asked_at = models.DateTimeField()
    deadline = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.CharField(max_length=120, blank=True)
    answer = models.ForeignKey("catalog.Sku", null=True, blank=True, on_delete=models.PROTECT)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(qty__gt=0), name="ask_qty_positive")]
        indexes = [models.Index(fields=["deadline"], condition=Q(state="asked"), name="open_ask_by_deadline")]

    def __str__(self) -> str:
        return f"{self.qty} instead of {self.order_line.sku}"


class PutBack(models.Model):
    """What lies in a tote of a cancelled order and belongs back on a shelf."""

    site = models.ForeignKey("layout.Site", on_delete=models.PROTECT)
    order_line = models.ForeignKey("orders.OrderLine", on_delete=models.PROTECT, related_name="put_backs")
    tote_use = models.ForeignKey("inventory.ToteUse", on_delete=models.PROTECT, related_name="put_backs")
    sku = models.ForeignKey("catalog.Sku", on_delete=models.PROTECT)
    lot = models.ForeignKey("inventory.Lot", null=True, blank=True, on_delete=models.PROTECT)
    qty = models.PositiveIntegerField()
    location = models.ForeignKey(
        "layout.Location", on_delete=models.PROTECT, help_text="Where it came from; where it went once done"
    )
    state = models.CharField(
        max_length=10, choices=[(s.value, s.value) for s in PutBackState], default=PutBackState.OPEN
    )
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey("workforce.Person", null=True, blank=True, on_delete=models.PROTECT)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(qty__gt=0), name="put_back_qty_positive")]

    def __str__(self) -> str:
        return f"{self.qty} × {self.sku} from {self.tote_use}"
