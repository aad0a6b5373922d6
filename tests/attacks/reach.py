"""Which rows of its own organization somebody sees, table by table, written by hand: nothing here is read from a policy.

Every table has an `open` row (of an unrestricted case, patient or of the organization) and a `shut` one (of a restricted
case of another patient, or somebody else's). Where a table holds what is meant for the patient and what is not, `inner` is
an open row that is not meant for them.

A table that is not here fails tests/attacks/test_rings.py: say who sees it, and why nobody else.
"""

from __future__ import annotations

OPEN, BOTH = frozenset({"open", "inner"}), frozenset({"open", "inner", "shut"})
MEANT, SHUT = frozenset({"open"}), frozenset({"shut"})
Reach = dict[str, frozenset[str]]

# The people of tests/attacks/siege.py: ines (intake) stands on the team of the restricted case; nora (navigator) owns both
# cases; nils (navigator) is nobody there; clara (clinician) holds dated access to the restricted one; sam supervises; olga
# keeps the organization; anna reads figures and faye pays for them; petra is the privacy officer. `reader` is a machine
# with a supervisor's role and every scope, `counter` one that may only read figures. dana is the patient of the open case
# and sal of the restricted one; helper and usher represent them in everything, scribe represents dana in letters only.
DESK = {"ines", "nora", "nils", "clara", "sam", "olga", "anna", "faye", "petra", "reader", "counter"}
PORTAL = {"dana", "sal", "helper", "usher", "scribe"}

CASEWORK: Reach = {
    "nora": BOTH,
    "ines": BOTH,
    "clara": BOTH,
    "nils": OPEN,
    "sam": OPEN,
    "petra": OPEN,
    "reader": OPEN,
}
PATIENTS = CASEWORK
INTAKE: Reach = {"nora": BOTH, "ines": BOTH, "nils": OPEN, "sam": OPEN}
LOOKUPS: Reach = dict.fromkeys(["ines", "nora", "nils", "clara", "sam", "olga", "petra"], BOTH)
COLLEAGUES = LOOKUPS
WELCOME: Reach = dict.fromkeys(["nora", "nils", "sam"], BOTH)
KEEPERS: Reach = {"olga": BOTH}
WATCHERS: Reach = {"sam": BOTH, "petra": BOTH}
OWN: Reach = {"nora": OPEN, "nils": SHUT}
JOBS: Reach = {"sam": BOTH, "olga": BOTH}
FIGURES: Reach = dict.fromkeys(["sam", "olga", "anna", "faye", "counter", "reader"], BOTH)
NOBODY: Reach = {}

