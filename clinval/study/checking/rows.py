"""The current rows of a study as its checks read them, and where each of them stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field as member
from typing import TYPE_CHECKING, Any, NamedTuple

from clinval.core.errors import SubmissionError
from clinval.core.problems import Place, Problem
from clinval.study.data import StudyData
from clinval.study.returns import KEY, SUBMISSION, Defect

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from clinval.protocol.model import Protocol
    from clinval.study.store import StudyStore

__all__ = ["Finding", "StudyRows"]


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

    def __post_init__(self) -> None:
        self._data = StudyData(self.protocol, self.store)
        self._files = {made.id: made.file_name for made in self.store.submissions()}

    def forms(self) -> list[str]:
        """Return the forms of the protocol that have rows."""
        filled = {part["form"] for part in self.store.manifest() if part["rows"]}
        return [form.id for form in self.protocol.forms if form.id in filled]

    def column(self, form: str, name: str) -> Any:
        """Return a column of a form, or ``None`` where no value can be gone by.

        Numbers are floats (NaN = missing), times ``datetime64[s]`` (NaT = missing), texts a pandas
        ``Categorical``. A column is not given out where the protocol does not have it, or where
        its values were returned under another meaning.
        """
        declared = next((each for each in self.protocol.forms if each.id == form), None)
        if declared is None or declared.field(name) is None or form not in self.forms():
            return None
        try:
            return self._data.column(form, name)
        except SubmissionError:
            return None

    def texts(self, form: str, name: str) -> NDArray[Any]:
        """Return a column of texts as objects, ``None`` where there is none."""
        import numpy as np

        values = np.asarray(self._data.column(form, name), dtype=object)
        values[values != values] = None  # noqa: PLR0124 - what is missing in a Categorical
        return values

    def sites(self, form: str) -> NDArray[np.object_]:
        """Return the site that returned each row."""
        import numpy as np

        parts = [part for part in self.store.manifest() if part["form"] == form]
        names = np.array([part["site"] for part in parts], dtype=object)
        return np.repeat(names, [part["rows"] for part in parts])

    def defect(self, finding: Finding) -> tuple[str, Defect]:
        """Return a finding as a defect of the site that returned the row, with its place."""
        form, row = finding.form, finding.row
        site = str(self.sites(form)[row])
        key = str(self.texts(form, KEY)[row])
        submission = int(self._data.column(form, SUBMISSION)[row])
        sheet, number = self.store.place_of(submission, form, site, key)
        declared = self.protocol.form(form).field(finding.field)
        given = dict(finding.parameters)
        if declared is not None:
            given |= {"field": declared.label.en, "field_zh": declared.label.in_("zh")}
        place = Place(file=self._files.get(submission, ""), sheet=sheet, cell=str(number or ""))
        problem = Problem(kind=finding.kind, place=place, parameters=given)
        return site, Defect(problem=problem, form=form, key=key, field=finding.field)
