"""The map: the desk, sign-in, health."""

from __future__ import annotations

from django.urls import include, path
from django.views.generic import RedirectView

from advocacy import desk

urlpatterns = [
    path("", RedirectView.as_view(url="/admin/today/", permanent=False), name="home"),
    path("admin/", include("cases.urls")),
    path("admin/jobs/", include("advocacy.background.urls")),
    path("admin/", desk.site.urls),
    path("accounts/", include("allauth.urls")),
]

handler404 = "advocacy.web.not_found"
