"""The release queue of the admin: the planner's words above the orders, on a desk and on a phone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.browser.conftest import Visitor
from tests.browser.floor import Floor


@pytest.mark.parametrize(("scheme", "size"), [("light", "1280x900"), ("dark", "390x800")])
def test_the_queue_is_read_wide_and_narrow(
    floor: Floor, visitor: Visitor, manager_cookie: str, scheme: str, size: str
) -> None:
    page = visitor.open("/admin/picking/wave/queue", size=size, scheme=scheme, cookie=manager_cookie)
    page.wait_for_load_state("networkidle")
    width = int(size.split("x")[0])
    said = page.inner_text("#content-main strong")
    assert said.startswith(("Releases now:", "Waits:", "Joins batch", "Enough batches", "Nothing waits."))
    assert page.evaluate("document.querySelector('#content-main table').rows.length") >= 2
    assert page.evaluate("document.querySelector('#content-main').getBoundingClientRect().width") <= width
    assert visitor.faults == []
    if "MFC_SHOTS" in os.environ:
        page.screenshot(path=str(Path(os.environ["MFC_SHOTS"]) / f"queue-{scheme}-{width}.png"))
