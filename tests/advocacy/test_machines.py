"""Machines: let in and shut out by whoever keeps the organization; what a token opens, and what it does not."""

from __future__ import annotations

import base64
import json
import re
from datetime import timedelta

import pytest
from allauth.idp.oidc.models import Client as TokenClient
from allauth.idp.oidc.models import Token
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from advocacy.access.compiled import rows_of
from advocacy.access.policy import Actor
from advocacy.access.scopes import SCOPES, Scope, permissions_of_scopes
from advocacy.audit.models import Event
from advocacy.errors import NotAllowed, Refused
from advocacy.people.api import WHY
from advocacy.people.machines import issue_machine
from advocacy.people.models import MachineClient
from tests.machines import give_token

QUEUE, TOKEN = "/api/v1/cases", "/api/v1/token"
FORM = {
    "purpose": "Yearly board report",
    "scopes": ["figures:read", "cases:read"],
    "roles": ["supervisor"],
}


def in_days(days: int) -> str:
    return (timezone.localdate() + timedelta(days=days)).isoformat()


def ask_token(client_id: str, secret: str, *, basic: bool = True, **sent: str):
    form = {"grant_type": "client_credentials"} | sent
    if not basic:
        return Client().post(TOKEN, form | {"client_id": client_id, "client_secret": secret})
    told = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    return Client().post(TOKEN, form, headers={"authorization": f"Basic {told}"})


# -- at the desk ------------------------------------------------------------------------------------------------------
def test_the_admin_lets_a_machine_in_and_sees_its_secret_once(cast, sign_in, quick_hash):
    olga = sign_in("olga")
    answer = olga.post(reverse("people:machine_new"), FORM | {"last_day": in_days(90)})
    assert answer.status_code == 201
    machine = MachineClient.objects.get()
    page = answer.content.decode()
    client_id, secret = re.findall(r"<code>([^<]+)</code>", page)[1:]
    assert client_id == machine.client_id
    assert (machine.purpose, machine.roles, machine.scopes) == (
        "Yearly board report",
        ["supervisor"],
        ["cases:read", "figures:read"],
    )
    kept = json.dumps([list(TokenClient.objects.values()), list(MachineClient.objects.values())], default=str)
    assert secret not in kept
    listed = olga.get(reverse("people:machines")).content.decode()
    assert ("Yearly board report" in listed, "Never" in listed, secret in listed) == (True, True, False)
    assert [e.actor for e in Event.objects.filter(verb="machine_issued")] == [cast.olga.key]

    token = ask_token(client_id, secret).json()
    assert (token["token_type"], token["expires_in"], token["scope"]) == (
        "Bearer",
        3600,
        "cases:read figures:read",
    )
    given = Client().get(QUEUE, headers={"authorization": f"Bearer {token['access_token']}"})
    assert [row["reference"] for row in given.json()["data"]] == ["HB-2026-0001"]
    assert token["access_token"] not in json.dumps(list(Token.objects.values()), default=str)
    assert [e.actor_label for e in Event.objects.filter(verb="machine_token_issued")] == [
        "Machine: Yearly board report"
    ]
    machine.refresh_from_db()
    assert machine.last_used_at is not None
    assert "Never" not in olga.get(reverse("people:machines")).content.decode()

    assert olga.post(reverse("people:machine_revoke", args=[machine.public_id])).status_code == 302
    ended = Client().get(QUEUE, headers={"authorization": f"Bearer {token['access_token']}"})
    assert (ended.status_code, ended.json()["code"]) == (401, "token_invalid")
    refused = ask_token(client_id, secret)
    assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, 'Basic realm="Recourse"')
    assert refused.json() == {"error": "invalid_client", "error_description": WHY["invalid_client"]}
    assert olga.post(reverse("people:machine_revoke", args=[machine.public_id])).status_code == 409
    assert "Revoked" in olga.get(reverse("people:machines")).content.decode()


@pytest.mark.parametrize("who", ["nora", "sam", "petra", "anna"])
def test_nobody_else_does(sign_in, who):
    client = sign_in(who)
    assert client.get(reverse("people:machines")).status_code == 403
    assert client.post(reverse("people:machine_new"), FORM | {"last_day": in_days(9)}).status_code == 403
    assert MachineClient.objects.count() == 0


