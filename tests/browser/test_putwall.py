"""The put wall on its screen: what is lit is plain to see, on a phone and on a monitor, by day and by night."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from mfc.core.actors import SYSTEM
from mfc.inventory.models import Container
from mfc.picking import wallplan, waves
from mfc.picking.models import PutSlot
from mfc.workforce.models import Person, Station
from tests.browser.conftest import Visitor
from tests.browser.floor import Floor, badge, gtin
from tests.browser.test_handheld import live, said, scan, until

# Set to a directory to look at the pages.
PICTURES = os.environ.get("MFC_PICTURES", "")


@pytest.fixture
def wall(floor: Floor) -> Floor:
    """A cart stands before its first place; the wall has two rows of four."""
    station = Station.objects.create(site=floor.site, key="wall-1", kind="putwall", token="token-wall-1")
    Person.objects.create(name="Person wall-1", role="packer", badge=badge("wall-1"))
    wallplan.build(station=station, rows=2, columns=4, actor=SYSTEM)
    floor.site.wall_orders = 8
    floor.site.save()
    floor.log_in("cart-1")
    waves.release_due(site=floor.site)
    floor.log_in("cart-1")
    assert floor.screen("cart-1")["step"] == "totes"
    return floor


def totes() -> list[str]:
    return list(Container.objects.filter(kind="tote").order_by("label").values_list("label", flat=True))


def at_wall(floor: Floor) -> None:
    """The pick tote is picked and in work at the wall."""
    floor.scan("cart-1", totes()[0])
    while floor.screen("cart-1")["step"] != "drop":
        floor.step("cart-1")
    floor.step("cart-1")
    floor.log_in("wall-1")
    assert floor.scan("wall-1", totes()[0])["verdict"] == "accepted"


def picture(page: Any, name: str) -> None:
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"))


def test_the_lit_slots_stand_out_and_sorting_goes_by_scans(wall: Floor, visitor: Visitor) -> None:
    at_wall(wall)
    page = visitor.open("/handheld/token-wall-1/", size="360x740")
    live(page)
    wall.scan(
        "wall-1", f"]C101{gtin(3)}"
    )  # by the bench's scanner; a long code by keys is slow on a busy machine
    until(lambda: "empty tote in slot" in page.inner_text("h1"))
    assert page.locator(".cubby[data-lit]").count() == 1
    for tote in totes()[1:5]:
        if "empty tote" not in page.inner_text("h1"):
            break
        before = page.inner_text("h1")
        scan(page, tote)
        until(lambda before=before: page.inner_text("h1") != before)
    until(lambda: page.inner_text("h1").startswith("Put "))
    lit = page.locator(".cubby[data-lit]")
    assert lit.count() >= 1
    slot = PutSlot.objects.get(position=int(lit.first.get_attribute("data-slot")))
    dark = PutSlot.objects.filter(state="assigned").first()
    if dark is not None:
        scan(page, dark.location.label)
        until(lambda: "gets nothing of this" in said(page))
    scan(page, slot.location.label)
    until(lambda: f"in slot {slot.position}" in said(page))
    page.click("[data-action=undo]")
    until(lambda: f"out of slot {slot.position}" in said(page))
    assert "null" not in page.inner_text("#card")
    assert visitor.faults == []


def lead_to(floor: Floor, step: str) -> None:
    """The next step at the wall, as people would reach it."""
    if step == "bind":
        floor.scan("wall-1", f"]C101{gtin(3)}")
    elif step == "put":
        for tote in totes()[1:3]:
            floor.scan("wall-1", tote)
    elif step == "seal":
        for one in floor.screen("wall-1")["wall"]["slots"]:
            if one["lit"]:
                floor.scan("wall-1", one["label"])
        floor.scan("wall-1", "C-DONE")
    assert floor.screen("wall-1")["step"] == f"wall_{step}"


@pytest.mark.parametrize("size", ["320x640", "360x740", "1280x800"])
def test_nothing_sticks_out_light_and_dark(wall: Floor, visitor: Visitor, size: str) -> None:
    page = visitor.open("/handheld/token-cart-1/", size=size)
    live(page)
    picture(page, f"cart-load-{size}")
    at_wall(wall)
    for step in ("item", "bind", "put", "seal"):
        lead_to(wall, step)
        for scheme in ("light", "dark"):
            page = visitor.open("/handheld/token-wall-1/", size=size, scheme=scheme)
            live(page)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), scheme
            assert "null" not in page.inner_text("#card")
            picture(page, f"{step}-{size}-{scheme}")
    assert visitor.faults == []
