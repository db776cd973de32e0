"""The handheld page under real keys: what is a scan, what is typing, and what happens without a network."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from mfc.core import labels
from mfc.core.models import Receipt
from mfc.picking import waves
from tests.browser.conftest import Visitor
from tests.browser.floor import Floor, badge, gtin

# Slower than any scanner; faster than most people.
TYPING_MS = 60
WAIT_S = 5.0


def until(check: Callable[[], Any]) -> None:
    """Wait until ``check()`` is true: the page's strict policy forbids the driver's own waiting by text."""
    end = time.monotonic() + WAIT_S
    while not check():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def scan(page: Any, code: str) -> None:
    """What a keyboard wedge does."""
    page.keyboard.type(code)
    page.keyboard.press("Enter")


def said(page: Any) -> str:
    return str(page.inner_text("#banner"))


def live(page: Any) -> None:
    until(lambda: page.get_attribute("#net", "data-state") == "online")


@pytest.fixture
def picking(floor: Floor) -> Floor:
    """cart-1 stands before its first place."""
    floor.log_in("cart-1")
    waves.release_due(site=floor.site)
    floor.scan("cart-1", labels.make("K", "CART1"))
    floor.load("cart-1")
    assert floor.screen("cart-1")["step"] == "pick"
    return floor


def test_scans_are_told_from_typing_and_press_nothing(picking: Floor, visitor: Visitor) -> None:
    page = visitor.open("/handheld/token-cart-1/")
    live(page)
    page.focus("[data-action=undo]")
    before = Receipt.objects.filter(kind="screen").count()

    page.keyboard.type(gtin(1), delay=TYPING_MS)
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Enter")
    time.sleep(0.3)
    assert Receipt.objects.filter(kind="screen").count() == before, "typing is no scan"

    page.focus("[data-action=undo]")
    wrong = next(sku for sku in range(1, 7) if f"SKU-{sku}" != picking.screen("cart-1")["item"]["sku"])
    scan(page, gtin(wrong))
    until(lambda: "Wanted" in said(page))
    assert page.get_attribute("#banner", "data-verdict") == "refused"
    last = Receipt.objects.filter(kind="screen").order_by("pk").last()
    assert last is not None
    assert last.payload["code"] == gtin(wrong)
    assert Receipt.objects.filter(kind="screen").count() == before + 1, "the scan's Enter pressed Undo"

    page.focus("[data-action=undo]")
    page.keyboard.press("Enter")
    until(lambda: Receipt.objects.filter(kind="screen").count() == before + 2)
    last = Receipt.objects.filter(kind="screen").order_by("pk").last()
    assert last is not None
    assert last.payload["code"] == "C-UNDO", "a person's Enter does press the button"


def test_a_label_is_a_scan_at_any_speed_even_into_an_open_sheet(picking: Floor, visitor: Visitor) -> None:
    page = visitor.open("/handheld/token-cart-1/")
    live(page)
    page.click("[data-action=type]")
    page.keyboard.type(picking.screen("cart-1")["location"]["label"], delay=TYPING_MS)
    page.keyboard.press("Enter")
    until(lambda: page.get_attribute("body", "data-step") == "put")
    assert page.evaluate("document.querySelectorAll('dialog[open]').length") == 0
    assert page.input_value("#type-code") == ""


def test_fast_scans_are_kept_and_done_in_order(floor: Floor, visitor: Visitor) -> None:
    page = visitor.open("/handheld/token-cart-1/")
    live(page)
    for code in (badge("cart-1"), labels.make("K", "CART1"), "C-END", badge("cart-1")):
        scan(page, code)
    until(lambda: Receipt.objects.filter(kind="screen").count() == 4)
    until(lambda: "Hello" in said(page))
    assert floor.screen("cart-1")["step"] == "cart"


def test_without_network_inputs_wait_and_are_sent_once(floor: Floor, visitor: Visitor) -> None:
    page = visitor.open("/handheld/token-cart-1/")
    live(page)
    page.context.set_offline(True)
    scan(page, badge("cart-1"))
    scan(page, labels.make("K", "CART1"))
    until(lambda: page.inner_text("#net") == "Offline · 2 waiting")
    ids = page.evaluate("JSON.parse(localStorage['mfc.outbox.token-cart-1']).map((item) => item.id)")

    page.context.set_offline(False)
    until(lambda: page.get_attribute("body", "data-step") == "wait")
    until(lambda: page.get_attribute("#net", "data-state") == "online")
    sources = [
        source.split("/")[-1] for source in Receipt.objects.order_by("pk").values_list("source", flat=True)
    ]
    assert sources == ids


def test_a_short_is_counted_on_the_pad(picking: Floor, visitor: Visitor) -> None:
    page = visitor.open("/handheld/token-cart-1/", size="320x569")
    live(page)
    place = picking.screen("cart-1")["location"]["code"]
    page.click("[data-action=short]")
    page.click("#pad [data-step='1']")
    page.click("#pad [data-step='-1']")
    assert page.inner_text("#pad-value") == "0"
    page.click("[data-choice=C-SHORTNOTFOUND]")
    until(lambda: "short: no other bin has it." in said(page) or "from another bin." in said(page))
    assert picking.screen("cart-1").get("location", {}).get("code") != place


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_small_terminal_and_a_glove(picking: Floor, visitor: Visitor, scheme: str) -> None:
    for path in ("token-cart-1", "token-cart-2", "token-pack-1", "token-hospital-1"):
        page = visitor.open(f"/handheld/{path}/", size="320x569", scheme=scheme)
        live(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
        heights = page.evaluate(
            "[...document.querySelectorAll('#actions button')].map((b) => b.offsetHeight)"
        )
        assert heights, path
        assert min(heights) >= 72, path
        sizes = page.evaluate(
            "[...document.querySelectorAll('body *')].filter((e) => e.offsetParent && e.textContent.trim())"
            ".map((e) => parseFloat(getComputedStyle(e).fontSize))"
        )
        assert min(sizes) >= 16, path
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (dark == "rgb(11, 15, 20)") is (scheme == "dark")
    assert visitor.faults == []


def test_an_unknown_address_says_what_to_do(floor: Floor, visitor: Visitor) -> None:
    page = visitor.open("/handheld/nobody/")
    assert "Open the address shown for the station in the admin." in page.inner_text("main")
