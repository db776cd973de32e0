"""A bin that holds less than the book says, and actions that are taken back."""

from __future__ import annotations

from devices.messages import Press
from mfc.inventory.models import StockMove, ToteUse
from mfc.orders.models import Order, OrderLine
from mfc.picking import shorts, tasks, undo
from mfc.picking.models import PickTask
from tests.proof import broken_invariants, refused, unchanged
from tests.walk import Walk
from tests.world import World


def short(walk: Walk, found: int) -> None:
    """Report at cart-1 that only ``found`` were there, as the screen does."""
    shorts.report(
        batch=walk.batch(), tasks=tasks.at_stop(walk.batch()), found=found, person=walk.world.people["Sam"]
    )


def task_list() -> list[tuple[str, str, int, int, str]]:
    rows = PickTask.objects.order_by("stop", "pk")
    return list(rows.values_list("location__code", "sku__code", "qty", "stop", "state"))


def test_an_empty_bin_with_another_bin_becomes_a_later_stop(world: World, walk: Walk) -> None:
    world.accept(MUG=3)
    walk.begin(0)
    assert task_list() == [("A01-02", "MUG", 3, 1, "open")]
    assert walk.scan("cart-1", "C-SHORT").text == "3 more come from another bin. Go on."
    assert task_list() == [("A01-02", "MUG", 3, 1, "short"), ("A01-03", "MUG", 3, 2, "open")]
    replacement = PickTask.objects.get(state="open")
    assert replacement.reason == "instead of A01-02"
    # the book said 4 in the empty bin: all of it is written off, with the reason
    move = StockMove.objects.get(kind="short")
    assert (move.qty, move.reason, move.actor) == (4, "not found", f"person:{world.people['Sam'].pk}")
    assert world.balance("A01-02", "MUG").on_hand == 0
    assert world.position("MUG") == (6, 3, 0)
    line = OrderLine.objects.get()
    assert (line.qty_short, line.short_reason) == (0, "")
    walk.pick_all()
    assert world.in_tote(world.totes[0]) == {"MUG": 3}
    assert broken_invariants() == {}


def test_the_short_button_at_the_shelf_means_none_found(world: World, walk: Walk) -> None:
    world.accept(SOAP=2)
    walk.begin(0)
    assert walk.press_shelf("cart-1", "A01-04", Press.SHORT).text == "2 short: no other bin has it. Go on."
    assert (OrderLine.objects.get().qty_short, world.position("SOAP")) == (2, (0, 0, 0))


def test_a_short_without_another_bin_is_short_on_the_line(world: World, walk: Walk) -> None:
    world.accept(SOAP=2, TEA=1)
    walk.begin(0)
    while walk.stop()[0].sku.code != "SOAP":
        walk.pick_stop()
    short(walk, 0)
    line = OrderLine.objects.get(sku__code="SOAP")
    assert (line.qty_picked, line.qty_short, line.short_reason) == (0, 2, "not found at A01-04")
    walk.pick_all()
    assert walk.drop().verdict == "accepted"
    assert Order.objects.get().state == "picked"
    assert broken_invariants() == {}


def test_a_partial_short_serves_the_first_tote_and_splits_the_second(world: World, walk: Walk) -> None:
    world.accept("A", SOAP=2)
    world.accept("B", SOAP=2)
    walk.begin(0, 1)
    first, second = walk.stop()
    assert (first.qty, second.qty) == (2, 2)
    short(walk, 3)
    assert [(task.qty, task.state, task.batch_order_id) for task in walk.stop()] == [
        (2, "verified", first.batch_order_id),
        (1, "verified", second.batch_order_id),
    ]
    assert PickTask.objects.filter(state="short").values_list("qty", "batch_order_id").get() == (
        1,
        second.batch_order_id,
    )
    lines = {line.pk: line.qty_short for line in OrderLine.objects.all()}
    assert lines == {first.order_line_id: 0, second.order_line_id: 1}
    assert world.position("SOAP") == (3, 3, 0)
    for task in walk.stop():
        assert walk.press_tote("cart-1", task.batch_order.position).verdict == "accepted"
    assert [world.in_tote(tote) for tote in world.totes[:2]] == [{"SOAP": 2}, {"SOAP": 1}]
    assert broken_invariants() == {}


def test_a_short_takes_nothing_from_another_batch(world: World, walk: Walk) -> None:
    world.site.cart_orders = 1
    world.site.save()
    world.accept("A", minutes=40, SOAP=2)
    world.accept("B", minutes=41, SOAP=2)
    walk.begin(0)
    walk.start("cart-2", "Kim", 1)
    walk.release()
    assert world.position("SOAP") == (5, 4, 0)
    short(walk, 0)
    # 5 by the book, 2 of them claimed by the other cart, which will find out for itself
    assert StockMove.objects.get(kind="short").qty == 3
    assert world.position("SOAP") == (2, 2, 0)
    assert broken_invariants() == {}


def test_all_lines_short_close_the_order_and_free_the_tote(world: World, walk: Walk) -> None:
    world.accept(SOAP=5)
    walk.begin(0)
    short(walk, 0)
    assert walk.batch().state == "picked"
    assert walk.drop().text == "0 totes on the belt, 1 empty back to the stack."
    order = Order.objects.get()
    assert (order.state, order.closed_at) == ("unfilled", world.clock.now())
    assert ToteUse.objects.get().closed_at == world.clock.now()
    assert broken_invariants() == {}


