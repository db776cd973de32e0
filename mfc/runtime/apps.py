"""The runtime app."""

from django.apps import AppConfig


class RuntimeConfig(AppConfig):
    name = "mfc.runtime"
    label = "runtime"
