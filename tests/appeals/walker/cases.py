"""Random rows for every law: facts in an order that can be, now and then one that cannot, on days that bite."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from tests.appeals.walker import law_states
from tests.appeals.walker.law import law_of
from tests.appeals.walker.walk import Count, Law

ZONES = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Phoenix",
    "America/Los_Angeles",
    "Pacific/Honolulu",
)
FROM, TO = date(2021, 1, 1), date(2032, 12, 31)
EDGES = tuple(
    date.fromisoformat(day)
    for day in (
        # leap days and what has no such day, year ends, the rules of 2025 and 2026, changes of the clocks
        "2023-10-31", "2024-02-28", "2024-02-29", "2027-10-29", "2027-10-31", "2028-02-29", "2025-08-29", "2026-08-31",
        "2024-12-31", "2025-01-01", "2025-12-31", "2026-01-01", "2026-12-31", "2026-03-06", "2026-03-07", "2026-10-30",
        "2026-10-31", "2026-11-01", "2027-03-13",
        # four months before the acts of July 2026, and days before holidays and the days on which they are kept
        "2026-02-28", "2026-03-01", "2026-03-31", "2026-04-03", "2026-04-04", "2026-03-03", "2026-02-19", "2026-10-15",
        "2026-06-30", "2026-07-01", "2026-11-25", "2027-12-23", "2027-12-30", "2021-12-30", "2022-06-16", "2022-12-22",
        # the end of the outbreak period
        "2022-07-10", "2023-01-10", "2023-03-10", "2023-07-09", "2023-07-10", "2023-07-11",
    )
)  # fmt: skip
DAYS = st.one_of(st.sampled_from(EDGES), st.dates(FROM, TO))
TIMES = st.one_of(
    st.sampled_from(("00:00", "00:30", "01:30", "02:30", "23:59")), st.times().map(lambda t: f"{t:%H:%M}")
)
GAPS = st.integers(0, 12)
HOURLY = {
    "information_received",
    "claimant_period_end",
    "information_requested",
    "supporting_statement",
    "plan_affirmed",
    "reversal_received",
}

MOST_AFTER = {"supporting_statement": 20}
"""How many days after the request something comes at the most: the statement about as often before the fourteenth as after, and
now and then before the request."""


@st.composite
def rows(draw: Any, regime: str, stage: str, code: str | None) -> dict[str, Any]:
    """A row of the stage with facts that its law takes; some are left out."""
    inputs: dict[str, Any] = {}
    if code is not None:
        inputs["state"] = code
    if code in law_states.FEDERAL and draw(st.booleans()):
        inputs["process"] = draw(st.sampled_from(("hhs_administered", "private_iro")))
    law = law_of(regime, stage, inputs)
    base = draw(DAYS)
    if draw(st.integers(0, 9)):
        inputs["tz"] = draw(st.sampled_from(ZONES))
    for name in law.facts:
        _fact(draw, name, base, inputs, law)
    if law.before is not None and "rating_period_start" in law.facts and draw(st.booleans()):
        inputs["rating_period_start"] = draw(st.sampled_from(("2025-07-01", "2026-01-01", "2026-07-01")))
    if draw(st.integers(0, 3)) == 0 or law.extension:
        _extension(draw, base, inputs, law)
    if law.only and draw(st.integers(0, 3)):
        inputs[law.only[0]] = law.only[1] if draw(st.integers(0, 5)) else not law.only[1]
    if law.ahead and draw(st.booleans()):
        inputs["timing"] = draw(st.sampled_from(("pre_service", "concurrent", "pre_service", "post_service")))
    if law.levels and draw(st.booleans()):
        inputs["levels"] = law.levels
    return {"id": "random", "regime": regime, "stage": stage, "inputs": inputs}


def _later(draw: Any, base: date, most: int = 12) -> date:
    return base + timedelta(days=draw(st.integers(0, most)))


def _maybe_instant(draw: Any, day: date, inputs: dict[str, Any], *, hourly: bool = False) -> str:
    """A day, or a moment on it; for a law that counts hours mostly a moment."""
    if "tz" in inputs and draw(st.integers(0, 7) if hourly else st.booleans()):
        return f"{day}T{draw(TIMES)}"
    if draw(st.integers(0, 5)) == 0:
        return datetime.fromisoformat(f"{day}T{draw(TIMES)}-05:00").isoformat()
    return day.isoformat()


def _fact(draw: Any, name: str, base: date, inputs: dict[str, Any], law: Law) -> None:
    if name in ("receipt", "determination"):
        _notice(draw, base, inputs)
    elif name == "sent":
        out = _later(draw, base, 3)
        inputs["sent"] = _maybe_instant(draw, out, inputs)
        if draw(st.booleans()):
            inputs["notice_date"] = (out - timedelta(days=draw(st.integers(0, 3)))).isoformat()
    elif name == "notice_date":
        if draw(st.integers(0, 2)) or len(law.facts) == 1:
            inputs["notice_date"] = base.isoformat()
    elif name in ("received", *HOURLY, "incomplete_notice"):
        if len(law.facts) == 1 or draw(st.integers(0, 3)):
            later = base if name == "received" else _later(draw, base, MOST_AFTER.get(name, 40))
            later -= timedelta(days=3) if name == "supporting_statement" else timedelta()
            inputs[name] = _maybe_instant(draw, later, inputs, hourly=_hourly(law))
    elif name == "plan_window_days":
        if draw(st.booleans()):
            inputs[name] = draw(st.integers(1, 400))
    elif name == "window_days":
        if draw(st.booleans()):
            inputs[name] = draw(st.integers(85, 125) if regime_window(law) else st.integers(1, 95))
    elif name == "stated":
        if draw(st.integers(0, 9)):
            inputs["stated_deadline"] = _later(draw, base, 200).isoformat()
    elif name == "urgent":
        if draw(st.booleans()):
            inputs[name] = True
    elif name == "process":
        if draw(st.booleans()):
            inputs[name] = "hhs_administered"
    elif name == "rating_period_start":
        pass
    elif draw(st.integers(0, 9)) or len(law.facts) == 1:
        most = {"sfh_requested": 130, "plan_decision": 60, "mco_resolution_notice": 40}.get(name, 0)
        if name != "plan_decision" or draw(st.booleans()):
            inputs[name] = _later(draw, base, most).isoformat()


def _hourly(law: Law) -> bool:
    return bool(getattr(law.walk, "hours", 0)) or not isinstance(law.walk, Count)


def regime_window(law: Law) -> bool:
    return "431.221" not in law.cite


def _notice(draw: Any, base: date, inputs: dict[str, Any]) -> None:
    """The date on the notice, when it was sent and when it came, each known or not; now and then out of order."""
    if known := draw(st.integers(0, 2)):
        inputs["notice_date"] = base.isoformat()
    if draw(st.integers(0, 4)) == 0:
        inputs["sent"] = _later(draw, base, 2).isoformat()
    if not known or draw(st.booleans()):
        came = _later(draw, base) - timedelta(days=2 * (draw(st.integers(0, 40)) == 0))
        if "tz" in inputs and draw(st.booleans()):
            inputs["receipt_instant"] = f"{came}T{draw(TIMES)}"
            if draw(st.booleans()):
                inputs["receipt_tz"] = draw(st.sampled_from(ZONES))
        else:
            inputs["receipt_date"] = came.isoformat()
        if draw(st.integers(0, 2)) == 0:
            inputs["receipt_evidence"] = draw(st.sampled_from(("none", "postmark")))


def _extension(draw: Any, base: date, inputs: dict[str, Any], law: Law) -> None:
    """A notice of extension near the edge of the time it has to keep, information asked for and supplied."""
    told = draw(st.integers(0, 4))
    span = getattr(law.walk, "days", 0) or 3
    if told == 1:
        inputs["extension_noticed"] = True
    elif told > 1:
        near = draw(st.one_of(st.integers(max(span - 1, 0), span + 1), st.integers(0, span + 3)))
        inputs["extension_notice_date"] = (base + timedelta(days=near)).isoformat()
        if draw(st.integers(0, 3)) == 0:
            inputs["extension_days"] = draw(st.integers(1, 20))
        if law.stops and draw(st.booleans()):
            waited = base + timedelta(days=near + draw(st.integers(0, 60)))
            name = draw(st.sampled_from(("information_received", "claimant_period_end")))
            inputs[name] = waited.isoformat()
    if law.stops and "extension_notice_date" not in inputs and draw(st.integers(0, 3)) == 0:
        asked = draw(st.integers(0, span + 2))
        inputs["information_requested"] = (base + timedelta(days=asked)).isoformat()
        if draw(st.booleans()):
            supplied = base + timedelta(days=asked + draw(st.integers(0, 50)))
            inputs["information_received"] = supplied.isoformat()
