"""Analyse a file of a reader study: what it holds, its design, its metric, and the test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clinval.capture.reader_study.contents import ReadTable
from clinval.core.errors import UsageError
from clinval.core.problems import Place, Problem

__all__ = ["FIGURES", "METHODS", "METRICS", "TARGETS", "Analysed", "Asked", "analyse_reads"]

METRICS = ("auc", "sensitivity", "specificity")
FIGURES = (
    *("wafroc", "afroc", "wafroc1", "afroc1", "hr_auc"),
    *("hr_sensitivity", "hr_specificity", "max_llf", "max_nlf"),
)
TARGETS = ("readers_cases", "cases", "readers")
METHODS = ("obuchowski_rockette", "u_statistic", "v_statistic", "dorfman_berbaum_metz")
_ROCKETTE, _MOMENTS, _PSEUDOVALUES = METHODS[0], METHODS[1:3], METHODS[3]
_SMALLER_IS_BETTER = ("max_nlf",)
_NUMBERS = ("estimate", "se", "ci_low", "ci_high", "reason")
_OF_ALL = ("statistic", "df", "df2", "p_value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked of a file.

    ``metric`` is the area under the curve, of marks the weighted AFROC figure, unless it is said;
    ``margin`` the largest difference that does not count, above 0; ``equivalence`` takes it in
    both directions.
    """

    metric: str | None = None
    threshold: float | None = None
    test: str | None = None
    reference: str | None = None
    margin: float | None = None
    equivalence: bool = False
    method: str = _ROCKETTE
    random: str = "readers_cases"
    level: float = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysed:
    """The analysis as plain values, and what is to be said of the file."""

    content: Mapping[str, Any]
    notes: tuple[Problem, ...]


def analyse_reads(path: Path, asked: Asked, columns: Mapping[str, str] | None = None) -> Analysed:
    """Return the analysis of a file of a reader study.

    Parameters
    ----------
    path
        The file, as :func:`clinval.capture.reader_study.reading.read_reader_study` reads it.
    asked
        Metric, modalities, margin, method and what the result is inferred to.
    columns
        Headings of a table by what the columns are for.

    Raises
    ------
    SubmissionError
        When the file cannot be read.
    UsageError
        When what is asked does not fit the file.
    """
    from clinval.capture.reader_study.reading import read_reader_study

    study = read_reader_study(path, columns)
    place = Place(file=path.name)
    _check(asked, place, scores=isinstance(study.content, ReadTable))
    try:
        if isinstance(study.content, ReadTable):
            content = _of_reads(study.content.arguments(), asked, place)
        else:
            content = _of_marks(study.content.arguments(), asked, place)
    except ValueError as error:  # what a method does not take, in its own words
        raise UsageError.of("reads-not-analysed", place, detail=str(error)) from error
    about = {"file": path.name, "layout": study.layout, "declared_design": study.design}
    return Analysed(content={**about, **content}, notes=study.notes)


def _check(asked: Asked, place: Place, *, scores: bool) -> None:
    """Raise where options do not go together, or not with the file."""
    known = METRICS if scores else FIGURES
    metric = asked.metric or known[0]
    problem: tuple[str, str, str] | None = None
    if metric not in known:
        problem = ("--metric", metric, f"--metric: {', '.join(known)}")
    elif metric in METRICS[1:] and asked.threshold is None:
        problem = ("--metric", metric, "--threshold: score >= threshold")
    elif not scores and asked.method != _ROCKETTE:
        problem = ("--method", asked.method, f"--method {_ROCKETTE}")
    elif asked.method in _MOMENTS and asked.random != TARGETS[0]:
        problem = ("--random", asked.random, f"--method {_ROCKETTE}")
    elif asked.method == _PSEUDOVALUES and asked.margin is not None:
        problem = ("--margin", str(asked.margin), f"--method {_ROCKETTE}")
    elif asked.equivalence and asked.margin is None:
        problem = ("--equivalence", "", "--margin")
    elif asked.margin is not None and not asked.margin > 0:
        problem = ("--margin", str(asked.margin), "--margin > 0")
    if problem is not None:
        option, value, needs = problem
        raise UsageError.of("reads-options", place, option=f"{option} {value}".strip(), needs=needs)


def _pair(modalities: tuple[str, ...], asked: Asked, place: Place) -> dict[str, Any]:
    """Return the labels of test and reference: the last and the first unless they are named."""
    for option, value in (("--test", asked.test), ("--reference", asked.reference)):
        if value is not None and value not in modalities:
            raise UsageError.of(
                "reads-modality", place, option=option, value=value, known=", ".join(modalities)
            )
    return {
        "test": asked.test or modalities[-1],
        "reference": asked.reference or modalities[0],
    }


