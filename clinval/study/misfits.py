"""Whether stored values still mean what the protocol says: it may have been changed since."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from clinval.core.problems import Place, Problem
from clinval.protocol.amendments import reworded
from clinval.study import snapshot
from clinval.study.meaning import difference, meaning_of

if TYPE_CHECKING:
    import pyarrow as pa

    from clinval.protocol.forms import Field, Form
    from clinval.protocol.model import Protocol
    from clinval.study.data import StudyData

__all__ = ["NO_VALUES", "misfits", "misfits_of"]

NO_VALUES: Any = ()
"""In the place of a column whose sites returned values of different types."""

_SHOWN = 6  # codes in a message


def misfits(data: StudyData) -> Iterator[Problem]:
    """Yield what of the stored data the protocol does not know, or knows otherwise."""
    place = Place(file=data.store.path.name)
    forms = {form.id: form for form in data.protocol.forms}
    beside: dict[str, int] = {}
    for part in data.store.manifest():
        if part["form"] not in forms:
            beside[part["form"]] = beside.get(part["form"], 0) + part["rows"]
    for form_id, rows in beside.items():
        if rows:
            parameters = {"form": form_id, "rows": rows}
            yield Problem(kind="stored-form-not-asked", place=place, parameters=parameters)
    for form in forms.values():
        files = data.files(form.id)
        yield from _not_asked(data, form)
        for field in form.fields:
            former = {field.id: data.former(form.id, field.id)}
            tables = [snapshot.read(file, [field.id], former) for _, file in files]
            yield from misfits_of(data, form.id, field.id, _together(tables, field.id))


def _together(tables: list[pa.Table], name: str) -> Any:
    """Return the values of all sites; none where they are of different types, ``None`` unasked."""
    if not any(name in table.column_names for table in tables):
        return None
    try:
        return snapshot.together(tables).column(name)
    except TypeError:
        return NO_VALUES


def _not_asked(data: StudyData, form: Form) -> Iterator[Problem]:
    """Yield the columns that are stored and that the protocol no longer asks for."""
    asked = {name for field in form.fields for name in (field.id, *data.former(form.id, field.id))}
    beside: dict[str, list[str]] = {}
    for site, file in data.files(form.id):
        for name in file.schema_arrow.names:
            if not name.startswith("_") and name not in asked:
                beside.setdefault(name, []).append(site)
    for name, sites in beside.items():
        parameters = {"form": form.id, "field": name, "sites": ", ".join(sites)}
        place = Place(file=data.store.path.name)
        yield Problem(kind="stored-field-not-asked", place=place, parameters=parameters)


def misfits_of(
    data: StudyData, form: str, name: str, values: pa.ChunkedArray | None
) -> Iterator[Problem]:
    """Yield why the values of one column cannot be used with the protocol."""
    field = data.protocol.form(form).field(name)
    if field is None or values is None:
        return
    place = Place(file=data.store.path.name)
    about = {"form": form, "field": field.label.en, "field_zh": field.label.in_("zh"), "id": name}
    now = meaning_of(field)
    bent: dict[str, list[str]] = {}
    same = reworded(data.protocol, form, name)
    for site, file in data.files(form):
        meanings = snapshot.meaning(file)
        was = meanings.get(snapshot.column_in(file, name, data.former(form, name)))
        change = difference(was, now, same) if was else ""
        if change:
            bent.setdefault(change, []).append(site)
    for change, sites in bent.items():
        parameters = {**about, "sites": ", ".join(sites), "change": change}
        yield Problem(kind="stored-otherwise-meant", place=place, parameters=parameters)
    known = _known(data.protocol, field)
    if known is None or bent:
        return
    different = values.unique().to_pylist() if values is not NO_VALUES else ()
    strange = [value for value in different if value not in (None, *known)]
    if strange:
        shown = ", ".join(
            str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
            for value in sorted(strange)[:_SHOWN]
        )
        parameters = {**about, "codes": shown}
        yield Problem(kind="stored-code-unknown", place=place, parameters=parameters)


def _known(protocol: Protocol, field: Field) -> set[str | float] | None:
    """Return the values that a field may have, ``None`` where they are not listed."""
    match field.type:
        case "choice":
            return set(field.codelist)
        case "scale":
            return {float(code) for code in field.codelist}
        case "arm":
            return {arm.id for arm in protocol.arms}
        case "reader":
            return {reader.id for reader in protocol.readers}
    return None
