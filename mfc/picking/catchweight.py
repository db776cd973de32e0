"""Catch weight at the pick: every piece is weighed, and what it weighs must be plausible."""

from __future__ import annotations

from collections.abc import Sequence

from mfc.catalog.models import Sku
from mfc.core import txn
from mfc.core.errors import DomainError
from mfc.picking.models import ActionKind, Batch, PickTask
from mfc.picking.tasks import record, touch, verify, weights
from mfc.workforce.models import Person


def pieces(tasks: Sequence[PickTask]) -> tuple[int, int]:
    """How many pieces of the stop are weighed, and how many are wanted."""
    return sum(len(task.weights_g) for task in tasks), sum(task.qty for task in tasks)


def check(sku: Sku, weight_g: int) -> None:
    """Raise ``weight_implausible`` unless a piece may weigh this."""
    allowed_g = sku.weight_g * sku.catch_tolerance_percent // 100
    low_g, high_g = sku.weight_g - allowed_g, sku.weight_g + allowed_g
    if not low_g <= weight_g <= high_g:
        raise DomainError(
            "weight_implausible",
            f"{weight_g} g is not {low_g} to {high_g} g, as a piece of {sku.code} weighs.",
            low_g=low_g,
            high_g=high_g,
        )


@txn.use_case
def add_piece(*, batch: Batch, tasks: Sequence[PickTask], weight_g: int, person: Person) -> bool:
    """One more piece is in hand and weighs ``weight_g``; with the last one the stop is verified (True).

    Raises ``weight_implausible``, ``nothing_expected`` when all pieces are weighed.
    """
    task = next((one for one in tasks if len(one.weights_g) < one.qty), None)
    if task is None:
        raise DomainError("nothing_expected", "Every piece of this stop is weighed.")
    check(task.sku, weight_g)
    fields = weights([*task.weights_g, weight_g])
    # By compare-and-swap: the same screen on two devices must not lose a piece.
    if PickTask.objects.filter(pk=task.pk, weights_g=task.weights_g).update(**fields) != 1:
        raise DomainError("state_conflict", "Another piece was weighed a moment ago.")
    task.weights_g, task.weight_g = fields["weights_g"], fields["weight_g"]
    record(batch, person, ActionKind.WEIGH, task=task.pk, weight_g=weight_g)
    done, wanted = pieces(tasks)
    if done == wanted:
        verify(batch=batch, tasks=tasks, person=person, by="weight")
    touch(batch)
    return done == wanted


@txn.use_case
def identify(*, batch: Batch, tasks: Sequence[PickTask]) -> None:
    """The item was scanned by a code without a weight: the weight may be typed now."""
    PickTask.objects.filter(pk__in=[task.pk for task in tasks]).update(verified_by="item")
    touch(batch)
