"""Records of inference made by hand, as an analysis names them: what the pieces are tested on.

The numbers are plausible and belong together only as far as a page needs it.
"""

from __future__ import annotations

from types import SimpleNamespace

from clinval.core.records import Record, Series
from clinval.endpoints.recorder import Recorder
from clinval.protocol.base import Text

FEW = "fewer subjects than the protocol asks for"
"""The reason of a level that is too small."""


class Made:
    """Writes records of an endpoint on a set, its effect in one unit."""

    def __init__(self, endpoint, set_id, unit, method):
        self.recorder = Recorder(endpoint=endpoint, analysis_set=set_id)
        self.unit, self.method = unit, method

    def effect(self, values, group, verdict=None, *, n=None, method="", reason=""):
        """Record estimate and limits of a group, and the verdict where there is one."""
        for name, value in zip(("estimate", "ci_low", "ci_high"), values, strict=True):
            self.recorder.add(
                name, value, group=group, unit=self.unit, n=n, method=method or self.method,
                level=0.95, reason=reason,
            )  # fmt: skip
        if verdict:
            self.recorder.add("verdict", verdict, group=group)

    def add(self, statistic, value, group=None, unit="", **more):
        self.recorder.add(statistic, value, group=group, unit=unit, **more)

    @property
    def records(self):
        return self.recorder.records


def sets(endpoint, own, other, unit, method, *, agree="yes", shift=0.0):
    """Return the records that compare two analysis sets."""
    made = Made(endpoint, own, unit, method)
    made.add("sets_agree", agree)
    made.add("n", 12, {"not_in": other}, "subjects", n=12)
    made.effect((-0.083 + shift, -0.31 + shift, 0.15 + shift), {"not_in": other}, n=12)
    return made.records


def centers(endpoint, set_id, unit, method, declared, values, *, agree="yes"):
    """Return the records of the model of centers and of the other one."""
    made = Made(endpoint, set_id, unit, method)
    other = "fixed" if declared == "random" else "random"
    made.add("center_model", declared)
    verdict = "met" if agree == "yes" else "not_met"
    made.effect(values, {"center_model": other}, verdict, n=242)
    made.add("center_models_agree", agree)
    made.add("prediction_verdict", verdict)
    return made.records


def second(endpoint, set_id, unit, values, *, road, word="agrees", difference=3.2e-10):
    """Return the records of a second computation; without a road there was none."""
    made = Made(endpoint, set_id, unit, road)
    if not road:
        made.add("second_engine", None, reason="no second computation")
        return made.records
    made.effect(values, {"engine": "second"})
    made.add("second_engine", word)
    made.add("second_engine_difference", difference, unit=unit)
    return made.records


def other_methods(endpoint, set_id, unit, found):
    """Return supplementary methods: name to (function, values, verdict), or a test's p value."""
    made = Made(endpoint, set_id, unit, "")
    for name, (call, values, verdict) in found.items():
        group = {"method": name}
        if isinstance(values, float):
            made.add("p_value", values, group, "p", method=call)
        else:
            made.effect(values, group, verdict, n=242, method=call)
    return made.records


