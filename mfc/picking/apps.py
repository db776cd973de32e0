"""The picking app."""

from importlib import import_module

from django.apps import AppConfig


class PickingConfig(AppConfig):
    name = "mfc.picking"
    label = "picking"

    def ready(self) -> None:
        import_module("mfc.picking.integrity")  # registers its invariants
