"""Every permission, grouped by app. A role is a set of these (roles.py); a policy says on which rows (policies.py)."""

from __future__ import annotations

from enum import StrEnum


class Permission(StrEnum):
    # people
    SEE_PATIENTS = "people.see"
    REGISTER_PATIENT = "people.register"
    CHANGE_PATIENT = "people.change"
    RECORD_CONSENT = "people.consent"
    SEE_MEMBERS = "people.see_members"
    MANAGE_MEMBERS = "people.manage_members"
    MANAGE_MACHINES = "people.manage_machines"
    MANAGE_SIGN_IN = "people.manage_sign_in"
    ACCOUNT_DISCLOSURES = "people.account"
    DECIDE_ACCOUNTING = "people.decide_accounting"
    INVITE_TO_PORTAL = "people.portal"
    HOLD_RECORDS = "people.hold"
    # cases
    SEE_CASES = "cases.see"
    OPEN_CASE = "cases.open"
    CHANGE_CASE = "cases.change"
    ASSIGN_CASE = "cases.assign"
    CLOSE_CASE = "cases.close"
    REOPEN_CASE = "cases.reopen"
    RESTRICT_CASE = "cases.restrict"
    GRANT_ACCESS = "cases.grant"
    BREAK_GLASS = "cases.break_glass"
    REVIEW_BREAK_GLASS = "cases.review_glass"
    UPLOAD_DOCUMENT = "cases.upload"
    WRITE_NOTE = "cases.write"
    WORK_TASKS = "cases.work_tasks"
    CHECK_BENEFITS = "cases.check_benefits"
    ASK_CLINIC = "cases.ask_clinic"
    TRIAGE_CASE = "cases.triage"
    OFFER_CASE = "cases.offer"
    RECEIVE_CASE = "cases.receive"
    SEE_LOOKUPS = "cases.see_lookups"
    MANAGE_LOOKUPS = "cases.manage_lookups"
    # appeals
    ANSWER_QUESTIONS = "appeals.answer"
    REQUEST_AUTHORIZATION = "appeals.request"
    RECORD_DENIAL = "appeals.record_denial"
    HOLD_PEER_TO_PEER = "appeals.peer_to_peer"
    DRAFT_APPEAL = "appeals.draft"
    FILE_APPEAL = "appeals.file"
    RECORD_DECISION = "appeals.decide"
    CONFIRM_OVERRIDE = "appeals.override"
    # oversight
    SEE_TRAIL = "audit.see"
    SEE_JOBS = "jobs.see"
    RETRY_JOBS = "jobs.retry"
    SEE_FIGURES = "reporting.see"
    # the patient's portal: held by patients and their representatives only, never by a member
    PORTAL_STATUS = "portal.status"
    PORTAL_DOCUMENTS = "portal.documents"
    PORTAL_LETTERS = "portal.letters"
    PORTAL_MESSAGES = "portal.messages"
    PORTAL_CONTROL = "portal.control"
