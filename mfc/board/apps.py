"""The board app."""

from django.apps import AppConfig


class BoardConfig(AppConfig):
    name = "mfc.board"
    label = "board"
