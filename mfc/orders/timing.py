"""When work on an order must begin: latest start = promise - route lead - expected handling."""

from __future__ import annotations

from datetime import datetime, timedelta

from mfc.layout.models import Site
from mfc.workforce.models import LabourStandard


def standard(site: Site) -> LabourStandard:
    """The site's labour standard, or the default one."""
    return LabourStandard.objects.filter(site=site).first() or LabourStandard(site=site)


def handling_s(labour: LabourStandard, site: Site, *, lines: int) -> int:
    """Expected seconds from the start of picking to the sealed tote: set-up, one round through the site, stops, packing."""
    walk_s = 2 * (site.width_mm + site.depth_mm) // labour.walk_mm_per_s
    return labour.setup_s + walk_s + lines * (labour.stop_s + labour.put_s) + labour.pack_s


def lead_s(site: Site, *, lines: int) -> int:
    """Seconds from a start at once to the customer's door."""
    return site.route_lead_s + handling_s(standard(site), site, lines=lines)


def latest_start(promise_until: datetime, *, site: Site, labour: LabourStandard, lines: int) -> datetime:
    """The last moment to begin, if the promise is to hold."""
    return promise_until - timedelta(seconds=site.route_lead_s + handling_s(labour, site, lines=lines))


def dispatch_deadline(promise_until: datetime, *, site: Site) -> datetime:
    """The last moment to hand over: later than this is late, whatever the route does."""
    return promise_until - timedelta(seconds=site.route_lead_s)
