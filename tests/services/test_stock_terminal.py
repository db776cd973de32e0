"""Guided stock work at a terminal: every step by scan, button or typed value; every slip told, nothing lost."""

from __future__ import annotations

import pytest

from mfc.core import labels
from mfc.inventory.models import Hold, StockMove
from mfc.scanning import flows
from mfc.workforce.models import Role, WorkSession
from tests.proof import broken_invariants, unchanged
from tests.walk import Walk
from tests.world import World

AT = "stock-1"


@pytest.fixture
def sid(walk: Walk) -> Walk:
    """A stocker is logged in."""
    assert walk.badge(AT, "Sid").verdict == "accepted"
    return walk


@pytest.fixture
def lee(walk: Walk) -> Walk:
    """A lead is logged in."""
    assert walk.badge(AT, "Lee").verdict == "accepted"
    return walk


def place(walk: Walk, code: str) -> str:
    return walk.world.locations[code].label


def test_the_menu_offers_what_the_role_may_do(sid: Walk) -> None:
    screen = sid.screen(AT)
    assert (screen["step"], screen["title"]) == ("menu", "What do you want to do?")
    offered = [choice["label"] for choice in screen["guide"]["choices"]]
    assert "Move" in offered
    assert "Correct" not in offered
    sid.badge(AT, "Lee")
    assert "Correct" in [choice["label"] for choice in sid.screen(AT)["guide"]["choices"]]


@pytest.mark.parametrize("flow", flows.FLOWS, ids=lambda flow: flow.name)
def test_every_flow_starts_from_its_command_and_goes_back(lee: Walk, flow: flows.Flow) -> None:
    assert lee.scan(AT, labels.make("C", flow.name)).verdict == "accepted"
    screen = lee.screen(AT)
    assert screen["guide"]["flow"] == flow.name
    assert lee.tell(AT, "C-BACK").verdict == "accepted"
    assert lee.screen(AT)["guide"]["flow"] == flow.name
    with unchanged():
        pass
    assert lee.tell(AT, "C-MENU").verdict == "accepted"
    assert lee.screen(AT)["step"] == "menu"


def test_stock_is_moved_by_four_inputs(sid: Walk, world: World) -> None:
    sid.choose(AT, "Move")
    sid.scan(AT, place(sid, "A01-01"))
    assert sid.screen(AT)["guide"]["ask"] == {"kind": "qty", "label": "Quantity", "value": "10", "limit": 10}
    sid.enter(AT, 4)
    assert sid.scan(AT, place(sid, "A01-04")).text == "Why?"
    assert sid.choose(AT, "Place is full").text == "4 × Tea caddy now at A01-04."
    assert (world.balance("A01-01", "TEA").on_hand, world.balance("A01-04", "TEA").on_hand) == (6, 4)
    move = StockMove.objects.latest("pk")
    assert (move.kind, move.reason_code, move.actor) == (
        "move",
        "place_full",
        f"person:{world.people['Sid'].pk}",
    )
    assert broken_invariants() == {}


def test_slips_while_moving_are_refused_and_the_step_stays(sid: Walk, world: World) -> None:
    sid.choose(AT, "Move")
    assert sid.scan(AT, world.gtins["TEA"]).code == "unexpected_scan"
    assert sid.scan(AT, place(sid, "A02-04")).text == "By the book nothing is there."
    sid.scan(AT, place(sid, "A01-01"))
    with unchanged():
        assert sid.enter(AT, 11).code == "quantity_invalid"
        assert sid.enter(AT, 0).code == "quantity_invalid"
        assert sid.tell(AT, "C-CHOOSE", 1).code == "unexpected_scan"
    sid.enter(AT, 1)
    with unchanged():
        assert sid.scan(AT, place(sid, "A02-01")).code == "place_invalid"
        assert sid.scan(AT, place(sid, "A01-01")).code == "place_invalid"
    assert sid.screen(AT)["guide"]["flow_step"] == "to"


