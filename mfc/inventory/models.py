"""Lots, holds, containers, balances, moves, reservations. Only ``inventory.ledger`` writes balances, positions and moves."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class Lot(models.Model):
    """Batch of a SKU; FEFO takes the earliest expiry."""

    sku = models.ForeignKey("catalog.Sku", on_delete=models.PROTECT, related_name="lots")
    code = models.CharField(max_length=20)
    expires_on = models.DateField(null=True, blank=True, help_text="Last day: expiry, else best before")
    received_at = models.DateTimeField(null=True, blank=True, help_text="First receipt")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sku", "code"], name="lot_code_once")]

    def __str__(self) -> str:
        return f"{self.sku}/{self.code}"


class HoldKind(models.TextChoices):
    QUALITY = "quality"  # waits for an inspection
    DAMAGE = "damage"
    RECALL = "recall"
    OTHER = "other"


class Hold(models.Model):
    """Stock that must not be sold: a lot, everything of a SKU, or everything at a location, until it is lifted."""

    site = models.ForeignKey("layout.Site", on_delete=models.PROTECT)
    kind = models.CharField(max_length=10, choices=HoldKind)
    sku = models.ForeignKey("catalog.Sku", null=True, blank=True, on_delete=models.PROTECT)
    lot = models.ForeignKey(Lot, null=True, blank=True, on_delete=models.PROTECT, related_name="holds")
    location = models.ForeignKey("layout.Location", null=True, blank=True, on_delete=models.PROTECT)
    reason = models.CharField(max_length=200)
    placed_at = models.DateTimeField()
    placed_by = models.CharField(max_length=120)
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.CharField(max_length=120, blank=True)
    lifted_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(sku=None, lot=None, location=None), name="hold_names_what_it_holds"
            )
        ]
        indexes = [
            models.Index(fields=["lot"], condition=Q(lifted_at=None), name="open_hold_by_lot"),
            models.Index(fields=["sku"], condition=Q(lifted_at=None), name="open_hold_by_sku"),
            models.Index(fields=["location"], condition=Q(lifted_at=None), name="open_hold_by_location"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} hold on {self.lot or self.location or self.sku}"


class ContainerKind(models.TextChoices):
    TOTE = "tote"
    CART = "cart"
    PALLET = "pallet"
    PARCEL = "parcel"


class Container(models.Model):
    """Anything with a licence plate that holds stock or other containers."""

    site = models.ForeignKey("layout.Site", on_delete=models.PROTECT)
    kind = models.CharField(max_length=10, choices=ContainerKind)
    label = models.CharField(
        max_length=40, unique=True, help_text="Label text, T-… or K-…; of a pallet its SSCC, 18 digits"
    )
    tare_g = models.PositiveIntegerField(default=0)
    stands_at = models.ForeignKey(
        "layout.Location",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        help_text="Where it was last put down, when somebody said so",
    )

    def __str__(self) -> str:
        return self.label


class UsePurpose(models.TextChoices):
    ORDER = "order"  # goods of one order
    SORT = "sort"  # picked by SKU, on the way to the put wall
    INBOUND = "inbound"  # received, on the way to a shelf


class ToteUse(models.Model):
    """One period of use of a container: from the scan that opens it to the day it is empty again."""

    container = models.ForeignKey(Container, on_delete=models.PROTECT, related_name="uses")
    purpose = models.CharField(max_length=10, choices=UsePurpose, default=UsePurpose.ORDER)
    order = models.ForeignKey(
        "orders.Order", null=True, blank=True, on_delete=models.PROTECT, related_name="totes"
    )
    full = models.BooleanField(
        default=False, help_text="Nothing more goes in: the order goes on in another tote"
    )
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["container"], condition=Q(closed_at=None), name="one_use_per_container"
            ),
            models.CheckConstraint(
                condition=~Q(purpose=UsePurpose.ORDER) | ~Q(order=None), name="order_use_has_order"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.container} for {self.order or self.purpose}"


class Balance(models.Model):
    """Quantity of SKU + lot in one place: a location, or a container in use."""

    site = models.ForeignKey("layout.Site", on_delete=models.PROTECT)
    location = models.ForeignKey("layout.Location", null=True, blank=True, on_delete=models.PROTECT)
    container = models.ForeignKey(Container, null=True, blank=True, on_delete=models.PROTECT)
    sku = models.ForeignKey("catalog.Sku", on_delete=models.PROTECT)
    lot = models.ForeignKey(Lot, null=True, blank=True, on_delete=models.PROTECT)
    pickable = models.BooleanField(
        default=False, help_text="In a bin or reserve place, not expired, not on hold: may be promised"
    )
    on_hand = models.IntegerField(default=0)
    reserved = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(on_hand__gte=0), name="balance_on_hand_not_negative"),
            models.CheckConstraint(
                condition=Q(reserved__gte=0) & Q(reserved__lte=F("on_hand")),
                name="balance_reserved_within_on_hand",
            ),
            models.CheckConstraint(
                condition=Q(location=None) ^ Q(container=None), name="balance_in_exactly_one_place"
            ),
            models.UniqueConstraint(
                fields=["location", "container", "sku", "lot"], nulls_distinct=False, name="balance_once"
            ),
        ]
        indexes = [models.Index(fields=["site", "sku"], name="balance_by_sku")]

    def __str__(self) -> str:
        return f"{self.on_hand} × {self.sku} in {self.location or self.container}"


class SkuPosition(models.Model):
    """Site-wide sums of one SKU: what lies in bins, what is hard reserved there, what is softly promised."""

    site = models.ForeignKey("layout.Site", on_delete=models.PROTECT)
    sku = models.ForeignKey("catalog.Sku", on_delete=models.PROTECT)
    on_hand = models.IntegerField(default=0)
    reserved = models.IntegerField(default=0)
    promised = models.IntegerField(default=0)

    class Meta:
        verbose_name = "SKU position"
        constraints = [
            models.UniqueConstraint(fields=["site", "sku"], name="position_once"),
            models.CheckConstraint(condition=Q(on_hand__gte=0), name="position_on_hand_not_negative"),
            models.CheckConstraint(
                condition=Q(reserved__gte=0) & Q(reserved__lte=F("on_hand")),
                name="position_reserved_within_on_hand",
            ),
            models.CheckConstraint(condition=Q(promised__gte=0), name="position_promised_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.sku}: {self.on_hand} on hand"

    @property
    def available(self) -> int:
        """What may still be promised."""
        return self.on_hand - self.reserved - self.promised


class MoveKind(models.TextChoices):
    RECEIPT = "receipt"
    PUTAWAY = "putaway"
    REPLENISH = "replenish"
    MOVE = "move"
    PICK = "pick"
    UNPICK = "unpick"
    SORT = "sort"
    PUTBACK = "putback"
    SHORT = "short"
    COUNT = "count"
    ADJUST = "adjust"
    SCRAP = "scrap"
    SHIP = "ship"


class ReasonCode(models.TextChoices):
    """Why a quantity differs or a move was made out of the ordinary; reports group by it."""

    NOT_FOUND = "not_found", "Not found"
    TOO_FEW = "too_few", "Too few there"
    DAMAGED = "damaged", "Damaged"
    EXPIRED = "expired", "Expired"
    WRONG_ITEM = "wrong_item", "Wrong item in the place"
    COUNTED = "counted", "Counted"
    FOUND = "found", "Found"
    THEFT = "theft", "Stolen"
    SAMPLE = "sample", "Sample or own use"
    RECALLED = "recalled", "Recalled"
    OVER_DELIVERY = "over_delivery", "More delivered than announced"
    UNDER_DELIVERY = "under_delivery", "Less delivered than announced"
    UNANNOUNCED = "unannounced", "Delivered without announcement"
    CANCELLED = "cancelled", "Order cancelled"
    PLACE_FULL = "place_full", "Place is full"
    BETTER_PLACE = "better_place", "Better place chosen"
    OPENING = "opening", "Opening stock"
    OTHER = "other", "Other"


class StockMove(models.Model):
    """The ledger line: ``qty`` eaches of SKU + lot left one place and reached another.

    An empty source is the supplier, an empty target the customer or the loss; never updated, never deleted. The table
    is partitioned by month of ``at`` (UTC); its primary key in the database is (id, at).
    """

    at = models.DateTimeField()
    # the indexes below end in the order of history: plain ones of the references would be second copies
    site = models.ForeignKey("layout.Site", on_delete=models.PROTECT, db_index=False)
    kind = models.CharField(max_length=10, choices=MoveKind)
    sku = models.ForeignKey("catalog.Sku", on_delete=models.PROTECT, db_index=False)
    lot = models.ForeignKey(Lot, null=True, blank=True, on_delete=models.PROTECT, db_index=False)
    qty = models.PositiveIntegerField()
    from_location = models.ForeignKey(
        "layout.Location", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    from_container = models.ForeignKey(
        Container, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    to_location = models.ForeignKey(
        "layout.Location", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    to_container = models.ForeignKey(
        Container, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    reference = models.CharField(max_length=60, blank=True, help_text="What it belongs to: task:17")
    reason_code = models.CharField(max_length=20, choices=ReasonCode, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    weight_g = models.PositiveIntegerField(
        null=True, blank=True, help_text="Of catch-weight goods, all eaches"
    )
    actor = models.CharField(max_length=120)

    class Meta:
        indexes = [
            models.Index(fields=["-at", "-id"], name="move_newest"),
            models.Index(fields=["kind", "-at", "-id"], name="move_by_kind"),
            models.Index(fields=["sku", "-at", "-id"], name="move_by_sku"),
            models.Index(fields=["reference", "-at", "-id"], name="move_by_reference"),
            *(
                models.Index(
                    fields=[field, "-at", "-id"],
                    condition=Q(**{f"{field}__isnull": False}),
                    name=f"move_by_{field}",
                )
                for field in ("lot", "from_location", "from_container", "to_location", "to_container")
            ),
        ]
        constraints = [models.CheckConstraint(condition=Q(qty__gt=0), name="move_qty_positive")]

    def __str__(self) -> str:
        return f"{self.kind} {self.qty} × {self.sku}"


class ClosedMonth(models.Model):
    """A month (UTC) whose moves are final: its end is kept as a snapshot, and no further move may fall into it."""

    site = models.ForeignKey("layout.Site", on_delete=models.PROTECT)
    starts_on = models.DateField(help_text="First day")
    ends_at = models.DateTimeField(help_text="First instant of the next month, UTC")
    moves = models.PositiveIntegerField(help_text="Moves of the month")
    closed_at = models.DateTimeField()
    closed_by = models.CharField(max_length=120)
    archived_at = models.DateTimeField(null=True, blank=True)
    archive_file = models.CharField(max_length=300, blank=True)
    archive_sha256 = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site", "ends_at"], name="month_closed_once"),
        ]

    def __str__(self) -> str:
        return f"{self.starts_on:%Y-%m}"


class BalanceSnapshot(models.Model):
    """What a place held of SKU + lot at the end of a closed month; places that held nothing have no row."""

    month = models.ForeignKey(ClosedMonth, on_delete=models.PROTECT, related_name="snapshot", db_index=False)
    location = models.ForeignKey("layout.Location", null=True, on_delete=models.PROTECT, related_name="+")
    container = models.ForeignKey(Container, null=True, on_delete=models.PROTECT, related_name="+")
    sku = models.ForeignKey("catalog.Sku", on_delete=models.PROTECT, related_name="+")
    lot = models.ForeignKey(Lot, null=True, on_delete=models.PROTECT, related_name="+")
    on_hand = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["month", "sku", "lot", "location", "container"],
                nulls_distinct=False,
                name="snapshot_once",
            ),
        ]
        indexes = [
            models.Index(fields=["month", "location"], name="snapshot_by_location"),
        ]

    def __str__(self) -> str:
        return f"{self.month}: {self.on_hand} × {self.sku} in {self.location or self.container}"


class Reservation(models.Model):
    """Hard claim of an order line on one balance; ``qty`` is what is still outstanding."""

    balance = models.ForeignKey(Balance, on_delete=models.PROTECT, related_name="reservations")
    order_line = models.ForeignKey("orders.OrderLine", on_delete=models.PROTECT, related_name="reservations")
    qty = models.PositiveIntegerField()
    created_at = models.DateTimeField()
    reason = models.CharField(max_length=200, blank=True, help_text="Why this balance")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(qty__gte=0), name="reservation_qty_not_negative")]

    def __str__(self) -> str:
        return f"{self.qty} of {self.balance_id}"
