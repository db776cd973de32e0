"""The picking app."""

from importlib import import_module

from django.apps import AppConfig

from mfc.orders import calling_off


class PickingConfig(AppConfig):
    name = "mfc.picking"
    label = "picking"

    def ready(self) -> None:
        import_module("mfc.picking.integrity")  # registers its invariants
        import_module("mfc.picking.jobs")  # registers its jobs
        calling_off.register(import_module("mfc.picking.cancelling").call_off)
