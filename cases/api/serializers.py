"""What the API says of documents, notes and acts, field by field: described in the OpenAPI document, and tested by."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from rest_framework import serializers

from cases.queries import codes


class Moment(serializers.DateTimeField):
    """A moment in UTC, as PostgreSQL writes it into JSON: no zeros at the end of a fraction."""

    def to_representation(self, value: Any) -> str:
        assert isinstance(value, datetime)
        text = value.astimezone(UTC).isoformat()
        if "." not in text:
            return text
        whole, _, fraction = text.removesuffix("+00:00").partition(".")
        return f"{whole}.{fraction.rstrip('0')}+00:00"


class Named(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="public_id")
    name = serializers.CharField()


class DocumentTold(serializers.Serializer[Any]):
    """A document in its newest version. `version` in the ORM is that row."""

    id = serializers.UUIDField(source="public_id")
    kind = serializers.ChoiceField(codes.DOCUMENT_KINDS)
    is_frozen = serializers.BooleanField(help_text="It stands as it was filed or signed.")
    for_patient = serializers.BooleanField(help_text="The patient sees it in the portal.")
    created_at = Moment()
    version = serializers.IntegerField(source="newest.number")
    content_type = serializers.CharField(source="newest.content_type")
    page_count = serializers.IntegerField(source="newest.page_count", allow_null=True)
    size = serializers.IntegerField(source="newest.blob.size", help_text="Bytes.")
    sha256 = serializers.CharField(source="newest.blob.sha256")


class ActTold(serializers.Serializer[Any]):
    at = Moment(help_text="When it happened.")
    recorded_at = Moment(help_text="When it was recorded.")
    verb = serializers.CharField(help_text="A code of those under /help/api/#verbs.")
    by = serializers.CharField(source="actor_label")
    detail = serializers.DictField(help_text="Codes: from, to, kind, level, outcome, stage.")


def page_fields(row: type[serializers.Serializer[Any]]) -> dict[str, Any]:
    """What every page of a list has: `data` is a name of REST framework's own, so the fields are made here."""
    return {
        "data": row(many=True),
        "next": serializers.CharField(
            allow_null=True, help_text="The address of the next page; null on the last one."
        ),
    }


class NoteSent(serializers.Serializer[Any]):
    body = serializers.CharField(max_length=20_000)


class NoteTold(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    case = serializers.UUIDField()
    written_at = Moment()


class EventTold(ActTold):
    """An act on a case."""

    case = serializers.UUIDField()


class EventPage(serializers.Serializer[Any]):
    """`place` is where this page ends: send it as `after` to ask later for what came since."""

    def get_fields(self) -> dict[str, Any]:
        return page_fields(EventTold) | {"place": serializers.CharField(allow_null=True)}


class VersionTold(serializers.Serializer[Any]):
    """A version of a document."""

    number = serializers.IntegerField()
    content_type = serializers.CharField()
    page_count = serializers.IntegerField(allow_null=True)
    size = serializers.IntegerField(source="blob.size", help_text="Bytes.")
    sha256 = serializers.CharField(source="blob.sha256")
    uploaded_at = Moment()


class DocumentLine(DocumentTold):
    """A document in a list: of which case, in its newest version."""

    case = serializers.UUIDField(source="case.public_id")


class DocumentWhole(DocumentLine):
    versions = VersionTold(source="versions_told", many=True, help_text="Newest first.")


class DocumentPage(serializers.Serializer[Any]):
    def get_fields(self) -> dict[str, Any]:
        return page_fields(DocumentLine)
