"""Charts with any numbers and words, for the tests that draw them all."""

from __future__ import annotations

from hypothesis import strategies as st

from clinval.report import figures as f

huge = st.floats(allow_nan=True, allow_infinity=True)
tame = st.floats(-1e6, 1e6)
values = st.one_of(tame, huge, st.sampled_from([0.0, 1.0, -1.0, 1e-300, 1e308, -1e308, 0.05]))
maybe = st.one_of(st.none(), values)
words = st.text(st.sampled_from("ab c-d_12.中文试验（），"), max_size=40)
tones = st.sampled_from(["good", "bad", "neutral"])
scales = st.sampled_from(["linear", "log"])
languages = st.sampled_from(["en", "zh"])
factors = st.sampled_from([1.0, 100.0, 0.001])
forest_rows = st.builds(
    f.ForestRow, label=words, n=st.one_of(words, st.integers(0, 10**7).map("{:,}".format)),
    estimate=maybe, low=maybe, high=maybe, result=words, summary=st.booleans(),
    heading=st.booleans(), indent=st.integers(0, 1),
)  # fmt: skip
forests = st.builds(
    f.Forest, rows=st.lists(forest_rows, max_size=9).map(tuple), axis=words, label_header=words,
    n_header=words, result_header=words, null=maybe, margin=maybe, margin_label=words, left=words,
    right=words, prediction=st.one_of(st.none(), st.tuples(values, values)),
    prediction_label=words, prediction_result=words, scale=scales, factor=factors,
)  # fmt: skip
interval_rows = st.builds(
    f.IntervalRow, label=words, estimate=maybe, low=maybe, high=maybe, result=words,
    verdict=words, tone=tones,
)  # fmt: skip
intervals = st.builds(
    f.Intervals, rows=st.lists(interval_rows, max_size=6).map(tuple), axis=words, margin=values,
    margin_label=words, shade=st.sampled_from(["left", "right", "both"]), upper_margin=maybe,
    null=maybe, null_label=words, scale=scales, factor=factors,
)  # fmt: skip
counts = st.integers(0, 10**9)
exclusions = st.builds(f.FlowExclusion, reason=words, n=counts)
steps = st.builds(
    f.FlowStep, label=words, n=counts, excluded=st.lists(exclusions, max_size=4).map(tuple)
)
flows = st.builds(f.Flow, steps=st.lists(steps, max_size=5).map(tuple), excluded_title=words)
lines = st.tuples(values, values, values)
bland_altmans = st.lists(st.tuples(values, values), max_size=30).flatmap(
    lambda pairs: st.builds(
        f.BlandAltman, mean=st.just(tuple(a for a, _ in pairs)),
        difference=st.just(tuple(b for _, b in pairs)), bias=lines, lower=lines, upper=lines,
        x_axis=words, y_axis=words, bias_label=words, lower_label=words, upper_label=words,
    )
)  # fmt: skip
matrices = st.integers(0, 12).flatmap(
    lambda size: st.builds(
        f.AgreementMatrix, categories=st.lists(words, min_size=size, max_size=size).map(tuple),
        counts=st.lists(
            st.lists(counts, min_size=size, max_size=size).map(tuple), min_size=size, max_size=size
        ).map(tuple),
        row_title=words, column_title=words,
    )
)  # fmt: skip
bars = st.builds(
    f.PairedBar, label=words, reference=values, test=values, reference_text=words, test_text=words
)
paired = st.builds(
    f.PairedBars, bars=st.lists(bars, max_size=8).map(tuple), axis=words, reference_label=words,
    test_label=words,
)  # fmt: skip
dots_rows = st.builds(
    f.PairedDotsRow, label=words, reference=maybe, test=maybe, estimate=maybe, low=maybe,
    high=maybe, result=words, summary=st.booleans(),
)  # fmt: skip
dots = st.builds(
    f.PairedDots, rows=st.lists(dots_rows, max_size=9).map(tuple), axis=words,
    difference_axis=words, label_header=words, result_header=words, reference_label=words,
    test_label=words, null=maybe, margin=maybe, margin_label=words, factor=factors,
)  # fmt: skip
cash_flows = st.lists(lines, max_size=20).flatmap(
    lambda years: st.builds(
        f.CashFlow, flows=st.just(tuple(year[0] for year in years)),
        cumulative=st.just(tuple(year[1] for year in years)),
        cumulative_low=st.just(tuple(year[2] for year in years)),
        cumulative_high=st.just(tuple(year[1] for year in years)),
        cumulative_q25=st.sampled_from([(), tuple(year[2] for year in years)]),
        cumulative_q75=st.just(tuple(year[0] for year in years)), axis=words, year_label=words,
        flow_label=words, cumulative_label=words, payback=maybe, payback_label=words,
    )
)  # fmt: skip
profiles = st.lists(st.tuples(values, values), max_size=30).flatmap(
    lambda pairs: st.builds(
        f.NpvProfile, rates=st.just(tuple(a for a, _ in pairs)),
        npv=st.just(tuple(b for _, b in pairs)),
        roots=st.lists(
            st.builds(f.RateRoot, rate=values, label=words), max_size=4
        ).map(tuple),
        rate=maybe, rate_label=words, x_axis=words, y_axis=words,
    )
)  # fmt: skip
tippings = st.tuples(st.integers(0, 30), st.integers(0, 30)).flatmap(
    lambda size: st.builds(
        f.TippingMap,
        test=st.lists(values, min_size=size[0], max_size=size[0]).map(tuple),
        reference=st.lists(values, min_size=size[1], max_size=size[1]).map(tuple),
        shown=st.lists(
            st.lists(
                st.sampled_from([True, False, None]), min_size=size[1], max_size=size[1]
            ).map(tuple),
            min_size=size[0], max_size=size[0],
        ).map(tuple),
        x_axis=words, y_axis=words, shown_label=words, not_shown_label=words,
        boundary_label=words, point=st.one_of(st.none(), st.tuples(values, values)),
        point_label=words,
    )
)  # fmt: skip
graph_nodes = st.builds(
    f.GraphNode, label=words, name=words, weight=words, result=words, tone=tones
)
graphs = st.integers(0, 7).flatmap(
    lambda size: st.builds(
        f.Graph,
        nodes=st.lists(graph_nodes, min_size=size, max_size=size).map(tuple),
        edges=st.lists(
            st.builds(
                f.GraphEdge, start=st.integers(0, max(size - 1, 0)),
                end=st.integers(0, max(size - 1, 0)), weight=words,
            ),
            max_size=8 if size else 0,
        ).map(tuple),
    )
)  # fmt: skip
limits_of_looks = st.builds(
    f.Boundaries,
    looks=st.lists(
        st.builds(
            f.BoundaryLook, label=words, information=values, critical=maybe, text=words,
            current=st.booleans(),
        ),
        max_size=6,
    ).map(tuple),
    x_axis=words, y_axis=words, shown_label=words, continue_label=words, current_label=words,
)  # fmt: skip
steps_of_a_curve = st.lists(
    st.tuples(values, values, maybe, maybe, counts, st.integers(0, 9)), max_size=12
)
curves = st.tuples(words, steps_of_a_curve).map(
    lambda made: f.SurvivalCurve(
        label=made[0], time=tuple(row[0] for row in made[1]),
        survival=tuple(row[1] for row in made[1]), low=tuple(row[2] for row in made[1]),
        high=tuple(row[3] for row in made[1]), at_risk=tuple(row[4] for row in made[1]),
        censored=tuple(row[5] for row in made[1]),
    )
)  # fmt: skip
survivals = st.builds(
    f.Survival, curves=st.lists(curves, max_size=4).map(tuple), x_axis=words, y_axis=words,
    at_risk_label=words,
)  # fmt: skip
funnel_sites = st.builds(f.FunnelSite, size=values, value=maybe, label=words, own=st.booleans())
funnel_limits = st.lists(st.tuples(values, maybe, maybe), max_size=8).flatmap(
    lambda rows: st.builds(
        f.FunnelLimit, label=words, size=st.just(tuple(row[0] for row in rows)),
        low=st.just(tuple(row[1] for row in rows)), high=st.just(tuple(row[2] for row in rows)),
    )
)  # fmt: skip
funnels = st.builds(
    f.Funnel, sites=st.lists(funnel_sites, max_size=12).map(tuple),
    limits=st.lists(funnel_limits, max_size=3).map(tuple), center=values, center_label=words,
    count=words, x_axis=words, y_axis=words, named=st.booleans(),
    within=st.one_of(st.none(), st.tuples(maybe, maybe)), factor=factors,
)  # fmt: skip
limits = st.tuples(maybe, maybe)
roc_points = st.builds(
    f.RocPoint, false_positive=values, true_positive=values, false_positive_limits=limits,
    true_positive_limits=limits, label=words,
)  # fmt: skip
roc_curves = st.lists(st.tuples(values, values), max_size=8).flatmap(
    lambda pairs: st.builds(
        f.RocCurve, false_positive=st.just(tuple(pair[0] for pair in pairs)),
        true_positive=st.just(tuple(pair[1] for pair in pairs)), label=words, area=words,
        point=st.one_of(st.none(), roc_points),
        points=st.lists(roc_points, max_size=3).map(tuple),
    )
)  # fmt: skip
rocs = st.builds(
    f.Roc, curves=st.lists(roc_curves, max_size=5).map(tuple),
    readers=st.lists(roc_curves, max_size=5).map(tuple), readers_label=words,
    chance_label=words, x_axis=words, y_axis=words,
    end=st.one_of(st.none(), values),
)  # fmt: skip
tornado_rows = st.builds(
    f.TornadoRow, label=words, low=maybe, high=maybe, low_input=words, high_input=words
)
tornados = st.builds(
    f.Tornado, rows=st.lists(tornado_rows, max_size=9).map(tuple), base=values, base_label=words,
    low_label=words, high_label=words, axis=words, factor=factors,
)  # fmt: skip
waterfall_steps = st.builds(
    f.WaterfallStep, label=words, value=maybe, text=words, total=st.booleans()
)
waterfalls = st.builds(
    f.Waterfall, steps=st.lists(waterfall_steps, max_size=9).map(tuple), axis=words,
    factor=factors,
)  # fmt: skip
planes = st.lists(st.tuples(values, values), max_size=12).flatmap(
    lambda pairs: st.builds(
        f.EffectPlane, gain=st.just(tuple(pair[0] for pair in pairs)),
        cost=st.just(tuple(pair[1] for pair in pairs)), point=st.tuples(values, values),
        point_label=words, thresholds=st.lists(st.tuples(values, words), max_size=3).map(tuple),
        quadrants=st.tuples(words, words, words, words), x_axis=words, y_axis=words,
    )
)  # fmt: skip
acceptabilities = st.lists(values, max_size=12).flatmap(
    lambda at: st.builds(
        f.Acceptability, values=st.just(tuple(at)),
        curves=st.lists(
            st.builds(
                f.AcceptabilityCurve, label=words,
                probability=st.lists(maybe, min_size=len(at), max_size=len(at)).map(tuple),
            ),
            max_size=6,
        ).map(tuple),
        threshold=maybe, threshold_label=words, count=words, x_axis=words, y_axis=words,
    )
)  # fmt: skip
calibrations = st.builds(
    f.Calibration,
    groups=st.lists(
        st.builds(
            f.CalibrationGroup, predicted=values, observed=values, low=maybe,
            high=maybe, n=st.integers(0, 10**6),
        ),
        max_size=12,
    ).map(tuple),
    x_axis=words, y_axis=words, ideal_label=words, groups_label=words,
    said=st.lists(words, max_size=5).map(tuple),
)  # fmt: skip
decision_curves = st.lists(values, max_size=12).flatmap(
    lambda at: st.builds(
        f.DecisionCurve, thresholds=st.just(tuple(sorted(at))),
        lines=st.lists(
            st.builds(
                f.DecisionLine, label=words,
                benefit=st.lists(maybe, min_size=len(at), max_size=len(at)).map(tuple),
            ),
            max_size=5,
        ).map(tuple),
        x_axis=words, y_axis=words,
    )
)  # fmt: skip

