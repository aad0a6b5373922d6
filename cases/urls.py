"""Pages of the matter: one route a line, under /admin/."""

from __future__ import annotations

from django.urls import path

from cases.views import (
    access,
    benefits,
    communications,
    costs,
    documents,
    intake,
    log,
    messages,
    organization,
    patients,
    portal_access,
    portal_record,
    search,
    tasks,
    team,
    triage,
)
from cases.views import registration as reg

app_name = "cases"

urlpatterns = [
    path("organization/", organization.organization, name="organization"),
    path("templates/tasks/<slug:key>/", organization.task_template, name="task_template"),
    path("templates/tasks/<slug:key>/retire/", organization.task_template_retire, name="task_template_retire"),
    path("cases/new/<uuid:patient_id>/", reg.case_new, name="case_new"),
    path("cases/restricted/", access.restricted, name="restricted"),
    path("cases/<uuid:case_id>/access/", access.access, name="access"),
    path("cases/<uuid:case_id>/access/<uuid:grant_id>/end/", access.grant_end, name="grant_end"),
    path("cases/<uuid:case_id>/assign/", access.assign, name="assign"),
    path("cases/<uuid:case_id>/benefits/", benefits.benefits, name="benefits"),
    path("cases/<uuid:case_id>/networks/new/", benefits.network_new, name="network_new"),
    path("cases/<uuid:case_id>/referrals/new/", benefits.referral_new, name="referral_new"),
    path("cases/<uuid:case_id>/referrals/<uuid:referral_id>/end/", benefits.referral_end, name="referral_end"),
    path("cases/<uuid:case_id>/related/", triage.related, name="related"),
    path("cases/<uuid:case_id>/related/<uuid:link_id>/unlink/", triage.unlink, name="unlink"),
    path("cases/<uuid:case_id>/triage/", triage.triage, name="triage"),
    path("cases/<uuid:case_id>/change/", reg.case_change, name="case_change"),
    path("cases/<uuid:case_id>/failed-treatments/new/", reg.failed_treatment_new, name="failed_treatment_new"),
    path("cases/<uuid:case_id>/failed-treatments/<uuid:treatment_id>/", reg.failed_treatment_change, name="failed_treatment"),
    path("cases/<uuid:case_id>/restrict/", access.restrict, name="restrict"),
    path("intake/", intake.intake, name="intake"),
    path("intake/new/", intake.inquiry_new, name="inquiry_new"),
    path("intake/<uuid:inquiry_id>/", intake.inquiry, name="inquiry"),
    path("intake/<uuid:inquiry_id>/decline/", intake.inquiry_decline, name="inquiry_decline"),
    path("intake/<uuid:inquiry_id>/reopen/", intake.inquiry_reopen, name="inquiry_reopen"),
    path("intake/<uuid:inquiry_id>/step/<str:part>/", intake.inquiry_step, name="inquiry_step"),
    path("coverages/new/<uuid:patient_id>/", reg.coverage_new, name="coverage_new"),
    path("coverages/<uuid:coverage_id>/change/", reg.coverage_change, name="coverage_change"),
    path("search/", search.search_new, name="search"),
    path("search/<uuid:search_id>/", search.search_results, name="search_results"),
    path("cases/<uuid:case_id>/calls/", log.communications, name="communications"),
    path("cases/<uuid:case_id>/calls/new/", communications.call_new, name="call_new"),
    path("cases/<uuid:case_id>/calls/<uuid:communication_id>/promise/", communications.promise_settle, name="promise_settle"),
    path("cases/<uuid:case_id>/log/find/", log.communication_find, name="communication_find"),
    path("cases/<uuid:case_id>/log/new/", log.communication_new, name="communication_new"),
    path("cases/<uuid:case_id>/log/<uuid:communication_id>/", log.communication, name="communication"),
    path("cases/<uuid:case_id>/log/<uuid:communication_id>/correct/", log.communication_correct, name="communication_correct"),
    path("cases/<uuid:case_id>/messages/", messages.messages, name="messages"),
    path("cases/<uuid:case_id>/messages/settle/", messages.messages_settle, name="messages_settle"),
    path("cases/<uuid:case_id>/costs/", costs.costs, name="costs"),
    path("cases/<uuid:case_id>/costs/new/", costs.cost_new, name="cost_new"),
    path("cases/<uuid:case_id>/documents/", documents.documents, name="documents"),
    path("cases/<uuid:case_id>/documents/new/", documents.document_new, name="document_new"),
    path("cases/<uuid:case_id>/documents/<uuid:document_id>/", documents.document, name="document"),
    path("cases/<uuid:case_id>/documents/<uuid:document_id>/change/", documents.document_change, name="document_change"),
    path("cases/<uuid:case_id>/documents/<uuid:document_id>/versions/new/", documents.version_new, name="version_new"),
    path("cases/<uuid:case_id>/versions/<uuid:version_id>/file", documents.document_file, name="document_file"),
    path("cases/<uuid:case_id>/versions/<uuid:version_id>/read-again/", documents.read_again, name="read_again"),
    path("cases/<uuid:case_id>/versions/<uuid:version_id>/text/", documents.document_text, name="document_text"),
    path("cases/<uuid:case_id>/notes/", communications.notes, name="notes"),
    path("cases/<uuid:case_id>/notes/new/", communications.note_new, name="note_new"),
    path("cases/<uuid:case_id>/team/", team.team, name="team"),
    path("cases/<uuid:case_id>/team/new/", team.team_new, name="team_new"),
    path("cases/<uuid:case_id>/team/<uuid:entry_id>/end/", team.team_end, name="team_end"),
    path("cases/<uuid:case_id>/tasks/", tasks.tasks, name="tasks"),
    path("cases/<uuid:case_id>/tasks/new/", tasks.task_new, name="task_new"),
    path("cases/<uuid:case_id>/tasks/<uuid:task_id>/", tasks.task, name="task"),
    path("cases/<uuid:case_id>/tasks/<uuid:task_id>/cancel/", tasks.task_cancel, name="task_cancel"),
    path("cases/<uuid:case_id>/tasks/<uuid:task_id>/change/", tasks.task_change, name="task_change"),
    path("cases/<uuid:case_id>/tasks/<uuid:task_id>/finish/", tasks.task_finish, name="task_finish"),
    path("cases/<uuid:case_id>/tasks/<uuid:task_id>/hold/", tasks.task_hold, name="task_hold"),
    path("cases/<uuid:case_id>/tasks/<uuid:task_id>/reassign/", tasks.task_reassign, name="task_reassign"),
    path("cases/<uuid:case_id>/tasks/<uuid:task_id>/tick/", tasks.task_tick, name="task_tick"),
    path("cases/<uuid:case_id>/tasks/<uuid:task_id>/wake/", tasks.task_wake, name="task_wake"),
]  # fmt: skip

