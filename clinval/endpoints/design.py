"""The numbers of the plan: sizes, power, other assumptions and centers of every endpoint."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from clinval.core.progress import SILENT, Progress
from clinval.core.records import Record, Series
from clinval.endpoints.measured import Measured
from clinval.endpoints.planning import Plan, plan_of
from clinval.endpoints.reader_planning import planned_readers
from clinval.endpoints.reader_reads import CALLED
from clinval.endpoints.recorder import Recorder
from clinval.endpoints.sizing import OF_READERS
from clinval.endpoints.what_if import table_of
from clinval.protocol.endpoint import Endpoint
from clinval.protocol.model import Protocol, SampleSize

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["design", "plan_in"]

_POINTS = 81  # of a curve
_ROUNDING = 1e-9
_UNITS = {
    **dict.fromkeys(
        (
            "p10", "p01", "p_test", "p_reference", "p_expected", "discordance", "prevalence",
            "cv", "cv_within", "cluster_size_cv", "power", "goal", "diseased_share",
        ),
        "proportion",
    ),
    "true_ratio": "ratio",
}  # fmt: skip
_OF_THE_EFFECT = ("difference", "margin", "sd", "sd_difference")


def design(protocol: Protocol, progress: Progress = SILENT) -> tuple[list[Record], list[Series]]:
    """Return the records of the plan, whose ids begin with ``design``, and its power curves.

    An endpoint is the group ``endpoint=P1``. Its ``status`` is ``sized``, ``estimated`` (nothing
    is decided), ``no_formula``, or what the protocol leaves open: ``open_margin``,
    ``open_assumptions`` or ``open_both``.
    """
    recorder = Recorder(endpoint="design", analysis_set="")
    series: list[Series] = []
    planned = [site.planned_subjects for site in protocol.sites]
    sizes = {size.endpoint: size for size in protocol.sample_size}
    to_enrol: dict[str, int] = {}
    for endpoint in progress.steps(protocol.endpoints, "design"):
        size = sizes.get(endpoint.id)
        plan = plan_in(protocol, endpoint, size, planned)
        writer = _Writer(plan, size, protocol, recorder)
        needed = writer.write(series)
        if needed is not None:
            to_enrol[endpoint.id] = needed
    _study(protocol, to_enrol, planned, recorder)
    return recorder.records, series


def plan_in(
    protocol: Protocol, endpoint: Endpoint, size: SampleSize | None, planned: Sequence[int]
) -> Plan:
    """Return the plan of an endpoint of a protocol, whose sites plan so many subjects."""
    readers = [reader.id for reader in protocol.readers]
    return plan_of(
        endpoint,
        size,
        paired=protocol.design.paired,
        planned=planned,
        readers=planned_readers(endpoint, readers, protocol.reading_blocks),
    )


class _Writer:
    """Writes the records of one endpoint."""

    def __init__(
        self, plan: Plan, size: SampleSize | None, protocol: Protocol, recorder: Recorder
    ) -> None:
        self.plan, self.size, self.protocol, self.recorder = plan, size, protocol, recorder
        self.group = {"endpoint": plan.endpoint.id}
        self.unit = _effect_unit(plan, protocol)

    def add(self, statistic: str, value: Any, unit: str = "", **more: Any) -> None:
        self.recorder.add(statistic, value, group=self.group, unit=unit, **more)

    def write(self, series: list[Series]) -> int | None:
        """Write everything and return the subjects to enrol, where there is a number."""
        plan = self.plan
        status = _status(plan)
        self.add("status", status)
        if plan.analysis:
            self.add("analysis", plan.analysis)
        self.add("planned", plan.planned, "subjects")
        if status in ("estimated", "no_formula"):
            self._declared()
            if status == "estimated":
                self._interval()
            return None
        self.add("alpha", plan.alpha)
        self.add("power", plan.power, "proportion")
        for name, bound in self._bounds():
            self.add(name, bound, self.unit)
        self._declared()
        if plan.missing:
            self.add("missing", _wanted(plan), n=len(plan.missing))
        needed = self._size(series) if status == "sized" else None
        self._otherwise()
        return needed

    def _bounds(self) -> list[tuple[str, float]]:
        names = {"greater": "bound_low", "less": "bound_high"}
        sides = self.plan.claim.sides if self.plan.claim else ()
        return [(names[side], bound) for side, bound in sides]

    def _declared(self) -> None:
        """Record what the protocol says."""
        if self.plan.declared is not None:
            self.add("declared", self.plan.declared, "subjects")
        if self.size is None:
            return
        self.add("dropout", self.size.dropout, "proportion")
        given = self.size.planning.written if self.size.planning else {}
        for key, value in given.items():
            self.add(f"assumption.{key}", value, self._unit_of(key))

    def _unit_of(self, key: str) -> str:
        if key == "accuracy":
            return "proportion" if self.unit else ""
        return self.unit if key in _OF_THE_EFFECT else _UNITS.get(key, "")

    def _size(self, series: list[Series]) -> int | None:
        plan, claim, expected = self.plan, self.plan.claim, self.plan.expected
        if claim is None or expected is None:
            return None
        needed, enrolment = plan.needed(expected, claim), plan.enrolment
        self.add("agrees", "yes" if plan.analysis in expected.family.agrees else "no")
        self.add("n", needed.n, "results", method=needed.method, reason=needed.reason)
        effect = enrolment.design_effect
        self.add("design_effect", effect, method="sample_size.design_effect")
        if enrolment.cluster_size is not None:
            self.add("cluster_size", enrolment.cluster_size)
            self.add("cluster_size_cv", enrolment.cluster_size_cv, "proportion")
        if needed.n is None:
            for name in ("subjects", "to_enrol"):
                self.add(name, None, "subjects", method=needed.method, reason=needed.reason)
            return None
        method = "sample_size.inflated"
        subjects = enrolment.subjects(needed.n, expected.parts)
        to_enrol = enrolment.to_enrol(needed.n, expected.parts)
        self.add("subjects", subjects, "subjects", method=method)
        self.add("to_enrol", to_enrol, "subjects", method=method)
        with_result = enrolment.with_result(plan.planned)
        self.add("planned_with_result", with_result, "subjects")
        power_method = f"{needed.method}_power"
        counts = {"power_planned": with_result}
        if plan.declared is not None:
            counts["power_declared"] = plan.declared
        for name, count in counts.items():
            reached = float(plan.power_of([count])[0])
            self.add(name, reached, "proportion", n=count, method=power_method)
        self._curve(max(to_enrol, plan.planned), series)
        self._clusters(needed.n)
        return to_enrol

    def _curve(self, most: int, series: list[Series]) -> None:
        """Keep the points of the power curve: those enrolled, and the power they give."""
        import numpy as np

        last = math.ceil(1.4 * most)
        enrolled = np.unique(np.linspace(max(2, last // 20), last, _POINTS).round().astype(int))
        counted = [self.plan.enrolment.with_result(int(n)) for n in enrolled]
        columns: dict[str, NDArray[np.float64]] = {
            "enrolled": enrolled.astype(float),
            "power": self.plan.power_of(counted),
        }
        series.append(
            Series(
                id=f"design.endpoint={self.plan.endpoint.id}.power",
                columns={name: values.tolist() for name, values in columns.items()},
            )
        )

    def _clusters(self, n: float) -> None:
        """Record the subjects to enrol if results within clusters were more or less alike."""
        planning = self.size.planning if self.size else None
        if self.size is None or planning is None or not planning.icc or self.plan.expected is None:
            return
        planned = [site.planned_subjects for site in self.protocol.sites]
        for part in (0.0, 0.5, 1.0, 2.0):
            icc = min(planning.icc * part, 1.0)
            other = self.size.model_copy(
                update={"planning": planning.model_copy(update={"icc": icc})}
            )
            plan = plan_in(self.protocol, self.plan.endpoint, other, planned)
            group = {**self.group, "icc": f"{icc:g}"}
            effect = plan.enrolment.design_effect
            self.recorder.add(
                "design_effect", effect, group=group, method="sample_size.design_effect"
            )
            self.recorder.add(
                "to_enrol",
                plan.enrolment.to_enrol(n, self.plan.expected.parts),
                group=group,
                unit="subjects",
                method="sample_size.inflated",
            )

    def _otherwise(self) -> None:
        """Record the subjects to enrol under other assumptions, or for other margins."""
        table = table_of(self.plan)
        if table is None:
            return
        self.add("otherwise", "assumed" if table.assumed else "orientation")
        for axis, name in (("rows", table.rows), ("columns", table.columns)):
            self.add(f"otherwise.{axis}", name)
            self.add(f"otherwise.{axis}.unit", self._unit_of(name))
        for cell in table.cells:
            group = {
                **self.group, table.rows: f"{cell.row:g}", table.columns: f"{cell.column:g}",
            }  # fmt: skip
            self.recorder.add(
                "to_enrol", cell.to_enrol, group=group, unit="subjects",
                method=cell.needed.method, reason=cell.needed.reason,
            )  # fmt: skip

    def _interval(self) -> None:
        """Record the interval to be expected of what is only estimated, where that is simple."""
        from clinval import stats

        plan, expected = self.plan, self.plan.expected
        if expected is None or not expected.possible or not expected.family.share:
            return
        subjects = plan.declared
        if subjects is None:
            subjects = plan.enrolment.with_result(plan.planned)
        n = math.floor(plan.enrolment.independent(subjects) + _ROUNDING)
        call, counts = _expected_counts(plan.analysis, expected.family.arguments(expected), n)
        if n < 1 or not call:
            return
        result = stats.find(call)(*counts, level=plan.endpoint.level)
        self.recorder.result(
            result,
            {"ci_low": self.unit, "ci_high": self.unit},
            group=self.group,
            n=subjects,
            rename={"ci_low": "expected_low", "ci_high": "expected_high"},
        )


def _wanted(plan: Plan) -> str:
    """Return the assumptions that are missing; where none was made, every set of them."""
    if plan.family is None or set(plan.missing) != {*plan.family.keys[0], *plan.missing}:
        return ", ".join(plan.missing)
    further = plan.missing[len(plan.family.keys[0]) :]  # that any set is missing
    return " / ".join(", ".join((*keys, *further)) for keys in plan.family.keys)


def _status(plan: Plan) -> str:
    if plan.claim is None:
        return "estimated"
    if plan.family is None:
        return "no_formula"
    if plan.missing:
        return "open_assumptions" if plan.bounded else "open_both"
    return "sized" if plan.bounded else "open_margin"


def _effect_unit(plan: Plan, protocol: Protocol) -> str:
    """Return the unit of an endpoint's effect."""
    family, endpoint = plan.family, plan.endpoint
    if family is None:
        return ""
    if family in OF_READERS:
        called = getattr(endpoint, "metric", "") in CALLED
        return "proportion_difference" if called else ""
    if family.ratio:
        return "ratio"
    if family.share:
        return "proportion_difference" if family.spread else "proportion"
    from clinval.endpoints.mean_comparison import unit_on

    return unit_on(endpoint, protocol.form(endpoint.form)) if isinstance(endpoint, Measured) else ""


