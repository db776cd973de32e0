"""The packing app."""

from django.apps import AppConfig


class PackingConfig(AppConfig):
    name = "mfc.packing"
    label = "packing"
