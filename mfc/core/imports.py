"""Imports of files: stored, checked as a whole, then written chunk by chunk, each chunk exactly once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db.models import F
from django.db.models.functions import Now

from mfc.core import clock, csvfile, exchange, jobs, journal, txn
from mfc.core.actors import Actor
from mfc.core.errors import DomainError
from mfc.core.exchange import Batch
from mfc.core.models import ImportChunk, ImportRun
from mfc.core.states import IMPORT_TRANSITIONS, RUNNING, ImportState
from mfc.core.transitions import advance

JOB = "core.run_import"
# One transaction: long enough to be fast, short enough that floor work hardly waits for its locks.
CHUNK_ROWS = 500
# Then the job gives way to others and comes again.
CHUNKS_PER_JOB = 10
# A chunk takes a second or two; a run that nobody touched for this long has lost its worker.
STALLED_AFTER = timedelta(seconds=30)
# A chunk that ends its worker this often is not tried again.
MAX_ATTEMPTS = 5


@txn.use_case
def upload(
    *,
    site: str,
    kind: str,
    file_name: str,
    data: bytes,
    actor: Actor,
    go_on: bool = False,
    partial: bool = False,
    queued: bool = True,
) -> ImportRun:
    """Store a file; the worker checks it, and with ``go_on`` imports it if nothing is wrong.

    ``queued`` False: the caller does the work itself. Raises ``import_refused``, ``import_too_large``, ``not_found``.
    """
    spec = exchange.kind_of(kind)
    table = csvfile.read(data)
    exchange.check_header(spec, table.columns)
    run = ImportRun.objects.create(
        site=site,
        kind=kind,
        file_name=file_name[:200] or "unnamed",
        digest=_digest(kind, table),
        columns=table.columns,
        go_on=go_on,
        partial=partial,
        rows_total=len(table.rows),
        actor=str(actor),
        actor_name=actor.name,
        uploaded_at=clock.now(),
    )
    ImportChunk.objects.bulk_create(
        (
            ImportChunk(run=run, number=number, rows=table.rows[start : start + CHUNK_ROWS])
            for number, start in enumerate(range(0, len(table.rows), CHUNK_ROWS))
        ),
        batch_size=20,
    )
    _note(run, "uploaded", actor, rows=run.rows_total)
    if queued:
        _queue(run.pk)
    return run


def _digest(kind: str, table: csvfile.Table) -> str:
    content = [kind, table.columns, [cells for _, cells in table.rows]]
    return hashlib.sha256(json.dumps(content, separators=(",", ":")).encode()).hexdigest()


def _queue(run_id: int) -> None:
    jobs.defer(JOB, queueing_lock=f"import/{run_id}", run_id=run_id)


def _note(run: ImportRun, deed: str, actor: Actor, **data: Any) -> None:
    journal.write(
        f"import.{deed}",
        actor=actor,
        subject=f"import:{run.pk}",
        site=run.site,
        kind=run.kind,
        file=run.file_name,
        **data,
    )


def sender(run: ImportRun) -> Actor:
    """Who sent the file; what it writes is written in their name."""
    kind, _, key = run.actor.partition(":")
    return Actor(kind, key, run.actor_name)


def work(*, run_id: int) -> None:
    """One job's worth of an import: the check, or some chunks. Doing it twice, or at once, does nothing twice."""
    state = ImportRun.objects.values_list("state", flat=True).filter(pk=run_id).first()
    if state in (ImportState.UPLOADED, ImportState.CHECKING):
        check(run_id=run_id)
        return
    for _ in range(CHUNKS_PER_JOB):
        if not write_chunk(run_id=run_id):
            return
    with txn.transaction_scope():
        _queue(run_id)


def check(*, run_id: int) -> None:
    """Compare the whole file with what is known, writing nothing but the report; from the start if it was broken off."""
    for _ in check_steps(run_id=run_id):
        pass


def check_steps(*, run_id: int) -> Iterator[int]:
    """The check as steps, one a chunk; gives the number of rows done."""
    attempt = _begin_check(run_id=run_id)
    if not attempt:
        return
    memory: dict[str, Any] = {}
    chunks = ImportChunk.objects.filter(run_id=run_id).order_by("number")
    for number in list(chunks.values_list("number", flat=True)):
        if not _check_chunk(run_id=run_id, number=number, attempt=attempt, memory=memory):
            return
        yield (number + 1) * CHUNK_ROWS
    _end_check(run_id=run_id, attempt=attempt)