def _expected_counts(
    analysis: str, shares: Mapping[str, float], n: int
) -> tuple[str, tuple[int, ...]]:
    """Return the interval of a proportion or of two, pooled, and the counts to be expected."""
    if "p" in shares:
        known = analysis.startswith("proportion.")
        return analysis if known else "", (round(shares["p"] * n), n)
    if "p10" in shares:
        first, second = round(shares["p10"] * n), round(shares["p01"] * n)
        return "paired_difference.tango", (n - first - second, first, second, 0)
    part = shares["ratio"] / (1 + shares["ratio"])
    n1 = round(n * part)
    counts = (round(shares["p1"] * n1), n1, round(shares["p2"] * (n - n1)), n - n1)
    return "risk_difference.miettinen_nurminen", counts


def _study(
    protocol: Protocol, to_enrol: Mapping[str, int], planned: Sequence[int], recorder: Recorder
) -> None:
    """Record what the study has to enrol, by center, and what its primary endpoints have together.

    The study needs as many as the most demanding of its primary endpoints, of all where none of
    these has a size.
    """
    from clinval.stats.planning import sample_size

    primaries = [endpoint.id for endpoint in protocol.endpoints if endpoint.role == "primary"]
    sized = [name for name in primaries if name in to_enrol] or list(to_enrol)
    recorder.add("planned", sum(planned), unit="subjects")
    if not sized:
        return
    most = max(sized, key=lambda name: to_enrol[name])
    recorder.add("to_enrol", to_enrol[most], unit="subjects", method="sample_size.inflated")
    recorder.add("most_demanding", most)
    shares = sample_size.allocation(to_enrol[most], planned)
    for site, count in zip(protocol.sites, shares.subjects_by_center, strict=True):
        group = {"site": site.id}
        recorder.add("planned", site.planned_subjects, group=group, unit="subjects")
        recorder.add("to_enrol", count, group=group, unit="subjects", method=shares.method)
    _together(primaries, recorder)


def _together(primaries: Sequence[str], recorder: Recorder) -> None:
    """Record the least power with which all primary endpoints are shown, whatever ties them."""
    found = {
        record.group["endpoint"]: record.value
        for record in recorder.records
        if record.statistic == "power_planned" and isinstance(record.value, float)
    }
    powers = [found[name] for name in primaries if name in found]
    if len(powers) > 1 and len(powers) == len(primaries):
        together = max(0.0, 1 - sum(1 - power for power in powers))
        recorder.add("power_together", together, unit="proportion")
