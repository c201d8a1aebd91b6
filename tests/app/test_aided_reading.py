"""The study of aided reading from its protocol to a PDF, counted again from the rows made up."""

import datetime
import itertools

import numpy as np
import pandas as pd
import pypdfium2
import pytest

from clinval.app.demo import demonstrate
from clinval.app.library import filled, recipe
from clinval.app.synthetic import make_up
from clinval.core.records import Results

ARMS = ("AIDED", "UNAIDED")
READERS = [f"R{number}" for number in range(1, 9)]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return the demonstration, and its results."""
    root = tmp_path_factory.mktemp("aided") / "study"
    demonstration = demonstrate(root, "cad-mrmc", wanted=[("hospital", "en")])
    return demonstration, Results.load(demonstration.folder.results_path)


@pytest.fixture(scope="module")
def reads(tmp_path_factory):
    """Return the reads as a site's reader would take them: what was typed, with the truth."""
    cooking = recipe("cad-mrmc")
    folder = filled(tmp_path_factory.mktemp("rows") / "study", "cad-mrmc", cooking["protocol"])
    sites = make_up(folder.protocol(), cooking).values()
    rows = pd.DataFrame([row for site in sites for row in site["F07"]])
    truth = {row["subject_id"]: row["reference_result"] for site in sites for row in site["F06"]}
    rows["truth"] = rows["subject_id"].map(truth)
    rows = rows[rows["truth"] != "indeterminate"].copy()
    rows["suspicion"] = [int(x) if isinstance(x, str) else x for x in rows["suspicion"]]
    rows["suspicion"] = rows["suspicion"].astype(float).where(lambda x: x <= 100)
    rows["positive"] = rows["call"].isin(["positive", "阳性"])
    days = rows["read_date"].str.extract(r"(\d{4})\D(\d+)\D(\d+)").astype(int)
    rows["day"] = [datetime.date(*row) for row in days.to_numpy().tolist()]
    return rows


def area(rows):
    """Return the area by looking at every pair of a positive and a negative case."""
    scored = rows[rows["suspicion"].notna()]
    high = scored.loc[scored["truth"] == "positive", "suspicion"]
    low = scored.loc[scored["truth"] == "negative", "suspicion"]
    won = [(a > b) + (a == b) / 2 for a, b in itertools.product(high, low)]
    return sum(won) / len(won)


def test_the_areas_of_readers(made, reads):
    results = made[1]
    mean = {}
    for arm in ARMS:
        of_arm = reads[reads["arm"] == arm]
        areas = [area(of_arm[of_arm["reader_id"] == reader]) for reader in READERS]
        for reader, value in zip(READERS, areas, strict=True):
            found = results[f"P1.FAS.reader={reader}+arm={arm}.estimate"].value
            assert found == pytest.approx(value, abs=1e-9)
        mean[arm] = np.mean(areas)
    estimate = results["P1.FAS.all.estimate"].value
    assert estimate == pytest.approx(mean["AIDED"] - mean["UNAIDED"], abs=1e-9)
    assert results["P1.FAS.all.ci_low"].value > 0
    assert results["P1.FAS.all.verdict"].value == "met"


def test_the_specificity_of_readers_is_not_worse(made, reads):
    healthy = reads[reads["truth"] == "negative"]
    shares = 1 - healthy.groupby(["arm", "reader_id"])["positive"].mean()
    difference = (shares["AIDED"] - shares["UNAIDED"]).mean()
    results = made[1]
    assert results["P2.FAS.all.estimate"].value == pytest.approx(difference, abs=1e-9)
    assert results["P2.FAS.all.ci_low"].value > -0.03
    assert results["P2.FAS.all.verdict"].value == "met"


def test_cases_reads_and_the_design(made, reads):
    results = made[1]
    cases = reads.drop_duplicates("subject_id")["truth"].value_counts()
    for name, expected in (
        ("diseased", cases["positive"]),
        ("nondiseased", cases["negative"]),
        ("readers", 8),
        ("reads", int(reads["suspicion"].notna().sum())),
        ("missing_reads", int(reads["suspicion"].isna().sum())),
        ("design_declared", "crossed_readers"),
        ("readers_on_truth_panel", "none"),
        ("below_half", "none"),
    ):
        assert results[f"P1.FAS.all.{name}"].value == expected, name


def test_the_reader_who_came_back_too_early(made, reads):
    scored = reads[reads["suspicion"].notna()]
    days = scored.pivot_table(
        index=["reader_id", "subject_id"], columns="arm", values="day", aggfunc="first"
    ).dropna()
    apart = (days["AIDED"] - days["UNAIDED"]).map(lambda gap: abs(gap.days))
    short = apart[apart < 28]
    assert set(short.index.get_level_values("reader_id")) == {"R4"}
    results = made[1]
    assert results["P1.FAS.all.washout_short"].value == len(short)
    assert results["P1.FAS.all.washout_shortest"].value == apart.min()
    problems = [defect.problem for taken in made[0].ingested for defect in taken.defects]
    asked = [dict(p.parameters) for p in problems if p.kind == "washout-cut-short"]
    assert {told["reader"] for told in asked} == {"R4"}
    assert sum(told["count"] for told in asked) >= len(short)  # indeterminate cases were read too


def test_every_mistake_of_the_sites_is_found(made):
    kinds = {defect.problem.kind for taken in made[0].ingested for defect in taken.defects}
    assert {
        "required-is-empty", "read-in-other-session", "unit-unexpected", "read-full-width",
        "value-out-of-range", "read-date-from-text", "read-label",
    } <= kinds  # fmt: skip
    assert all(taken.receipt.held == 0 for taken in made[0].ingested)


def test_the_other_versions_of_the_truth(made):
    results = made[1]
    changed = results["P1.FAS.truth=majority.changed"].value
    assert 0 < changed < results["P1.FAS.all.n"].value / 4
    assert results["P1.FAS.truth=majority.verdict"].value == "met"


def test_lists_and_the_dossier(made):
    demonstration, _ = made
    assert [path.stem for path in demonstration.lists] == READERS
    (dossier,) = demonstration.reports
    document = pypdfium2.PdfDocument(dossier)
    text = "\n".join(page.get_textpage().get_text_range() for page in document)
    assert "Area under the ROC curve of readers" in text
    assert "SYNTHETIC DATA" in text
