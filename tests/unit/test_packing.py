"""The shipping label and the weight gate."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfc.packing.labels import ShippingLabel, escape, shipping_label_zpl, sscc_human_readable
from mfc.packing.weighing import judge, tolerance_for

SSCC = "106141412345678908"
LABEL = ShippingLabel(
    sscc=SSCC,
    order_ref="UCI-537001",
    ship_to=("Zoë Müller", "1 Low^Road ~JR", "AB1 2CD"),
    lane="STAGE-2",
    promise_text="by 14:30",
    weight_g=4210,
)


def test_label_is_one_ascii_format_with_the_sscc_as_gs1_128():
    zpl = shipping_label_zpl(LABEL)
    assert zpl.isascii()
    assert zpl.startswith("^XA\n^CI28\n")
    assert zpl.endswith("^XZ\n")
    assert f"^BCN,300,N,N,N^FD>;>800{SSCC}^FS" in zpl
    assert f"^FD{sscc_human_readable(SSCC)}^FS" in zpl
    assert "^FDZo_C3_AB M_C3_BCller^FS" in zpl
    assert "^FD1 Low_5ERoad _7EJR^FS" in zpl
    assert "Tote 1 of 1   4.21 kg" in zpl


def test_data_cannot_smuggle_commands():
    assert escape("^XZ~JA_,\x02\n") == "_5EXZ_7EJA_5F_2C_02_0A"


@given(st.text(max_size=60))
def test_escaped_data_is_harmless_and_complete(text):
    data = escape(text)
    assert not re.search(r"[^\x20-\x7e]|[\^~,]", data)
    assert re.fullmatch(r"(?:[^_]|_[0-9A-F]{2})*", data)


@given(st.text(max_size=60))
def test_a_label_has_exactly_its_own_commands_whatever_the_text(text):
    label = ShippingLabel(sscc=SSCC, order_ref="1", ship_to=(text + "x",))
    plain = ShippingLabel(sscc=SSCC, order_ref="1", ship_to=("x",))
    assert shipping_label_zpl(label).count("^") == shipping_label_zpl(plain).count("^")
    assert shipping_label_zpl(label).count("~") == 0


def test_wrong_sscc_is_never_printed():
    with pytest.raises(ValueError, match="should be 8"):
        shipping_label_zpl(ShippingLabel(sscc="106141412345678909", order_ref="1", ship_to=()))


def test_part_of_parts_must_exist():
    with pytest.raises(ValueError, match="tote 3 of 2"):
        shipping_label_zpl(ShippingLabel(sscc=SSCC, order_ref="1", ship_to=(), part=3, parts=2))


@pytest.mark.parametrize(
    ("goods_g", "lightest_unit_g", "tolerance_g"),
    [
        (1000, 500, 30),  # the absolute tolerance
        (5000, 500, 100),  # 2 % of the goods
        (5000, 120, 60),  # held below half of the lightest unit
        (5000, 20, 100),  # half a unit is 2 steps of the scale: it cannot tell
        (5000, 22, 11),  # just above
    ],
)
def test_tolerance(goods_g, lightest_unit_g, tolerance_g):
    assert tolerance_for(goods_g=goods_g, lightest_unit_g=lightest_unit_g, abs_g=30, percent=2) == tolerance_g


@pytest.mark.parametrize(("measured_g", "ok"), [(3530, True), (3531, False), (3470, True), (3469, False)])
def test_gate_is_inclusive_at_the_tolerance(measured_g, ok):
    verdict = judge(3500, measured_g, 1000, 500, 30, 2)
    assert (verdict.ok, verdict.difference_g, verdict.tolerance_g) == (ok, measured_g - 3500, 30)


def test_refusal_tells_the_person_what_is_wrong():
    assert judge(3500, 3380, 2000, 120, 30, 2).reason == (
        "120 g too light: 3380 g measured, 3500 g expected, 40 g allowed"
    )


@given(st.integers(21, 3000), st.integers(1, 60), st.integers(0, 50), st.floats(0, 5))
def test_a_missing_lightest_unit_is_always_seen(lightest_unit_g, units, abs_g, percent):
    goods_g = lightest_unit_g * units
    verdict = judge(goods_g, goods_g - lightest_unit_g, goods_g, lightest_unit_g, abs_g, percent)
    assert verdict.ok is False or lightest_unit_g // 2 <= 10
