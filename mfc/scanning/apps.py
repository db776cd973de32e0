"""The scanning app."""

from django.apps import AppConfig


class ScanningConfig(AppConfig):
    name = "mfc.scanning"
    label = "scanning"
