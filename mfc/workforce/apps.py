"""The workforce app."""

from django.apps import AppConfig


class WorkforceConfig(AppConfig):
    name = "mfc.workforce"
    label = "workforce"
