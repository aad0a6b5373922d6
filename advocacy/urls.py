"""The map: the desk, the portal, the API, sign-in, health."""

from __future__ import annotations

from django.urls import include, path

from advocacy import desk, guide, health, metrics, published
from advocacy.openapi import openapi
from advocacy.people import api as people_api
from advocacy.people import portal_urls, sign_in_by_provider
from advocacy.people import urls as people_urls
from advocacy.people.sign_in import Addresses, SignIn
from advocacy.people.views.invitations import accept
from advocacy.people.views.sessions import session, signed_in
from advocacy.reporting import urls as reporting_urls
from advocacy.reporting.api import urls as reporting_api
from appeals.api import urls as appeals_api
from appeals.urls import portal_pages
from appeals.views.calendar import calendar_file
from cases import urls as case_urls
from cases.api import urls as case_api
from cases.views import clinic

API = [
    *appeals_api.urlpatterns,
    *case_api.urlpatterns,
    *people_api.urlpatterns,
    path("openapi.json", openapi, name="openapi"),
    *reporting_api.urlpatterns,
]

urlpatterns = [
    path("api/v1/", include((API, "api"))),
    path("", desk.home, name="home"),
    path("admin/", include("appeals.urls")),
    path("admin/", include("cases.urls")),
    path("admin/", include(([*people_urls.urlpatterns, *case_urls.patient_pages], "people"))),
    path("admin/jobs/", include("advocacy.background.urls")),
    path("admin/figures/", include(reporting_urls)),
    path("help/api/", guide.api_guide, name="api_guide"),
    path("admin/keys/", desk.keys, name="desk_keys"),
    path("admin/", desk.site.urls),
    path("portal/", include(([*portal_urls.urlpatterns, *portal_pages, *case_urls.portal_pages], "portal"))),
    path("invitation/<str:token>/", accept, name="invitation"),
    path("calendar/<str:token>.ics", calendar_file, name="calendar"),
    path("clinic/<str:token>/", clinic.door, name="clinic"),
    path("clinic/<str:token>/<uuid:ask_id>/", clinic.answer, name="clinic_answer"),
    path("accounts/session/", session, name="session"),
    path("accounts/signed-in/", signed_in, name="signed_in"),
    path("accounts/login/", SignIn.as_view(), name="account_login"),
    path("accounts/email/", Addresses.as_view(), name="account_email"),
    path("accounts/organization/", sign_in_by_provider.start, name="sso"),
    path("accounts/organization/join/", sign_in_by_provider.join, name="sso_join"),
    path(
        "accounts/organization/<uuid:provider_id>/callback/",
        sign_in_by_provider.callback,
        name="sso_callback",
    ),
    path("accounts/", include("allauth.urls")),
    path(".well-known/recourse-seal-keys.json", published.seal_keys, name="seal_keys"),
    path("health/live", health.live),
    path("health/ready", health.ready),
    path("health/metrics", metrics.metrics),
]

handler400 = "advocacy.web.bad_request"
handler404 = "advocacy.web.not_found"
handler500 = "advocacy.web.server_error"
