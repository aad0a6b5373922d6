"""A letter in the patient's name goes out after the patient said yes to it, where the organization asks for that.

What is asked about is pinned: the digest of all the letter says, its words, and its pages as a frozen file. A letter that
says anything else is another letter and needs another yes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from advocacy.access.permissions import Permission
from advocacy.access.policy import Actor, require, system_actor
from advocacy.audit.trail import record
from advocacy.errors import Reason, Refused, WrongState
from advocacy.people.rules import day_in
from appeals.blocks import blocks_as_data, blocks_from_data, unfilled_gaps
from appeals.commands.checks import locked_case_of, refuse
from appeals.commands.demand_facts import letter_of_demand
from appeals.commands.paper import heading_facts, letter_of
from appeals.facts import History
from appeals.letters import Letter, render_letter
from appeals.models import Appeal, Demand, LetterApproval
from appeals.queries.drafts import exhibits_of
from appeals.queries.history import load_history
from appeals.queries.ladder import BEFORE_FILING
from cases.commands.documents import store_frozen
from cases.commands.patient_notices import notify_patient
from cases.commands.tasks import open_task
from cases.commands.touch import touch
from cases.models import Case, Document, PatientNotice, Task

Answer, Method = LetterApproval.Answer, LetterApproval.Method


def letter_as_it_stands(case: Case, appeal: Appeal | Demand, history: History | None = None) -> Letter:
    """The letter that would go out now: of a level, or to whoever is late. It has a draft."""
    if isinstance(appeal, Demand):
        return letter_of_demand(case, appeal)
    history = history or load_history(case)
    return letter_of(case, appeal, heading_facts(case, appeal, history), exhibits_of(appeal))


def digest_of(letter: Letter) -> str:
    """SHA-256 of everything the letter says: heading, recipient, body, signer, enclosures."""
    said = asdict(letter) | {"body": blocks_as_data(letter.body)}
    plain = json.dumps(said, sort_keys=True, ensure_ascii=False, default=_plain)
    return hashlib.sha256(plain.encode()).hexdigest()


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else repr(value)


def ask_approval(*, actor: Actor, appeal: Appeal | Demand, at: datetime) -> LetterApproval:
    """Ask the patient to approve the letter as it stands, of a level or to whoever is late; the patient is told that there
    is something to read.

    Raises NotAllowed, WrongState once filed, Refused with every reason (letter_missing, open places, approval_asked,
    approval_given, a character that cannot be printed).
    """
    require(actor, Permission.DRAFT_APPEAL, appeal)
    with transaction.atomic():
        case, row = _ready(appeal)
        if not _may_change(row):
            raise WrongState("ask_approval", _state(row), "This was filed: what went out stays as it is.")
        if not row.draft:
            raise Refused([Reason("letter_missing", "Write the letter first.", "text")])
        refuse(unfilled_gaps(blocks_from_data(row.draft["blocks"])))
        letter = letter_as_it_stands(case, row)
        digest = digest_of(letter)
        standing = _standing(row)
        if standing is not None and standing.digest == digest and standing.answer != Answer.CHANGE:
            code, text = (
                ("approval_given", "The patient approved this very letter already.")
                if standing.answer
                else ("approval_asked", "The patient was asked about this very letter already.")
            )
            raise Refused([Reason(code, text)])
        if standing is not None:
            _supersede(standing, at)
        version = store_frozen(
            actor=actor,
            case=case,
            kind=Document.Kind.APPEAL_LETTER,
            title="Letter the patient was asked to approve",
            filename=f"{case.reference}-to-approve.pdf",
            data=render_letter(letter),
            at=at,
        )
        asked = LetterApproval.objects.create(
            case=case,
            **_of(row),
            version=version,
            digest=digest,
            letter=_kept(letter),
            asked_at=at,
            asked_by_id=actor.user_id,
        )
        record("approval_asked", subject=asked, detail={"digest": digest})
        notify_patient(
            actor=actor,
            patient=case.patient,
            kind=PatientNotice.Kind.LETTER,
            about=f"letter:{asked.pk}",
            case=case,
            at=at,
        )
        touch(case, at)
    return asked


def answer_letter(
    *, actor: Actor, approval: LetterApproval, approved: bool, words: str = "", method: str = "", at: datetime
) -> LetterApproval:
    """The patient's yes or no: in the portal by the patient's side, or told to us (`method` "phone" or "paper").

    Raises NotAllowed, NotFound, WrongState when the letter was changed, sent, or answered before, Refused (words_missing: a
    no says what to change; method_missing).
    """
    theirs = actor.portal is not None
    require(actor, Permission.PORTAL_LETTERS if theirs else Permission.DRAFT_APPEAL, approval)
    method = Method.PORTAL.value if theirs else method
    if not approved and not words.strip():
        raise Refused([Reason("words_missing", _("Tell us what to change."), "words")])
    if method not in Method.values or (method == Method.PORTAL and not theirs):
        raise Refused([Reason("method_missing", "Say how the patient answered.", "method")])
    with transaction.atomic():
        case, appeal = _ready(approval.appeal or approval.demand)
        row = LetterApproval.objects.select_for_update().get(pk=approval.pk)
        if row.answer or row.superseded_at or not _may_change(appeal):
            raise WrongState("answer_letter", row.answer or _state(appeal))
        if digest_of(letter_as_it_stands(case, appeal)) != row.digest:
            raise Refused(
                [Reason("letter_changed", _("We changed this letter. We will ask you about the new one."))]
            )
        row.answer = Answer.APPROVED.value if approved else Answer.CHANGE.value
        row.method, row.words, row.answered_at = method, words.strip(), at
        row.answered_by_id = actor.user_id
        row.save(update_fields=["answer", "method", "words", "answered_at", "answered_by"])
        record(
            "approval_answered",
            subject=row,
            detail={"answer": row.answer, "method": method, "digest": row.digest},
        )
        if theirs:
            _tell_owner(actor, case, row, at)
        touch(case, at)
    return row


def let_go_of_approval(case: Case, appeal: Appeal | Demand, at: datetime) -> None:
    """After the letter was edited: an ask about what it said before does not stand any more."""
    standing = _standing(appeal)
    if standing is None:
        return
    whole = _case(case.pk)
    current = _row(appeal)
    if not current.draft or digest_of(letter_as_it_stands(whole, current)) != standing.digest:
        _supersede(standing, at)


def approval_reasons(case: Case, appeal: Appeal | Demand, history: History, why_not: str) -> Iterator[Reason]:
    """Why a letter cannot be filed without the patient: nothing where the organization does not ask for it.

    An urgent filing goes with a reason (`why_not`).
    """
    if not case.organization.letters_need_patient_approval or not appeal.draft:
        return
    standing = _standing(appeal)
    urgent = appeal.is_urgent if isinstance(appeal, Demand) else appeal.is_expedited
    digest = digest_of(letter_as_it_stands(case, appeal, history))
    if standing is not None and standing.answer == Answer.APPROVED and standing.digest == digest:
        return
    if urgent and why_not.strip():
        return
    if standing is not None and standing.digest != digest:
        text = (
            "The letter has changed since the patient was asked. Ask the patient to approve it as it is now."
        )
    elif standing is not None and standing.answer == Answer.CHANGE:
        text = "The patient asked for a change. Change the letter, then ask the patient to approve it."
    elif standing is not None:
        text = (
            "The patient has not answered yet. Record the answer on the letter's page if it came another way."
        )
    else:
        text = (
            "The patient has to approve this letter. Use “Ask the patient to approve” on the letter's page."
        )
    if urgent:
        text += " This filing is urgent: it may go with a reason."
    elif isinstance(appeal, Appeal):
        text += " A second person may allow it without: see “Go past a refusal” on the case."
    yield Reason("letter_not_approved", text, "unapproved_reason" if urgent else None)


def unsaid_reasons(case: Case, appeal: Appeal, history: History, said_at: datetime) -> Iterator[Reason]:
    """Why a call went without the patient: nothing where the organization does not ask for it, or the patient said yes.

    What is approved is the letter of the level: it is what the caller says in the patient's name. The yes has to come before
    the call (`said_at`). A call that was made stops the clock at its moment and cannot be taken back: without a yes it is
    recorded with a reason, urgent or not.
    """
    if not case.organization.letters_need_patient_approval:
        return
    standing = LetterApproval.objects.filter(
        appeal=appeal, superseded_at=None, answer=Answer.APPROVED
    ).first()
    if (
        standing is not None
        and appeal.draft
        and standing.answered_at is not None
        and standing.answered_at <= said_at
        and standing.digest == digest_of(letter_as_it_stands(case, appeal, history))
    ):
        return
    yield Reason(
        "call_not_approved",
        "The patient did not approve before the call what was said. The call counts all the same: say why it went without.",
        "unapproved_reason",
    )


def _supersede(row: LetterApproval, at: datetime) -> None:
    row.superseded_at = at
    row.save(update_fields=["superseded_at"])
    record("approval_superseded", subject=row, detail={"digest": row.digest})


def _ready(appeal: Appeal | Demand | None) -> tuple[Case, Appeal | Demand]:
    assert appeal is not None, "an ask is about a letter"
    locked_case_of(appeal)
    return _case(appeal.case_id), _row(appeal, lock=True)


def _row(appeal: Appeal | Demand, *, lock: bool = False) -> Appeal | Demand:
    if isinstance(appeal, Demand):
        demands = Demand.objects.select_for_update(of=("self",)) if lock else Demand.objects
        return demands.select_related("deadline__request", "deadline__appeal__denial", "denial").get(
            pk=appeal.pk
        )
    levels = Appeal.objects.select_for_update(of=("self",)) if lock else Appeal.objects
    return levels.select_related("denial").get(pk=appeal.pk)


def _of(appeal: Appeal | Demand) -> dict[str, Any]:
    return {"demand": appeal} if isinstance(appeal, Demand) else {"appeal": appeal}


def _standing(appeal: Appeal | Demand) -> LetterApproval | None:
    return LetterApproval.objects.filter(superseded_at=None, **_of(appeal)).first()


def _may_change(appeal: Appeal | Demand) -> bool:
    return appeal.sent_at is None if isinstance(appeal, Demand) else appeal.status in BEFORE_FILING


def _state(appeal: Appeal | Demand) -> str:
    return "sent" if isinstance(appeal, Demand) else str(appeal.status)


def _case(pk: int) -> Case:
    return Case.objects.select_related("patient", "coverage__payer", "organization", "owner").get(pk=pk)


def _kept(letter: Letter) -> dict[str, Any]:
    """What the portal shows of it."""
    return {
        "date": letter.date.isoformat(),
        "from": letter.letterhead.name,
        "recipient": list(letter.recipient),
        "re": [list(pair) for pair in letter.re],
        "salutation": letter.salutation,
        "blocks": blocks_as_data(letter.body),
        "closing": letter.closing,
        "signer": [letter.signer_name, letter.signer_title],
        "enclosures": list(letter.enclosures),
    }


def _tell_owner(actor: Actor, case: Case, row: LetterApproval, at: datetime) -> None:
    yes = row.answer == Answer.APPROVED
    open_task(
        actor=system_actor(actor.organization_id, "portal"),
        case=case,
        title="The patient approved the letter: file it" if yes else "The patient asks to change the letter",
        detail="" if yes else row.words,
        due_on=day_in(case.patient.time_zone, at),
        code=f"approval:{row.pk}",
        opened_by=Task.OpenedBy.RULE,
        at=at,
    )
