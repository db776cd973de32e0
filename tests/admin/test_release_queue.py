"""The release queue: slack of every order that waits, and the planner's words."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from mfc.picking import outlook
from tests.proof import unchanged
from tests.walk import Walk
from tests.world import World


@pytest.fixture
def queue(settings: object, world: World) -> str:
    settings.ENV = type(settings.ENV)(**{**vars_of(settings.ENV), "site": world.site.code})  # type: ignore[attr-defined]
    return reverse("admin:picking_wave_queue")


def vars_of(env: object) -> dict[str, object]:
    return {name: getattr(env, name) for name in env.__dataclass_fields__}  # type: ignore[attr-defined]


def test_the_queue_names_slack_and_what_the_planner_says(queue: str, world: World, manager: Client) -> None:
    world.accept("calm", minutes=150, TEA=1)
    world.accept("urgent", minutes=60, MUG=1)
    with unchanged():
        page = manager.get(queue).content.decode()
    assert page.index("urgent") < page.index("calm")
    assert "Releases now: order urgent must start within 2" in page
    assert "2 orders wait, 0 pickers are idle, 0 batches are planned," in " ".join(page.split())


def test_an_empty_queue_says_so(queue: str, manager: Client) -> None:
    page = manager.get(queue).content.decode()
    assert "No order waits for release." in page
    assert "Nothing waits." in page


def test_a_late_order_is_called_late(queue: str, world: World, manager: Client) -> None:
    world.accept("late", minutes=60, TEA=1)
    world.clock.advance(minutes=45)
    assert "min (late)" in manager.get(queue).content.decode()


def test_it_says_why_it_waits_and_who_joins(world: World, walk: Walk) -> None:
    world.accept("old", TEA=1)
    walk.begin(0)
    assert outlook.look(world.site).says == "Nothing waits."
    world.accept("new", minutes=100, MUG=1)
    seen = outlook.look(world.site)
    assert (seen.idle, seen.under_way) == (0, 1)
    assert seen.says.startswith("Joins batch ")
    world.site.join_walks = False
    world.site.save()
    assert outlook.look(world.site).says == "Waits: every picker is on a walk."
    (row,) = seen.rows
    assert row.latest_start - timedelta(minutes=row.slack_min) <= world.clock.now() + timedelta(minutes=1)
