"""The demonstration as it is made, by the real commands."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import validate_totp_code
from django.db import connection
from django.utils import timezone
from django_q.models import OrmQ

from advocacy import registries
from advocacy.audit.models import Event
from advocacy.background.models import Job
from advocacy.management.seed.cast import COLLEAGUES, PASSPHRASE, Standing, assemble
from advocacy.management.seed.life import next_workday
from advocacy.management.seed.lived_in import LIVED
from advocacy.management.seed.sign_ins import sign_ins
from advocacy.management.seed.tell import STORIES, RuleBroken, live_through, tell, unmade
from advocacy.management.seed.year.watch import RULES
from advocacy.people.models import Absence, Consent, Contact, Patient, PortalAccess
from advocacy.people.portal_access import portal_accesses_of, portal_actor
from appeals.commands.approvals import approval_reasons
from appeals.commands.deadlines import check_projection
from appeals.models import (
    Appeal,
    AuthorizationRequest,
    Choice,
    Deadline,
    Denial,
    Filing,
    ItemOutcome,
    LetterApproval,
    PeerToPeer,
    TreatmentSession,
)
from appeals.packets import manifest_of
from appeals.queries.clocks import day_at
from appeals.queries.history import load_history
from appeals.queries.lookup import classification_of
from appeals.queries.portal import portal_cases, status_page
from appeals.queries.service_targets import count_late, month_counts, targets_on
from appeals.queries.today import today
from appeals.regimes import book
from appeals.reminders import to_remind
from appeals.workflow import APPEAL, PEER_TO_PEER, REQUEST
from cases.commands.documents import open_version
from cases.models import (
    Case,
    CaseGrant,
    CaseTeamMember,
    Communication,
    Cost,
    Document,
    DocumentVersion,
    Inquiry,
    Task,
)
from cases.workflow import CASE, INQUIRY, TASK
from tests.conftest import HASHERS_AS_SHIPPED
from tests.seeded import inside_copy

FLOWS = {
    CASE: Case,
    TASK: Task,
    INQUIRY: Inquiry,
    REQUEST: AuthorizationRequest,
    PEER_TO_PEER: PeerToPeer,
    APPEAL: Appeal,
}


@dataclass
class Told:
    """The two organizations after the telling; `each()` enters one after the other."""

    now: datetime
    standing: dict[str, Standing] = field(default_factory=dict)

    def each(self) -> Iterator[tuple[str, Standing]]:
        for slug, there in self.standing.items():
            with there.program(self.now):
                yield slug, there

    def all(self, model: Any, *fields: str, **filters: Any) -> list[Any]:
        """Values of both organizations: a list of values for one field, of tuples for several."""
        found: list[Any] = []
        for _ in self.each():
            found += model.objects.filter(**filters).values_list(*fields, flat=len(fields) == 1)
        return found


def is_lived(patient: Patient) -> bool:
    """Whether somebody came to the simulated year, and is no story."""
    return patient.full_name in {story.person.full_name for story in LIVED}


@pytest.fixture(scope="module")
def told(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Told]:
    """A copy of it, inside a transaction that is never committed."""
    with (
        pytest.MonkeyPatch.context() as patch,
        django_db_blocker.unblock(),
        inside_copy("told", tmp_path_factory.mktemp("told")) as copy,
    ):
        patch.setattr("django.conf.settings.DATA_DIR", copy.documents)
        yield Told(copy.now, assemble(copy.now))


def test_two_organizations_have_their_patients_in_english_and_spanish(told):
    counted = {
        slug: (Patient.objects.count(), Patient.objects.filter(language="es").count())
        for slug, _ in told.each()
    }
    assert counted == {"harbor": (55, 6), "meadow": (16, 3)}
    assert (len(STORIES), len(LIVED)) == (55, 16)


def test_every_status_of_every_workflow_is_there(told):
    seen = {w: set(told.all(model, w.field)) for w, model in FLOWS.items()}
    assert seen == {w: set(w.states.values) for w in FLOWS}


def test_every_outcome_is_there_and_has_its_money(told):
    closed = {outcome for outcome in told.all(Case, "outcome") if outcome}
    assert closed == set(Case.Outcome.values)
    assert set(told.all(ItemOutcome, "outcome")) == {"overturned", "partly", "upheld"}
    assert set(told.all(Cost, "kind")) == set(Cost.Kind.values)


def test_every_level_of_every_complete_set_of_rules_is_there(told):
    levels = {
        (regime.key, level.key)
        for regime in book().regimes.values()
        if regime.complete and not regime.combines
        for level in regime.levels
        if level.kind != "court"
    }
    seen = set(told.all(Appeal, "regime", "level"))
    assert levels - seen == set()
    assert {regime for regime, _ in seen - levels} == {
        "unknown",
        "va_champva",
        "workers_comp",
    }


def test_nothing_open_is_forgotten(told):
    idle = []
    for slug, _ in told.each():
        for case in Case.objects.filter(status="open", next_deadline_on=None):
            if not Task.objects.filter(case=case, status__in=["open", "held"]).exists():
                idle.append((slug, case.reference))
    assert idle == []


def test_stored_dates_are_what_their_clocks_say(told):
    different = {}
    for _ in told.each():
        for case in Case.objects.select_related("patient", "coverage"):
            if found := check_projection(case, told.now):
                different[case.reference] = found
    assert different == {}


def test_closed_cases_have_no_obstacle_and_open_ones_say_what_is_open(told):
    """A lived case may stand between its end and its closing; each story is open because something of it is."""
    known = {
        "tasks_open", "promise_open", "request_drafted", "request_undecided", "denial_unconfirmed",
        "peer_to_peer_scheduled", "level_open", "level_undecided", "item_without_outcome", "authorization_missing",
        "decision_not_carried_out",
    }  # fmt: skip
    closed, unhindered, codes = [], [], set()
    for _ in told.each():
        for case in Case.objects.select_related("patient", "coverage"):
            found = {r.code for obstacles in registries.obstacles_to_closing for r in obstacles(case)}
            if case.status == "closed":
                closed.append(found)
            elif is_lived(case.patient):
                assert found <= known
            else:
                codes |= found
                unhindered += [] if found else [case.reference]
    assert (set(map(frozenset, closed)), unhindered) == ({frozenset()}, [])
    assert len(closed) >= 11
    assert codes == known


def test_the_desk_is_full_at_first_sight(told):
    harbor = told.standing["harbor"]
    with harbor.program(told.now):
        stacks = today(harbor.actors["nora"], day=day_at(told.now, harbor.organization.time_zone))
        full = {"legal", "payer", "waiting", "waking", "new"}
        short = {stack.code: stack.total for stack in stacks if stack.code in full and stack.total < 5}
        without_action = [
            (stack.code, row.case.reference) for stack in stacks for row in stack.rows if row.action is None
        ]
    assert [s.code for s in stacks if s.code in full] == ["legal", "payer", "waiting", "waking", "new"]
    assert "covering" in {stack.code for stack in stacks}
    assert (short, without_action) == ({}, [])


def test_some_service_targets_are_missed_and_some_were_met(told):
    harbor = told.standing["harbor"]
    with harbor.program(told.now):
        day = day_at(told.now, harbor.organization.time_zone)
        months = [day.today.replace(day=1)]
        while len(months) < 6:
            months.append((months[-1] - timedelta(days=1)).replace(day=1))
        sam = harbor.actors["sam"]
        counts = [row for first in months for row in month_counts(sam, day=day, first=first)]
        late = count_late(sam, day=day)
        shown = len(targets_on(harbor.actors["nora"], day))
    assert (sum(row.met for row in counts) > 5, sum(row.missed for row in counts) > 5) == (True, True)
    assert late and late > 3 and 0 < shown <= late


def test_the_trail_tells_its_months_and_when_it_was_written(told):
    months, recorded = set(), set()
    for _ in told.each():
        rows = Event.objects.values_list("at", "recorded_at")
        assert all(at <= told.now for at, _ in rows)
        months |= {(told.now - at).days // 30 for at, _ in rows}
        recorded |= {recorded_at > timezone.now() - timedelta(hours=1) for _, recorded_at in rows}
    assert months >= set(range(9))
    assert recorded == {True}


def test_the_trail_names_no_patient(told):
    """Colleagues and clinics stand in it by name, patients by number; whatever identifies them is sealed."""
    found = []
    for _ in told.each():
        names = [p.family_name for p in Patient.objects.all()] + [p.given_name for p in Patient.objects.all()]
        clinics = {"Castellano", "Amara", "Noor", "Wren"}
        pattern = "|".join(re.escape(n) for n in sorted({*names} - clinics))
        with connection.cursor() as cursor:
            cursor.execute(
                r"SELECT verb, subject_table FROM audit.event WHERE (data::text || reason) ~ ('\m(' || %s || ')\M')",
                [pattern],
            )
            found += cursor.fetchall()
    assert found == []


def test_every_level_that_went_out_keeps_its_very_bytes(told):
    wrong, packets = [], 0
    for _, there in told.each():
        actor = there.actors[next(key for key in there.actors if key in ("nora", "mia"))]
        for filing in Filing.objects.select_related("document_version__blob", "document_version__document"):
            data = open_version(actor, filing.document_version).read()
            if (
                hashlib.sha256(data).hexdigest() != filing.sha256
                or not filing.document_version.document.is_frozen
            ):
                wrong.append(filing.pk)
            if not filing.is_oral:
                packets += manifest_of(data)["page_count"] == filing.page_count
    assert (wrong, packets) == ([], len(told.all(Filing, "pk", is_oral=False)))
    assert told.all(Filing, "pk", is_oral=True) != []
    sent = told.all(Appeal, "pk", filed_at__isnull=False)
    assert len(sent) == len(told.all(Filing, "pk"))


def test_no_later_step_went_to_the_place_of_the_first_appeal(told):
    """A hearing or a review sent to the plan's appeals box is lost."""
    wrong, sent = [], 0
    for _ in told.each():
        for filing in Filing.objects.filter(appeal__previous__isnull=False).select_related("appeal__denial"):
            denial = filing.appeal.denial
            boxes = (denial.send_to_fax, denial.send_to_address, denial.send_to_portal)
            places = (filing.address, " ".join(filing.appeal.draft["recipient"]))
            sent += 1
            wrong += [filing.pk for box in boxes if box for place in places if box in place]
    assert (sent > 10, wrong) == (True, [])


