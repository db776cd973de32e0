"""Doing an approved re-slot plan: one move after the other, in quiet hours, each valid by itself."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q

from mfc.core import clock, journal, txn
from mfc.core.actors import Actor
from mfc.core.errors import DomainError
from mfc.core.transitions import advance
from mfc.inventory import transfers
from mfc.inventory.models import Balance, MoveKind, ReasonCode
from mfc.layout.models import Location, Site
from mfc.orders.models import Order
from mfc.orders.states import OrderState
from mfc.slotting import runs
from mfc.slotting.models import PlanRun, SlotMove
from mfc.slotting.states import MOVE_TRANSITIONS, MoveState

# It is quiet when no accepted order has to be delivered within this time.
QUIET_S = 3_600
_RELATED = ("sku", "source__zone", "target__zone", "site", "run")


def is_quiet(site: Site) -> bool:
    """Whether moving goods is in nobody's way: no accepted order is due soon."""
    until = clock.now() + timedelta(seconds=QUIET_S)
    return not Order.objects.filter(site=site, state=OrderState.ACCEPTED, promise_until__lte=until).exists()


def open_moves(site: Site) -> list[SlotMove]:
    """What may be done next: the first open move of each chain; best chains first, goods on a buffer place before all."""
    rows = (
        SlotMove.objects.filter(site=site, state=MoveState.OPEN).select_related(*_RELATED).order_by("number")
    )
    first: dict[tuple[int, int], SlotMove] = {}
    for row in rows:
        first.setdefault((row.run_id, row.chain), row)
    begun = set(
        SlotMove.objects.filter(
            site=site, state=MoveState.DONE, run__in={run for run, _ in first}
        ).values_list("run_id", "chain")
    )
    return sorted(first.values(), key=lambda row: ((row.run_id, row.chain) not in begun, row.number))


def due(site: Site) -> list[SlotMove]:
    """What the terminal offers: in quiet hours everything that may be next, else only chains that have begun."""
    found = open_moves(site)
    if is_quiet(site):
        return found
    begun = SlotMove.objects.filter(site=site, state=MoveState.DONE).values_list("run_id", "chain")
    return [row for row in found if (row.run_id, row.chain) in set(begun)]


def qty_there(move: SlotMove) -> int:
    """Eaches of the SKU at the source, by the book."""
    return sum(row.on_hand for row in _stock(move))


def _stock(move: SlotMove) -> list[Balance]:
    rows = Balance.objects.select_related("sku", "lot", "location__zone", "site").order_by("pk")
    return list(rows.filter(location_id=move.source_id, sku_id=move.sku_id, on_hand__gt=0))


@txn.use_case
def carry(*, move: SlotMove, actor: Actor) -> SlotMove:
    """All of the SKU lies at the target now; the slot goes with it.

    Raises ``illegal_transition``, ``move_not_next`` while an earlier move of the chain is open, ``picks_waiting`` while
    pickers are on their way to it, and ``place_occupied`` when something else lies at the target.
    """
    run = PlanRun.objects.select_for_update(of=("self",)).select_related("site").get(pk=move.run_id)
    earlier = move.run.moves.filter(chain=move.chain, number__lt=move.number, state=MoveState.OPEN).order_by(
        "number"
    )
    first = earlier.first()
    if first is not None:
        raise DomainError("move_not_next", f"Move {first.number} comes first.", number=first.number)
    rows = _stock(move)
    if any(row.reserved for row in rows):
        raise DomainError(
            "picks_waiting",
            f"{sum(row.reserved for row in rows)} at {move.source} wait for pickers.",
            number=move.number,
        )
    _refuse_occupied(move)
    advance(
        move, MoveState.DONE, table=MOVE_TRANSITIONS, done_at=clock.now(), done_by=str(actor),
        qty_done=sum(row.on_hand for row in rows),
    )  # fmt: skip
    for row in rows:
        transfers.relocate(
            balance=row,
            qty=row.on_hand,
            target=move.target,
            actor=actor,
            reason_code=ReasonCode.BETTER_PLACE,
            kind=MoveKind.MOVE,
            reference=f"slotmove:{move.pk}",
        )
    _hand_over_slot(move)
    journal.write(
        "slot.moved", actor=actor, subject=f"slotmove:{move.pk}", site=move.site.code, sku=move.sku.code,
        source=move.source.code, target=move.target.code, qty=move.qty_done,
    )  # fmt: skip
    runs.finish_if_done(run, actor)
    txn.hint("plan", "board")
    return move


def _refuse_occupied(move: SlotMove) -> None:
    if move.to_buffer and move.target.slotted_sku_id is None:
        return  # several articles may wait on a reserve place
    others = Balance.objects.filter(location_id=move.target_id, on_hand__gt=0).exclude(sku_id=move.sku_id)
    owner = Location.objects.filter(pk=move.target_id).exclude(
        Q(slotted_sku=None) | Q(slotted_sku_id=move.sku_id)
    )
    found = others.select_related("sku").first()
    if found is not None or owner.exists():
        raise DomainError("place_occupied", f"{move.target} is not empty.", number=move.number)


def _hand_over_slot(move: SlotMove) -> None:
    """The target is the SKU's slot now, with the limits of the old one as far as they are known; a buffer is nobody's."""
    source = Location.objects.select_for_update(of=("self",)).get(pk=move.source_id)
    limits = {"slot_min": source.slot_min, "slot_max": source.slot_max}
    if source.slotted_sku_id == move.sku_id:
        Location.objects.filter(pk=source.pk).update(slotted_sku=None, slot_min=None, slot_max=None)
    if move.to_buffer:
        return
    if source.slotted_sku_id != move.sku_id:
        limits = _limits_before(move)
    Location.objects.filter(pk=move.target_id).update(slotted_sku_id=move.sku_id, **limits)


def _limits_before(move: SlotMove) -> dict[str, int | None]:
    """From the buffer: the limits that the SKU's slot had when it was left, as the plan noted them."""
    noted = move.run.result.get("limits", {}).get(str(move.sku_id)) or [None, None]
    return {"slot_min": noted[0], "slot_max": noted[1]}


@txn.use_case
def skip(*, move: SlotMove, actor: Actor, reason: str) -> int:
    """It cannot be done as planned: its chain is dropped as far as nothing of it stands on a buffer place."""
    if not reason.strip():
        raise DomainError("reason_missing", "Say why the move cannot be done.")
    journal.write(
        "slot.move_skipped", actor=actor, subject=f"slotmove:{move.pk}", site=move.site.code, reason=reason
    )
    return runs.drop_chain(run_id=move.run_id, chain=move.chain, actor=actor)
