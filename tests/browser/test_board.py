"""The live board moves, the admin opens, and nothing breaks its content policy or calls outside."""

from __future__ import annotations

import pytest

from tests.browser import floor as floors
from tests.browser.conftest import Visitor
from tests.browser.floor import Floor
from tests.browser.test_handheld import until


def test_the_board_follows_the_floor(floor: Floor, visitor: Visitor, manager_cookie: str) -> None:
    floors.work(floor)
    page = visitor.open("/board/", size="1440x900", cookie=manager_cookie)
    until(lambda: page.get_attribute("#link", "data-state") == "live")
    assert page.inner_text("#orders-ready") == "2"
    assert "plc-1 no answer" in page.inner_text("#devices")

    floor.log_in("cart-2")
    until(lambda: "Person cart-2 took cart" in page.inner_text("#events"))
    until(lambda: "Person cart-2" in page.inner_text("#people"))
    assert page.evaluate("document.querySelectorAll('.walker').length") == 3
    assert "Person cart-2" in page.evaluate("document.getElementById('plan-words').textContent")
    assert visitor.faults == []


def test_a_person_walks_around_the_shelves(floor: Floor, visitor: Visitor, manager_cookie: str) -> None:
    page = visitor.open("/board/", size="1440x900", cookie=manager_cookie)
    way = page.evaluate(
        "import('/static/board/walk.js').then(({ route }) => route({ front: 9000, back: 1000 },"
        " { x: 0, y: 2000 }, { x: 3000, y: 3000 }))"
    )
    assert [(point["x"], point["y"]) for point in way] == [(0, 2000), (0, 1000), (3000, 1000), (3000, 3000)]


def test_the_board_says_when_it_hears_nothing(floor: Floor, visitor: Visitor, manager_cookie: str) -> None:
    page = visitor.open("/board/", size="360x640", cookie=manager_cookie)
    until(lambda: page.get_attribute("#link", "data-state") == "live")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    # Eleven seconds pass at once for the page.
    page.evaluate("performance.now = ((real) => () => real.call(performance) + 11000)(performance.now)")
    until(lambda: page.get_attribute("#link", "data-state") == "stale" or page.inner_text("#link") != "Live")
    assert "No update for" in page.inner_text("#link")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_keep_their_policy_and_stay_at_home(
    floor: Floor, visitor: Visitor, manager_cookie: str, scheme: str
) -> None:
    for path in ("/board/", "/admin/", "/admin/orders/order/", "/handheld/token-cart-1/"):
        page = visitor.open(path, size="1024x768", scheme=scheme, cookie=manager_cookie)
        page.wait_for_load_state("networkidle") if path.startswith("/admin/") else page.wait_for_timeout(300)
    assert visitor.faults == []
