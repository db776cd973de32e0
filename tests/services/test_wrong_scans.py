"""What is scanned wrongly at a cart is refused with what to do instead, and nothing moves."""

from __future__ import annotations

import pytest

from mfc.picking.models import PickTask
from mfc.workforce.models import WorkSession
from tests.proof import broken_invariants, unchanged
from tests.walk import Said, Walk
from tests.world import World


def refuses(walk: Walk, station: str, data: str, code: str, symbology: str = "") -> Said:
    """The scan is refused with ``code`` and changes nothing."""
    with unchanged():
        said = walk.scan(station, data, symbology)
    assert (said.verdict, said.code) == ("refused", code)
    assert said.remedy
    return said


def test_a_wrong_item_is_named_with_the_wanted_one(world: World, walk: Walk) -> None:
    world.accept(TEA=1)
    walk.begin(0)
    said = refuses(walk, "cart-1", world.gtins["MUG"], "wrong_item")
    assert said.text == "That is MUG. Wanted: TEA Tea caddy."
    assert said.remedy == "Put it back and scan the item at A01-01."


def test_a_wrong_place_is_named_with_the_wanted_one(world: World, walk: Walk) -> None:
    world.accept(TEA=1)
    walk.begin(0)
    said = refuses(walk, "cart-1", world.locations["A01-02"].label, "wrong_location")
    assert said.text == "This is A01-02. Wanted: A01-01."


def test_a_wrong_lot_is_refused_and_the_right_one_accepted(world: World, walk: Walk) -> None:
    world.accept(MILK=1)
    walk.begin(0)
    gtin = world.gtins["MILK"].zfill(14)
    said = refuses(walk, "cart-1", f"01{gtin}10LATE", "wrong_item", "C1")
    assert said.text == "That is lot LATE. Wanted: lot SOON."
    assert walk.scan("cart-1", f"01{gtin}10SOON", "C1").text == "Put 1 into A."


def test_a_wrong_tote_gets_nothing(world: World, walk: Walk) -> None:
    world.accept(TEA=1)
    world.accept(SOAP=1)
    walk.begin(0, 1)
    (task,) = walk.stop()
    walk.scan("cart-1", world.gtins[task.sku.code])
    use = task.batch_order.tote_use
    assert use is not None
    (other,) = {world.totes[0], world.totes[1]} - {use.container.label}
    said = refuses(walk, "cart-1", other, "wrong_tote")
    assert said.text == f"Tote {other} gets nothing of this. Put 1 into {task.batch_order.letter}."


def test_a_wrong_button_of_the_cart_gets_nothing(world: World, walk: Walk) -> None:
    world.accept(TEA=1)
    walk.begin(0)
    walk.scan("cart-1", world.gtins["TEA"])
    with unchanged():
        said = walk.press_tote("cart-1", 2)
    assert (said.verdict, said.code) == ("refused", "wrong_tote")


def test_a_tote_before_the_item_is_refused(world: World, walk: Walk) -> None:
    world.accept(TEA=1)
    walk.begin(0)
    refuses(walk, "cart-1", world.totes[0], "unexpected_scan")
    with unchanged():
        assert walk.press_tote("cart-1", 1).code == "unexpected_scan"


def test_a_button_where_no_lamp_is_lit_is_refused(world: World, walk: Walk) -> None:
    world.accept(TEA=1)
    walk.begin(0)
    with unchanged():
        said = walk.press_shelf("cart-1", "A01-04")
    assert (said.verdict, said.text) == ("refused", "Nothing is to be picked at A01-04 now.")


def test_the_item_scanned_twice_is_accepted_once(world: World, walk: Walk) -> None:
    world.accept(TEA=2)
    walk.begin(0)
    assert walk.scan("cart-1", world.gtins["TEA"]).text == "Put 2 into A."
    with unchanged():
        assert walk.scan("cart-1", world.gtins["TEA"]).text == "Already scanned. Put 2 into A."
        assert walk.scan("cart-1", world.locations["A01-01"].label).text == "Already confirmed. Put 2 into A."


def test_the_tote_scanned_twice_takes_the_item_once(world: World, walk: Walk) -> None:
    world.accept(TEA=2, SOAP=1)
    walk.begin(0)
    walk.pick_stop()
    content = world.in_tote(world.totes[0])
    refuses(walk, "cart-1", world.totes[0], "unexpected_scan")
    assert world.in_tote(world.totes[0]) == content


def test_a_tote_stands_on_one_cart_only(world: World, walk: Walk) -> None:
    world.accept("A", minutes=40, TEA=1)
    walk.begin(0)
    world.accept("B", minutes=40, SOAP=1)
    walk.start("cart-2", "Kim", 1)
    walk.release()
    said = refuses(walk, "cart-2", world.totes[0], "tote_in_use")
    assert said.text == f"Tote {world.totes[0]} is in use for A."


def test_a_tote_stands_on_one_place_of_the_cart_only(world: World, walk: Walk) -> None:
    world.accept("A", TEA=1)
    world.accept("B", TEA=1)
    walk.start()
    world.clock.advance(minutes=6)
    walk.release()
    walk.load("cart-1", 0)
    refuses(walk, "cart-1", world.totes[0], "tote_in_use")
    assert walk.batch().state == "loading"


