"""abide17: three raters' judgement of 1,103 brain images from 17 sites, as 17 returned workbooks.

The known answers are those computed from the same files by others; see the sources of the shared
studies.
"""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from filling import fill

from clinval.app.analysis import analyze
from clinval.app.folder import StudyFolder
from clinval.app.ingest import Ingested, ingest
from clinval.app.reporting import report
from clinval.app.templates import write_templates
from clinval.core.records import Results

HERE = Path(__file__).parent
METRICS = ["snr_total", "cnr", "cjv", "efc"]


@pytest.fixture(scope="module")
def ratings(studies) -> pd.DataFrame:
    return pd.read_csv(studies / "abide17" / "y_abide.csv", dtype={"subject_id": str})


@pytest.fixture(scope="module")
def metrics(studies) -> pd.DataFrame:
    return pd.read_csv(studies / "abide17" / "x_abide.csv", dtype={"subject_id": str})


@pytest.fixture(scope="module")
def folder(tmp_path_factory, ratings) -> StudyFolder:
    root = tmp_path_factory.mktemp("abide17")
    shutil.copy(HERE / "abide17" / "protocol.yaml", root / "protocol.yaml")
    ratings[["site", "subject_id"]].to_csv(root / "subjects.csv", index=False)
    return StudyFolder(root)


@pytest.fixture(scope="module")
def received(folder, ratings, metrics) -> list[Ingested]:
    write_templates(folder)
    long = ratings.melt(
        ["subject_id", "site"], ["rater_1", "rater_2", "rater_3"], "reader_id", "rating"
    )
    long["reader_id"] = long["reader_id"].str.replace("rater_", "R")
    for site, here in ratings.groupby("site"):
        subjects = list(here["subject_id"])
        forms = {
            "F04": pd.DataFrame({"subject_id": subjects, "enrolled": "yes"}),
            "F05": metrics.loc[metrics["subject_id"].isin(subjects), ["subject_id", *METRICS]],
            "F07": long.loc[long["site"] == site, ["subject_id", "reader_id", "rating"]],
        }
        fill(
            folder.templates / f"{site}.xlsx",
            folder.inbox / f"{site}.xlsx",
            {
                form: rows.set_index([c for c in rows if c in ("subject_id", "reader_id")])
                for form, rows in forms.items()
            },
        )
    return ingest(folder)


@pytest.fixture(scope="module")
def results(folder, received) -> Results:
    return analyze(folder)


def test_every_workbook_is_taken_in_without_a_defect(received, ratings, metrics):
    assert len(received) == 17
    assert [i.receipt.file_name for i in received if i.receipt.status != "accepted"] == []
    assert [d.problem.line() for i in received for d in i.defects] == []
    rows = sum(i.receipt.rows for i in received)
    rated = int(ratings[["rater_1", "rater_2", "rater_3"]].notna().sum().sum())
    assert rows == len(ratings) + len(metrics) + rated


def test_a_second_ingest_changes_nothing(folder, received):
    before = folder.store_path.read_bytes()
    again = ingest(folder)
    assert {i.receipt.status for i in again} == {"unchanged"}
    assert folder.store_path.read_bytes() == before


@pytest.mark.parametrize(
    ("endpoint", "readers", "n", "kappa"),
    [
        ("P1", "R1+R2", 100, 0.386),
        ("P1", "R1+R3", 601, 0.168),
        ("P1", "R2+R3", 602, 0.290),
        ("S1", "R1+R2", 100, 0.474),
        ("S2", "R1+R2", 100, 0.563),
    ],
)
def test_kappas_by_pair_of_raters_are_the_known_ones(results, endpoint, readers, n, kappa):
    record = results[f"{endpoint}.ALL.readers={readers}.estimate"]
    assert record.n == n
    assert round(record.value, 3) == kappa


def test_zero_is_a_category_not_a_missing_value(results, ratings):
    both = ratings[["rater_2", "rater_3"]].dropna()
    for row in (-1, 0, 1):
        for column in (-1, 0, 1):
            wanted = int(((both["rater_2"] == row) & (both["rater_3"] == column)).sum())
            found = results[f"P1.ALL.readers=R2+R3.count.{row}.{column}"]
            assert found.value == wanted


@pytest.mark.parametrize(
    ("site", "accepted", "rated"),
    [("STANFORD", 0, 40), ("CMU", 27, 27), ("PITT", 53, 57), ("UM", 95, 145)],
)
def test_acceptance_by_site_is_shown_not_hidden(results, site, accepted, rated):
    assert results[f"S3.ALL.site={site}.x"].value == accepted
    assert results[f"S3.ALL.site={site}.trials"].value == rated
    limits = [results[f"S3.ALL.site={site}.{name}"].value for name in ("ci_low", "ci_high")]
    assert limits[0] < limits[1]


def test_acceptance_differs_between_sites(results):
    assert results["S3.ALL.all.q"].value == pytest.approx(351.03, abs=0.005)
    assert results["S3.ALL.all.q_df"].value == 16


def test_the_two_subjects_without_metrics_are_reported(results):
    assert results["disposition.all.without.F05"].value == 2
    missing = results.points("disposition.without.F05")
    assert dict(zip(missing.columns["subject"], missing.columns["site"], strict=True)) == {
        "50818": "KKI",
        "51310": "UCLA",
    }
    assert results["disposition.ALL.all.n"].value == 1103
    assert results["disposition.METRICS.all.excluded.0"].value == 2
    assert results["disposition.METRICS.all.n"].value == 1101


