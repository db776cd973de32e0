"""Sites, zones and locations."""

from __future__ import annotations

from django.db import models

from mfc.catalog.models import TemperatureClass


class Site(models.Model):
    """The building part we run, with the rules of its day."""

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=80)
    width_mm = models.PositiveIntegerField()
    depth_mm = models.PositiveIntegerField()
    front_y_mm = models.PositiveIntegerField(help_text="Front cross aisle")
    back_y_mm = models.PositiveIntegerField(help_text="Back cross aisle")
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
    cart_orders = models.PositiveSmallIntegerField(default=6, help_text="Orders on one cart")
    cart_weight_g = models.PositiveIntegerField(default=60_000)
    tote_volume_ml = models.PositiveIntegerField(default=40_000)
    tote_weight_g = models.PositiveIntegerField(default=15_000)
    weight_tolerance_g = models.PositiveIntegerField(default=10)
    weight_tolerance_percent = models.PositiveSmallIntegerField(default=2)
    tote_tare_g = models.PositiveIntegerField(default=1500)

    def __str__(self) -> str:
        return self.code


class Zone(models.Model):
    """An area with one temperature class and one picking method."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="zones")
    code = models.CharField(max_length=20)
    temperature = models.CharField(max_length=10, choices=TemperatureClass)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "code"], name="zone_code_once")]

    def __str__(self) -> str:
        return self.code


class LocationKind(models.TextChoices):
    BIN = "bin"
    STAGE = "stage"
    DOCK = "dock"
    PUTWALL = "putwall"
    QUARANTINE = "quarantine"
    BELT = "belt"
    HOSPITAL = "hospital"


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
    check_code = models.CharField(
        max_length=4, blank=True, help_text="Digits on the shelf, for when no scan is possible"
    )
    slotted_sku = models.ForeignKey(
        "catalog.Sku", null=True, blank=True, on_delete=models.SET_NULL, related_name="slots"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "code"], name="location_code_once")]

    def __str__(self) -> str:
        return self.code


class Aisle(models.Model):
    """A picking aisle between the two cross aisles, walked both ways."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="aisles")
    code = models.CharField(max_length=10)
    x_mm = models.IntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "code"], name="aisle_code_once")]

    def __str__(self) -> str:
        return self.code
