"""Throughput: scan time, room time, exams a day."""

from __future__ import annotations

from dataclasses import replace

from clinval.protocol.endpoint import Endpoint
from clinval.report.blocks import Block, Column, Figure, Paragraph, Rich, Row, Table, runs
from clinval.report.figures import PairedBar, PairedBars, Panel, Panels
from clinval.report.numbers import printed
from clinval.report.pieces import Aspect, clock_times
from clinval.report.pieces.centers import Scale, forest, site_label
from clinval.report.pieces.common import method_note, set_label, undefined_notes, with_reasons
from clinval.report.pieces.paired_times import pairs, pairs_by_center
from clinval.report.view import View

__all__ = ["aspect", "headline", "hypothesis", "result"]

_BESIDE = 12  # sites: more do not stand beside another picture
_SAVED = ("saved_ci_low", "saved_ci_high")


def headline(endpoint: Endpoint, view: View) -> tuple[Rich, Rich, Rich]:
    """Return the room minutes saved an exam."""
    saved = view.statistic(endpoint, "saved")
    return view.texts("throughput.saved"), (saved,), view.limits(endpoint, names=_SAVED)


def hypothesis(endpoint: Endpoint, view: View) -> Rich:
    """Return that nothing is tested."""
    del endpoint
    return view.texts("hypothesis.none")


def result(endpoint: Endpoint, view: View) -> list[Block]:
    """Return times and exams a day by site, as table and pictures, and which times were used."""
    return [*_result(endpoint, view, brief=True), *clock_times.table(endpoint, view)]


def aspect(endpoint: Endpoint, view: View, which: Aspect) -> list[Block]:
    """Return times and exams a day by site, or how far the minutes saved vary across centers."""
    if which == "decision":
        return _result(endpoint, view, brief=False)
    if which == "sites":
        scale = Scale(
            axis=view.texts("throughput.saved"),
            unit="min",
            null=0.0,
            left=view.texts("forest.worse"),
            right=view.texts("forest.better"),
            estimate="saved",
            low="saved_ci_low",
            high="saved_ci_high",
        )
        return [*forest(endpoint, view, scale), *pairs_by_center(endpoint, view)]
    if which == "counts":
        return [*clock_times.table(endpoint, view), *clock_times.pictures(endpoint, view)]
    return []


def _result(endpoint: Endpoint, view: View, *, brief: bool) -> list[Block]:
    pooled = view.texts.rich(
        "throughput.pooled",
        saved=view.statistic(endpoint, "saved"),
        interval=view.limits(endpoint, names=_SAVED),
        level=f"{endpoint.level:.0%}",
        n=view.statistic(endpoint, "n"),
    )
    return [
        Paragraph(text=view.texts("throughput.what", set=set_label(view, endpoint.set))),
        Paragraph(text=with_reasons(view, pooled)),
        *clock_times.in_words(endpoint, view),
        _table(endpoint, view, brief=brief),
        *_pictures(endpoint, view, brief=brief),
    ]


def _pictures(endpoint: Endpoint, view: View, *, brief: bool) -> list[Block]:
    """Return the times of each subject and the exams a day; in brief, side by side."""
    times = pairs(endpoint, view)
    if brief and 0 < len(view.protocol.sites) <= _BESIDE:
        chart, words = _exams(endpoint, view, short=True)
        if times and chart.bars:
            return [_side_by_side(times[0], chart, words, view)]
    room = _bars(endpoint, view, ("room_reference", "room_test"), "min", "throughput.room")
    return [
        *times,
        *_figure(endpoint, view, room, "room_test", "throughput.room"),
        *_figure(endpoint, view, _exams(endpoint, view), "exams_test", "throughput.exams"),
    ]


def _exams(endpoint: Endpoint, view: View, *, short: bool = False) -> tuple[PairedBars, str]:
    names = ("exams_reference", "exams_test")
    return _bars(endpoint, view, names, "exams/day", "throughput.exams", short=short)


