"""Addresses of the live board."""

from django.urls import path

from mfc.board import views

urlpatterns = [path("", views.page, name="board")]