def _locked(run_id: int) -> ImportRun:
    run = ImportRun.objects.select_for_update().filter(pk=run_id).first()
    if run is None:
        raise DomainError("not_found", f"There is no import {run_id}.")
    return run


@txn.use_case
def _begin_check(*, run_id: int) -> int:
    """Number of this attempt; 0 when there is nothing to check any more."""
    run = _locked(run_id)
    fresh: dict[str, Any] = {
        "attempts": run.attempts + 1,
        "touched_at": Now(),
        **dict.fromkeys(("rows_done", "rows_failed", "rows_new", "rows_changed", "rows_same"), 0),
    }
    attempt: int = fresh["attempts"]
    if run.state == ImportState.UPLOADED:
        advance(run, ImportState.CHECKING, table=IMPORT_TRANSITIONS, **fresh)
        return attempt
    if run.state == ImportState.CHECKING:
        ImportRun.objects.filter(pk=run.pk).update(**fresh)
        return attempt
    return 0


def _batch(run: ImportRun, chunk: ImportChunk, *, dry: bool, memory: dict[str, Any]) -> Batch:
    known_bad = set() if dry else {problem[0] for problem in chunk.problems}
    return exchange.batch_of(
        exchange.kind_of(run.kind),
        run.columns,
        [(line, cells) for line, cells in chunk.rows if line not in known_bad],
        site=run.site,
        actor=sender(run),
        digest=run.digest,
        dry=dry,
        memory=memory,
    )


def _counts(batch: Batch) -> dict[str, Any]:
    return {
        "rows_new": F("rows_new") + batch.new,
        "rows_changed": F("rows_changed") + batch.changed,
        "rows_same": F("rows_same") + batch.same,
        "rows_failed": F("rows_failed") + len({problem.line for problem in batch.problems}),
        "touched_at": Now(),
    }


@txn.use_case
def _check_chunk(*, run_id: int, number: int, attempt: int, memory: dict[str, Any]) -> bool:
    """False when the run was stopped, or somebody else has begun to check it again."""
    run = _locked(run_id)
    if run.state != ImportState.CHECKING or run.attempts != attempt:
        return False
    chunk = ImportChunk.objects.get(run=run, number=number)
    batch = _batch(run, chunk, dry=True, memory=memory)
    exchange.kind_of(run.kind).apply(batch)
    problems = [problem.as_list() for problem in sorted(batch.problems, key=lambda problem: problem.line)]
    if problems != chunk.problems:
        ImportChunk.objects.filter(pk=chunk.pk).update(problems=problems)
    ImportRun.objects.filter(pk=run.pk).update(rows_done=F("rows_done") + len(chunk.rows), **_counts(batch))
    txn.hint("imports")
    return True


@txn.use_case
def _end_check(*, run_id: int, attempt: int) -> None:
    run = _locked(run_id)
    if run.state != ImportState.CHECKING or run.attempts != attempt:
        return
    good = run.rows_total - run.rows_failed
    text = f"{good} of {run.rows_total} rows are right: {_outcome(run)}."
    if run.rows_failed and (not run.partial or good == 0):
        advance(
            run, ImportState.REFUSED, table=IMPORT_TRANSITIONS, report=f"{text} Nothing was written.",
            finished_at=clock.now(), touched_at=Now(),
        )  # fmt: skip
        _note(run, "refused", sender(run), failed=run.rows_failed)
        return
    advance(run, ImportState.CHECKED, table=IMPORT_TRANSITIONS, report=text, attempts=0, touched_at=Now())
    if run.go_on:
        begin(run_id=run.pk, actor=sender(run))


def _outcome(run: ImportRun) -> str:
    return f"{run.rows_new} new, {run.rows_changed} changed, {run.rows_same} as they were"


@txn.use_case
def begin(*, run_id: int, actor: Actor, queued: bool = True) -> ImportRun:
    """Begin to write what was checked; raises ``illegal_transition`` unless the file is checked."""
    run = _locked(run_id)
    fresh: dict[str, Any] = {"attempts": 0, "touched_at": Now()}
    counts = dict.fromkeys(("rows_done", "rows_failed", "rows_new", "rows_changed", "rows_same"), 0)
    advance(run, ImportState.IMPORTING, table=IMPORT_TRANSITIONS, **fresh, **counts)
    _note(run, "begun", actor)
    if queued:
        _queue(run.pk)
    return run


