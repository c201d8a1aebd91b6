"""Pictures of times and lives in reports: what they draw are the records and series."""

import functools

import business
import component_study
import kit
import numpy as np
import pandas as pd
import pytest
import test_before_after as trend
import test_clock_times as clocks

from clinval.core.records import Results
from clinval.report import figures as f
from clinval.report.blocks import Figure
from clinval.report.pieces import clock_times, of_kind
from clinval.report.pieces.lives import lives, lives_in_brief
from clinval.report.pieces.paired_times import pairs, pairs_by_center
from clinval.report.pieces.time_courses import courses, learning_curve
from clinval.report.view import View

LANGUAGES = ("en", "zh")
RATIO = {
    "id": "P1", "kind": "mean_comparison", "form": "F05", "measure": "scan_time_s",
    "direction": "lower_is_better", "comparison": "superiority", "method": "geometric_paired",
    "centers": "pooled", "estimate": "ratio", "where": 'completed == "yes"',
}  # fmt: skip


def tubes(lives):
    """Return tubes by the day from which they are observed, their last one, and if they failed."""
    start, day = pd.Timestamp("2024-01-01"), pd.Timedelta(days=1)
    rows = [
        {"site_id": "S01", "device_serial": f"T{number}", "component": "tube",
         "installed_date": start, "observed_from": start + entry * day,
         "replaced": "yes" if failed else "no",
         "replaced_date": start + life * day if failed else None,
         "status_date": None if failed else start + life * day,
         "replacement_reason": "failure" if failed else None}
        for number, (entry, life, failed) in enumerate(lives)
    ]  # fmt: skip
    clock = component_study.CLOCK | {"entry": "days(installed_date, observed_from)"}
    endpoint = component_study.LIFE | {"clocks": [clock], "test": None}
    people = kit.enrolled({"S01": 2})
    return component_study.declared(endpoint), {"F02": pd.DataFrame(rows), "F04": people}


STUDIES = {
    "late": lambda: tubes([(0, 1000, False), (300, 600, True), (0, 200, True)]),
    "one time": lambda: tubes([(0, 500, True)] * 3 + [(0, 700, False)]),
    "clocks": lambda: (
        business.declared(clocks.CLOCKS, forms=clocks.FORMS),
        clocks.tables(tuple(clocks.ODD)),
    ),
    "lives": lambda: (component_study.declared(component_study.LIFE), component_study.devices()),
    "no failure": lambda: (
        component_study.declared(component_study.LIFE),
        (found := component_study.devices())
        | {"F02": found["F02"].assign(replacement_reason="upgrade")},
    ),
    "trend": lambda: (trend.declared(), trend.tables()),
    "times": lambda: (business.declared(business.throughput(), RATIO), business.population(1)),
}
IDS = {
    "late": ("L1",),
    "one time": ("L1",),
    "clocks": ("T1",),
    "lives": ("L1",),
    "no failure": ("L1",),
    "trend": ("V1",),
    "times": ("T1", "P1"),
}


@functools.cache
def results_of(name):
    protocol, tables = STUDIES[name]()
    with kit.data(protocol, tables) as found:
        made = [kit.analyze(found, endpoint) for endpoint in IDS[name]]
    return protocol, Results(
        provenance={"synthetic": True},
        records=tuple(record for recorder in made for record in recorder.records),
        series=tuple(series for recorder in made for series in recorder.series),
    )


def shown(name, endpoint=None, language="en"):
    protocol, results = results_of(name)
    view = View(protocol=protocol, results=results, language=language)
    wanted = endpoint or IDS[name][0]
    return next(e for e in protocol.endpoints if e.id == wanted), view