def test_a_place_with_two_articles_asks_which(sid: Walk, world: World) -> None:
    sid.tell(AT, "C-MOVE")
    sid.scan(AT, place(sid, "A01-02"))
    sid.enter(AT, 2)
    sid.scan(AT, place(sid, "A01-01"))
    sid.choose(AT, "Better place")
    sid.scan(AT, place(sid, "A01-01"))
    assert [one["label"] for one in sid.screen(AT)["guide"]["choices"]] == ["2 × Blue mug", "10 × Tea caddy"]
    assert sid.scan(AT, world.gtins["SOAP"]).code == "wrong_item"
    assert sid.scan(AT, world.gtins["MUG"]).text == "Blue mug: how many?"


def test_a_place_and_a_lot_are_put_on_hold(sid: Walk, world: World) -> None:
    sid.choose(AT, "Put on hold")
    sid.scan(AT, place(sid, "A01-01"))
    assert sid.choose(AT, "Damaged").text == "Everything at A01-01 is on hold. A manager lifts it."
    assert world.position("TEA") == (0, 0, 0)
    sid.scan(AT, world.gtins["MILK"])
    assert [one["label"] for one in sid.screen(AT)["guide"]["choices"]] == ["SOON", "LATE"]
    sid.choose(AT, "SOON")
    sid.choose(AT, "Quality")
    assert world.position("MILK") == (5, 0, 0)
    assert list(Hold.objects.order_by("pk").values_list("kind", flat=True)) == ["damage", "quality"]
    assert broken_invariants() == {}


def test_a_lead_corrects_a_quantity_and_a_stocker_does_not(lee: Walk, world: World) -> None:
    lee.choose(AT, "Correct")
    lee.scan(AT, place(lee, "A01-04"))
    lee.enter(AT, 3)
    assert lee.choose(AT, "Damaged").text == "A01-04 now holds 3 × Olive soap."
    assert world.position("SOAP") == (3, 0, 0)
    lee.badge(AT, "Sid")
    with unchanged():
        assert lee.tell(AT, "C-ADJUST").code == "role_missing"


def test_anything_is_looked_up_from_the_menu(sid: Walk, world: World) -> None:
    sid.scan(AT, place(sid, "A02-02"))
    rows = sid.screen(AT)["guide"]["rows"]
    assert rows == [
        {"text": "Whole milk", "facts": "MILK · lot SOON, use by 2026-11-15", "qty": "3", "state": "idle"}
    ]
    sid.scan(AT, world.gtins["MILK"])
    assert sid.screen(AT)["title"] == "8 may still be promised"
    sid.scan(AT, world.totes[0])
    assert sid.screen(AT)["guide"]["rows"] == [
        {"text": "It is empty.", "facts": "", "qty": "", "state": "idle"}
    ]
    assert sid.scan(AT, labels.make("T", "UNKNOWN")).code == "unknown_tote"


def test_work_survives_a_log_out_only_by_beginning_again(sid: Walk) -> None:
    sid.tell(AT, "C-MOVE")
    sid.tell(AT, "C-END")
    sid.badge(AT, "Sid")
    assert sid.screen(AT)["step"] == "menu"
    assert WorkSession.objects.filter(ended_at=None).get().flow == {}


def test_what_is_typed_without_being_asked_changes_nothing(sid: Walk) -> None:
    with unchanged():
        assert sid.enter(AT, 5).code == "nothing_expected"
        assert sid.tell(AT, "C-CHOOSE", 99).code == "unexpected_scan"
        assert sid.tell(AT, "C-NONSENSE").code == "unexpected_scan"


def test_every_role_of_a_flow_may_log_in_at_a_terminal() -> None:
    from mfc.workforce.models import ROLES_AT

    for flow in flows.FLOWS:
        assert flow.roles & ROLES_AT["stock"], flow.name
        assert flow.roles <= set(Role)
