"""A file of a reader study analysed: what is printed is what the methods say."""

import json
import math

import numpy as np
import pandas as pd
import pytest

from clinval.app.reads import FIGURES, Asked, analyse_reads
from clinval.cli.reads import _lines
from clinval.core.errors import UsageError
from clinval.core.i18n import set_language
from clinval.stats.reader_study import froc, mrmc


def rows(modalities=("alone", "with AI"), readers=4, cases=24, seed=2):
    random = np.random.default_rng(seed)
    level = random.normal(size=cases)
    return pd.DataFrame(
        [
            (
                f"R{reader}",
                modality,
                case,
                case % 2,
                round(level[case] + (1 + 0.4 * place) * (case % 2) + random.normal(), 1),
            )
            for reader in range(readers)
            for place, modality in enumerate(modalities)
            for case in range(cases)
        ],
        columns=["reader", "modality", "case", "truth", "score"],
    )


@pytest.fixture
def study(tmp_path):
    rows().to_csv(tmp_path / "s.csv", index=False)
    return tmp_path / "s.csv"


def columns(table):
    return {name: table[name].tolist() for name in table}


def test_numbers_are_those_of_the_methods(study):
    content = analyse_reads(study, Asked(margin=0.05)).content
    reads = columns(rows())
    for target in content["targets"]:
        result = mrmc.obuchowski_rockette(**reads, random=target["random"])
        assert (target["estimate"], target["se"], target["df"], target["p_value"]) == (
            result.estimate,
            result.se,
            result.df_difference,
            result.p_value_difference,
        )
        assert target["statistic"] == result.estimate / result.se
        assert target["all_modalities"]["statistic"] == result.statistic
    for found in content["methods"]:
        result = getattr(mrmc, found["method"])(**reads)
        assert (found["ci_low"], found["ci_high"]) == (result.ci_low, result.ci_high)
    test = mrmc.obuchowski_rockette_test(**reads, margin=-0.05, alternative="greater")
    decision = content["decision"]
    assert (decision["aim"], decision["p_value"]) == ("non_inferiority", test.p_value)
    assert decision["shown"] == (test.p_value < 0.025)
    assert content["design"]["name"] == "crossed"
    json.dumps(content, allow_nan=False)


@pytest.mark.parametrize("method", ["u_statistic", "v_statistic"])
def test_other_methods_decide_when_they_are_asked(study, method):
    asked = Asked(method=method, margin=0.3, equivalence=True, test="alone", reference="with AI")
    content = analyse_reads(study, asked).content
    pair = {"test": "alone", "reference": "with AI"}
    test = getattr(mrmc, f"{method}_test")(
        **columns(rows()), **pair, margin=0.3, alternative="equivalence"
    )
    assert content["decision"]["p_value"] == test.p_value
    assert content["decision"]["shown"] == (test.p_value < 0.025)
    means = getattr(mrmc, method)(**columns(rows())).auc_by_modality
    assert tuple(found["estimate"] for found in content["by_modality"]) == means


def test_a_binary_metric_and_more_modalities(tmp_path):
    rows(("a", "b", "c")).to_csv(tmp_path / "s.csv", index=False)
    asked = Asked(metric="specificity", threshold=0.5, test="b", random="cases")
    content = analyse_reads(tmp_path / "s.csv", asked).content
    result = mrmc.obuchowski_rockette(
        **columns(rows(("a", "b", "c"))),
        metric="specificity",
        threshold=0.5,
        test="b",
        random="cases",
    )
    assert content["decision"]["estimate"] == result.estimate
    assert [reader["values"] for reader in content["by_reader"]] == [
        list(row) for row in result.specificity_by_reader_modality
    ]
    text = "\n".join(_lines(content))
    assert f"χ² = {result.statistic:.4g}, df 2, p = {result.p_value:.4f}" in text


def test_an_incomplete_study_takes_the_jackknife(tmp_path):
    rows().drop(index=[5, 30]).to_csv(tmp_path / "s.csv", index=False)
    content = analyse_reads(tmp_path / "s.csv", Asked()).content
    assert (content["covariance"], content["design"]["missing_reads"]) == ("jackknife", 2)
    assert [found["method"] for found in content["methods"]] == ["u_statistic", "v_statistic"]
    assert "2 reads are missing" in "\n".join(_lines(content))


