"""Reference pages made from the program itself: refusals and state diagrams."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from mfc.core import states as core
from mfc.core.error_codes import CODES
from mfc.dispatch import states as dispatch
from mfc.inbound import states as inbound
from mfc.orders import states as orders
from mfc.packing import states as packing
from mfc.picking import states as picking
from mfc.slotting import states as slotting
from mfc.upkeep import states as upkeep

_MEANING = re.compile(r"^\s+(?P<name>[A-Z_]+) = \".*\"  # (?P<text>.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Machine:
    """One noun's states, what may follow what, and where it begins."""

    title: str
    states: type[StrEnum]
    table: Mapping[Any, frozenset[Any]]
    initial: StrEnum


MACHINES = (
    Machine("Order", orders.OrderState, orders.TRANSITIONS, orders.OrderState.ACCEPTED),
    Machine("Receipt", inbound.ReceiptState, inbound.TRANSITIONS, inbound.ReceiptState.ANNOUNCED),
    Machine("Replenishment", upkeep.ReplenishState, upkeep.REPLENISH_TRANSITIONS, upkeep.ReplenishState.OPEN),
    Machine("Count", upkeep.CountState, upkeep.COUNT_TRANSITIONS, upkeep.CountState.OPEN),
    Machine("Planning run", slotting.RunState, slotting.RUN_TRANSITIONS, slotting.RunState.QUEUED),
    Machine("Move between slots", slotting.MoveState, slotting.MOVE_TRANSITIONS, slotting.MoveState.PROPOSED),
    Machine("Batch", picking.BatchState, picking.BATCH_TRANSITIONS, picking.BatchState.PLANNED),
    Machine("Pick task", picking.TaskState, picking.TASK_TRANSITIONS, picking.TaskState.OPEN),
    Machine("Question to a customer", picking.AskState, picking.ASK_TRANSITIONS, picking.AskState.ASKED),
    Machine("Put-back", picking.PutBackState, picking.PUT_BACK_TRANSITIONS, picking.PutBackState.OPEN),
    Machine("Put slot", picking.SlotState, picking.SLOT_TRANSITIONS, picking.SlotState.IDLE),
    Machine("Pack job", packing.PackState, packing.TRANSITIONS, packing.PackState.ARRIVING),
    Machine("Import", core.ImportState, core.IMPORT_TRANSITIONS, core.ImportState.UPLOADED),
    Machine("Shipment", dispatch.ShipmentState, dispatch.TRANSITIONS, dispatch.ShipmentState.SEALED),
)


def pages() -> dict[str, str]:
    """Text by file name below docs/reference."""
    return {"errors.md": errors(), "states.md": states()}


def errors() -> str:
    """Every refusal with its HTTP status and what to do."""
    parts = [
        "# Refusals\n",
        "Made by `manage.py write_docs` from `mfc/core/error_codes.py`. A refusal changes nothing. REST answers it as a\n"
        "problem document (RFC 9457) with the member `code`; a scanner sounds the refused tone and the screen shows text\n"
        "and remedy.\n",
    ]
    parts += [
        f"## {entry.code}\n\n{entry.title}. HTTP {entry.status}.\n\n{entry.remedy}\n"
        for entry in CODES.values()
    ]
    return "\n".join(parts)


def states() -> str:
    """Every state machine as a diagram, and what each state means."""
    parts = [
        "# States\n",
        "Made by `manage.py write_docs` from the `states.py` modules. A change of state is one conditional\n"
        "update; what the diagram does not show is refused with `illegal_transition`.\n",
    ]
    return "\n".join(parts + [_machine(machine) for machine in MACHINES])


def _machine(machine: Machine) -> str:
    lines = [f"## {machine.title}\n", "```mermaid", "stateDiagram-v2", f"    [*] --> {machine.initial}"]
    for state in machine.states:
        following = [other for other in machine.states if other in machine.table[state]]
        lines += [f"    {state} --> {other}" for other in following] or [f"    {state} --> [*]"]
    lines += ["```\n", "| State | Meaning |", "|---|---|"]
    meaning = meanings(machine.states)
    lines += [f"| `{state}` | {meaning[state.name]} |" for state in machine.states]
    return "\n".join(lines) + "\n"


def meanings(states: type[StrEnum]) -> dict[str, str]:
    """What each state means, from the comment behind its value."""
    found = {match["name"]: match["text"] for match in _MEANING.finditer(inspect.getsource(states))}
    missing = {state.name for state in states} - found.keys()
    assert not missing, f"{states.__name__}: no comment says what {', '.join(sorted(missing))} means"
    return found
