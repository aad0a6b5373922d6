"""Addresses of the portal's door, under /portal/."""

from __future__ import annotations

from django.urls import path

from advocacy.people.views import portal, sessions

urlpatterns = [
    path("sign-in/", portal.sign_in, name="sign_in"),
    path("sign-in/code/", portal.code, name="code"),
    path("sign-out/", portal.sign_out, name="sign_out"),
    path("signed-in/", sessions.portal_signed_in, name="signed_in"),
    path("session/", sessions.portal_session, name="session"),
    path("sessions/", sessions.portal_sessions, name="sessions"),
    path("for/", portal.choose, name="choose"),
    path("language/", portal.language, name="language"),
]
