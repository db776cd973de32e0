"""The stock terminal under fingers and keys: buttons, typed values and scans, on a phone and in the dark."""

from __future__ import annotations

from typing import Any

import pytest

from mfc.layout.models import Location
from mfc.scanning.flows import FLOWS
from tests.browser.conftest import Visitor
from tests.browser.floor import Floor
from tests.browser.test_handheld import live, said, scan, until


@pytest.fixture
def terminal(floor: Floor, visitor: Visitor) -> Any:
    floor.log_in("stock-1")
    page = visitor.open("/handheld/token-stock-1/", size="360x740")
    live(page)
    assert "null" not in page.inner_text("#card")
    return page


def test_goods_are_moved_with_buttons_scans_and_a_typed_number(
    terminal: Any, floor: Floor, visitor: Visitor
) -> None:
    source = Location.objects.get(code="A01-02-A")
    target = Location.objects.get(code="A01-04-A")
    terminal.click(".menu button:has-text('Move')")
    until(lambda: "place you take from" in terminal.inner_text("#card"))
    scan(terminal, source.label)
    until(lambda: terminal.is_visible(".ask"))
    assert "null" not in terminal.inner_text("#card")
    terminal.click(".ask")
    terminal.fill("#ask-value", "7")
    terminal.press("#ask-value", "Enter")
    until(lambda: "place you put it" in terminal.inner_text("#card"))
    scan(terminal, target.label)
    until(lambda: terminal.is_visible("[data-choice='2']"))
    terminal.click("[data-choice='2']")
    until(lambda: "now at A01-04-A" in said(terminal))
    assert terminal.inner_text("h1") == "Scan the place you take from"
    assert visitor.faults == []


def test_a_value_that_is_no_number_is_told_in_the_sheet(terminal: Any, floor: Floor) -> None:
    terminal.click(".menu button:has-text('Move')")
    until(lambda: "place you take from" in terminal.inner_text("#card"))
    scan(terminal, Location.objects.get(code="A01-02-A").label)
    until(lambda: terminal.is_visible(".ask"))
    terminal.click(".ask")
    terminal.fill("#ask-value", "many")
    terminal.press("#ask-value", "Enter")
    assert terminal.inner_text("#ask-wrong") == "many is not possible here."
    assert terminal.is_visible("#ask")


def test_nothing_sticks_out_on_small_screens_light_and_dark(floor: Floor, visitor: Visitor) -> None:
    floor.log_in("stock-1")
    for size in ("320x640", "360x740", "1280x800"):
        for scheme in ("light", "dark"):
            page = visitor.open("/handheld/token-stock-1/", size=size, scheme=scheme)
            live(page)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), size
    assert visitor.faults == []


def test_label_and_hint_of_a_button_stand_below_each_other(terminal: Any) -> None:
    spots = terminal.evaluate(
        "[...document.querySelectorAll('[data-choice]')].map(one => [...one.children].map(part => {"
        " const box = part.getBoundingClientRect(), own = one.getBoundingClientRect();"
        " return [box.top, box.bottom, box.left >= own.left && box.right <= own.right]; }))"
    )
    assert len(spots) == len(FLOWS)  # a lead is offered all of them
    for (_, label_end, label_inside), (hint_start, _, hint_inside) in spots:
        assert label_end <= hint_start
        assert (label_inside, hint_inside) == (True, True)
