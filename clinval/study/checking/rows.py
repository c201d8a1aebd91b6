"""The current rows of a study as its checks read them, and where each of them stands."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field as member
from typing import TYPE_CHECKING, Any, NamedTuple

from clinval.core.errors import SubmissionError
from clinval.core.problems import Place, Problem
from clinval.protocol.forms import FINANCE, HEADERS
from clinval.study.data import StudyData
from clinval.study.returns import KEY, SUBMISSION, Defect

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.core.expressions import Expression
    from clinval.protocol.forms import Field, Form
    from clinval.protocol.model import Protocol
    from clinval.study.store import StudyStore

__all__ = ["Finding", "StudyRows", "by_value"]

_ONES_OWN = ("site", "subject", "reader")  # keys that say whose a row is, not what it measures
_FEW = 5  # rows a value of a key, for rows to be compared by it


def by_value(values: Any) -> dict[str, NDArray[np.intp]]:
    """Return the rows of each value, in the order in which values first stand; none of ``None``."""
    import numpy as np
    import pandas as pd

    codes, known = pd.factorize(np.asarray(values, dtype=object))
    order = np.argsort(codes, kind="stable")
    starts = np.searchsorted(codes[order], np.arange(len(known) + 1))
    return {str(value): order[starts[at] : starts[at + 1]] for at, value in enumerate(list(known))}


class Finding(NamedTuple):
    """What a check asks about: a row of a form, by its index among the rows of all sites."""

    kind: str
    form: str
    row: int
    field: str = ""
    parameters: Mapping[str, object] = {}


@dataclass(slots=True)
class StudyRows:
    """The usable rows of all sites, form by form, in the order of the sites' ids.

    Parameters
    ----------
    protocol
        The study.
    store
        Its store.
    """

    protocol: Protocol
    store: StudyStore
    _data: StudyData = member(init=False)
    _files: dict[int, str] = member(init=False)
    _manifest: list[dict[str, Any]] = member(init=False)
    _sites: dict[str, Any] = member(default_factory=dict)
    _read: set[str] = member(default_factory=set)

    def __post_init__(self) -> None:
        self._data = StudyData(self.protocol, self.store)
        self._manifest = self.store.manifest()
        self._files = {made.id: made.file_name for made in self.store.submissions()}

    def forms(self) -> list[str]:
        """Return the forms of the protocol that have rows."""
        filled = {part["form"] for part in self._manifest if part["rows"]}
        return [form.id for form in self.protocol.forms if form.id in filled]

    def has(self, form: str) -> bool:
        """Return whether the protocol has a form and sites have returned rows of it."""
        return form in self.forms()

    def column(self, form: str, name: str) -> Any:
        """Return a column of a form, or ``None`` where no value can be gone by.

        Numbers are floats (NaN = missing), times ``datetime64[s]`` (NaT = missing), texts a pandas
        ``Categorical``. A column is not given out where the protocol does not have it, or where
        its values were returned under another meaning.
        """
        declared = next((each for each in self.protocol.forms if each.id == form), None)
        if declared is None or declared.field(name) is None or form not in self.forms():
            return None
        if form not in self._read:
            self._read.add(form)
            with contextlib.suppress(
                SubmissionError, TypeError
            ):  # then each column is read by itself
                self._data.read(form, [field.id for field in declared.fields])
        try:
            return self._data.column(form, name)
        except (SubmissionError, TypeError):  # other meaning, or other types by site
            return None

    def aggregate(self, home: str, function: str, form: str, condition: Expression | None) -> Any:
        """Return ``any``, ``all`` or ``count`` of a rule over another form, by enrolled subject."""
        return self._data.scope(home).aggregate(function, form, condition)

    def texts(self, form: str, name: str) -> NDArray[Any]:
        """Return a column of texts as objects, ``None`` where there is none.

        Numbers are written as texts: a threshold is a version like another.
        """
        import numpy as np

        column = self._data.column(form, name)
        if getattr(column, "dtype", None) == np.float64:
            return np.array([None if np.isnan(x) else f"{x:.12g}" for x in column], dtype=object)
        values = np.array(column, dtype=object)
        values[values != values] = None  # noqa: PLR0124 - what is missing in a Categorical
        return values

    def numbers(self) -> Iterator[tuple[str, Field, list[NDArray[np.intp]]]]:
        """Yield the number fields with the rows that are to be compared with one another.

        Rows are compared that have the same values in the keys that say what was measured: the
        arm, and others that are few. Answers of finance departments are not compared, nor what was
        read from headers, which nobody types.
        """
        import numpy as np

        for name in self.forms():
            form = self.protocol.form(name)
            fields = [
                field
                for field in form.fields
                if field.type in ("number", "integer") and field.id not in form.keys
            ]
            if name == FINANCE or form.filled_by == HEADERS or not fields:
                continue
            parts = self._alike(form)
            for field in fields:
                values = self.column(name, field.id)
                if values is not None and not np.isnan(values).all():
                    yield name, field, parts

    def _alike(self, form: Form) -> list[NDArray[np.intp]]:
        import numpy as np
        import pandas as pd

        rows = len(self.sites(form.id))
        group = np.zeros(rows, dtype=np.intp)
        for key in form.keys:
            field = form.field(key)
            if field is None or field.type in (*_ONES_OWN, "integer", "number"):
                continue
            values = self.column(form.id, key)
            if values is None:
                continue
            codes, known = pd.factorize(np.asarray(values, dtype=object))
            if _FEW * len(known) <= rows or field.type == "arm":
                group = group * (len(known) + 1) + codes + 1
        return [np.flatnonzero(group == one) for one in np.unique(group)]

    def sites(self, form: str) -> NDArray[np.object_]:
        """Return the site that returned each row."""
        import numpy as np

        if form not in self._sites:
            parts = [part for part in self._manifest if part["form"] == form]
            names = np.array([part["site"] for part in parts], dtype=object)
            self._sites[form] = np.repeat(names, [part["rows"] for part in parts])
        sites: NDArray[np.object_] = self._sites[form]
        return sites

    def defect(self, finding: Finding) -> tuple[str, Defect]:
        """Return a finding as a defect of the site that returned the row, with its place."""
        form, row = finding.form, finding.row
        site = str(self.sites(form)[row])
        key = str(self._data.column(form, KEY)[row])
        submission = int(self._data.column(form, SUBMISSION)[row])
        sheet, number = self.store.place_of(submission, form, site, key)
        declared = self.protocol.form(form).field(finding.field)
        given = dict(finding.parameters)
        if declared is not None:
            given |= {"field": declared.label.en, "field_zh": declared.label.in_("zh")}
        place = Place(file=self._files.get(submission, ""), sheet=sheet, cell=str(number or ""))
        problem = Problem(kind=finding.kind, place=place, parameters=given)
        return site, Defect(problem=problem, form=form, key=key, field=finding.field)
