"""A day once more: the site's orders on its own aisles, with other rules, more orders, fewer pickers."""

from __future__ import annotations

import json
from datetime import date, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from mfc.insight import whatif
from mfc.insight.whatif import Question
from tests.proof import refused, unchanged
from tests.world import TODAY, World


@pytest.fixture
def day(world: World) -> World:
    for number in range(12):
        lines: dict[str, int] = {"TEA": 1} if number % 2 else {"SOAP": 1, "MUG": 1}
        if number < 6:
            world.accept(f"o{number}", minutes=70, **lines)
        world.clock.advance(minutes=4)
    return world


def ask(world: World, **given: Any) -> tuple[whatif.Replay, Question]:
    question = Question(day=TODAY, **given)
    return whatif.replay(world.site, question), question


def test_a_day_is_walked_without_touching_the_books(day: World) -> None:
    with unchanged():
        replay, question = ask(day, pickers=2)
        result = whatif.answer(replay, question)
    assert sorted(str(one.order_id) for one in result.outcomes) == [f"o{n}" for n in range(6)]
    assert (result.lines, result.on_time) == (9, 1.0)
    assert whatif.answer(replay, question).walked_mm == result.walked_mm, "the same question, the same answer"


def test_growth_copies_orders_and_a_shorter_promise_is_kept_less_often(day: World) -> None:
    replay, question = ask(day, pickers=1, growth=3.0, promise_min=7)
    result = whatif.answer(replay, question)
    assert len(result.outcomes) == 18
    assert {str(one.order_id) for one in result.outcomes} >= {"o0", "o0+1", "o0+2"}
    relaxed = whatif.answer(*ask(day, pickers=1, growth=3.0, promise_min=120))
    assert result.on_time < relaxed.on_time == 1.0


def test_each_rule_does_every_order(day: World) -> None:
    for rule in ("rolling", "fifo", "edd", "waves"):
        assert len(whatif.answer(*ask(day, rule=rule)).outcomes) == 6


def test_the_staffing_curve_keeps_the_promises_with_fewer_hours_than_a_level_crew(day: World) -> None:
    replay, question = ask(day, growth=4.0, promise_min=15)
    told: list[str] = []
    levels = whatif.staffing(replay, question, told=told.append)
    assert len(levels) == 48
    kept = whatif.answer(replay, Question(day=TODAY, growth=4.0, promise_min=15, pickers=levels)).on_time
    assert kept >= 0.99
    assert told[0].endswith("pickers all day")
    level = int(told[0].split()[0])
    assert sum(levels) < 48 * level
    fewer = Question(day=TODAY, pickers=level - 1, promise_min=15, growth=4.0)
    assert level == 1 or whatif.answer(replay, fewer).on_time < 0.99


def test_orders_of_the_imported_past_stand_in_for_a_day_before_the_system(world: World) -> None:
    from mfc.orders.models import HistoryLine

    yesterday = world.clock.now() - timedelta(days=1)
    for sku in ("TEA", "MUG"):
        HistoryLine.objects.create(
            site=world.site, order_ref="past", placed_at=yesterday, sku=world.skus[sku], qty=1
        )
    replay = whatif.replay(world.site, Question(day=TODAY - timedelta(days=1)))
    (one,) = replay.arrivals
    assert (one.order.order_id, len(one.order.stops)) == ("past", 2)
    assert one.order.due_s == one.at_s + 3600


@pytest.mark.parametrize(
    "given",
    [
        {"rule": "luck"},
        {"growth": 0},
        {"growth": 11},
        {"promise_min": 0},
        {"pickers": 0},
        {"pickers": (1, 2)},
    ],
)
def test_a_question_that_makes_no_sense_is_refused(day: World, given: dict[str, Any]) -> None:
    with refused("invalid_request"):
        whatif.replay(day.site, Question(day=TODAY, **given))


def test_a_day_without_orders_is_refused(day: World) -> None:
    with refused("not_found"):
        whatif.replay(day.site, Question(day=date(2020, 1, 1)))


def test_the_command_compares_the_rules(day: World, settings: Any) -> None:
    out = StringIO()
    call_command("what_if", site=day.site.code, day=TODAY, pickers=1, staffing=True, json=True, stdout=out)
    body = json.loads(out.getvalue())
    assert list(body["rules"]) == ["rolling", "fifo", "edd", "waves"]
    assert body["rules"]["rolling"]["on_time"] == "100.0%"
    assert (body["homeless_lines"], len(body["pickers_by_half_hour"])) == (0, 48)
    with pytest.raises(CommandError, match="2020-01-01 has no orders"):
        call_command("what_if", site=day.site.code, day=date(2020, 1, 1))
