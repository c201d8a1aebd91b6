"""Sites and readers whose values are unlike those of all others: shifted, constant, rounded.

Each is a question, never a verdict: a hospital may have another scanner or other patients.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from clinval.protocol.study_checks import factors, limits_of
from clinval.study.checking.rows import Finding, StudyRows, by_value

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["constant", "rounded", "shifted", "strange_groups"]

Groups = Mapping[str, Any]
"""Numbers or texts by group."""

_SCALE = 1.4826  # of the median absolute deviation, for it to be a standard deviation
_MEDIAN_ERROR = 1.2533  # of the standard error of a mean, for it to be that of a median
_DIGITS = 3  # decimals looked at


def shifted(groups: Groups, limits: Mapping[str, float]) -> list[str]:
    """Return the groups whose median lies far from those of the others.

    The distance is that to the median of the other groups' medians, on the logarithm where all
    values are positive. It has to be more than ``deviations`` times what the medians vary by (their
    median absolute deviation, or the error of a median within groups, whichever is more) and, on
    the logarithm, more than a factor of ``ratio``; else more than ``spread`` standard deviations
    of single values.

    Parameters
    ----------
    groups
        Numbers by group; missing ones are NaN.
    limits
        ``least`` (values in a group), ``groups`` (number of them), ``deviations``, ``ratio``,
        ``spread``.
    """
    import numpy as np

    known = _known(groups, limits)
    if len(known) < limits["groups"]:
        return []
    positive = all((values > 0).all() for values in known.values())
    scaled = {name: np.log(v) if positive else v for name, v in known.items()}
    middle = {name: float(np.median(v)) for name, v in scaled.items()}
    within = float(np.median([_spread(v) for v in scaled.values()]))
    least = np.log(limits["ratio"]) if positive else limits["spread"] * within
    found = []
    for name, values in scaled.items():
        others = np.array([value for other, value in middle.items() if other != name])
        error = _MEDIAN_ERROR * within / np.sqrt(len(values))
        bound = max(limits["deviations"] * max(_spread(others), error), least)
        if abs(middle[name] - np.median(others)) > bound > 0:
            found.append(name)
    return found


def constant(groups: Groups, limits: Mapping[str, float]) -> list[str]:
    """Return the groups that have one and the same value everywhere, where others vary.

    Others vary where none of them has a value in more than ``share`` of its rows.

    Parameters
    ----------
    groups
        Numbers or texts by group; missing ones are NaN or ``None``.
    limits
        ``least`` (values in a group), ``groups`` (number of them), ``share``.
    """
    import numpy as np
    import pandas as pd

    shares = {}
    every = [np.asarray(values) for values in groups.values()]
    codes, _ = pd.factorize(np.concatenate(every)) if every else (np.empty(0, dtype=np.intp), ())
    ends = np.cumsum([len(values) for values in every])[:-1]
    for name, own in zip(groups, np.split(codes, ends), strict=True):
        counts = np.bincount(own[own >= 0])
        if counts.sum() >= limits["least"]:
            shares[name] = float(counts.max() / counts.sum())
    same = [name for name, share in shares.items() if share == 1]
    vary = [share for share in shares.values() if share <= limits["share"]]
    enough = len(shares) >= limits["groups"] and len(vary) == len(shares) - len(same)
    return same if enough and vary else []


def rounded(groups: Groups, limits: Mapping[str, float]) -> list[str]:
    """Return the groups that end in 0 or 5 far more often than the others.

    The last digit is that of the smallest decimal used by any of them. It is looked at where values
    spread over at least ``digits`` units of it, so that it can take any value.

    Parameters
    ----------
    groups
        Numbers by group; missing ones are NaN.
    limits
        ``least`` (values in a group), ``groups`` (number of them), ``share`` (of a suspected
        group), ``others`` (the most that another may have), ``digits``.
    """
    import numpy as np

    known = _known(groups, limits)
    if len(known) < limits["groups"]:
        return []
    every = np.concatenate(list(known.values()))
    decimals = next((d for d in range(_DIGITS) if np.allclose(every, every.round(d))), _DIGITS)
    units = {name: np.abs(np.rint(values * 10**decimals)) for name, values in known.items()}
    low, high = np.quantile(np.concatenate(list(units.values())), (0.25, 0.75))
    if high - low < limits["digits"]:
        return []
    share = {name: float(np.mean(np.isin(v % 10, (0, 5)))) for name, v in units.items()}
    found = [name for name, value in share.items() if value >= limits["share"]]
    others = [value for name, value in share.items() if name not in found]
    return found if others and max(others) <= limits["others"] else []


def _known(groups: Groups, limits: Mapping[str, float]) -> dict[str, NDArray[np.float64]]:
    import numpy as np

    arrays = {name: np.asarray(values, dtype=float) for name, values in groups.items()}
    known = {name: values[~np.isnan(values)] for name, values in arrays.items()}
    return {name: values for name, values in known.items() if len(values) >= limits["least"]}


def _spread(values: Any) -> float:
    import numpy as np

    return _SCALE * float(np.median(np.abs(values - np.median(values))))


def strange_groups(rows: StudyRows) -> Iterator[Finding]:
    """Yield sites and readers that are unlike the others in a field, at their first rows."""
    import numpy as np

    for form, field, parts in rows.numbers():
        values = rows.column(form, field.id)
        sites = rows.sites(form)
        for part in parts:
            at = {site: part[own] for site, own in by_value(sites[part]).items()}
            groups = {site: values[own] for site, own in at.items()}
            for kind, check in (("site-differs", shifted), ("values-rounded", rounded)):
                limits = limits_of(rows.protocol, kind)
                for site in check(groups, limits) if limits is not None else ():
                    others = np.concatenate([v for name, v in groups.items() if name != site])
                    about = {
                        "site": site,
                        "rows": len(groups[site]),
                        "median": f"{np.nanmedian(groups[site]):.6g}",
                        "others": f"{np.nanmedian(others):.6g}",
                        **_guess(field.unit, groups[site], others),
                    }
                    yield Finding(kind, form, int(at[site][0]), field.id, about)
    yield from _constants(rows)


def _guess(unit: str | None, own: Any, others: Any) -> dict[str, object]:
    """Return which other unit would bring a site among the others, in words."""
    import numpy as np

    ratio = np.nanmedian(others) / np.nanmedian(own) if np.nanmedian(own) else np.nan
    for name, factor in factors(unit).items():
        if ratio > 0 and abs(np.log(factor / ratio)) < np.log(1.25):
            return {
                "hint": f"; perhaps it was entered in {name}, not in {unit}",
                "hint_zh": f"；可能以 {name} 填写，而非 {unit}",
            }
    return {"hint": "", "hint_zh": ""}


def _constants(rows: StudyRows) -> Iterator[Finding]:
    """Yield sites and readers that gave the same answer everywhere, where others vary."""
    import numpy as np

    limits = limits_of(rows.protocol, "values-constant")
    if limits is None:
        return
    for name in rows.forms():
        form = rows.protocol.form(name)
        readers = next((f.id for f in form.fields if f.type == "reader" and f.id in form.keys), "")
        members = rows.column(name, readers) if readers else None
        at = by_value(rows.sites(name) if members is None else np.asarray(members, dtype=object))
        for field in form.fields:
            values = rows.column(name, field.id) if field.id not in form.keys else None
            if values is None or not (field.numeric or field.type == "choice"):
                continue
            plain = np.asarray(values, dtype=object if field.type == "choice" else float)
            for one in constant({one: plain[own] for one, own in at.items()}, limits):
                about = {"who": one, "rows": len(at[one]), "value": _text(plain[at[one]])}
                yield Finding("values-constant", name, int(at[one][0]), field.id, about)


def _text(values: Any) -> str:
    known = [value for value in values.tolist() if value is not None and value == value]  # noqa: PLR0124 - NaN
    return f"{known[0]:g}" if isinstance(known[0], float) else str(known[0])
