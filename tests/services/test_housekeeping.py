"""Chores come when their time has come, one failing chore does not stop the others."""

from __future__ import annotations

from mfc.core.errors import DomainError
from mfc.layout.models import Site
from mfc.runtime.worker.housekeeping import CHORES, Chore, Housekeeper
from tests.proof import broken_invariants
from tests.world import World


def test_a_chore_is_done_at_once_and_then_once_a_period(world: World) -> None:
    seen: list[str] = []
    keeper = Housekeeper((Chore("sweep", 60, lambda site: seen.append(site.code)),))
    assert keeper.round() == ["sweep"]
    assert keeper.round() == []
    world.clock.advance(seconds=59)
    assert keeper.round() == []
    world.clock.advance(seconds=1)
    assert keeper.round() == ["sweep"]
    assert seen == ["DEMO", "DEMO"]


def test_a_chore_that_is_refused_does_not_stop_the_others(world: World) -> None:
    def refuse(site: Site) -> object:
        raise DomainError("busy", "Not now.")

    done: list[int] = []
    keeper = Housekeeper((Chore("first", 60, refuse), Chore("second", 60, lambda site: done.append(site.pk))))
    assert keeper.round() == ["first", "second"]
    assert done == [world.site.pk]


def test_expired_stock_leaves_availability_without_anybody(world: World) -> None:
    keeper = Housekeeper()
    keeper.round()
    world.clock.advance(days=6)
    assert len(keeper.round()) == len(CHORES)
    assert world.position("MILK") == (5, 0, 0)
    assert broken_invariants() == {}
