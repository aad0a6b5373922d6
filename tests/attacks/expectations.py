"""Who opens what: every address of the program and every verb, written by hand. Nothing here is read from the policies.

A letter is a role; a letter in a column opens the page with that verb, for a row that the role reaches. Everybody else gets
403 or 404. "-" is a verb the address does not take, for anybody: 405. "." is one whose row of the world nobody can use any
more: 404. A route that is not here fails the attacks: say who opens it, and why nobody else.

    I intake   N navigator   C clinician   S supervisor   O organization admin   A analyst   P privacy officer   F funder
"""

from __future__ import annotations

from collections.abc import Collection

ROLES = {
    "I": "ines",
    "N": "nora",
    "C": "clara",
    "S": "sam",
    "O": "olga",
    "A": "anna",
    "P": "petra",
    "F": "faye",
}

DESK = """
home                            INCSOAPF  -
desk_keys                       -         INCSOAPF
people:proof                    INCSOAPF  INCSOAPF
people:sessions                 INCSOAPF  INCSOAPF
appeals:own_notices             INCSP     INCSP

# Work: what is due, and the cases.
appeals:today                   INCSP     -
appeals:queue                   INCSP     -
appeals:bulk_assign             S         S
appeals:undo_assign             -         S
appeals:board                   S         -
appeals:share                   S         S
appeals:checks                  S         -
appeals:targets_due             INCSP     -
appeals:targets_month           S         -
appeals:targets_counted         S         -
appeals:check_put_right         -         S
# Absences are of people who work cases, since what a cover takes over is their cases and tasks. An admin and a privacy officer
# hold none, so they see who is away and record nothing; for somebody else it is whoever hands out work (the supervisor).
people:absences                 INCSOP    INCS
people:absence_end              IS        IS
cases:search                    INCSP     INCSP
cases:search_results            N         -
# One's own words in a form that was not sent, sealed, read by their author only. An admin types templates and invitations; an
# analyst or a funder has next to nothing to type, and what they keep is about nobody: a door for six roles would protect nothing.
people:draft                    INCSOAPF  INCSOAPF
people:draft_discard            -         N

# A case, read.
appeals:case                    INCSP     -
appeals:authorization           INCSP     -
appeals:filed                   INCSP     -
appeals:filed_file              INCSP     -
appeals:late                    INCSP     -
appeals:level                   INCSP     -
appeals:level_preview           NCS       -
appeals:demand_preview          NCS       -
appeals:moved                   INCSP     -
appeals:dates_then              INCSP     -
appeals:peer_to_peer            INCSP     -
appeals:request                 INCSP     -
cases:clinic                    INCSP     -
cases:communication             INCSP     -
cases:communication_find        -         INCSP
cases:communications            INCSP     -
cases:costs                     INCSP     -
cases:document                  INCSP     -
cases:document_file             INCSP     -
cases:document_text             INCSP     -
cases:documents                 INCSP     -
cases:notes                     INCSP     -
cases:task                      INCSP     -
cases:tasks                     INCSP     -
cases:team                      INCSP     -

# Notes, calls, documents, tasks.
cases:note_new                  INCS      INCS
cases:call_new                  INCS      INCS
cases:promise_settle            -         INCS
cases:communication_new         INCS      INCS
cases:communication_correct     INCS      INCS
cases:messages                  INCSP     INCS
cases:messages_settle           -         INCS
cases:cost_new                  NS        NS
cases:document_new              INCS      INCS
cases:document_change           INCS      INCS
# Showing a paper to the patient goes with writing to the patient (`cases:messages`), papers attached: intake welcomes people, a
# clinician asks them about their treatment. The patient has a right to nearly all of it (45 CFR 164.524); what they have no right
# to, psychotherapy notes, no role can show. Each change stands in the trail.
cases:document_portal           -         INCS
cases:version_new               INCS      INCS
cases:read_again                -         INCS
cases:task_new                  INCS      INCS
cases:task_cancel               INCS      INCS
cases:task_change               INCS      INCS
cases:task_finish               INCS      INCS
cases:task_hold                 INCS      INCS
cases:task_reassign             INCS      INCS
cases:task_tick                 -         INCS
cases:task_wake                 INCS      INCS
appeals:take_action             INCS      INCS
cases:triage                    INCS      INCS
cases:related                   INCSP     NS
cases:unlink                    -         .

# A case offered to another organization, and what others offer.
cases:offers                    INCSP     -
cases:offer_new                 NS        NS
cases:offer_revoke              -         NS
cases:offers_received           NS        -
cases:offer_received            NS        -
cases:offer_received_file       NS        -
cases:offer_accept              NS        NS
cases:offer_decline             NS        NS

# Intake: benefits, coverage, clinics, what a patient tried.
cases:benefits                  INCSP     INS
cases:network_new               INS       INS
cases:referral_new              INS       INS
cases:referral_end              INS       INS
cases:clinic_ask                INS       INS
cases:clinic_ask_withdraw       -         INS
cases:clinic_link               INS       INS
cases:clinic_link_revoke        -         INS
cases:failed_treatment          NS        NS
cases:failed_treatment_new      NS        NS
appeals:questions               INCSP     INS
appeals:plan_facts              INCSP     INS
appeals:plan_fact_withdraw      INS       INS
cases:case_new                  INS       INS
cases:coverage_new              INS       INS
cases:coverage_change           INS       INS
cases:reveal                    INCSP     INCSP
# Somebody asking for help is nobody's case yet. A privacy officer answers for what was done with cases, reads no more than that
# takes (45 CFR 164.502(b)), and finds in the trail who took an inquiry in.
cases:intake                    INS       -
cases:inquiry                   INS       -
cases:inquiry_decline           INS       INS
cases:inquiry_find              -         INS
cases:inquiry_hand_over         INS       INS
cases:inquiry_new               -         INS
cases:inquiry_reopen            -         INS
cases:inquiry_step              INS       INS
people:patient                  INCSP     -
people:patient_new              INS       INS
people:patient_change           INS       INS
people:consent_new              INS       INS
people:consent_revoke           INS       INS
cases:consent_paper             INS       INS
cases:consent_paper_back        -         INS
cases:consent_correct           INS       INS
people:contact_new              INS       INS
people:contact_end              INS       INS
people:release_form             INS       -
appeals:representative_form     INS       -
people:disclosures              SP        -
people:disclosure_new           SP        SP
people:disclosure_hold          SP        SP
people:disclosure_correct       SP        SP
people:disclosures_file         SP        -
people:portal_invite            NS        NS
people:portal_representative    NS        NS
people:portal_end               NS        NS

# The contest.
cases:case_change               NS        NS
cases:team_new                  NS        NS
cases:team_end                  NS        NS
appeals:request_new             NS        NS
appeals:request_change          NS        NS
appeals:request_sent            NS        NS
appeals:request_received        NS        NS
appeals:request_event           NS        NS
appeals:request_exception       NS        NS
appeals:request_approve         NS        NS
appeals:request_grant           NS        NS
appeals:request_withdraw        NS        NS
appeals:request_unanswered      NS        NS
appeals:renewal                 NS        NS
appeals:session_new             NS        NS
appeals:session_void            NS        NS
appeals:effectuation            INCSP     NS
appeals:call_delivery           INCSP     NS
appeals:documents_new           NS        NS
appeals:documents               INCSP     -
appeals:documents_arrival       NS        NS
appeals:documents_came          NS        NS
appeals:documents_withdraw      NS        NS
appeals:plan_notice             NS        NS
appeals:effectuation_void       NS        NS
appeals:denial_new              NS        NS
appeals:denial                  INCSP     NS
appeals:denial_confirm          NS        NS
appeals:denial_set_aside        NS        NS
appeals:denial_take_up          -         NS
appeals:denial_choice           NS        NS
appeals:notice_check            NS        NS
appeals:peer_to_peer_schedule   NCS       NCS
appeals:peer_to_peer_hold       NCS       NCS
appeals:peer_to_peer_miss       NCS       NCS
appeals:level_draft             NCS       NCS
appeals:level_exhibits          NCS       NCS
appeals:level_approval          NCS       NCS
appeals:level_approval_answer   NCS       NCS
appeals:level_file              NS        NS
appeals:demand                  INCSP     NCS
appeals:demand_new              NCS       NCS
appeals:cure_new                NCS       NCS
appeals:owed_new                NCS       NCS
appeals:overrides               NS        NS
appeals:override_answer         S         S
appeals:demand_send             NS        NS
appeals:demand_approval         NCS       NCS
appeals:demand_approval_answer  NCS       NCS
appeals:level_phone             NS        NS
appeals:proof_new               NS        NS
appeals:level_received          NS        NS
appeals:level_return            NS        NS
appeals:level_at_once           NS        NS
appeals:level_event             NS        NS
appeals:level_forwarded         NS        NS
appeals:level_deem              NS        NS
appeals:level_urgency           NCS       NCS
appeals:level_decide            NS        NS
appeals:level_choice            NS        NS
appeals:level_end               NS        NS
appeals:close                   NS        NS
appeals:reopen                  S         S

# Who may open a case, and who did.
cases:assign                    S         S
cases:restrict                  S         S
# The list is a tool of whoever restricts cases and gives access to them. A privacy officer does neither, and is closed out by a
# restriction like everybody else; what was done about one stands in the trails, which they read.
cases:restricted                S         -
cases:access                    S         S
cases:grant_end                 S         S
appeals:trail                   SP        -
cases:who_sees                  SP        -
cases:break_glass               INCS      INCS
people:holds                    SP        SP
people:hold_lift                SP        SP
cases:glasses                   SP        -
cases:glass_review              SP        SP
# Whoever opened it ends it too (this one is an operator's); those who review it may cut it short, which only takes access away.
cases:glass_end                 -         SP
appeals:trails                  SP        -

# The organization: nothing of a patient.
appeals:setup                   O         -
appeals:setup_test              -         O
appeals:setup_letter            O         -
appeals:templates               INCSOP    -
appeals:own_dates               INCSOP    -
appeals:own_date_new            O         O
appeals:own_date_confirm        -         SO
appeals:own_date_end            -         SO
appeals:service_targets         INCSOP    -
appeals:service_target_new      O         O
appeals:service_target_end      -         O
appeals:letter_block            O         O
appeals:letter_block_retire     -         O
cases:task_template             O         O
cases:task_template_retire      -         O
cases:organization              O         O
people:invitations              O         -
people:invitation_new           O         O
people:invitation_resend        -         O
people:invitation_revoke        -         O
people:leavers                  SO        -
people:member_end               O         O
people:member_sign_in           O         O
people:machines                 O         -
people:machine_new              O         O
people:machine_revoke           -         O
people:sign_in_provider         O         O
people:switch                   -         .
background:jobs                 SO        -
background:retry                -         S
background:retry_all            -         S
reporting:figures               SOAF      -
reporting:figures_list          S         -
"""

