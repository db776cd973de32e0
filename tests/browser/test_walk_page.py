"""The walk on a batch's page of the admin: drawn, in both themes, on a desk and on a phone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mfc.picking.models import Batch
from tests.browser import floor as floors
from tests.browser.conftest import Visitor
from tests.browser.floor import Floor


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["1280x900", "390x800"])
def test_the_walk_is_drawn_in_the_colours_of_the_theme(
    floor: Floor, visitor: Visitor, manager_cookie: str, scheme: str, size: str
) -> None:
    floors.work(floor)
    batch = Batch.objects.exclude(lengths_mm={}).order_by("pk")[0]
    page = visitor.open(
        f"/admin/picking/batch/{batch.pk}/change/", size=size, scheme=scheme, cookie=manager_cookie
    )
    page.wait_for_load_state("networkidle")
    width = int(size.split("x")[0])
    assert page.evaluate("document.querySelectorAll('svg.site-drawing').length") == 1
    assert page.evaluate("document.querySelectorAll('.site-stop').length") > 0
    stroke = page.evaluate("getComputedStyle(document.querySelector('.site-walk')).stroke")
    assert stroke == {"light": "rgb(29, 78, 216)", "dark": "rgb(124, 176, 255)"}[scheme]
    # The drawing scrolls inside its own box; the page does not grow with it.
    box = page.evaluate("document.querySelector('.site-scroll').getBoundingClientRect().width")
    assert box <= width
    assert visitor.faults == []
    if "MFC_SHOTS" in os.environ:
        page.evaluate("document.querySelector('.site-walk-view').scrollIntoView()")
        page.screenshot(path=str(Path(os.environ["MFC_SHOTS"]) / f"walk-{scheme}-{width}.png"))
