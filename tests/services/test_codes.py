"""What a code stands for: packs, counts, weights, dates, and one form of a number everywhere."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import IntegrityError, transaction

from mfc.catalog import codes, gs1, queries, skulabels
from mfc.catalog.models import Barcode, Pack, Sku, VariableMeasure
from mfc.scanning.resolve import SkuScan, SsccScan, resolve
from tests.proof import broken_invariants, refused, unchanged
from tests.walk import Walk
from tests.world import World

CASE_GTIN = "15901234123454"
SSCC = "106141412345678908"


@pytest.fixture
def case(world: World) -> Pack:
    """Twelve tea caddies in a case with a GTIN-14 of its own."""
    pack = Pack.objects.create(sku=world.skus["TEA"], level="case", eaches=12)
    Barcode.objects.create(sku=world.skus["TEA"], pack=pack, code=CASE_GTIN)
    return pack


def scan(world: World, data: str, symbology: str = "") -> SkuScan:
    found = resolve(site=world.site, data=data, symbology=symbology)
    assert isinstance(found, SkuScan)
    return found


def gtin(world: World, code: str = "TEA") -> str:
    return world.gtins[code].zfill(14)


def ean13(body: str) -> str:
    return f"{body}{gs1.check_digit(body)}"


def test_every_length_of_a_number_finds_the_same_article(world: World) -> None:
    Barcode.objects.create(sku=world.skus["SOAP"], code=codes.normal("036000291452"))
    for text in ("036000291452", "0036000291452", "00036000291452"):
        assert scan(world, text).sku.code == "SOAP"
        assert codes.normal(text) == "00036000291452"


def test_the_database_takes_only_the_form_of_14_digits(world: World) -> None:
    for text in ("036000291452", "0036000291452", "96385074"):
        with pytest.raises(IntegrityError), transaction.atomic():
            Barcode.objects.create(sku=world.skus["SOAP"], code=text)


def test_an_equivalent_code_of_another_article_is_refused_naming_who_has_it(world: World, case: Pack) -> None:
    with refused("barcode_taken") as caught:
        codes.check_free(codes.normal(world.gtins["TEA"]))
    assert caught.value.details == {"barcode": gtin(world), "sku": "TEA", "level": "each"}
    with refused("barcode_taken") as caught:
        codes.check_free(CASE_GTIN)
    assert caught.value.message == f"{CASE_GTIN} is already the code of TEA (case)."
    codes.check_free(CASE_GTIN, besides=Barcode.objects.get(code=CASE_GTIN).pk)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("5901234123458", "wrong_check_digit"),
        ("", "label_invalid"),
        ("A|B", "label_invalid"),
        ("A\x1dB", "label_invalid"),
        ("x" * 61, "label_invalid"),
        ("T-000001P", "label_invalid"),
    ],
)
def test_what_cannot_be_a_code_is_refused(world: World, text: str, code: str) -> None:
    with refused(code):
        codes.normal(text)


def test_a_case_counts_its_eaches(world: World, case: Pack) -> None:
    found = scan(world, CASE_GTIN)
    assert (found.sku.code, found.eaches, found.pack_level) == ("TEA", 12, "case")
    assert (scan(world, gtin(world)).eaches, scan(world, gtin(world)).pack_level) == (1, "")
    assert scan(world, f"01{CASE_GTIN}30" + "3", "C1").eaches == 36


def test_a_cases_gtin_is_no_name_of_one_piece_in_an_order(world: World, case: Pack) -> None:
    assert queries.by_gtins([CASE_GTIN, gtin(world)]) == {gtin(world): world.skus["TEA"]}


def test_a_label_gives_all_it_says(world: World) -> None:
    found = scan(world, f"01{gtin(world, 'CHEESE')}310300025010L7\x1d1526121021S9", "C1")
    assert (found.sku.code, found.weight_g, found.lot, found.serial) == ("CHEESE", 250, "L7", "S9")
    assert (found.expires_on, found.expiry_kind) == (date(2026, 12, 10), "best_before")


def test_a_production_date_and_the_shelf_life_give_the_last_day(world: World) -> None:
    data = f"01{gtin(world, 'MILK')}11261101"
    assert (scan(world, data, "C1").expires_on, scan(world, data, "C1").expiry_kind) == (None, "")
    Sku.objects.filter(code="MILK").update(shelf_life_days=14)
    found = scan(world, data, "C1")
    assert (found.expires_on, found.expiry_kind) == (date(2026, 11, 15), "production")
    printed = scan(world, data + "17261120", "C1")
    assert (printed.expires_on, printed.expiry_kind) == (date(2026, 11, 20), "expiry")


def test_the_content_of_a_closed_unit_is_counted(world: World, case: Pack) -> None:
    pieces = scan(world, f"02{gtin(world)}37" + "48", "C1")
    assert (pieces.sku.code, pieces.eaches) == ("TEA", 48)
    cases = scan(world, f"02{CASE_GTIN}37" + "4", "C1")
    assert (cases.sku.code, cases.eaches, cases.pack_level) == ("TEA", 48, "case")


def test_a_pallet_label_keeps_number_and_content(world: World, case: Pack) -> None:
    data = f"00{SSCC}02{CASE_GTIN}17270131" + "3740\x1d10LOT9"
    found = resolve(site=world.site, data=data, symbology="C1")
    assert found == SsccScan(
        SSCC,
        SkuScan(
            world.skus["TEA"],
            lot="LOT9",
            expires_on=date(2027, 1, 31),
            eaches=480,
            pack_level="case",
            expiry_kind="expiry",
        ),
    )
    assert resolve(site=world.site, data=f"00{SSCC}", symbology="C1") == SsccScan(SSCC)


def test_a_pallet_of_something_unknown_is_told(world: World) -> None:
    with refused("unknown_barcode"):
        resolve(site=world.site, data=f"00{SSCC}0215901234123454", symbology="C1")


def test_a_shops_weight_label_gives_article_and_weight(world: World) -> None:
    VariableMeasure.objects.create(pattern="28IIIIIWWWWWC", decimals=3)
    printed = ean13("281234500312")
    Barcode.objects.create(sku=world.skus["CHEESE"], code=codes.normal(printed))
    found = scan(world, ean13("281234500287"))
    assert (found.sku.code, found.weight_g, found.eaches) == ("CHEESE", 287, 1)
    assert codes.normal(ean13("281234599999")) == codes.normal(printed)
    assert scan(world, gtin(world)).weight_g is None, "20… has no layout here"


def test_our_own_label_of_a_sku_and_of_its_case(world: World, case: Pack) -> None:
    soap = world.skus["SOAP"]
    assert scan(world, skulabels.text_of(soap)).sku == soap
    found = scan(world, skulabels.text_of(world.skus["TEA"], case).lower())
    assert (found.sku.code, found.eaches, found.pack_level) == ("TEA", 12, "case")
    text = skulabels.text_of(world.skus["TEA"], case)
    case.delete()
    with refused("unknown_barcode"):
        scan(world, text)
    with refused("unknown_barcode"):
        scan(world, skulabels.text_of(Sku(pk=999_999)))
    with refused("label_invalid"):
        scan(world, skulabels.text_of(soap)[:-1] + "?")


def test_an_inactive_article_is_unknown(world: World) -> None:
    text = skulabels.text_of(world.skus["SOAP"])
    Sku.objects.filter(code="SOAP").update(active=False)
    for data in (text, world.gtins["SOAP"], "SOAP"):
        with refused("unknown_barcode"):
            scan(world, data)


def test_a_case_does_not_pass_for_one_piece_at_the_cart(world: World, walk: Walk, case: Pack) -> None:
    world.accept(TEA=2)
    walk.begin(0)
    with unchanged():
        said = walk.scan("cart-1", CASE_GTIN)
    assert (said.verdict, said.code) == ("refused", "wrong_pack")
    assert said.text == "That is a case of 12. Wanted: 2."
    assert walk.scan("cart-1", world.gtins["TEA"]).text == "Put 2 into A."


def test_a_case_is_right_where_as_many_are_wanted(world: World, walk: Walk, case: Pack) -> None:
    Pack.objects.filter(pk=case.pk).update(eaches=6)
    world.accept(TEA=6)
    walk.begin(0)
    assert walk.scan("cart-1", CASE_GTIN).text == "Put 6 into A."
    assert broken_invariants() == {}