@txn.use_case
def write_chunk(*, run_id: int) -> bool:
    """Write the next chunk, in this transaction; False when none is left or the run has ended.

    A chunk is applied together with its mark: whoever comes after a crash finds either both or neither.
    """
    run = _locked(run_id)
    if run.state != ImportState.IMPORTING:
        return False
    chunk = ImportChunk.objects.filter(run=run, applied_at=None).order_by("number").first()
    if chunk is None:
        _finish(run)
        return False
    batch = _batch(run, chunk, dry=False, memory={})
    skipped = len({problem[0] for problem in chunk.problems})
    try:
        with txn.savepoint():
            exchange.kind_of(run.kind).apply(batch)
            if batch.problems and not run.partial:
                raise DomainError("import_refused", _changed_since(batch))
    except DomainError as refusal:
        ImportChunk.objects.filter(pk=chunk.pk).update(problems=_merged(chunk, batch))
        _fail(run, f"{refusal.message} {run.rows_done} of {run.rows_total} rows are written.")
        return False
    ImportChunk.objects.filter(pk=chunk.pk).update(applied_at=clock.now(), problems=_merged(chunk, batch))
    counts = _counts(batch)
    counts["rows_failed"] += skipped
    ImportRun.objects.filter(pk=run.pk).update(
        rows_done=F("rows_done") + len(chunk.rows), attempts=0, **counts
    )
    txn.hint("imports")
    return True


def _changed_since(batch: Batch) -> str:
    problem = min(batch.problems, key=lambda problem: problem.line)
    return f"Something has changed since the check. Line {problem.line}: {problem.message}"


def _merged(chunk: ImportChunk, batch: Batch) -> list[list[Any]]:
    return sorted(
        [*chunk.problems, *(problem.as_list() for problem in batch.problems)], key=lambda item: item[0]
    )


def _finish(run: ImportRun) -> None:
    left = f" {run.rows_failed} rows were left out." if run.rows_failed else ""
    report = f"{_outcome(run)[:1].upper()}{_outcome(run)[1:]}.{left}"
    advance(
        run, ImportState.DONE, table=IMPORT_TRANSITIONS, report=report, finished_at=clock.now(), touched_at=Now()
    )  # fmt: skip
    _note(run, "done", sender(run), new=run.rows_new, changed=run.rows_changed, failed=run.rows_failed)


def _fail(run: ImportRun, report: str) -> None:
    advance(
        run, ImportState.FAILED, table=IMPORT_TRANSITIONS, report=report[:300], finished_at=clock.now(),
        touched_at=Now(),
    )  # fmt: skip
    _note(run, "failed", sender(run), report=report)


@txn.use_case
def stop(*, run_id: int, actor: Actor) -> ImportRun:
    """Stop an import after the chunk that is being written; what is written stays.

    Raises ``illegal_transition`` when it has ended.
    """
    run = _locked(run_id)
    report = f"Stopped by {actor.name}."
    if run.state == ImportState.IMPORTING:
        report += f" {run.rows_done} of {run.rows_total} rows are written."
    advance(
        run, ImportState.STOPPED, table=IMPORT_TRANSITIONS, report=report, finished_at=clock.now(), touched_at=Now()
    )  # fmt: skip
    _note(run, "stopped", actor, rows_done=run.rows_done)
    return run


@txn.use_case
def resume_stalled() -> int:
    """Queue again what lost its worker; give up what has cost several. Returns how many were found."""
    stalled = list(
        ImportRun.objects.select_for_update(skip_locked=True)
        .filter(state__in=RUNNING, touched_at__lt=Now() - STALLED_AFTER)
        .order_by("pk")
    )
    count = 0
    for run in stalled:
        if jobs.is_waiting(f"import/{run.pk}"):
            continue  # no worker has had time for it yet
        count += 1
        if run.attempts >= MAX_ATTEMPTS:
            _fail(run, f"Given up after {MAX_ATTEMPTS} starts; the worker's log says why.")
            continue
        attempts = run.attempts + (run.state == ImportState.IMPORTING)
        ImportRun.objects.filter(pk=run.pk).update(touched_at=Now(), attempts=attempts)
        _queue(run.pk)
    return count


def find(run_id: int) -> ImportRun:
    """The run; raises ``not_found``."""
    run = ImportRun.objects.filter(pk=run_id).first()
    if run is None:
        raise DomainError("not_found", f"There is no import {run_id}.")
    return run


def problems(run_id: int) -> Iterator[list[Any]]:
    """All problems by line, as [line, column, code, message, expected]."""
    chunks = ImportChunk.objects.filter(run_id=run_id).exclude(problems=[]).order_by("number")
    for found in chunks.values_list("problems", flat=True):
        yield from found
