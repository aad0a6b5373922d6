"""A clock's words as they are told of a request or an appeal."""

from __future__ import annotations

from dataclasses import replace

from appeals.dues import Due
from appeals.facts import History
from appeals.models import Appeal
from appeals.models.authorization import Channel


def as_sent(due: Due, what: str, *, assumed: bool, channel: str, taken: str = "") -> Due:
    """The due in the words of what was sent; an arrival that nobody recorded is said to be taken, not known.

    The clock of an appeal is told by the rules in the words of a request. `taken` says when it is taken as received, where that
    is not when it was sent.
    """
    known = "When the request was received:"
    label = f"When the {what} was received:"
    if assumed and (taken or channel):
        when = taken or f"when it was sent ({Channel(channel).label.lower()})"
        label = f"No receipt is recorded; the {what} is taken as received {when}:"

    def said(lines: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(line.replace(known, label) for line in lines)

    paths = tuple(
        replace(
            p,
            arithmetic=said(p.arithmetic),
            longer="".join(said((p.longer,))),
            error=p.error.replace("the request was", f"the {what} was"),
        )
        for p in due.paths
    )
    error = due.error
    if error is not None:
        error = replace(error, message=error.message.replace("the request was", f"the {what} was"))
    return replace(due, arithmetic=said(due.arithmetic), paths=paths, error=error)


def sent_by(history: History, appeal: Appeal) -> str:
    """How the appeal was sent; "" where it was not."""
    filing = history.filings.get(appeal.pk)
    return filing.channel if filing else ""
