"""The data of a study as its analysis sees them: columns by form, subjects, analysis sets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from clinval.core.errors import AnalysisError, SubmissionError
from clinval.core.expressions import Expression, Truth
from clinval.core.problems import Place
from clinval.protocol.amendments import former_names
from clinval.protocol.lint import ENROLMENT
from clinval.protocol.model import Protocol
from clinval.study import snapshot
from clinval.study.misfits import NO_VALUES, misfits_of
from clinval.study.store import StudyStore

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq
    from numpy.typing import NDArray

__all__ = ["FormColumns", "StudyData"]


@dataclass(slots=True)
class StudyData:
    """Read-only view of the current data; each column is read from the store once.

    Subjects are the rows of the enrolment form, in the order of sites and then of rows. Arrays
    "by subject" follow that order.

    The protocol may have been changed since the data came in. A column whose values do not mean
    what the protocol says now is not given out, unless ``strict`` is false; see `misfits`.
    """

    protocol: Protocol
    store: StudyStore
    strict: bool = True
    _columns: dict[tuple[str, str], Any] = field(default_factory=dict, repr=False)
    _files: dict[str, list[tuple[str, Any]]] = field(default_factory=dict, repr=False)
    _positions: dict[str, Any] = field(default_factory=dict, repr=False)
    _enrolment: _Enrolment | None = field(default=None, repr=False)

    def rows(self, form: str) -> int:
        """Return how many usable rows of a form there are."""
        return sum(part["rows"] for part in self.store.manifest() if part["form"] == form)

    def read(self, form: str, names: Iterable[str]) -> None:
        """Load columns of a form in one pass, those that are not loaded yet."""
        wanted = [name for name in dict.fromkeys(names) if (form, name) not in self._columns]
        if not wanted:
            return
        tables = [table for _, table in self._parts(form, wanted)]
        try:
            table = snapshot.together(tables) if tables else None
        except TypeError as error:  # sites returned a column as values of different types
            problems = [
                problem for name in wanted for problem in misfits_of(self, form, name, NO_VALUES)
            ]
            if not problems:
                raise
            raise SubmissionError(problems) from error
        rows = sum(len(part) for part in tables)
        for name in wanted:
            present = table is not None and name in table.column_names
            values = table.column(name) if present and table is not None else None
            problems = list(misfits_of(self, form, name, values)) if self.strict else []
            if problems:
                raise SubmissionError(problems)
            self._columns[form, name] = self._typed(form, name, values, rows)

    def column(self, form: str, name: str) -> Any:
        """Return a column: floats, ``datetime64``, or a pandas ``Categorical`` of texts."""
        if (form, name) not in self._columns:
            self.read(form, [name])
        return self._columns[form, name]

    def _typed(self, form: str, name: str, values: pa.ChunkedArray | None, rows: int) -> Any:
        import numpy as np
        import pandas as pd

        kind = self.protocol.form(form).field(name)
        if kind is not None and (kind.numeric or kind.temporal):
            dtype = "datetime64[s]" if kind.temporal else "float64"
            if values is None:
                return np.full(rows, np.datetime64("NaT") if kind.temporal else np.nan, dtype)
            return values.to_numpy().astype(dtype, copy=False)
        if values is None:
            return pd.Categorical([None] * rows)
        return pd.Categorical(values.to_pandas())

    def files(self, form: str) -> list[tuple[str, pq.ParquetFile]]:
        """Return the current rows of a form site by site; they stay open."""
        if form not in self._files:
            self._files[form] = self.store.snapshots(form)
        return self._files[form]

    def _parts(self, form: str, columns: list[str]) -> Iterator[tuple[str, pa.Table]]:
        """Yield columns site by site."""
        former = {name: self.former(form, name) for name in columns}
        for site, file in self.files(form):
            yield site, snapshot.read(file, columns, former)

    def former(self, form: str, name: str) -> tuple[str, ...]:
        """Return the names that a column may have in data of earlier versions of the protocol."""
        return former_names(self.protocol, form, name)

    # ------------------------------------------------------------------ subjects

    @property
    def subject_ids(self) -> pd.Index[str]:
        """Identifiers of the subjects."""
        return self._subjects.index

    @property
    def site_names(self) -> tuple[str, ...]:
        """The sites of the protocol, in its order."""
        return tuple(site.id for site in self.protocol.sites)

    @property
    def site_of_subject(self) -> NDArray[np.intp]:
        """Index into ``site_names``, by subject."""
        return self._subjects.site

    @property
    def _subjects(self) -> _Enrolment:
        if self._enrolment is None:
            parts = self._parts(ENROLMENT, ["subject_id"])
            self._enrolment = _Enrolment.of(parts, self.protocol)
        return self._enrolment

    def subject_of_row(self, form: str) -> NDArray[np.intp]:
        """Return the position of each row's subject, -1 for a subject that is not enrolled."""
        if form not in self._positions:
            import numpy as np

            self._positions[form] = (
                np.arange(len(self._subjects.site))
                if form == ENROLMENT
                else self._subjects.find(self._parts(form, ["subject_id"]))
            )
        positions: NDArray[np.intp] = self._positions[form]
        return positions

    def site_of_row(self, form: str) -> NDArray[np.intp]:
        """Return the index into ``site_names`` of the site that returned each row."""
        import numpy as np

        names = self.site_names
        parts = [part for part in self.store.manifest() if part["form"] == form]
        place = [names.index(part["site"]) if part["site"] in names else -1 for part in parts]
        return np.repeat(np.array(place, dtype=np.intp), [part["rows"] for part in parts])

    def scope(self, form: str) -> FormColumns:
        """Return the columns of a form for rules to be evaluated over."""
        return FormColumns(self, form)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Enrolment:
    """The enrolled subjects: their ids, each one's site, and by site where its ids begin."""

    index: pd.Index[str]
    site: NDArray[np.intp]
    by_site: dict[str, tuple[int, pa.Array]]

    @classmethod
    def of(cls, parts: Iterable[tuple[str, pa.Table]], protocol: Protocol) -> _Enrolment:
        """Take the rows of the enrolment form, site by site.

        Raises
        ------
        AnalysisError
            When a site is not of the protocol, or a subject has several rows.
        """
        import numpy as np
        import pandas as pd
        import pyarrow as pa

        names = [site.id for site in protocol.sites]
        by_site: dict[str, tuple[int, pa.Array]] = {}
        sites, start = [], 0
        for site, table in parts:
            if site not in names:
                raise AnalysisError.of("site-unknown", Place(file=ENROLMENT), site=site)
            ids = _ids(table).cast(pa.string())
            if protocol.form(ENROLMENT).keys != ("subject_id",):
                _refuse_twice(ids)
            by_site[site] = (start, ids)
            sites.append(np.full(len(ids), names.index(site)))
            start += len(ids)
        every = pa.chunked_array([ids for _, ids in by_site.values()], pa.string())
        return cls(
            index=pd.Index(every.to_pandas()),
            site=np.concatenate([np.empty(0, dtype=np.intp), *sites]),
            by_site=by_site,
        )

    def find(self, parts: Iterable[tuple[str, pa.Table]]) -> NDArray[np.intp]:
        """Return the position of each row's subject, -1 for one that is not enrolled.

        A subject is looked for at the row's own site, and only then at all sites: a center that
        reads for others returns rows of their subjects.
        """
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        names, places, codes, offset = [], [], [], 0
        for site, table in parts:
            coded = _ids(table)
            if not pa.types.is_dictionary(coded.type):
                coded = coded.dictionary_encode()
            ids = coded.dictionary
            first, own = self.by_site.get(site, (0, ids[:0]))
            if ids.equals(own):  # everybody has rows, in the same order
                places.append(np.arange(first, first + len(ids)))
            else:
                places.append(_whole(pc.add(pc.index_in(ids, value_set=own), first)))
            codes.append(_whole(pc.add(coded.indices, pa.scalar(offset, pa.int64()))))
            names.append(ids)
            offset += len(ids)
        place = np.concatenate([*places, [-1]])  # a missing id has the code -1, the last place
        strange = np.flatnonzero(place[:-1] < 0)
        if len(strange):
            every = pa.chunked_array([ids for _, ids in self.by_site.values()], pa.string())
            sought = pa.chunked_array(names).take(strange)
            place[strange] = _whole(pc.index_in(sought, value_set=every).combine_chunks())
        found: NDArray[np.intp] = place[np.concatenate([np.empty(0, dtype=np.intp), *codes])]
        return found


