"""Fields that are ciphertext in the database, in every backup and in the audit trail, and plain on the instance.

AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce and keys of each organization's own (keystore.py). The additional data is
organization, row (its UUIDv7) and column, so that a ciphertext copied into another row or tenant does not open. In front
stands the key id, so that keys can be rotated. A blind index (HMAC-SHA-256 of the normalized value) finds exact matches.
"""

from __future__ import annotations

import copy
import datetime
import hashlib
import hmac
import json
import os
import re
import unicodedata
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidTag
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models.query_utils import DeferredAttribute

from advocacy.tenancy.keystore import CannotOpen, KeyStore


def keystore() -> KeyStore:
    """Where the keys of organizations are, as settings say; one for the process."""
    global _keystore
    if (
        _keystore is None
        or _keystore.installation is not settings.KEYS
        or _keystore.folder is not settings.KEYSTORE
    ):
        _keystore = KeyStore(
            settings.KEYSTORE, settings.KEYS, program=settings.KMS, strict=settings.PRODUCTION
        )
    return _keystore


_keystore: KeyStore | None = None


def seal_bytes(plain: bytes, *, organization_id: int, context: str) -> bytes:
    """Return key id, nonce and ciphertext. `context` names row and column; the same context opens it again."""
    keys = keystore().of(organization_id)
    nonce = os.urandom(12)
    return keys.prefix + nonce + keys.cipher.encrypt(nonce, plain, f"{organization_id}|{context}".encode())


def unseal_bytes(sealed: bytes, *, organization_id: int, context: str) -> bytes:
    """Return the plain bytes. Raises CannotOpen when anything about the value or its place is not as sealed."""
    end = 1 + sealed[0]
    try:
        cipher = keystore().cipher(organization_id, sealed[1:end].decode(errors="replace"))
        return cipher.decrypt(
            sealed[end : end + 12], sealed[end + 12 :], f"{organization_id}|{context}".encode()
        )
    except InvalidTag:
        raise CannotOpen(f"The sealed value of {context.rsplit('|', 1)[-1]} does not open.") from None


def normalized(value: str) -> str:
    """What two spellings of one identifier share: letters and digits, lower case, accents dropped."""
    flat = unicodedata.normalize("NFKD", value).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]", "", flat)


def blind_index(organization_id: int, value: str) -> bytes | None:
    """32 bytes equal for equal normalized values of one organization; None for a value with nothing in it."""
    text = normalized(value)
    return hmac.digest(keystore().of(organization_id).index, text.encode(), "sha256") if text else None


class Sealed:
    """Ciphertext as it came from the database; opened when the attribute is first read."""

    __slots__ = ("data", "plain")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.plain: Any = None


class SealedAttribute(DeferredAttribute):
    field: Any

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        value = super().__get__(instance, cls)
        if not isinstance(value, Sealed):
            return value
        if value.plain is None:
            value.plain = self.field.opened(value.data, instance)
        return copy.deepcopy(value.plain) if self.field.mutable else value.plain

    def __set__(self, instance: Any, value: Any) -> None:
        """With __set__ this is a data descriptor: reading passes through __get__ although the value is on the instance."""
        instance.__dict__[self.field.attname] = value


class _SealedField(models.BinaryField):
    descriptor_class = SealedAttribute
    mutable = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("editable", True)
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("editable", None)
        return name, path, args, kwargs

    def context_of(self, instance: models.Model) -> str:
        return f"{instance.public_id}|{instance._meta.db_table}.{self.column}"  # type: ignore[attr-defined]

    def to_text(self, value: Any) -> str:
        return str(value)

    def from_text(self, text: str) -> Any:
        return text

    def opened(self, data: bytes, instance: Any) -> Any:
        if data == b"":
            return ""
        plain = unseal_bytes(
            data, organization_id=instance.organization_id, context=self.context_of(instance)
        )
        return self.from_text(plain.decode())

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Sealed | None:
        return None if value is None else Sealed(bytes(value))

    def pre_save(self, model_instance: Any, add: bool) -> bytes | None:
        value = model_instance.__dict__.get(self.attname)
        if isinstance(value, Sealed):
            return value.data
        if value is None:
            return None
        if value == "":
            return b""
        return seal_bytes(
            self.to_text(value).encode(),
            organization_id=model_instance.organization_id,
            context=self.context_of(model_instance),
        )

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if value is not None and not isinstance(value, bytes | memoryview | Sealed):
            raise TypeError(f"{self.name} is sealed: assign it on an instance and save that.")
        return super().get_db_prep_value(
            value.data if isinstance(value, Sealed) else value, connection, prepared
        )

    def value_to_string(self, obj: Any) -> str:
        return str(getattr(obj, self.attname))

    def to_python(self, value: Any) -> Any:
        return value

    def get_default(self) -> Any:
        if self.has_default():
            return self.default() if callable(self.default) else self.default
        return None if self.null else ""


if TYPE_CHECKING:
    # What a type checker should know: the value on the instance is plain.
    SealedTextField = models.TextField
    SealedDateField = models.DateField
    SealedJSONField = models.JSONField
else:

    class SealedTextField(_SealedField):
        """Text that may hold an identifier. Plain `str` on the instance, ciphertext everywhere else."""

        def formfield(self, **kwargs: Any) -> Any:
            from django import forms  # noqa: PLC0415  forms are optional for models

            return forms.CharField(required=not self.blank, label=kwargs.get("label", self.verbose_name))

    class SealedDateField(_SealedField):
        """A calendar day (birth date). `datetime.date` or None on the instance."""

        def to_text(self, value: Any) -> str:
            return value if isinstance(value, str) else value.isoformat()

        def from_text(self, text: str) -> datetime.date:
            return datetime.date.fromisoformat(text)

    class SealedJSONField(_SealedField):
        """Structured data that may hold identifiers. Assign a new value to change it; reading returns a copy."""

        mutable = True

        def to_text(self, value: Any) -> str:
            return json.dumps(value, cls=DjangoJSONEncoder, sort_keys=True)

        def from_text(self, text: str) -> Any:
            return json.loads(text)


class BlindIndexField(models.BinaryField):
    """Filled from the sealed field named in `of` whenever the row is saved; name both in `update_fields`."""

    def __init__(self, *args: Any, of: str = "", **kwargs: Any) -> None:
        self.of = of
        kwargs.setdefault("null", True)
        kwargs.setdefault("editable", False)
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, kwargs | {"of": self.of}

    def pre_save(self, model_instance: Any, add: bool) -> bytes | None:
        value = getattr(model_instance, self.of) or ""
        index = blind_index(model_instance.organization_id, str(value))
        setattr(model_instance, self.attname, index)
        return index


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