# In the portal: D the patient (dana), R who helps with everything (rosa), L who helps with letters only (a lawyer).
HELPERS = {"D": "dana", "R": "rosa", "L": "lawyer"}
PORTAL = """
portal:home                     DRL       -
portal:case                     DR        -
portal:thread                   DR        DR
portal:messages                 DR        -
portal:attachment               DR        -
portal:documents                DR        -
portal:document                 DR        -
portal:paper                    DR        DR
portal:page_add                 -         DR
portal:page_file                D         -
portal:page_move                -         D
portal:page_remove              -         D
portal:letters                  DRL       -
portal:letter                   DRL       DRL
portal:letter_file              DRL       -
portal:sent_file                DRL       -

# What only the patient decides.
portal:mine                     D         -
portal:consents                 D         -
portal:consent_withdraw         D         D
portal:consent_give             -         D
portal:helpers                  D         -
portal:helper_new               D         D
portal:helper_end               -         D
portal:looked                   D         -
portal:sent                     D         -
portal:sent_paper               D         -
portal:take_along               D         -

# The door.
portal:sign_in                  DRL       DRL
portal:code                     DRL       DRL
portal:choose                   DRL       DRL
portal:language                 -         DRL
portal:sign_out                 -         DRL
portal:session                  DRL       DRL
portal:sessions                 DRL       DRL
portal:signed_in                DRL       -
"""