@pytest.mark.parametrize("language", LANGUAGES)
def test_curves_of_lives_are_the_product_of_what_survived(language):
    endpoint, view = shown("lives", language=language)
    survival, weibull = lives(endpoint, view)
    assert [type(block.chart) for block in (survival, weibull)] == [f.Survival, f.WeibullPlot]
    series = view.results.points("L1.FAS.life.calendar").columns
    for curve, component in zip(survival.chart.curves, ("test", "reference"), strict=True):
        mine = [n for n, name in enumerate(series["component"]) if name == component]
        failed, at_risk = (
            np.array([series[name][n] for n in mine]) for name in ("failed", "at_risk")
        )
        left = np.cumprod(1 - np.diff(failed, prepend=0) / at_risk)
        assert curve.survival == pytest.approx(left)
        assert curve.label == view.texts(f"components.{component}")
        assert f"{left[-1]:.0%}" in survival.alternative
    assert view.texts("unit.days") in survival.chart.x_axis


def test_numbers_at_risk_grow_where_observation_begins_late():
    endpoint, view = shown("late")
    [curve] = lives(endpoint, view)[0].chart.curves
    assert dict(zip(curve.time, curve.at_risk, strict=True)) == {200: 2, 300: 1, 600: 2, 1000: 1}
    assert curve.survival == pytest.approx((0.5, 0.5, 0.25, 0.25))
    assert curve.censored == (0, 0, 0, 1)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_weibull_plot_has_the_recorded_distribution_and_limits(language):
    endpoint, view = shown("lives", language=language)
    figure = lives(endpoint, view)[1]
    for fit, component in zip(figure.chart.fits, ("test", "reference"), strict=True):
        group = {"clock": "calendar", "component": component}
        for name in ("shape", "scale"):
            assert getattr(fit, name) == view.value(endpoint, name, group)
            assert f"L1.FAS.clock=calendar+component={component}.{name}" in figure.records
        tenth, at_scale = fit.limits
        assert tenth == (
            0.1, *(view.value(endpoint, f"b10_ci_{end}", group) for end in ("low", "high"))
        )  # fmt: skip
        assert at_scale[0] == pytest.approx(1 - np.exp(-1))
        assert at_scale[1] < fit.scale < at_scale[2]
        assert len(fit.time) == len(set(fit.time)) <= view.value(endpoint, "failures", group)
        assert f"{fit.shape:.3f}" in fit.said
        assert fit.said in figure.alternative


def test_without_failures_there_is_a_curve_and_no_weibull_plot():
    endpoint, view = shown("no failure")
    [figure] = lives(endpoint, view)
    assert isinstance(figure.chart, f.Survival)
    assert all(share == 1 for curve in figure.chart.curves for share in curve.survival)
    assert lives_in_brief(endpoint, view) == [figure]


@pytest.mark.parametrize("language", LANGUAGES)
def test_failures_at_one_time_are_drawn_with_the_reason_for_no_line(language):
    endpoint, view = shown("one time", language=language)
    survival, weibull = lives(endpoint, view)
    [fit] = weibull.chart.fits
    assert (fit.time, fit.shape, fit.limits) == ((500,), None, ())
    record = view.results["L1.FAS.clock=calendar.shape"]
    assert record.undefined
    assert view.reason(record) in fit.said
    assert view.reason(record) in weibull.alternative
    assert survival.chart.curves[0].survival[-1] == pytest.approx(0.25)


def test_a_dossier_has_both_pictures_of_lives_side_by_side():
    endpoint, view = shown("lives")
    figures = [b for b in of_kind(endpoint.kind).result(endpoint, view) if isinstance(b, Figure)]
    [figure] = figures
    assert [type(panel.chart) for panel in figure.chart.panels] == [f.Survival, f.WeibullPlot]
    whole = lives(endpoint, view)
    assert [panel.chart for panel in figure.chart.panels] == [block.chart for block in whole]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("endpoint", ["T1", "P1"])
def test_pairs_of_the_centers_are_those_of_all(endpoint, language):
    endpoint, view = shown("times", endpoint, language)
    [every], [by_center] = pairs(endpoint, view), pairs_by_center(endpoint, view)
    charts = [panel.chart for panel in by_center.chart.panels]
    both = sorted(zip(every.chart.reference, every.chart.test, strict=True))
    assert sorted(p for c in charts for p in zip(c.reference, c.test, strict=True)) == both
    assert len(both) == view.value(endpoint, "n")
    assert len({chart.reach for chart in charts}) == 1
    shorter = sum(test < reference for reference, test in both)
    assert view.texts("pairs.in_words", n=f"{len(both)}", shorter=f"{shorter}") in every.alternative
    unit = view.texts("unit.min" if endpoint.id == "T1" else "unit.s")
    assert f"[{unit}]" in every.chart.x_axis