def test_letters_were_read_and_a_scan_was_not(told):
    kinds = Counter(told.all(DocumentVersion, "text_status", document__kind="denial_letter"))
    assert kinds == {"read": len(told.all(Denial, "pk", silent_from=None)) - 1, "none": 1}
    assert set(told.all(Document, "kind")) >= {
        "denial_letter", "decision_letter", "approval_letter", "medical_necessity", "medication_history",
        "rating_scale", "filing", "proof",
    }  # fmt: skip
    assert set(told.all(Job, "status")) == {"done"}
    assert OrmQ.objects.count() == 0  # the worker finds nothing left to do


def test_rules_that_are_unknown_contradicted_or_not_complete_are_called_so(told):
    found = Counter()
    for _ in told.each():
        asked = Case.objects.filter(status="open", requests__submitted_at__isnull=False)
        for case in asked.select_related("patient", "coverage"):
            there = classification_of(case)
            if there.contradictions:
                found["contradiction"] += 1
            elif there.regime is None:
                found["unknown"] += 1
            elif not there.complete:
                found[there.regime] += 1
    assert found == {
        "contradiction": 1,
        "unknown": 2,
        "va_champva": 1,
        "workers_comp": 1,
    }


def test_access_consent_and_promises_have_every_shade(told):
    today_ = told.now.date()
    assert told.all(Case, "is_restricted").count(True) == 1
    assert sorted(ended is None for ended in told.all(CaseGrant, "ended_at")) == [False, True]
    expired = [d for d in told.all(Consent, "expires_on", revoked_at=None) if d and d < today_]
    assert expired != []
    assert told.all(Consent, "pk", revoked_at__isnull=False) != []
    assert set(told.all(Communication, "promise_kept", promised_by__isnull=False)) == {True, False, None}
    assert {True, False} == set(told.all(Contact, "is_safe"))


