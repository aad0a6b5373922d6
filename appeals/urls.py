"""Addresses of the contest, under /admin/. Every row of a case is named with its case: `args=[case.public_id, row.public_id]`."""

from __future__ import annotations

from django.urls import path

from appeals.views import (
    approvals,
    board,
    case,
    choices,
    closing,
    decisions,
    demands,
    denials,
    drafts,
    filed,
    integrity,
    levels,
    moved,
    notice_checks,
    peer_to_peers,
    plan_facts,
    portal,
    portal_letters,
    questions,
    queue,
    representative,
    requests,
    sessions,
    setup,
    take_action,
    today,
    trail,
)

app_name = "appeals"

CASE = "cases/<uuid:case_id>/"
REQUEST = CASE + "requests/<uuid:request_id>/"
DENIAL = CASE + "denials/<uuid:denial_id>/"
CALL = CASE + "peer-to-peers/<uuid:call_id>/"
LEVEL = CASE + "levels/<uuid:level_id>/"
FILING = CASE + "filings/<uuid:filing_id>/"
DEMAND = CASE + "demands/<uuid:demand_id>/"
GRANTED = CASE + "authorizations/<uuid:authorization_id>/"

urlpatterns = [
    path("today/", today.today_page, name="today"),
    path("setup/", setup.setup, name="setup"),
    path("setup/letter/", setup.setup_letter, name="setup_letter"),
    path("setup/<slug:step>/test/", setup.setup_test, name="setup_test"),
    path("templates/", setup.templates, name="templates"),
    path("templates/letters/<slug:block>/", setup.letter_block, name="letter_block"),
    path("templates/letters/<slug:block>/retire/", setup.letter_block_retire, name="letter_block_retire"),
    path("queue/", queue.queue_page, name="queue"),
    path("queue/assign/", queue.bulk_assign, name="bulk_assign"),
    path("trails/", trail.trails_page, name="trails"),
    path("board/", board.board_page, name="board"),
    path("checks/", integrity.checks, name="checks"),
    path("checks/<uuid:finding_id>/", integrity.check_put_right, name="check_put_right"),
    path("board/<uuid:member_id>/share/", board.share, name="share"),
    path("queue/assign/undo/", queue.undo_assign, name="undo_assign"),
    path(CASE, case.case, name="case"),
    path(CASE + "action/", take_action.take_action_page, name="take_action"),
    path(CASE + "trail/", trail.trail_page, name="trail"),
    path(CASE + "coverage-questions/", questions.questions, name="questions"),
    path(CASE + "representative-form.pdf", representative.representative_form, name="representative_form"),
    path(CASE + "plan-facts/", plan_facts.plan_facts, name="plan_facts"),
    path(
        CASE + "plan-facts/<uuid:answer_id>/take-back/",
        plan_facts.plan_fact_withdraw,
        name="plan_fact_withdraw",
    ),
    path(CASE + "requests/new/", requests.request_new, name="request_new"),
    path(REQUEST, requests.request_page, name="request"),
    path(REQUEST + "change/", requests.request_change, name="request_change"),
    path(REQUEST + "sent/", requests.request_sent, name="request_sent"),
    path(REQUEST + "received/", requests.request_received, name="request_received"),
    path(REQUEST + "event/", requests.request_event, name="request_event"),
    path(REQUEST + "approval/", requests.request_approve, name="request_approve"),
    path(REQUEST + "authorization/", requests.request_grant, name="request_grant"),
    path(REQUEST + "withdrawal/", requests.request_withdraw, name="request_withdraw"),
    path(CASE + "denials/new/", denials.denial_new, name="denial_new"),
    path(DENIAL, denials.denial_page, name="denial"),
    path(DENIAL + "confirm/", denials.denial_confirm, name="denial_confirm"),
    path(DENIAL + "set-aside/", denials.denial_set_aside, name="denial_set_aside"),
    path(DENIAL + "take-up/", denials.denial_take_up, name="denial_take_up"),
    path(DENIAL + "choice/", choices.denial_choice, name="denial_choice"),
    path(DENIAL + "notice/<slug:check>/", notice_checks.notice_check, name="notice_check"),
    path(GRANTED, sessions.authorization, name="authorization"),
    path(GRANTED + "sessions/new/", sessions.session_new, name="session_new"),
    path(GRANTED + "renewal/", sessions.renewal, name="renewal"),
    path(CASE + "sessions/<uuid:session_id>/void/", sessions.session_void, name="session_void"),
    path(CALL, peer_to_peers.peer_to_peer, name="peer_to_peer"),
    path(CALL + "schedule/", peer_to_peers.peer_to_peer_schedule, name="peer_to_peer_schedule"),
    path(CALL + "outcome/", peer_to_peers.peer_to_peer_hold, name="peer_to_peer_hold"),
    path(CALL + "missed/", peer_to_peers.peer_to_peer_miss, name="peer_to_peer_miss"),
    path(LEVEL, levels.level_page, name="level"),
    path(LEVEL + "draft/", drafts.level_draft, name="level_draft"),
    path(LEVEL + "exhibits/", drafts.level_exhibits, name="level_exhibits"),
    path(LEVEL + "approval/", approvals.level_approval, name="level_approval"),
    path(
        LEVEL + "approval/<uuid:approval_id>/answer/",
        approvals.level_approval_answer,
        name="level_approval_answer",
    ),
    path(LEVEL + "urgency/", levels.level_urgency, name="level_urgency"),
    path(LEVEL + "preview.pdf", drafts.level_preview, name="level_preview"),
    path(LEVEL + "file/", drafts.level_file, name="level_file"),
    path(LEVEL + "phone/", levels.level_phone, name="level_phone"),
    path(LEVEL + "forwarded/", levels.level_forwarded, name="level_forwarded"),
    path(LEVEL + "received/", levels.level_received, name="level_received"),
    path(LEVEL + "event/", levels.level_event, name="level_event"),
    path(LEVEL + "end/<str:how>/", levels.level_end, name="level_end"),
    path(LEVEL + "choice/", choices.level_choice, name="level_choice"),
    path(LEVEL + "decision/", decisions.level_decide, name="level_decide"),
    path(LEVEL + "no-decision/", decisions.level_deem, name="level_deem"),
    path(FILING, filed.filed, name="filed"),
    path(FILING + "file.pdf", filed.filed_file, name="filed_file"),
    path(FILING + "proof/", filed.proof_new, name="proof_new"),
    path(CASE + "late/", demands.late, name="late"),
    path(CASE + "late/<uuid:deadline_id>/<slug:about>/", demands.demand_new, name="demand_new"),
    path(CASE + "dates/<uuid:deadline_id>/", moved.moved, name="moved"),
    path(DEMAND, demands.demand, name="demand"),
    path(DEMAND + "preview.pdf", demands.demand_preview, name="demand_preview"),
    path(DEMAND + "send/", demands.demand_send, name="demand_send"),
    path(DEMAND + "approval/", demands.demand_approval, name="demand_approval"),
    path(
        DEMAND + "approval/<uuid:approval_id>/answer/",
        demands.demand_approval_answer,
        name="demand_approval_answer",
    ),
    path(CASE + "close/", closing.close, name="close"),
    path(CASE + "reopen/", closing.reopen, name="reopen"),
]

# Under /portal/: advocacy/urls.py puts them beside the portal's door.
portal_pages = [
    path("", portal.home, name="home"),
    path("cases/<uuid:case_id>/", portal.case, name="case"),
    path("letters/", portal_letters.letters, name="letters"),
    path("letters/asked/<uuid:approval_id>/", portal_letters.letter, name="letter"),
    path("letters/asked/<uuid:approval_id>/letter.pdf", portal_letters.letter_file, name="letter_file"),
    path("letters/sent/<uuid:filing_id>/", portal_letters.sent_file, name="sent_file"),
]
