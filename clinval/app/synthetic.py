"""Make up the data of a study from a recipe (``synthetic.yaml``), reproducibly and marked as such.

A recipe says for each column how its values arise; subjects, sites and readers have effects of
their own, so that reads agree and centers differ the way real ones do. The keys of the recipe are
explained in the recipes of the protocol library.
"""

from __future__ import annotations

import datetime
import itertools
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from clinval.app.synthetic_lives import lives
from clinval.app.synthetic_reads import as_listed, called, centers, changed, on_scale
from clinval.capture.layout import SITE_ID, planned_keys
from clinval.core.expressions import Expression, parse
from clinval.protocol.model import Protocol

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from clinval.protocol.forms import Field, Form

__all__ = ["Rows", "make_up"]

# What shares an effect, by its name in a recipe; truth is that of a latent score.
_SHARED: Mapping[str, list[str]] = {
    "subject": ["subject_id"],
    "reader": ["reader_id"],
    "site": ["site_id"],
    "reader_arm": ["reader_id", "arm"],
    "subject_arm": ["subject_id", "arm"],
    "subject_reader": ["subject_id", "reader_id"],
    "reader_truth": ["reader_id", "truth"],
    "reader_arm_truth": ["reader_id", "arm", "truth"],
    "scanner": ["site_id", "scanner_serial"],
    "scanner_arm": ["site_id", "scanner_serial", "arm"],
    "settings": ["scan_protocol"],
}

Rows = dict[str, list[dict[str, Any]]]
"""Rows by form id; a row is a mapping of field to value."""


