"""SKUs and their barcodes."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class TemperatureClass(models.TextChoices):
    AMBIENT = "ambient"
    CHILLED = "chilled"
    FROZEN = "frozen"


# Picked in this order, so that the cold chain is broken last.
CARRY_RANK: dict[str, int] = {
    TemperatureClass.AMBIENT: 0,
    TemperatureClass.CHILLED: 1,
    TemperatureClass.FROZEN: 2,
}


class Sku(models.Model):
    """What is stocked and sold. Weight and volume are of one each (consumer unit)."""

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=200)
    temperature = models.CharField(max_length=10, choices=TemperatureClass, default=TemperatureClass.AMBIENT)
    weight_g = models.PositiveIntegerField()
    volume_ml = models.PositiveIntegerField()
    active = models.BooleanField(default=True)

    class Meta:
        verbose_name = "SKU"
        constraints = [
            models.CheckConstraint(
                condition=Q(weight_g__gt=0) & Q(volume_ml__gt=0), name="sku_has_weight_and_volume"
            )
        ]

    def __str__(self) -> str:
        return self.code


class Barcode(models.Model):
    """One code printed on a SKU: a GTIN in its 14-digit form, or an alias as scanned."""

    sku = models.ForeignKey(Sku, on_delete=models.CASCADE, related_name="barcodes")
    code = models.CharField(
        max_length=60, unique=True, help_text="GTIN with leading zeros to 14 digits, or the alias text"
    )

    def __str__(self) -> str:
        return self.code
