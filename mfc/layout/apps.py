"""The layout app."""

from django.apps import AppConfig


class LayoutConfig(AppConfig):
    name = "mfc.layout"
    label = "layout"