TABLES: dict[str, Reach] = {
    "appeals.Answer": CASEWORK,
    "appeals.Appeal": CASEWORK,
    "appeals.AuthorizationRequest": CASEWORK,
    "appeals.Choice": CASEWORK,
    "appeals.ClockEvent": CASEWORK,
    "appeals.Deadline": CASEWORK,
    "appeals.Decision": CASEWORK,
    "appeals.Demand": CASEWORK,
    "appeals.Denial": CASEWORK,
    "appeals.DenialItem": CASEWORK,
    "appeals.DenialReason": CASEWORK,
    "appeals.Exhibit": CASEWORK,
    "appeals.Filing": CASEWORK,
    # Whoever assigns work, on restricted cases too: a reference and what is wrong.
    "appeals.Finding": {"sam": BOTH},
    "appeals.GrantedAuthorization": CASEWORK,
    "appeals.ItemOutcome": CASEWORK,
    "appeals.LetterApproval": CASEWORK,
    "appeals.NoticeCheck": CASEWORK,
    "appeals.OwnDateRule": LOOKUPS,
    "appeals.OwnLetterBlock": LOOKUPS,
    "appeals.PeerToPeer": CASEWORK,
    "appeals.Proposal": CASEWORK,
    "appeals.Reminder": CASEWORK,
    "appeals.RequestItem": CASEWORK,
    "appeals.ServiceTarget": LOOKUPS,
    "appeals.StepOverride": CASEWORK,
    "appeals.DocumentRequest": CASEWORK,
    "appeals.Effectuation": CASEWORK,
    "appeals.TreatmentSession": CASEWORK,
    "background.Job": JOBS,
    "cases.Attachment": CASEWORK,
    "cases.Attestation": CASEWORK,
    "cases.BenefitAnswer": CASEWORK,
    "cases.BenefitCheck": CASEWORK,
    "cases.Blob": NOBODY,  # bytes are reached through a document version only
    "cases.CallTime": CASEWORK,
    "cases.Case": CASEWORK,
    "cases.CaseGrant": CASEWORK,
    "cases.CaseLink": CASEWORK,
    "cases.CaseOffer": CASEWORK,
    "cases.CaseSearch": CASEWORK,
    "cases.CaseTeamMember": CASEWORK,
    "cases.ClinicAsk": CASEWORK,
    "cases.ClinicLink": CASEWORK,
    "cases.Communication": CASEWORK,
    "cases.ConsentPaper": CASEWORK,
    "cases.Cost": CASEWORK,
    "cases.Coverage": PATIENTS,
    "cases.Document": CASEWORK,
    "cases.DocumentVersion": CASEWORK,
    "cases.FailedTreatment": CASEWORK,
    "cases.Inquiry": INTAKE,
    "cases.InquirySearch": INTAKE,
    "cases.NetworkCheck": CASEWORK,
    "cases.Note": CASEWORK,
    "cases.OfferedDocument": CASEWORK,
    "cases.OwnTaskTemplate": LOOKUPS,
    "cases.PatientNotice": CASEWORK,
    "cases.Payer": LOOKUPS,
    "cases.PayerChannel": LOOKUPS,
    "cases.Provider": LOOKUPS,
    "cases.ReceivedOffer": WELCOME,  # what others offered, and how it was answered
    "cases.Referral": CASEWORK,
    "cases.Task": CASEWORK,
    "cases.Triage": CASEWORK,
    "cases.WaitingPage": NOBODY,  # photographs that the patient has not handed in yet
    "people.Absence": COLLEAGUES,
    "people.BreakGlass": WATCHERS,  # who reviews emergency access, also to what is shut to them
    "people.CalendarFeed": OWN,
    "people.Consent": PATIENTS,
    "people.Contact": PATIENTS,
    "people.DailyDigest": OWN,
    "people.Draft": OWN,
    "people.ExternalIdentity": KEEPERS,
    "people.LegalHold": {"sam": OPEN, "petra": OPEN},
    "people.Invitation": KEEPERS,
    "people.MachineClient": KEEPERS,
    "people.Membership": COLLEAGUES,
    "people.Patient": PATIENTS,
    "people.PatientSearch": PATIENTS,
    "people.PortalAccess": PATIENTS,
    "people.RoleTerm": COLLEAGUES,
    "people.SavedSearch": OWN,
    "people.SetupTest": KEEPERS,
    "people.SignInProvider": KEEPERS,
    "people.Team": COLLEAGUES,
    "reporting.CountedCell": NOBODY,  # counts before masking
    "reporting.CountedRow": NOBODY,  # read by the functions that keep the counts
    "reporting.ReferenceDetermination": FIGURES,
}

# In the portal: what a patient sees of their own, and whoever represents them of the parts they were given. A restricted
# case is open to its patient and to no helper.
_CASES: Reach = {"dana": OPEN, "sal": SHUT, "helper": OPEN}
_MEANT: Reach = {"dana": MEANT, "sal": SHUT, "helper": MEANT}
_CONTROL: Reach = {"dana": OPEN, "sal": SHUT}
_LETTERS: Reach = {"dana": OPEN, "sal": SHUT, "helper": OPEN, "scribe": OPEN}
IN_PORTAL: dict[str, Reach] = {
    "appeals.Filing": _LETTERS,
    "appeals.LetterApproval": _LETTERS,
    "cases.Attachment": _MEANT,
    "cases.Case": _LETTERS,
    "cases.Communication": _MEANT,
    "cases.Document": _MEANT,
    "cases.DocumentVersion": _MEANT,
    "cases.Note": _MEANT,
    "cases.WaitingPage": _CASES,
    "people.Consent": _CONTROL,
    "people.Contact": _CONTROL,
    "people.Patient": _LETTERS | {"usher": SHUT},
    "people.PortalAccess": _CONTROL,
}
