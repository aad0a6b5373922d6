"""Single sign-on of an organization: whom it asks is set and taken back here, and who came back becomes one of its people.

A provider speaks for the organization that named it and for nobody else: it opens no membership elsewhere, whatever address it
vouches for. Somebody is let in as the member they are, or as the one they were invited to be, and made out of nothing never.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from advocacy.access.disclosures import Party
from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require, visible
from advocacy.access.roles import Role
from advocacy.audit.trail import record
from advocacy.errors import Reason, Refused, WrongState
from advocacy.mail import Notice, deliver, link_to
from advocacy.people import oidc
from advocacy.people.models import ExternalIdentity, Invitation, SignInProvider, User
from advocacy.people.models.provider import exactly
from advocacy.people.oidc import Identity, SignInFailed
from advocacy.people.queries import memberships_of, roles_now, working_members
from advocacy.tenancy.scope import scoped_to
from advocacy.tenancy.sealing import blind_index

log = logging.getLogger("recourse.sign_in")
DOMAIN = re.compile(r"(?=.{4,253}$)(?:(?!-)[a-z0-9-]{1,63}(?<!-)\.)+[a-z]{2,63}", re.ASCII)
EVERYBODYS = frozenset(
    [
        "gmail.com",
        "googlemail.com",
        "outlook.com",
        "hotmail.com",
        "live.com",
        "yahoo.com",
        "icloud.com",
        "me.com",
        "aol.com",
        "proton.me",
        "gmx.com",
    ]
)
"""Where anybody gets an address for the asking: no organization's own."""
MULTIPLE = "mfa"
"""RFC 8176: more than one factor was asked for."""


@dataclass(frozen=True)
class Door:
    """A provider in use, found before anybody signed in."""

    provider_id: int
    public_id: UUID
    organization_id: int
    organization_name: str


@dataclass(frozen=True)
class Entered:
    """Who came in. With an open invitation and no account yet `user` is None and `invitation` says which."""

    user: User | None
    invitation: int | None
    strong: bool


# -- at the desk ------------------------------------------------------------------------------------------------------
def provider_in_use(actor: Actor) -> SignInProvider | None:
    """The organization's provider, for whoever keeps its sign-in."""
    return (
        SignInProvider.objects.filter(visible(actor, SignInProvider), retired_at=None)
        .select_related("set_by")
        .first()
    )


def set_provider(
    *,
    actor: Actor,
    issuer: str,
    client_id: str,
    client_secret: str,
    domains: Collection[str],
    trusts_second_factor: bool,
    strong_acr: Collection[str] = (),
    is_only_way: bool = False,
    came_by: str = "",
    at: datetime,
) -> SignInProvider:
    """Name the provider, or change what is known of it; an empty secret leaves the one there is. Admins are told by mail.

    `came_by` is the public id of the provider through which the actor signed in: only they may make it the only way in.
    Another issuer or client is another provider: the old one is retired, and with it the sessions and identities that it
    vouched for. The description is fetched, so that a slip is seen now. Raises NotAllowed, Refused with every reason.
    """
    require(actor, Permission.MANAGE_SIGN_IN)
    issuer, client_id = issuer.strip(), client_id.strip()
    named = sorted({d.strip().lower().removeprefix("@") for d in domains if d.strip()})
    acr = sorted({value for value in strong_acr if value})
    before = SignInProvider.objects.select_for_update().filter(retired_at=None).first()
    same = before if before and (before.issuer, before.client_id) == (issuer, client_id) else None
    reasons = _wrong(issuer, client_id, client_secret, named, same)
    if is_only_way and not (same and came_by == str(same.public_id)):
        said = "Sign in through it once yourself. Then it can be made the only way: what does not work locks everybody out."
        reasons.append(Reason("not_tried", said, "is_only_way"))
    if not reasons:
        reasons = _unreachable(issuer)
    if reasons:
        raise Refused(reasons)
    with transaction.atomic():
        if before is not None and same is None:
            _retire(before, at)
        row = same or SignInProvider(issuer=issuer, client_id=client_id)
        row.client_secret = client_secret or row.client_secret
        row.domains, row.strong_acr = named, acr
        row.trusts_second_factor, row.is_only_way = trusts_second_factor, is_only_way
        row.set_at, row.set_by_id = at, actor.user_id
        row.save()
        detail = {"domains": named, "second_factor": trusts_second_factor, "only_way": is_only_way}
        record("provider_set", subject=row, detail=detail | {"secret_changed": bool(client_secret)})
        _tell(actor, "set")
    return row


