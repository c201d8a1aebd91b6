"""Phantom measurements on the same scanners with the component under test and the one before it.

A scanner is the unit: its measurements at the same settings are averaged in each arm, settings that
were measured in one arm only are left out, and what differs between the arms is averaged over the
settings. However often a scanner is measured, it counts once.

Records, by statistic:

* ``{}``: ``n`` (scanners measured in both arms), ``settings`` (of them), ``measurements`` (used),
  ``not_paired`` (scanners that no settings have in both arms), ``missing`` (measurements without a
  value, or on a ratio without one above 0), ``estimate`` (difference, or ratio of geometric means,
  test and reference) with ``ci_low`` and ``ci_high``, ``verdict``, and where something is to be
  shown ``bound_low`` or ``bound_high`` and ``p_value``;
* ``{arm}``: ``mean``, of the scanners (geometric on a ratio);
* ``{site, scanner}``: ``estimate``, ``settings``; ``scanner`` counts from 1 at its site;
* ``{}``: ``worst_low`` and ``worst_high``, the least and the largest estimate of a scanner;
* with ``specification``: ``{arm}``: ``specified`` (scanners of which it is known) and
  ``within`` (those of which every measurement fulfils it).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field as Setting

from clinval.endpoints.clusters import with_width
from clinval.endpoints.components import lint_sets, record_decision, truths
from clinval.endpoints.engines import recompute
from clinval.endpoints.hypothesis import Comparison, Direction, Hypothesis, hypothesis
from clinval.endpoints.kind import Context, Report
from clinval.endpoints.phantom_scanners import (
    ROLES,
    Scanners,
    chosen,
    measured_of,
    scanners_of,
    where_measured,
)
from clinval.protocol.base import Identifier, Words
from clinval.protocol.endpoint import Endpoint, Margin
from clinval.protocol.lint import lint_margin
from clinval.protocol.rules import check_rule

if TYPE_CHECKING:
    from clinval.core.results import TestResult
    from clinval.endpoints.hypothesis import Side
    from clinval.protocol.draft import Draft

__all__ = ["Spec", "analyze", "lint"]

_ROUNDING = 1e-9  # of an interval of scanners that all differ by the same
_NONE = "no scanner was measured in both arms"
_CALLS = {"difference": "mean_difference.paired_t", "ratio": "mean_ratio.geometric_paired"}


class Spec(Endpoint):
    """A phantom's measure with the component under test against the one before it, by scanner."""

    form: Annotated[str, Setting(pattern=r"^F\d{2}$")] = "F15"
    measure: Words = Setting(description="a number of the form, or a rule over its fields")
    where: Words | None = None
    scanner: Identifier = Setting(
        default="scanner_serial", description="the field that tells the scanners of a site apart"
    )
    settings: Identifier = Setting(
        default="scan_protocol", description="the field that names the settings of a measurement"
    )
    estimate: Literal["difference", "ratio"] = "difference"
    direction: Direction | None = Setting(
        default=None, description="needed for non-inferiority and superiority"
    )
    comparison: Comparison = "estimation"
    margin: Margin | None = None
    specification: Words | None = Setting(
        default=None, description="a rule that is true where a measurement is within specification"
    )

    @property
    def hypothesis(self) -> Hypothesis:
        """What has to be shown of the difference or the ratio."""
        return hypothesis(
            self.comparison,
            self.direction or "higher_is_better",
            self.margin,
            scale=self.estimate,
            level=self.level,
        )


def lint(endpoint: Spec, draft: Draft, report: Report) -> None:
    """Report what is wrong with the endpoint."""
    lint_sets(endpoint, report)
    if draft.design is not None and not draft.has_arm("reference"):
        report(
            "design-does-not-fit",
            ("kind",),
            what=endpoint.kind,
            design=draft.design.type,
            remedy="declare an arm with the role reference: the component before the exchange",
        )
    form = draft.forms.get(endpoint.form)
    if form is None:
        if endpoint.form not in draft.written_ids("forms", "use"):
            report("endpoint-form-unused", ("form",), form=endpoint.form)
        return
    check_rule(endpoint.measure, draft.forms, form.id, report, ("measure",), gives="number")
    for name in ("where", "specification"):
        rule = getattr(endpoint, name)
        if rule:
            check_rule(rule, draft.forms, form.id, report, (name,))
    for name in ("scanner", "settings"):
        field = getattr(endpoint, name)
        if form.field(field) is None:
            report("form-field-unknown", (name,), form=form.id, field=field)
    if "arm" not in form.keys:
        report("endpoint-form-keys", ("form",), form=form.id, key="arm")
    if endpoint.comparison in ("non_inferiority", "superiority") and endpoint.direction is None:
        report("key-missing", (), key="direction")
    needed = endpoint.comparison in ("non_inferiority", "equivalence")
    if needed or endpoint.margin is not None:
        lint_margin(endpoint.margin, draft, report, ("margin",), of=endpoint.id)


