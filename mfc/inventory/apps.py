"""The inventory app."""

from importlib import import_module

from django.apps import AppConfig


class InventoryConfig(AppConfig):
    name = "mfc.inventory"
    label = "inventory"

    def ready(self) -> None:
        import_module("mfc.inventory.integrity")  # registers its invariants
        exchange = import_module("mfc.core.exchange")
        exchange.register(import_module("mfc.inventory.exchange").KIND)
