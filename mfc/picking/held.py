"""Reserved stock that was put on hold or has expired: its pickers are led to other stock before they stand there."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from mfc.core import journal, txn
from mfc.core.actors import SYSTEM
from mfc.core.transitions import advance
from mfc.inventory import damage
from mfc.inventory.models import Balance, Reservation
from mfc.orders import services as orders
from mfc.orders.models import OrderLine
from mfc.picking import detour, tasks
from mfc.picking.models import Batch, PickTask
from mfc.picking.states import TASK_TRANSITIONS, TODO, TaskState

WHY = "on hold or expired"


def reroute(*, balance_ids: Collection[int]) -> int:
    """Lead the open tasks on these balances elsewhere, one batch after the other; returns how many tasks were led on."""
    held = Balance.objects.filter(pk__in=balance_ids, pickable=False, reserved__gt=0).values("pk")
    batches = (
        PickTask.objects.filter(reservation__balance__in=held, state__in=TODO)
        .order_by("batch_id")
        .values_list("batch_id", flat=True)
        .distinct()
    )
    return sum(_reroute(batch_id=batch_id, balance_ids=balance_ids) for batch_id in list(batches))


@txn.use_case
def _reroute(*, batch_id: int, balance_ids: Collection[int]) -> int:
    batch = Batch.objects.select_related("site").get(pk=batch_id)
    rows = _stuck(batch, balance_ids)
    tasks.hold(batch, {task.batch_order.order_id for task in rows})
    damage.hold_skus(site_id=batch.site_id, sku_ids={task.sku_id for task in rows})
    rows = _stuck(batch, balance_ids)  # as they are now that nobody else writes
    for task in rows:
        advance(task, TaskState.CANCELLED, table=TASK_TRANSITIONS, reason=WHY)
    _unreserve(batch, rows)
    for task in rows:
        _find_other(batch, task)
    tasks.go_on(batch, SYSTEM)
    return len(rows)


def _stuck(batch: Batch, balance_ids: Collection[int]) -> list[PickTask]:
    return list(
        PickTask.objects.filter(
            batch=batch,
            state__in=TODO,
            reservation__balance_id__in=balance_ids,
            reservation__balance__pickable=False,
        )
        .select_related("batch_order", "location", "sku")
        .order_by("pk")
    )


def _unreserve(batch: Batch, rows: Sequence[PickTask]) -> None:
    damage.unreserve_all(
        site_id=batch.site_id,
        actor=SYSTEM,
        reservations=Reservation.objects.select_related("balance")
        .filter(tasks__in=rows)
        .distinct()
        .order_by("pk"),
    )


def _find_other(batch: Batch, task: PickTask) -> None:
    line = OrderLine.objects.select_related("order", "sku").get(pk=task.order_line_id)
    taken = detour.choose(batch, line, task.qty)
    added = detour.add(
        batch, task.batch_order, line, taken, actor=SYSTEM, reason=f"instead of {task.location.code}: {WHY}"
    )
    missing = task.qty - sum(one.qty for one in added)
    if missing:
        orders.record_short(line.pk, qty=missing, reason=f"{WHY} at {task.location.code}")
    journal.write(
        "task.rerouted",
        actor=SYSTEM,
        subject=f"task:{task.pk}",
        sku=task.sku.code,
        location=task.location.code,
        qty=task.qty,
        short=missing,
    )
