"""Taking orders: what is promised, and what is refused without a trace."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from mfc.core.actors import Actor
from mfc.core.clock import FixedClock
from mfc.core.errors import DomainError
from mfc.orders import intake, services
from mfc.orders.intake import LineRequest
from mfc.orders.models import Order
from tests.proof import broken_invariants, refused
from tests.walk import Walk
from tests.world import CLIENT, World

SHOP = Actor("client", CLIENT, CLIENT)


def accept(world: World, request: intake.OrderRequest) -> Order:
    return intake.accept(site=world.site, request=request, client=CLIENT, actor=SHOP)


def test_the_same_sku_in_two_lines_becomes_one_line(world: World) -> None:
    request = replace(
        world.request(TEA=1),
        lines=[LineRequest(sku="TEA", qty=2), LineRequest(gtin=world.gtins["TEA"], qty=3)],
    )
    order = accept(world, request)
    assert [(line.sku.code, line.qty) for line in order.lines.all()] == [("TEA", 5)]
    assert world.position("TEA") == (10, 0, 5)


def test_everything_free_can_be_promised_and_not_one_more(world: World) -> None:
    world.accept(TEA=9)
    with refused("stock_insufficient") as caught:
        world.accept(TEA=2)
    assert caught.value.details == {"short": [{"sku": "TEA", "wanted": 2, "available": 1}]}
    assert caught.value.message == "Not enough free stock (TEA: 2 wanted, 1 free)."
    world.accept(TEA=1)
    assert world.position("TEA") == (10, 0, 10)


def test_a_refusal_for_stock_names_every_sku_that_lacks(world: World) -> None:
    with refused("stock_insufficient") as caught:
        world.accept(TEA=11, MUG=2, CHEESE=7, LAMP=1)
    assert caught.value.details["short"] == [
        {"sku": "TEA", "wanted": 11, "available": 10},
        {"sku": "CHEESE", "wanted": 7, "available": 6},
        {"sku": "LAMP", "wanted": 1, "available": 0},
    ]


def test_stock_outside_bins_is_not_promised(world: World) -> None:
    from tests.world import receive

    receive(world, "HOSP-SHELF", "LAMP", 5)
    with refused("stock_insufficient"):
        world.accept(LAMP=1)


@pytest.mark.parametrize("qty", [0, -1, 1000, True, 2.0])
def test_a_quantity_that_is_no_whole_number_in_range_is_refused(world: World, qty: object) -> None:
    request = replace(world.request(TEA=1), lines=[LineRequest(sku="TEA", qty=qty)])  # type: ignore[arg-type]
    with refused("quantity_invalid") as caught:
        accept(world, request)
    assert caught.value.details == {"line": 1}


@pytest.mark.parametrize("count", [0, 201])
def test_an_order_has_1_to_200_lines(world: World, count: int) -> None:
    request = replace(world.request(TEA=1), lines=[LineRequest(sku="TEA", qty=1)] * count)
    with refused("quantity_invalid"):
        accept(world, request)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (LineRequest(sku="NOPE", qty=1), "unknown_sku"),
        (LineRequest(gtin="4006381333931", qty=1), "unknown_sku"),
        (LineRequest(gtin="4006381333930", qty=1), "wrong_check_digit"),
        (LineRequest(sku="TEA", gtin="4006381333931", qty=1), "invalid_request"),
        (LineRequest(qty=1), "invalid_request"),
    ],
)
def test_a_line_must_name_one_article_that_is_stocked_here(
    world: World, line: LineRequest, code: str
) -> None:
    with refused(code):
        accept(world, replace(world.request(TEA=1), lines=[line]))


def test_a_sku_that_was_switched_off_is_unknown(world: World) -> None:
    world.skus["TEA"].active = False
    world.skus["TEA"].save()
    with refused("unknown_sku"):
        world.accept(TEA=1)


def test_a_promise_in_the_past_is_refused(world: World) -> None:
    now = world.clock.now()
    request = replace(world.request(TEA=1), promise_from=now - timedelta(hours=2), promise_until=now)
    with refused("promise_in_past"):
        accept(world, request)


def test_an_inverted_window_is_refused(world: World) -> None:
    now = world.clock.now()
    request = replace(
        world.request(TEA=1),
        promise_from=now + timedelta(hours=3),
        promise_until=now + timedelta(hours=3),
    )
    with refused("promise_window_invalid"):
        accept(world, request)


def test_a_promise_that_cannot_be_kept_names_the_earliest_one(world: World, fixed_clock: FixedClock) -> None:
    # route 1800 s + set-up 60 s + one round 36 m at 1.2 m/s 30 s + one line 16 s + packing 45 s
    lead = timedelta(seconds=1951)
    now = fixed_clock.now()
    request = world.request(TEA=1)
    with refused("promise_too_tight") as caught:
        accept(world, replace(request, promise_until=now + lead - timedelta(seconds=1)))
    assert caught.value.details == {"earliest": (now + lead).isoformat()}
    assert accept(world, replace(request, promise_until=now + lead)).state == "accepted"


def test_an_order_that_fits_no_tote_is_refused(world: World) -> None:
    world.site.tote_volume_ml = 5_000
    with refused("order_too_large") as caught:
        world.accept(TEA=10, MUG=1)
    assert caught.value.details == {"volume_ml": 5_700, "weight_g": 2_350}
    assert caught.value.message == "5.7 l and 2.4 kg; a tote takes 5 l and 15 kg."


def test_a_temperature_class_must_be_that_of_every_line(world: World) -> None:
    mixed = replace(world.request(TEA=1, MILK=1), temperature="chilled")
    with refused("temperature_mismatch") as caught:
        accept(world, mixed)
    assert caught.value.message == "The lines are ambient, chilled, not chilled."
    order = accept(world, replace(mixed, temperature=""))
    assert order.temperatures == ["ambient", "chilled"]


def test_an_order_reference_is_taken_once_per_client(world: World) -> None:
    world.accept("A-1", TEA=1)
    with refused("order_ref_taken") as caught:
        world.accept("A-1", MUG=1)
    assert caught.value.details == {"order_ref": "A-1"}
    assert world.accept("A-1", client="other shop", TEA=1).client == "other shop"


def test_a_cancelled_order_gives_its_promise_back(world: World) -> None:
    order = world.accept(TEA=4, MUG=1)
    services.cancel(order=order, actor=SHOP, reason="customer changed her mind")
    assert world.position("TEA") == (10, 0, 0)
    assert world.position("MUG") == (10, 0, 0)
    order.refresh_from_db()
    assert (order.state, order.closed_at) == ("cancelled", world.clock.now())
    assert [line.qty_promised for line in order.lines.all()] == [0, 0]
    assert broken_invariants() == {}


def test_a_sealed_order_cannot_be_cancelled(world: World, walk: Walk) -> None:
    order = walk.picked_tote(TEA=4)
    walk.badge("pack-1", "Pat")
    walk.seal(0)
    with refused("order_not_cancellable") as caught:
        services.cancel(order=order, actor=SHOP, reason="too late")
    assert caught.value.details == {"state": "packed"}


def test_cancelling_twice_is_refused_and_gives_nothing_back_twice(world: World) -> None:
    order = world.accept(TEA=4)
    stale = Order.objects.get(pk=order.pk)
    services.cancel(order=order, actor=SHOP, reason="first")
    with refused("order_not_cancellable"):
        services.cancel(order=order, actor=SHOP, reason="second")
    with refused("order_not_cancellable"):
        services.cancel(order=stale, actor=SHOP, reason="with an old copy")
    assert world.position("TEA") == (10, 0, 0)


def test_an_unknown_order_is_not_found(world: World) -> None:
    from mfc.core import ids

    with pytest.raises(DomainError) as caught:
        intake.find(order_id=ids.new())
    assert caught.value.code == "not_found"
