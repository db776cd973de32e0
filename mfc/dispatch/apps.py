"""The dispatch app."""

from django.apps import AppConfig


class DispatchConfig(AppConfig):
    name = "mfc.dispatch"
    label = "dispatch"
