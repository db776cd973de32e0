"""Exceptions at the cart, by the buttons of a phone: short with a reason, full tote, a lead, a customer who is asked."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from mfc.catalog.models import Sku
from mfc.core import labels
from mfc.orders.models import Order
from mfc.picking import waves
from mfc.picking.models import PickTask
from mfc.workforce.models import Person
from tests.browser.conftest import Visitor
from tests.browser.floor import Floor
from tests.browser.test_handheld import live, said, until

PHONE = {"width": 360, "height": 740}


def shot(page: Any, name: str) -> None:
    """A picture for a person's eyes, when a directory for them is named."""
    if directory := os.environ.get("MFC_SHOTS"):
        page.screenshot(path=str(Path(directory) / f"{name}.png"))


def fits(page: Any) -> None:
    """Nothing is wider than the phone, and every button that can be seen is big enough for a thumb."""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    small = page.evaluate(
        "[...document.querySelectorAll('button')].filter(b => b.offsetParent && b.getBoundingClientRect().height < 44)"
        ".map(b => b.textContent)"
    )
    assert small == []


@pytest.fixture
def cart(floor: Floor) -> Floor:
    """cart-1 stands before its first place; its customers are asked about substitutes."""
    Sku.objects.update(family="all", price_cents=100)
    Order.objects.update(substitution="ask")
    floor.log_in("cart-1")
    waves.release_due(site=floor.site)
    floor.scan("cart-1", labels.make("K", "CART1"))
    floor.load("cart-1")
    return floor


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_short_is_reported_with_its_reason(cart: Floor, visitor: Visitor, scheme: str) -> None:
    page = visitor.open("/handheld/token-cart-1/")
    page.set_viewport_size(PHONE)
    page.emulate_media(color_scheme=scheme)
    live(page)
    shot(page, f"pick-{scheme}")
    fits(page)
    page.click("[data-action=short]")
    until(lambda: page.is_visible("#pad"))
    shot(page, f"short-{scheme}")
    fits(page)
    reasons = page.eval_on_selector_all("#pad-choices button", "all => all.map(one => one.textContent)")
    assert reasons == ["Not found", "Too few there", "Damaged", "Expired", "Wrong item in the place"]
    page.click("[data-choice=C-SHORTDAMAGED]")
    until(lambda: page.get_attribute("#banner", "data-verdict") == "accepted")
    assert set(PickTask.objects.filter(state="short").values_list("reason_code", flat=True)) == {"damaged"}
    page.click("[data-action=more]")
    until(lambda: page.is_visible("#more"))
    shot(page, f"more-{scheme}")
    fits(page)
    page.click("#more [data-action=damaged]")
    until(lambda: page.is_visible("#pad"))
    assert not page.is_visible("#more")
    shot(page, f"damaged-{scheme}")
    fits(page)


def test_a_full_tote_and_a_lead(cart: Floor, visitor: Visitor) -> None:
    page = visitor.open("/handheld/token-cart-1/")
    page.set_viewport_size(PHONE)
    live(page)
    cart.step("cart-1")
    while cart.screen("cart-1")["step"] == "put":
        cart.step("cart-1")
    cart.step("cart-1")
    until(lambda: page.get_attribute("body", "data-step") == "put")
    page.click("[data-action=more]")
    page.click("#more [data-action=full]")
    until(lambda: page.is_visible("#pad"))
    shot(page, "full")
    fits(page)
    page.click("#pad-choices button")
    until(lambda: page.get_attribute("#banner", "data-verdict") in {"accepted", "refused"})
    shot(page, "full-said")
    cart.site.shorts_by_lead_only = True
    cart.site.save()
    Person.objects.filter(role="lead").update(active=True)
    while cart.screen("cart-1")["step"] == "totes":
        cart.scan("cart-1", "C-UNDO")
    cart.scan("cart-1", "C-SHORTNOTFOUND", 0)
    until(lambda: page.get_attribute("body", "data-step") == "lead")
    shot(page, "lead")
    fits(page)
    assert "A lead must agree" in said(page)


def test_a_customer_who_is_asked_is_waited_for(cart: Floor, visitor: Visitor) -> None:
    page = visitor.open("/handheld/token-cart-1/")
    page.set_viewport_size(PHONE)
    live(page)
    for _ in range(60):
        if cart.screen("cart-1")["step"] != "pick":
            break
        cart.scan("cart-1", "C-SHORTNOTFOUND", 0)
    until(lambda: page.get_attribute("body", "data-step") in {"ask", "drop"})
    assert page.get_attribute("body", "data-step") == "ask"
    shot(page, "ask")
    fits(page)
    page.click("[data-action=nowait]")
    until(lambda: page.get_attribute("body", "data-step") == "drop")
