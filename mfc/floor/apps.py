"""The floor app."""

from django.apps import AppConfig


class FloorConfig(AppConfig):
    name = "mfc.floor"
    label = "floor"
