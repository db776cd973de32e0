"""Planning runs: asked for, worked out by the worker with progress, stopped with the best so far, decided on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.db.models.functions import Now

from mfc.core import clock, jobs, journal, txn
from mfc.core.actors import Actor
from mfc.core.errors import DomainError
from mfc.core.transitions import advance
from mfc.layout.models import Site
from mfc.slotting.models import PlanRun, RangeChange, RunKind, SlotMove
from mfc.slotting.states import MOVE_TRANSITIONS, RUN_TRANSITIONS, WORKING, MoveState, RunState

JOB = "slotting.run"
# What may be asked, with what is taken when nothing is said and the limits.
SETTINGS: dict[str, dict[str, tuple[float, float, float]]] = {
    RunKind.DEMAND: {"days": (365, 28, 1_100)},
    RunKind.ASSORTMENT: {"days": (365, 28, 1_100), "skus": (0, 0, 100_000), "most_new": (-1, -1, 100_000)},
    RunKind.SLOTS: {
        "days": (120, 14, 1_100),
        "moves_percent": (20, 1, 100),
        "payback_days": (180, 1, 10_000),
        "seconds": (60, 1, 600),
        "seed": (1, 1, 2_000_000_000),
    },
}
# A look at the clock in the search comes many times a second; a run nobody touched for this long lost its worker.
STALLED_AFTER = timedelta(seconds=90)
MAX_ATTEMPTS = 3


@txn.use_case
def ask(*, site: Site, kind: RunKind | str, actor: Actor, **wanted: float) -> PlanRun:
    """Have the worker plan. ``wanted`` as in ``SETTINGS``; raises ``value_invalid`` and ``plan_at_work``."""
    if kind not in SETTINGS:
        raise DomainError("value_invalid", f"kind={kind}: use one of {', '.join(SETTINGS)}.")
    settings = checked(str(kind), wanted)
    working = PlanRun.objects.filter(site=site, kind=kind, state__in=WORKING).first()
    if working is not None:
        raise DomainError("plan_at_work", f"{working} is at work.", run_id=working.pk)
    run = PlanRun.objects.create(
        site=site, kind=kind, settings=settings, asked_at=clock.now(), actor=str(actor), actor_name=actor.name
    )
    _note(run, "asked", actor, kind=str(kind), **settings)
    queue(run.pk)
    return run


def checked(kind: str, wanted: dict[str, float]) -> dict[str, float]:
    """All settings of a kind, the missing ones as usual; raises ``value_invalid``."""
    known = SETTINGS[kind]
    for name, value in wanted.items():
        if name not in known:
            raise DomainError("value_invalid", f"{name} is no setting of {kind}: use {', '.join(known)}.")
        _, low, high = known[name]
        if not low <= value <= high:
            raise DomainError("value_invalid", f"{name}={value:g} is not {low:g} to {high:g}.", name=name)
    return {name: wanted.get(name, usual) for name, (usual, _, _) in known.items()}


def queue(run_id: int) -> None:
    """Have the worker go on with it."""
    jobs.defer(JOB, lock=f"slotting/{run_id}", queueing_lock=f"slotting/{run_id}", run_id=run_id)


def find(run_id: int, *, site: Site | None = None) -> PlanRun:
    """The run; raises ``not_found``."""
    rows = PlanRun.objects.select_related("site").filter(pk=run_id)
    run = (rows if site is None else rows.filter(site=site)).first()
    if run is None:
        raise DomainError("not_found", f"There is no planning run {run_id}.")
    return run


def _locked(run_id: int) -> PlanRun:
    run = PlanRun.objects.select_for_update(of=("self",)).select_related("site").filter(pk=run_id).first()
    if run is None:
        raise DomainError("not_found", f"There is no planning run {run_id}.")
    return run


def _note(run: PlanRun, deed: str, actor: Actor, **data: Any) -> None:
    journal.write(f"planning.{deed}", actor=actor, subject=f"planrun:{run.pk}", site=run.site.code, **data)


@txn.use_case
def begin(*, run_id: int) -> PlanRun | None:
    """The worker starts, or starts again after it was killed; None when there is nothing to do."""
    run = _locked(run_id)
    fresh: dict[str, Any] = {"attempts": run.attempts + 1, "touched_at": Now(), "percent": 0}
    if run.state == RunState.QUEUED:
        advance(run, RunState.RUNNING, table=RUN_TRANSITIONS, **fresh)
        return run
    if run.state == RunState.RUNNING:
        PlanRun.objects.filter(pk=run.pk).update(**fresh)
        return run
    return None


@txn.use_case
def report_progress(*, run_id: int, share: float, text: str) -> bool:
    """Say how far it is; true when somebody wants it to stop."""
    PlanRun.objects.filter(pk=run_id, state=RunState.RUNNING).update(
        percent=min(99, max(0, int(100 * share))), note=text[:300], touched_at=Now()
    )
    return not PlanRun.objects.filter(pk=run_id, state=RunState.RUNNING, stop_wanted=False).exists()


@txn.use_case
def stop(*, run_id: int, actor: Actor) -> PlanRun:
    """Keep the best so far; a run that has not begun is discarded. Raises ``illegal_transition`` when it has ended."""
    run = _locked(run_id)
    if run.state == RunState.RUNNING:
        PlanRun.objects.filter(pk=run.pk).update(stop_wanted=True)
        run.stop_wanted = True
    else:
        if run.state != RunState.QUEUED:
            raise DomainError(
                "illegal_transition", f"{run} is {run.state}: nothing is to be stopped.", state=run.state
            )
        _end(run, RunState.DISCARDED, actor, note=f"Stopped by {actor.name} before it began.")
    _note(run, "stopped", actor)
    return run


def _end(run: PlanRun, state: RunState, actor: Actor, **fields: Any) -> None:
    advance(
        run, state, table=RUN_TRANSITIONS, ended_at=clock.now(), decided_at=clock.now(), decided_by=str(actor), **fields
    )  # fmt: skip


@txn.use_case
def fail(*, run_id: int, actor: Actor, why: str) -> None:
    """It could not be worked out; a run that has ended stays as it is."""
    run = _locked(run_id)
    if run.state in WORKING:
        _end(run, RunState.FAILED, actor, note=why[:300])
        _note(run, "failed", actor, why=why[:300])


@txn.use_case
def discard(*, run_id: int, actor: Actor) -> PlanRun:
    """Nobody wants it. Raises ``illegal_transition``."""
    run = _locked(run_id)
    advance(
        run, RunState.DISCARDED, table=RUN_TRANSITIONS, decided_at=clock.now(), decided_by=str(actor)
    )  # fmt: skip
    for move in run.moves.filter(state=MoveState.PROPOSED).order_by("pk"):
        advance(move, MoveState.DROPPED, table=MOVE_TRANSITIONS)
    _note(run, "discarded", actor)
    return run


@txn.use_case
def approve(*, run_id: int, actor: Actor) -> PlanRun:
    """The moves become tasks; a range is agreed. Raises ``illegal_transition``, ``plan_at_work``, ``plan_outdated``."""
    run = _locked(run_id)
    advance(run, RunState.APPROVED, table=RUN_TRANSITIONS, decided_at=clock.now(), decided_by=str(actor))
    rows = list(
        run.moves.filter(state=MoveState.PROPOSED)
        .select_related("source", "target", "sku")
        .order_by("number")
    )
    busy = SlotMove.objects.filter(site=run.site, state=MoveState.OPEN).first()
    if rows and busy is not None:
        raise DomainError("plan_at_work", f"Moves of run {busy.run_id} are still open.", run_id=busy.run_id)
    _refuse_outdated(rows)
    for move in rows:
        advance(move, MoveState.OPEN, table=MOVE_TRANSITIONS)
    _note(run, "approved", actor, moves=len(rows))
    finish_if_done(run, actor)
    txn.hint("plan")
    return run


def _refuse_outdated(rows: list[SlotMove]) -> None:
    """Play the moves through on the slots as they are now: each must find its goods, and its target free."""
    owner = {place.pk: place.slotted_sku_id for move in rows for place in (move.source, move.target)}
    for move in rows:
        if owner[move.source_id] not in (None, move.sku_id):
            raise DomainError(
                "plan_outdated", f"{move.source} holds another article now.", number=move.number
            )
        if owner[move.target_id] not in (None, move.sku_id):
            raise DomainError("plan_outdated", f"{move.target} is no longer free.", number=move.number)
        owner[move.source_id] = None
        if not move.to_buffer:
            owner[move.target_id] = move.sku_id


def finish_if_done(run: PlanRun, actor: Actor) -> None:
    """An approved run without open moves has come to its end; an agreed range ends at once."""
    if run.state == RunState.APPROVED and not run.moves.filter(state=MoveState.OPEN).exists():
        advance(run, RunState.FINISHED, table=RUN_TRANSITIONS)
        _note(run, "finished", actor)


@txn.use_case
def drop_chain(*, run_id: int, chain: int, actor: Actor) -> int:
    """Take the not yet done moves of a chain out of the plan; returns how many.

    Raises ``not_found``, and ``chain_begun`` when a part of it is done: its goods would stand in the way.
    """
    run = _locked(run_id)
    rows = list(run.moves.filter(chain=chain).order_by("number"))
    if not rows:
        raise DomainError("not_found", f"{run} has no chain {chain}.")
    if any(move.state == MoveState.DONE for move in rows) and any(move.to_buffer for move in rows):
        raise DomainError("chain_begun", f"Chain {chain} has goods on the buffer place: finish it.")
    left = [move for move in rows if move.state in {MoveState.PROPOSED, MoveState.OPEN}]
    for move in left:
        advance(move, MoveState.DROPPED, table=MOVE_TRANSITIONS)
    _note(run, "chain_dropped", actor, chain=chain, moves=len(left))
    finish_if_done(run, actor)
    return len(left)


@txn.use_case
def drop_change(*, change: RangeChange, actor: Actor) -> None:
    """Leave a SKU as it is. Raises ``illegal_transition`` once the run is decided."""
    run = _locked(change.run_id)
    if run.state != RunState.READY:
        raise DomainError(
            "illegal_transition", f"{run} is {run.state}: its range is decided.", state=run.state
        )
    RangeChange.objects.filter(pk=change.pk).update(dropped=True)
    _note(run, "change_dropped", actor, sku=change.sku.code)


@txn.use_case
def resume_stalled() -> int:
    """Queue again what lost its worker; give up what has cost several. Returns how many were found."""
    stalled = (
        PlanRun.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("site")
        .filter(Q(state=RunState.RUNNING), touched_at__lt=Now() - STALLED_AFTER)
    )
    count = 0
    for run in stalled.order_by("pk"):
        if jobs.is_waiting(f"slotting/{run.pk}"):
            continue
        count += 1
        if run.attempts >= MAX_ATTEMPTS:
            _end(
                run,
                RunState.FAILED,
                sender(run),
                note=f"Given up after {MAX_ATTEMPTS} starts; the worker's log says why.",
            )
            continue
        PlanRun.objects.filter(pk=run.pk).update(touched_at=Now())
        queue(run.pk)
    return count


def sender(run: PlanRun) -> Actor:
    """Who asked; what comes of it is written in their name."""
    kind, _, key = run.actor.partition(":")
    return Actor(kind, key, run.actor_name)
