"""The upkeep app."""

from importlib import import_module

from django.apps import AppConfig


class UpkeepConfig(AppConfig):
    name = "mfc.upkeep"
    label = "upkeep"

    def ready(self) -> None:
        import_module("mfc.upkeep.integrity")  # registers its invariants
        import_module("mfc.upkeep.jobs")  # registers its jobs
