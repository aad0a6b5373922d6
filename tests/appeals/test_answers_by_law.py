"""Which answers lead to which kind of coverage, written down from the law beside the data, for every set of answers."""

from __future__ import annotations

from itertools import product

from appeals.regimes import book
from appeals.regimes.classifier import Answer, classify

PROGRAMS = {
    "medicare_original": "original_medicare",
    "medicare_part_d": "medicare_part_d",
    "chip": "chip",
    "tricare": "tricare",
    "va_champva": "va_champva",
    "fehb_pshb": "fehb",
    "workers_comp": "workers_comp",
}


def kind_of(said: dict[str, str]) -> str | None:
    """The kind of coverage by the law's own tests; None where no kind has these answers."""
    if said["program"] in PROGRAMS:
        return PROGRAMS[said["program"]]
    if said["program"] == "medicaid":
        return "medicaid_managed_care" if said["medicaid_delivery"] == "plan" else "medicaid_ffs"
    if said["program"] == "medicare_advantage":
        return "medicare_part_d" if said["benefit"] == "pharmacy" else "medicare_advantage"
    # 29 U.S.C. 1002(1), 1003(b): private employers and unions are inside ERISA, churches and public bodies outside.
    inside = said["sponsor"] in ("private_employer", "union_trust")
    if said["plan_kind"] == "short_term_or_sharing":
        return "short_term_non_aca"
    if said["plan_kind"] == "grandfathered":
        return "grandfathered" if inside else "grandfathered_outside_erisa"
    if said["funding"] == "insured":
        return "individual_aca" if said["sponsor"] == "individual" else "fully_insured_group"
    if inside:
        return "erisa_self_funded"
    return {"church": "church_self_funded", "public_employer": "nonfederal_governmental_self_funded"}.get(
        said["sponsor"]
    )


def test_every_set_of_answers_leads_to_the_kind_that_the_law_says() -> None:
    asked = ("program", "sponsor", "funding", "plan_kind", "medicaid_delivery", "benefit")
    known = {q.key: [value for value in q.choices if value != "unknown"] for q in book().questions}
    sets = [dict(zip(asked, values, strict=True)) for values in product(*(known[name] for name in asked))]
    assert len(sets) == 10 * 5 * 2 * 3 * 2 * 3
    wrong = []
    for said in sets:
        expected = kind_of(said)
        found = classify([Answer(question, value, "card") for question, value in said.items()])
        if expected is None:
            assert found.contradictions, said
        elif (found.candidates, found.contradictions) != ((expected,), ()):
            wrong.append((said, found.candidates))
    assert wrong == []


def test_a_letter_that_names_a_states_regulator_says_so_in_the_reasons() -> None:
    """Only the answer about the regulator is that reason; the same word is no answer to another question."""
    sentence = "The letter names a state insurance department, which speaks for an insured policy."
    of = {
        value: classify([Answer("regulator", value, "letter")]).why
        for value in ("state_insurance", "managed_care", "federal_labor")
    }
    assert [sentence in why for why in of.values()] == [True, False, False]
    assert any("California's managed care department" in line for line in of["managed_care"])


def test_a_rare_kind_of_plan_is_possible_only_where_it_was_asked_about() -> None:
    """Grandfathered, short-term and sharing plans owe no external review: none is assumed, and none left out unasked."""
    rare = {"grandfathered", "grandfathered_outside_erisa", "short_term_non_aca"}
    sponsors = ("private_employer", "union_trust", "church", "public_employer", "individual")
    for sponsor, funding in product(sponsors, ("insured", "self_funded")):
        said = {"program": "commercial", "sponsor": sponsor, "funding": funding}
        unasked = classify([Answer(q, v, "card") for q, v in said.items()])
        asked = classify([Answer(q, v, "card") for q, v in {**said, "plan_kind": "unknown"}.items()])
        kept = "grandfathered" if sponsor in sponsors[:2] else "grandfathered_outside_erisa"
        if kind_of({**said, "plan_kind": "ordinary"}) is not None:
            assert not rare & set(unasked.candidates), said
        assert rare & set(asked.candidates) == {kept, "short_term_non_aca"}, said
