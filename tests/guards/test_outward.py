"""Every door through which something of a patient can leave, by hand, and that it asks the one function first.

A sink is a call that hands bytes or words to somebody: an answer that is no page, a mail, a file, a stored filing, a logged
contact with papers. The guard reads the source, finds every sink, and compares it with OUTWARD; what is not there fails, and so
does a door in the list whose function (or the one named for it) does not call `disclose` with that door.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings

from advocacy.access.disclosures import Door
from tests.guards.addresses import routes

ROOT = Path(settings.BASE_DIR)
APPS = ("advocacy", "cases", "appeals")
SINKS = frozenset(
    {
        "call", "file_response", "StreamingHttpResponse", "FileResponse", "deliver", "EmailMessage", "EmailMultiAlternatives",
        "send_mail", "told", "link_goes_out", "link_opens", "_papers_left", "page_told", "mail_clinic", "copy",
        "file_leaves", "JsonResponse",
        "fdopen", "write_text", "write_bytes",
        "urlopen", "Session", "create_connection", "SMTP", "log_sent", "attach", "export", "begun", "whole_record",
    }
)  # fmt: skip
"""Names of calls that hand something on. `HttpResponse` counts where it is given a body and a type that is no page, however
either is said; what renders a template, where it is given a type."""
OF_ONE_MODULE = {"told": "advocacy.api", "call": "advocacy.outgoing"}
"""Names that other modules use for something else."""


@dataclass(frozen=True)
class Through:
    """A door, and the function that asks for it where it is not the one with the sink."""

    door: Door
    asked_in: str = ""


PORTAL = Through(Door.PORTAL, "advocacy.portal:portal_page")
FILE = Through(Door.PORTAL, "cases.views.files:file_leaves")
LOG = Through(Door.LOG, "cases.commands.communications:_papers_left")
MAIL = Through(Door.MAIL, "advocacy.mail:deliver")
SIGN_IN = "asks an organization's own sign-in about a colleague: nothing of a patient"
API = Through(Door.API, "advocacy.api:MachineView.dispatch")

OUTWARD: dict[str, Through | str] = {
    # What we send.
    "appeals.commands.filings:file_appeal": Through(Door.FILING),
    "appeals.commands.demands:send_demand": Through(Door.FILING),
    "appeals.commands.demands:_log": Through(Door.FILING, "appeals.commands.demands:send_demand"),
    "appeals.commands.filings:_log": Through(Door.FILING, "appeals.commands.filings:file_appeal"),
    "appeals.commands.filings:file_orally": Through(Door.CALL),
    "appeals.commands.requests:_take": Through(Door.REQUEST),
    "appeals.commands.document_requests:_goes_out": Through(Door.REQUEST),
    "cases.commands.clinic_leaving:link_goes_out": Through(Door.CLINIC),
    "cases.commands.clinic_leaving:link_opens": Through(Door.CLINIC),
    "cases.commands.clinic:send_link": Through(Door.CLINIC, "cases.commands.clinic_leaving:link_goes_out"),
    "cases.commands.clinic:opened": Through(Door.CLINIC, "cases.commands.clinic_leaving:link_opens"),
    "cases.commands.clinic_reminders:remind_clinic": Through(
        Door.CLINIC, "cases.commands.clinic_leaving:link_goes_out"
    ),
    "cases.commands.offers:offer_case": Through(Door.OFFER),
    "cases.views.received_offers:offer_received_file": Through(Door.OFFER),
    "cases.commands.communications:_papers_left": Through(Door.LOG),
    "cases.commands.communications:log_communication": LOG,
    "cases.commands.communications:correct_communication": LOG,
    "cases.commands.accounting:record_disclosure": Through(Door.BY_HAND),
    # Mails: every one passes `deliver`, which holds them to say nothing that identifies a patient.
    "advocacy.mail:deliver": Through(Door.MAIL),
    "advocacy.background.sealing:anchor_all": MAIL,
    "advocacy.background.sealing:alarm": MAIL,
    "advocacy.people.invitations:_mail": MAIL,
    "advocacy.people.leaving:alert_about_leavers": MAIL,
    "advocacy.people.lockout:_tell": MAIL,
    "advocacy.people.portal_codes:_send": MAIL,
    "advocacy.people.providers:_tell": MAIL,
    # Texts are held to the same: a code and the words around it.
    "advocacy.texts:send_text": Through(Door.MAIL),
    "advocacy.texts:ByHttps.send": Through(Door.MAIL, "advocacy.texts:send_text"),
    "advocacy.people.portal_invitations:send_invitation": MAIL,
    "appeals.commands.setup:_reply": MAIL,
    "appeals.reminders:send_claimed": MAIL,
    "cases.commands.accounting:tell_of_held_back": MAIL,
    "cases.commands.break_glass:tell_of": MAIL,
    "cases.commands.offer_notices:_mail": MAIL,
    "cases.commands.clinic:mail_clinic": MAIL,
    "cases.commands.patient_notices:_send": MAIL,
    # What the patient's side takes in the portal.
    "cases.views.files:file_leaves": Through(Door.PORTAL),
    "cases.views.portal_papers:document_open": FILE,
    "cases.views.portal_papers:page_file": PORTAL,
    "cases.views.portal_papers:page_add": PORTAL,
    "cases.views.portal_papers:paper": PORTAL,
    "cases.views.portal_messages:attachment": FILE,
    "appeals.views.portal_letters:_file": FILE,
    "cases.views.portal_record:take_along": Through(
        Door.TAKE_ALONG, "cases.commands.portal_record:whole_record"
    ),
    "cases.commands.portal_record:whole_record": Through(Door.TAKE_ALONG),
    # What colleagues take at the desk.
    "cases.views.documents:document_file": Through(Door.DOWNLOAD),
    "appeals.views.filed:filed_file": Through(Door.DOWNLOAD),
    "appeals.views.drafts:level_preview": Through(Door.PRINT),
    "appeals.views.demands:demand_preview": Through(Door.PRINT),
    "appeals.digests:send_digest": MAIL,
    "appeals.views.calendar:calendar_file": Through(Door.CALENDAR),
    "appeals.views.setup:setup_letter": Through(Door.PRINT),
    "cases.views.accounting:_paper": Through(Door.PRINT),
    "cases.views.accounting:release_form": Through(Door.PRINT),
    "appeals.views.representative:representative_form": Through(Door.PRINT),
    "cases.views.accounting:_pdf": Through(Door.PRINT, "cases.views.accounting:_paper"),
    # What machines take.
    "advocacy.api:MachineView.dispatch": Through(Door.API),
    "advocacy.portal:portal_page": Through(Door.PORTAL),
    "advocacy.api:told": API,
    "advocacy.api:page_told": API,
    "advocacy.reporting.api.figures:Catalog.get": API,
    "advocacy.reporting.api.figures:Figure.get": API,
    "advocacy.reporting.api.exports:answered": Through(Door.EXPORT, "advocacy.reporting.exports:begun"),
    "advocacy.reporting.exports:begun": Through(Door.EXPORT),
    "advocacy.reporting.exports:copied": Through(Door.EXPORT, "advocacy.reporting.exports:begun"),
    "appeals.api.cases:Cases.get": API,
    "appeals.api.cases:Case.get": API,
    "cases.api.documents:Documents.get": API,
    "cases.api.documents:CaseDocuments.get": API,
    "cases.api.documents:CaseDocuments.post": API,
    "cases.api.documents:Document.get": API,
    "cases.api.documents:Content.get": API,
    "cases.api.events:Events.get": API,
    "cases.api.notes:Notes.post": API,
    # Sinks through which nothing of a patient goes to anybody outside.
    "advocacy.outgoing:_Pinned.connect": "the sink itself: each caller is listed",
    "advocacy.metrics:metrics": "counts of requests and jobs, of no patient",
    "advocacy.health:live": "that the program runs",
    "advocacy.health:ready": "that database and worker answer",
    "advocacy.published:seal_keys": "public keys of the installation",
    "advocacy.people.views.sessions:_how_long": "how long one's own session lasts",
    "advocacy.people.api:token": "why a machine gets no token: a code",
    "advocacy.people.oidc:_checked": SIGN_IN,
    "advocacy.people.oidc:_exchange": SIGN_IN,
    "advocacy.people.oidc:describe": SIGN_IN,
    "advocacy.people.oidc:finish": SIGN_IN,
    "advocacy.openapi:openapi": "the description of the API: nothing of anybody",
    "advocacy.problems:problem": "why an address of the API refused: codes and sentences of ours",
    "cases.commands.benefits:_log_call": "logs a call that a colleague held; no paper goes along",
    "cases.commands.messages:send_message": "stays here: the patient reads it in the portal, behind its door",
    "cases.commands.patient_notices:log_invitation": "logs that an invitation was mailed, which says nothing of a case",
    "cases.views.files:file_response": "the sink itself: each caller asks",
    # Files on the machine of the installation, of no patient.
    "advocacy.audit.check:_opened": Through(
        Door.TRAIL, "advocacy.management.commands.export_trail:Command.handle"
    ),
    "advocacy.keyfile:_completed": "keys of the installation",
    "advocacy.keyfile:_make": "keys of the installation",
    "advocacy.tenancy.keystore:KeyStore._write": "wrapped keys of an organization",
    "advocacy.local_state:write_private": "passwords of the local database",
    "advocacy.serving:main": "where the demonstration runs",
    "advocacy.management.commands.print_docs:Command.handle": "pages that the program prints of itself",
    "advocacy.management.commands.translations:Command.handle": "words of the portal",
    "appeals.management.commands.rule_pack:Command.write": "rules of the field",
    "appeals.management.commands.recompute_deadlines:written": "references and dates, and colleagues to tell",
    # What whoever runs the installation takes: ciphertext.
    "advocacy.management.commands.export_trail:Command.handle": Through(Door.TRAIL),
}


def sources() -> Iterator[tuple[str, ast.Module]]:
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            place = path.relative_to(ROOT).with_suffix("").parts
            if "migrations" not in place and "seed" not in place:
                yield ".".join(place).removesuffix(".__init__"), ast.parse(path.read_text())


def functions(module: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    """Every function and method by its name; what is defined inside one belongs to it."""
    for node in module.body:
        if isinstance(node, ast.FunctionDef):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef):
                    yield f"{node.name}.{inner.name}", inner


def called(node: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call):
            func = inner.func
            yield (func.id if isinstance(func, ast.Name) else getattr(func, "attr", "")), inner


def is_sink(name: str, call: ast.Call) -> bool:
    named = {keyword.arg for keyword in call.keywords}
    if name == "HttpResponse":
        return bool(call.args or "content" in named) and bool(call.args[1:] or "content_type" in named)
    if name in ("render", "TemplateResponse"):
        return "content_type" in named or len(call.args) > 3
    if name == "copy":
        return len(call.args) > 1  # COPY of a cursor; a dictionary's takes nothing
    return name in SINKS


def sinks_in(node: ast.AST) -> list[str]:
    return sorted({name for name, call in called(node) if is_sink(name, call)})


def doors_asked(node: ast.AST) -> set[str]:
    """The doors that the calls of `disclose` in this function name."""
    found = set()
    for name, call in called(node):
        if name == "disclose":
            door = {k.arg: k.value for k in call.keywords}["door"]
            assert isinstance(door, ast.Attribute), "a door is named where it is asked for"
            found.add(door.attr)
    return found


def found_sinks() -> dict[str, list[str]]:
    found = {}
    for module, tree in sources():
        origins = imported(tree)
        for name, node in functions(tree):
            sinks = [
                sink
                for sink in sinks_in(node)
                if sink not in OF_ONE_MODULE or OF_ONE_MODULE[sink] in (module, origins.get(sink))
            ]
            if sinks:
                found[f"{module}:{name}"] = sinks
    return found


def imported(tree: ast.Module) -> dict[str, str]:
    """Names that a module has from another one."""
    return {
        alias.asname or alias.name: node.module or ""
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def asked() -> dict[str, set[str]]:
    """Every function that asks the one function, with the doors it names."""
    return {
        f"{module}:{name}": doors
        for module, tree in sources()
        for name, node in functions(tree)
        if (doors := doors_asked(node)) and module != "advocacy.access.disclosures"
    }


def lacking(
    sinks: dict[str, list[str]], doors: dict[str, set[str]], listed: dict[str, Through | str]
) -> set[str]:
    """Doors that are not in the list, and doors of the list that do not ask."""
    bare = set(sinks) - set(listed)
    silent = {
        place
        for place, way in listed.items()
        if isinstance(way, Through) and way.door.name not in doors.get(way.asked_in or place, set())
    }
    return bare | silent


def test_every_door_is_listed_and_asks():
    assert lacking(found_sinks(), asked(), OUTWARD) == set(), (
        "Something can leave here. Call advocacy.access.disclosures.disclose first, and list the door in OUTWARD."
    )


def test_nothing_is_listed_that_is_no_door():
    assert set(OUTWARD) - set(found_sinks()) - set(asked()) == set()


def test_every_function_that_asks_is_a_listed_door_and_every_door_is_used():
    through = {way.asked_in or place for place, way in OUTWARD.items() if isinstance(way, Through)}
    assert set(asked()) == through
    assert {door for doors in asked().values() for door in doors} == {door.name for door in Door}


@pytest.mark.parametrize(
    "written",
    [
        "def door(request):\n    return file_response(request, blob)",
        "def door(request):\n    return HttpResponse(data, content_type='application/pdf')",
        "def door(request):\n    return HttpResponse(data, 'application/pdf')",
        "def door(request):\n    return HttpResponse(content=data, content_type='application/pdf')",
        "def door(request):\n    return JsonResponse(rows)",
        "def door(path, rows):\n    path.write_text(str(rows))",
        "def door(request):\n    return render(request, 'rows.csv', rows, content_type='text/csv')",
        "def door(notice):\n    deliver(notice)",
        "class Door:\n    def get(self, request):\n        return StreamingHttpResponse(pieces)",
    ],
)
def test_a_door_that_does_not_ask_is_found(written: str):
    name, node = next(iter(functions(ast.parse(written))))
    sinks = {f"cases.views.new:{name}": sinks_in(node)}
    assert lacking(sinks, {}, {}) == {f"cases.views.new:{name}"}
    listed: dict[str, Through | str] = {f"cases.views.new:{name}": Through(Door.DOWNLOAD)}
    assert lacking(sinks, {}, listed) == {f"cases.views.new:{name}"}
    assert lacking(sinks, {f"cases.views.new:{name}": {"DOWNLOAD"}}, listed) == set()


def test_every_page_of_the_portal_and_every_address_of_the_api_passes_its_door():
    """Their doors are asked by what wraps every page: the decorator of the portal, the dispatch of the API."""
    bare = {
        route.name
        for route in routes()
        if route.name.startswith(("portal:", "api:"))
        and not (route.is_portal_page or route.is_portal_door or route.is_api)
    }
    assert bare == {
        "api:openapi",  # the description of the API: nothing of anybody
        "api:token",  # a machine gets a token there, and nothing else
    }
