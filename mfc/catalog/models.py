"""SKUs, their pack levels and their barcodes."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q

from mfc.catalog import variable


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


class VelocityClass(models.TextChoices):
    """How fast a SKU moves: A is counted often and lies near, C seldom and far (ABC analysis)."""

    A = "A"
    B = "B"
    C = "C"


class PackLevel(models.TextChoices):
    INNER = "inner"
    CASE = "case"


class Sku(models.Model):
    """What is stocked and sold. Weight, volume and lengths are of one each (consumer unit).

    Stock is counted in eaches everywhere. Of a catch-weight SKU every each weighs something else: ``weight_g`` is what
    one is expected to weigh, and what was taken is weighed or read from its label.
    """

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=200)
    brand = models.CharField(max_length=80, blank=True)
    family = models.CharField(
        max_length=40, blank=True, help_text="Articles of one family may stand in for each other"
    )
    temperature = models.CharField(max_length=10, choices=TemperatureClass, default=TemperatureClass.AMBIENT)
    velocity = models.CharField(max_length=1, choices=VelocityClass, default=VelocityClass.C)
    price_cents = models.PositiveIntegerField(
        null=True, blank=True, help_text="Of one each; for substitution"
    )
    weight_g = models.PositiveIntegerField()
    volume_ml = models.PositiveIntegerField()
    length_mm = models.PositiveIntegerField(null=True, blank=True)
    width_mm = models.PositiveIntegerField(null=True, blank=True)
    height_mm = models.PositiveIntegerField(null=True, blank=True)
    measured_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="When weight or lengths were last measured on the floor",
    )
    catch_weight = models.BooleanField(default=False, help_text="Sold by the weight of each piece")
    catch_tolerance_percent = models.PositiveSmallIntegerField(
        default=30, help_text="A piece may be this much lighter or heavier than expected"
    )
    lot_required = models.BooleanField(default=False, help_text="A receipt must name the lot")
    expiry_required = models.BooleanField(default=False, help_text="A receipt must name the last day")
    shelf_life_days = models.PositiveIntegerField(
        null=True, blank=True, help_text="From production to the last day"
    )
    min_remaining_days = models.PositiveIntegerField(
        default=0, help_text="Days of life a customer must still get, unless the order asks for more"
    )
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


class Pack(models.Model):
    """A unit that holds several eaches of one SKU. Weight and volume are of the whole pack."""

    sku = models.ForeignKey(Sku, on_delete=models.CASCADE, related_name="packs")
    level = models.CharField(max_length=10, choices=PackLevel)
    eaches = models.PositiveIntegerField()
    weight_g = models.PositiveIntegerField(null=True, blank=True)
    volume_ml = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sku", "level"], name="pack_level_once"),
            models.CheckConstraint(condition=Q(eaches__gt=1), name="pack_holds_several"),
        ]

    def __str__(self) -> str:
        return f"{self.level} of {self.eaches} × {self.sku}"


class Barcode(models.Model):
    """One code printed on a SKU or one of its packs: a GTIN in its 14-digit form, or an alias as scanned.

    UPC-A, EAN-13 and GTIN-14 of one number are one code: ``catalog.codes.normal`` makes the form that is kept.
    """

    sku = models.ForeignKey(Sku, on_delete=models.CASCADE, related_name="barcodes")
    pack = models.ForeignKey(
        Pack,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="barcodes",
        help_text="Empty: one each",
    )
    code = models.CharField(
        max_length=60, unique=True, help_text="GTIN with leading zeros to 14 digits, or the alias text"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(code__regex=r"^([0-9]{8}|[0-9]{12,13})$"), name="barcode_gtin_in_14_digits"
            )
        ]

    def __str__(self) -> str:
        return self.code


class VariableMeasure(models.Model):
    """How labels of the shop's scales carry weight or price: the layout of one range of numbers."""

    pattern = models.CharField(
        max_length=13,
        unique=True,
        help_text="13 signs: first digits, I article, W weight or P price, V not verified, C check digit; 20IIIIIWWWWWC",
    )
    decimals = models.PositiveSmallIntegerField(
        default=3,
        validators=[MaxValueValidator(4)],
        help_text="Of kilograms (3: the digits are grams), or of the price",
    )
    note = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(decimals__lte=4), name="variable_decimals_bounded")]

    def __str__(self) -> str:
        return self.pattern

    def clean(self) -> None:
        """Keep the pattern in capitals; a form error says what is wrong with it."""
        try:
            self.pattern = variable.parse(self.pattern, self.decimals or 0).text
        except ValueError as error:
            raise ValidationError({"pattern": str(error)}) from error
