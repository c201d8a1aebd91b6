"""The same content in every format that comes back."""

import csv
import io
from xml.sax.saxutils import escape, quoteattr

from clinval.capture.instrument import instrument
from clinval.capture.layout import columns_of
from clinval.capture.redcap import redcap_files

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


def redcap_text(protocol, contents, *, names=True, codes=True, groups=True, languages=("en", "zh")):
    """Return content of sites as REDCap exports it: headings as names or labels, values likewise.

    What a heading and a value are is taken from the data dictionary, column by column.
    """
    made = instrument(protocol, protocol_sha256="5" * 64, languages=languages)
    rows = list(csv.DictReader(io.StringIO(redcap_files(made)["data_dictionary.csv"])))
    variables = [row["Variable / Field Name"] for row in rows]
    label = {row["Variable / Field Name"]: row["Field Label"] for row in rows}
    choices = {
        row["Variable / Field Name"]: dict(
            part.split(", ", 1)
            for part in row["Choices, Calculations, OR Slider Labels"].split(" | ")
            if part
        )
        for row in rows
    }
    slugs = {form.id: form.slug for form in made.forms}
    repeats = {form.id: form.repeats for form in made.forms}
    own = ["redcap_repeat_instrument", "redcap_repeat_instance"]
    own += ["redcap_data_access_group"] if groups else []
    shown = {
        "redcap_repeat_instrument": "Repeat Instrument",
        "redcap_repeat_instance": "Repeat Instance",
        "redcap_data_access_group": "Data Access Group",
    }
    order = ["record_id", *own, *variables[1:], *(f"{slug}_complete" for slug in slugs.values())]

    def value(name, text):
        if codes or text is None:
            return text
        missing = {code: " / ".join(texts.values()) for code, texts in made.missing.items()}
        return choices.get(name, {}).get(str(text)) or missing.get(str(text), text)

    records = {}
    for site, content in contents.items():
        for form_id, form_rows in content.items():
            for row in form_rows:
                records.setdefault((site, row.get("subject_id", site)), []).append((form_id, row))
    stream = io.StringIO()
    writer = csv.writer(stream)
    heading = (
        order if names else [shown.get(name) or label.get(name, "Complete?") for name in order]
    )
    writer.writerow(heading)
    for (site, record), parts in records.items():
        base = {"record_id": record, "clinval_protocol": "5" * 64}
        lines, counts = [base], {}
        for form_id, row in parts:
            line = base
            if repeats[form_id]:
                counts[form_id] = counts.get(form_id, 0) + 1
                slug = slugs[form_id]
                line = {
                    "record_id": record,
                    "redcap_repeat_instrument": slug if codes else slug.replace("_", " ").title(),
                    "redcap_repeat_instance": counts[form_id],
                }
                lines.append(line)
            line[f"{slugs[form_id]}_complete"] = "2" if codes else "Complete"
            for field, text in row.items():
                name = f"{form_id.lower()}_{field}"
                if name in label:
                    line[name] = value(name, text)
        for line in lines:
            line["redcap_data_access_group"] = site.lower() if codes else site
            writer.writerow(["" if line.get(name) is None else line[name] for name in order])
    return stream.getvalue()
