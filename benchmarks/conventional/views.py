"""One viewset, and guardian's filter as its documentation gives it."""

from __future__ import annotations

from typing import Any

from django.urls import include, path
from django.utils import timezone
from guardian.shortcuts import get_objects_for_user
from rest_framework import filters, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from benchmarks.conventional.models import Case, Document, Event


class ObjectPermissionsFilter(filters.BaseFilterBackend):
    """As in djangorestframework-guardian: only rows on which the user holds the permission to view."""

    def filter_queryset(self, request: Request, queryset: Any, view: Any) -> Any:
        return get_objects_for_user(
            request.user, "conventional.view_case", queryset, accept_global_perms=False
        )


class EventSerializer(serializers.ModelSerializer):
    class Meta:
        model = Event
        fields = ["id", "actor", "verb", "body", "at"]


class DocumentSerializer(serializers.ModelSerializer):
    class Meta:
        model = Document
        fields = ["id", "kind", "created_at"]


class CaseSerializer(serializers.ModelSerializer):
    payer = serializers.CharField(source="payer.name")
    patient = serializers.CharField(source="patient.name")
    owner = serializers.CharField(source="owner.username", default=None)

    class Meta:
        model = Case
        exclude = ["organization"]


class CaseDetailSerializer(CaseSerializer):
    events = EventSerializer(many=True)
    documents = DocumentSerializer(many=True)


class Cases(viewsets.ModelViewSet):
    queryset = Case.objects.select_related("payer", "patient", "owner")
    serializer_class = CaseSerializer
    filter_backends = [ObjectPermissionsFilter, filters.SearchFilter, filters.OrderingFilter]
    search_fields = ["reference", "patient__name"]
    ordering = ["next_deadline_on", "id"]
    lookup_field = "public_id"

    def get_queryset(self) -> Any:
        found = super().get_queryset()
        if self.action == "list":
            return found.filter(status="open")
        return found.prefetch_related("events", "documents")

    def get_serializer_class(self) -> Any:
        return CaseSerializer if self.action == "list" else CaseDetailSerializer

    @action(detail=True, methods=["post"])
    def notes(self, request: Request, public_id: str) -> Response:
        case = self.get_object()
        serializer = EventSerializer(
            data={
                "actor": request.user.username,
                "verb": "note_written",
                "at": timezone.now(),
                "body": request.data["body"],
            }
        )
        serializer.is_valid(raise_exception=True)
        serializer.save(case=case)
        case.last_touched_at = timezone.now()
        case.save(update_fields=["last_touched_at"])
        Event.objects.create(case=case, actor=request.user.username, verb="row_changed", at=timezone.now())
        return Response(serializer.data, status=201)


router = SimpleRouter()
router.register("cases", Cases)
urlpatterns = [path("", include(router.urls))]