weibull_fits = st.lists(st.tuples(values, values), max_size=9).flatmap(
    lambda rows: st.builds(
        f.WeibullFit, label=words, time=st.just(tuple(row[0] for row in rows)),
        failed=st.just(tuple(row[1] for row in rows)), shape=maybe, scale=maybe,
        limits=st.lists(st.tuples(values, maybe, maybe), max_size=3).map(tuple), said=words,
    )
)  # fmt: skip
weibull_plots = st.builds(
    f.WeibullPlot, fits=st.lists(weibull_fits, max_size=4).map(tuple), x_axis=words, y_axis=words
)
paired_times = st.lists(st.tuples(values, values), max_size=20).flatmap(
    lambda rows: st.builds(
        f.PairedTimes, reference=st.just(tuple(row[0] for row in rows)),
        test=st.just(tuple(row[1] for row in rows)), x_axis=words, y_axis=words,
        equal_label=words, effect=st.one_of(st.none(), st.tuples(values, values)),
        effect_label=words,
        reach=st.one_of(st.none(), st.tuples(tame, tame)),
    )
)  # fmt: skip
time_points = st.lists(st.tuples(values, values, counts), max_size=9).map(
    lambda rows: f.TimePoints(
        label="", at=tuple(row[0] for row in rows), value=tuple(row[1] for row in rows),
        n=tuple(row[2] for row in rows),
    )
)  # fmt: skip
time_lines = st.tuples(
    st.lists(st.tuples(values, values), max_size=4), st.integers(0, 3), words, st.booleans()
).map(
    lambda made: f.TimeLine(
        at=tuple(row[0] for row in made[0]), value=tuple(row[1] for row in made[0]), of=made[1],
        label=made[2], expected=made[3],
    )
)  # fmt: skip
time_courses = st.builds(
    f.TimeCourse, points=st.lists(time_points, max_size=4).map(tuple),
    lines=st.lists(time_lines, max_size=4).map(tuple), x_axis=words, y_axis=words, change=maybe,
    change_label=words, log=st.booleans(),
)  # fmt: skip
