"""The layout app."""

from importlib import import_module

from django.apps import AppConfig


class LayoutConfig(AppConfig):
    name = "mfc.layout"
    label = "layout"

    def ready(self) -> None:
        exchange = import_module("mfc.core.exchange")
        ours = import_module("mfc.layout.exchange")
        ways = import_module("mfc.layout.wayexchange")
        exchange.register(ways.WAYS)
        exchange.register(ways.LIFTS)
        exchange.register(ours.LOCATIONS)
        exchange.register(ours.SLOTS)
