"""The inbound app."""

from importlib import import_module

from django.apps import AppConfig


class InboundConfig(AppConfig):
    name = "mfc.inbound"
    label = "inbound"

    def ready(self) -> None:
        import_module("mfc.inbound.integrity")  # registers its invariants
