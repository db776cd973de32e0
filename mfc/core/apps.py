"""Core app: what every other app stands on."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "mfc.core"
    label = "core"
    verbose_name = "Core"
