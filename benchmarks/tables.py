"""The tables the generator fills under a case, with the columns that differ from row to row."""

from __future__ import annotations

from benchmarks.rows import Table


class Tables:
    """The templates, in an order in which parents come first."""

    def __init__(self) -> None:
        tenant = "id public_id organization_id"
        self.user = Table("people.User", "id public_id email name is_staff", password="!", is_active=True)
        self.patient = Table(
            "people.Patient",
            f"{tenant} reference given_name family_name birth_date birth_date_index state time_zone registered_at"
            " registered_by_id",
        )
        self.contact = Table(
            "people.Contact",
            f"{tenant} patient_id value value_index",
            kind="phone",
            is_safe=True,
            is_preferred=True,
        )
        self.consent = Table(
            "people.Consent", f"{tenant} patient_id signed_on recorded_at", kind="release", method="paper"
        )
        self.patient_search = Table(
            "people.PatientSearch", f"{tenant} patient_id name sorted_name birth_date phones numbers"
        )
        self.portal = Table(
            "people.PortalAccess",
            f"{tenant} user_id patient_id starts_at sign_in_address",
            kind="patient",
            scope=["status", "documents", "letters", "messages"],
        )
        self.coverage = Table(
            "cases.Coverage",
            f"{tenant} patient_id payer_id plan_name member_id member_id_index state_of_issue starts_on",
            funding="insured",
        )
        self.case = Table(
            "cases.Case",
            f"{tenant} reference patient_id coverage_id payer_key provider_id treatment status owner_id team_id is_restricted"
            " is_urgent urgency triage_rank opened_at closed_at outcome last_touched_at next_deadline_on stage",
            purpose="condition",
            diagnosis_codes=["F33.2"],
            procedure_codes=["96365", "96366", "J3490"],
        )
        self.case_search = Table("cases.CaseSearch", f"{tenant} case_id reference numbers")
        self.document = Table(
            "cases.Document", f"{tenant} case_id kind title created_at is_frozen", for_patient=True
        )
        self.version = Table(
            "cases.DocumentVersion",
            f"{tenant} case_id document_id blob_id filename uploaded_at",
            number=1,
            content_type="application/pdf",
            page_count=1,
            text_status="none",
        )
        self.request = Table(
            "appeals.AuthorizationRequest",
            f"{tenant} case_id coverage_id status submitted_at received_at decided_at created_at reference_number"
            " reference_number_index",
            channel="fax",
        )
        self.item = Table(
            "appeals.RequestItem", f"{tenant} case_id request_id", position=1, code="J3490", units=6
        )
        self.denial = Table(
            "appeals.Denial",
            f"{tenant} case_id request_id letter_id reference_number reference_number_index notice_on received_on"
            " recorded_at confirmed_at confirmed_by_id",
            received_evidence="patient",
        )
        self.denial_item = Table("appeals.DenialItem", f"{tenant} case_id denial_id item_id")
        self.reason = Table("appeals.DenialReason", f"{tenant} case_id denial_id reason is_primary")
        self.appeal = Table(
            "appeals.Appeal",
            f"{tenant} case_id denial_id previous_id level position status opened_at filed_at received_at decided_at"
            " frozen_version_id",
            regime="fully_insured_group",
        )
        self.filing = Table(
            "appeals.Filing",
            f"{tenant} case_id appeal_id document_version_id sha256 manifest address filed_at",
            page_count=1,
            channel="fax",
        )
        self.decision = Table(
            "appeals.Decision", f"{tenant} case_id appeal_id notice_on received_on decided_at recorded_at"
        )
        self.outcome = Table(
            "appeals.ItemOutcome", f"{tenant} case_id item_id decision_id outcome decided_at"
        )
        self.deadline = Table(
            "appeals.Deadline",
            f"{tenant} case_id request_id denial_id appeal_id clock title side due_on safe_on rule status computed_at"
            " ended_at ended_known_at",
            regime="fully_insured_group",
            rule_version="1",
            citation="29 CFR 2560.503-1",
            confidence="verified",
            arithmetic=['"received"', '"plus the days of the rule"'],
        )
        self.answer = Table("appeals.Answer", f"{tenant} case_id question value answered_at", source="card")
        self.communication = Table(
            "cases.Communication",
            f"{tenant} case_id channel direction party happened_at summary logged_at",
        )
        self.note = Table("cases.Note", f"{tenant} case_id body written_at written_by_id")
        self.task = Table(
            "cases.Task", f"{tenant} case_id title owner_id due_on status opened_at ended_at hold_until"
        )
        self.cost = Table("cases.Cost", f"{tenant} case_id kind amount basis recorded_at", certainty="actual")
        self.grant = Table(
            "cases.CaseGrant",
            f"{tenant} permission_id user_id content_object_id reason granted_at granted_by_id expires_at",
        )
