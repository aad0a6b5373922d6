"""Which regime governs: a pure function of the intake answers, each kept with its source.

A contradiction between sources, or an answer nobody knows, leaves every regime that fits as a candidate;
the clocks then take the patient's earlier date and the payer's later one. No regime is ever chosen for
convenience.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from appeals.regimes import book
from appeals.regimes.shapes import Question, Regime, State, Way

UNKNOWN = "unknown"
STATE = "state_of_issue"
SOURCES = {
    "card": "the member card",
    "letter": "the denial letter",
    "plan_document": "the plan document",
    "employer": "the employer",
    "payer_call": "a call to the payer",
    "patient": "the patient",
    "provider": "the provider",
    "other": "another source",
}


MOST_KEPT = 4096


@dataclass(frozen=True)
class Answer:
    """One answer to one intake question, from one source (a key of SOURCES). Several answers to a question
    may stand."""

    question: str
    value: str
    source: str


@dataclass(frozen=True)
class OpenTask:
    """Work the classification asks for: a stable code and what to do."""

    code: str
    text: str


@dataclass(frozen=True)
class Classification:
    """`regime` is None while more than one is possible. `complete` says whether the product computes all of
    its dates."""

    regime: str | None
    candidates: tuple[str, ...]
    complete: bool
    why: tuple[str, ...]
    contradictions: tuple[str, ...]
    tasks: tuple[OpenTask, ...]
    state: str | None


def questions() -> tuple[Question, ...]:
    """The intake questions in the order in which they are asked."""
    return book().questions


def classify(answers: Sequence[Answer]) -> Classification:
    """The regime that fits the answers, or every candidate. Raises ValueError for a question, value or
    source not on the list. Many cases say the same: the latest conclusions are kept."""
    kept: dict[tuple[Answer, ...], Classification] = book().memo.setdefault("classified", {})
    said = tuple(answers)
    found = kept.get(said)
    if found is None:
        if len(kept) >= MOST_KEPT:
            kept.clear()
        found = kept[said] = _classified(said)
    return found


def _classified(answers: Sequence[Answer]) -> Classification:
    known = {q.key: q for q in book().questions}
    for answer in answers:
        _check(answer, known)
    claims = _claims(answers)
    asked = {a.question for a in answers}
    contradictions = [_contradiction(known[q], said) for q, said in claims.items() if len(set(said)) > 1]
    regimes = [r for r in book().regimes.values() if not r.combines]
    possible = [r for r in regimes if any(_fits(w, claims, asked) for w in r.fits)]
    if not possible:
        contradictions.append(
            "No kind of coverage fits all of these answers: at least one of them must be wrong."
        )
        most = max(_agreement(r, claims) for r in regimes)
        possible = [r for r in regimes if _agreement(r, claims) == most]
    states = list(claims.get(STATE, {}))
    state = book().states[states[0]] if len(states) == 1 else None
    needs_state = any(r.uses_state_layer for r in possible)
    complete = all(r.complete for r in possible) and (
        not needs_state or (state is not None and state.complete)
    )
    why = [_because(known[q], said) for q, said in claims.items()]
    why += [
        i["sentence"]
        for i in book().implications
        if i["value"] in {a.value for a in answers if a.question == i["question"]}
    ]
    why.append(_conclusion(possible))
    why += [r.not_complete_because for r in possible if len(possible) == 1 and not r.complete]
    return Classification(
        regime=possible[0].key if len(possible) == 1 else None,
        candidates=tuple(r.key for r in possible),
        complete=complete,
        why=tuple(why),
        contradictions=tuple(contradictions),
        tasks=tuple(_tasks(possible, claims, contradictions, state if needs_state else None, needs_state)),
        state=state.code if state else None,
    )


def _check(answer: Answer, known: Mapping[str, Question]) -> None:
    if answer.question not in known:
        raise ValueError(f"{answer.question!r} is not an intake question.")
    choices = known[answer.question].choices or {**dict.fromkeys(book().states, ""), UNKNOWN: ""}
    if answer.value not in choices:
        raise ValueError(f"{answer.value!r} is no answer to {answer.question!r}.")
    if answer.source not in SOURCES:
        raise ValueError(f"{answer.source!r} is not a source.")


def _claims(answers: Sequence[Answer]) -> dict[str, dict[str, list[str]]]:
    """question -> value -> sources. "unknown" claims nothing; some answers also speak about another
    question."""
    found: dict[str, dict[str, list[str]]] = {}
    for answer in answers:
        if answer.value != UNKNOWN:
            found.setdefault(answer.question, {}).setdefault(answer.value, []).append(answer.source)
        for rule in book().implications:
            if (rule["question"], rule["value"]) == (answer.question, answer.value):
                found.setdefault(rule["implies"], {}).setdefault(rule["as_value"], []).append(answer.source)
    return found


def disputed(answers: Sequence[Answer]) -> tuple[Answer, ...]:
    """The answers that take part in a contradiction: any of them may be the wrong one."""
    claims = _claims(answers)
    torn = {question for question, said in claims.items() if len(said) > 1}
    known = [a for a in answers if a.value != UNKNOWN]
    asked = {a.question for a in answers}
    if not any(_fits(w, claims, asked) for r in book().regimes.values() if not r.combines for w in r.fits):
        return tuple(known)
    return tuple(a for a in known if torn & {a.question, *_implied_by(a)})


def _implied_by(answer: Answer) -> set[str]:
    """The other questions that an answer speaks about."""
    wanted = (answer.question, answer.value)
    return {rule["implies"] for rule in book().implications if (rule["question"], rule["value"]) == wanted}


def _fits(way: Way, claims: Mapping[str, Mapping[str, list[str]]], asked: set[str]) -> bool:
    for question, allowed in way.answers.items():
        said = claims.get(question)
        if said and not set(said) & set(allowed):
            return False
        if not said and question in way.ask_first and question not in asked:
            return False
    return True


def _agreement(regime: Regime, claims: Mapping[str, Mapping[str, list[str]]]) -> int:
    return max(
        (sum(bool(set(claims.get(q, ())) & set(a)) for q, a in w.answers.items()) for w in regime.fits),
        default=0,
    )


def _label(question: Question, value: str) -> str:
    return question.choices[value] if question.choices else book().states[value].name


def _sources(names: Sequence[str], *, verb: bool = False) -> str:
    """ "the denial letter, the plan document and the member card"; with `verb` followed by "say" or "says"."""
    told = list(dict.fromkeys(SOURCES[n] for n in names))
    listed = " and ".join(part for part in (", ".join(told[:-1]), told[-1]) if part)
    return f"{listed} {'say' if len(told) > 1 else 'says'}" if verb else listed


def _because(question: Question, said: Mapping[str, list[str]]) -> str:
    return f"{question.text} " + " ".join(
        f"{_label(question, v)} (according to {_sources(s)})." for v, s in said.items()
    )


def _contradiction(question: Question, said: Mapping[str, list[str]]) -> str:
    return (
        f"{question.text} The sources disagree: "
        + "; ".join(f"{_sources(s, verb=True)} \u201c{_label(question, v)}\u201d" for v, s in said.items())
        + "."
    )


def _conclusion(possible: Sequence[Regime]) -> str:
    if len(possible) == 1:
        return f"Only one kind of coverage fits: {possible[0].title}."
    return "More than one kind of coverage fits: " + "; ".join(r.title for r in possible) + "."


def _separates(question: str, possible: Sequence[Regime]) -> bool:
    """Whether an answer to the question could tell the candidates apart."""
    return len({frozenset(w.answers.get(question, ()) for w in r.fits) for r in possible}) > 1


def _tasks(
    possible: Sequence[Regime],
    claims: Mapping[str, Mapping[str, list[str]]],
    contradictions: Sequence[str],
    state: State | None,
    needs_state: bool,
) -> Iterator[OpenTask]:
    words = book().tasks
    if contradictions:
        yield OpenTask(
            "resolve_contradiction", f"{words['resolve_contradiction']} {' '.join(contradictions)}"
        )
    if len(possible) > 1:
        open_questions = [
            q for q in book().questions if q.settles and q.key not in claims and _separates(q.key, possible)
        ]
        if any(q.key == "program" for q in open_questions):
            yield OpenTask("ask_regime", words["ask_regime"])
        else:
            for question in open_questions:
                code = f"ask_{question.key}"
                yield OpenTask(code, words.get(code, f"{words['ask_missing_answer']} {question.text}"))
    if needs_state and state is None:
        yield OpenTask("ask_state_of_issue", words["ask_state_of_issue"])
    if state is not None and not state.complete:
        yield OpenTask("confirm_state_window", words["confirm_state_window"])
    if any(not r.complete for r in possible):
        yield OpenTask("work_to_letter", words["work_to_letter"])