# At the API: what each operation of its description takes, and the one scope that opens it.
OPERATIONS = {
    ("GET", "/api/v1/cases"): "cases:read",
    ("GET", "/api/v1/cases/{case_id}"): "cases:read",
    ("GET", "/api/v1/cases/{case_id}/documents"): "documents:read",
    ("POST", "/api/v1/cases/{case_id}/documents"): "documents:write",
    ("POST", "/api/v1/cases/{case_id}/notes"): "notes:write",
    ("GET", "/api/v1/documents"): "documents:read",
    ("GET", "/api/v1/documents/{document_id}"): "documents:read",
    ("GET", "/api/v1/documents/{document_id}/content"): "documents:content",
    ("GET", "/api/v1/events"): "events:read",
    ("GET", "/api/v1/exports/cases.csv"): "rows:export",
    ("GET", "/api/v1/exports/outcomes.csv"): "rows:export",
    ("GET", "/api/v1/indicators"): "figures:read",
    ("GET", "/api/v1/indicators/{key}"): "figures:read",
}
WITHOUT_A_SCOPE = {("POST", "/api/v1/token"), ("GET", "/api/v1/openapi.json")}
"""A machine gets its token at the first, and anybody reads the description at the second."""

# Django's admin: the look-ups in it, who sees one, who adds one, who changes one. Nothing is deleted there, by anybody.
# Payers and clinics: no coverage is recorded without its payer and no case without its clinic, so intake adds them. Whoever calls
# a plan hears first that its number has changed; waiting for an admin would leave the old fax on file, which is worse. What goes
# where is asked again at every filing, on the page that freezes it, and the trail keeps both numbers. Which way serves which
# purpose (`payerchannel`) is the organization's own rule, and its admin's. Clinicians and privacy officers only read.
LOOKUPS = {
    "cases.payer": ("INCSOP", "INSO", "INSO"),
    "cases.payerchannel": ("INCSOP", "O", "O"),
    "cases.provider": ("INCSOP", "INSO", "INSO"),
    "people.membership": (
        "INCSOP",
        "O",
        "O",
    ),  # its "add" leads whoever invites to the invitations, which have a line of their own
    "people.team": ("INCSOP", "O", "O"),
}
# Its other pages: of nobody's rows. No look-up completes what somebody types.
ADMIN = """
admin:index                     INCSOAPF  INCSOAPF
admin:login                     INCSOAPF  INCSOAPF
admin:jsi18n                    INCSOAPF  -
admin:password_change           INCSOAPF  INCSOAPF
admin:password_change_done      INCSOAPF  -
admin:autocomplete              .         -
"""

