"""The demo's picture in a narrow terminal."""

from __future__ import annotations

from rich.console import Console

from mfc.orders.states import OrderState
from mfc.runtime.demo import show

SNAPSHOT = {
    "now": "2026-01-15T09:18:05+00:00",
    "speed": 10.0,
    "orders": {str(state): 1 for state in OrderState},
    "figures": {"lines_picked": 3, "short_lines": 0, "late": 0},
    "batches": [],
    "people": [],
    "lanes": [],
    "devices": [],
    "events": [],
}


def lines(total: int) -> list[str]:
    console = Console(width=80, record=True, file=None, force_terminal=False)
    with console.capture() as captured:
        console.print(show.live(SNAPSHOT, total=total, note=""))
    return captured.get().splitlines()


def test_the_names_of_the_stages_stand_on_a_line_of_their_own_in_80_columns() -> None:
    heads = [line for line in lines(9) if "accepted" in line]
    assert len(heads) == 1
    assert heads[0].startswith("accepted")
    assert "handed over" in heads[0]
    assert "unfilled" in heads[0]


def test_orders_that_people_send_themselves_count_in_the_total() -> None:
    assert any("3 of 9 orders done" in line for line in lines(4))