def make_up(protocol: Protocol, recipe: Mapping[str, Any]) -> dict[str, Rows]:
    """Return made-up rows by site and form.

    Parameters
    ----------
    protocol
        The study.
    recipe
        ``seed``, ``forms`` (columns of planned forms, made in this order, and of open ones of which
        ``keys`` says what a site fills in), ``lost`` (form to the share of subjects and arms
        without rows, by arm where it differs), ``lives`` (forms of components), ``rows`` (written
        out) and ``mistakes`` (cells overwritten at the end).
    """
    made: dict[str, Rows] = {site.id: {} for site in protocol.sites}
    absent: set[str] = set()
    earlier: dict[str, pd.DataFrame] = {}
    for name, columns in recipe["forms"].items():
        form = protocol.form(name)
        keys = recipe.get("keys", {}).get(form.id, {})
        maker = _Maker(protocol, form, int(recipe["seed"]), earlier, keys)
        frame = maker.kept(maker.frame(columns, absent), recipe.get("lost", {}).get(form.id, 0))
        earlier[name] = frame
        if "enrolled" in frame:
            absent |= set(frame.loc[frame["enrolled"] == "no", "subject_id"])
        for site, of_site in frame.groupby("site_id", sort=False):
            made[str(site)][form.id] = _records(of_site)
    for form_id, cooking in recipe.get("lives", {}).items():
        for site, rows in lives(protocol, form_id, cooking, int(recipe["seed"])).items():
            made[site][form_id] = rows
    for form_id, rows in recipe.get("rows", {}).items():
        for row in rows:
            if row.get("subject_id") not in absent:
                made[row["site_id"]].setdefault(form_id, []).append(dict(row))
    for mistake in recipe.get("mistakes", ()):
        for row in made[mistake["site"]].get(mistake["form"], ()):
            if all(row.get(key) == value for key, value in mistake["row"].items()):
                row[mistake["field"]] = mistake["write"]
    return made


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return cast("list[dict[str, Any]]", rows)


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes up the columns of one form; ``keys`` are those of an open one, value by value."""

    protocol: Protocol
    form: Form
    seed: int
    earlier: Mapping[str, pd.DataFrame]
    keys: Mapping[str, list[Any]]

    def frame(self, columns: Mapping[str, Mapping[str, Any]], absent: set[str]) -> pd.DataFrame:
        frame = self._keys(absent)
        for name, recipe in columns.items():
            field = self.form.field(name)
            if field is not None and name not in frame:
                frame[name] = self._column(field, recipe, frame)
        for field in self.form.fields:
            if field.when and field.id in frame:
                frame.loc[~self._applies(field.when, frame), field.id] = None
        return frame

    def kept(self, frame: pd.DataFrame, lost: float | Mapping[str, float]) -> pd.DataFrame:
        """Return the rows without those of a share of subjects and arms, which never came back."""
        if not lost:
            return frame
        keys = [key for key in ("subject_id", "arm") if key in frame]
        group = frame.groupby(keys, sort=False).ngroup()
        drawn = self._generator("lost").random(int(group.max()) + 1)
        share = frame["arm"].map(lost).fillna(0) if isinstance(lost, Mapping) else lost
        return frame[drawn[group] >= share]

    def _keys(self, absent: set[str]) -> pd.DataFrame:
        """Return the rows: each combination of the keys, without subjects who left."""
        import pandas as pd

        frames = []
        for site in self.protocol.sites:
            rows: list[dict[str, Any]] = [
                dict(zip(self.keys, values, strict=True))
                for values in itertools.product(*self.keys.values())
            ]
            if not self.keys:
                rows = [*planned_keys(self.protocol, self.form, site.id)] or [{}]
            frame = pd.DataFrame(rows, index=range(len(rows)))
            if "subject_id" in frame:
                frame = frame[~frame["subject_id"].isin(absent)]
            if SITE_ID not in frame:
                frame.insert(0, SITE_ID, site.id)
            frames.append(frame)
        return pd.concat(frames, ignore_index=True)

    def _applies(self, rule: str, frame: pd.DataFrame) -> NDArray[np.bool_]:
        truth = parse(rule).truth(_Columns(self.form, frame))
        return truth.true & truth.known

    def _column(self, field: Field, recipe: Mapping[str, Any], frame: pd.DataFrame) -> Any:
        import numpy as np

        draw = self._generator(field.id)
        rows = len(frame)
        match recipe:
            case {"value": value}:
                chosen = [value] * rows
                for name, key in (("by_arm", "arm"), ("by_site", "site_id")):
                    table = recipe.get(name, {})
                    if table:
                        chosen = [
                            table.get(group, current)
                            for group, current in zip(frame[key], chosen, strict=True)
                        ]
                return chosen
            case {"choice": weights}:
                return draw.choice(list(weights), size=rows, p=list(weights.values()))
            case {"day": first, "until": last}:
                return self._days(first, last, frame)
            case {"as_listed": part}:
                return as_listed(self.protocol, part, recipe, frame)
            case {"latent": means}:
                truth = self._of_subject(recipe["truth"], frame)
                known = frame.assign(truth=truth)
                center = centers(means, truth, frame.get("arm"))
                return on_scale(center + self._noise(recipe, known, draw), recipe)
            case {"call": score, "at_least": threshold}:
                limit = float(threshold) + self._noise(recipe, frame, draw)
                return called(frame[score], limit, recipe["then"], recipe["otherwise"])
            case {"copy": source, "changed": changes}:
                return changed(self._of_subject(source, frame), changes, draw)
            case {"lognormal": median}:
                center = np.log(self._center(median, frame)) + np.log(self._factor(recipe, frame))
                return self._limited(np.exp(center + self._noise(recipe, frame, draw)), recipe)
            case {"score": mean}:
                center = self._center(mean, frame) + self._noise(recipe, frame, draw)
                return self._rounded(center, field, recipe)
            case {"sum": parts}:
                total = sum(self._part(part, frame) for part in parts)
                return self._limited(total + self._noise(recipe, frame, draw), recipe)
        raise ValueError(f"the recipe of {self.form.id}.{field.id} is not understood: {recipe}")

    def _generator(self, name: str) -> np.random.Generator:
        import numpy as np

        return np.random.default_rng([self.seed, zlib.crc32(f"{self.form.id}.{name}".encode())])

    def _center(self, value: Any, frame: pd.DataFrame) -> NDArray[np.float64]:
        import numpy as np

        if isinstance(value, Mapping):
            return frame["arm"].map(value).to_numpy(dtype=float)
        return np.full(len(frame), float(value))

    def _factor(self, recipe: Mapping[str, Any], frame: pd.DataFrame) -> NDArray[np.float64]:
        import numpy as np

        table = recipe.get("by_site", {})
        if not table:
            return np.ones(len(frame))
        pairs = zip(frame["site_id"], frame["arm"], strict=True)
        return np.array([float(table.get(site, {}).get(arm, 1.0)) for site, arm in pairs])

    def _noise(
        self, recipe: Mapping[str, Any], frame: pd.DataFrame, draw: np.random.Generator
    ) -> NDArray[np.float64]:
        """Return spread by row, and effects that rows of a subject, reader or site share.

        The ``difficulty`` of a subject is one and the same in every column of every form.
        """
        import numpy as np
        import pandas as pd

        noise = float(recipe.get("spread", 0.0)) * draw.standard_normal(len(frame))
        for name, keys in _SHARED.items():
            if recipe.get(name):
                codes, groups = pd.factorize(frame.groupby(keys, sort=False).ngroup())
                noise += float(recipe[name]) * draw.standard_normal(len(groups))[codes]
        if recipe.get("difficulty"):
            sites = self.protocol.sites
            subjects = [s for site in sites for s in self.protocol.subjects_of(site.id)]
            common = np.random.default_rng([self.seed, zlib.crc32(b"difficulty")])
            effects = pd.Series(common.standard_normal(len(subjects)), index=subjects)
            noise += float(recipe["difficulty"]) * frame["subject_id"].map(effects).to_numpy()
        return noise

    def _of_subject(self, source: str, frame: pd.DataFrame) -> pd.Series[Any]:
        """Return a column of this form, or by ``form.field`` of an earlier one, row by row."""
        form, _, name = source.rpartition(".")
        if not form:
            return frame[name]
        values = self.earlier[form].set_index("subject_id")[name]
        return frame["subject_id"].map(values)

    def _limited(
        self, values: NDArray[np.float64], recipe: Mapping[str, Any]
    ) -> NDArray[np.float64]:
        import numpy as np

        low, high = float(recipe.get("low", -np.inf)), float(recipe.get("high", np.inf))
        limited: NDArray[np.float64] = np.clip(values, low, high)
        return limited.round(int(recipe.get("decimals", 3)))

    def _rounded(
        self, values: NDArray[np.float64], field: Field, recipe: Mapping[str, Any]
    ) -> NDArray[np.float64]:
        import numpy as np

        codes = [int(code) for code in field.codelist] if field.type == "scale" else []
        low = recipe.get("low", min(codes, default=-np.inf))
        high = recipe.get("high", max(codes, default=np.inf))
        return np.clip(np.round(values), float(low), float(high))

    def _days(self, first: Any, last: Any, frame: pd.DataFrame) -> list[str]:
        import pandas as pd

        order = frame.groupby("site_id", sort=False)["subject_id"].transform(
            lambda subjects: pd.factorize(subjects)[0] / max(subjects.nunique() - 1, 1)
        )
        arms = frame["arm"] if isinstance(first, Mapping) else [None] * len(frame)
        days = []
        for arm, share in zip(arms, order, strict=True):
            start, end = (
                datetime.date.fromisoformat(str(day if arm is None else day[arm]))
                for day in (first, last)
            )
            days.append(
                (start + int(share * (end - start).days) * datetime.timedelta(1)).isoformat()
            )
        return days

    def _part(self, part: Any, frame: pd.DataFrame) -> Any:
        if isinstance(part, str):
            return parse(part).evaluate(_Columns(self.form, frame))
        return float(part)


@dataclass(frozen=True, slots=True)
class _Columns:
    """A frame in the making, as the columns that rules read."""

    form: Form
    frame: pd.DataFrame

    def column(self, name: str) -> Any:
        import numpy as np
        import pandas as pd

        field = self.form.field(name)
        if name not in self.frame:
            return pd.Categorical([None] * len(self.frame))
        if field is not None and field.numeric:
            return self.frame[name].to_numpy(dtype=float)
        if field is not None and field.temporal:
            return self.frame[name].to_numpy(dtype="datetime64[s]")
        return pd.Categorical(np.asarray(self.frame[name], dtype=object))

    def aggregate(self, function: str, form: str, condition: Expression | None) -> Any:
        raise ValueError(f"a recipe cannot ask {function}({form}, {condition})")
