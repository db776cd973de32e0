"""States of an import: checked as a whole first, then written chunk by chunk."""

from enum import StrEnum


class ImportState(StrEnum):
    """Where an import stands."""

    UPLOADED = "uploaded"  # the file is stored, its check waits for the worker
    CHECKING = "checking"  # rows are compared with what is known, nothing is written
    CHECKED = "checked"  # the report is there; somebody decides whether to import
    REFUSED = "refused"  # rows are wrong; nothing was written
    IMPORTING = "importing"  # chunks are written, each in one transaction
    DONE = "done"  # every chunk is written
    FAILED = "failed"  # a chunk could not be written; those before it are
    STOPPED = "stopped"  # somebody stopped it; what was written stays


IMPORT_TRANSITIONS = {
    ImportState.UPLOADED: frozenset({ImportState.CHECKING, ImportState.STOPPED, ImportState.FAILED}),
    ImportState.CHECKING: frozenset(
        {ImportState.CHECKED, ImportState.REFUSED, ImportState.STOPPED, ImportState.FAILED}
    ),
    ImportState.CHECKED: frozenset({ImportState.IMPORTING, ImportState.STOPPED}),
    ImportState.REFUSED: frozenset(),
    ImportState.IMPORTING: frozenset({ImportState.DONE, ImportState.FAILED, ImportState.STOPPED}),
    ImportState.DONE: frozenset(),
    ImportState.FAILED: frozenset(),
    ImportState.STOPPED: frozenset(),
}
RUNNING = frozenset({ImportState.UPLOADED, ImportState.CHECKING, ImportState.IMPORTING})
STOPPABLE = RUNNING | {ImportState.CHECKED}
