"""Command about files of reader studies: reads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from clinval.app.reads import FIGURES, METHODS, METRICS, TARGETS, Asked
from clinval.core.i18n import catalogue, language, tr

__all__ = ["reads"]

_MISSING = ("crossed", "split_plot", "unbalanced")  # designs in which a read can be missing
_NONE = "-"


@click.command(
    epilog="Example:  clinval reads study.imrmc --test AI --reference alone --margin 0.05"
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--metric",
    type=click.Choice((*METRICS, *FIGURES)),
    help="What is compared (default: the area).",
)
@click.option(
    "--threshold", type=float, help="Lowest positive score, for sensitivity, specificity."
)
@click.option("--test", help="Modality under test (default: the last).")
@click.option("--reference", help="Modality it is compared with (default: the first).")
@click.option("--margin", type=float, help="Largest difference that does not count, such as 0.05.")
@click.option("--equivalence", is_flag=True, help="Take the margin in both directions.")
@click.option("--method", type=click.Choice(METHODS), default=METHODS[0], help="Method.")
@click.option(
    "--random", type=click.Choice(TARGETS), default=TARGETS[0], help="What is inferred to."
)
@click.option("--level", type=float, default=0.95, help="Two-sided level of intervals.")
@click.option(
    "--column", "columns", multiple=True, help="Heading of a column, as truth=HEADING; may repeat."
)
@click.option("--json", "output", type=click.Path(path_type=Path), help="Write all numbers here.")
def reads(
    file: Path,
    metric: str | None,
    threshold: float | None,
    test: str | None,
    reference: str | None,
    margin: float | None,
    equivalence: bool,
    method: str,
    random: str,
    level: float,
    columns: tuple[str, ...],
    output: Path | None,
) -> None:
    """Analyse a file of a reader study: design, metric by reader and modality, and the test.

    FILE is a table with a read a row (CSV, workbook, Parquet), a file of iMRMC, or a workbook of
    RJafroc. No study is needed.
    """
    from clinval.app.reads import analyse_reads
    from clinval.cli.errors import print_problems
    from clinval.core.files import write

    asked = Asked(
        metric=metric,
        threshold=threshold,
        test=test,
        reference=reference,
        margin=margin,
        equivalence=equivalence,
        method=method,
        random=random,
        level=level,
    )
    analysed = analyse_reads(file, asked, _headings(columns))
    print_problems(analysed.notes)
    for line in _lines(analysed.content):
        click.echo(line.rstrip())
    if output is not None:
        write(output, json.dumps(analysed.content, indent=1, ensure_ascii=False) + "\n")


def _headings(columns: tuple[str, ...]) -> dict[str, str]:
    """Return the headings by what the columns are for."""
    from clinval.capture.reader_study.long_tables import COLUMNS

    pairs = [column.partition("=") for column in columns]
    if any(name not in COLUMNS or not heading for name, _, heading in pairs):
        hint = tr("write one of reader, modality, case, truth, score, then = and the heading")
        raise click.BadParameter(hint, param_hint="--column")
    return {name: heading for name, _, heading in pairs}


def _lines(content: Mapping[str, Any]) -> list[str]:
    from clinval.cli.tables import table

    lines = [*_about(content), "", _metric(content["metric"]), *table(*_by_reader(content)), ""]
    means = [
        [found["modality"], _number(found["estimate"]), _number(found["se"]), _interval(found)]
        for found in content["by_modality"]
    ]
    numbers = [tr("estimate"), tr("error"), _interval_word(content)]
    lines += table([tr("mean of the readers"), *numbers], means)
    if len(content["modalities"]) < 2:
        return lines
    lines += ["", tr("{test} minus {reference}, by what is inferred to").format(**content)]
    lines += table(["", *numbers, "t", "df", "p"], _differences(content))
    if len(content["modalities"]) > 2:
        lines.append(_all_modalities(content))
    found = (*content["targets"], *content["methods"])
    reasons = sorted({one["reason"] for one in found} - {""})
    lines += [tr("not computed: {reason}").format(reason=_reason(text)) for text in reasons]
    return [*lines, "", _test(content)]


def _differences(content: Mapping[str, Any]) -> list[list[str]]:
    """Return a row a target and a row a method; the one that decides has an asterisk."""
    decision = content["decision"]
    rockette = decision["method"] == "obuchowski_rockette"
    targets = [
        _row(_target(found["random"]), found, rockette and found["random"] == decision["random"])
        for found in content["targets"]
    ]
    methods = [
        _row(_method(found["method"]), found, found["method"] == decision["method"])
        for found in content["methods"]
    ]
    return targets + methods


def _row(name: str, found: Mapping[str, Any], decides: bool) -> list[str]:
    return [
        f"{name} *" if decides else name,
        _number(found["estimate"]),
        _number(found["se"]),
        _interval(found),
        _short(found["statistic"]),
        _short(found["df"]),
        _p(found["p_value"]),
    ]


def _all_modalities(content: Mapping[str, Any]) -> str:
    """Return the test that all modalities are equal, to what the decision is inferred."""
    random = content["decision"]["random"]
    (of,) = (one["all_modalities"] for one in content["targets"] if one["random"] == random)
    df = [_short(of[name]) for name in ("df", "df2") if of[name] is not None]
    return tr("All modalities: {name} = {statistic}, df {df}, p = {p_value}").format(
        name="F" if len(df) > 1 else "\u03c7\u00b2",
        statistic=_short(of["statistic"]),
        df=", ".join(df),
        p_value=_p(of["p_value"]),
    )


def _about(content: Mapping[str, Any]) -> list[str]:
    """Return what the file holds."""
    design = content["design"]
    lines = [
        tr(
            "{file} ({layout}): readers {readers}, modalities {modalities}, cases {cases}, "
            "diseased {diseased}"
        ).format(file=content["file"], layout=content["layout"], **design)
    ]
    if "marks" in design:
        lines.append(tr("{marks} marks, {lesions} lesions").format(**design))
    else:
        lines.append(tr("{reads} reads, {dropped} rows without a score").format(**design))
        if design["missing_reads"] and design["name"] in _MISSING:
            lines.append(tr("{missing_reads} reads are missing from the design").format(**design))
    lines.append(tr("Design: {name}").format(name=_design(design["name"])))
    if content["declared_design"]:
        lines.append(tr("The file calls it {name}.").format(name=content["declared_design"]))
    below = [
        f"{reader['reader']} ({modality})"
        for reader in content["by_reader"]
        for modality, value in zip(content["modalities"], reader["values"], strict=False)
        if content["metric"] == "auc" and value is not None and value < 0.5
    ]
    if below:
        warning = tr("Below 0.5, as if the scale ran backwards: {readers}")
        lines.append(warning.format(readers=", ".join(below)))
    return lines


def _by_reader(content: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Return the table by reader and modality; the difference has the interval of this reader."""
    heading = [tr("reader"), *content["modalities"], tr("difference"), _interval_word(content), "p"]
    rows = [
        [
            reader["reader"],
            *map(_number, reader["values"]),
            _number(reader["estimate"]),
            _interval(reader),
            _p(reader["p_value"]),
        ]
        for reader in content["by_reader"]
        if reader["values"]
    ]
    return heading, rows


