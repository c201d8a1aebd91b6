"""Pictures of the lives of components: survival with numbers at risk, and Weibull plots."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Figure, Rich
from clinval.report.figures import Panel, Panels, Survival, SurvivalCurve, WeibullFit, WeibullPlot
from clinval.report.numbers import printed
from clinval.report.pieces.common import printed_text
from clinval.report.pieces.effect import unit_name, unit_word
from clinval.report.pieces.survival import survival_curve
from clinval.report.view import View

__all__ = ["lives", "lives_in_brief"]

_LIMITED = {"b10": 0.1, "scale": 1 - math.exp(-1)}  # the shares that have failed then


def lives(endpoint: Endpoint, view: View) -> list[Block]:
    """Return both pictures of each clock, each by itself."""
    blocks: list[Block] = []
    for clock in getattr(endpoint, "clocks", ()):
        survival, weibull = _survival(endpoint, view, clock), _weibull(endpoint, view, clock)
        for kind, chart, words in (
            ("life", survival, _in_words(view, survival)),
            ("weibull", weibull, _fits_in_words(view, weibull)),
        ):
            if chart is not None:
                blocks.append(_figure(endpoint, view, clock, kind, chart, words))
    return blocks


def lives_in_brief(endpoint: Endpoint, view: View) -> list[Block]:
    """Return both pictures of the first clock side by side, or the one there is."""
    clock = next(iter(getattr(endpoint, "clocks", ())), None)
    if clock is None:
        return []
    survival, weibull = _survival(endpoint, view, clock), _weibull(endpoint, view, clock)
    if survival is None or weibull is None:
        return lives(endpoint, view)[:1]
    panels = Panels(
        panels=(
            Panel(title=view.texts("lives.title.life"), chart=survival),
            Panel(title=view.texts("lives.title.weibull"), chart=weibull),
        )
    )
    words = view.listed((_in_words(view, survival), _fits_in_words(view, weibull)), parts=True)
    return [_figure(endpoint, view, clock, "brief", panels, words)]


def _figure(
    endpoint: Endpoint,
    view: View,
    clock: Any,
    kind: str,
    chart: Survival | WeibullPlot | Panels,
    words: str,
) -> Figure:
    name, unit = view.say(endpoint.label), unit_word(view, clock.unit)
    level = f"{endpoint.level:.0%}"
    notes: tuple[Rich, ...] = tuple(
        view.texts(f"lives.note.{part}", level=level)
        for part in (("life", "weibull") if kind == "brief" else (kind,))
    )
    return Figure(
        caption=view.texts(f"figure.lives.{kind}", endpoint=name, unit=unit),
        chart=chart,
        alternative=view.texts(
            f"figure.lives.{kind}.alternative", endpoint=name, unit=unit, rows=words
        ),
        notes=notes,
        anchor=f"fig.{endpoint.id}.{kind}.{clock.id}",
        records=tuple(_drawn(endpoint, view, clock, weibull=kind != "life")),
    )


def _drawn(endpoint: Endpoint, view: View, clock: Any, *, weibull: bool) -> Iterator[str]:
    """Yield the records that the pictures show."""
    for _, group, _ in _groups(endpoint, view, clock):
        for statistic in ("n", "failures", *(("shape", "scale") if weibull else ())):
            record = view.record(endpoint.id, endpoint.set, statistic, group)
            if record is not None:
                yield record.id


def _groups(
    endpoint: Endpoint, view: View, clock: Any
) -> Iterator[tuple[str, dict[str, str], str]]:
    """Yield the components that are compared, or all: code, group of records, name."""
    of_clock = {"clock": clock.id}
    for code in ("test", "reference") if getattr(endpoint, "test", None) else ("",):
        yield (
            code,
            of_clock | ({"component": code} if code else {}),
            view.texts(f"components.{code or 'all'}"),
        )


def _survival(endpoint: Endpoint, view: View, clock: Any) -> Survival | None:
    """Return the Kaplan-Meier curves on a clock."""
    series = view.results.points(f"{endpoint.id}.{endpoint.set}.life.{clock.id}")
    if series is None:
        return None
    curves: list[SurvivalCurve] = [
        survival_curve(series, "component", code, label)
        for code, _, label in _groups(endpoint, view, clock)
    ]
    curves = [curve for curve in curves if curve.time]
    if not curves:
        return None
    return Survival(
        curves=tuple(curves),
        x_axis=view.texts("lives.time", unit=unit_name(view, clock.unit)),
        y_axis=view.texts("lives.share"),
        at_risk_label=view.texts("lives.at_risk"),
    )


def _weibull(endpoint: Endpoint, view: View, clock: Any) -> WeibullPlot | None:
    """Return the failures on a clock on Weibull paper, with what was fitted to the lives."""
    series = view.results.points(f"{endpoint.id}.{endpoint.set}.weibull.{clock.id}")
    if series is None:
        return None
    fits = []
    for code, group, label in _groups(endpoint, view, clock):
        columns = zip(
            *(series.columns[name] for name in ("component", "time", "failed_share")), strict=True
        )
        points = [(float(t), float(p)) for of, t, p in columns if of == code]
        values = {
            name: view.value(endpoint, name, group)
            for limited in _LIMITED
            for name in (limited, f"{limited}_ci_low", f"{limited}_ci_high")
        }
        shape = view.value(endpoint, "shape", group)
        fitted = shape is not None and values["scale"] is not None
        fits.append(
            WeibullFit(
                label=label,
                time=tuple(time for time, _ in points),
                failed=tuple(share for _, share in points),
                shape=shape,
                scale=values["scale"],
                limits=tuple(
                    (share, values[f"{name}_ci_low"], values[f"{name}_ci_high"])
                    for name, share in _LIMITED.items()
                    if fitted
                ),
                said=_shape(endpoint, view, group),
            )
        )
    return WeibullPlot(
        fits=tuple(fits),
        x_axis=view.texts("lives.time.log", unit=unit_name(view, clock.unit)),
        y_axis=view.texts("lives.failed"),
    )


def _shape(endpoint: Endpoint, view: View, group: dict[str, str]) -> str:
    """Return the shape with its limits as the key says it, or why nothing was fitted."""
    record = view.record(endpoint.id, endpoint.set, "shape", group)
    if record is None or record.undefined:
        return view.texts("lives.none", reason=view.reason(record))
    low, high = (
        printed_text(view.statistic(endpoint, f"shape_ci_{end}", group)) for end in ("low", "high")
    )
    return view.texts("lives.shape", shape=printed(record.value, ""), low=low, high=high)


def _in_words(view: View, chart: Survival | None) -> str:
    rows = (
        view.texts(
            "label.value",
            name=curve.label,
            value=view.texts(
                "lives.in_words",
                n=max(curve.at_risk),
                end=f"{curve.survival[-1]:.0%}",
                time=f"{curve.time[-1]:,.0f}",
            ),
        )
        for curve in (chart.curves if chart else ())
    )
    return view.listed(rows, parts=True)


def _fits_in_words(view: View, chart: WeibullPlot | None) -> str:
    rows = (
        view.texts("lives.fit_in_words", name=f"{fit.label}{fit.said}", n=len(fit.time))
        for fit in (chart.fits if chart else ())
    )
    return view.listed(rows, parts=True)