def test_every_reason_stands_at_its_field(cast, sign_in):
    sent = {
        "purpose": "ab",
        "scopes": ["figures:read", "notes:write"],
        "roles": ["analyst"],
        "last_day": in_days(800),
    }
    answer = sign_in("olga").post(reverse("people:machine_new"), sent)
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"purpose", "scopes", "last_day"}
    assert "Navigator" in answer.context["form"].errors["scopes"][0]


def test_a_machine_keeps_no_members(cast):
    at = timezone.now()
    wanted = {
        "purpose": "Keeping",
        "scopes": ["figures:read"],
        "expires_at": at + timedelta(days=1),
        "at": at,
    }
    with pytest.raises(Refused):
        issue_machine(actor=cast.olga, roles=["organization_admin"], **wanted)
    with pytest.raises(NotAllowed):
        issue_machine(actor=cast.sam, roles=["analyst"], **wanted)


def test_roles_that_no_person_holds_together_no_machine_holds_either(cast):
    at = timezone.now()
    with pytest.raises(Refused) as refused:
        issue_machine(
            actor=cast.olga,
            purpose="Keeping",
            roles=["privacy_officer", "navigator"],
            scopes=["cases:read"],
            expires_at=at + timedelta(days=1),
            at=at,
        )
    assert [(r.code, r.field) for r in refused.value.reasons] == [("roles_apart", "roles")]


# -- tokens -----------------------------------------------------------------------------------------------------------
def test_only_client_credentials_give_a_token(machine):
    asked = machine(scopes=["cases:read", "events:read"])
    assert ask_token(asked.client_id, asked.secret, basic=False).status_code == 200
    narrow = ask_token(asked.client_id, asked.secret, scope="cases:read").json()
    assert narrow["scope"] == "cases:read"
    only = Client(headers={"authorization": f"Bearer {narrow['access_token']}"})
    assert [only.get(path).status_code for path in (QUEUE, "/api/v1/events")] == [200, 403]
    wider = ask_token(asked.client_id, asked.secret, scope="cases:read identifiers:read")
    assert (wider.status_code, wider.json()["error"]) == (400, "invalid_scope")
    assert ask_token(asked.client_id, "wrong").status_code == 401
    assert ask_token("nobody", asked.secret).status_code == 401
    for grant in (
        "password",
        "authorization_code",
        "refresh_token",
        "urn:ietf:params:oauth:grant-type:device_code",
    ):
        refused = ask_token(asked.client_id, asked.secret, grant_type=grant)
        assert (refused.status_code, refused.json()["error"]) == (400, "unsupported_grant_type")
    assert Client().get(TOKEN).status_code == 405


def test_guessing_a_secret_is_limited(machine):
    asked = machine()
    answers = [ask_token(asked.client_id, "wrong").status_code for _ in range(11)]
    assert answers == [401] * 10 + [429]
    late = ask_token(asked.client_id, asked.secret)
    assert (late.status_code, late.json()["code"]) == (429, "too_often")


@pytest.mark.parametrize(
    "path",
    [
        "/.well-known/openid-configuration",
        "/identity/o/authorize",
        "/identity/o/api/token",
        "/identity/o/device",
    ],
)
def test_nothing_else_of_the_provider_is_reachable(db, client, path):
    assert client.get(path).status_code == 404


def answer_to(header: str | None):
    return Client(headers={"authorization": header} if header else {}).get(QUEUE)