def _test(content: Mapping[str, Any]) -> str:
    """Return what was to be shown, whether it is, and with which p."""
    test = content["decision"]
    aims = {
        "difference": tr("Difference other than 0"),
        "non_inferiority": tr("Non-inferiority, margin {margin}"),
        "equivalence": tr("Equivalence, margin {margin}"),
    }
    words = {
        True: tr("shown"),
        False: tr("not shown"),
        None: tr("cannot be tested"),
    }
    aim = aims[test["aim"]].format(margin=_short(test["margin"]))
    return tr("{aim}: {word}, p = {p_value} {sides} ({method}; {target})").format(
        aim=aim,
        word=words[test["shown"]],
        p_value=_p(test["p_value"]),
        sides=tr("two-sided") if test["margin"] is None else tr("one-sided"),
        method=_method(test["method"]),
        target=_target(test["random"]),
    )


def _metric(name: str) -> str:
    words = {
        "auc": tr("Area under the ROC curve"),
        "sensitivity": tr("Sensitivity"),
        "specificity": tr("Specificity"),
        "wafroc": tr("Weighted AFROC figure of merit"),
        "afroc": tr("AFROC figure of merit"),
        "wafroc1": tr("Weighted AFROC1 figure of merit"),
        "afroc1": tr("AFROC1 figure of merit"),
        "hr_auc": tr("Area under the ROC curve of the highest ratings"),
        "hr_sensitivity": tr("Share of diseased cases with a mark"),
        "hr_specificity": tr("Share of non-diseased cases without a mark"),
        "max_llf": tr("Share of lesions that were marked"),
        "max_nlf": tr("Marks of no lesion per non-diseased case"),
    }
    return words[name]


def _design(name: str) -> str:
    words = {
        "crossed": tr("crossed: every reader reads every case in every modality"),
        "split_plot": tr("split-plot: groups of readers with cases of their own"),
        "cases_nested_in_readers": tr("every case has one reader"),
        "cases_nested_in_modalities": tr("every case is read in one modality"),
        "readers_nested_in_modalities": tr("every reader reads in one modality"),
        "partially_paired": tr("partially paired: some cases lack a modality"),
        "unbalanced": tr("unbalanced: reads are missing"),
    }
    return words[name]


def _target(name: str) -> str:
    words = {
        "readers_cases": tr("readers and cases"),
        "cases": tr("cases, these readers"),
        "readers": tr("readers, these cases"),
    }
    return words[name]


def _method(name: str) -> str:
    words = {
        "obuchowski_rockette": "Obuchowski-Rockette",
        "u_statistic": tr("U-statistic"),
        "v_statistic": tr("V-statistic"),
        "dorfman_berbaum_metz": "Dorfman-Berbaum-Metz",
    }
    return words[name]


def _reason(english: str) -> str:
    """Return why a number is undefined, in the language of the command line."""
    from clinval.core.resources import folder

    if language() == "en":
        return english
    known = catalogue(folder("reports") / "text" / "reasons.yaml").get(english, {})
    return str(known.get(language(), english))


def _interval_word(content: Mapping[str, Any]) -> str:
    return tr("{level} % interval").format(level=f"{100 * content['level']:g}")


def _interval(found: Mapping[str, Any]) -> str:
    low, high = found["ci_low"], found["ci_high"]
    return _NONE if low is None else f"{low:.4f}, {high:.4f}"


def _number(value: float | None) -> str:
    return _NONE if value is None else f"{value:.4f}"


def _short(value: float | None) -> str:
    return _NONE if value is None else f"{value:.4g}"


def _p(value: float | None) -> str:
    if value is None:
        return _NONE
    return "<0.0001" if value < 0.0001 else f"{value:.4f}"
