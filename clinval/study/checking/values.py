"""Single values that do not belong to the others: another unit, or far out.

Times, doses and distances are skewed and positive: they are compared on the logarithm. What is
compared comes from the same arm, so that a faster arm is not taken for a mistake.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from clinval.protocol.study_checks import factors, limits_of
from clinval.study.checking.rows import Finding, StudyRows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.protocol.forms import Field

__all__ = ["far_out", "other_units", "strange_values", "units_of"]

_SCALE = 1.4826  # of the median absolute deviation, for it to be a standard deviation
_POINT = {"/1000": 1e3, "/100": 1e2, "/10": 1e1, "x10": 1e-1, "x100": 1e-2, "x1000": 1e-3}
"""By what a misplaced decimal point makes of a number: how much of it the right one is."""


def units_of(
    values: NDArray[np.float64], unit: str | None, limits: Mapping[str, float]
) -> tuple[NDArray[np.intp], list[str]]:
    """Return the values that are in place only in another unit, and the unit of each.

    A value is suspected where it lies more than ``deviations`` robust standard deviations of the
    logarithm, and more than ``ratio`` times, from the median, and multiplied by the factor of
    another unit comes within ``near`` deviations of it. Where no unit fits, a decimal point that
    was misplaced by up to three digits may.

    Parameters
    ----------
    values
        Numbers; missing ones are NaN.
    unit
        The unit that was asked for.
    limits
        ``least`` (number of values), ``deviations``, ``ratio``, ``near``, ``floor``.
    """
    import numpy as np

    logs, center, scale = _logs(values, limits)
    if logs is None:
        return np.empty(0, dtype=np.intp), []
    away = np.abs(logs - center) > np.maximum(limits["deviations"] * scale, np.log(limits["ratio"]))
    found, names = [], []
    for row in np.flatnonzero(away).tolist():
        for table in (factors(unit), _POINT):
            gaps = {name: abs(logs[row] + np.log(by) - center) for name, by in table.items()}
            best = min(gaps, key=lambda name: gaps[name], default="")
            if best and gaps[best] <= limits["near"] * scale:
                found.append(row)
                names.append(best)
                break
    return np.array(found, dtype=np.intp), names


def other_units(
    values: NDArray[np.float64], unit: str | None, limits: Mapping[str, float]
) -> NDArray[np.intp]:
    """Return the values of `units_of` alone."""
    return units_of(values, unit, limits)[0]


def far_out(values: NDArray[np.float64], limits: Mapping[str, float]) -> NDArray[np.intp]:
    """Return the values farther from the median than ``deviations`` robust standard deviations.

    Positive values are compared on the logarithm, and have to be ``ratio`` times the median, or
    the median ``ratio`` times them.

    Parameters
    ----------
    values
        Numbers; missing ones are NaN.
    limits
        ``least`` (number of values), ``deviations``, ``ratio``, ``floor``.
    """
    import numpy as np

    logs, center, scale = _logs(values, limits)
    if logs is not None:
        bound = np.maximum(limits["deviations"] * scale, np.log(limits["ratio"]))
        return np.flatnonzero(np.abs(logs - center) > bound)
    known = values[~np.isnan(values)]
    if len(known) < limits["least"]:
        return np.empty(0, dtype=np.intp)
    center = np.median(known)
    spread = _SCALE * np.median(np.abs(known - center))
    if not spread:
        return np.empty(0, dtype=np.intp)
    return np.flatnonzero(np.abs(values - center) > limits["deviations"] * spread)


def _logs(values: NDArray[np.float64], limits: Mapping[str, float]) -> tuple[Any, float, float]:
    """Return logarithms, their median and robust standard deviation; nothing where some are <= 0.

    A zero among positive values has no logarithm and is left out of account.
    """
    import numpy as np

    known = values[~np.isnan(values) & (values != 0)]
    if len(known) < limits["least"] or (known < 0).any():
        return None, 0.0, 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(values > 0, np.log(values), np.nan)
    center = float(np.nanmedian(logs))
    spread = _SCALE * float(np.nanmedian(np.abs(logs - center)))
    return logs, center, max(spread, limits["floor"])


def strange_values(rows: StudyRows) -> Iterator[Finding]:
    """Yield values that look like another unit, and values that are far out in none.

    Where a site has most of its values in another unit it is asked once. Values outside the
    expected range of their field were asked about when the file was read.
    """
    unit_limits = limits_of(rows.protocol, "unit-suspected")
    far_limits = limits_of(rows.protocol, "value-far-out")
    for form, field, where in rows.numbers():
        values = rows.column(form, field.id)
        sites = rows.sites(form)
        suspected: list[tuple[int, str]] = []
        for part in where:
            at = part[_expected(field, values[part])]
            own = values[at]
            if unit_limits is not None:
                found, units = units_of(own, field.unit, unit_limits)
                suspected += zip(at[found].tolist(), units, strict=True)
            if far_limits is not None:
                strange = set(at[far_out(own, far_limits)].tolist())
                for row in sorted(strange - {row for row, _ in suspected}):
                    about = {"value": _shown(values[row]), "limits": _bulk(own)}
                    yield Finding("value-far-out", form, row, field.id, about)
        yield from _asked(form, field, values, sites, suspected)


def _asked(
    form: str, field: Field, values: Any, sites: Any, suspected: list[tuple[int, str]]
) -> Iterator[Finding]:
    """Yield suspected units, once for a site that has most of its values in one."""
    import numpy as np

    by_site: dict[tuple[str, str], list[int]] = {}
    for row, unit in suspected:
        by_site.setdefault((str(sites[row]), unit), []).append(row)
    for (site, unit), found in by_site.items():
        all_known = int((~np.isnan(values[sites == site])).sum())
        if len(found) >= 5 and 2 * len(found) > all_known:
            about = {"count": len(found), "rows": all_known, "unit": field.unit or "-"}
            yield Finding("unit-suspected-at-site", form, found[0], field.id, about | _words(unit))
            continue
        for row in found:
            about = {"value": _shown(values[row]), "unit": field.unit or "-"}
            yield Finding("unit-suspected", form, row, field.id, about | _words(unit))


def _words(unit: str) -> dict[str, object]:
    """Return what a value may be, in words: a unit, or a decimal point that was misplaced."""
    if unit in _POINT:
        return {
            "other": f"a value with the decimal point misplaced ({unit})",
            "other_zh": f"小数点错位（{unit}）",
        }
    return {"other": f"a value in {unit}", "other_zh": f"以 {unit} 为单位的数值"}


def _expected(field: Field, values: Any) -> Any:
    """Return which values are within the expected range of their field, or have none."""
    import numpy as np

    low, high = field.expected or (None, None)
    inside = ~np.isnan(values)
    if low is not None:
        inside &= ~(values < low)
    if high is not None:
        inside &= ~(values > high)
    return inside


def _bulk(values: Any) -> str:
    """Return between which values nine in ten lie."""
    import numpy as np

    low, high = np.nanquantile(values, (0.05, 0.95))
    return f"{_shown(low)}-{_shown(high)}"


def _shown(value: float) -> str:
    return f"{value:.6g}"
