"""A level opened beside one that is still open: what the rules say of it, who certified, and what follows."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone

from advocacy.access.permissions import Permission as P
from appeals.at_once import AGREED, URGENT
from appeals.commands.at_once import open_at_once
from appeals.forms.levels import AtOnceForm
from appeals.queries.beside import AtOncePage, at_once_page
from appeals.queries.level_page import get_level
from appeals.views.casework import CaseRequest, case_page, show_step
from cases.views.casework import attempt, done

EFFECTS = (
    "The next level opens beside this one, with its own letter, its own window and its own clock of whoever decides.",
    "This level goes on as it is. Nothing is sent: both are filed by you.",
    "When one of the two is decided first, the page of the other says what is left to do there.",
)


@case_page(P.FILE_APPEAL)
def level_at_once(request: CaseRequest, case: Any, level_id: UUID) -> HttpResponse:
    """Open the external review beside an appeal that is still open."""
    appeal = get_level(request.actor, case, level_id)
    page = at_once_page(case, appeal, timezone.localdate(request.at))
    bases = [(o.basis, o.words) for o in page.openings]
    if page.agreed is not None:
        bases = [(AGREED, f"Two people here agreed to open: {page.agreed.title}")]
    form = AtOnceForm(
        request.POST or None,
        bases=bases,
        is_allowed=page.is_allowed,
        initial={"basis": _basis(page, appeal.is_expedited)},
    )
    opened: list[Any] = []
    outcome = attempt(
        request,
        form,
        lambda data: opened.append(open_at_once(actor=request.actor, appeal=appeal, at=request.at, **data)),
    )
    if outcome.done:
        return done(
            request,
            "The review is open beside the appeal. Its dates stand on its page.",
            "appeals:level",
            case.public_id,
            opened[0].public_id,
        )
    back = reverse("appeals:level", args=[case.public_id, appeal.public_id])
    return show_step(
        request,
        case,
        form,
        outcome,
        here=f"Open a review beside: {page.title}",
        action="Open it beside this level",
        back=back,
        trail=(("Level", back),),
        effects=EFFECTS if bases else (),
        extra={"page": page, "lawful": _lawful(page)},
        template="appeals/at_once.html",
    )


def _basis(page: AtOncePage, is_expedited: bool) -> str:
    """What is chosen on the page before anybody chooses."""
    if page.agreed is not None:
        return AGREED
    return URGENT if is_expedited and page.openings else ""


def _lawful(page: AtOncePage) -> list[dict[str, Any]]:
    """What each way rests on, for the page: words, rule, citation, and whether it has to be confirmed."""
    return [
        {
            "words": opening.words,
            "opens": opening.rung.title,
            "rules": [
                {
                    "text": rule.text,
                    "citation": rule.citation,
                    "confirm": rule.confirm if rule.confidence != "verified" else "",
                    "who": rule.who,
                }
                for rule in opening.rules
            ],
            "needs": opening.needs_words,
        }
        for opening in page.openings
    ]