def test_what_was_not_rated_is_counted(results, ratings):
    place = "P1.ALL.readers=R1+R2+R3+analysis=data"
    rated = ratings[["rater_1", "rater_2", "rater_3"]].notna()
    assert results[f"{place}.ratings"].value == rated.sum().sum() == 601 + 602 + 1103
    assert results[f"{place}.images"].value == 1103
    assert results[f"{place}.unused.alone"].value == (rated.sum(axis=1) == 1).sum() == 0
    assert results[f"{place}.unused.no_value"].value == 0  # missing by design is no row at all
    assert results["P1.METRICS.readers=R1+R2+R3+analysis=data.unused.not_in_set"].value == (
        rated[ratings["subject_id"].isin(["50818", "51310"])].sum().sum()
    )


def matrix(ratings):
    return ratings[["rater_1", "rater_2", "rater_3"]].to_numpy(float)


def test_alpha_of_the_three_raters_is_that_of_another_library(results, ratings):
    import krippendorff

    values = matrix(ratings)
    record = results["S4.ALL.readers=R1+R2+R3.estimate"]
    assert record.n == 1103
    ordinal = krippendorff.alpha(values.T, level_of_measurement="ordinal", value_domain=[-1, 0, 1])
    assert record.value == pytest.approx(ordinal)
    low, high = (results[f"S4.ALL.readers=R1+R2+R3.{name}"].value for name in ("ci_low", "ci_high"))
    assert low < ordinal < high
    for site in ("UM", "NYU"):
        here = values[(ratings["site"] == site).to_numpy()]
        own = krippendorff.alpha(here.T, level_of_measurement="ordinal", value_domain=[-1, 0, 1])
        assert results[f"S4.ALL.readers=R1+R2+R3+site={site}.estimate"].value == pytest.approx(own)
        rest = values[(ratings["site"] != site).to_numpy()]
        left = krippendorff.alpha(rest.T, level_of_measurement="ordinal", value_domain=[-1, 0, 1])
        found = results[f"S4.ALL.readers=R1+R2+R3+without_site={site}.estimate"]
        assert found.value == pytest.approx(left)


def test_ac2_of_the_three_raters_with_a_bootstrap_by_center(results, ratings):
    """Recomputed from the counts: quadratic weights, unequal numbers of raters."""
    values = matrix(ratings)
    counts = np.stack([(values == code).sum(axis=1) for code in (-1, 0, 1)], axis=1).astype(float)
    weights = 1 - np.subtract.outer([-1, 0, 1], [-1, 0, 1]) ** 2 / 4

    def ac2(counts):
        size = counts.sum(axis=1)
        twice = size >= 2
        own = (counts * (counts @ weights - 1)).sum(axis=1)[twice]
        observed = (own / (size * (size - 1))[twice]).mean()
        share = (counts / size[:, None]).mean(axis=0)
        chance = weights.sum() / 6 * (share * (1 - share)).sum()
        return (observed - chance) / (1 - chance)

    place = "S5.ALL.readers=R1+R2+R3"
    assert results[f"{place}.estimate"].value == pytest.approx(ac2(counts))
    draw, sites = np.random.default_rng(1), ratings["site"].to_numpy()
    rows = [np.flatnonzero(sites == site) for site in np.unique(sites)]
    drawn = [
        ac2(counts[np.concatenate([draw.choice(own, len(own)) for own in rows])])
        for _ in range(1000)
    ]
    for limit, share in (("ci_low", 2.5), ("ci_high", 97.5)):
        assert results[f"{place}.{limit}"].method == "kappa.gwet_bootstrap"
        assert results[f"{place}.{limit}"].value == pytest.approx(
            np.percentile(drawn, share), abs=0.01
        )


def test_accepted_or_not_with_its_panel(results, ratings):
    from sklearn.metrics import cohen_kappa_score

    both = ratings[["rater_1", "rater_2"]].dropna() == 1
    a = int((both["rater_1"] & both["rater_2"]).sum())
    b, c = (int((both[x] & ~both[y]).sum()) for x, y in itertools.permutations(both.columns))
    d = len(both) - a - b - c
    place = "S6.ALL.readers=R1+R2"
    expected = {
        ".estimate": cohen_kappa_score(both["rater_1"], both["rater_2"]),
        "+coefficient=kappa.pabak.estimate": 2 * (a + d) / 100 - 1,
        "+category=yes.specific_agreement": 2 * a / (2 * a + b + c),
        "+category=no.specific_agreement": 2 * d / (2 * d + b + c),
        "+analysis=panel.prevalence_index": (a - d) / 100,
        "+analysis=panel.bias_index": (b - c) / 100,
        "+analysis=raw.estimate": (a + d) / 100,
    }
    for name, value in expected.items():
        assert results[f"{place}{name}"].value == pytest.approx(value), name


def test_kappa_differs_between_sites(results):
    """Homogeneity of the sites that have an error, by inverse variance."""
    for readers in ("R1+R3", "R2+R3"):
        place = f"P1.ALL.readers={readers}"
        assert results[f"{place}.q_df"].value == results[f"{place}.centers_with_error"].value - 1
        assert results[f"{place}.q_p_value"].value < 0.001


def test_a_site_where_agreement_is_undefined_says_why(results):
    undefined = [r for r in results.where(endpoint="P1", statistic="estimate") if r.undefined]
    assert undefined
    assert all(record.reason for record in undefined)


def test_the_report_shows_the_sites_and_the_two_subjects(folder, results):
    import pypdfium2

    paths = {path.stem: path for path in report(folder)}
    assert list(paths) == ["fda.en", "eu.en", "nmpa.zh", "hospital.en"]
    document = pypdfium2.PdfDocument(paths["eu.en"])
    text = "\n".join(page.get_textpage().get_text_range() for page in document)
    assert "50818" in text
    assert "51310" in text
    assert "STANFORD Stanford University" in text
    assert "0.0 (0.0 to 8.8)" in text  # 0 of 40, Wilson
