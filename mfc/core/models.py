"""Receipts of inputs, the journal of everything that was done, and imports of files."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from mfc.core.states import ImportState


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


class ImportRun(models.Model):
    """One file of master data or opening stock: who sent it, how far it is, and what came of it.

    ``touched_at`` is real time at the database: a run that nobody has touched for a while lost its worker.
    """

    site = models.CharField(max_length=20)
    kind = models.CharField(max_length=30)
    file_name = models.CharField(max_length=200)
    digest = models.CharField(
        max_length=64, db_index=True, help_text="SHA-256 of kind, columns and rows as they were read"
    )
    columns = models.JSONField(default=list)
    state = models.CharField(
        max_length=10,
        choices=[(state.value, state.value) for state in ImportState],
        default=ImportState.UPLOADED,
    )
    go_on = models.BooleanField(default=False, help_text="Import as soon as the check finds nothing wrong")
    partial = models.BooleanField(default=False, help_text="Import the good rows even if others are wrong")
    rows_total = models.PositiveIntegerField(default=0)
    rows_done = models.PositiveIntegerField(default=0, help_text="Checked, or while importing: written")
    rows_failed = models.PositiveIntegerField(default=0)
    rows_new = models.PositiveIntegerField(default=0)
    rows_changed = models.PositiveIntegerField(default=0)
    rows_same = models.PositiveIntegerField(default=0)
    report = models.CharField(max_length=300, blank=True, help_text="What it came to, in words")
    attempts = models.PositiveSmallIntegerField(
        default=0, help_text="Starts since the last chunk that went well"
    )
    actor = models.CharField(max_length=120)
    actor_name = models.CharField(max_length=120, blank=True)
    uploaded_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    touched_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "import"
        indexes = [models.Index(fields=["state", "touched_at"], name="import_by_state")]

    def __str__(self) -> str:
        return f"{self.kind} from {self.file_name}"


class ImportChunk(models.Model):
    """Rows of an import that are written together, once: ``rows`` is [[line, [cell, …]], …].

    ``problems`` is [[line, column, code, message, expected], …].
    """

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="chunks")
    number = models.PositiveIntegerField()
    rows = models.JSONField(default=list)
    problems = models.JSONField(default=list)
    applied_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "import chunk"
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="import_chunk_once")]

    def __str__(self) -> str:
        return f"chunk {self.number} of import {self.run_id}"
