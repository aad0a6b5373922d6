"""Every number on a desk page opens its list, and the list is as long as the number says: under every role.

A link that carries `data-count` (figures), `data-all` (Today) or stands in the board is followed, and the rows behind it
are counted. When this fails for a page: the number and the list are not the same query.
"""

from __future__ import annotations

import html
import re

import pytest
from django.urls import reverse
from django.utils import timezone

from advocacy.tenancy.scope import scoped_to
from appeals.models import Decision
from cases.commands.access import restrict_case
from tests.appeals.visiting import own_statements
from tests.cast import make_member
from tests.guards.test_routes import visitor

FIGURES = "/admin/figures/"
EVERYBODY = ("ines", "nora", "nils", "clara", "sam", "olga", "anna", "petra", "nadia", "fay")


@pytest.fixture
def people(world):
    """The cast, a navigator who is an analyst too, and a funder."""
    harbor = world.cast.harbor
    with scoped_to(harbor.pk, actor="system:test", actor_label="test"):
        users = {
            "nadia": make_member(harbor, "nadia", "Nadia Both", ["navigator", "analyst"])[0],
            "fay": make_member(harbor, "fay", "Fay Funder", ["funder"])[0],
        }
    return world.cast.users | users


def numbers_on(text: str) -> set[tuple[str, int]]:
    """(address, number) of every number that opens a list."""
    found = re.findall(r'<a href="([^"]+)" data-count="(\d+)"', text)
    found += [
        (url, number)
        for url, words in re.findall(r'<a href="([^"]+)" data-all="[^"]*">(.*?)<span', text, re.DOTALL)
        for number in re.findall(r"\d+", words)
    ]
    found += re.findall(r'<a href="(/admin/queue/[^"]*)"[^>]*>(\d+)\b', text)
    return {(html.unescape(url), int(number)) for url, number in found}


def length_of(client, url: str) -> int:
    answer = client.get(url)
    assert answer.status_code == 200, (url, answer.status_code)
    text = answer.content.decode()
    assert 'rel="next"' not in text, "a list of the test fits one page"
    rows = len(re.findall(r"<tr data-row", text))
    totals = re.findall(r'data-total="(\d+)"', text)
    assert totals in ([], [str(rows)])
    return rows


def compare(client, page: str) -> tuple[int, dict[str, tuple[int, int]]]:
    """How many numbers a page has, and those that differ from the length of their list."""
    answer = client.get(page)
    if answer.status_code == 403:
        return -1, {}
    found = numbers_on(answer.content.decode())
    lengths = {url: length_of(client, url) for url in {url for url, _number in found}}
    return len(found), {url: (n, lengths[url]) for url, n in found if n != lengths[url]}


def test_each_number_is_the_length_of_its_list(world, people):
    case = world.rows["case_id"]
    restrict_case(actor=world.cast.sam, case=case, reason="A relative works here.", at=timezone.now())
    counted: dict[str, dict[str, int]] = {}
    for who in EVERYBODY:
        client = visitor(people[who])
        for page in ("/admin/today/?whose=all", "/admin/board/", FIGURES, f"{FIGURES}?kind=publish"):
            n, wrong = compare(client, page)
            assert wrong == {}, (who, page)
            counted.setdefault(page, {})[who] = n
    figures = counted[FIGURES]
    assert {who for who, n in figures.items() if n > 0} == {"sam", "nadia"}
    assert {who for who, n in figures.items() if n == 0} == {"olga", "anna", "fay"}, "to publish: no lists"
    assert set(counted[f"{FIGURES}?kind=publish"].values()) == {0, -1}
    assert all(n > 0 for who, n in counted["/admin/today/?whose=all"].items() if n != -1 and who == "sam")


def test_a_restricted_case_is_in_no_count_and_no_list_of_somebody_not_named(world, people):
    """Nora owns the case, Nadia is not named on it."""
    case = world.rows["case_id"]
    with scoped_to(world.cast.harbor.pk):
        assert Decision.objects.filter(case=case).exists()
    nadia = visitor(people["nadia"])
    before = nadia.get(FIGURES).content.decode()
    url = next(u for u, _n in numbers_on(before) if "figure=overturned_by_stage" in u and "part=of" in u)
    open_list = length_of(nadia, url)
    restrict_case(actor=world.cast.sam, case=case, reason="A relative works here.", at=timezone.now())
    assert length_of(nadia, url) == open_list - 1
    assert case.reference not in nadia.get(url).content.decode()
    assert numbers_on(nadia.get(FIGURES).content.decode()) != numbers_on(before)


def test_filters_are_codes_and_an_unknown_one_says_so(world, people):
    sam = visitor(people["sam"])
    for query, said in (
        ("colour=red", "There is no filter colour."),
        ("period=yesterday", "yesterday is no year, quarter or month."),
        ("payer=nobody", "No figure that can be told here has this payer: nobody"),
        ("kind=secret", "There are no figures secret."),
        ("kind=publish&period=2026&stage=x", "Figures to publish take one filter at a time."),
    ):
        answer = sam.get(f"{FIGURES}?{query}")
        assert (answer.status_code, said in answer.content.decode()) == (422, True), query
    payer = str(world.rows["coverage_id"].payer.public_id)
    text = sam.get(FIGURES, {"payer": payer}).content.decode()
    assert numbers_on(text) and all(f"payer={payer}" in url for url, _n in numbers_on(text))
    listing = reverse("reporting:figures_list")
    assert sam.get(listing, {"figure": "luck"}).status_code == 404
    assert sam.get(listing, {"part": "luck"}).status_code == 404
    assert sam.get(listing, {"colour": "red"}).status_code == 422


def test_who_opens_which(people):
    codes = {
        who: [
            visitor(people[who]).get(url).status_code
            for url in (FIGURES, f"{FIGURES}?kind=work", f"{FIGURES}?kind=publish", f"{FIGURES}list/")
        ]
        for who in EVERYBODY
    }
    both, publish, none = [200, 200, 200, 200], [200, 403, 200, 403], [403, 403, 403, 403]
    assert codes == {
        **dict.fromkeys(("ines", "nora", "nils", "clara", "petra"), none),
        **dict.fromkeys(("sam", "nadia"), both),
        **dict.fromkeys(("olga", "anna", "fay"), publish),
    }


@pytest.mark.parametrize("kind", ["work", "publish"])
def test_the_page_costs_at_most_twelve_statements(people, kind):
    assert len(own_statements(visitor(people["sam"]), f"{FIGURES}?kind={kind}")) <= 12
