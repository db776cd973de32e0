"""Webhook endpoints and the log of every delivery."""

from __future__ import annotations

import base64
import secrets

from django.db import models


def _secret() -> str:
    """32 random bytes in the form of Standard Webhooks 1.0.0."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


class Endpoint(models.Model):
    """Where events are sent. The secret signs them (Standard Webhooks 1.0.0)."""

    name = models.CharField(max_length=80)
    url = models.URLField(max_length=300)
    secret = models.CharField(max_length=100, default=_secret)
    kinds = models.JSONField(
        default=list, blank=True, help_text='Event kinds, e.g. ["shipment.ready"]; empty = all'
    )
    active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.name


class DeliveryState(models.TextChoices):
    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class Delivery(models.Model):
    """One event for one endpoint, with every attempt."""

    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="deliveries")
    event_id = models.CharField(max_length=60)
    kind = models.CharField(max_length=60)
    key = models.CharField(max_length=80, help_text="Deliveries with the same key leave in order")
    body = models.TextField(help_text="Exactly what is signed and sent")
    state = models.CharField(max_length=10, choices=DeliveryState, default=DeliveryState.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_status = models.PositiveSmallIntegerField(null=True, blank=True)
    last_error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()
    attempted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [models.UniqueConstraint(fields=["endpoint", "event_id"], name="delivery_once")]
        indexes = [models.Index(fields=["-id"], name="delivery_newest")]

    def __str__(self) -> str:
        return f"{self.kind} to {self.endpoint}"