def retire_provider(*, actor: Actor, at: datetime) -> SignInProvider:
    """Nobody comes in through it any more, and who did is out. Raises NotAllowed, WrongState where there is none."""
    require(actor, Permission.MANAGE_SIGN_IN)
    with transaction.atomic():
        row = SignInProvider.objects.select_for_update().filter(retired_at=None).first()
        if row is None:
            raise WrongState("retire", "none", "No sign-in of your own is set up.")
        _retire(row, at)
        _tell(actor, "retired")
    return row


def let_passphrases_in(*, at: datetime) -> bool:
    """For whoever runs the installation, when the organization's provider is broken; whether it had been the only way."""
    with transaction.atomic():
        row = SignInProvider.objects.select_for_update().filter(retired_at=None, is_only_way=True).first()
        if row is None:
            return False
        row.is_only_way, row.set_at = False, at
        row.save(update_fields=["is_only_way", "set_at"])
        record("provider_set", subject=row, detail={"only_way": False, "by": "operator"})
    return True


def _retire(row: SignInProvider, at: datetime) -> None:
    row.retired_at, row.is_only_way = at, False
    row.save(update_fields=["retired_at", "is_only_way"])
    record("provider_retired", subject=row)


def _wrong(
    issuer: str, client_id: str, client_secret: str, domains: list[str], same: SignInProvider | None
) -> list[Reason]:
    reasons = []
    if not issuer.startswith(("https://", "http://")) or "?" in issuer or "#" in issuer:
        said = "Copy the issuer as the provider writes it. It begins with https://."
        reasons.append(Reason("issuer_form", said, "issuer"))
    if not client_id:
        reasons.append(Reason("client_missing", "Fill in the client id.", "client_id"))
    if not client_secret and same is None:
        reasons.append(Reason("secret_missing", "Fill in the client secret.", "client_secret"))
    if not domains:
        reasons.append(Reason("domains_missing", "Name at least one e-mail domain.", "domains"))
    for domain in domains:
        if not DOMAIN.fullmatch(domain):
            said = f"“{domain[:60]}” is no domain. It looks like example.org."
            reasons.append(Reason("domain_form", said, "domains"))
        elif domain in EVERYBODYS:
            said = f"Anybody gets an address at {domain}. Name domains of your own."
            reasons.append(Reason("domain_everybodys", said, "domains"))
    return reasons


def _unreachable(issuer: str) -> list[Reason]:
    try:
        oidc.describe(issuer)
    except SignInFailed as problem:
        said = {
            "not_public": "This address is none that may be called: it is inside a network.",
            "not_https": "The issuer and what it names must begin with https://.",
            "issuer_differs": "It answers under another name. Copy the issuer exactly, down to the last slash.",
        }.get(problem.code, "There is no OpenID provider that answers at this address.")
        return [Reason(f"provider_{problem.code}", said, "issuer")]
    return []


def _tell(actor: Actor, what: str) -> None:
    """Whoever else keeps the organization learns at once that its door was changed; a mail that fails changes nothing of that."""
    others = working_members(timezone.now()).exclude(user_id=actor.user_id or 0).select_related("user")
    for to in [one.user.email for one in others if Role.ORGANIZATION_ADMIN in roles_now(one)]:
        notice = Notice(
            to=to,
            subject="The sign-in of your organization was changed",
            template="notices/provider.txt",
            facts={"who": actor.label, "what": what, "url": link_to(reverse("people:sign_in_provider"))},
            reader=Party.WORKFORCE,
        )
        try:
            deliver(notice)
        except OSError:
            log.exception("The mail about a changed sign-in could not be sent.")


