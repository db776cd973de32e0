"""Weight and price inside shop labels."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfc.catalog import gs1, variable
from mfc.catalog.variable import Measure

GRAMS = variable.parse("20IIIIIWWWWWC", 3)
PRICE = variable.parse("22IIIIVPPPPPC", 2)


def gtin(body: str) -> str:
    return f"0{body}{gs1.check_digit(body)}"


def test_a_weight_label_gives_article_and_grams():
    assert variable.read(gtin("201234501278"), [GRAMS]) == Measure(gtin("201234500000"), weight_g=1278)


def test_a_price_label_gives_article_and_cents_and_ignores_the_verifier():
    assert variable.read(gtin("224711300599"), [GRAMS, PRICE]) == Measure(
        gtin("224711000000"), price_cents=599
    )


@pytest.mark.parametrize(
    ("decimals", "weight_g"), [(0, 1_278_000), (1, 127_800), (2, 12_780), (3, 1278), (4, 128)]
)
def test_decimals_are_those_of_kilograms(decimals, weight_g):
    pattern = variable.parse("20IIIIIWWWWWC", decimals)
    assert variable.read(gtin("201234501278"), [pattern]).weight_g == weight_g


def test_the_longest_prefix_decides():
    special = variable.parse("2099IIIWWWWWC", 2)
    assert variable.read(gtin("209912300050"), [GRAMS, special]).weight_g == 500
    assert variable.read(gtin("201234500050"), [GRAMS, special]).weight_g == 50


def test_an_article_without_weight_is_itself_and_other_numbers_are_left_alone():
    assert variable.read(gtin("201234500000"), [GRAMS]) == Measure(gtin("201234500000"))
    assert variable.read(gtin("210000000001"), [GRAMS]) == Measure(gtin("210000000001"))
    assert variable.read("05901234123457", [GRAMS]) == Measure("05901234123457")
    assert variable.read(gtin("201234501278"), []) == Measure(gtin("201234501278"))


def test_a_upc_a_of_number_system_2_has_prefix_02():
    upc = "212345012786"[:11]
    full = upc + str(gs1.check_digit(upc))
    pattern = variable.parse("02IIIIIVWWWWC", 3)
    assert variable.read(gs1.gtin14(full), [pattern]).weight_g == 1278


def test_a_case_is_no_weight_label():
    assert not variable.may_be("12012345012786")


@pytest.mark.parametrize(
    ("text", "decimals", "message"),
    [
        ("20IIIIIWWWWC", 3, "13 signs"),
        ("50IIIIIWWWWWC", 3, "begins with 02"),
        ("20IIIIIXXXXXC", 3, "only the signs"),
        ("20IIIIIWWWWWW", 3, "only the signs"),
        ("20IIIIIVVVVVC", 3, "either W"),
        ("20IIIWWWPPPPC", 3, "either W"),
        ("20WWWWWWWWWWC", 3, "needs I"),
        ("20IIIIIWWWWWC", 5, "decimals"),
    ],
)
def test_a_wrong_pattern_says_why(text, decimals, message):
    with pytest.raises(ValueError, match=message):
        variable.parse(text, decimals)


@given(st.integers(0, 99_999), st.integers(1, 99_999))
def test_every_weight_of_an_article_leads_to_one_code(item, weight):
    read = variable.read(gtin(f"20{item:05d}{weight:05d}"), [GRAMS])
    assert read == Measure(gtin(f"20{item:05d}00000"), weight_g=weight)
