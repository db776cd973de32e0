"""An order joins a batch that is being picked: its stops come in on the way, its tote is asked for."""

from __future__ import annotations

from mfc.core.models import JournalEntry
from mfc.orders import services
from mfc.orders.models import Order
from mfc.picking import waves
from mfc.picking.models import Batch, BatchOrder, PickTask
from tests.proof import broken_invariants
from tests.walk import Walk
from tests.world import LEAD, World


def stops() -> list[tuple[int, str, str, str]]:
    rows = PickTask.objects.order_by("stop", "pk").select_related("sku", "location", "batch_order__order")
    return [(row.stop, row.location.code, row.sku.code, row.batch_order.order.ref) for row in rows]


def test_an_order_joins_a_walk_when_nobody_is_idle(world: World, walk: Walk) -> None:
    world.accept("old", TEA=1, SOAP=1)
    walk.begin(0)
    before = stops()
    new = world.accept("new", minutes=100, MUG=1)
    assert waves.release_due(site=world.site) == []
    batch = Batch.objects.get()
    entry = BatchOrder.objects.get(order=new)
    assert (entry.batch, entry.position, entry.tote_use) == (batch, 2, None)
    new.refresh_from_db()
    assert new.state == "picking"
    after = stops()
    assert {row[1:] for row in before} < {row[1:] for row in after}
    assert [row[0] for row in after] == [1, 2, 3]
    said = JournalEntry.objects.get(verb="batch.joined")
    assert (said.data["order"], said.data["position"]) == ("new", "B")
    assert "the next picker is free in" in said.data["why_now"]
    assert broken_invariants() == {}

    assert walk.screen("cart-1")["step"] == "totes"
    assert walk.scan("cart-1", world.totes[1]).verdict == "accepted"
    walk.pick_all()
    walk.drop()
    assert set(Order.objects.values_list("state", flat=True)) == {"picked"}
    assert [world.in_tote(tote) for tote in world.totes[:2]] == [{"TEA": 1, "SOAP": 1}, {"MUG": 1}]
    assert broken_invariants() == {}


def test_the_same_article_at_the_same_place_ahead_is_one_stop(world: World, walk: Walk) -> None:
    world.accept("old", TEA=1, SOAP=1)
    walk.begin(0)
    ahead = [row for row in stops() if row[0] == 2]
    ((_, _, sku, _),) = ahead
    world.accept("new", minutes=100, **{sku: 1})
    waves.release_due(site=world.site)
    assert [row[0] for row in stops() if row[2] == sku] == [2, 2]
    walk.scan("cart-1", world.totes[1])
    walk.pick_all()
    walk.drop()
    assert broken_invariants() == {}


def test_who_is_idle_starts_it_instead(world: World, walk: Walk) -> None:
    world.accept("old", TEA=1)
    walk.begin(0)
    walk.start("cart-2", "Kim", 1)
    world.accept("new", minutes=60, MUG=1)
    walk.release()
    assert Batch.objects.count() == 2
    assert not JournalEntry.objects.filter(verb="batch.joined").exists()


def test_a_full_cart_and_a_site_that_does_not_want_it_take_nothing_along(world: World, walk: Walk) -> None:
    world.accept("old", TEA=1)
    walk.begin(0)
    new = world.accept("new", minutes=100, MUG=1)
    for field, value in (("join_walks", False), ("cart_orders", 1)):
        kept = getattr(world.site, field)
        setattr(world.site, field, value)
        world.site.save()
        assert waves.release_due(site=world.site) == []
        setattr(world.site, field, kept)
        world.site.save()
    new.refresh_from_db()
    assert new.state == "accepted"


def test_an_order_without_all_its_stock_joins_nobody(world: World, walk: Walk) -> None:
    world.accept("old", TEA=1)
    walk.begin(0)
    world.accept("new", minutes=100, SOAP=2)
    from mfc.inventory import transfers

    transfers.adjust(balance=world.balance("A01-04", "SOAP"), actor=LEAD, on_hand=1, reason="one is torn")
    assert waves.release_due(site=world.site) == []
    assert not JournalEntry.objects.filter(verb="batch.joined").exists()


def test_a_joined_order_that_is_cancelled_leaves_the_walk_as_it_was(world: World, walk: Walk) -> None:
    world.accept("old", TEA=1, SOAP=1)
    walk.begin(0)
    new = world.accept("new", minutes=100, MUG=1)
    waves.release_due(site=world.site)
    services.cancel(order=new, actor=LEAD, reason="changed my mind")
    assert walk.screen("cart-1")["step"] != "totes"
    walk.pick_all()
    walk.drop()
    assert {order.ref: order.state for order in Order.objects.all()} == {"old": "picked", "new": "cancelled"}
    assert broken_invariants() == {}