def test_the_line_of_pairs_is_what_was_recorded():
    endpoint, view = shown("times", "T1")
    [figure] = pairs(endpoint, view)
    assert figure.chart.effect == (1.0, -view.value(endpoint, "saved"))
    assert figure.records == ("T1.FAS.all.saved",)
    endpoint, view = shown("times", "P1")
    [figure] = pairs(endpoint, view)
    assert figure.chart.effect == (view.value(endpoint, "estimate"), 0.0)


def test_a_single_center_and_very_many_have_no_picture_each(monkeypatch):
    endpoint, view = shown("times", "T1")
    monkeypatch.setattr("clinval.report.pieces.paired_times._CENTERS", 3)
    assert pairs_by_center(endpoint, view) == []  # of four


def test_a_dossier_has_times_and_exams_side_by_side_where_there_are_few_sites(monkeypatch):
    endpoint, view = shown("times", "T1")
    result = of_kind("throughput").result

    def kinds():
        return [type(b.chart) for b in result(endpoint, view) if isinstance(b, Figure)]

    assert kinds() == [f.Panels]
    monkeypatch.setattr("clinval.report.pieces.throughput._BESIDE", 2)
    assert kinds() == [f.PairedTimes, f.PairedBars, f.PairedBars]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_course_of_a_center_has_its_weeks_and_its_lines(language):
    endpoint, view = shown("trend", language=language)
    [figure] = courses(endpoint, view)
    assert len(figure.chart.panels) == 3  # nobody was examined at the fourth
    for panel, site in zip(figure.chart.panels, trend.SITES, strict=False):
        [points] = panel.chart.points
        assert sum(points.n) == view.value(endpoint, "n", {"site": site})
        before, after, expected = panel.chart.lines
        assert [line.expected for line in panel.chart.lines] == [False, False, True]
        assert after.value[0] / expected.value[0] == pytest.approx(
            view.value(endpoint, "estimate", {"site": site})
        )
        assert f"{before.value[-1]:.3g}" in figure.alternative
        assert f"{after.value[0]:.3g}" in figure.alternative


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_learning_curve_runs_from_the_first_to_the_last_case(language):
    endpoint, view = shown("trend", language=language)
    [figure] = learning_curve(endpoint, view)
    [line], [points] = figure.chart.lines, figure.chart.points
    group = {"analysis": "learning"}
    (start, *_, end), (first, *_, last) = line.at, line.value
    assert (start, end) == (1, pytest.approx(view.value(endpoint, "cases", group)))
    assert (first, last) == pytest.approx(
        tuple(view.value(endpoint, name, group) for name in ("first", "last"))
    )
    assert sum(points.n) == view.record("V1", "FAS", "estimate", group).n


@pytest.mark.parametrize("language", LANGUAGES)
def test_readings_that_were_left_out_lead_from_all_rows_to_those_used(language):
    endpoint, view = shown("clocks", language=language)
    scan, room = clock_times.pictures(endpoint, view)
    assert {block.anchor for block in (scan, room)} == {"fig.T1.clock.scan", "fig.T1.clock.room"}
    for figure, time in ((scan, "scan"), (room, "room")):
        first, *between, last = figure.chart.steps
        assert (first.total, last.total) == (True, True)
        assert first.value == view.value(endpoint, f"{time}.rows")
        assert first.value + sum(step.value for step in between) == last.value
        assert all(step.value < 0 and step.label in figure.alternative for step in between)
    assert len(room.chart.steps) == 2 + len(clocks.KINDS)


def test_where_nothing_was_left_out_there_is_no_picture_of_it():
    endpoint, view = shown("times", "T1")
    assert clock_times.pictures(endpoint, view) == []