# The patient's page shows cases, so it lives here; its name is `people:patient` (advocacy/urls.py joins the two).
patient_pages = [
    path("patients/<uuid:patient_id>/", patients.patient, name="patient"),
    path("patients/<uuid:patient_id>/portal/", portal_access.portal_invite, name="portal_invite"),
    path(
        "patients/<uuid:patient_id>/portal/representative/",
        portal_access.portal_representative,
        name="portal_representative",
    ),
    path("portal-access/<uuid:portal_access_id>/end/", portal_access.portal_end, name="portal_end"),
]

# Pages of the patient's portal that are true without an appeal.
portal_pages = [
    path("record/", portal_record.mine, name="mine"),
    path("record/who-looked/", portal_record.looked, name="looked"),
    path("record/helpers/", portal_record.helpers, name="helpers"),
    path("record/helpers/new/", portal_record.helper_new, name="helper_new"),
    path("record/helpers/<uuid:portal_access_id>/end/", portal_record.helper_end, name="helper_end"),
    path("record/consents/", portal_record.consents, name="consents"),
    path("record/consents/give/", portal_record.consent_give, name="consent_give"),
    path("record/consents/<uuid:consent_id>/back/", portal_record.consent_withdraw, name="consent_withdraw"),
    path("record/everything.zip", portal_record.take_along, name="take_along"),
]
