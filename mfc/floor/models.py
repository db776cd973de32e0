"""Gateways, devices, and what each channel of a device means on this floor."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from mfc.dispatch.lanes import Way


class Gateway(models.Model):
    """The process that owns the wires of one area."""

    site = models.ForeignKey(
        "layout.Site", on_delete=models.PROTECT, related_name="gateways", related_query_name="gateway"
    )
    name = models.CharField(max_length=40, unique=True)
    bus_url = models.CharField(
        max_length=200,
        blank=True,
        help_text="unix:PATH or mqtt://host:port; empty: MQTT_URL, or a socket under var/run",
    )
    boot = models.CharField(max_length=60, blank=True)
    connected = models.BooleanField(default=False)
    seen_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class DeviceKind(models.TextChoices):
    SCANNER = "scanner"
    LIGHTS = "lights"
    PLC = "plc"
    SCALE = "scale"


class Device(models.Model):
    """A thing on a wire, bound to the station it serves (lights and PLCs serve the floor)."""

    gateway = models.ForeignKey(Gateway, on_delete=models.PROTECT, related_name="devices")
    key = models.CharField(max_length=40, help_text="As in floor.toml")
    kind = models.CharField(max_length=10, choices=DeviceKind)
    station = models.ForeignKey(
        "workforce.Station", null=True, blank=True, on_delete=models.PROTECT, related_name="devices"
    )
    state = models.CharField(max_length=12, default="offline")
    detail = models.CharField(max_length=200, blank=True)
    state_since = models.DateTimeField(null=True, blank=True)
    reported = models.JSONField(default=dict, blank=True, help_text="Newest level the device reported")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["gateway", "key"], name="device_key_once")]

    def __str__(self) -> str:
        return self.key


class LightPoint(models.Model):
    """One lamp-and-button: at a location, or at a position of a cart station."""

    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="points")
    channel = models.PositiveSmallIntegerField()
    location = models.OneToOneField(
        "layout.Location", null=True, blank=True, on_delete=models.CASCADE, related_name="light"
    )
    station = models.ForeignKey(
        "workforce.Station", null=True, blank=True, on_delete=models.CASCADE, related_name="lights"
    )
    position = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Place on the cart, from 1")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["device", "channel"], name="light_channel_once"),
            models.UniqueConstraint(
                fields=["station", "position"], condition=~Q(station=None), name="light_position_once"
            ),
            models.CheckConstraint(
                condition=Q(location__isnull=False, station=None, position=None)
                | Q(location=None, station__isnull=False, position__isnull=False),
                name="light_in_one_place",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.device}/{self.channel}"


class DecisionPoint(models.Model):
    """One diverter with its reader."""

    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="decision_points")
    index = models.PositiveSmallIntegerField(help_text="On its PLC, from 0")
    name = models.CharField(max_length=40)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["device", "index"], name="decision_point_once")]

    def __str__(self) -> str:
        return self.name


class Lane(models.Model):
    """A lane number of a decision point and the place it leads to."""

    point = models.ForeignKey(DecisionPoint, on_delete=models.CASCADE, related_name="lanes")
    number = models.PositiveSmallIntegerField(help_text="On its PLC, from 1; 0 is the default exit")
    way = models.CharField(max_length=10, choices=[(way.value, way.value) for way in Way])
    location = models.ForeignKey("layout.Location", on_delete=models.PROTECT, related_name="conveyor_lanes")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["point", "number"], name="lane_number_once")]

    def __str__(self) -> str:
        return f"{self.point}: lane {self.number} to {self.location}"


class DirectionDecision(models.Model):
    """What a PLC asked, what we answered and why, and what became of it."""

    point = models.ForeignKey(DecisionPoint, on_delete=models.CASCADE)
    tracking_id = models.BigIntegerField()
    barcode = models.CharField(max_length=40, blank=True)
    lane = models.PositiveIntegerField(help_text="Lane number we answered; 0 is the default exit")
    reason = models.CharField(max_length=200)
    decided_at = models.DateTimeField()
    outcome = models.CharField(max_length=12, blank=True)
    actual_lane = models.PositiveIntegerField(null=True, blank=True)
    outcome_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["-id"], name="direction_newest"),
            models.Index(fields=["barcode", "-id"], name="direction_by_barcode"),
            models.Index(fields=["point", "tracking_id", "-id"], name="direction_by_load"),
        ]

    def __str__(self) -> str:
        return f"{self.barcode or 'no read'} to lane {self.lane}"