def test_a_scale_that_runs_backwards_is_said(tmp_path):
    rows().assign(score=-rows()["score"]).to_csv(tmp_path / "s.csv", index=False)
    text = "\n".join(_lines(analyse_reads(tmp_path / "s.csv", Asked()).content))
    assert "Below 0.5" in text
    assert "R0 (alone)" in text


def test_one_modality(tmp_path):
    rows(("alone",)).to_csv(tmp_path / "s.csv", index=False)
    content = analyse_reads(tmp_path / "s.csv", Asked()).content
    (mean,) = content["by_modality"]
    wanted = mrmc.obuchowski_rockette(**columns(rows(("alone",))))
    assert (mean["estimate"], mean["se"]) == (wanted.auc_by_modality[0], wanted.se_by_modality[0])
    text = "\n".join(_lines(content))
    assert f"{mean['estimate']:.4f}" in text
    assert "minus" not in text


@pytest.fixture
def marks(tmp_path):
    """Write a free-response study as a workbook of RJafroc."""
    random = np.random.default_rng(5)
    truth = [(case, lesion, 1) for case in range(1, 21) for lesion in ([0], [1, 2])[case % 2]]
    place = ["ReaderID", "ModalityID", "CaseID"]
    false, true = [], []
    for reader in (1, 2, 3):
        for modality in ("old", "new"):
            for case, lesion, _ in truth:
                if random.random() < 0.2:
                    false.append((reader, modality, case, int(random.integers(1, 60))))
                if lesion and random.random() < 0.4:
                    true.append((reader, modality, case, lesion, int(random.integers(30, 99))))
    with pd.ExcelWriter(tmp_path / "f.xlsx") as book:
        for name, table, headings in (
            ("TRUTH", truth, ["CaseID", "LesionID", "Weight"]),
            ("FP", false, [*place, "FP_Rating"]),
            ("TP", true, [*place, "LesionID", "TP_Rating"]),
        ):
            pd.DataFrame(table, columns=headings).to_excel(book, sheet_name=name, index=False)
    return tmp_path / "f.xlsx"


@pytest.mark.parametrize("metric", [None, *FIGURES[5:]])
def test_marks(marks, metric):
    from clinval.capture.reader_study.reading import read_reader_study

    asked = Asked(metric=metric, margin=0.1, test="new", reference="old")
    content = analyse_reads(marks, asked).content
    tables = read_reader_study(marks).content.arguments()
    pair = {"test": "new", "reference": "old"}
    result = getattr(froc, metric or "wafroc")(**tables, **pair)
    decision = content["decision"]
    assert (content["paradigm"], content["metric"]) == ("FROC", metric or "wafroc")
    assert (decision["estimate"], decision["ci_low"]) == (result.estimate, result.ci_low)
    smaller = metric == "max_nlf"
    test = froc.figure_test(
        **tables,
        **pair,
        figure=metric or "wafroc",
        margin=0.1 if smaller else -0.1,
        alternative="less" if smaller else "greater",
    )
    assert decision["p_value"] == test.p_value
    assert decision["shown"] == (test.p_value < 0.025)
    assert not any(math.isnan(n) for n in (decision["estimate"], decision["se"]))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_everything_can_be_printed(study, marks, language, monkeypatch):
    set_language(language)
    try:
        for path in (study, marks):
            text = "\n".join(_lines(analyse_reads(path, Asked(margin=0.1)).content))
            assert ("Non-inferiority" in text) == (language == "en")
            assert ("非劣效性" in text) == (language == "zh")
            assert "{" not in text
            assert "None" not in text
    finally:
        set_language("en")


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"metric": "wafroc"}, "U060"),
        ({"metric": "sensitivity"}, "U060"),
        ({"method": "u_statistic", "random": "cases"}, "U060"),
        ({"method": "dorfman_berbaum_metz", "margin": 0.1}, "U060"),
        ({"equivalence": True}, "U060"),
        ({"margin": -0.05}, "U060"),
        ({"test": "CT"}, "U061"),
        ({"test": "alone", "reference": "alone"}, "U062"),
        ({"level": 95}, "U062"),
    ],
)
def test_options_that_do_not_fit(study, options, code):
    with pytest.raises(UsageError) as caught:
        analyse_reads(study, Asked(**options))
    (problem,) = caught.value.problems
    assert problem.code == code
    assert problem.line("zh")
