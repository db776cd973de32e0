"""Sites, zones and locations."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from mfc.catalog.models import TemperatureClass, VelocityClass


class RoutingPolicy(models.TextChoices):
    """How walks are ordered. Pickers like simple walks; what a simple one costs is shown at each batch."""

    EXACT = "exact", "exact: the shortest"
    COMBINED = "combined", "combined: each aisle crossed or left where it was entered, whichever is shorter"
    LARGEST_GAP = "largest-gap", "largest gap"
    S_SHAPE = "s-shape", "S-shape"
    RETURN = "return", "return"


class WayDirection(models.TextChoices):
    """Which way people walk; forward is towards greater coordinates: to the back, to the right."""

    BOTH = "both"
    FORWARD = "forward"
    BACKWARD = "backward"


class Site(models.Model):
    """The building part we run, with the rules of its day."""

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=80)
    width_mm = models.PositiveIntegerField()
    depth_mm = models.PositiveIntegerField()
    front_y_mm = models.PositiveIntegerField(help_text="Front cross aisle")
    back_y_mm = models.PositiveIntegerField(help_text="Back cross aisle")
    turn_ms = models.PositiveIntegerField(
        default=0, help_text="Milliseconds that a turn by a right angle costs with a cart; 0: not counted"
    )
    routing_policy = models.CharField(
        max_length=12,
        choices=RoutingPolicy,
        default=RoutingPolicy.EXACT,
        help_text="How walks are ordered; each batch shows its length beside the shortest",
    )
    route_lead_s = models.PositiveIntegerField(default=1800, help_text="Handover until the customer's door")
    release_horizon_s = models.PositiveIntegerField(
        default=1800, help_text="Due work is released this long before its latest start"
    )
    early_orders = models.PositiveSmallIntegerField(
        default=3,
        help_text="With an idle picker, this many waiting orders are enough to go before they are due",
    )
    early_wait_s = models.PositiveIntegerField(
        default=300, help_text="With an idle picker, no order waits longer than this before it is due"
    )
    join_walks = models.BooleanField(
        default=True, help_text="With no idle picker, an order may join a walk that is under way"
    )
    cart_orders = models.PositiveSmallIntegerField(default=6, help_text="Orders on one cart")
    wall_orders = models.PositiveSmallIntegerField(
        default=0, help_text="Orders picked in one walk for the put wall; 0: no put wall"
    )
    cart_weight_g = models.PositiveIntegerField(default=60_000)
    tote_volume_ml = models.PositiveIntegerField(default=40_000)
    tote_weight_g = models.PositiveIntegerField(default=15_000)
    weight_tolerance_g = models.PositiveIntegerField(default=10)
    weight_tolerance_percent = models.PositiveSmallIntegerField(default=2)
    tote_tare_g = models.PositiveIntegerField(default=1500)
    receipt_tolerance_percent = models.PositiveSmallIntegerField(
        default=0, help_text="A receipt may exceed what was announced by this much without a reason"
    )
    count_tolerance_qty = models.PositiveIntegerField(
        default=0,
        help_text="A count that differs by no more is booked at once; otherwise it is counted again",
    )
    count_approval_qty = models.PositiveIntegerField(
        default=5, help_text="A confirmed difference above this waits for a manager"
    )
    count_days_a = models.PositiveSmallIntegerField(default=7, help_text="Each A bin is counted this often")
    count_days_b = models.PositiveSmallIntegerField(default=30)
    count_days_c = models.PositiveSmallIntegerField(default=90)
    replenish_horizon_s = models.PositiveIntegerField(
        default=14_400, help_text="Demand of orders due within this time is brought to the pick face"
    )
    zero_checks = models.BooleanField(
        default=False,
        help_text="A picker who takes the last unit by the book is asked whether the place is empty",
    )
    shorts_by_lead_only = models.BooleanField(
        default=False, help_text="A short needs a lead's badge at the screen"
    )
    substitution_timeout_s = models.PositiveIntegerField(
        default=180, help_text="A customer who was asked has this long to answer; then it is a no"
    )

    def __str__(self) -> str:
        return self.code


class Zone(models.Model):
    """An area with one temperature class and one picking method."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="zones")
    code = models.CharField(max_length=20)
    temperature = models.CharField(max_length=10, choices=TemperatureClass)
    enter_s = models.PositiveSmallIntegerField(
        default=0, help_text="Seconds to get in through its door or curtain"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "code"], name="zone_code_once")]

    def __str__(self) -> str:
        return self.code


