"""Planning runs and their moves: asked, worked out, stopped, approved, done one by one, always valid."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from procrastinate.contrib.django.models import ProcrastinateJob

from mfc.core import clock, labels
from mfc.inventory.models import Balance, StockMove
from mfc.layout.models import Location
from mfc.orders.models import HistoryLine
from mfc.slotting import floorplan, moves, planner, runs
from mfc.slotting.models import DemandForecast, PlanRun, SlotMove, SlottingRule
from tests.proof import broken_invariants, refused
from tests.walk import Walk
from tests.world import LEAD, World

AT = "stock-1"


def history(world: World, *, orders: int = 60, often: str = "SOAP", seldom: str = "TEA") -> None:
    """Every order holds ``often`` and a mug, every tenth ``seldom``; one order every six hours."""
    rows = []
    for number in range(orders):
        codes = [often, "MUG", *([seldom] if number % 10 == 0 else [])]
        at = clock.now() - timedelta(hours=6 * (orders - number))
        rows += [
            HistoryLine(site=world.site, order_ref=f"H{number}", placed_at=at, sku=world.skus[code], qty=1)
            for code in codes
        ]
    HistoryLine.objects.bulk_create(rows)


def slot_all(world: World) -> None:
    for place, code, most in (("A01-01", "TEA", 20), ("A01-02", "MUG", 12), ("A01-04", "SOAP", 30)):
        Location.objects.filter(code=place).update(slotted_sku=world.skus[code], slot_min=2, slot_max=most)


def worked(world: World, kind: str, **wanted: float) -> PlanRun:
    run = runs.ask(site=world.site, kind=kind, actor=LEAD, **wanted)
    planner.work(run_id=run.pk)
    run.refresh_from_db()
    return run


def plan(world: World, **wanted: float) -> PlanRun:
    history(world)
    slot_all(world)
    return worked(world, "slots", moves_percent=100, payback_days=10_000, seconds=2, **wanted)


def sequence(run: PlanRun) -> list[tuple[str, str, str, bool]]:
    rows = run.moves.select_related("sku", "source", "target").order_by("number")
    return [(row.sku.code, row.source.code, row.target.code, row.to_buffer) for row in rows]


def slots_of(code: str) -> list[tuple[str, int | None, int | None]]:
    return list(Location.objects.filter(slotted_sku__code=code).values_list("code", "slot_min", "slot_max"))


def do_all(run: PlanRun) -> None:
    for move in list(
        run.moves.select_related("sku", "source", "target__zone", "site", "run").order_by("number")
    ):
        moves.carry(move=move, actor=LEAD)
        assert broken_invariants() == {}


def test_a_fast_article_changes_places_with_a_slow_one_over_a_buffer(world: World) -> None:
    run = plan(world)
    assert (run.state, run.percent) == ("ready", 100)
    found = sequence(run)
    assert [step[3] for step in found].count(True) == 1
    assert {(code, target) for code, _, target, to_buffer in found if not to_buffer} >= {("SOAP", "A01-01")}
    assert run.result["walking_pct"] < 0
    assert run.result["metres_per_order_after"] < run.result["metres_per_order_before"]
    last = run.moves.order_by("number").last()
    assert last is not None
    assert last.saved_mm_a_day > 0
    assert last.payback_days is not None


def test_every_single_move_leaves_the_books_and_slots_right(world: World) -> None:
    run = plan(world)
    total = {code: world.position(code) for code in ("TEA", "MUG", "SOAP")}
    runs.approve(run_id=run.pk, actor=LEAD)
    do_all(run)
    run.refresh_from_db()
    assert run.state == "finished"
    assert {code: world.position(code) for code in total} == total
    assert world.balance("A01-01", "SOAP").on_hand == 5
    assert slots_of("SOAP") == [("A01-01", 2, 30)]
    assert [(low, high) for _, low, high in slots_of("TEA")] == [(2, 20)]
    assert set(
        StockMove.objects.filter(reference__startswith="slotmove:").values_list("kind", flat=True)
    ) == {"move"}


def test_moves_of_a_chain_are_done_in_their_sequence(world: World) -> None:
    run = plan(world)
    runs.approve(run_id=run.pk, actor=LEAD)
    second = run.moves.select_related("sku", "source", "target__zone", "site", "run").order_by("number")[1]
    with refused("move_not_next"):
        moves.carry(move=second, actor=LEAD)


def test_nothing_is_moved_from_under_a_picker(world: World) -> None:
    run = plan(world)
    runs.approve(run_id=run.pk, actor=LEAD)
    first = moves.open_moves(world.site)[0]
    Balance.objects.filter(location=first.source, sku=first.sku).update(reserved=1)
    with refused("picks_waiting"):
        moves.carry(move=first, actor=LEAD)


def test_a_place_that_has_been_filled_meanwhile_is_not_filled_again(world: World) -> None:
    run = plan(world)
    runs.approve(run_id=run.pk, actor=LEAD)
    first, second, *_ = run.moves.select_related("sku", "source", "target__zone", "site", "run").order_by(
        "number"
    )
    moves.carry(move=first, actor=LEAD)
    Location.objects.filter(pk=second.target_id).update(slotted_sku=world.skus["LAMP"])
    second.refresh_from_db()
    with refused("place_occupied"):
        moves.carry(move=second, actor=LEAD)


def test_a_locked_slot_and_an_excluded_article_stay(world: World) -> None:
    SlottingRule.objects.create(site=world.site, kind="lock_slot", location=world.locations["A01-01"])
    run = plan(world)
    assert all("A01-01" not in step[1:3] for step in sequence(run))
    runs.discard(run_id=run.pk, actor=LEAD)
    SlottingRule.objects.all().delete()
    SlottingRule.objects.create(site=world.site, kind="exclude_sku", sku=world.skus["SOAP"])
    again = worked(world, "slots", moves_percent=100, payback_days=10_000, seconds=2)
    assert all(step[0] != "SOAP" for step in sequence(again))


def test_a_plan_is_refused_when_the_floor_has_changed(world: World) -> None:
    run = plan(world)
    moving = run.moves.order_by("number")[0]
    Location.objects.filter(pk=moving.source_id).update(slotted_sku=world.skus["LAMP"])
    with refused("plan_outdated"):
        runs.approve(run_id=run.pk, actor=LEAD)


def test_a_chain_can_be_taken_out_until_it_has_begun(world: World) -> None:
    run = plan(world)
    chains = set(run.moves.values_list("chain", flat=True))
    runs.approve(run_id=run.pk, actor=LEAD)
    first = moves.open_moves(world.site)[0]
    moves.carry(move=first, actor=LEAD)
    with refused("chain_begun"):
        runs.drop_chain(run_id=run.pk, chain=first.chain, actor=LEAD)
    for chain in chains - {first.chain}:
        assert runs.drop_chain(run_id=run.pk, chain=chain, actor=LEAD) > 0


def test_moves_wait_for_a_quiet_hour_but_goods_on_the_buffer_do_not(world: World) -> None:
    run = plan(world)
    runs.approve(run_id=run.pk, actor=LEAD)
    assert moves.due(world.site)
    world.accept(MILK=1, minutes=30 + world.site.route_lead_s // 60)
    PlanRun.objects.filter(pk=run.pk).update(note=F("note"))
    assert moves.due(world.site) == []
    first = moves.open_moves(world.site)[0]
    moves.carry(move=first, actor=LEAD)
    assert [move.chain for move in moves.due(world.site)] == [first.chain]


def test_the_terminal_leads_through_a_move(world: World, walk: Walk) -> None:
    run = plan(world)
    runs.approve(run_id=run.pk, actor=LEAD)
    first = moves.open_moves(world.site)[0]
    assert walk.badge(AT, "Sid").verdict == "accepted"
    assert walk.scan(AT, labels.make("C", "RESLOT")).verdict == "accepted"
    wrong = walk.scan(AT, world.locations["A02-01"].label)
    assert (wrong.verdict, wrong.code) == ("refused", "nothing_expected")
    assert walk.scan(AT, first.source.label).verdict == "accepted"
    wrong = walk.scan(AT, world.locations["A02-04"].label)
    assert (wrong.verdict, wrong.code) == ("refused", "wrong_location")
    assert walk.scan(AT, first.target.label).verdict == "accepted"
    first.refresh_from_db()
    assert first.state == "done"
    assert broken_invariants() == {}


def test_one_run_of_a_kind_works_at_a_time(world: World) -> None:
    run = runs.ask(site=world.site, kind="assortment", actor=LEAD)
    with refused("plan_at_work"):
        runs.ask(site=world.site, kind="assortment", actor=LEAD)
    runs.ask(site=world.site, kind="demand", actor=LEAD)
    assert ProcrastinateJob.objects.filter(task_name=runs.JOB).count() == 2
    runs.stop(run_id=run.pk, actor=LEAD)
    run.refresh_from_db()
    assert run.state == "discarded"


@pytest.mark.parametrize(
    ("kind", "wanted"), [("slots", {"seconds": 0}), ("slots", {"colour": 3}), ("palmistry", {})]
)
def test_settings_out_of_range_are_refused(world: World, kind: str, wanted: dict[str, Any]) -> None:
    with refused("value_invalid"):
        runs.ask(site=world.site, kind=kind, actor=LEAD, **wanted)


def test_a_stop_keeps_the_best_so_far(world: World) -> None:
    history(world)
    slot_all(world)
    run = runs.ask(
        site=world.site, kind="slots", actor=LEAD, moves_percent=100, payback_days=10_000, seconds=300
    )
    assert runs.begin(run_id=run.pk) is not None
    runs.stop(run_id=run.pk, actor=LEAD)
    planner.work(run_id=run.pk)  # as a worker that has come back
    run.refresh_from_db()
    assert run.state == "ready"


def test_without_history_a_run_fails_and_says_why(world: World) -> None:
    run = worked(world, "assortment")
    assert run.state == "failed"
    assert "orders in that time" in run.note


def test_a_site_without_aisles_cannot_be_planned(world: World) -> None:
    world.site.aisles.all().delete()
    with refused("plan_impossible"):
        floorplan.block_of(world.site)


def test_a_run_whose_worker_was_killed_is_begun_again_and_given_up_in_the_end(world: World) -> None:
    run = runs.ask(site=world.site, kind="demand", actor=LEAD)
    runs.begin(run_id=run.pk)
    ProcrastinateJob.objects.all().delete()
    PlanRun.objects.update(touched_at=F("touched_at") - timedelta(minutes=5))
    assert runs.resume_stalled() == 1
    assert ProcrastinateJob.objects.count() == 1
    ProcrastinateJob.objects.all().delete()
    PlanRun.objects.update(touched_at=F("touched_at") - timedelta(minutes=5), attempts=3)
    runs.resume_stalled()
    run.refresh_from_db()
    assert run.state == "failed"


def test_the_range_is_chosen_by_orders_filled_whole(world: World) -> None:
    history(world, orders=300)
    run = worked(world, "assortment", skus=2)
    assert run.state == "ready"
    assert run.result["size"] == 2
    assert run.result["filled_pct"] == 90.0
    assert run.result["bound_pct"] >= 90.0
    out = {row.sku.code: row for row in run.changes.select_related("sku")}
    assert set(out) == {"TEA"}
    assert not out["TEA"].enters
    runs.drop_change(change=out["TEA"], actor=LEAD)
    runs.approve(run_id=run.pk, actor=LEAD)
    run.refresh_from_db()
    assert run.state == "finished"
    with refused("illegal_transition"):
        runs.drop_change(change=out["TEA"], actor=LEAD)


def test_forecasts_come_with_intervals_and_new_articles_by_analogues(world: World) -> None:
    history(world, orders=400)
    run = worked(world, "demand")
    assert run.state == "ready"
    mug = DemandForecast.objects.get(sku=world.skus["MUG"])
    assert 26 <= mug.mean <= 30  # four orders a day
    assert mug.low <= mug.mean <= mug.high
    assert sum(mug.weekdays) == pytest.approx(1.0, abs=0.01)
    assert DemandForecast.objects.get(sku=world.skus["LAMP"]).method == "analogues"


def test_a_skipped_move_drops_its_chain_with_a_reason(world: World) -> None:
    run = plan(world)
    runs.approve(run_id=run.pk, actor=LEAD)
    first = moves.open_moves(world.site)[0]
    with refused("reason_missing"):
        moves.skip(move=first, actor=LEAD, reason=" ")
    assert moves.skip(move=first, actor=LEAD, reason="the shelf is broken") >= 1
    assert not SlotMove.objects.filter(run=run, chain=first.chain, state="open").exists()
