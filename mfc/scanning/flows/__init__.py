"""Guided stock work at a terminal: the menu, and from there one flow at a time."""

from __future__ import annotations

from mfc.core.errors import DomainError
from mfc.layout.models import Site
from mfc.scanning.flows import adjust, count, hold, lookup, move, putaway, putback, receive, replenish, reslot
from mfc.scanning.flows.frame import Choice, Chosen, Entered, Flow, Input, View, Work
from mfc.scanning.replies import Reply, accepted
from mfc.scanning.resolve import BadgeScan, CommandScan, Scan

# In the order of the menu.
FLOWS: tuple[Flow, ...] = (
    receive.FLOW,
    putaway.FLOW,
    replenish.FLOW,
    count.FLOW,
    putback.FLOW,
    move.FLOW,
    reslot.FLOW,
    hold.FLOW,
    adjust.FLOW,
    lookup.FLOW,
)
BY_NAME = {flow.name: flow for flow in FLOWS}


def offered(work: Work) -> list[Flow]:
    """The flows that this person may do."""
    return [flow for flow in FLOWS if work.person.role in flow.roles]


def view(work: Work) -> View:
    """What the terminal shows now: the menu, or the step of a flow."""
    flow = BY_NAME.get(str(work.state.get("name", "")))
    if flow is not None:
        return flow.view(work)
    return View(
        title="What do you want to do?",
        hint="Scan anything to see what it is.",
        choices=tuple(Choice(flow.label, _hint(flow, work.site)) for flow in offered(work)),
    )


def _hint(flow: Flow, site: Site) -> str:
    count = flow.due(site) if flow.due else 0
    return f"{count} to do" if count else flow.hint


def scan(work: Work, scan: Scan) -> Reply:
    """One input at a stock terminal."""
    if isinstance(scan, BadgeScan):  # handled before; named for completeness
        raise DomainError("unexpected_scan", "A badge changes who works here.")
    if isinstance(scan, CommandScan):
        return _command(work, scan)
    return _give(work, scan)


def _command(work: Work, command: CommandScan) -> Reply:
    match command.name:
        case "MENU":
            work.leave()
            return accepted("Choose what to do.")
        case "BACK":
            return _again(work)
        case "CHOOSE":
            return _give(work, Chosen(command.qty or 0))
        case "ENTER":
            return _give(work, Entered(command.qty, command.text))
        case name if name.lower() in BY_NAME:
            return start(work, BY_NAME[name.lower()])
        case name:
            raise DomainError(
                "unexpected_scan",
                f"C-{name} does nothing at a stock terminal.",
                remedy="Use the buttons on the screen.",
            )


def start(work: Work, flow: Flow) -> Reply:
    """Enter a flow. Raises ``role_missing`` when it is not this person's work."""
    if work.person.role not in flow.roles:
        raise DomainError(
            "role_missing",
            f"{work.person.name} is {work.person.role}; this needs {' or '.join(sorted(flow.roles))}.",
        )
    work.begin(flow.name)
    return flow.start(work)


def _again(work: Work) -> Reply:
    flow = BY_NAME.get(str(work.state.get("name", "")))
    return start(work, flow) if flow is not None else accepted("Choose what to do.")


def _give(work: Work, given: Input) -> Reply:
    flow = BY_NAME.get(str(work.state.get("name", "")))
    if flow is not None:
        return flow.give(work, given)
    if isinstance(given, Chosen):
        flows = offered(work)
        if not 1 <= given.number <= len(flows):
            raise DomainError("unexpected_scan", f"There is no button {given.number} on this screen.")
        return start(work, flows[given.number - 1])
    if isinstance(given, Entered):
        raise DomainError("nothing_expected", "Nothing is to be typed now.")
    work.begin(lookup.FLOW.name)
    lookup.FLOW.start(work)
    return lookup.FLOW.give(work, given)