def _of_reads(reads: dict[str, Any], asked: Asked, place: Place) -> dict[str, Any]:
    from clinval.core.results import plain
    from clinval.stats.reader_study import mrmc

    design = mrmc.design(**reads)
    metric = asked.metric or METRICS[0]
    crossed = design.name == "crossed" and not design.missing_reads
    given: dict[str, Any] = {"metric": metric, "threshold": asked.threshold, "level": asked.level}
    rockette = {"covariance": "delong" if crossed else "jackknife", **given}
    first = mrmc.obuchowski_rockette(**reads, **rockette)
    pair = _pair(first.modalities, asked, place)
    targets = {
        random: mrmc.obuchowski_rockette(**reads, **rockette, **pair, random=random)
        for random in TARGETS
    }
    others = {name: getattr(mrmc, name)(**reads, **given, **pair) for name in _MOMENTS}
    if crossed or asked.method == _PSEUDOVALUES:
        others[_PSEUDOVALUES] = mrmc.dorfman_berbaum_metz(
            **reads, **given, **pair, random=asked.random
        )
    chosen = targets[asked.random] if asked.method == _ROCKETTE else others[asked.method]

    def tested(margin: float, alternative: str) -> Any:
        aim: dict[str, Any] = {"margin": margin, "alternative": alternative}
        if asked.method == _ROCKETTE:
            options: dict[str, Any] = {**rockette, **pair, "random": asked.random}
            return mrmc.obuchowski_rockette_test(**reads, **options, **aim)
        return getattr(mrmc, f"{asked.method}_test")(**reads, **given, **pair, **aim)

    return {
        "paradigm": "ROC",
        "design": {key: value for key, value in plain(design).items() if key in _COUNTS},
        "covariance": rockette["covariance"],
        "metric": metric,
        **pair,
        **_tables(targets["cases"], chosen, f"{metric}_by", asked.level),
        "targets": _targets(targets),
        "methods": [{"method": name, **_numbers(found)} for name, found in others.items()],
        "decision": _decision(chosen, tested, asked, metric),
    }


_COUNTS = (
    *("name", "readers", "modalities", "cases", "diseased", "nondiseased", "reads"),
    *("blocks", "missing_reads", "dropped"),
)


def _of_marks(marks: dict[str, Any], asked: Asked, place: Place) -> dict[str, Any]:
    from clinval.stats.reader_study import froc

    metric = asked.metric or FIGURES[0]
    figure = getattr(froc, metric)
    first = figure(**marks, level=asked.level)
    pair = _pair(first.modalities, asked, place)
    targets = {
        random: figure(**marks, **pair, level=asked.level, random=random) for random in TARGETS
    }

    def tested(margin: float, alternative: str) -> Any:
        options: dict[str, Any] = {
            **pair,
            "figure": metric,
            "random": asked.random,
            "level": asked.level,
        }
        return froc.figure_test(**marks, **options, margin=margin, alternative=alternative)

    return {
        "paradigm": "FROC",
        "design": {
            "name": first.design,
            "readers": len(first.readers),
            "modalities": len(first.modalities),
            "cases": first.n,
            "diseased": first.n_diseased,
            "nondiseased": first.n_nondiseased,
            "lesions": first.n_lesions,
            "marks": len(marks["mark_case"]),
        },
        "covariance": "jackknife",
        "metric": metric,
        **pair,
        **_tables(targets["cases"], targets[asked.random], "fom_by", asked.level),
        "targets": _targets(targets),
        "methods": [],
        "decision": _decision(targets[asked.random], tested, asked, metric),
    }


def _tables(fixed: Any, chosen: Any, prefix: str, level: float) -> dict[str, Any]:
    """Return the metric by reader, who is fixed, and by modality as the chosen method has it."""
    values = getattr(fixed, f"{prefix}_reader_modality")
    return {
        "level": level,
        "modalities": list(fixed.modalities),
        "by_reader": [
            {
                "reader": reader,
                "values": list(values[row]) if values else [],
                **{
                    name: _entry(fixed, f"{name}_by_reader", row)
                    for name in ("estimate", "ci_low", "ci_high", "p_value")
                },
            }
            for row, reader in enumerate(fixed.readers)
        ],
        "by_modality": [
            {
                "modality": modality,
                "estimate": _entry(chosen, f"{prefix}_modality", column),
                **{
                    name: _entry(chosen, f"{name}_by_modality", column)
                    for name in ("se", "ci_low", "ci_high")
                },
            }
            for column, modality in enumerate(fixed.modalities)
        ],
    }


def _entry(found: Any, name: str, place: int) -> float | None:
    """Return one of a list of numbers that may not be there."""
    values = getattr(found, name, None)
    return values[place] if values else None


def _targets(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the difference by what it is inferred to, and the test of all modalities."""
    return [
        {
            "random": random,
            **_numbers(one),
            "all_modalities": {name: getattr(one, name) for name in _OF_ALL},
        }
        for random, one in found.items()
    ]


def _numbers(found: Any) -> dict[str, Any]:
    """Return the difference of the two modalities, with t (z without degrees of freedom) and p."""
    estimate, se = found.estimate, found.se
    df = next(name for name in ("df_difference", "df2", "df") if hasattr(found, name))
    p_value = "p_value_difference" if hasattr(found, "p_value_difference") else "p_value"
    return {
        **{name: getattr(found, name) for name in _NUMBERS},
        "statistic": estimate / se if estimate is not None and se else None,
        "df": getattr(found, df),
        "p_value": getattr(found, p_value),
    }


def _decision(chosen: Any, tested: Any, asked: Asked, metric: str) -> dict[str, Any]:
    """Return the test that was asked for, and whether what is to be shown is shown."""
    low, high = chosen.ci_low, chosen.ci_high
    smaller = metric in _SMALLER_IS_BETTER
    if asked.margin is None:
        aim, p_value = "difference", _numbers(chosen)["p_value"]
        shown = low is not None and (low > 0 or high < 0)
    elif asked.equivalence:
        aim, p_value = "equivalence", tested(asked.margin, "equivalence").p_value
        shown = low is not None and -asked.margin < low and high < asked.margin
    else:
        aim = "non_inferiority"
        bound, side = (asked.margin, "less") if smaller else (-asked.margin, "greater")
        p_value = tested(bound, side).p_value
        shown = low is not None and (high < bound if smaller else low > bound)
    return {
        "aim": aim,
        "margin": asked.margin,
        "method": asked.method,
        "random": asked.random,
        **{name: getattr(chosen, name) for name in ("estimate", "se", "ci_low", "ci_high")},
        "p_value": p_value,
        "shown": shown if low is not None else None,
        "reason": chosen.reason,
    }
