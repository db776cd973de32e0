"""All addresses of the web process."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from mfc.board.views import healthz, readyz

urlpatterns = [
    path("", RedirectView.as_view(url="/board/")),
    path("admin/", admin.site.urls),
    path("api/", include("mfc.api.urls")),
    path("board/", include("mfc.board.urls")),
    path("handheld/", include("mfc.handheld.urls")),
    path("healthz", healthz),
    path("readyz", readyz),
]
