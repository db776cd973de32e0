"""Pack jobs (a tote on its way from cart to lane) and the parcels they become."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from mfc.packing.states import AT_PACK_BENCH, IN_HOSPITAL, PackState


class PackJob(models.Model):
    """One filled tote: weighed, perhaps counted and mended, sealed."""

    site = models.ForeignKey("layout.Site", on_delete=models.PROTECT)
    tote_use = models.OneToOneField("inventory.ToteUse", on_delete=models.PROTECT, related_name="pack_job")
    order = models.ForeignKey("orders.Order", on_delete=models.PROTECT, related_name="pack_jobs")
    state = models.CharField(
        max_length=10, choices=[(s.value, s.value) for s in PackState], default=PackState.ARRIVING
    )
    station = models.ForeignKey(
        "workforce.Station", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    expected_g = models.PositiveIntegerField(null=True, blank=True)
    measured_g = models.PositiveIntegerField(null=True, blank=True)
    tolerance_g = models.PositiveIntegerField(null=True, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    counted = models.JSONField(default=dict, blank=True, help_text="SKU id -> units counted at the hospital")
    count_confirmed = models.BooleanField(
        default=False, help_text="A person has counted: the weight no longer decides"
    )
    sscc = models.CharField(max_length=18, blank=True)
    created_at = models.DateTimeField()
    sealed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["station"],
                condition=Q(state__in=[str(state) for state in sorted(AT_PACK_BENCH | IN_HOSPITAL)]),
                name="one_tote_per_bench",
            ),
            models.UniqueConstraint(fields=["sscc"], condition=~Q(sscc=""), name="sscc_once"),
        ]

    def __str__(self) -> str:
        return f"Pack job {self.pk}"


class Parcel(models.Model):
    """A sealed, labelled unit that leaves the site."""

    sscc = models.CharField(max_length=18, primary_key=True)
    order = models.ForeignKey("orders.Order", on_delete=models.PROTECT, related_name="parcels")
    tote_use = models.OneToOneField("inventory.ToteUse", on_delete=models.PROTECT, related_name="parcel")
    weight_g = models.PositiveIntegerField()
    sealed_at = models.DateTimeField()
    sealed_by = models.ForeignKey("workforce.Person", on_delete=models.PROTECT)
    label_zpl = models.TextField()

    def __str__(self) -> str:
        return self.sscc
