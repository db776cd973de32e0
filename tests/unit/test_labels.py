"""Our own labels and their check character."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfc.core import labels

BODY = st.text(labels.ALPHABET, min_size=5, max_size=12)


def test_check_character_agrees_with_the_published_example():
    # IFPI, Global Release Identifier (GRid) Standard: A1-2425G-ABC1234002-M uses ISO 7064 MOD 37,36.
    assert labels.check_character("A12425GABC1234002") == "M"


def test_make_and_parse_are_inverse():
    text = labels.make("L", "a0307b")
    assert text == "L-A0307B" + labels.check_character("A0307B")
    assert labels.parse(text.lower()) == labels.Label(labels.Kind.LOCATION, "A0307B")
    assert labels.parse(text).text == text


def test_command_has_no_check_character():
    assert labels.make("C", "SHORT") == "C-SHORT"
    assert labels.parse("c-short") == labels.Label(labels.Kind.COMMAND, "SHORT")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("X-A0307B1", "Character 1 is 'X'"),
        ("L_A0307B1", "character 2"),
        ("L-A03-7B1", "Character 6 is '-'"),
        ("L-A037", "too short"),
        ("C-", "1 to 24"),
        ("", "not a label"),
    ],
)
def test_wrong_form_names_the_character(text, message):
    with pytest.raises(labels.LabelError, match=message):
        labels.parse(text)


def test_wrong_check_character_says_what_was_expected():
    good = labels.make("T", "000017")
    bad = good[:-1] + ("0" if good[-1] != "0" else "1")
    with pytest.raises(labels.LabelError, match=f"should be '{good[-1]}'"):
        labels.parse(bad)


@pytest.mark.parametrize("body", ["A03", "A" * 24, "A0307-", "ÄÄÄÄÄÄ"])
def test_make_refuses_bodies_that_cannot_be_printed(body):
    with pytest.raises(labels.LabelError):
        labels.make("L", body)


@given(BODY, st.data())
def test_every_wrong_character_is_found(body, data):
    text = labels.make("L", body)
    place = data.draw(st.integers(2, len(text) - 1))
    other = data.draw(st.sampled_from([c for c in labels.ALPHABET if c != text[place]]))
    with pytest.raises(labels.LabelError, match="check character"):
        labels.parse(text[:place] + other + text[place + 1 :])


def test_looks_like_tells_labels_from_other_codes():
    assert [labels.looks_like(t) for t in ("L-A0307BX", " t-1", "85123A", "C-SHORT", "LX-1")] == [
        True,
        True,
        False,
        True,
        False,
    ]