def _ids(table: pa.Table) -> pa.Array:
    """Return the subjects of a snapshot's rows, coded or not."""
    import pyarrow as pa

    if "subject_id" not in table.column_names:
        return pa.nulls(len(table), pa.string())
    return table.column("subject_id").combine_chunks()


def _whole(values: pa.Array) -> NDArray[np.intp]:
    """Return whole numbers, -1 where there is none."""
    import numpy as np
    import pyarrow.compute as pc

    filled: NDArray[np.intp] = pc.fill_null(values, -1).to_numpy(zero_copy_only=False)
    return filled.astype(np.intp, copy=False)


def _refuse_twice(ids: pa.Array) -> None:
    """Stop where the enrolment form has several rows of a subject: nobody knows which counts."""
    import pyarrow.compute as pc

    counts = pc.value_counts(ids)
    twice = counts.filter(pc.greater(counts.field("counts"), 1)).field("values")
    if len(twice):
        raise AnalysisError.of(
            "rows-not-combined",
            Place(file=ENROLMENT),
            subjects=len(twice),
            form=ENROLMENT,
            first=twice[0].as_py(),
        )


@dataclass(frozen=True, slots=True)
class FormColumns:
    """A form's columns, as a rule finds them; on the enrolment form also counts over others."""

    data: StudyData
    form: str

    def column(self, name: str) -> Any:
        """Return a column of the form."""
        return self.data.column(self.form, name)

    def aggregate(self, function: str, form: str, condition: Expression | None) -> Any:
        """Return ``any``, ``all`` or ``count`` of a rule over another form, by subject.

        ``any`` and ``all`` are unknown where the rows that are known do not decide them.
        """
        import numpy as np

        subjects = len(self.data.site_of_subject)
        position = self.data.subject_of_row(form)

        def count(chosen: Any = True) -> NDArray[np.intp]:
            place = np.where(chosen, position, -1) + 1  # 0: not enrolled, or not chosen
            return np.bincount(place, minlength=subjects + 1)[1:]

        rows = count()
        if condition is None:
            return rows.astype(np.float64)
        truth = condition.truth(self.data.scope(form))
        hits = count(truth.true & truth.known)
        if function == "count":
            return hits.astype(np.float64)
        unknown = count(~truth.known)
        if function == "any":
            return Truth(hits > 0, (hits > 0) | (unknown == 0))
        failed = (rows == 0) | (hits + unknown < rows)
        return Truth((rows > 0) & (hits == rows), failed | (unknown == 0))
