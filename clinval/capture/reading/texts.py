"""Free texts: what is kept, and what must not be."""

from __future__ import annotations

import datetime
import re
from typing import TYPE_CHECKING

from clinval.capture.layout import LONGEST_TEXT, plain_number
from clinval.capture.phi import identifies
from clinval.capture.reading.missing import missing_code
from clinval.capture.reading.reading import Reading, narrow, tidy

if TYPE_CHECKING:
    from clinval.protocol.forms import Field

__all__ = ["read_text"]


def read_text(value: object, field: Field) -> Reading:
    """Return the text in a cell of a text field.

    What begins with ``=``, ``+``, ``-`` or ``@`` stays as it is: it is a text. Whoever writes it
    into a file that a spreadsheet opens has to see to it that it stays one.
    """
    remarks: tuple[str, ...] = ()
    match value:
        case bool():
            text, remarks = str(value).upper(), ("read-text-from-number",)
        case int() | float():
            text, remarks = plain_number(value), ("read-text-from-number",)
        case datetime.date() | datetime.time() | datetime.timedelta():
            return Reading(problem="date-for-text")
        case str():
            text, remarks = tidy(value)
        case _:
            return Reading(problem="text-not-of-form", parameters={"pattern": field.pattern or ""})
    if not text:
        return Reading()
    missing = missing_code(narrow(text)[0])
    if missing:
        return Reading(
            missing=missing[0], remarks=remarks + (() if missing[1] else ("read-missing-word",))
        )
    if len(text) > LONGEST_TEXT:
        parameters = {"length": len(text), "most": LONGEST_TEXT}
        return Reading(problem="text-too-long", parameters=parameters)
    if identifies(narrow(text)[0]):
        return Reading(problem="text-identifies")
    if field.pattern and not re.fullmatch(field.pattern, text):
        return Reading(problem="text-not-of-form", parameters={"pattern": field.pattern})
    return Reading(value=text, remarks=remarks)
