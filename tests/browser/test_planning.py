"""The pages of planning, wide and narrow, light and dark: charts are drawn, nothing overflows, no policy is broken."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from mfc.catalog.models import Sku
from mfc.core import clock
from mfc.core.actors import SYSTEM
from mfc.layout.models import Location
from mfc.orders.models import HistoryLine
from mfc.slotting import planner, runs
from mfc.slotting.models import DemandForecast, PlanRun
from tests.browser.conftest import Visitor
from tests.browser.floor import Floor

SIZES = ("1440x900", "390x844")
# Where pictures go for a person to look at; nothing is kept without it.
PICTURES = os.environ.get("MFC_PICTURES", "")


def history(floor: Floor) -> None:
    """Far articles sell most; two of them always together."""
    bins = list(Location.objects.filter(site=floor.site, kind="bin").order_by("y_mm", "pk"))
    skus = list(Sku.objects.order_by("pk"))
    for place, sku in zip(bins, skus, strict=False):
        Location.objects.filter(pk=place.pk).update(slotted_sku=sku, slot_min=1, slot_max=20)
    rows = []
    for number in range(240):
        chosen = (
            {len(skus) - 1, len(skus) - 2} if number % 3 else {number % len(skus), (number + 1) % len(skus)}
        )
        at = clock.now() - timedelta(hours=8 * (240 - number))
        rows += [
            HistoryLine(site=floor.site, order_ref=f"H{number}", placed_at=at, sku=skus[sku], qty=1)
            for sku in chosen
        ]
    HistoryLine.objects.bulk_create(rows)


def planned(floor: Floor, kind: str, **wanted: float) -> PlanRun:
    run = runs.ask(site=floor.site, kind=kind, actor=SYSTEM, **wanted)
    planner.work(run_id=run.pk)
    run.refresh_from_db()
    assert run.state == "ready", run.note
    return run


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_plans_are_shown_wide_and_narrow(
    floor: Floor, visitor: Visitor, manager_cookie: str, size: str, scheme: str
) -> None:
    history(floor)
    slots = planned(floor, "slots", moves_percent=100, payback_days=10_000, seconds=2)
    chosen = planned(floor, "assortment", skus=4)
    planned(floor, "demand")
    row = DemandForecast.objects.exclude(method="analogues").order_by("-mean")[0]
    addresses = {
        "slots": f"/admin/slotting/planrun/{slots.pk}/watch/",
        "range": f"/admin/slotting/planrun/{chosen.pk}/watch/",
        "forecast": f"/admin/slotting/demandforecast/{row.pk}/chart/",
    }
    for name, address in addresses.items():
        page = visitor.open(address, size=size, cookie=manager_cookie)
        page.evaluate(f"document.documentElement.classList.toggle('dark', {str(scheme == 'dark').lower()})")
        width = int(size.split("x")[0])
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        if name == "slots":
            assert page.locator("svg.heat").count() == 2
        if name == "forecast":
            assert page.locator("svg.forecast .interval").count() == 1
        if PICTURES:
            page.screenshot(path=str(Path(PICTURES) / f"{name}-{size}-{scheme}.png"), full_page=True)
    assert visitor.faults == []
