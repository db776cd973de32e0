"""Lamps are computed from the tasks: what is wanted now, whatever was lit before."""

from __future__ import annotations

from devices.messages import Colour, Lamp, LampMode
from mfc.floor.lights import Projector, Wiring, wanted
from tests.walk import Walk
from tests.world import World


def lit(world: World) -> dict[str, dict[int, Lamp]]:
    """The lamps that should burn, without the dark controllers."""
    pictures = wanted(Wiring.read(world.gateway.pk))
    return {key: picture for key, picture in pictures.items() if picture}


def test_a_quiet_floor_is_dark(world: World, walk: Walk) -> None:
    assert lit(world) == {}
    world.accept(TEA=1)
    walk.start()
    assert lit(world) == {}


def test_the_next_place_for_a_tote_blinks_while_the_cart_is_loaded(world: World, walk: Walk) -> None:
    for _ in range(2):
        world.accept(minutes=40, TEA=1)
    walk.start()
    walk.release()
    assert lit(world) == {"lights-cart-1": {0: Lamp(Colour.BLUE, LampMode.FAST, None)}}
    walk.load("cart-1", 0)
    assert lit(world) == {"lights-cart-1": {1: Lamp(Colour.BLUE, LampMode.FAST, None)}}


def test_the_lamps_follow_take_and_put(world: World, walk: Walk) -> None:
    world.accept(minutes=40, TEA=2)
    world.accept(minutes=40, TEA=1)
    walk.begin(0, 1)
    assert lit(world) == {"lights-shelf": {0: Lamp(Colour.BLUE, LampMode.STEADY, 3)}}
    walk.scan("cart-1", world.gtins["TEA"])
    first, second = walk.stop()
    assert lit(world) == {
        "lights-shelf": {0: Lamp(Colour.BLUE, LampMode.SLOW, 3)},
        "lights-cart-1": {
            0: Lamp(Colour.BLUE, LampMode.STEADY, first.qty),
            1: Lamp(Colour.BLUE, LampMode.STEADY, second.qty),
        },
    }
    walk.press_tote("cart-1", 1)
    assert lit(world) == {
        "lights-shelf": {0: Lamp(Colour.BLUE, LampMode.SLOW, second.qty)},
        "lights-cart-1": {1: Lamp(Colour.BLUE, LampMode.STEADY, second.qty)},
    }
    walk.press_tote("cart-1", 2)
    assert lit(world) == {}


def test_two_carts_have_their_own_colours_and_the_first_claimed_owns_a_shared_place(
    world: World, walk: Walk
) -> None:
    world.site.cart_orders = 1
    world.site.save()
    world.accept(minutes=40, TEA=2)
    world.accept(minutes=41, TEA=1)
    walk.begin(0)
    world.clock.advance(seconds=1)
    walk.start("cart-2", "Kim", 1)
    walk.release()
    walk.load("cart-2", 1)
    assert (walk.batch("cart-1").colour, walk.batch("cart-2").colour) == ("blue", "green")
    assert lit(world) == {"lights-shelf": {0: Lamp(Colour.BLUE, LampMode.STEADY, 2)}}
    walk.pick_all("cart-1")
    assert lit(world) == {"lights-shelf": {0: Lamp(Colour.GREEN, LampMode.STEADY, 1)}}


def test_only_pictures_that_changed_are_sent_and_all_after_a_reconnection(world: World, walk: Walk) -> None:
    projector = Projector(gateway_id=world.gateway.pk, first_version=10)
    first = projector.changes()
    assert {picture.device for picture in first} == {"lights-shelf", "lights-cart-1", "lights-cart-2"}
    assert [picture.version for picture in first] == [11, 12, 13]
    assert projector.changes() == []
    world.accept(minutes=40, TEA=2)
    walk.begin(0)
    (changed,) = projector.changes()
    assert (changed.device, changed.version) == ("lights-shelf", 14)
    assert changed.lamps == {0: Lamp(Colour.BLUE, LampMode.STEADY, 2)}
    projector.forget()
    assert len(projector.changes()) == 3
