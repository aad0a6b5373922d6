"""Addresses of the pages about people. The patient's page shows cases too, so `cases.urls` adds it (see advocacy/urls.py)."""

from __future__ import annotations

from django.urls import path

from advocacy.people.views import (
    absences,
    drafts,
    holds,
    invitations,
    machines,
    members,
    patients,
    proof,
    providers,
    sessions,
    switch,
)

app_name = "people"

urlpatterns = [
    path("patients/new/", patients.patient_new, name="patient_new"),
    path("patients/<uuid:patient_id>/change/", patients.patient_change, name="patient_change"),
    path("patients/<uuid:patient_id>/contacts/new/", patients.contact_new, name="contact_new"),
    path("patients/<uuid:patient_id>/consents/new/", patients.consent_new, name="consent_new"),
    path("contacts/<uuid:contact_id>/end/", patients.contact_end, name="contact_end"),
    path("consents/<uuid:consent_id>/revoke/", patients.consent_revoke, name="consent_revoke"),
    path("absences/", absences.absences, name="absences"),
    path("absences/<uuid:absence_id>/end/", absences.absence_end, name="absence_end"),
    path("holds/", holds.holds, name="holds"),
    path("holds/<uuid:hold_id>/lift/", holds.hold_lift, name="hold_lift"),
    path("drafts/", drafts.draft, name="draft"),
    path("drafts/<uuid:draft_id>/discard/", drafts.draft_discard, name="draft_discard"),
    path("members/<uuid:member_id>/end/", members.member_end, name="member_end"),
    path("members/<uuid:member_id>/sign-in/", sessions.member_sign_in, name="member_sign_in"),
    path("invitations/", invitations.invitations, name="invitations"),
    path("invitations/new/", invitations.invitation_new, name="invitation_new"),
    path("invitations/<uuid:invitation_id>/resend/", invitations.invitation_resend, name="invitation_resend"),
    path("invitations/<uuid:invitation_id>/revoke/", invitations.invitation_revoke, name="invitation_revoke"),
    path("machines/", machines.machines, name="machines"),
    path("machines/new/", machines.machine_new, name="machine_new"),
    path("machines/<uuid:machine_id>/revoke/", machines.machine_revoke, name="machine_revoke"),
    path("organization/sign-in/", providers.sign_in_provider, name="sign_in_provider"),
    path("proof/", proof.proof, name="proof"),
    path("sessions/", sessions.sessions, name="sessions"),
    path("leavers/", members.leavers, name="leavers"),
    path("organization/switch/", switch.switch, name="switch"),
]