def test_reminders_of_past_mornings_are_sent_and_none_waits(told):
    waiting = []
    for _ in told.each():
        waiting += to_remind(told.now)
        assert Event.objects.filter(verb="reminder_sent").exists()
    assert waiting == []


def test_a_second_telling_adds_nothing(told):
    before = (told.all(Patient, "pk"), told.all(Case, "pk"), told.all(Deadline, "pk"))
    assert unmade() == ()
    assert tell(told.now + timedelta(days=1)) == 0
    assert (told.all(Patient, "pk"), told.all(Case, "pk"), told.all(Deadline, "pk")) == before


def test_everybody_finds_themselves_among_the_sign_ins(told, settings):
    settings.PASSWORD_HASHERS = HASHERS_AS_SHIPPED  # the demonstration was made by a program of its own
    table = sign_ins()
    assert [c.email for c in COLLEAGUES if c.email not in table] == []
    assert table.count(PASSPHRASE) == len(COLLEAGUES)
    code = re.search(r"one-time code: (\d{6}) for", table)
    secret = re.search(r"secret=([A-Z2-7]+)", table)
    assert code and secret
    assert validate_totp_code(secret[1], code[1])


def test_the_other_side_is_late_in_every_way(told):
    """A plan that lost and has not delivered stands with its date passed; a review runs beside an urgent appeal."""
    late = told.all(Deadline, "due_on", clock="effectuation", status="running")
    assert late and min(late) < told.now.date()
    beside = told.all(
        Appeal, "beside__is_expedited", "status", beside__status="received", beside__isnull=False
    )
    assert (True, "filed") in beside


