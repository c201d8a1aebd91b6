"""How a reader study was computed, in words: for reviewers, and for those who are no experts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Rich, runs
from clinval.report.pieces.common import with_reasons, word
from clinval.report.pieces.effect import arm_labels, metric_name
from clinval.report.pieces.mrmc_words import (
    cases_of,
    design_words,
    inference,
    record_of,
    studies,
    worded,
)
from clinval.report.view import View

__all__ = ["in_plain_words", "method_paragraph", "metric_in_plain_words", "result_paragraph"]

_POOLED = ("u_statistic", "v_statistic")


def method_paragraph(endpoint: Endpoint, view: View) -> Rich:
    """Return estimand, engine, covariance, inference target and distribution in words."""
    method = str(getattr(endpoint, "method", ""))
    pooled = "pooled" if method in _POOLED else "estimand"
    return _sentences(
        view,
        (
            view.texts(
                worded(endpoint, view, f"mrmc.method.{pooled}"),
                metric=metric_name(endpoint, view),
            ),
            _engine(endpoint, view, method),
            view.texts(f"mrmc.target.{inference(endpoint)}"),
            view.texts(
                worded(endpoint, view, f"mrmc.distribution.{_distribution(endpoint, method)}")
            ),
        ),
    )


def result_paragraph(endpoint: Endpoint, view: View) -> Rich:
    """Return the test of equal arms with its degrees of freedom, and the design of the data."""
    method = str(getattr(endpoint, "method", ""))
    return _sentences(view, (_test(endpoint, view, method), *_design(endpoint, view)))


def _sentences(view: View, sentences: Iterable[Rich]) -> Rich:
    """Return sentences one after the other, and why numbers in them are undefined."""
    gap = " " if view.language == "en" else ""
    together = [run for sentence in sentences if sentence for run in (gap, *runs(sentence))]
    return with_reasons(view, tuple(together[1:]))


def _engine(endpoint: Endpoint, view: View, method: str) -> Rich:
    key = worded(endpoint, view, f"mrmc.method.{method}")
    if not view.texts.has(key):
        return ""
    covariance = view.word(endpoint, "covariance")
    named = f"mrmc.covariance.{covariance}"
    return view.texts(key, covariance=view.texts(named) if view.texts.has(named) else covariance)


def _test(endpoint: Endpoint, view: View, method: str) -> Rich:
    """Return the test of equal arms with its degrees of freedom."""
    statistic = record_of(endpoint, view, "statistic")
    if statistic is None or statistic.undefined:
        return ""
    df2 = record_of(endpoint, view, "df2")
    none = df2 is None or df2.undefined
    normal = record_of(endpoint, view, "df") is None
    key = "t" if method in _POOLED else "z" if normal else "chi2" if none else "f"
    return view.texts.rich(
        worded(endpoint, view, f"mrmc.method.{key}"),
        statistic=view.number(statistic),
        df=view.statistic(endpoint, "df"),
        df2=view.number(df2),
        p=view.statistic(endpoint, "p_value_difference"),
    )


def _design(endpoint: Endpoint, view: View) -> Iterator[Rich]:
    design, declared = (record_of(endpoint, view, name) for name in ("design", "design_declared"))
    if design is not None and declared is not None:
        yield view.texts.rich(
            "mrmc.method.design",
            design=word(view, design, design_words(endpoint, view)),
            declared=word(view, declared, "design.type"),
        )


def _distribution(endpoint: Endpoint, method: str) -> str:
    """Return which distribution a method's tests and intervals use."""
    if method in _POOLED:
        return "pooled"
    fixed = inference(endpoint) == "cases"
    return "pseudo" if fixed and method == "dorfman_berbaum_metz" else inference(endpoint)


def in_plain_words(view: View) -> Iterator[Rich]:
    """Yield what reader studies did and what their metrics mean, for readers who are no experts."""
    meant: dict[str, None] = {}
    said: set[tuple[object, ...]] = set()
    for endpoint in studies(view):
        numbers = {
            blank: record_of(endpoint, view, name)
            for blank, name in (("readers", "readers"), ("diseased", "diseased"))
        } | {"cases": cases_of(endpoint, view)}
        names = arm_labels(endpoint, view)
        key = (*(record and record.value for record in numbers.values()), *names.values())
        if key not in said:
            said.add(key)
            parts: dict[str, Rich] = {name: (view.number(r),) for name, r in numbers.items()}
            yield view.texts.rich(worded(endpoint, view, "lay.readers"), **parts, **names)
        meant[metric_in_plain_words(endpoint, view)] = None
    yield from filter(None, meant)


def metric_in_plain_words(endpoint: Endpoint, view: View) -> str:
    """Return what a metric means for those who are no experts, empty where that is not said."""
    key = f"lay.metric.{getattr(endpoint, 'metric', '')}"
    return view.texts(key) if view.texts.has(key) else ""