# Sign-in and the other doors without an account: what a stranger gets, and a colleague of Harbor.
#   open: the page. away: led elsewhere. no: 403 or 404. -: 405. 503: no worker is alive in the tests.
DOORS = """
account_login                        open   away
account_logout                       away   open
account_signup                       open   away
account_inactive                     open   open
account_email                        away   open
account_email_verification_sent      open   open
account_change_password              away   open
account_set_password                 away   away
account_reset_password               open   open
account_reset_password_done          open   open
account_reset_password_from_key_done open   open
account_reauthenticate               away   open
account_confirm_login_code           away   away
sso                                  open   away
sso_join                             away   away
mfa_index                            away   open
mfa_authenticate                     away   away
mfa_reauthenticate                   away   away
mfa_view_recovery_codes              away   no
mfa_download_recovery_codes          away   no
mfa_generate_recovery_codes          away   away
mfa_activate_totp                    away   away
mfa_deactivate_totp                  away   no
mfa_list_webauthn                    away   open
mfa_add_webauthn                     away   away
mfa_reauthenticate_webauthn          away   away
mfa_login_webauthn                   away   away
session                              open   open
signed_in                            away   open
api:openapi                          open   open
api_guide                            open   open
api:token                            -      -
seal_keys                            open   open
health/live                          open   open
health/ready                         503    503
health/metrics                       no     no
"""
# Doors that a secret opens, with one that nobody was given.
SECRETS = {
    "invitation": "/invitation/{secret}/",
    "calendar": "/calendar/{secret}.ics",
    "clinic": "/clinic/{secret}/",
    "clinic_answer": "/clinic/{secret}/{ask}/",
    "sso_callback": "/accounts/organization/{ask}/callback/?state={secret}&code={secret}",
    "mfa_remove_webauthn": "/accounts/2fa/webauthn/keys/{secret}/remove/",
    "mfa_edit_webauthn": "/accounts/2fa/webauthn/keys/{secret}/edit/",
    "account_confirm_email": "/accounts/confirm-email/{secret}/",
    "account_reset_password_from_key": "/accounts/password/reset/key/1-{secret}/",
}


def table(text: str, letters: Collection[str] = ROLES) -> dict[str, tuple[str, str]]:
    """Route -> who opens it with GET, and with POST. Raises ValueError for a line that is no row."""
    found: dict[str, tuple[str, str]] = {}
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        name, get, post = line.split()
        if name in found or not set(get + post) <= {*letters} | {"-", "."}:
            raise ValueError(line)
        found[name] = (get, post)
    return found
