"""What is asked of returned reads: planned ones, in their sessions, with the washout between."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clinval.capture.reading.findings import Findings
from clinval.capture.reading.table import FormTable
from clinval.protocol.reading_order import reading_order
from clinval.protocol.reading_plan import Read

if TYPE_CHECKING:
    import pandas as pd

    from clinval.protocol.model import Protocol

__all__ = ["check_reads"]

_SESSION, _DATE = "session", "read_date"


def check_reads(protocol: Protocol, site_id: str, table: FormTable, findings: Findings) -> None:
    """Ask about the reads of a form that are not as planned, one question a reader.

    Asked is about reads that no block has the reader make; about reads in another session than
    the reading list has them in; about cases whose later session is dated before the earlier one,
    and about cases with fewer days between two sessions than the washout. The values stand.

    Parameters
    ----------
    protocol
        The study; without a ``reading`` section nothing is asked.
    site_id
        The site.
    table
        The rows of a form; one without subject, arm and reader among its keys holds no reads.
    findings
        Where problems go.
    """
    keys: dict[str, str] = {
        field.type: field.id
        for key in table.form.keys
        if (field := table.form.field(key)) is not None and field.type in Read._fields
    }
    if protocol.reading is None or set(keys) != set(Read._fields) or not table.usable.any():
        return
    reads = _reads(table, keys).merge(_listed(protocol, site_id), on=list(Read._fields), how="left")
    asked = _Asked(table, keys["reader"], findings)
    asked.about("read-not-planned", reads[reads["listed"].isna()])
    if protocol.reading.sessions == 1:
        return
    said = reads["session"].notna() & reads["listed"].notna()
    asked.about("read-in-other-session", reads[said & (reads["session"] != reads["listed"])])
    washout = protocol.design.washout_days
    days = _days_since_session_before(reads)
    asked.about("sessions-reversed", reads[days < 0])
    if washout:
        short = (days >= 0) & (days < washout)
        asked.about("washout-cut-short", reads[short], days=days[short], washout=washout)


def _reads(table: FormTable, keys: dict[str, str]) -> pd.DataFrame:
    """Return the usable reads with their row, session and date, where these were entered."""
    import numpy as np
    import pandas as pd

    rows = len(table.rows)
    columns: dict[str, Any] = {part: table.columns[key].data for part, key in keys.items()}
    for name, kind in ((_SESSION, "numeric"), (_DATE, "temporal")):
        field = table.form.field(name)
        fits = field is not None and getattr(field, kind)
        nothing = np.full(rows, np.nan if kind == "numeric" else np.datetime64("NaT", "s"))
        columns[name] = table.columns[name].data if fits else nothing
    return pd.DataFrame({**columns, "row": np.arange(rows)})[table.usable]


def _listed(protocol: Protocol, site_id: str) -> pd.DataFrame:
    """Return the session of each planned read of a site's subjects."""
    import pandas as pd

    found = [
        (read.subject, read.arm, reader, float(read.session))
        for reader, reads in reading_order(protocol).items()
        for read in reads
        if read.site == site_id
    ]
    return pd.DataFrame(found, columns=[*Read._fields, "listed"])


def _days_since_session_before(reads: pd.DataFrame) -> pd.Series[float]:
    """Return the days since the same reader's read of the case in the session before; else NaN."""
    session = reads["session"].fillna(reads["listed"])
    ordered = reads.assign(at=session).sort_values(["reader", "subject", "at"], kind="stable")
    case = ordered.groupby(["reader", "subject"], sort=False)
    apart: pd.Series[float] = case[_DATE].diff().dt.days
    return apart.where(case["at"].diff() > 0).reindex(reads.index)


class _Asked:
    """Puts one question a reader."""

    def __init__(self, table: FormTable, reader_key: str, findings: Findings) -> None:
        self._table = table
        self._field = table.form.field(reader_key)
        self._findings = findings

    def about(
        self,
        kind: str,
        reads: pd.DataFrame,
        *,
        days: pd.Series[float] | None = None,
        **parameters: object,
    ) -> None:
        """Report reads of each reader at the first of them, with their number."""
        for reader, own in reads.groupby("reader", sort=True):
            more = {} if days is None else {"shortest": int(days[own.index].min())}
            given = {"reader": reader, "count": len(own), **more, **parameters}
            self._table.report(self._findings, kind, int(own["row"].iloc[0]), self._field, given)
