"""Setting up: a checklist from facts, a test for each step, and the organization's templates. No page here knows a patient."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from advocacy.access.disclosures import Door, Purpose, disclose, whoever_asks
from advocacy.access.permissions import Permission
from advocacy.access.policy import require
from advocacy.errors import NotFound
from advocacy.people.views.steps import attempt
from advocacy.web import ActorRequest, page
from appeals.commands.letter_blocks import retire_letter_block, return_letter_block, save_letter_block
from appeals.commands.setup import sample_letter, try_step
from appeals.forms.setup import LetterBlockForm
from appeals.queries.letter_blocks import block_known, blocks_listed
from appeals.queries.setup import setup_steps
from cases.queries.templates import templates_listed

NEW = "new"


@require_safe
@page
def setup(request: ActorRequest) -> HttpResponse:
    """How far setting up is. The page stays when all is done: a test can be repeated at any time."""
    require(request.actor, Permission.MANAGE_MEMBERS)
    steps = setup_steps(request.actor, request.organization)
    context = {
        "steps": steps,
        "done": sum(step.done for step in steps),
        "waiting": sum(not step.missing and not step.done for step in steps),
        "finished": all(step.done for step in steps),
        "breadcrumbs": [{"label": "Set-up", "url": ""}],
    }
    with timezone.override(request.organization.time_zone):
        return render(request, "appeals/setup.html", context)


@require_POST
@page
def setup_test(request: ActorRequest, step: str) -> HttpResponse:
    """Try one step out, and say on the checklist what came of it."""
    passed, said = try_step(actor=request.actor, organization=request.organization, step=step, at=request.at)
    (messages.success if passed else messages.warning)(request, said)
    return redirect(reverse("appeals:setup") + f"#{step}")


@require_safe
@page
def setup_letter(request: ActorRequest) -> HttpResponse:
    """The sample letter, as PDF."""
    require(request.actor, Permission.MANAGE_MEMBERS)
    with timezone.override(request.organization.time_zone):
        data = sample_letter(request.organization, signer=request.actor.label, at=request.at)
    disclose(actor=request.actor, door=Door.PRINT, purpose=Purpose.CASEWORK, to=whoever_asks(request.actor))
    return HttpResponse(
        data,
        content_type="application/pdf",
        headers={"Content-Disposition": 'inline; filename="sample-letter.pdf"'},
    )


@require_safe
@page
def templates(request: ActorRequest) -> HttpResponse:
    """Task templates and letter blocks, the packaged ones and the organization's own."""
    require(request.actor, Permission.SEE_LOOKUPS)
    context = {
        "tasks": templates_listed(),
        "blocks": blocks_listed(),
        "may_change": request.actor.may(Permission.MANAGE_LOOKUPS),
        "breadcrumbs": [{"label": "Templates", "url": ""}],
    }
    return render(request, "appeals/templates.html", context)


@page
def letter_block(request: ActorRequest, block: str) -> HttpResponse:
    """Change a block into the organization's own version, or add one (`new`)."""
    require(request.actor, Permission.MANAGE_LOOKUPS)
    known = None if block == NEW else block_known(block)
    if block != NEW and known is None:
        raise NotFound("block")
    now = {"title": known.title, "place": known.place, "text": known.text} if known else {}
    form, status = LetterBlockForm(request.POST or None, initial=now), 200
    back = reverse("appeals:templates")
    if request.method == "POST":
        status = 422
        if form.is_valid():
            typed = form.cleaned_data
            done, _row = attempt(
                lambda: save_letter_block(
                    actor=request.actor, key="" if block == NEW else block, at=request.at, **typed
                ),
                form,
            )
            if done:
                messages.success(request, "The block is saved. Letters begun before keep theirs.")
                return redirect(back)
    context = {
        "form": form,
        "title": "Change a letter block" if known else "New letter block",
        "action": "Save",
        "back_url": back,
        "meta": None,
        "breadcrumbs": [{"label": "Templates", "url": back}, {"label": "Letter block", "url": ""}],
    }
    return render(request, "people/form.html", context, status=status)


@require_POST
@page
def letter_block_retire(request: ActorRequest, block: str) -> HttpResponse:
    """Leave a block out of new drafts, or put it back (`back`)."""
    if "back" in request.POST:
        return_letter_block(actor=request.actor, key=block, at=request.at)
        messages.success(request, "New drafts bring this block again.")
    else:
        retire_letter_block(actor=request.actor, key=block, at=request.at)
        messages.success(request, "New drafts come without this block. Letters begun before keep it.")
    return redirect("appeals:templates")