def analyze(endpoint: Spec, context: Context) -> None:
    """Record the comparison, each scanner, and which scanners are within specification."""
    import numpy as np

    from clinval.stats.comparison import mean_difference, mean_ratio

    recorder, ratio = context.recorder, endpoint.estimate == "ratio"
    measured = measured_of(endpoint, context)
    scanners = scanners_of(measured, ratio=ratio)
    recorder.inputs = measured.sha256
    field = context.data.protocol.form(endpoint.form).field(endpoint.measure)
    plain = (field.unit if field else None) or "points"
    unit, n = "ratio" if ratio else plain, len(scanners.test)
    pairs = scanners.test, scanners.reference
    if ratio:
        result: Any = mean_ratio.geometric_paired(*pairs, level=endpoint.level)
        tested: Any = mean_ratio.geometric_paired_test
    else:
        result = mean_difference.paired_t(*pairs, level=endpoint.level)
        tested = mean_difference.paired_t_test

    result = with_width(result, _ROUNDING)

    def test(side: Side, bound: float) -> TestResult:
        found: TestResult = tested(*pairs, margin=bound, alternative=side)
        return found

    for statistic, value, of in (
        ("n", n, "scanners"),
        ("settings", int(scanners.settings.sum()), "settings"),
        ("measurements", int(scanners.used.sum()), "measurements"),
        ("not_paired", len(np.unique(measured.scanner)) - n, "scanners"),
        ("missing", measured.missing, "measurements"),
    ):
        recorder.add(statistic, value, unit=of, n=n)
    record_decision(endpoint.hypothesis, result, test, unit, n, recorder)
    recompute(
        result, _CALLS[endpoint.estimate], pairs, {"level": endpoint.level},
        recorder=recorder, unit=unit, n=n,
    )  # fmt: skip
    _record_scanners(scanners, plain, unit, context, ratio=ratio)
    if endpoint.specification:
        _record_within(endpoint.specification, endpoint, context)


def _record_scanners(
    scanners: Scanners, plain: str, unit: str, context: Context, *, ratio: bool
) -> None:
    """Record the mean of each arm, each scanner's estimate, and the least and the largest."""
    import numpy as np

    recorder, protocol = context.recorder, context.data.protocol
    n = len(scanners.test)
    for role, values in zip(ROLES, (scanners.test, scanners.reference), strict=True):
        arm = protocol.arm(role)
        mean = None
        if n:
            mean = float(np.exp(np.log(values).mean()) if ratio else values.mean())
        group = {"arm": arm.id if arm else role}
        recorder.add("mean", mean, group=group, unit=plain, n=n, reason=_NONE)
    estimates = scanners.test / scanners.reference if ratio else scanners.test - scanners.reference
    for index, name in enumerate(context.data.site_names):
        for number, row in enumerate(np.flatnonzero(scanners.site == index), 1):
            group = {"site": name, "scanner": str(number)}
            recorder.add("estimate", float(estimates[row]), group=group, unit=unit, n=1)
            recorder.add("settings", int(scanners.settings[row]), group=group, unit="settings")
    for statistic, worst in (("worst_low", np.min), ("worst_high", np.max)):
        found = float(worst(estimates)) if n else None
        recorder.add(statistic, found, unit=unit, n=n, reason=_NONE)


def _record_within(rule: str, endpoint: Spec, context: Context) -> None:
    """Record, by arm, of how many scanners every measurement is within specification."""
    import numpy as np

    protocol = context.data.protocol
    known, true = truths(rule, context.data, endpoint.form)
    arm, _, scanner = where_measured(endpoint, context)
    asked = chosen(endpoint, context) & known
    for index, role in enumerate(ROLES):
        here = asked & (arm == index)
        specified = np.unique(scanner[here])
        outside = np.unique(scanner[here & ~true])
        group = {"arm": one.id if (one := protocol.arm(role)) else role}
        n = len(specified)
        context.recorder.add("specified", n, group=group, unit="scanners", n=n)
        context.recorder.add("within", n - len(outside), group=group, unit="scanners", n=n)
