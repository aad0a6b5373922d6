"""Invitations: one link, once, for seven days; consent of whoever has an account; nothing to be learned from a wrong link."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import ProgrammingError, connection, transaction
from django.test import Client
from django.utils import timezone

from advocacy.audit.models import Event
from advocacy.errors import NotAllowed, Refused, WrongState
from advocacy.people import invitations
from advocacy.people.membership import change_member
from advocacy.people.models import Invitation, Membership, Team, User
from advocacy.people.organizations import change_organization
from advocacy.people.queries import memberships_of
from advocacy.tenancy.models import Organization
from advocacy.tenancy.scope import scoped_to

PASSPHRASE = "harbors are for small boats"


def invited(cast, email="new@harbor.example", **given):
    asked = {"actor": cast.olga, "name": "Newt", "roles": ["navigator"], "at": timezone.now()} | given
    return invitations.invite_member(email=email, **asked)


def path_of(sent) -> str:
    return "/" + sent.url.split("/", 3)[3]


def codes(refused) -> list[str]:
    return [r.code for r in refused.value.reasons]


def test_only_the_hash_of_the_link_is_kept_and_the_address_is_sealed(cast, mailoutbox):
    sent = invited(cast)
    token = path_of(sent).split("/")[2]
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(i)::text FROM people_invitation i")
        (row,) = cursor.fetchone()
    assert token not in row and "harbor.example" not in row and "Newt" not in row
    assert bytes(Invitation.objects.get().token_hash) == invitations.hashed(token)
    assert (mailoutbox[0].to, sent.url in mailoutbox[0].body) == (["new@harbor.example"], True)


def test_a_new_account_is_made_once(cast):
    team = Team.objects.create(name="Appeals")
    sent = invited(cast, team=team, roles=["intake", "navigator"])
    browser, link = Client(), path_of(sent)
    weak = browser.post(link, {"name": "", "password1": "short", "password2": "other"})
    assert weak.status_code == 422
    assert set(weak.context["form"].errors) >= {"name"}
    weak = browser.post(link, {"name": "Newt", "password1": "short", "password2": "other"})
    assert (weak.status_code, set(weak.context["form"].errors)) == (422, {"password1", "password2"})
    typed = {"name": "Newt Newman", "password1": PASSPHRASE, "password2": PASSPHRASE}
    made = browser.post(link, typed)
    assert (made.status_code, made.url) == (302, "/")
    assert browser.get("/").url == "/admin/today/"  # signed in: the link and the passphrase were enough
    member = Membership.objects.get(user__email="new@harbor.example")
    assert (member.roles, member.team, member.user.name, member.user.check_password(PASSPHRASE)) == (
        ["intake", "navigator"],
        team,
        "Newt Newman",
        True,
    )
    assert browser.get(link).status_code == 404
    assert browser.post(link, typed).status_code == 404
    assert User.objects.filter(email="new@harbor.example").count() == 1
    acts = Event.objects.filter(kind="verb", subject_table="people_invitation").order_by("id")
    assert list(acts.values_list("verb", flat=True)) == ["member_invited", "invitation_accepted"]


def test_the_page_invites_by_the_address_whatever_its_case(cast, sign_in, mailoutbox):
    olga, page = sign_in("olga"), "/admin/invitations/new/"
    typed = {"name": "Tess Temp", "email": "Tess@Harbor.example", "roles": ["navigator"]}
    assert olga.post(page, typed | {"roles": []}).status_code == 422
    assert Invitation.objects.count() == 0
    assert olga.post(page, typed).status_code == 302
    link = next(w for w in mailoutbox[0].body.split() if "/invitation/" in w)
    joined = {"name": "Tess Temp", "password1": PASSPHRASE, "password2": PASSPHRASE}
    assert Client().post("/" + link.split("/", 3)[3], joined).status_code == 302
    assert Membership.objects.get(user__email="tess@harbor.example").roles == ["navigator"]
    again = olga.post(page, typed)
    assert (again.status_code, Invitation.objects.count()) == (422, 1)
    assert "This person is a member already." in again.content.decode()


def test_every_link_that_opens_nothing_looks_the_same(cast):
    expired, revoked, used = (invited(cast, email=f"{n}@harbor.example") for n in ("e", "r", "u"))
    Invitation.objects.filter(pk=expired.invitation.pk).update(
        expires_at=timezone.now() - timedelta(minutes=1)
    )
    invitations.revoke_invitation(actor=cast.olga, invitation=revoked.invitation, at=timezone.now())
    offer = invitations.offer_of(path_of(used).split("/")[2], timezone.now())
    invitations.accept_as_new(
        offer=offer, name="U", passphrase=PASSPHRASE, again=PASSPHRASE, at=timezone.now()
    )
    browser = Client()
    pages = {
        browser.get(link).content
        for link in ("/invitation/unknown/", path_of(expired), path_of(revoked), path_of(used))
    }
    assert len(pages) == 1
    assert b"opens nothing" in pages.pop()


def test_who_has_an_account_joins_by_their_own_consent_only(cast, sign_in):
    sent = invited(cast, email="mia@meadow.example")
    assert not Membership.objects.filter(user=cast.users["mia"]).exists()
    link = path_of(sent)
    stranger = Client().get(link)
    assert "Sign in" in stranger.content.decode()
    # Somebody else who is signed in gets nothing of it.
    nora = sign_in("nora")
    assert "another address" in nora.get(link).content.decode()
    nora.post(link)
    assert not Membership.objects.filter(user=cast.users["mia"]).exists()
    mia = Client()
    mia.force_login(cast.users["mia"], backend="allauth.account.auth_backends.AuthenticationBackend")
    assert "Yes, I join" in mia.get(link).content.decode()
    assert not Membership.objects.filter(user=cast.users["mia"]).exists()
    assert mia.post(link).status_code == 302
    assert {m.organization_name for m in memberships_of(cast.users["mia"].pk)} == {
        "Harbor Patient Advocates",
        "Meadow Coverage Project",
    }


def test_sent_again_the_old_link_is_dead(cast, mailoutbox):
    sent = invited(cast)
    again = invitations.resend_invitation(actor=cast.olga, invitation=sent.invitation, at=timezone.now())
    assert Client().get(path_of(sent)).status_code == 404
    assert Client().get(path_of(again)).status_code == 200
    assert len(mailoutbox) == 2
    invitations.revoke_invitation(actor=cast.olga, invitation=sent.invitation, at=timezone.now())
    with pytest.raises(WrongState):
        invitations.resend_invitation(actor=cast.olga, invitation=sent.invitation, at=timezone.now())


def test_everything_wrong_is_said_at_once(cast):
    invited(cast)
    with pytest.raises(Refused) as refused:
        invited(cast, roles=[], until=timezone.now() - timedelta(days=1))
    assert codes(refused) == ["roles_missing", "until_past", "already_invited"]
    with pytest.raises(Refused) as refused:
        invited(cast, email="nora@harbor.example", roles=["privacy_officer", "supervisor"])
    assert codes(refused) == ["roles_apart", "member_exists"]
    with pytest.raises(NotAllowed):
        invited(cast, actor=cast.sam, email="x@harbor.example")


def test_links_cannot_be_tried_without_end(cast):
    browser = Client(REMOTE_ADDR="198.51.100.7")
    found = {browser.get(f"/invitation/guess{n}/").status_code for n in range(30)}
    assert found == {404}
    assert browser.get("/invitation/one-more/").status_code == 429


def test_a_last_day_closes_the_door_by_itself(cast):
    member = cast.members["nils"]
    at = timezone.now()
    change_member(
        actor=cast.olga,
        member=member,
        roles=["navigator"],
        team=None,
        until=at + timedelta(days=1),
        at=at,
    )
    assert len(memberships_of(member.user_id)) == 1
    Membership.objects.filter(pk=member.pk).update(until=at - timedelta(seconds=1))
    assert memberships_of(member.user_id) == ()
    with pytest.raises(Refused) as refused:
        change_member(
            actor=cast.olga,
            member=cast.members["olga"],
            roles=["organization_admin"],
            team=None,
            until=at + timedelta(days=1),
            at=at,
        )
    assert codes(refused) == ["last_admin"]


def test_only_the_own_organization_is_changed_and_only_how_it_presents_itself(cast):
    given = {"name": "Harbor", "time_zone": "America/Los_Angeles", "treatments_in_scope": ["esketamine"]}
    with pytest.raises(TypeError, match="retention_years"):  # never shortened by being left out
        change_organization(actor=cast.olga, at=timezone.now(), **given)
    given["retention_years"] = 6
    row = change_organization(actor=cast.olga, at=timezone.now(), **given)
    assert (row.name, row.takes_on("esketamine"), row.takes_on("iv_ketamine")) == ("Harbor", True, False)
    event = Event.objects.get(verb="organization_changed")
    assert event.data["fields"] == ["name", "time_zone", "treatments_in_scope"]
    with pytest.raises(NotAllowed):
        change_organization(actor=cast.sam, at=timezone.now(), **given)
    # Underneath: another row does not move, and other columns may not be written at all.
    assert Organization.objects.filter(pk=cast.meadow.pk).update(name="Taken over") == 0
    with pytest.raises(ProgrammingError), transaction.atomic():
        Organization.objects.filter(pk=cast.harbor.pk).update(reference_prefix="ZZ")
    with pytest.raises(ProgrammingError), transaction.atomic():
        Organization.objects.filter(pk=cast.meadow.pk).delete()
    with scoped_to(cast.meadow.pk):
        assert Organization.objects.filter(pk=cast.meadow.pk).update(phone="1") == 1


def test_the_pages_of_members_lead_to_invitations(cast, sign_in):
    olga = sign_in("olga")
    assert olga.get("/admin/people/membership/add/").headers["Location"] == "/admin/invitations/new/"
    assert "/admin/invitations/new/" in olga.get("/admin/people/membership/").content.decode()
    invited(cast)
    page = olga.get("/admin/invitations/").content.decode()
    assert "new@harbor.example" in page
    row = Invitation.objects.get()
    assert olga.post(f"/admin/invitations/{row.public_id}/revoke/").status_code == 302
    assert "new@harbor.example" not in olga.get("/admin/invitations/").content.decode()
    assert sign_in("nora").get("/admin/invitations/").status_code == 403
