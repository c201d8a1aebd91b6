"""VIPER: film and digital mammograms read by 43 readers in five split-plot sub-studies.

The known answers are those published with the data (Gallas et al. 2019, J Med Imaging 6:015501);
the rows are those of viper in the shared studies.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from statistics import NormalDist

import pandas as pd
import pytest

from clinval.app.analysis import analyze
from clinval.app.folder import StudyFolder
from clinval.app.ingest import Ingested, ingest
from clinval.app.reporting import report
from clinval.capture.template import write_template
from clinval.core.records import Results
from clinval.stats.reader_study import mrmc

HERE = Path(__file__).parent
SUB_STUDIES = {
    "P1": "challengeHighP",
    "S1": "challengeMedP",
    "S2": "screeningHighP",
    "S3": "screeningMedP",
    "S4": "screeningLowP",
}
TRUTHS = {"": "cancerStatus455", "truth=D365": "cancerStatus365"}


@pytest.fixture(scope="module")
def reads(studies) -> pd.DataFrame:
    return pd.read_csv(studies / "viper" / "viperObs.csv", dtype={"caseID": str})


@pytest.fixture(scope="module")
def folder(tmp_path_factory, reads) -> StudyFolder:
    root = tmp_path_factory.mktemp("viper")
    shutil.copy(HERE / "viper" / "protocol.yaml", root / "protocol.yaml")
    cases = reads[["caseID"]].drop_duplicates().rename(columns={"caseID": "subject_id"})
    cases.assign(site="ARCHIVE").to_csv(root / "subjects.csv", index=False)
    return StudyFolder(root)


@pytest.fixture(scope="module")
def received(folder, reads) -> Ingested:
    cases = reads.drop_duplicates("caseID")
    status = cases[["cancerStatus455", "cancerStatus365"]].replace({1: "yes", 0: "no"})
    forms = {
        "F04": pd.DataFrame({"subject_id": cases["caseID"], "enrolled": "yes"}),
        "F06": pd.DataFrame(
            {
                "subject_id": cases["caseID"],
                "cancer_455": status["cancerStatus455"],
                "cancer_365": status["cancerStatus365"],
            }
        ),
        "F07": pd.DataFrame(
            {
                "subject_id": reads["caseID"],
                "arm": reads["modalityID"],
                "reader_id": reads["readerID"],
                "sub_study": reads["subStudyLabel"],
                "score": reads["score"],
            }
        ),
    }
    write_template(
        folder.protocol(),
        "ARCHIVE",
        folder.inbox / "ARCHIVE.xlsx",
        protocol_sha256=folder.protocol_sha256(),
        content={form: rows.to_dict("records") for form, rows in forms.items()},
    )
    return ingest(folder)[0]


@pytest.fixture(scope="module")
def results(folder, received) -> Results:
    return analyze(folder)


def test_every_read_is_taken_in(received, reads):
    assert received.receipt.status == "accepted", [d.problem.line() for d in received.defects]
    assert received.receipt.rows == len(reads) + 2 * reads["caseID"].nunique() == 20382 + 2 * 715


@pytest.mark.parametrize("endpoint", SUB_STUDIES)
@pytest.mark.parametrize("truth", TRUTHS)
def test_the_study_says_what_the_statistic_says_of_the_file(results, reads, endpoint, truth):
    rows = reads[reads["subStudyLabel"] == SUB_STUDIES[endpoint]]
    found = mrmc.u_statistic(
        rows["score"].tolist(), rows[TRUTHS[truth]].tolist(), rows["readerID"].tolist(),
        rows["modalityID"].tolist(), rows["caseID"].tolist(), test="FFDM", reference="SFM",
    )  # fmt: skip
    place = f"{endpoint}.ALL.{truth or 'all'}"
    for name in ("estimate", "se", "ci_low", "ci_high"):
        assert results[f"{place}.{name}"].value == pytest.approx(getattr(found, name), rel=1e-12)
    assert results[f"{place}.p_value_difference"].value == pytest.approx(found.p_value, rel=1e-12)
    cases = rows.drop_duplicates("caseID")
    assert results[f"{place}.diseased"].value == cases[TRUTHS[truth]].sum()
    assert results[f"{place}.nondiseased"].value == (cases[TRUTHS[truth]] == 0).sum()


def test_the_published_difference_of_the_challenge_is_found(results):
    place = "P1.ALL.all"
    assert round(results[f"{place}.estimate"].value, 4) == -0.0466
    assert round(results[f"{place}.se"].value, 4) == 0.0235
    assert round(results[f"{place}.p_value_difference"].value, 3) == 0.047
    assert [round(results[f"P1.ALL.arm={a}.estimate"].value, 4) for a in ("FFDM", "SFM")] == [
        0.6331,
        0.6797,
    ]


@pytest.mark.parametrize(
    ("endpoint", "digital", "film", "estimate"),
    [("S5", 0.7540, 0.7869, -0.0329), ("S6", 0.3589, 0.3590, -0.0001)],
)
def test_the_published_calls_of_the_challenge_are_found(results, endpoint, digital, film, estimate):
    assert round(results[f"{endpoint}.ALL.all.estimate"].value, 4) == estimate
    assert round(results[f"{endpoint}.ALL.arm=FFDM.estimate"].value, 4) == digital
    assert round(results[f"{endpoint}.ALL.arm=SFM.estimate"].value, 4) == film


def test_how_long_women_were_followed_changes_a_verdict(results):
    # the published p values are those of the normal distribution
    for place, p_value, digits in (("all", 0.31, 2), ("truth=D365", 0.022, 3)):
        z = results[f"S2.ALL.{place}.estimate"].value / results[f"S2.ALL.{place}.se"].value
        assert round(2 * NormalDist().cdf(-abs(z)), digits) == p_value
    assert results["S2.ALL.truth=D365.changed"].value == 22


@pytest.mark.parametrize(("endpoint", "sub_study"), SUB_STUDIES.items())
def test_the_design_is_recognised(results, reads, endpoint, sub_study):
    rows = reads[reads["subStudyLabel"] == sub_study]
    assert results[f"{endpoint}.ALL.all.readers"].value == 20
    assert results[f"{endpoint}.ALL.all.reads"].value == len(rows)
    assert results[f"{endpoint}.ALL.all.design"].value == "split_plot"
    assert results[f"{endpoint}.ALL.all.design_declared"].value == "split_plot"


def test_a_report_is_made(folder, results):
    files = report(folder)
    assert [file.name for file in files] == ["fda.en.pdf"]
