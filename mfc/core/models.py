"""Receipts of inputs and the journal of everything that was done."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Receipt(models.Model):
    """One input that happened once: its first answer is given again to every repeat.

    ``source`` names the input: ``event/<gateway>/<boot>/<sequence>``, ``rest/<client id>/<key>``, ``screen/<station>/<id>``.
    """

    source = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=40)
    fingerprint = models.CharField(
        max_length=64, blank=True, help_text="SHA-256 of the request; a repeat must match"
    )
    payload = models.JSONField(default=dict)
    answer = models.JSONField(null=True)
    refused = models.CharField(max_length=60, blank=True, help_text="Error code when it was refused")
    received_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now(), help_text="Real time at the database")

    class Meta:
        indexes = [
            models.Index(fields=["-received_at", "-id"], name="receipt_newest"),
            models.Index(
                fields=["refused", "-received_at", "-id"], condition=~Q(refused=""), name="receipt_by_refusal"
            ),
        ]

    def __str__(self) -> str:
        return self.source


class JournalEntry(models.Model):
    """Append-only: who did what to what, with the reason. Written in the transaction of the deed."""

    at = models.DateTimeField()
    site = models.CharField(max_length=20, blank=True)
    verb = models.CharField(max_length=60)
    actor = models.CharField(max_length=120)
    actor_name = models.CharField(max_length=120, blank=True)
    subject = models.CharField(max_length=120)
    data = models.JSONField(default=dict)

    class Meta:
        verbose_name_plural = "journal entries"
        indexes = [
            models.Index(fields=["-at", "-id"], name="journal_newest"),
            models.Index(fields=["subject", "-at", "-id"], name="journal_subject"),
            models.Index(fields=["site", "-at", "-id"], name="journal_by_site"),
            models.Index(fields=["verb", "-at", "-id"], name="journal_by_verb"),
            models.Index(fields=["actor_name", "-at", "-id"], name="journal_by_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.subject}"
