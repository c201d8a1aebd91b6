"""Which reader a field's cells need, and whether what was read is possible and plausible."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from clinval.capture.blinding import is_reading_form, out_of_code
from clinval.capture.echo import Echo
from clinval.capture.layout import limits_text, options_of
from clinval.capture.reading.choices import Choices
from clinval.capture.reading.columns import Column, Issue
from clinval.capture.reading.identifiers import Identifiers
from clinval.capture.reading.missing import missing_code
from clinval.capture.reading.moments import read_date, read_datetime, read_time
from clinval.capture.reading.quantities import read_number
from clinval.capture.reading.reading import Reading, narrow, tidy
from clinval.capture.reading.texts import read_text
from clinval.protocol.study_checks import factors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clinval.protocol.forms import Field, Form, Limits
    from clinval.protocol.model import Protocol

__all__ = ["CellReaders", "check_limits"]

Read = Callable[[object], Reading]

_MANY = 5  # values of a column in another unit, for the column to be asked about once
_YEARS = (datetime.date(1900, 1, 1), datetime.date(2199, 12, 31))  # of a date without limits


class CellReaders:
    """Gives the reader of a field's cells.

    Parameters
    ----------
    protocol
        The study.
    site_id
        The site the workbook was made for.
    epoch
        The day that the workbook counts days from.
    """

    def __init__(self, protocol: Protocol, site_id: str, epoch: datetime.datetime) -> None:
        self._protocol = protocol
        self.site = site_id
        self._epoch = epoch
        self.echo = _echo_of(protocol, site_id)
        self._subjects: dict[str, Identifiers] = {}

    def of(self, form: Form, field: Field) -> Read:
        """Return the reader of a field."""
        is_key = field.id in form.keys
        match field.type:
            case "site":
                return Identifiers([self.site], self.echo, problem="row-of-other-site").read
            case "subject":
                return self._subject("key-unknown" if is_key else "reference-unknown").read
            case "arm" | "reader":
                known = list(options_of(self._protocol, field, self.site))
                if field.type == "arm" and is_reading_form(form):
                    known = [*self._protocol.read_codes, *known]
                problem = "key-unknown" if is_key else "reference-unknown"
                return Identifiers(known, self.echo, problem=problem).read
            case "choice" | "scale":
                return Choices(field, field.codelist, self.echo).read
            case "text":
                return lambda value: read_text(value, field)
            case "date":
                return _of_texts(lambda value: read_date(value, self.echo, self._epoch))
            case "datetime":
                return _of_texts(lambda value: read_datetime(value, self.echo, self._epoch))
            case "time":
                return _of_texts(lambda value: read_time(value, self.echo))
        return _of_texts(lambda value: read_number(value, self.echo))

    def uncode(self, form: Form, columns: Mapping[str, Column]) -> None:
        """Put arms where a form of reads has the codes of a blind study."""
        out_of_code(self._protocol, form, columns)

    def _subject(self, problem: str) -> Identifiers:
        if problem not in self._subjects:
            elsewhere = {
                subject: site.id
                for site in self._protocol.sites
                if site.id != self.site
                for subject in self._protocol.subjects_of(site.id)
            }
            known = self._protocol.subjects_of(self.site)
            for subject in known:
                elsewhere.pop(subject, None)
            self._subjects[problem] = Identifiers(
                known, self.echo, elsewhere=elsewhere, problem=problem
            )
        return self._subjects[problem]


def _echo_of(protocol: Protocol, site_id: str) -> Echo:
    names = [site.id for site in protocol.sites] + [arm.id for arm in protocol.arms]
    names += [reader.id for reader in protocol.readers]
    names += list(protocol.subjects_of(site_id))
    for site in protocol.sites:
        names += protocol.subjects_of(site.id)[:1]  # the shape of the others
    units = {field.unit for form in protocol.forms for field in form.fields if field.unit}
    return Echo(names, units)


def _of_texts(read: Read) -> Read:
    """Prepare texts for a reader of numbers or dates: blanks, wide characters, missing codes."""

    def prepared(value: object) -> Reading:
        if not isinstance(value, str):
            return read(value)
        clean, blanks = tidy(value)
        clean, widths = narrow(clean)
        if not clean:
            return Reading()
        remarks = blanks + widths
        missing = missing_code(clean)
        if missing:
            said = () if missing[1] else ("read-missing-word",)
            return Reading(missing=missing[0], remarks=remarks + said)
        reading = read(clean)
        if reading.problem or not remarks:
            return reading
        # what was done to the text says already that it was one
        further = tuple(remark for remark in reading.remarks if remark != "read-number-from-text")
        return Reading(
            value=reading.value, remarks=remarks + further, parameters=reading.parameters
        )

    return prepared


def check_limits(column: Column) -> None:
    """Reject what is impossible and ask about what is implausible."""
    field = column.field
    if field.temporal:
        _apply(column, "value-out-of-range", field.range or _YEARS)
    elif field.type in ("number", "integer"):
        if field.type == "integer":
            with np.errstate(invalid="ignore"):
                broken = np.flatnonzero(np.mod(column.data, 1) > 0)
            _report(column, "number-not-whole", broken, {})
            column.reject(broken)
        if field.range:
            _apply(column, "value-out-of-range", field.range)
    if field.expected:
        _apply(column, "value-unexpected", field.expected)
        _name_unit(column)


def _name_unit(column: Column) -> None:
    """Say of values that are implausible in which other unit they would not be.

    Nothing is converted: the site says what was meant.
    """
    units = factors(column.field.unit) if column.field.numeric else {}
    for issue in list(column.issues):
        if not units or issue.kind != "value-unexpected" or issue.values is None:
            continue
        plausible = {
            name: _within(issue.values * factor, column.field.expected)
            for name, factor in units.items()
        }
        names = np.array(
            [
                ", ".join(name for name in units if plausible[name][row])
                for row in range(len(issue.rows))
            ]
        )
        for other in sorted(set(names.tolist()) - {""}):
            chosen = names == other
            rows, values = issue.rows[chosen], issue.values[chosen]
            parameters = {**issue.parameters, "other": other}
            numbers = int((~np.isnan(column.data)).sum())
            if len(rows) >= _MANY and 2 * len(rows) > numbers:
                counts = {"count": len(rows), "rows": numbers}
                whole = Issue(kind="unit-of-column", rows=rows[:1], parameters=parameters | counts)
                column.issues.append(whole)
                continue
            column.issues.append(
                Issue(kind="unit-unexpected", rows=rows, parameters=parameters, values=values)
            )
        left = names == ""
        issue.rows, issue.values = issue.rows[left], issue.values[left]


def _within(values: NDArray[np.float64], limits: Any) -> NDArray[np.bool_]:
    low, high = limits
    above = np.ones(len(values), dtype=bool) if low is None else values >= low
    return above if high is None else above & (values <= high)


def _apply(column: Column, kind: str, limits: Limits) -> None:
    outside = np.zeros(len(column.data), dtype=bool)
    for limit, upper in zip(limits, (False, True), strict=True):
        if limit is None:
            continue
        if isinstance(limit, datetime.date):
            edge = np.datetime64(limit, "s") + np.timedelta64(86_400 if upper else 0, "s")
            # any time on the last day is still within
            outside |= column.data >= edge if upper else column.data < edge
        else:
            outside |= column.data > limit if upper else column.data < limit
    rows = np.flatnonzero(outside)
    unit = f" {column.field.unit}" if column.field.unit else ""
    _report(column, kind, rows, {"limits": limits_text(limits) + unit})
    if kind == "value-out-of-range":
        column.reject(rows)


def _report(
    column: Column, kind: str, rows: NDArray[np.intp], parameters: dict[str, object]
) -> None:
    if len(rows):
        column.issues.append(
            Issue(kind=kind, rows=rows, parameters=parameters, values=column.data[rows].copy())
        )
