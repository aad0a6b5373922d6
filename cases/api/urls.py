"""Addresses of notes, documents and acts at the API, under /api/v1/."""

from __future__ import annotations

from django.urls import path

from cases.api import documents, events, notes

urlpatterns = [
    path("cases/<uuid:case_id>/notes", notes.Notes.as_view(), name="notes"),
    path("cases/<uuid:case_id>/documents", documents.CaseDocuments.as_view(), name="case_documents"),
    path("documents", documents.Documents.as_view(), name="documents"),
    path("documents/<uuid:document_id>", documents.Document.as_view(), name="document"),
    path("documents/<uuid:document_id>/content", documents.Content.as_view(), name="document_content"),
    path("events", events.Events.as_view(), name="events"),
]
