"""Pages of the matter: one route a line, under /admin/."""

from __future__ import annotations

from django.urls import path

from cases.views import communications, costs, documents, tasks

app_name = "cases"

urlpatterns = [
    path("cases/<uuid:case_id>/calls/", communications.communications, name="communications"),
    path("cases/<uuid:case_id>/calls/new/", communications.call_new, name="call_new"),
    path("cases/<uuid:case_id>/calls/<uuid:communication_id>/promise/", communications.promise_settle, name="promise_settle"),
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