def subgroups(endpoint, set_id, unit, method, levels, cells=()):
    """Return subgroups: id to (level to (n, values or None), interaction p)."""
    made = Made(endpoint, set_id, unit, method)
    for name, (found, p) in levels.items():
        for level, (n, values) in found.items():
            group = {"subgroup": name, "level": level}
            made.add("n", n, group, "subjects", n=n)
            if level == "missing":
                continue
            for share, cell in enumerate(cells):
                made.add(cell, n // (share + 1), group, "subjects", n=n)
            made.effect(values or (None,) * 3, group, n=n, reason="" if values else FEW)
        group = {"subgroup": name}
        made.add("levels_shown", sum(v is not None for _, v in found.values()), group)
        made.add("interaction_q", 1.3, group, method=method)
        made.add("interaction_df", 1, group, method=method)
        made.add("interaction_p_value", p, group, "p", method=method, reason="one level only")
    return made.records


def sensitivity(endpoint, set_id, unit, analyses):
    """Return sensitivity analyses: name to (function, values, verdict, more statistics)."""
    made = Made(endpoint, set_id, unit, "")
    for name, (call, values, verdict, more) in analyses.items():
        group = {"sensitivity": name}
        made.effect(values, group, verdict, method=call)
        for statistic, value in more.items():
            unit_of = "proportion" if statistic == "fraction_missing" else ""
            made.add(statistic, value, group, unit_of, method=call)
    return made.records


def tipping_map(endpoint, set_id, test, reference, shown):
    """Return the records and the series of a map; ``shown(test, reference)`` decides a cell."""
    made = Made(endpoint, set_id, "", "")
    group = {"sensitivity": "tipping_map"}
    cells = [(t, r, shown(t, r)) for t in test for r in reference]
    made.add("n_cells", len(cells), group)
    made.add("n_shown", sum(verdict for *_, verdict in cells), group)
    made.add("missing_test", len(test) - 1, group, "subjects")
    made.add("missing_reference", len(reference) - 1, group, "subjects")
    columns = {
        "test": [t for t, _, _ in cells],
        "reference": [r for _, r, _ in cells],
        "ci_low": [0.0] * len(cells),
        "ci_high": [0.0] * len(cells),
        "shown": [int(verdict) for *_, verdict in cells],
    }
    return made.records, Series(id=f"{endpoint}.{set_id}.tipping_map", columns=columns)


def margin(endpoint, unit):
    """Return what a margin rests on."""
    made = Recorder(endpoint="inputs", analysis_set="")
    group = {"endpoint": endpoint}
    for name, value in (
        ("historical_estimate", 0.21), ("historical_ci_low", 0.12), ("historical_ci_high", 0.30),
        ("margin_m1", 0.12), ("margin_m2", 0.06),
    ):  # fmt: skip
        made.add(name, value, group=group, unit=unit, method="margin.fixed_margin")
    made.add("preserve", 0.5, group=group, unit="proportion")
    return made.records


def estimand():
    """Return an estimand as a protocol declares it."""
    event = SimpleNamespace(
        event=Text(en="Acquisition repeated", zh="重复采集"),
        strategy="treatment_policy",
        handling=Text(en="the last acquisition counts", zh="以最后一次采集为准"),
    )
    lost = SimpleNamespace(
        event=Text(en="No image", zh="无图像"),
        strategy="composite",
        handling=Text(en="counts as not diagnostic", zh="按不具诊断质量计"),
    )
    return SimpleNamespace(
        population=Text(en="Adults referred for the examination", zh="拟行该检查的成人"),
        treatment=Text(en="Accelerated acquisition, against conventional", zh="加速采集与常规采集"),
        variable=Text(en="Whether the images are of diagnostic quality", zh="图像是否具诊断质量"),
        intercurrent_events=(event, lost),
    )


def subgroup(en, zh, field=None, form="F04"):
    """Return a subgroup as a protocol declares it."""
    return SimpleNamespace(label=Text(en=en, zh=zh), field=field, form=form, minimum=10)


def decided_together(found, procedure, *, alpha=0.025, weights=(), transitions=()):
    """Return claims and adjusted p values: endpoint to (set, p, adjusted p, claim)."""
    records = [Record(id="study.claim", endpoint="study", statistic="claim", value="shown_in_part")]
    for name, (set_id, p, adjusted, claim) in found.items():
        own, p_id = {"endpoint": name, "analysis_set": set_id}, f"{name}.{set_id}.all.p_value"
        records += [
            Record(id=p_id, statistic="p_value", value=p, unit="p", **own),
            Record(id=f"{name}.claim", statistic="claim", value=claim, **own),
            Record(
                id=f"{name}.adjusted_p", statistic="adjusted_p", value=adjusted, unit="p",
                method=f"multiplicity.{procedure}", undefined=adjusted is None,
                reason="" if adjusted is not None else "the endpoint is undecided", **own,
            ),
        ]  # fmt: skip
    plan = Recorder(endpoint="multiplicity", analysis_set="")
    plan.add("alpha", alpha)
    for name, weight in dict(weights).items():
        plan.add("weight", weight, group={"endpoint": name})
    for start, end, weight in transitions:
        plan.add("transition", weight, group={"from": start, "to": end})
    return [*records, *plan.records]


def looks(endpoint, set_id, unit, *, current, values=(-0.041, 0.02)):
    """Return a plan of three looks, and what the current one says of an endpoint."""
    plan = Recorder(endpoint="interim", analysis_set="")
    method = "group_sequential.lan_demets_obrien_fleming"
    names = ("information", "critical_value", "stage_alpha", "cumulative_alpha")
    boundaries = (
        (1 / 3, 3.7103, 0.0001, 0.0001), (2 / 3, 2.5114, 0.006, 0.006), (1.0, 1.993, 0.0231, 0.025),
    )  # fmt: skip
    for number, found in enumerate(boundaries, start=1):
        group = {"look": str(number)}
        plan.add("subjects", 90 * number, group=group, unit="subjects")
        for name, value in zip(names, found, strict=True):
            plan.add(name, value, group=group, method=method)
    plan.add("current_look", current)
    if not current:
        return plan.records
    made, group = Made(endpoint, set_id, unit, method), {"look": str(current)}
    made.add("critical_value", boundaries[current - 1][1], group, method=method)
    for name, value in zip(("ci_low", "ci_high"), values, strict=True):
        made.add(name, value, group, unit, method=method)
    made.add("verdict", "met", group)
    power = "group_sequential.conditional_power_trend"
    made.add("conditional_power", 0.97, group, "proportion", method=power)
    reason = "no sample size is declared"
    made.add("conditional_power_planned", None, group, "proportion", reason=reason)
    return [*plan.records, *made.records]


def curves(endpoint, set_id):
    """Return the series of two Kaplan-Meier curves."""
    columns = {
        "arm": ["test"] * 3 + ["reference"] * 2,
        "time": [10.0, 20.0, 40.0, 15.0, 30.0],
        "survival": [0.75, 0.75, 0.0, 1.0, 0.5],
        "low": [0.3, 0.3, None, None, 0.1],
        "high": [0.95, 0.95, None, None, 0.9],
        "at_risk": [4, 3, 1, 3, 2],
        "censored": [0, 2, 0, 1, 1],
    }
    return Series(id=f"{endpoint}.{set_id}.survival", columns=columns)
