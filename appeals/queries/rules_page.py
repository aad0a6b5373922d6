"""Which rules apply to a case, and why, as its page shows it: answers by question, the result, and every possible path."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from appeals.models import Answer
from appeals.queries.lookup import agreed, answers_of, said_of
from appeals.regimes import book, ladder
from appeals.regimes.classifier import SOURCES, STATE, UNKNOWN, Classification, classify, disputed, questions
from appeals.regimes.classifier import Answer as Claim
from appeals.regimes.shapes import Level, Question, Regime
from appeals.state_laws import FUNDING, StateLaws, state_laws_for
from cases.models import Case

OF_A_STATE = frozenset({STATE, "regulator"})
"""Questions whose answers count where a state's rules do."""


@dataclass(frozen=True)
class Said:
    """One standing answer in words: what, who says so, where exactly. `recorded` is None for what the coverage implies."""

    value: str
    source: str
    recorded: Answer | None


@dataclass(frozen=True)
class QuestionShown:
    """A question with its answers; `disagree` when sources that know it differ, `asked` when a task waits for it, `bears` when
    its answer still decides something.
    """

    question: Question
    choices: tuple[tuple[str, str], ...]
    answers: tuple[Said, ...]
    disagree: bool
    asked: bool
    bears: bool


@dataclass(frozen=True)
class Disputed:
    """An answer that another contradicts; `query` opens its question's form with its source chosen."""

    question: str
    value: str
    source: str
    query: str


@dataclass(frozen=True)
class Path:
    """One set of rules that may govern: its levels to court, and the sources its dates are counted by."""

    regime: Regime
    levels: tuple[Level, ...]
    citations: tuple[str, ...]


@dataclass(frozen=True)
class RulesPage:
    result: Classification
    title: str
    questions: tuple[QuestionShown, ...]
    paths: tuple[Path, ...]
    disputed: tuple[Disputed, ...]
    state_laws: StateLaws


def choices_of(question: Question) -> tuple[tuple[str, str], ...]:
    """(code, words) of the answers a question takes; the state question takes the states by name."""
    if question.choices:
        return tuple(question.choices.items())
    states = sorted(book().states.values(), key=lambda s: s.name)
    return (*((s.code, s.name) for s in states), (UNKNOWN, "Not known"))


def question_by_key(key: str) -> Question | None:
    return next((q for q in questions() if q.key == key), None)


def _bears(question: Question, regime: Regime) -> bool:
    """Whether an answer still decides something under rules that are settled: one that only tells other kinds of coverage apart
    does not, nor does the state where no state's rules are used.
    """
    if question.settles:
        return any(question.key in way.answers for way in regime.fits)
    if question.key in OF_A_STATE:
        return regime.uses_state_layer
    return True


def _citations(regime: Regime, levels: tuple[Level, ...]) -> tuple[str, ...]:
    """What the regime's stages cite, each once, in the order of the stages."""
    rules = (stage.rule for stage in regime.stages.values() if stage.rule)
    cited = (regime.citations.get(r, book().rules[r][-1].citation) for r in rules)
    return tuple(dict.fromkeys(cited))


def _path(key: str, state: str | None, levels: int | None) -> Path:
    regime = book().regimes[key]
    rungs = ladder(key, state, levels) if not regime.combines else ()
    return Path(regime, rungs, _citations(regime, rungs))


def _disputed(said: tuple[Claim, ...]) -> tuple[Disputed, ...]:
    by_key = {q.key: q for q in questions()}
    return tuple(
        Disputed(
            by_key[a.question].text,
            dict(choices_of(by_key[a.question])).get(a.value, a.value),
            SOURCES[a.source],
            f"{urlencode({'question': a.question, 'source': a.source})}#q-{a.question}",
        )
        for a in disputed(said)
    )


def rules_page(case: Case) -> RulesPage:
    """One statement: the answers."""
    rows = answers_of(case)
    said = said_of(case, rows)
    result = classify(said)
    by_key = {(row.question, row.source): row for row in rows}
    waiting = {task.code for task in result.tasks}
    regime = book().regimes[result.regime] if result.regime else None
    shown = []
    for question in questions():
        words = dict(choices_of(question))
        mine = [s for s in said if s.question == question.key]
        known = {s.value for s in mine} - {UNKNOWN}
        asked = f"ask_{question.key}" in waiting or (question.key == "program" and "ask_regime" in waiting)
        shown.append(
            QuestionShown(
                question,
                choices_of(question),
                tuple(
                    Said(
                        words.get(s.value, s.value),
                        SOURCES[s.source],
                        by_key.get((s.question, s.source)),
                    )
                    for s in mine
                ),
                len(known) > 1,
                asked,
                bool(mine) or asked or regime is None or _bears(question, regime),
            )
        )
    plan_levels = agreed(said, "levels")
    paths = tuple(
        _path(key, result.state, int(plan_levels) if plan_levels else None) for key in result.candidates
    )
    title = paths[0].regime.title if result.regime else "More than one set of rules may apply"
    cards = state_laws_for(result, agreed(said, FUNDING))
    return RulesPage(result, title, tuple(shown), paths, _disputed(said), cards)
