"""People, the stations they work at, and their sessions."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.db import models
from django.db.models import Q


class Role(models.TextChoices):
    PICKER = "picker"
    PACKER = "packer"
    STOCKER = "stocker"
    LEAD = "lead"


class StationKind(models.TextChoices):
    CART = "cart"
    PACK = "pack"
    HOSPITAL = "hospital"
    STOCK = "stock"
    PUTWALL = "putwall"


# Who may work where; a lead may work everywhere.
ROLES_AT: dict[str, frozenset[str]] = {
    StationKind.CART: frozenset({Role.PICKER, Role.LEAD}),
    StationKind.PACK: frozenset({Role.PACKER, Role.LEAD}),
    StationKind.HOSPITAL: frozenset({Role.PACKER, Role.LEAD}),
    StationKind.STOCK: frozenset({Role.STOCKER, Role.PICKER, Role.LEAD}),
    StationKind.PUTWALL: frozenset({Role.PICKER, Role.PACKER, Role.LEAD}),
}


class Person(models.Model):
    """Somebody who works on the floor. The badge is a random code, not the employee number."""

    name = models.CharField(max_length=80)
    role = models.CharField(max_length=10, choices=Role)
    badge = models.CharField(max_length=40, unique=True, help_text="Label text, U-…")
    user = models.OneToOneField(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    active = models.BooleanField(default=True)

    class Meta:
        verbose_name_plural = "people"

    def __str__(self) -> str:
        return self.name


def _token() -> str:
    return secrets.token_urlsafe(24)


class Station(models.Model):
    """A working place with one screen: a picking cart, a pack bench, a stock terminal, a put wall."""

    site = models.ForeignKey("layout.Site", on_delete=models.PROTECT)
    key = models.CharField(max_length=40)
    kind = models.CharField(max_length=10, choices=StationKind)
    token = models.CharField(
        max_length=60, unique=True, default=_token, help_text="Secret part of the screen's address"
    )
    x_mm = models.IntegerField(default=0)
    y_mm = models.IntegerField(default=0)
    version = models.BigIntegerField(default=0, help_text="Grows with every input")
    feedback = models.JSONField(null=True, blank=True, help_text="What the last input was told")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "key"], name="station_key_once")]

    def __str__(self) -> str:
        return self.key


class WorkSession(models.Model):
    """One person at one station, from badge to end of shift."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="sessions")
    station = models.ForeignKey(Station, on_delete=models.PROTECT, related_name="sessions")
    cart = models.CharField(max_length=40, blank=True, help_text="Label of the cart in use, K-…")
    flow = models.JSONField(
        default=dict, blank=True, help_text="Guided stock work: its name, step and answers"
    )
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cart"], condition=Q(ended_at=None) & ~Q(cart=""), name="one_session_per_cart"
            ),
            models.UniqueConstraint(
                fields=["person"], condition=Q(ended_at=None), name="one_session_per_person"
            ),
            models.UniqueConstraint(
                fields=["station"], condition=Q(ended_at=None), name="one_session_per_station"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} at {self.station}"


class LabourStandard(models.Model):
    """How long work takes at a site, in seconds; the basis of latest starts."""

    site = models.OneToOneField("layout.Site", on_delete=models.CASCADE, related_name="labour")
    walk_mm_per_s = models.PositiveIntegerField(default=1200)
    setup_s = models.PositiveIntegerField(
        default=60, help_text="Per batch: fetch totes, bring the cart to the belt"
    )
    stop_s = models.PositiveIntegerField(default=12, help_text="Per stop: find, take, verify")
    put_s = models.PositiveIntegerField(default=4, help_text="Per line put into a tote")
    pack_s = models.PositiveIntegerField(default=45, help_text="Per tote: weigh, seal, convey")

    def __str__(self) -> str:
        return f"Labour standard of {self.site}"
