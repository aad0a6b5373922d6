"""Cases and everything under them, as lines for COPY. The same seed gives the same people, dates and amounts."""

from __future__ import annotations

from benchmarks.lines import Lines, Maker
from benchmarks.plan import Chunk
from benchmarks.rows import NULL, Calendar, uid, weighted
from benchmarks.tables import Tables
from benchmarks.words import CALLS, NOTES, TASKS

PROVIDERS, TEAMS = 24, 2
LETTER, PACKET = 1, 2
TREATMENTS = weighted((("iv_ketamine", 46), ("esketamine", 38), ("im_ketamine", 9), ("other", 7)), 100)
ANSWERS = (
    ("program", "commercial"),
    ("sponsor", "private_employer"),
    ("funding", "insured"),
    ("plan_kind", "ordinary"),
    ("state_of_issue", "CA"),
)


def lines_of(
    tables: Tables, chunk: Chunk, calendar: Calendar, seed: int, permission: int, digest: str
) -> Lines:
    """The lines of a part, by COPY statement. `permission` is the id of guardian's view_case, `digest` the packet's."""
    maker = _CaseMaker(tables, chunk, calendar, seed, permission, digest)
    for number in range(chunk.first, chunk.first + chunk.count):
        maker.case(number)
    return maker.lines


