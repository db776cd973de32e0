"""Labels of our own for a label printer."""

import re

import pytest

from mfc.core import labels, sheets


def test_a_label_has_its_code_in_bars_and_in_letters():
    code = labels.make("L", "A0808C")
    zpl = sheets.zpl(sheets.PlaceLabel(code, "A-08-08-C", "bin 42"))
    assert zpl.startswith("^XA\n")
    assert zpl.endswith("^XZ\n")
    assert f"^BCN,80,N,N,N^FD{code}^FS" in zpl
    assert zpl.count(f"^FD{code}^FS") == 2
    assert "^FDA-08-08-C^FS" in zpl
    assert "^FDbin 42^FS" in zpl


def test_names_cannot_become_commands_and_letters_of_all_tongues_are_kept():
    zpl = sheets.zpl(sheets.PlaceLabel(labels.make("U", "PICK06"), "^XZ~JA", "Zoë"))
    assert zpl.isascii()
    assert "^FD_5EXZ_7EJA^FS" in zpl
    assert "^FDZo_C3_AB^FS" in zpl


@pytest.mark.parametrize("length", [5, 12, 23])
def test_bars_fit_the_label_at_every_length(length):
    zpl = sheets.zpl(sheets.PlaceLabel(labels.make("S", "7" * length), "SKU"))
    module_dots = int(re.search(r"\^BY(\d),", zpl)[1])
    width = module_dots * (11 * (length + 3) + 35)
    assert width <= sheets.WIDTH_DOTS - 2 * sheets.MARGIN_DOTS


def test_a_mistyped_code_is_not_printed():
    with pytest.raises(labels.LabelError):
        sheets.zpl(sheets.PlaceLabel("L-A0808C1", "x"))
