"""Payers and providers among the look-ups: rows by policy, saving by commands, retired instead of deleted."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone

from advocacy.access.permissions import Permission
from advocacy.desk import site
from advocacy.inputs import DayField
from advocacy.lookups import CommandForm, InUse, Lookup
from cases.commands.registration import (
    change_payer,
    change_provider,
    record_payer,
    record_provider,
    retire_lookup,
    return_lookup,
)
from cases.commands.templates import retire_channel, return_channel, save_channel
from cases.models import Payer, PayerChannel, Provider


class PayerForm(CommandForm):
    class Meta:
        model = Payer
        fields = ("name", "phone", "fax")

    def run(self, typed: dict[str, Any]) -> Payer:
        if self.instance.pk:
            return change_payer(actor=self.actor, payer=self.instance, at=timezone.now(), **typed)
        return record_payer(actor=self.actor, at=timezone.now(), **typed)


class ProviderForm(CommandForm):
    class Meta:
        model = Provider
        fields = ("name", "credentials", "specialty", "facility", "npi", "phone", "fax")

    def run(self, typed: dict[str, Any]) -> Provider:
        if self.instance.pk:
            return change_provider(actor=self.actor, provider=self.instance, at=timezone.now(), **typed)
        return record_provider(actor=self.actor, at=timezone.now(), **typed)


class PayerChannelForm(CommandForm):
    payer = forms.ModelChoiceField(Payer.objects.none(), to_field_name="public_id")
    checked_on = DayField(label="Checked on", required=False)

    class Meta:
        model = PayerChannel
        fields = ("purpose", "way", "address", "line_of_business", "source")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["payer"].queryset = Payer.objects.filter(retired_at=None).order_by("name", "id")
        if self.instance.pk:
            self.initial = dict(self.initial) | {
                "payer": self.instance.payer.public_id,
                "checked_on": self.instance.checked_on,
            }

    def run(self, typed: dict[str, Any]) -> PayerChannel:
        channel = self.instance if self.instance.pk else None
        return save_channel(actor=self.actor, channel=channel, at=timezone.now(), **typed)


class _Retirable(Lookup):
    see = Permission.SEE_LOOKUPS
    write = (Permission.MANAGE_LOOKUPS, Permission.REGISTER_PATIENT)
    list_filter = (InUse,)
    actions = ("retire", "put_back")

    def has_retire_permission(self, request: HttpRequest) -> bool:
        return bool(request.actor.may(Permission.MANAGE_LOOKUPS))  # type: ignore[attr-defined]

    @admin.action(description="Retire the chosen entries", permissions=["retire"])
    def retire(self, request: HttpRequest, rows: Any) -> None:
        self.each(request, rows, retire_lookup, "Retired")

    @admin.action(description="Put the chosen entries back into use", permissions=["retire"])
    def put_back(self, request: HttpRequest, rows: Any) -> None:
        self.each(request, rows, return_lookup, "Put back")


@admin.register(Payer, site=site)
class PayerAdmin(_Retirable):
    form = PayerForm
    list_display = ("name", "phone", "fax", "retired_at")
    ordering = ("name", "id")


@admin.register(Provider, site=site)
class ProviderAdmin(_Retirable):
    form = ProviderForm
    list_display = ("name", "credentials", "specialty", "npi", "phone", "fax", "retired_at")
    ordering = ("name", "id")


@admin.register(PayerChannel, site=site)
class PayerChannelAdmin(Lookup):
    see = Permission.SEE_LOOKUPS
    write = (Permission.MANAGE_LOOKUPS,)
    form = PayerChannelForm
    list_title = "Ways to reach payers"
    list_display = ("payer", "purpose", "way", "address", "line_of_business", "checked_on", "retired_at")
    list_select_related = ("payer",)
    list_filter = (InUse,)
    ordering = ("payer__name", "purpose", "id")
    actions = ("retire", "put_back")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Who only looks gets the payer's name: Django would link it by a key that no address here holds."""
        payer = "payer" if self.has_change_permission(request, obj) else "payer_name"
        return (payer, "purpose", "way", "address", "line_of_business", "source", "checked_on")

    @admin.display(description="Payer")
    def payer_name(self, row: PayerChannel) -> str:
        return str(row.payer)

    @admin.action(description="Retire the chosen entries", permissions=["change"])
    def retire(self, request: HttpRequest, rows: Any) -> None:
        self.each(request, rows, retire_channel, "Retired")

    @admin.action(description="Put the chosen entries back into use", permissions=["change"])
    def put_back(self, request: HttpRequest, rows: Any) -> None:
        self.each(request, rows, return_channel, "Put back")