class LocationKind(models.TextChoices):
    BIN = "bin"
    RESERVE = "reserve"
    STAGE = "stage"
    DOCK = "dock"
    PUTWALL = "putwall"
    QUARANTINE = "quarantine"
    BELT = "belt"
    HOSPITAL = "hospital"


# Stock here may be promised: bins are picked from, reserve places feed them.
SELLABLE_KINDS = frozenset({LocationKind.BIN, LocationKind.RESERVE})


class Location(models.Model):
    """A place with a barcode. Millimetres from the site's front left corner; level 0 is the lowest."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="locations")
    zone = models.ForeignKey(Zone, null=True, blank=True, on_delete=models.PROTECT)
    code = models.CharField(max_length=30)
    label = models.CharField(max_length=40, unique=True, help_text="Label text, L-…")
    kind = models.CharField(max_length=12, choices=LocationKind)
    aisle = models.CharField(max_length=10, blank=True)
    x_mm = models.IntegerField()
    y_mm = models.IntegerField()
    level = models.PositiveSmallIntegerField(default=0)
    floor = models.PositiveSmallIntegerField(default=0, help_text="Storey; 0 is the ground floor")
    drop_point = models.BooleanField(
        default=False, help_text="Carts may be emptied here, beside the first belt"
    )
    check_code = models.CharField(
        max_length=4, blank=True, help_text="Digits on the shelf, for when no scan is possible"
    )
    slotted_sku = models.ForeignKey(
        "catalog.Sku", null=True, blank=True, on_delete=models.SET_NULL, related_name="slots"
    )
    slot_min = models.PositiveIntegerField(
        null=True, blank=True, help_text="Eaches: at or below this the slot is replenished"
    )
    slot_max = models.PositiveIntegerField(null=True, blank=True, help_text="Eaches that fit")
    capacity_ml = models.PositiveIntegerField(null=True, blank=True, help_text="Empty: no limit")
    capacity_g = models.PositiveIntegerField(null=True, blank=True, help_text="Empty: no limit")
    velocity = models.CharField(
        max_length=1, choices=VelocityClass, blank=True, help_text="What belongs here; empty: anything"
    )
    counted_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site", "code"], name="location_code_once"),
            models.CheckConstraint(
                condition=Q(slot_min=None) | Q(slot_max=None) | Q(slot_min__lt=F("slot_max")),
                name="slot_min_below_max",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class WayBase(models.Model):
    """What aisles and cross aisles share."""

    direction = models.CharField(
        max_length=8,
        choices=WayDirection,
        default=WayDirection.BOTH,
        help_text="forward: only to the back or to the right",
    )
    floor = models.PositiveSmallIntegerField(default=0, help_text="Storey; 0 is the ground floor")
    zone = models.ForeignKey(
        Zone,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        help_text="The room it lies in, when it has a door",
    )

    class Meta:
        abstract = True


class Aisle(WayBase):
    """A picking aisle, along y. Without ends of its own it joins the front and the back cross aisle."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="aisles")
    code = models.CharField(max_length=10)
    x_mm = models.IntegerField()
    from_y_mm = models.IntegerField(null=True, blank=True, help_text="Empty: the front cross aisle")
    to_y_mm = models.IntegerField(null=True, blank=True, help_text="Empty: the back cross aisle")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "code"], name="aisle_code_once")]

    def __str__(self) -> str:
        return self.code


class CrossAisle(WayBase):
    """A way along x beside the front and the back one. Without ends of its own it joins all aisles of its floor.

    Places may lie on it: their ``aisle`` names it.
    """

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="cross_aisles")
    code = models.CharField(max_length=10)
    y_mm = models.IntegerField()
    from_x_mm = models.IntegerField(null=True, blank=True, help_text="Empty: the first aisle")
    to_x_mm = models.IntegerField(null=True, blank=True, help_text="Empty: the last aisle")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "code"], name="cross_aisle_code_once")]

    def __str__(self) -> str:
        return self.code


class Lift(models.Model):
    """A lift or a staircase: joins all storeys from the lowest to the highest at one point of a way."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="lifts")
    code = models.CharField(max_length=10)
    x_mm = models.IntegerField()
    y_mm = models.IntegerField()
    lowest_floor = models.PositiveSmallIntegerField(default=0)
    highest_floor = models.PositiveSmallIntegerField(default=1)
    wait_s = models.PositiveSmallIntegerField(default=20, help_text="Until it is there and open; stairs: 0")
    ride_s = models.PositiveSmallIntegerField(default=10, help_text="Per storey")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site", "code"], name="lift_code_once"),
            models.CheckConstraint(
                condition=Q(lowest_floor__lt=F("highest_floor")), name="lift_joins_two_floors"
            ),
        ]

    def __str__(self) -> str:
        return self.code
