"""The picking app."""

from django.apps import AppConfig


class PickingConfig(AppConfig):
    name = "mfc.picking"
    label = "picking"
