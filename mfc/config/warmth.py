"""What a web process does before its first request, so that none of them pays for it."""

from __future__ import annotations

import gc

from django.template import engines
from django.urls import get_resolver


def warm_up() -> None:
    """Load the addresses and their views, then set everything loaded aside from garbage collection.

    A full collection over the modules of Django and its libraries stops a request for about 100 ms; they never become
    garbage, so the collector need not look at them again (``gc.freeze``).
    """
    _ = get_resolver().url_patterns
    _ = [engine.name for engine in engines.all()]
    gc.collect()
    gc.freeze()
