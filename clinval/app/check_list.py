"""What is asked of returned data, by a study or by the library, as one list."""

from __future__ import annotations

from pathlib import Path

from clinval.capture.check_catalogue import Entry, form_entries, study_entries
from clinval.core.errors import UsageError
from clinval.core.problems import Place
from clinval.endpoints import KINDS
from clinval.protocol.form_library import library_form
from clinval.protocol.forms import Form, form_files
from clinval.protocol.reading import load

__all__ = ["check_list"]


def check_list(path: Path | None = None, form_id: str | None = None) -> list[Entry]:
    """Return the checks of a protocol, or of the library where none is given.

    Parameters
    ----------
    path
        The protocol.
    form_id
        Only what is asked about this form.

    Raises
    ------
    ProtocolError
        When the protocol cannot be used.
    UsageError
        When there is no such form.
    """
    protocol = None if path is None else load(path, KINDS)
    forms: list[Form] = (
        [library_form(name) for name in form_files()] if protocol is None else [*protocol.forms]
    )
    known = [form.id for form in forms]
    wanted = None if form_id is None else form_id.upper()
    if wanted is not None and wanted not in known:
        raise UsageError.of(
            "checks-of-no-form", Place(file=form_id or ""), form=wanted, forms=", ".join(known)
        )
    entries = [entry for form in forms for entry in form_entries(form)]
    entries += study_entries(protocol)
    return [entry for entry in entries if wanted in (None, entry.form)]
