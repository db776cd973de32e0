"""Planning in the admin: asked, watched, decided; charts and heat maps are drawn."""

from __future__ import annotations

from django.test import Client

from mfc.slotting import planner
from mfc.slotting.models import DemandForecast, PlanRun, SlotMove
from tests.services.test_slotting import history, slot_all
from tests.world import World

RUNS = "/admin/slotting/planrun/"


def asked(manager: Client, button: str, **answers: int) -> PlanRun:
    address = f"{RUNS}{button}/"
    assert manager.get(address).status_code == 200
    answer = manager.post(address, {"confirmed": "1", **answers})
    assert answer.status_code == 302
    run = PlanRun.objects.latest("pk")
    assert answer.url == f"{RUNS}{run.pk}/watch/"
    return run


def page(manager: Client, run: PlanRun) -> str:
    answer = manager.get(f"{RUNS}{run.pk}/watch/")
    assert answer.status_code == 200
    return answer.content.decode()


def decide(manager: Client, run: PlanRun, deed: str) -> None:
    assert manager.post(f"{RUNS}{run.pk}/act/", {"deed": deed}).status_code == 302
    run.refresh_from_db()


def test_a_slot_plan_is_asked_watched_and_approved(world: World, manager: Client) -> None:
    history(world)
    slot_all(world)
    run = asked(manager, "plan-slots", days=120, moves_percent=100, payback_days=9999, seconds=2, seed=1)
    text = page(manager, run)
    assert 'http-equiv="refresh"' in text
    assert "Stop and keep the best so far" in text
    planner.work(run_id=run.pk)
    text = page(manager, run)
    assert text.count('<svg class="heat"') == 2
    assert "Walking of single orders" in text
    assert "SOAP Olive soap" in text
    decide(manager, run, "approve")
    assert run.state == "approved"
    first = SlotMove.objects.filter(run=run).order_by("number")[0]
    moves = "/admin/slotting/slotmove/"
    manager.post(moves, {"action": "done_as_planned", "_selected_action": [first.pk]})
    first.refresh_from_db()
    assert first.state == "done"
    manager.post(moves, {"action": "drop_chains", "_selected_action": [first.pk]})
    assert SlotMove.objects.filter(
        run=run, state="open"
    ).exists()  # goods stand on the buffer: the chain must end


def test_a_range_shows_its_bound_and_what_leaves(world: World, manager: Client) -> None:
    history(world, orders=300)
    run = asked(manager, "plan-range", days=365, skus=2, most_new=-1)
    planner.work(run_id=run.pk)
    text = page(manager, run)
    assert "No set of this size could fill more than" in text
    assert "Leave: 1" in text
    change = run.changes.get()
    manager.post(
        "/admin/slotting/rangechange/", {"action": "leave_as_it_is", "_selected_action": [change.pk]}
    )
    change.refresh_from_db()
    assert change.dropped
    decide(manager, run, "discard")
    assert run.state == "discarded"


def test_a_forecast_is_drawn_with_its_interval(world: World, manager: Client) -> None:
    history(world, orders=200)
    run = asked(manager, "plan-demand", days=365)
    planner.work(run_id=run.pk)
    assert "SKUs forecast" in page(manager, run)
    row = DemandForecast.objects.get(sku=world.skus["MUG"])
    answer = manager.get(f"/admin/slotting/demandforecast/{row.pk}/chart/")
    assert answer.status_code == 200
    text = answer.content.decode()
    assert 'class="interval"' in text
    assert "intervals held" in text


def test_a_refused_run_is_told(world: World, manager: Client) -> None:
    asked(manager, "plan-demand", days=365)
    answer = manager.post(f"{RUNS}plan-demand/", {"confirmed": "1", "days": 365}, follow=True)
    assert "is at work" in answer.content.decode()
    run = PlanRun.objects.get()
    decide(manager, run, "stop")
    assert run.state == "discarded"