# -- at the door ------------------------------------------------------------------------------------------------------
def doors_of(email: str) -> list[Door]:
    """The providers of organizations that named the domain of this address."""
    domain = email.strip().lower().rpartition("@")[2]
    return _doors("SELECT * FROM search.providers_of(%s)", domain) if domain else []


def door_of(public_id: UUID) -> Door | None:
    found = _doors("SELECT * FROM search.provider_in_use(%s)", public_id)
    return found[0] if found else None


def _doors(statement: str, value: Any) -> list[Door]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [value])
        return [Door(*row) for row in cursor.fetchall()]


def at_door(door: Door, request_id: str = "") -> Any:
    """The scope in which somebody is looked for who has not come in yet."""
    return scoped_to(
        door.organization_id,
        actor=f"provider:{door.provider_id}",
        actor_label="Sign-in provider",
        request_id=request_id,
    )


def client_of(provider: SignInProvider) -> oidc.Client:
    back = link_to(reverse("sso_callback", args=[provider.public_id]))
    return oidc.Client(provider.issuer, provider.client_id, provider.client_secret, back)


def enter(provider: SignInProvider, identity: Identity, at: datetime) -> Entered:
    """Who of the organization this is, in its scope; the subject is bound the first time. Raises SignInFailed.

    Nobody is made here: an invited person is asked first.
    """
    strong = is_strong(provider, identity)
    place = provider.organization.pk
    known = (
        ExternalIdentity.objects.select_for_update(of=("self",))
        .filter(
            provider=provider,
            subject_index=blind_index(place, exactly(identity.subject)),
        )
        .select_related("user")
        .first()
    )
    if known is not None:
        if not _is_member(known.user, place):
            raise SignInFailed("no_member")
        known.last_used_at = at
        known.save(update_fields=["last_used_at"])
        return Entered(known.user, None, strong)
    if not identity.email:
        raise SignInFailed("email_not_proven")
    if identity.email.rpartition("@")[2] not in provider.domains:
        raise SignInFailed("domain_differs")
    user = User.objects.filter(email=identity.email).first()
    if user is not None and _is_member(user, place):
        bind(provider, identity.subject, user, at)
        return Entered(user, None, strong)
    invited = _invited(place, identity.email, at)
    if invited is None:
        raise SignInFailed("no_member")
    if user is not None:
        raise SignInFailed("account_first")
    return Entered(None, invited.pk, strong)


def bind(provider: SignInProvider, subject: str, user: User, at: datetime) -> ExternalIdentity:
    """Keep who this is there. Raises SignInFailed when they are somebody else there already: an address that was given on."""
    if ExternalIdentity.objects.filter(provider=provider, user=user).exists():
        raise SignInFailed("subject_differs")
    row = ExternalIdentity.objects.create(
        provider=provider, user=user, subject=subject, bound_at=at, last_used_at=at
    )
    record("identity_bound", subject=row, detail={"user": user.pk})
    return row


def is_strong(provider: SignInProvider, identity: Identity) -> bool:
    """Whether a second factor was asked for there, and the organization said that this counts here."""
    if not provider.trusts_second_factor:
        return False
    return MULTIPLE in identity.amr or (identity.acr != "" and identity.acr in provider.strong_acr)


def _is_member(user: User, organization_id: int) -> bool:
    """An operator's account never comes in this way: an organization would vouch for whoever runs all of them."""
    if not user.is_active or user.is_superuser:
        return False
    return any(m.organization_id == organization_id for m in memberships_of(user.pk))


def _invited(organization_id: int, email: str, at: datetime) -> Invitation | None:
    """The open invitation of this very address: the index takes two spellings of one address for the same."""
    found = Invitation.objects.filter(
        email_index=blind_index(organization_id, email),
        accepted_at=None,
        revoked_at=None,
        expires_at__gt=at,
    ).first()
    return found if found is not None and found.email == email else None
