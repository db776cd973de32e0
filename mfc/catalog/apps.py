"""The catalog app."""

from importlib import import_module

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "mfc.catalog"
    label = "catalog"

    def ready(self) -> None:
        exchange = import_module("mfc.core.exchange")
        exchange.register(import_module("mfc.catalog.exchange").KIND)
