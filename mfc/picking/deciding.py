"""The release rule of a site, and the situation it decides in, read from the database."""

from __future__ import annotations

from collections.abc import Sequence

from mfc.core import clock
from mfc.layout import queries as layout
from mfc.layout.models import Location, LocationKind, Site
from mfc.layout.travel import Ground, Spot, Walkway
from mfc.orders.models import Order
from mfc.picking.batching import Cart, OpenOrder, Pace
from mfc.picking.release import Policy, Settings
from mfc.picking.release.policy import Surveyor
from mfc.picking.release.survey import Survey
from mfc.picking.routing import plan
from mfc.picking.sitewalks import Floor
from mfc.workforce.models import LabourStandard

# Seconds from the belt to the release of a tote: conveying, weighing, sealing, staging. A site setting once measured.
AFTER_PICKING_S = 300.0
# The rate of arrivals is taken from the newest orders: of the last hour, at most so many.
RECENT_ORDERS, RECENT_S = 200, 3600.0


def policy_of(floor: Floor, labour: LabourStandard, *, positions: int) -> Policy:
    """The rule with the site's aisles, cart and pace."""
    site, start = floor.site, floor.home
    return Policy(
        walkway=floor.ground,
        end=start,
        cart=Cart(
            positions=positions,
            tote_volume_ml=site.tote_volume_ml,
            tote_weight_g=site.tote_weight_g,
            cart_weight_g=site.cart_weight_g,
        ),
        pace=Pace(
            speed_mm_s=labour.walk_mm_per_s,
            setup_s=labour.setup_s,
            line_s=labour.stop_s,
            tote_s=labour.put_s,
            after_s=AFTER_PICKING_S,
        ),
        survey=_surveyor(site, floor.ground, start),
        settings=Settings(joins=site.join_walks),
    )


def _surveyor(site: Site, walkway: Ground, start: Spot) -> Surveyor:
    """Exact rounds in one block; of several blocks the best of the named policies."""
    if isinstance(walkway, Walkway) and not walkway.middle_ys_mm and start.y_mm <= walkway.front_y_mm:
        xs = layout.aisle_xs(site)
        rows = Location.objects.filter(
            site=site, kind__in=(LocationKind.BIN, LocationKind.RESERVE), aisle__in=xs
        )
        # What lies behind the back cross aisle is a mistake of the layout; the check of the ways names it.
        rows = rows.filter(y_mm__lte=walkway.back_y_mm)
        places = {Spot(xs[aisle], y_mm) for aisle, y_mm in rows.values_list("aisle", "y_mm")}
        return Survey(walkway, start, places)

    def survey(orders: Sequence[OpenOrder]) -> int:
        stops = [stop for order in orders for stop in order.stops]
        return plan(stops, walkway=walkway, start=start, end=start, exact=False).length_mm

    return survey


def arrivals_per_s(site: Site) -> float:
    """Orders accepted per second, of the last hour."""
    now = clock.now()
    newest = Order.objects.filter(site=site).order_by("-number").values_list("accepted_at", flat=True)
    ages = [(now - at).total_seconds() for at in newest[:RECENT_ORDERS]]
    recent = [age for age in ages if age <= RECENT_S]
    if len(recent) < RECENT_ORDERS:
        return len(recent) / RECENT_S
    return len(recent) / max(recent[-1], 1.0)


def due_s(walk_dues: Sequence[float], ends_s: float) -> float | None:
    """The earliest deadline that a walk which ends then still keeps."""
    return min((due for due in walk_dues if due >= ends_s + AFTER_PICKING_S), default=None)
