"""The data as tables with columns that say what they are; every format is written from these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field as member
from typing import TYPE_CHECKING, Any, Literal

from clinval.protocol.base import Text
from clinval.study.returns import MISSING, SUBMISSION

if TYPE_CHECKING:
    import pandas as pd

    from clinval.protocol.forms import Field, Form
    from clinval.study.data import StudyData

__all__ = ["OPEN", "About", "Blinded", "Column", "Dataset", "Kind", "datasets"]

Kind = Literal["text", "integer", "number", "date", "datetime", "time"]

_MISSING = Text(en="Why values are missing", zh="缺失原因")
_VERSION = Text(en="Protocol version of the template", zh="模板所依据的方案版本")
_SUBMISSION = Text(en="Number of the submission", zh="提交序号")


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What every file of an export says about itself.

    Attributes
    ----------
    study, sponsor
        As the protocol has them.
    protocol_version, metadata
        Of the protocol in force, and the identifier of its metadata version in ODM.
    data_version, data_sha256, data_time
        Of the data, and when they came to be what they are.
    created
        When the export was made, ISO 8601 with offset.
    software
        Version of clinval.
    """

    study: str
    sponsor: str
    protocol_version: str
    metadata: str
    data_version: int
    data_sha256: str
    data_time: str
    created: str
    software: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Blinded:
    """What must not be seen while the key of a blind study is closed.

    ``forms`` are those whose rows are reads; ``codes`` has the code of each read, by its subject,
    arm and reader.
    """

    forms: frozenset[str] = frozenset()
    codes: Mapping[tuple[str, str, str], str] = member(default_factory=dict)


OPEN = Blinded()
"""Nothing is hidden."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: its name, what it says, and what kind of values it has.

    ``key`` is its place among the columns that tell rows apart, 0 where it is none of them.
    """

    name: str
    label: Text
    kind: Kind
    unit: str = ""
    codes: Mapping[str, Text] = member(default_factory=dict)
    key: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """One table.

    ``frame`` has the columns by name: float64 for numbers, datetime64 for dates and times of a
    day, ``None`` or a text otherwise; what is missing is NaN, NaT or ``None``.
    """

    name: str
    label: Text
    columns: tuple[Column, ...]
    frame: pd.DataFrame

    def values(self, column: Column) -> list[Any]:
        """Return the values of a column as plain Python values, moments in ISO 8601."""
        import pandas as pd

        values = self.frame[column.name]
        match column.kind:
            case "integer":
                return [None if v != v else int(v) for v in values.tolist()]  # noqa: PLR0124
            case "number":
                return [None if v != v else v for v in values.tolist()]  # noqa: PLR0124
            case "date" | "datetime":
                length = 10 if column.kind == "date" else 19
                texts = values.to_numpy().astype("datetime64[s]").astype(str)
                return [
                    None if gone else text[:length]
                    for text, gone in zip(texts, pd.isna(values), strict=True)
                ]
        return values.astype(object).where(values.notna(), None).tolist()


def datasets(
    data: StudyData,
    versions: Mapping[int, str],
    blinded: Blinded = OPEN,
) -> list[Dataset]:
    """Return the current rows of every form, in the order of the protocol.

    Parameters
    ----------
    data
        The study. Values that do not mean what the protocol says now stop the export.
    versions
        By submission, the version of the protocol that its template was made for.
    blinded
        Reads whose arm is replaced by their code; they come in the order of the codes, since any
        other would tell the arms.

    Raises
    ------
    SubmissionError
        When stored values do not mean what the protocol says now.
    """
    return [_of_form(data, form, versions, blinded) for form in data.protocol.forms]


def _of_form(data: StudyData, form: Form, versions: Mapping[int, str], blinded: Blinded) -> Dataset:
    import pandas as pd

    names = [field.id for field in form.fields]
    data.read(form.id, [*names, MISSING, SUBMISSION])
    values = {name: pd.Series(data.column(form.id, name)) for name in names}
    submission = pd.Series(data.column(form.id, SUBMISSION)).astype(float)
    values["missing_codes"] = pd.Series(data.column(form.id, MISSING)).astype(object)
    values["protocol_version"] = submission.map(versions).astype(object)
    values["submission"] = submission
    frame = pd.DataFrame(values)
    hidden = form.id in blinded.forms
    columns = [
        *(_column(field, form, hidden=hidden and field.type == "arm") for field in form.fields),
        Column(name="missing_codes", label=_MISSING, kind="text"),
        Column(name="protocol_version", label=_VERSION, kind="text"),
        Column(name="submission", label=_SUBMISSION, kind="integer"),
    ]
    return Dataset(
        name=form.id,
        label=form.name,
        columns=tuple(columns),
        frame=_in_code(frame, form, blinded) if hidden else frame,
    )


def _in_code(frame: pd.DataFrame, form: Form, blinded: Blinded) -> pd.DataFrame:
    """Return reads with their codes in place of their arms, in the order of the codes."""
    named = {field.type: field.id for field in form.fields if field.id in form.keys}
    keys = [named[part] for part in ("subject", "arm", "reader")]
    reads = zip(*(frame[name].astype(str) for name in keys), strict=True)
    frame = frame.copy()
    frame[named["arm"]] = [blinded.codes.get(read) for read in reads]
    return frame.sort_values(["site_id", named["arm"]], ignore_index=True)


def _column(field: Field, form: Form, *, hidden: bool) -> Column:
    return Column(
        name=field.id,
        label=field.label,
        kind=_kind(field),
        unit=field.unit or "",
        codes={} if hidden else field.codelist,
        key=form.keys.index(field.id) + 1 if field.id in form.keys else 0,
    )


def _kind(field: Field) -> Kind:
    match field.type:
        case "integer" | "number" | "date" | "datetime" | "time":
            return field.type
        case "scale":
            whole = all(float(code).is_integer() for code in field.codelist)
            return "integer" if whole else "number"
    return "text"
