"""The same content in every format that comes back."""

import csv
import io
from xml.sax.saxutils import escape, quoteattr

from clinval.capture.layout import columns_of

MDV = "MDV"
NAMESPACES = {
    "1.3.2": "http://www.cdisc.org/ns/odm/v1.3",
    "2.0": "http://www.cdisc.org/ns/odm/v2.0",
}


def csv_text(form, rows, *, site="S01", delimiter=",", headings=None, change=None):
    """Return rows of a form as CSV; ``change`` may change the text of a cell."""
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=delimiter, lineterminator="\r\n")
    names = [field.id for field in columns_of(form)]
    writer.writerow(headings or names)
    for row in rows:
        cells = {"site_id": site, **row}
        values = [cells.get(name) for name in names]
        values = ["" if value is None else str(value) for value in values]
        writer.writerow([change(text) if change else text for text in values])
    return stream.getvalue()


def odm_text(protocol, contents, *, version, study=None, metadata=None, before="", inside=""):
    """Return content of sites (site -> form -> rows) as clinical data of ODM.

    ``inside`` is put into the first item of the first row.
    """
    inside = [inside]
    subjects = {}
    for site, content in contents.items():
        for form_id, rows in content.items():
            form = protocol.form(form_id)
            for row in rows:
                key = row.get("subject_id", site)
                subjects.setdefault((site, key), []).append((form, row))
    parts = []
    for (site, key), rows in subjects.items():
        parts.append(f"<SubjectData SubjectKey={quoteattr(key)}>")
        parts.append(f'<SiteRef LocationOID="LOC.{site}"/>')
        parts.append('<StudyEventData StudyEventOID="SE.STUDY">')
        by_form = {}
        for form, row in rows:
            by_form.setdefault(form.id, []).append(_group(form, row, version, inside))
        for form_id, groups in by_form.items():
            tag, oid = (
                ("FormData", "FormOID") if version == "1.3.2" else ("ItemGroupData", "ItemGroupOID")
            )
            parts.append(f'<{tag} {oid}="F.{form_id}">')
            for number, group in enumerate(groups, start=1):
                parts.append(
                    f'<ItemGroupData ItemGroupOID="IG.{form_id}" ItemGroupRepeatKey="{number}">'
                )
                parts.append(group)
                parts.append("</ItemGroupData>")
            parts.append(f"</{tag}>")
        parts.append("</StudyEventData></SubjectData>")
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{before}'
        f'<ODM xmlns="{NAMESPACES[version]}" FileType="Snapshot" FileOID="f" ODMVersion="{version}"'
        ' CreationDateTime="2026-04-01T00:00:00Z">'
        f'<ClinicalData StudyOID="{study or protocol.study.id}" MetaDataVersionOID="{metadata}">'
        + "".join(parts)
        + "</ClinicalData></ODM>"
    )


def _group(form, row, version, inside):
    items = []
    for field in form.fields:
        value = row.get(field.id)
        if field.id in ("site_id", "subject_id") or value is None:
            continue
        value = _xml_moment(str(value)) if field.type == "datetime" else str(value)
        more, inside[0] = inside[0], ""
        oid = f"IT.{form.id}.{field.id}"
        if value in ("ND", "NA", "UNK"):
            flag = f'<Annotation SeqNum="1"><Flag><FlagValue CodeListOID="CL.MISSING">{value}'
            items.append(
                f'<ItemData ItemOID="{oid}" IsNull="Yes">{flag}</FlagValue></Flag></Annotation>'
                "</ItemData>"
            )
        elif version == "1.3.2":
            items.append(f'<ItemData ItemOID="{oid}" Value={quoteattr(value)}>{more}</ItemData>')
        else:
            items.append(
                f'<ItemData ItemOID="{oid}"><Value>{escape(value)}</Value>{more}</ItemData>'
            )
    return "".join(items)


def _xml_moment(text):
    return text.replace(" ", "T") + (":00" if text.count(":") == 1 else "")
