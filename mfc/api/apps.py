"""The api app."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "mfc.api"
    label = "api"