def test_an_unknown_tote_and_a_cart_as_a_tote_are_refused(world: World, walk: Walk) -> None:
    from tests.world import label

    world.accept(TEA=1)
    walk.start()
    world.clock.advance(minutes=6)
    walk.release()
    refuses(walk, "cart-1", label("T", "999999"), "unknown_tote")
    refuses(walk, "cart-1", world.carts[0], "unexpected_scan")
    refuses(walk, "cart-1", world.gtins["TEA"], "unexpected_scan")


def test_a_finished_cart_wants_the_belt_and_nothing_else(world: World, walk: Walk) -> None:
    world.accept(TEA=1)
    walk.begin(0)
    walk.pick_all()
    refuses(walk, "cart-1", world.locations["STAGE-1"].label, "unexpected_scan")
    refuses(walk, "cart-1", world.gtins["TEA"], "unexpected_scan")
    assert walk.drop().verdict == "accepted"
    refuses(walk, "cart-1", world.locations["BELT"].label, "nothing_expected")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ("4006381333931", "unknown_barcode"),
        ("4006381333930", "wrong_check_digit"),
        ("no such thing", "unknown_barcode"),
        ("L-A0101X", "label_invalid"),
        ("Q" * 201, "label_invalid"),
        ("  ", "label_invalid"),
        ("TEA\x00", "label_invalid"),
        ("C-DANCE", "unexpected_scan"),
    ],
)
def test_a_code_that_means_nothing_is_refused(world: World, walk: Walk, data: str, code: str) -> None:
    world.accept(TEA=1)
    walk.begin(0)
    refuses(walk, "cart-1", data, code)


def test_an_alias_and_the_sku_code_mean_the_article(world: World, walk: Walk) -> None:
    from mfc.catalog.models import Barcode

    Barcode.objects.create(sku=world.skus["TEA"], code="OLD-TEA-7")
    world.accept(TEA=1)
    walk.begin(0)
    assert walk.scan("cart-1", "OLD-TEA-7").verdict == "accepted"
    assert walk.scan("cart-1", "TEA").text == "Already scanned. Put 1 into A."


def test_nobody_at_the_station_means_no_effect(world: World, walk: Walk) -> None:
    said = refuses(walk, "cart-1", world.carts[0], "no_session")
    assert said.text == "Nobody is logged in at cart-1."


def test_an_unknown_badge_opens_nothing(world: World, walk: Walk) -> None:
    from tests.world import label

    refuses(walk, "cart-1", label("U", "NOBODY"), "unknown_badge")


def test_the_badge_of_somebody_who_left_opens_nothing(world: World, walk: Walk) -> None:
    world.people["Sam"].active = False
    world.people["Sam"].save()
    refuses(walk, "cart-1", world.people["Sam"].badge, "unknown_badge")


def test_a_role_works_at_its_own_stations_and_a_lead_everywhere(world: World, walk: Walk) -> None:
    said = refuses(walk, "pack-1", world.people["Sam"].badge, "role_missing")
    assert said.text == "Sam is picker; this is a pack station."
    refuses(walk, "cart-1", world.people["Pat"].badge, "role_missing")
    for station in ("cart-1", "pack-1", "hosp-1"):
        assert walk.badge(station, "Lee").text == "Hello Lee."


def test_a_badge_at_a_second_station_ends_the_first_session(world: World, walk: Walk) -> None:
    walk.badge("cart-1", "Sam")
    walk.badge("cart-2", "Sam")
    open_sessions = WorkSession.objects.filter(ended_at=None).values_list("person__name", "station__key")
    assert list(open_sessions) == [("Sam", "cart-2")]
    assert walk.scan("cart-1", world.carts[0]).code == "no_session"


def test_a_new_badge_relieves_the_person_at_a_station(world: World, walk: Walk) -> None:
    world.accept(TEA=1)
    walk.begin(0)
    walk.badge("cart-1", "Kim")
    open_sessions = WorkSession.objects.filter(ended_at=None).values_list("person__name", "station__key")
    assert list(open_sessions) == [("Kim", "cart-1")]
    walk.pick_all()
    assert PickTask.objects.get().done_by == world.people["Kim"]


def test_the_own_badge_scanned_twice_keeps_the_cart(world: World, walk: Walk) -> None:
    walk.start()
    with unchanged():
        assert walk.badge("cart-1", "Sam").text == "Hello Sam."
    assert WorkSession.objects.get(ended_at=None).cart == world.carts[0]


def test_a_cart_is_used_by_one_person(world: World, walk: Walk) -> None:
    walk.start("cart-1", "Sam", 0)
    walk.badge("cart-2", "Kim")
    said = refuses(walk, "cart-2", world.carts[0], "cart_in_use")
    assert said.text == f"Sam works with cart {world.carts[0]}."


def test_logging_out_leaves_the_batch_on_the_cart(world: World, walk: Walk) -> None:
    world.accept(TEA=1)
    walk.begin(0)
    assert walk.scan("cart-1", "C-END").text == "Logged out."
    refuses(walk, "cart-1", world.gtins["TEA"], "no_session")
    assert walk.batch().state == "picking"
    assert broken_invariants() == {}
