"""GS1 reads: what is trusted, and what is refused with a reason."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfc.catalog import gs1


def test_element_string_gives_gtin_lot_expiry_and_serial():
    read = gs1.parse_scan("0109521234543213" + "17260101" + "10AB\x1d" + "21X7", "C1")
    assert read == gs1.Gs1Read(gtin="09521234543213", lot="AB", expiry=date(2026, 1, 1), serial="X7")
    assert read.last_day == date(2026, 1, 1)


def test_aim_identifier_may_still_stand_before_the_data():
    assert gs1.parse_scan("]d20109521234543213").gtin == "09521234543213"


def test_doubled_and_trailing_separators_are_harmless():
    read = gs1.parse_scan("\x1d0109521234543213\x1d10AB\x1d\x1d21X\x1d", "]C1")
    assert (read.gtin, read.lot, read.serial, read.error) == ("09521234543213", "AB", "X", "")


def test_plain_digits_are_a_gtin_even_where_they_would_parse_as_element_string():
    # (95)24000059109 is a good element string as well; see the module's docstring.
    assert gs1.parse_scan("9524000059109") == gs1.Gs1Read(gtin="09524000059109")


def test_element_string_without_aim_identifier_is_not_trusted():
    assert gs1.parse_scan("010952123454321310AB") == gs1.Gs1Read()


@pytest.mark.parametrize(
    ("data", "aim", "gtin"),
    [
        ("5901234123457", "E0", "05901234123457"),
        ("036000291452", "", "00036000291452"),
        ("96385074", "E4", "00000096385074"),
        ("15901234123454", "I1", "15901234123454"),
        ("590123412345712345", "E3", "05901234123457"),
    ],
)
def test_ean_and_itf_give_gtin_14(data, aim, gtin):
    assert gs1.parse_scan(data, aim) == gs1.Gs1Read(gtin=gtin)


@pytest.mark.parametrize(
    ("data", "aim", "text"),
    [
        ("5901234123458", "", "is 8, it should be 7"),
        ("5901234123458", "E0", "is 8, it should be 7"),
        ("0109521234543218", "C1", "is 8, it should be 3"),
        ("00306141412345678900", "C1", "SSCC 306141412345678900 is 0, it should be 2"),
        ("0109521234543213" + "17261301", "C1", "not valid GS1"),
        ("10AB\x1d10AC", "C1", "(10) twice"),
        ("https://id.gs1.org/01/09521234543218", "Q1", "is 8, it should be 3"),
        ("59012341", "E0", "it should be"),
    ],
)
def test_broken_codes_are_refused_with_a_reason(data, aim, text):
    read = gs1.parse_scan(data, aim)
    assert text in read.error
    assert read == gs1.Gs1Read(error=read.error)


def test_digital_link_gives_the_same_as_the_element_string():
    link = gs1.parse_scan("https://id.gs1.org/01/09521234543213/10/AB?17=260101", "Q1")
    assert link == gs1.Gs1Read(gtin="09521234543213", lot="AB", expiry=date(2026, 1, 1))


@pytest.mark.parametrize(
    "data", ["https://example.com/foo", "85123A", "22423", "L-A0307BX", "", "]", "NOREAD"]
)
def test_what_is_not_gs1_is_neither_accepted_nor_an_error(data):
    assert gs1.parse_scan(data) == gs1.Gs1Read()


def test_content_count_weight_and_best_before():
    read = gs1.parse_scan(
        "00306141412345678902" + "0209521234543213" + "15270228" + "3103001234" + "3712", "C1"
    )
    assert read == gs1.Gs1Read(
        sscc="306141412345678902",
        content_gtin="09521234543213",
        best_before=date(2027, 2, 28),
        weight_g=1234,
        count=12,
    )


def test_day_00_means_the_last_day_of_the_month():
    assert gs1.parse_scan("17260200", "C1").expiry == date(2026, 2, 28)


def test_sscc_example_of_the_general_specifications():
    assert gs1.sscc(1, "0614141", 234567890) == "106141412345678908"


@pytest.mark.parametrize(
    ("extension", "prefix", "serial"), [(10, "0614141", 1), (0, "06x", 1), (0, "0614141", 10**9)]
)
def test_sscc_refuses_what_does_not_fit(extension, prefix, serial):
    with pytest.raises(ValueError):
        gs1.sscc(extension, prefix, serial)


@given(st.text("0123456789", min_size=12, max_size=12), st.integers(0, 12), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(body, place, shift):
    good = body + str(gs1.check_digit(body))
    assert gs1.gtin14(good) == "0" + good
    bad = good[:place] + str((int(good[place]) + shift) % 10) + good[place + 1 :]
    with pytest.raises(ValueError, match="check digit"):
        gs1.gtin14(bad)


@given(st.text(max_size=40), st.sampled_from(["", "C1", "E0", "d2", "Q3", "I1", "A0"]))
def test_any_text_is_answered_without_an_exception(data, aim):
    gs1.parse_scan(data, aim)


# Printed examples of GS1 DataBar Expanded: GS1 General Specifications and ISO/IEC 24724.
@pytest.mark.parametrize(
    ("data", "gtin", "weight_g"),
    [
        ("0190614141000015" + "3202000150", "90614141000015", 680),  # 1.50 lb
        ("0190012345678908" + "3103001750", "90012345678908", 1750),  # 1.750 kg
        ("0198898765432106" + "3202012345" + "15991231", "98898765432106", 55_996),  # 123.45 lb
    ],
)
def test_printed_examples_of_variable_measure_items(data, gtin, weight_g):
    read = gs1.parse_scan(data, "e0")
    assert (read.gtin, read.weight_g, read.error) == (gtin, weight_g, "")


@pytest.mark.parametrize(
    ("ai", "digits", "weight_g"),
    [
        ("3100", "000012", 12_000),
        ("3101", "000012", 1_200),
        ("3102", "000012", 120),
        ("3103", "001234", 1_234),
        ("3104", "012345", 1_235),  # 1.2345 kg, rounded half up
        ("3105", "123456", 1_235),
        ("3200", "000001", 454),
        ("3203", "001000", 454),
        ("3205", "100000", 454),
    ],
)
def test_net_weight_in_kilograms_and_pounds(ai, digits, weight_g):
    assert gs1.parse_scan(f"0190012345678908{ai}{digits}", "e0").weight_g == weight_g


def test_kilograms_win_over_pounds_and_a_volume_is_no_weight():
    both = gs1.parse_scan("0190012345678908" + "3202000150" + "3103000680", "e0")
    assert both.weight_g == 680
    assert gs1.parse_scan("0190012345678908" + "3153000680", "e0").weight_g is None


def test_every_date_of_an_article_and_which_one_counts():
    read = gs1.parse_scan("0109521234543213" + "11260200" + "13260131" + "16260301", "C1")
    assert (read.production, read.packaging, read.sell_by) == (
        date(2026, 2, 28),
        date(2026, 1, 31),
        date(2026, 3, 1),
    )
    assert (read.last_day, read.last_day_kind) == (date(2026, 3, 1), "sell_by")
    with_best = gs1.parse_scan("0109521234543213" + "15260301" + "16260201", "C1")
    assert (with_best.last_day, with_best.last_day_kind) == (date(2026, 3, 1), "best_before")
    both = gs1.parse_scan("0109521234543213" + "15260301" + "17260401", "C1")
    assert (both.last_day, both.last_day_kind) == (date(2026, 4, 1), "expiry")
    assert gs1.parse_scan("0109521234543213", "C1").last_day_kind == ""


@pytest.mark.parametrize(
    ("ai", "digits", "day"),
    [
        ("17", "280200", date(2028, 2, 29)),
        ("15", "260400", date(2026, 4, 30)),
        ("11", "261200", date(2026, 12, 31)),
    ],
)
def test_day_00_is_the_end_of_the_month_in_every_date(ai, digits, day):
    read = gs1.parse_scan(f"0109521234543213{ai}{digits}", "C1")
    assert day in (read.expiry, read.best_before, read.production)


def test_count_and_additional_identification():
    read = gs1.parse_scan("0190012345678908" + "308\x1d" + "240AB/7\x1d" + "21S1", "e0")
    assert (read.count, read.additional_id, read.serial) == (8, "AB/7", "S1")


def test_a_unit_with_nothing_in_it_is_a_misread():
    read = gs1.parse_scan("0209521234543213" + "370", "C1")
    assert read == gs1.Gs1Read(error="The code says that 0 pieces are in it.")


@pytest.mark.parametrize(
    ("short", "long"),
    [("036000291452", "0036000291452"), ("96385074", "0000096385074"), ("5901234123457", "05901234123457")],
)
def test_all_lengths_of_one_number_are_one_gtin(short, long):
    assert gs1.gtin14(short) == gs1.gtin14(long)
    assert len(gs1.gtin14(short)) == 14
