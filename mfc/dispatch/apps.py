"""The dispatch app."""

from importlib import import_module

from django.apps import AppConfig


class DispatchConfig(AppConfig):
    name = "mfc.dispatch"
    label = "dispatch"

    def ready(self) -> None:
        import_module("mfc.dispatch.integrity")  # registers its invariants
