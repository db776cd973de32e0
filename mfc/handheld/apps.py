"""The handheld app."""

from django.apps import AppConfig


class HandheldConfig(AppConfig):
    name = "mfc.handheld"
    label = "handheld"