def test_nobody_works_or_calls_on_a_weekend(told):
    """What a story tells of the last days waits for no workday that lies ahead."""
    idle = []
    for _, there in told.each():
        today_ = told.now.astimezone(there.zone).date()
        for call in Communication.objects.filter(source="").select_related("case__patient"):
            day = call.happened_at.astimezone(there.zone).date()
            if day.weekday() > 4 and (is_lived(call.case.patient) or next_workday(day) < today_):
                idle.append((call.case.reference, day))
    assert idle == []


def test_what_does_not_hold_stops_it_with_the_sentence(told, monkeypatch):
    """Of the first day's evening: nothing of that organization's months is left."""
    rule = RULES["nothing_lies_ahead"]
    monkeypatch.setitem(
        RULES, rule.name, replace(rule, find=lambda watch, evening: iter(["the moon is out"]))
    )
    before = told.all(Patient, "pk")
    with pytest.raises(RuleBroken, match=r"meadow \d+-\d+-\d+ nothing_lies_ahead: the moon is out"):
        live_through(told.standing, "meadow", told.now)
    assert told.all(Patient, "pk") == before


def test_somebody_works_in_both_organizations(told):
    assert {slug for slug, there in told.standing.items() if "bea" in there.actors} == {"harbor", "meadow"}
    roles = {key: sorted(actor.roles) for key, actor in told.standing["harbor"].actors.items()}
    assert roles == {
        "ines": ["intake"],
        "nora": ["navigator"],
        "nils": ["navigator"],
        "clara": ["clinician"],
        "sam": ["supervisor"],
        "olga": ["organization_admin"],
        "anna": ["analyst"],
        "fred": ["funder"],
        "petra": ["privacy_officer"],
        "bea": ["navigator"],
    }


def test_teams_an_absence_choices_and_sessions_near_a_renewal_are_there(told):
    assert set(told.all(CaseTeamMember, "role")) == set(CaseTeamMember.Role.values)
    assert len(told.all(Absence, "pk", ended_at=None)) == 1
    assert {"appeal", "not_to_appeal"} <= set(told.all(Choice, "kind"))
    assert told.all(Appeal, "pk", status="declined") and told.all(Choice, "pk", kind="not_to_appeal")
    [case] = set(told.all(TreatmentSession, "case_id", voided_at__isnull=False))
    assert len(told.all(TreatmentSession, "pk", case_id=case, voided_at=None)) == 4
    assert told.all(Task, "status", code__startswith="renewal:", case_id=case) == ["open"]


def test_meadow_asks_its_patients_about_letters(told):
    """One letter waits for a yes and stands on the patient's first page as a thing to do; one was approved."""
    asks = {slug: there.organization.letters_need_patient_approval for slug, there in told.standing.items()}
    assert asks == {"harbor": False, "meadow": True}
    assert told.all(PortalAccess, "pk", invitation_sent_at=None) == []
    with told.standing["meadow"].program(told.now):
        waits, approved = LetterApproval.objects.select_related("case", "appeal").order_by("answer")
        assert [(row.answer, row.method, row.superseded_at) for row in (waits, approved)] == [
            ("", "", None),
            ("approved", "paper", None),
        ]
        access = PortalAccess.objects.select_related("user").get(patient=waits.case.patient)
        dana = portal_actor(
            access.user, next(a for a in portal_accesses_of(access.user_id) if a.access_id == access.pk)
        )
        [case] = portal_cases(dana)
        first = status_page(case, told.now, dana).things[0]
        assert (first.code, first.url_name, first.row) == ("approve", "portal:letter", waits.public_id)
        found = {}
        for row in (waits, approved):
            whole = Case.objects.select_related("patient", "coverage__payer", "organization", "owner").get(
                pk=row.case_id
            )
            appeal = Appeal.objects.select_related("denial").get(pk=row.appeal_id)
            found[row.answer] = [r.code for r in approval_reasons(whole, appeal, load_history(whole), "")]
        assert found == {"": ["letter_not_approved"], "approved": []}
