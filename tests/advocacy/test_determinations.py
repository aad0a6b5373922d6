"""Published determinations: read as published, kept once, told cell by cell as the file has them."""

from __future__ import annotations

import csv
import json
from collections import Counter
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from advocacy.access.policy import system_actor
from advocacy.audit.models import Event
from advocacy.errors import NotAllowed, Refused
from advocacy.reporting.determinations import BadRow, NotThisFile, rows_of
from advocacy.reporting.models import ReferenceDetermination
from advocacy.reporting.queries import table_of
from advocacy.tenancy.models import Organization
from advocacy.tenancy.scope import scoped_to

# Every 36th row of what California's Department of Managed Health Care published for 2001 to 2013.
EXCERPT = Path(__file__).parents[1] / "determinations" / "excerpt.csv"
HEADING = EXCERPT.read_text(encoding="utf-8").splitlines()[0]
GOOD = (
    "MN01-1;2001;Mental;Depression;Mental Health Treatment;Other;"
    "Overturned Decision of Health Plan;Medical Necessity;11_20;Female"
)
COLUMNS = {
    "year": "Report Year",
    "type": "Type",
    "diagnosis": "Diagnosis Category",
    "treatment": "Treatment Category",
    "age": "Age Range",
    "gender": "Patient Gender",
}