def test_a_short_in_the_middle_of_putting_keeps_what_is_in_the_totes(world: World, walk: Walk) -> None:
    world.accept("A", SOAP=1)
    world.accept("B", SOAP=1)
    walk.begin(0, 1)
    first, _ = walk.stop()
    walk.scan("cart-1", world.gtins["SOAP"])
    walk.press_tote("cart-1", first.batch_order.position)
    assert walk.press_tote("cart-1", 1, Press.SHORT).text == "1 short: no other bin has it. Go on."
    assert sorted(PickTask.objects.values_list("state", flat=True)) == ["picked", "short"]
    assert world.position("SOAP") == (0, 0, 0)
    assert broken_invariants() == {}


def test_found_must_be_less_than_wanted_and_not_negative(world: World, walk: Walk) -> None:
    world.accept(SOAP=2)
    walk.begin(0)
    for found in (2, 3, -1):
        with refused("short_invalid") as caught:
            short(walk, found)
        assert caught.value.details == {"wanted": 2}


def test_a_short_at_a_finished_cart_is_refused(world: World, walk: Walk) -> None:
    world.accept(SOAP=2)
    walk.begin(0)
    walk.pick_all()
    with unchanged():
        assert walk.scan("cart-1", "C-SHORT").code == "nothing_expected"


def test_undo_takes_back_the_verification(world: World, walk: Walk) -> None:
    world.accept(TEA=2)
    walk.begin(0)
    walk.scan("cart-1", world.gtins["TEA"])
    assert walk.scan("cart-1", "C-UNDO").text == "Put the Tea caddy back at A01-01 and scan again."
    task = PickTask.objects.get()
    assert (task.state, task.verified_by, task.done_by) == ("open", "", None)
    walk.pick_all()
    assert world.in_tote(world.totes[0]) == {"TEA": 2}


def test_undo_takes_a_pick_back_into_its_bin_reserved_again(world: World, walk: Walk) -> None:
    world.accept(TEA=2)
    walk.begin(0)
    walk.pick_all()
    assert (walk.batch().state, world.position("TEA")) == ("picked", (8, 0, 0))
    said = walk.scan("cart-1", "C-UNDO")
    assert said.text == "Put 2 × Tea caddy back at A01-01 and start this stop again."
    assert (walk.batch().state, world.position("TEA")) == ("picking", (10, 2, 0))
    assert world.in_tote(world.totes[0]) == {}
    task = PickTask.objects.get()
    assert (task.state, task.done_at, task.done_by) == ("open", None, None)
    assert OrderLine.objects.get().qty_picked == 0
    kinds = list(StockMove.objects.order_by("pk").values_list("kind", "qty").exclude(kind="receipt"))
    assert kinds == [("pick", 2), ("unpick", 2)]
    assert broken_invariants() == {}
    walk.pick_all()
    assert world.in_tote(world.totes[0]) == {"TEA": 2}
    assert broken_invariants() == {}


def test_undo_goes_back_to_the_stop_of_the_last_pick(world: World, walk: Walk) -> None:
    world.accept(TEA=1, SOAP=1)
    walk.begin(0)
    walk.pick_stop()
    assert walk.batch().current_stop == 2
    walk.scan("cart-1", "C-UNDO")
    assert walk.batch().current_stop == 1
    walk.pick_all()
    assert world.in_tote(world.totes[0]) == {"TEA": 1, "SOAP": 1}
    assert broken_invariants() == {}


def test_a_pick_undone_twice_in_a_row_takes_back_two_picks(world: World, walk: Walk) -> None:
    world.accept(TEA=1, SOAP=1)
    walk.begin(0)
    walk.pick_all()
    assert walk.scan("cart-1", "C-UNDO").verdict == "accepted"
    assert walk.scan("cart-1", "C-UNDO").verdict == "accepted"
    assert world.in_tote(world.totes[0]) == {}
    with unchanged():
        assert walk.scan("cart-1", "C-UNDO").code == "nothing_to_undo"
    assert broken_invariants() == {}


def test_only_the_own_picks_can_be_undone(world: World, walk: Walk) -> None:
    world.accept(TEA=1)
    walk.begin(0)
    walk.pick_all()
    walk.badge("cart-1", "Kim")
    with unchanged():
        assert walk.scan("cart-1", "C-UNDO").code == "nothing_to_undo"


def test_nothing_is_undone_once_the_tote_has_left_the_cart(world: World, walk: Walk) -> None:
    world.accept(TEA=1)
    walk.begin(0)
    batch = walk.batch()
    walk.pick_all()
    walk.drop()
    batch.refresh_from_db()
    with unchanged():
        assert walk.scan("cart-1", "C-UNDO").code == "nothing_expected"
    with refused("nothing_to_undo"):
        undo.undo(batch=batch, person=world.people["Sam"])


def test_a_task_is_confirmed_once_and_the_other_is_told_by_whom(world: World, walk: Walk) -> None:
    world.accept(TEA=1)
    walk.begin(0)
    walk.scan("cart-1", world.gtins["TEA"])
    (task,) = walk.stop()
    tasks.confirm_pick(batch=walk.batch(), task=PickTask.objects.get(), person=world.people["Sam"])
    with refused("task_taken") as caught:
        tasks.confirm_pick(batch=walk.batch(), task=task, person=world.people["Kim"])
    assert caught.value.details == {"by": "Sam", "state": "picked"}
