"""What the pages of a level cost however many exhibits go along, and which of their links are shown to whom."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone

from appeals.commands.levels import save_draft
from appeals.models import Exhibit
from cases.models import DocumentVersion
from tests.appeals.climbing import moment
from tests.appeals.test_commands_levels import paper
from tests.appeals.test_views_levels import level, nora, ready  # noqa: F401  fixtures of the level's pages
from tests.appeals.visiting import address, days_ago, letter_in, own_statements, words

pytest_plugins = ("tests.appeals.climbing",)

MORE_LETTERS = ("ma_denial", "medicaid_reduction")


def test_the_filing_page_costs_the_same_with_one_exhibit_and_three(climb, nora, ready):  # noqa: F811
    """Building the exact pages opens every exhibit; the rows behind them are asked for together."""
    url, preview = (address(name, climb.case, ready) for name in ("level_file", "level_preview"))
    one = [len(own_statements(nora, url)), len(own_statements(nora, preview))]
    versions = [v.public_id for v in DocumentVersion.objects.filter(document__kind="denial_letter")]
    versions += [letter_in(climb.cast, name, read=False).versions.get().public_id for name in MORE_LETTERS]
    chosen: dict[str, object] = {}
    for place, version in enumerate(versions, start=1):
        chosen |= {f"with_{version}": "on", f"place_{version}": place, f"title_{version}": f"Paper {place}"}
    nora.post(address("level_exhibits", climb.case, ready), chosen)
    assert Exhibit.objects.filter(appeal=ready).count() == 3
    three = [len(own_statements(nora, url)), len(own_statements(nora, preview))]
    assert (three, max(three) <= 12) == (one, True)


def test_a_later_level_shows_what_was_decided_below_and_what_its_letter_took_over(climb, nora, level):  # noqa: F811
    level()
    answer = "# Reason: not necessary\n\nThe notes give doses.\n\n# What we ask\n\n- Reverse it."
    save_draft(actor=climb.who, appeal=climb.level(1), text=answer, at=moment(days_ago(8), 9))
    climb.file(1, days_ago(8))
    decision = paper(climb, "We uphold it.")
    climb.decide(1, days_ago(4), days_ago(3), letter=decision.document)
    below = nora.get(address("level", climb.case, climb.level(1)))
    link = reverse("cases:document", args=[climb.case.public_id, decision.document.public_id])
    assert f'href="{link}"' in below.content.decode()
    second = climb.level(2)
    page = nora.get(address("level_draft", climb.case, second))
    assert page.context["carried"] == 1
    assert "1 answer is carried over, word for word, from the letter of" in words(page)
    text = page.context["form"]["text"].value().replace("The notes give doses.", "The record shows more.")
    save_draft(actor=climb.who, appeal=second, text=text, at=timezone.now())
    assert nora.get(address("level_draft", climb.case, second)).context["carried"] == 0


def test_what_is_missing_leads_only_where_one_may_go(climb, level, sign_in):  # noqa: F811
    appeal = level()
    links = {}
    for who in ("nora", "ines", "petra"):
        missing = sign_in(who).get(address("level", climb.case, appeal)).context["missing"]
        links[who] = {m["code"]: bool(m["url"]) for m in missing}
    assert set(links["nora"].values()) == {True}
    assert links["ines"]["letter_missing"] is False and links["petra"]["letter_missing"] is False