class _CaseMaker(Maker):
    def case(self, number: int) -> None:
        t, o, r, seal, cal = self.t, self.o.id, self.random, self.seal, self.calendar
        pk = self.o.first_case + number
        is_open = r.random() < 0.3
        kind = r.random()
        if is_open:
            opened = -r.randrange(30, 210)
            closed = None
        else:
            opened = -int(60 + 1_040 * r.random() ** 1.6)
            closed = min(opened + r.randrange(25, 200), -1)
        if not self.patient_id or number % 5 != 4:
            self.patient(pk, opened)
        nav = self.o.member(6 + self.navigators[r.randrange(len(self.navigators))])
        owner = NULL if r.random() < 0.06 else nav
        opened_at = self.moment(opened)
        key = uid(cal.ms(opened), 1, pk)
        reference = f"{self.o.prefix}-{cal.day(opened)[:4]}-{number + 1:05d}"
        rare = r.random()
        urgency, rank = (
            ("emergency", 0) if rare < 0.01 else (("urgent", 2) if rare < 0.07 else ("standard", 3))
        )
        outcome, stage, due = self._contest(pk, opened, closed, kind, nav)
        touched = (
            opened_at
            if r.random() < 0.05
            else self.moment(min(opened + r.randrange(0, 25), 0) if is_open else closed)
        )
        self.put(
            t.case,
            pk,
            key,
            o,
            reference,
            self.patient_id,
            self.patient_id,
            self.payer,
            o * 100 + 1 + pk % PROVIDERS,
            TREATMENTS[r.randrange(len(TREATMENTS))],
            "open" if is_open else "closed",
            owner,
            o * 10 + 1 + pk % TEAMS,
            "t" if r.random() < 0.01 else "f",
            "f" if urgency == "standard" else "t",
            urgency,
            rank,
            opened_at,
            NULL if is_open else self.moment(closed),
            outcome,
            touched,
            due,
            stage,
        )
        plain = reference.replace("-", "").lower()
        self.put(
            t.case_search,
            pk,
            uid(cal.ms(opened), 2, pk),
            o,
            pk,
            plain,
            f"{{{self.member},au{pk:08d}}}",
        )
        self.event("case_opened", "cases_case", pk, pk, opened_at, nav)
        if is_open:
            self.event("case_assigned", "cases_case", pk, pk, opened_at, nav)
            for question, value in ANSWERS:
                n = self.next("answer", 5)
                self.put(t.answer, n, uid(cal.ms(opened), 3, n), o, pk, question, value, opened_at)
        self._said(pk, opened, closed, nav, is_open)
        if is_open and r.random() < 0.01:
            row = uid(cal.ms(-5), 4, pk)
            self.put(
                t.grant,
                pk,
                row,
                o,
                self.permission,
                self.o.member(3),
                pk,
                seal("Second opinion", row, "cases_casegrant.reason"),
                cal.day(-5) + cal.times[0],
                self.o.member(0),
                cal.day(30) + cal.times[0],
            )

    def _contest(
        self, pk: int, opened: int, closed: int | None, kind: float, nav: int
    ) -> tuple[str, str, str]:
        """Request, refusal, levels and dates; returns outcome, stage and next date of the case."""
        t, o, r, cal = self.t, self.o.id, self.random, self.calendar
        waits = closed is None and kind < 0.22
        approved = closed is not None and kind < 0.15
        if waits:
            sent = -r.randrange(1, 18)
        elif closed is not None:
            sent = min(opened + 4, closed - 1)
        else:
            sent = opened + 4
        received_at = self.moment(sent)
        answered = None if waits else (min(sent + 12, closed or 0, -1))
        status = "received" if waits else ("approved" if approved else "denied")
        row, ms, number = uid(cal.ms(sent), 12, pk), cal.ms(sent), f"AU{pk:08d}"
        self.put(
            t.request,
            pk,
            row,
            o,
            pk,
            self.patient_id,
            status,
            received_at,
            received_at,
            NULL if answered is None else self.moment(answered + 1),
            self.moment(opened),
            self.seal(number, row, "appeals_authorizationrequest.reference_number"),
            self.seal.index(number.lower()),
        )
        self.put(t.item, pk, uid(ms, 13, pk), o, pk, pk)
        self._clock(pk, (pk, NULL, NULL), "decision", "payer", sent, 15, None if waits else "met")
        if waits:
            return "", "request", cal.day(sent + 15)
        if approved:
            return "covered", "closed", NULL
        return self._after_denial(pk, answered or -1, closed, kind, nav)

    def _after_denial(
        self, pk: int, denied: int, closed: int | None, kind: float, nav: int
    ) -> tuple[str, str, str]:
        t, o, r, cal = self.t, self.o.id, self.random, self.calendar
        letter, _version = self._document(pk, denied, "denial_letter", "Denial letter", LETTER)
        row, at = uid(cal.ms(denied), 14, pk), self.moment(min(denied + 1, 0))
        self.put(
            t.denial,
            pk,
            row,
            o,
            pk,
            pk,
            letter,
            self.seal(f"DN{pk:08d}", row, "appeals_denial.reference_number"),
            self.seal.index(f"dn{pk:08d}"),
            cal.day(denied),
            cal.day(denied),
            at,
            at,
            nav,
        )
        self.put(t.denial_item, pk, uid(cal.ms(denied), 15, pk), o, pk, pk, pk)
        first = self.reasons[r.randrange(len(self.reasons))]
        second = self.reasons[r.randrange(len(self.reasons))] if r.random() < 0.2 else first
        for place, reason in enumerate({first: 1, second: 2}):
            n = self.next("reason", 2)
            self.put(t.reason, n, uid(cal.ms(denied), 16, n), o, pk, pk, reason, "f" if place else "t")
        self.event("denial_recorded", "appeals_denial", pk, pk, at, nav)
        if closed is not None and kind > 0.87:
            self._clock(pk, (NULL, pk, NULL), "filing", "claimant", denied, 180, "ended")
            return ("withdrawn" if kind < 0.95 else "unreachable"), "closed", NULL
        second_level = closed is None and kind >= 0.94
        filed = closed is not None or kind >= 0.62
        if closed is not None:
            filed_on = min(denied + 6, closed)
        elif second_level:
            filed_on = denied
        else:
            filed_on = max(denied, -r.randrange(1, 29)) if filed else None
        done = closed is not None or second_level
        decided_on = None if not done else (closed if closed is not None else min(denied + 9, -1))
        appeal = self._level(pk, NULL, 1, "internal_appeal_1", denied, filed_on, decided_on)
        self._clock(pk, (NULL, pk, appeal), "filing", "claimant", denied, 180, "met" if filed else None)
        if not filed:
            return "", "internal_appeal_1", cal.day(denied + 180)
        self._clock(pk, (NULL, NULL, appeal), "decision", "payer", filed_on, 30, "met" if done else None)
        if not done:
            return "", "internal_appeal_1", cal.day(filed_on + 30)
        won = r.random()
        result = "upheld" if second_level or won > 0.56 else ("overturned" if won < 0.46 else "partly")
        at = self.moment(decided_on)
        self.put(
            t.decision,
            pk,
            uid(cal.ms(decided_on), 17, pk),
            o,
            pk,
            appeal,
            cal.day(decided_on),
            cal.day(decided_on),
            at,
            at,
        )
        self.put(t.outcome, pk, uid(cal.ms(decided_on), 18, pk), o, pk, pk, pk, result, at)
        self.event("appeal_decided", "appeals_appeal", appeal, pk, at, nav)
        if closed is not None:
            names = {"upheld": "not_covered", "overturned": "covered", "partly": "partly_covered"}
            return names[result], "closed", NULL
        further = self._level(pk, appeal, 2, "external_review", decided_on, None, None)
        self._clock(pk, (NULL, NULL, further), "filing", "claimant", decided_on, 120, None)
        return "", "external_review", cal.day(decided_on + 120)

    def _level(
        self,
        pk: int,
        previous: object,
        position: int,
        level: str,
        opened: int,
        filed: int | None,
        decided: int | None,
    ) -> int:
        t, o, cal = self.t, self.o.id, self.calendar
        number = self.next("appeal", 2)
        status = "decided" if decided is not None else ("filed" if filed is not None else "drafting")
        version: object = NULL
        filed_at = NULL if filed is None else cal.day(filed) + cal.times[0]
        if filed is not None:
            _document, version = self._document(pk, filed, "filing", "Filed packet", PACKET)
        self.put(
            t.appeal,
            number,
            uid(cal.ms(opened), 19, number),
            o,
            pk,
            pk,
            previous,
            level,
            position,
            status,
            cal.day(opened) + cal.times[0],
            filed_at,
            filed_at,
            NULL if decided is None else cal.day(decided) + cal.times[-1],
            version,
        )
        if filed is not None:
            row = uid(cal.ms(filed), 20, number)
            self.put(
                t.filing,
                number,
                row,
                o,
                pk,
                number,
                version,
                self.digest,
                self.seal('{"parts": []}', row, "appeals_filing.manifest"),
                self.seal("555-0100", row, "appeals_filing.address"),
                filed_at,
            )
        return number

    def _document(self, pk: int, on: int, kind: str, title: str, blob: int) -> tuple[int, int]:
        number, cal, o = self.next("document", 3), self.calendar, self.o.id
        row, at = uid(cal.ms(on), 21, number), self.moment(on)
        frozen = "t" if kind == "filing" else "f"
        title = self.seal(title, row, "cases_document.title")
        self.put(self.t.document, number, row, o, pk, kind, title, at, frozen)
        row = uid(cal.ms(on), 22, number)
        name = self.seal(f"{kind}-{pk}.pdf", row, "cases_documentversion.filename")
        self.put(self.t.version, number, row, o, pk, number, o * 10 + blob, name, at)
        return number, number

    def _clock(
        self,
        pk: int,
        subject: tuple[object, object, object],
        clock: str,
        side: str,
        start: int,
        days: int,
        ended: str | None,
    ) -> None:
        cal, number = self.calendar, self.next("deadline", 6)
        claimant = side == "claimant"
        over = NULL if ended is None else cal.day(min(start + days, 0)) + cal.times[0]
        self.put(
            self.t.deadline,
            number,
            uid(cal.ms(start), 23, number),
            self.o.id,
            pk,
            *subject,
            clock,
            "File the appeal" if claimant else "Decision of the plan",
            side,
            cal.day(start + days),
            cal.day(start + days) if claimant else NULL,
            "appeal.filing" if claimant else "claims.preservice.decision",
            ended or "running",
            cal.day(start) + cal.times[0],
            over,
            over,
        )

    def _said(self, pk: int, opened: int, closed: int | None, nav: int, is_open: bool) -> None:
        t, o, r, seal, cal = self.t, self.o.id, self.random, self.seal, self.calendar
        end = 0 if closed is None else closed
        on = opened + r.randrange(max(end - opened, 1))
        ms, at = cal.ms(on), self.moment(on)
        row = uid(ms, 24, pk)
        self.put(t.note, pk, row, o, pk, seal(NOTES[pk % 5], row, "cases_note.body"), at, nav)
        row = uid(ms, 25, pk)
        wrote = is_open and r.random() < 0.02
        how = ("message", "in", "patient") if wrote else ("call", "out", "payer")
        summary = seal(CALLS[pk % 4], row, "cases_communication.summary")
        self.put(t.communication, pk, row, o, pk, *how, at, summary, at)
        if is_open or r.random() < 0.5:
            row = uid(ms, 26, pk)
            rare = r.random()
            status = "done" if not is_open else ("held" if rare < 0.06 else "open")
            due = r.randrange(-20, 60)
            self.put(
                t.task,
                pk,
                row,
                o,
                pk,
                seal(TASKS[pk % 4], row, "cases_task.title"),
                nav,
                cal.day(due if is_open else on),
                status,
                at,
                NULL if is_open else at,
                cal.day(r.randrange(0, 40)) + cal.times[60] if status == "held" else NULL,
            )
        if not is_open and r.random() < 0.8:
            row = uid(ms, 27, pk)
            kind = "patient_savings" if r.random() < 0.5 else "plan_dollars"
            basis = seal("Price list of the clinic", row, "cases_cost.basis")
            self.put(
                t.cost, pk, row, o, pk, kind, f"{r.randrange(200, 9_000)}.{r.randrange(100):02d}", basis, at
            )
