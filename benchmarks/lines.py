"""What every maker of lines needs: ids, moments, the trail; and the patient with coverage, consent and search text."""

from __future__ import annotations

from collections import defaultdict
from random import Random

from benchmarks.plan import Chunk
from benchmarks.rows import Calendar, Sealer, Table, uid, weighted
from benchmarks.tables import Tables
from benchmarks.words import FAMILY, GIVEN, REASONS, STATES

Lines = dict[str, list[str]]
OTHER_REASONS = (
    "auth_mismatch",
    "out_of_network",
    "benefit_exclusion",
    "insufficient_documentation",
    "quantity_frequency_limit",
    "site_of_care",
    "level_of_care",
    "non_formulary",
    "not_medically_accepted_indication",
    "timely_filing",
)
PAYERS = 40
PORTAL_USER = 10_000_000
EVENT_COPY = (
    "COPY audit.event (organization_id, kind, at, recorded_at, actor, actor_label, request_id, reason, verb,"
    " subject_table, subject_id, case_ids, patient_ids, data) FROM STDIN"
)
EVENT = "%s\tverb\t%s\t%s\tuser:%s\tMember %s\t\t\t%s\t%s\t%s\t{%s}\t{%s}\t{}\n"


class Maker:
    """One part of the plan. Its random numbers come from the seed, the organization and the part, and from nothing else."""

    def __init__(
        self, tables: Tables, chunk: Chunk, calendar: Calendar, seed: int, permission: int, digest: str
    ) -> None:
        self.t, self.o, self.calendar = tables, chunk.organization, calendar
        self.permission, self.digest = permission, digest
        self.random = Random(f"{seed}:{self.o.id}:{chunk.first}")
        self.seal = Sealer(self.o.id)
        self.lines: Lines = defaultdict(list)
        share = (100 - sum(weight for _key, weight in REASONS)) / len(OTHER_REASONS)
        self.reasons = weighted([*REASONS, *((key, share) for key in OTHER_REASONS)])
        self.payers = weighted([(i, 1 / (i + 1) ** 1.2) for i in range(PAYERS)], 2_000)
        self.navigators = weighted([(i, 1 / (i + 3) ** 0.5) for i in range(self.o.navigators)], 1_000)
        self.first_id = self.o.first_case + chunk.first
        self.counters: dict[str, int] = {}
        self.patient_id, self.patient_reference, self.member, self.payer = 0, "", "", 0

    # --- small parts ---

    def put(self, table: Table, *values: object) -> None:
        self.lines[table.copy].append(table.line % values)

    def next(self, what: str, most: int) -> int:
        """The next id of a table of which a case has at most `most` rows: no two parts meet."""
        found = self.counters.get(what) or (self.first_id - 1) * most
        self.counters[what] = found + 1
        return found + 1

    def moment(self, offset: int) -> str:
        return self.calendar.day(offset) + self.calendar.times[self.random.randrange(420)]

    def event(self, verb: str, table: str, subject: int, case: int, at: str, member: int) -> None:
        o = self.o.id
        row = EVENT % (o, at, at, member, member, verb, table, subject, case, self.patient_id)
        self.lines[EVENT_COPY].append(row)

    # --- a case ---

    def patient(self, pk: int, opened: int) -> None:
        t, o, r, seal, cal = self.t, self.o.id, self.random, self.seal, self.calendar
        ms, at = cal.ms(opened), self.moment(opened)
        row = uid(ms, 5, pk)
        given, family = GIVEN[r.randrange(len(GIVEN))], FAMILY[r.randrange(len(FAMILY))]
        born = f"{r.randrange(1940, 2006)}-{r.randrange(1, 13):02d}-{r.randrange(1, 29):02d}"
        state, zone = STATES[r.randrange(len(STATES))]
        self.patient_id, self.patient_reference = pk, f"{self.o.prefix}-P-{pk - self.o.first_case + 1:05d}"
        self.put(
            t.patient,
            pk,
            row,
            o,
            self.patient_reference,
            seal(given, row, "people_patient.given_name"),
            seal(family, row, "people_patient.family_name"),
            seal(born, row, "people_patient.birth_date"),
            seal.index(born.replace("-", "")),
            state,
            zone,
            at,
            self.o.member(1),
        )
        phone = f"555{r.randrange(10**7):07d}"
        row = uid(ms, 6, pk)
        self.put(t.contact, pk, row, o, pk, seal(phone, row, "people_contact.value"), seal.index(phone))
        self.put(t.consent, pk, uid(ms, 7, pk), o, pk, cal.day(opened), at)
        self.member = f"xq{r.randrange(10**9):09d}"
        words = f"{given} {family}".lower()
        found_by = self.patient_reference.replace("-", "").lower()
        self.put(
            t.patient_search,
            pk,
            uid(ms, 8, pk),
            o,
            pk,
            words,
            " ".join(sorted(words.split())),
            born,
            f"{{{phone}}}",
            f"{{{found_by},{self.member}}}",
        )
        row = uid(ms, 9, pk)
        self.payer = o * 100 + 1 + self.payers[r.randrange(len(self.payers))]
        self.put(
            t.coverage,
            pk,
            row,
            o,
            pk,
            self.payer,
            seal("Silver 4500", row, "cases_coverage.plan_name"),
            seal(self.member.upper(), row, "cases_coverage.member_id"),
            seal.index(self.member),
            state,
            cal.day(opened - 200),
        )
        if pk == self.o.first_case or r.random() < 0.02:
            user = PORTAL_USER + pk
            address, access = f"patient-{pk}@example.org", uid(ms, 11, pk)
            self.put(t.user, user, uid(ms, 10, user), address, "", "f")
            sealed = seal(address, access, "people_portalaccess.sign_in_address")
            self.put(t.portal, pk, access, o, user, pk, at, sealed)