def _side_by_side(times: Figure, exams: PairedBars, words: str, view: View) -> Figure:
    """Return the figure of the subjects' times with the exams a day beside them."""
    title = view.texts("throughput.exams.caption")
    panels = (
        Panel(title=view.texts("throughput.times.caption"), chart=times.chart),  # type: ignore[arg-type]
        Panel(title=title, chart=exams),
    )
    bars = view.texts("figure.bars.alternative", axis=exams.axis, rows=words)
    return replace(
        times,
        caption=view.texts("throughput.beside.caption"),
        chart=Panels(panels=panels),
        alternative=f"{times.alternative} {bars}",
    )


def _table(endpoint: Endpoint, view: View, *, brief: bool) -> Block:
    statistics = (
        "scan_reference", "scan_test", "room_reference", "room_test", "saved", "exams_reference",
        "exams_test",
    )  # fmt: skip
    rows = []
    for site in view.protocol.sites:
        group = {"site": site.id}
        numbers: list[Rich] = [(view.statistic(endpoint, name, group),) for name in statistics]
        saved = numbers[4]
        low_high = view.limits(endpoint, group, names=_SAVED)
        if not isinstance(low_high, str):
            numbers[4] = (*runs(saved), " (", *low_high, ")")
        test = numbers[6]
        limits = view.limits(endpoint, group, names=("exams_test_low", "exams_test_high"))
        if not isinstance(limits, str):
            numbers[6] = (*runs(test), " (", *limits, ")")
        rows.append(
            Row(
                cells=(
                    site.id,
                    (view.statistic(endpoint, "n", group),),
                    *numbers,
                    (view.statistic(endpoint, "demand", group),),
                )
            )
        )
    columns = (
        Column(header=view.texts("table.site"), share=1),
        Column(header="n", share=0.8, align="right"),
        *(
            Column(header=view.texts(f"throughput.column.{name}"), share=share, align="right")
            for name, share in zip(
                (*statistics, "demand"), (1.3, 1.3, 1.3, 1.3, 2.4, 1.3, 2.0, 1.3), strict=True
            )
        ),
    )
    methods = method_note(endpoint, view, names=not brief)
    notes: list[Rich] = [view.texts("throughput.note"), *methods]
    notes += undefined_notes(view, rows)
    caption = view.texts("table.throughput", set=endpoint.set)
    return Table(caption=caption, columns=columns, rows=tuple(rows), notes=tuple(notes), dense=True)


def _bars(
    endpoint: Endpoint,
    view: View,
    names: tuple[str, str],
    unit: str,
    key: str,
    *,
    short: bool = False,
) -> tuple[PairedBars, str]:
    """Return bars by site, named by its id alone where they are to be ``short``, and in words."""
    bars = []
    for site in view.protocol.sites:
        reference, test = (view.value(endpoint, name, {"site": site.id}) for name in names)
        if reference is None or test is None:
            continue
        bars.append(
            PairedBar(
                label=site.id if short else site_label(view, site.id),
                reference=reference,
                test=test,
                reference_text=printed(reference, unit),
                test_text=printed(test, unit),
            )
        )
    arms = {arm.role: view.say(arm.label) for arm in view.protocol.arms}
    chart = PairedBars(
        bars=tuple(bars),
        axis=view.texts(f"{key}.axis"),
        reference_label=arms.get("reference", ""),
        test_label=arms.get("test", ""),
    )
    words = view.listed(
        (
            view.texts(
                "label.value", name=bar.label, value=f"{bar.reference_text} / {bar.test_text}"
            )
            for bar in bars
        ),
        parts=True,
    )
    return chart, words


def _figure(
    endpoint: Endpoint, view: View, bars: tuple[PairedBars, str], name: str, key: str
) -> list[Block]:
    """Return bars as a figure, nothing where there are none."""
    chart, words = bars
    if not chart.bars:
        return []
    return [
        Figure(
            caption=view.texts(f"{key}.caption"),
            chart=chart,
            alternative=view.texts("figure.bars.alternative", axis=chart.axis, rows=words),
            anchor=f"fig.{endpoint.id}.{name}",
        )
    ]
