"""Addresses of the handheld."""

from django.urls import path

from mfc.handheld import views

urlpatterns = [
    path("<str:token>/", views.Page.as_view(), name="handheld"),
    path("<str:token>/screen", views.Screen.as_view(), name="handheld-screen"),
    path("<str:token>/input", views.Input.as_view(), name="handheld-input"),
]