def published() -> list[dict[str, str]]:
    with EXCERPT.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def load(path: Path, slug: str = "harbor") -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("import_imr", str(path), organization=slug, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def report(*by: str, slug: str = "harbor", suppressed: bool = False) -> list[dict]:
    out = StringIO()
    flags = [] if suppressed else ["--unsuppressed"]
    call_command(
        "report", "overturn_rate", "--organization", slug, "--by", ",".join(by), "--json", *flags, stdout=out
    )
    return json.loads(out.getvalue())["rows"]


def written(tmp_path: Path, *lines: str, heading: str = HEADING) -> Path:
    path = tmp_path / "file.csv"
    path.write_text("\n".join([heading, *lines]) + "\n", encoding="utf-8")
    return path


def test_a_row_is_read_as_published(tmp_path):
    (row,) = rows_of(written(tmp_path, GOOD))
    assert (row.reference, row.year, row.age, row.is_overturned) == ("MN01-1", 2001, "11-20", True)
    assert (row.diagnosis, row.diagnosis_detail, row.gender) == ("Mental", "Depression", "Female")


def test_columns_are_found_by_name_with_commas_and_more_of_them(tmp_path):
    names = HEADING.split(";")
    row = dict(zip(names, GOOD.split(";"), strict=True))
    order = ["Findings", *reversed(names)]
    line = ",".join(f'"{row.get(name, "Long words, with a comma")}"' for name in order)
    (read,) = rows_of(written(tmp_path, line, heading=",".join(order)))
    assert (read.reference, read.treatment) == ("MN01-1", "Mental Health Treatment")


def test_every_bad_row_is_told_with_every_reason_and_the_good_ones_stay(cast, tmp_path):
    path = written(
        tmp_path,
        GOOD,
        GOOD.replace("MN01-1", ""),
        GOOD.replace("MN01-1", "MN01-2").replace("2001", "20O1").replace("Overturned", "Changed"),
        "MN01-3;2001",
        GOOD,
        GOOD.replace("MN01-1", "MN01-4"),
    )
    bad = [row for row in rows_of(path) if isinstance(row, BadRow)]
    assert [(row.line, len(row.reasons)) for row in bad] == [(3, 1), (4, 2), (5, 1)]
    out, err = load(path)
    assert out == "harbor: 6 rows: 2 new, 0 changed, 0 as before, 4 left out.\n"
    assert err.splitlines() == [
        "Line 3 (no reference): The Reference ID is blank.",
        "Line 4 (MN01-2): The Report Year is no year: '20O1'."
        " The Determination is neither upheld nor overturned: 'Changed Decision of Health Plan'.",
        "Line 5 (MN01-3): It has 2 columns and not 10.",
        "A later line (MN01-1): This Reference ID stood in the file before.",
    ]


def test_another_file_is_refused_before_anything(cast, tmp_path):
    with pytest.raises(NotThisFile, match="Report Year"):
        list(rows_of(written(tmp_path, "1,2", heading="a,b")))
    with pytest.raises(CommandError, match="is not the published file"):
        load(written(tmp_path, "1,2", heading="a,b"))
    with pytest.raises(CommandError, match="cannot be read"):
        load(tmp_path / "missing.csv")
    assert ReferenceDetermination.objects.count() == 0


def test_twice_adds_nothing_and_a_correction_replaces(cast, tmp_path):
    rows = len(published())
    assert load(EXCERPT)[0] == f"harbor: {rows} rows: {rows} new, 0 changed, 0 as before, 0 left out.\n"
    assert load(EXCERPT)[0] == f"harbor: {rows} rows: 0 new, 0 changed, {rows} as before, 0 left out.\n"
    text = EXCERPT.read_text(encoding="utf-8").replace("Upheld Decision", "Overturned Decision", 1)
    corrected = tmp_path / "corrected.csv"
    corrected.write_text(text, encoding="utf-8")
    assert load(corrected)[0] == f"harbor: {rows} rows: 0 new, 1 changed, {rows - 1} as before, 0 left out.\n"
    assert ReferenceDetermination.objects.count() == rows
    told = Event.objects.filter(verb="determinations_loaded").order_by("id").values_list("data", flat=True)
    assert [(one["new"], one["changed"]) for one in told] == [(rows, 0), (0, 1)]


def test_a_run_that_is_broken_off_goes_on(cast, monkeypatch):
    monkeypatch.setattr("advocacy.reporting.loading.PART", 100)
    seen = []

    def cut(self, done, total):
        seen.append(done)
        if done >= 200:
            raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr("advocacy.reporting.management.commands.import_imr.Command._progress", cut)
        with pytest.raises(KeyboardInterrupt):
            load(EXCERPT)
    assert (seen, ReferenceDetermination.objects.count()) == ([100, 200], 200)
    rows = len(published())
    assert (
        load(EXCERPT)[0] == f"harbor: {rows} rows: {rows - 200} new, 0 changed, 200 as before, 0 left out.\n"
    )


def test_an_organization_is_made_when_the_short_name_is_new(cast):
    load(EXCERPT, slug="imr")
    made = Organization.objects.get(slug="imr")
    assert (made.name, made.reference_prefix) == ("Imr", "IMR")
    assert sum(row["denominator"] for row in report("year", slug="imr")) == len(published())
    with scoped_to(cast.harbor.pk):
        assert ReferenceDetermination.objects.count() == 0
    with pytest.raises(CommandError, match="small letters"):
        load(EXCERPT, slug="No such!")


ONE = [(key,) for key in COLUMNS]


@pytest.mark.parametrize("by", [*ONE, ("year", "type"), ("diagnosis", "treatment")])
def test_unsuppressed_it_equals_the_file_cell_by_cell(cast, by):
    load(EXCERPT)
    of, overturned = Counter(), Counter()
    for row in published():
        key = tuple(row[COLUMNS[d]].replace("11_20", "11-20") for d in by)
        of[key] += 1
        overturned[key] += row["Determination"].startswith("Overturned")
    told = {tuple(str(row[d]) for d in by): (row["numerator"], row["denominator"]) for row in report(*by)}
    assert told == {key: (overturned[key], of[key]) for key in of}


@pytest.mark.parametrize("by", [("year",), ("treatment",), ("type", "gender")])
def test_masked_cells_tell_nothing_and_the_others_the_same(cast, by):
    load(EXCERPT)
    whole = {tuple(row[d] for d in by): (row["numerator"], row["denominator"]) for row in report(*by)}
    shown = {
        tuple(row[d] for d in by): (row["numerator"], row["denominator"])
        for row in report(*by, suppressed=True)
    }
    assert whole.keys() == shown.keys()
    masked = {key for key, value in shown.items() if value == (None, None)}
    assert 0 < len(masked) < len(shown)
    assert {key: whole[key] for key in shown if key not in masked} == {
        key: value for key, value in shown.items() if key not in masked
    }
    assert all(min(n, d - n) >= 11 for key, (n, d) in whole.items() if key not in masked)


def test_who_reads_no_figures_gets_none_and_nobody_gets_them_unmasked(cast):
    load(EXCERPT)
    assert len(table_of(cast.anna, "overturn_rate", ["year"]).cells) == 13
    with pytest.raises(NotAllowed):
        table_of(cast.nora, "overturn_rate", ["year"])
    with pytest.raises(Refused):
        table_of(cast.anna, "overturn_rate", ["year"], suppressed=False)
    everything = system_actor(cast.harbor.pk, "report")
    for indicator, by in (
        ("luck", ["year"]),
        ("overturn_rate", ["shoe"]),
        ("overturn_rate", ["year", "year"]),
    ):
        with pytest.raises(Refused):
            table_of(everything, indicator, by)
