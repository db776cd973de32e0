"""The packing app."""

from importlib import import_module

from django.apps import AppConfig

from mfc.orders import calling_off


class PackingConfig(AppConfig):
    name = "mfc.packing"
    label = "packing"

    def ready(self) -> None:
        calling_off.register(import_module("mfc.packing.cancelling").call_off)
