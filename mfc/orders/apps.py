"""The orders app."""

from importlib import import_module

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "mfc.orders"
    label = "orders"

    def ready(self) -> None:
        import_module("mfc.orders.integrity")  # registers its invariants
