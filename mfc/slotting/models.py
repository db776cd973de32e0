"""Planning runs and their results: changes of the range, moves between slots, forecasts; and people's rules."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from mfc.slotting.states import WORKING, MoveState, RunState


class RunKind(models.TextChoices):
    DEMAND = "demand"  # what will sell
    ASSORTMENT = "assortment"  # which SKUs to stock
    SLOTS = "slots"  # which SKU lies where, and the moves there


class PlanRun(models.Model):
    """One question to a planner: what was asked, how far it is, and what came of it.

    ``touched_at`` is real time at the database: a run that nobody has touched for a while lost its worker.
    """

    site = models.ForeignKey("layout.Site", on_delete=models.PROTECT)
    kind = models.CharField(max_length=12, choices=RunKind)
    state = models.CharField(
        max_length=10, choices=[(s.value, s.value) for s in RunState], default=RunState.QUEUED
    )
    settings = models.JSONField(default=dict, help_text="What was asked, by name")
    percent = models.PositiveSmallIntegerField(default=0)
    note = models.CharField(max_length=300, blank=True, help_text="How far it is, or what it came to")
    stop_wanted = models.BooleanField(default=False, help_text="Stop soon and keep the best so far")
    result = models.JSONField(default=dict, help_text="Figures of the result, by name")
    attempts = models.PositiveSmallIntegerField(default=0)
    asked_at = models.DateTimeField()
    actor = models.CharField(max_length=120)
    actor_name = models.CharField(max_length=120, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(max_length=120, blank=True)
    touched_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "planning run"
        constraints = [
            models.UniqueConstraint(
                fields=["site", "kind"],
                condition=Q(state__in=[str(state) for state in sorted(WORKING)]),
                name="one_run_of_a_kind_at_work",
            )
        ]
        indexes = [models.Index(fields=["state", "touched_at"], name="plan_run_by_state")]

    def __str__(self) -> str:
        return f"{self.kind} run {self.pk}"


class RangeChange(models.Model):
    """A SKU that a run would take in or give up: ``share`` of all orders hang on it."""

    run = models.ForeignKey(PlanRun, on_delete=models.CASCADE, related_name="changes")
    sku = models.ForeignKey("catalog.Sku", on_delete=models.CASCADE)
    enters = models.BooleanField()
    share = models.FloatField(help_text="Part of all orders that this SKU helps to fill whole")
    minutes = models.FloatField(default=0, help_text="Work of the change")
    dropped = models.BooleanField(default=False, help_text="Taken out of the plan by a person")
    why = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "sku"], name="range_change_once")]

    def __str__(self) -> str:
        return f"{'In' if self.enters else 'Out'}: {self.sku}"


class SlotMove(models.Model):
    """Carry all of a SKU from one place to another; moves of a chain are done in their sequence."""

    run = models.ForeignKey(PlanRun, on_delete=models.CASCADE, related_name="moves")
    site = models.ForeignKey("layout.Site", on_delete=models.PROTECT)
    chain = models.PositiveIntegerField(help_text="Moves that only make sense together; best chains first")
    number = models.PositiveIntegerField(help_text="Place in the whole sequence")
    sku = models.ForeignKey("catalog.Sku", on_delete=models.PROTECT)
    source = models.ForeignKey("layout.Location", on_delete=models.PROTECT, related_name="+")
    target = models.ForeignKey("layout.Location", on_delete=models.PROTECT, related_name="+")
    to_buffer = models.BooleanField(default=False, help_text="Waits there until its new slot is empty")
    minutes = models.FloatField(help_text="Work, estimated")
    saved_mm_a_day = models.FloatField(
        default=0, help_text="Walking that its chain saves; at the last move of it"
    )
    payback_days = models.FloatField(null=True, blank=True, help_text="Of the whole chain; empty: never")
    state = models.CharField(
        max_length=10, choices=[(s.value, s.value) for s in MoveState], default=MoveState.PROPOSED
    )
    why = models.CharField(max_length=200)
    qty_done = models.PositiveIntegerField(default=0, help_text="Eaches carried")
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="slot_move_once")]
        indexes = [
            models.Index(fields=["site", "run", "number"], condition=Q(state="open"), name="open_slot_move")
        ]

    def __str__(self) -> str:
        return f"{self.sku} from {self.source} to {self.target}"


class DemandForecast(models.Model):
    """Eaches a week expected of one SKU, with an interval; ``history`` holds past weeks, newest last."""

    site = models.ForeignKey("layout.Site", on_delete=models.PROTECT)
    sku = models.ForeignKey("catalog.Sku", on_delete=models.CASCADE, related_name="forecasts")
    made_at = models.DateTimeField()
    mean = models.FloatField()
    low = models.FloatField()
    high = models.FloatField()
    confidence = models.FloatField()
    coverage = models.FloatField(null=True, help_text="How often such intervals held on weeks not seen")
    method = models.CharField(max_length=20)
    weekdays = models.JSONField(default=list, help_text="Shares of a week, Monday first")
    history = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["site", "sku"], name="forecast_once")]

    def __str__(self) -> str:
        return f"{self.mean:.1f} a week of {self.sku}"


class RuleKind(models.TextChoices):
    LOCK_SLOT = "lock_slot", "Lock a slot: what lies there stays"
    KEEP_SKU = "keep_sku", "Always stock a SKU"
    EXCLUDE_SKU = "exclude_sku", "Leave a SKU out of planning"
    APART = "apart", "Keep two families out of each other's bays"


class SlottingRule(models.Model):
    """What a person has laid down; the planners never break it."""

    site = models.ForeignKey("layout.Site", on_delete=models.CASCADE)
    kind = models.CharField(max_length=12, choices=RuleKind)
    location = models.ForeignKey("layout.Location", null=True, blank=True, on_delete=models.CASCADE)
    sku = models.ForeignKey("catalog.Sku", null=True, blank=True, on_delete=models.CASCADE)
    family = models.CharField(max_length=40, blank=True, help_text="As on the SKUs")
    other_family = models.CharField(max_length=40, blank=True)
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(Q(kind="lock_slot") & ~Q(location=None))
                | (Q(kind__in=["keep_sku", "exclude_sku"]) & ~Q(sku=None))
                | (Q(kind="apart") & ~Q(family="") & ~Q(other_family="")),
                name="slotting_rule_complete",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.location or self.sku or f'{self.family} and {self.other_family}'}"
