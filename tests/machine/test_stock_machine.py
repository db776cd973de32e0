"""A hundred walks through the room in any order of deeds; and bugs planted to see that the machine finds them."""

from __future__ import annotations

import itertools
import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from mfc.core import ids
from mfc.inventory import grading, ledger, promises
from tests.machine.house import HouseMachine
from tests.machine.room import every_invariant
from tests.walk import Walk
from tests.world import World

DEEDS = frozenset(
    {
        *("receive", "put away", "relocate", "adjust", "hold", "lift", "recall", "expire"),
        *("accept", "cancel", "release", "load", "pick", "short", "undo", "drop"),
        *("weigh", "seal", "stage", "hand over"),
        "count",
    }
)
LONG_PARTS, LONG_EXAMPLES = 20, 100


def run(world: World, *, examples: int, steps: int, number: int | None = None) -> Counter[str]:
    """Run the machine in the test room; every example begins with the room as it was built."""

    class Here(HouseMachine):
        pass

    Here.world, Here.deeds, Here.sql = world, Counter(), every_invariant()
    Here.walk = walk = Walk(world)
    walk.start("cart-1", "Sam", 0)
    walk.start("cart-2", "Kim", 1)
    walk.badge("pack-1", "Pat")
    walk.badge("hosp-1", "Lee")
    options = settings(
        max_examples=examples,
        stateful_step_count=steps,
        derandomize=number is None,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
        print_blob=False,
        report_multiple_bugs=False,
    )
    factory: Any = Here if number is None else seed(number)(Here)
    numbers = itertools.count(1)
    fresh = ids._factory
    # Ids decide the order of locks and of ties: in every run the same.
    ids.install(lambda: uuid.UUID(int=next(numbers)))
    try:
        run_state_machine_as_test(factory, settings=options)
    finally:
        ids.install(fresh)
    return Here.deeds


@pytest.mark.timeout(300)
def test_any_order_of_deeds_keeps_every_book(world: World) -> None:
    deeds = run(world, examples=100, steps=6)
    assert {deed for deed in DEEDS if not deeds[deed]} == set(), deeds


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("part", range(LONG_PARTS))
def test_two_thousand_walks_keep_every_book(world: World, part: int) -> None:
    deeds = run(world, examples=LONG_EXAMPLES, steps=15, number=part)
    assert {deed for deed in DEEDS if not deeds[deed]} == set(), deeds


def promise_without_looking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Promises are not compared with what is free."""
    plan = ledger._plan_position

    def unclaimed(plan_: ledger._Plan, entry: ledger.Entry, *rest: Any) -> None:
        plan(plan_, entry, *rest)
        for delta in plan_.positions.values():
            delta.claimed = False

    monkeypatch.setattr(ledger, "_plan_position", unclaimed)


def keep_promises_of_cancelled_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cancelled order's promise stays."""
    monkeypatch.setattr(promises, "withdraw", lambda **given: None)


def sell_what_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    """Holds are not looked at when goods are put on a shelf."""
    monkeypatch.setattr(grading, "_open_holds", lambda site_id, *targets: [])


def sell_what_has_expired(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last day is compared the wrong way round by a year."""
    from datetime import timedelta

    today = grading.today
    monkeypatch.setattr(grading, "today", lambda: today() - timedelta(days=365))


def write_off_one_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """An adjustment downwards books one unit less than it should."""
    planned = ledger._plan_balance

    def wrong(plan: ledger._Plan, entry: ledger.Entry, sources: Any) -> None:
        planned(plan, entry, sources)
        if isinstance(entry, ledger.Move) and entry.kind == "adjust" and entry.qty > 1 and entry.source:
            plan.balances[sources[ledger._source_key(entry)].balance_id].on_hand += 1

    monkeypatch.setattr(ledger, "_plan_balance", wrong)


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "plant",
    [
        promise_without_looking,
        sell_what_is_held,
        write_off_one_too_many,
        pytest.param(keep_promises_of_cancelled_orders, marks=pytest.mark.slow),
        pytest.param(sell_what_has_expired, marks=pytest.mark.slow),
    ],
    ids=lambda plant: getattr(plant, "__name__", None),
)
def test_the_machine_finds_a_planted_bug(
    world: World, monkeypatch: pytest.MonkeyPatch, plant: Callable[[pytest.MonkeyPatch], None]
) -> None:
    """The control: a machine that lets these pass proves nothing."""
    plant(monkeypatch)
    with pytest.raises(AssertionError):
        run(world, examples=40, steps=14)
