"""What the terminal shows while the demo runs, and at its end."""

from __future__ import annotations

from typing import Any

from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

_PIPELINE = ("accepted", "released", "picking", "picked", "packed", "ready", "handed_over", "unfilled")
_COLOURS = {
    "blue": "blue",
    "green": "green",
    "amber": "yellow",
    "magenta": "magenta",
    "cyan": "cyan",
    "white": "white",
    None: "dim",
}
MAX_EVENTS = 6


def greeting(urls: dict[str, str], logins: dict[str, str]) -> RenderableType:
    """Where to look and how to get in."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")  # an address must be copied whole
    for name, url in urls.items():
        table.add_row(Text(name, style="bold"), Text(url, style="underline cyan"))
    for name, login in logins.items():
        table.add_row(Text(name, style="bold"), login)
    return Panel(table, title="MFC WMS demo", border_style="cyan")


def live(snapshot: dict[str, Any], *, total: int, note: str) -> RenderableType:
    """One picture of the floor."""
    orders = snapshot["orders"]
    total = max(total, sum(orders.values()))  # people may send orders of their own
    done = orders["handed_over"] + orders["unfilled"] + orders["cancelled"]
    head = Text.assemble(
        ("Site time ", "dim"),
        (snapshot["now"][11:19], "bold"),
        (f"   ×{snapshot['speed']:g}   ", "dim"),
        (f"{done} of {total} orders done", "bold green"),
        (f"   {note}", "yellow"),
    )
    pipeline = Table.grid(padding=(0, 1))
    pipeline.add_row(*[Text(name.replace("_", " "), style="dim") for name in _PIPELINE])
    pipeline.add_row(*[Text(str(orders[name]), style="bold") for name in _PIPELINE])
    bar = Table.grid()
    bar.add_row(ProgressBar(total=max(total, 1), completed=done, width=78))
    figures = snapshot["figures"]
    foot = Text(
        f"{figures['lines_picked']} lines picked, {figures['short_lines']} short, {figures['late']} late",
        style="dim",
    )
    return Group(
        head,
        bar,
        pipeline,
        Columns([_people(snapshot), _lanes(snapshot)]),
        _events(snapshot),
        foot,
    )


def _people(snapshot: dict[str, Any]) -> RenderableType:
    batches = {batch["number"]: batch for batch in snapshot["batches"]}
    table = Table("Person", "Doing", "Batch", title="People", title_justify="left", box=None)
    for person in snapshot["people"]:
        batch = batches.get(person["batch"])
        text = (
            f"{batch['tasks'] - batch['todo']}/{batch['tasks']} of {batch['orders']} orders" if batch else ""
        )
        table.add_row(
            person["name"], person["doing"], Text(text, style=_COLOURS.get(person["colour"], "dim"))
        )
    return table


def _lanes(snapshot: dict[str, Any]) -> RenderableType:
    table = Table("Lane", "coming", "ready", "claimed", title="Lanes", title_justify="left", box=None)
    for lane in snapshot["lanes"]:
        table.add_row(lane["code"], str(lane["sealed"]), str(lane["ready"]), str(lane["claimed"]))
    troubled = [device for device in snapshot["devices"] if device["state"] != "online"]
    table.add_row()
    if troubled:
        names = ", ".join(f"{device['key']} {device['state']}" for device in troubled[:4])
        table.add_row(Text(f"⚠ {names}", style="red"))
    else:
        table.add_row(Text(f"{len(snapshot['devices'])} devices online", style="green"))
    return table


def _events(snapshot: dict[str, Any]) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    for event in snapshot["events"][:MAX_EVENTS]:
        style = "red" if event["verb"].endswith(("short", "rejected", "offline", "lost", "failed")) else ""
        table.add_row(
            Text(event["at"][11:19], style="dim"),
            Text(event["verb"], style=style),
            event["subject"],
            event["actor"],
        )
    return Panel(table, title="Last events", title_align="left", border_style="dim")


def line(snapshot: dict[str, Any], *, total: int) -> str:
    """One line for a terminal that is no terminal."""
    orders = snapshot["orders"]
    total = max(total, sum(orders.values()))
    done = orders["handed_over"] + orders["unfilled"] + orders["cancelled"]
    stages = ", ".join(f"{orders[name]} {name.replace('_', ' ')}" for name in _PIPELINE if orders[name])
    return f"{snapshot['now'][11:19]}  {done}/{total} done  ({stages})"


def ending(console: Console, result: dict[str, Any]) -> None:
    """The summary a person understands."""
    orders = result["orders"]
    lamp, direction = result["scan_to_lamp_ms"], result["direction_answer_ms"]
    table = Table.grid(padding=(0, 3))
    rows: list[tuple[str, str | Text]] = [
        ("Orders accepted", f"{orders['accepted']}{_refused(result)}"),
        ("handed over", f"{orders['handed_over']}, {orders['late']} of them late"),
        ("short", f"{orders['short_lines']} lines; {orders['unfilled']} orders had nothing to send"),
        ("Lines picked", f"{result['lines_picked']} ({result['units_picked']} units)"),
        (
            "Mistakes caught",
            f"{result['mispicks_caught']} wrong scans or presses, {result['weights_refused']} at the scale",
        ),
        ("Scan to lamp", _times(lamp)),
        ("Tote to direction", _times(direction)),
        ("Books", _books(result)),
        ("Floor and books", _verdict(result["deliveries_wrong"], "every tote as booked", "totes differ")),
        ("Took", f"{result['wall_s']} s"),
    ]
    for name, value in rows:
        table.add_row(Text(name, style="bold"), value)
    console.print(Panel(table, title="What happened", border_style="green"))


def _refused(result: dict[str, Any]) -> str:
    codes = ", ".join(f"{count} × {code}" for code, count in result["refused_codes"].items())
    return f"; refused at once: {codes}" if codes else ""


def _times(figures: dict[str, Any]) -> str:
    if not figures["n"]:
        return "not measured"
    return (
        f"{figures['p50']} ms median, {figures['p95']} ms p95, {figures['p99']} ms p99 ({figures['n']} times)"
    )


def _books(result: dict[str, Any]) -> Text:
    """What broke, by name: ``manage.py check_integrity`` shows the rows."""
    broken = ", ".join(result.get("integrity_broken", []))
    return _verdict(result["integrity_violations"], "all invariants hold", f"rows break: {broken}")


def _verdict(number: int, good: str, bad: str) -> Text:
    return Text(good, style="green") if number == 0 else Text(f"{number} {bad}", style="bold red")
