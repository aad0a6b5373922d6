"""Every refused step says why, and what would allow it: the sentences of all Reasons and wrong states, by reading
the source.

A sentence instructs when it begins an order ("Record ...", "Choose ..."), says what has to be, or between which days it lies.
Where nothing would allow the step any more, that is what the sentence has to say: those stand in ENDED by hand, each with why.
A message that is put together is judged by the sentences of the function that does it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
APPS = ("appeals", "cases", "advocacy")
ORDERS = [
    "Accept",
    "Add",
    "Answer",
    "Ask",
    "Assign",
    "Attach",
    "Begin",
    "Bring",
    "Build",
    "Change",
    "Check",
    "Choose",
    "Clear",
    "Compare",
    "Complain",
    "Confirm",
    "Correct",
    "Date",
    "End",
    "Enter",
    "File",
    "Fill",
    "Finish",
    "Find",
    "First",
    "Give",
    "Go",
    "Have",
    "Hold",
    "Keep",
    "Leave",
    "Link",
    "Look",
    "Make",
    "Mark",
    "Name",
    "Note",
    "Open",
    "Pick",
    "Propose",
    "Put",
    "Quote",
    "Read",
    "Record",
    "Remove",
    "Reopen",
    "Say",
    "Save",
    "Send",
    "Set",
    "Settle",
    "Shorten",
    "Sign",
    "Start",
    "Take",
    "Tell",
    "Tick",
    "Type",
    "Upload",
    "Use",
    "Void",
    "Wait",
    "Withdraw",
    "Work",
    "Write",
]
INSTRUCTS = re.compile(
    rf"(?:^|[.:;!?}}] |, then |, or |, and |first: )(?:{'|'.join(ORDERS)}|{'|'.join(o.lower() for o in ORDERS)})\b"
    r"|, (?:say|enter|choose|write)\b|\b(?:has to|have to|needs?|must)\b|\b[Aa]t (?:most|least)\b|\bfrom 1 to\b"
    r"|\bgoes? (?:to|in)\b|\bmay (?:be|go)\b|\bcannot\b.*\b(?:before|earlier)\b"
)
NOT_STEPS = (
    "appeals/clock/",
    "appeals/regimes/",
    "appeals/queries/",
    "appeals/migrations/",
    "appeals/intake/",
    "appeals/plan_facts.py",
    "appeals/dues.py",
    "appeals/exhibits.py",
    # What a program asks for wrongly is answered by what there is; the same for figures, whose choices stand on their page.
    "advocacy/api.py",
    "cases/api/",
    "advocacy/reporting/",
)
"""What computes and shows: its Reasons say why there is no date, and no step is refused by them."""

# Where nothing would allow it: code or step -> why.
ENDED = {
    "WS:": "what went out stays as it is",
    "WS:answer_letter": "the state says it: answered, or sent",
    "WS:change": "a request that was sent stays as it was sent",
    "WS:close": "it is closed",
    "WS:confirm": "it is confirmed",
    "WS:decide": "somebody decided it, or it is not at that step",
    "WS:draft": "what went out stays as it is",
    "WS:record_event": "an ended level has no clock to move",
    "WS:record_exception": "an ended request has no clock to move",
    "WS:renew": "a renewal is under way",
    "WS:reopen": "it is open",
    "WS:retire": "it is retired",
    "WS:return": "it is in use",
    "WS:set_expedited": "the level has ended",
    "WS:ask_approval": "what went out stays as it is",
    "WS:take up": "it is not set aside",
    "WS:undo": "changed since by somebody else",
    "WS:void": "it is void",
    "WS:withdraw": "it no longer stands",
    "WS:answer_override": "it was answered",
    "WS:ask_override": "what it is about has ended",
    "WS:answer": "it was answered, or is not asked any more",
    "WS:end": "it is over",
    "WS:lift": "nothing is restricted, or the hold was lifted",
    "WS:open_sign_in": "it is open",
    "WS:restrict": "it is restricted",
    "WS:review": "somebody reviewed it",
    "WS:revoke": "it is revoked",
    "WS:sign_out": "they are signed out",
    "WS:take_back": "it was taken back",
    "WS:unlink": "it was taken back",
    "shown_already": "the patient sees it",
    "stands_already": "the patient allowed it already",
    "nothing_refused": "nothing was refused, so there is nothing to choose",
    "letter_gap": "names the open place, whose own words are the order",
    "letter_changed": "told to the patient, who is asked again",
    "decided_late": "stands beside a decision and refuses nothing",
    "decided_after_notice": "says after what it cannot lie: the notice, its sending or its arrival",
    "impossible_order": "the sentence is that of whoever asks",
}


@dataclass(frozen=True)
class Said:
    where: str
    code: str
    sentences: tuple[str, ...]


def text_of(node: ast.AST) -> str:
    """The literal text in an expression, with {} where a value stands."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(v) if isinstance(v, ast.Constant) else "{}" for v in node.values)
    if isinstance(node, ast.BinOp):
        return text_of(node.left) + text_of(node.right)
    if isinstance(node, ast.Call) and node.args and isinstance(node.func, ast.Name) and node.func.id == "_":
        return text_of(node.args[0])
    return ""


def refusals() -> Iterator[Said]:
    for path in sorted(p for app in APPS for p in (ROOT / app).rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if name.startswith(NOT_STEPS):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        holders = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args):
                continue
            if node.func.id not in ("Reason", "WrongState"):
                continue
            wrong = node.func.id == "WrongState"
            place = 2 if wrong else 1
            code = f"{'WS:' if wrong else ''}{text_of(node.args[0])}"
            given = node.args[place] if len(node.args) > place else None
            if isinstance(given, ast.Attribute):
                continue  # the sentence of another Reason, judged where it is said
            told = text_of(given) if given is not None else ""
            if given is not None and not told.strip(" {}.:"):
                told = " ".join(sentences_of(holders, node))
            yield Said(f"{name}:{node.lineno}", code, (told,) if told else ())


def sentences_of(holders: list[ast.FunctionDef], node: ast.AST) -> Iterator[str]:
    """The sentences in the innermost function around a node."""
    around = [f for f in holders if any(n is node for n in ast.walk(f))]
    told = ast.get_docstring(around[-1], clean=False) if around else None
    for inner in ast.walk(around[-1]) if around else ():
        if isinstance(inner, ast.Constant) and inner.value == told:
            continue
        if isinstance(inner, ast.Constant | ast.JoinedStr) and " " in (said := text_of(inner)):
            yield said


def test_every_refused_step_says_what_would_allow_it():
    found = [r for r in refusals() if r.sentences]
    assert len(found) > 400
    silent = [
        (r.where, r.code, r.sentences[0][:130])
        for r in found
        if r.code not in ENDED and not any(INSTRUCTS.search(s) for s in r.sentences)
    ]
    assert silent == []


def test_what_nothing_allows_is_still_there():
    assert set(ENDED) <= {r.code for r in refusals()}


def test_a_sentence_that_only_refuses_is_caught():
    refused = ("This is not possible.", "The day is wrong.", "No such level.")
    allowed = ("The letter is empty. Write it.", "A call needs a number.", "Enter 1 to 20 days.")
    assert [bool(INSTRUCTS.search(s)) for s in (*refused, *allowed)] == [False] * 3 + [True] * 3
