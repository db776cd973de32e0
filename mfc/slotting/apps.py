"""The slotting app."""

from importlib import import_module

from django.apps import AppConfig


class SlottingConfig(AppConfig):
    name = "mfc.slotting"
    label = "slotting"

    def ready(self) -> None:
        import_module("mfc.slotting.integrity")  # registers its invariants
        import_module("mfc.slotting.jobs")  # registers its jobs