def test_what_is_no_token_is_401_and_says_how(machine):
    asked = machine()
    bare = answer_to(None)
    assert (bare.status_code, bare.headers["WWW-Authenticate"]) == (401, 'Bearer realm="Recourse"')
    assert (bare.headers["Content-Type"], bare.json()["code"]) == (
        "application/problem+json",
        "token_missing",
    )
    revoked = machine()
    MachineClient.objects.filter(pk=revoked.row.pk).update(revoked_at=timezone.now())
    ended = machine()
    long_ago = timezone.now() - timedelta(days=9)
    MachineClient.objects.filter(pk=ended.row.pk).update(
        issued_at=long_ago, expires_at=long_ago + timedelta(days=1)
    )
    other = Token(
        type=Token.Type.REFRESH_TOKEN, client_id=asked.client_id, expires_at=timezone.now() + timedelta(1)
    )
    other.set_value("r" * 86)
    other.save()
    for name, header in {
        "unknown": f"Bearer {'x' * 86}",
        "malformed": "Bearer <script>",
        "short": "Bearer abc",
        "another scheme": f"Token {asked.token}",
        "two": f"Bearer {asked.token} {asked.token}",
        "expired": f"Bearer {give_token(asked.row, seconds=-1)}",
        "revoked": f"Bearer {revoked.token}",
        "of a machine whose day is over": f"Bearer {ended.token}",
        "of another kind": f"Bearer {'r' * 86}",
        "in upper case": f"Bearer {asked.token.upper()}",
    }.items():
        answer = answer_to(header)
        assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid"), name
        assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"], name
    assert answer_to(f"Bearer {asked.token}").status_code == 200


def test_refusing_costs_little(machine):
    asked = machine(scopes=["events:read"])
    for header, statements in (
        (None, 0),
        ("Bearer abc", 0),
        (f"Bearer {'x' * 86}", 1),
        (f"Bearer {asked.token}", 1),
    ):
        with CaptureQueriesContext(connection) as seen:
            assert answer_to(header).status_code in (401, 403)
        assert len([q for q in seen.captured_queries if "SAVEPOINT" not in q["sql"]]) == statements


def test_use_is_noted_once_an_hour(machine):
    asked = machine()

    def used():
        asked.get(QUEUE)
        return MachineClient.objects.get(pk=asked.row.pk).last_used_at

    first = used()
    assert used() == first
    MachineClient.objects.filter(pk=asked.row.pk).update(last_used_at=first - timedelta(hours=2))
    assert used() > first - timedelta(minutes=1)
    noted = Event.objects.filter(subject_table="people_machineclient", verb="update", actor=asked.actor.key)
    assert [sorted(e.data) for e in noted] == [["last_used_at"]] * 2


def test_neither_door_opens_with_what_opens_the_other(machine, sign_in, cast):
    nora = sign_in("nora")
    assert nora.get(QUEUE).status_code == 401
    carried = machine().client
    for path in (reverse("appeals:queue"), reverse("people:machines"), reverse("portal:home")):
        assert carried.get(path).status_code == 302
    assert nora.get(reverse("appeals:queue"), headers={"authorization": "Bearer x"}).status_code == 200


def test_an_address_that_is_none_and_our_own_fault_are_problems(machine, monkeypatch):
    asked = machine()
    none = asked.get("/api/v1/patients")
    assert (none.status_code, none.json()["code"]) == (404, "not_found")
    assert asked.post(QUEUE, {}).status_code == 405
    client = asked.client
    client.raise_request_exception = False
    monkeypatch.setattr("appeals.api.cases.STATUS", {"open": "", "lost": ""})
    failed = client.get(QUEUE, {"status": "lost"})
    assert (failed.status_code, failed.json()["code"]) == (500, "our_fault")
    assert not Event.objects.filter(kind="read", request_id=failed.json()["request_id"]).exists()


# -- scopes -----------------------------------------------------------------------------------------------------------
def test_a_scope_only_takes_away():
    everything = Actor(
        key="machine:1",
        label="",
        organization_id=1,
        roles=frozenset({"supervisor"}),
        scopes=frozenset(s.value for s in Scope),
    )
    assert everything.permissions == permissions_of_scopes([s.value for s in Scope])
    nothing = Actor(
        key="machine:1", label="", organization_id=1, roles=frozenset({"supervisor"}), scopes=frozenset()
    )
    assert nothing.permissions == frozenset()
    assert {s for s in Scope if not SCOPES[s].is_personal} == {Scope.READ_FIGURES}
    assert permissions_of_scopes(["everything"]) == frozenset()


def test_only_a_machines_policy_is_compiled_once_for_its_roles(cast):
    with pytest.raises(TypeError):
        rows_of(cast.nora, "cases.Case")
