"""The inventory app."""

from django.apps import AppConfig


class InventoryConfig(AppConfig):
    name = "mfc.inventory"
    label = "inventory"
