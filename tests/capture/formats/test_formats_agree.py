"""One protocol, every format: fields, types, units, limits, code lists and branching agree.

Each file is read back by a reader that knows only its format, into the same few facts of each item,
and these are held against the protocol itself. Site and subject are the record in the other formats
(the group and the record id), so they are no fields of a form there.
"""

import csv
import datetime
import io
import itertools
import re
from collections import defaultdict

import openpyxl
import pypdfium2
import pytest
from lxml import etree

from clinval.app.crf import paper_forms
from clinval.capture.instrument import instrument
from clinval.capture.layout import is_planned, options_of
from clinval.capture.odm import odm_files
from clinval.capture.redcap import redcap_files
from clinval.capture.template import write_template
from clinval.capture.xlsform import xlsform
from clinval.core.expressions import parse
from clinval.protocol.base import Text
from clinval.protocol.forms import FieldChange, FormUse
from clinval.report.pdf.writer import write

EVERY_FORM = tuple(f"F{number:02d}" for number in range(1, 16))
SHA = "0123456789abcdef" * 4
CODED = ("arm", "reader", "choice", "scale")
FORMATS = ("xlsx", "redcap", "xlsform", "odm-1.3.2", "odm-2.0", "crf")


@pytest.fixture(scope="module")
def protocol(make_protocol):
    return make_protocol(forms=EVERY_FORM)


@pytest.fixture(scope="module")
def expected(protocol):
    """What the protocol says of each item: the facts that every format has to have."""
    facts = {}
    for form in protocol.forms:
        for field in form.fields:
            if field.id in ("site_id", *form.keys) and field.type in ("site", "subject"):
                continue
            low, high = field.range or (None, None)
            if field.type in CODED:
                low = high = None
            soft = field.expected or (None, None)
            options = options_of(protocol, field, "S01") if field.type in CODED else {}
            facts[f"{form.id}.{field.id}"] = {
                "type": "coded" if options else field.type.replace("subject", "text"),
                "unit": field.unit or "",
                "limits": (low, high),
                "expected": soft,
                "codes": tuple((code, label.en) for code, label in options.items()),
                "required": field.required,
                "shown_by": reads(field.when),
                "label": field.label.en,
            }
    return facts


def reads(rule):
    return frozenset(name for _, name in parse(rule).names) if rule else frozenset()


@pytest.fixture(scope="module")
def made(protocol):
    return instrument(protocol, "S01", protocol_sha256=SHA, languages=("en",))


@pytest.fixture(scope="module")
def found(protocol, made, tmp_path_factory):
    """The facts of each item by format, as they are read out of the files."""
    folder = tmp_path_factory.mktemp("formats")
    write_template(protocol, "S01", folder / "S01.xlsx", protocol_sha256=SHA)
    write(paper_forms(made), folder / "crf.pdf")
    odm = odm_files(made)
    return {
        "xlsx": from_workbook(folder / "S01.xlsx", protocol),
        "redcap": from_redcap(redcap_files(made)),
        "xlsform": from_xlsform(xlsform(made)),
        "odm-1.3.2": from_odm(odm["odm-1.3.2.xml"]),
        "odm-2.0": from_odm(odm["odm-2.0.xml"]),
        "crf": from_paper(folder / "crf.pdf", made),
    }


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_says_what_the_protocol_says(name, found, expected):
    stamp, items = found[name]
    assert stamp == SHA
    assert items.keys() == expected.keys()
    said = defaultdict(int)
    for oid, facts in items.items():
        for fact, value in facts.items():
            assert value == expected[oid][fact], (oid, fact)
            said[fact] += bool(value) and value != (None, None)
    for fact in ("limits", "codes", "shown_by", "unit"):
        assert said[fact] >= 5, fact  # so much is there to agree on


def test_another_range_another_code_another_branch_show_in_every_format(
    make_protocol, found, tmp_path
):
    change = FormUse(
        use="F05",
        change={
            "scan_time_s": FieldChange(range=(2.0, 60.0), when="repeated == 'yes'"),
            "repeat_reason": FieldChange(codes={"new": Text(en="New code")}),
        },
    )
    other = make_protocol(forms=("F04", "F05"), uses={"F05": change})
    changed = instrument(other, "S01", protocol_sha256=SHA, languages=("en",))
    write_template(other, "S01", tmp_path / "S01.xlsx", protocol_sha256=SHA)
    write(paper_forms(changed), tmp_path / "crf.pdf")
    odm = odm_files(changed)
    now = {
        "xlsx": from_workbook(tmp_path / "S01.xlsx", other),
        "redcap": from_redcap(redcap_files(changed)),
        "xlsform": from_xlsform(xlsform(changed)),
        "odm-1.3.2": from_odm(odm["odm-1.3.2.xml"]),
        "odm-2.0": from_odm(odm["odm-2.0.xml"]),
        "crf": from_paper(tmp_path / "crf.pdf", changed),
    }
    for name in FORMATS:
        before, after = found[name][1], now[name][1]
        assert (
            after["F05.scan_time_s"]["limits"] == (2.0, 60.0) != before["F05.scan_time_s"]["limits"]
        )
        assert after["F05.scan_time_s"]["shown_by"] == {"repeated"}
        assert before["F05.scan_time_s"]["shown_by"] == {"completed"}
        assert after["F05.repeat_reason"]["codes"] == (("new", "New code"),)


# ---------------------------------------------------------------------- workbook


def from_workbook(path, protocol):
    workbook = openpyxl.load_workbook(path)
    stamp = {p.name: p.value for p in workbook.custom_doc_props.props}["clinval protocol_sha256"]
    items = {}
    for form in protocol.forms:
        sheet = workbook[form.id]
        rules = {}
        for rule in sheet.data_validations.dataValidation:
            for area in rule.sqref.ranges:
                rules[area.min_col] = rule
        names = {column: sheet.cell(1, column).value for column in range(1, sheet.max_column + 1)}
        letters = {sheet.cell(1, column).column_letter: name for column, name in names.items()}
        grey = branches(sheet, letters)
        for column, name in names.items():
            field = form.field(name)
            if name == "site_id" or (name in form.keys and field.type == "subject"):
                continue
            heading = str(sheet.cell(2, column).value)
            facts = {
                "required": "*" in re.sub(r"\[.*", "", heading.rsplit("\n", maxsplit=1)[-1]),
                "unit": unit_of(heading),
                "shown_by": grey.get(name, frozenset()),
                "label": heading.split("\n", maxsplit=1)[0],
            }
            if column in rules:  # the keys of planned rows are there already
                facts |= of_validation(rules[column], workbook, heading)
                if name in form.keys:
                    facts.pop("codes", None)
            else:
                assert is_planned(form)
                assert name in form.keys
            items[f"{form.id}.{name}"] = facts
    return stamp, items


def unit_of(heading):
    unit = re.search(r"\[([^]]*)\]", heading.split("\n")[-1])
    return unit[1] if unit and "yyyy" not in unit[1] and "hh" not in unit[1] else ""


def branches(sheet, letters):
    """Which columns the grey of a column depends on."""
    grey = {}
    for area, rules in sheet.conditional_formatting._cf_rules.items():
        for rule in rules:
            if rule.stopIfTrue:
                column = str(area.sqref).split(":")[0].rstrip("0123456789")
                cells = re.findall(r"\$([A-Z]+)\d", rule.formula[0])
                grey[letters[column]] = frozenset(letters[letter] for letter in cells)
    return grey


def of_validation(rule, workbook, heading):
    kinds = {"whole": "integer", "decimal": "number", "time": "time", "textLength": "text"}
    if rule.type == "list":
        target = workbook.defined_names[rule.formula1].attr_text.replace("$", "")
        sheet, cells = target.split("!")
        entries = [cell[0].value for cell in workbook[sheet.strip("'")][cells]]
        codes = [(entry.split(" | ") * 2)[:2] for entry in entries]
        listed = tuple((c, t) for c, t in codes if c not in ("ND", "NA", "UNK"))
        subjects = all(re.fullmatch(r"S01-\d+", code) for code, _ in listed)
        return {"type": "text"} if subjects else {"type": "coded", "codes": shorn(listed)}
    if rule.type == "date":
        day = datetime.date(1899, 12, 30)
        timed = "hh:mm" in heading
        low, high = (day + datetime.timedelta(days=int(f)) for f in (rule.formula1, rule.formula2))
        high -= datetime.timedelta(days=timed)
        facts = {"type": "datetime" if timed else "date"}
        return facts if low.year < 2000 else {**facts, "limits": (low, high)}
    facts = {"type": kinds[rule.type]}
    if rule.type in ("whole", "decimal"):
        limits = (float(rule.formula1), float(rule.formula2))
        facts["limits"] = tuple(None if abs(limit) > 1e12 else limit for limit in limits)
    return facts


def shorn(listed):
    """Labels as they are in English; in a workbook the Chinese stands behind."""
    return tuple(
        (code, re.sub(r"( |^)[^ ]*[\u4e00-\u9fff].*$", "", label)) for code, label in listed
    )


# ---------------------------------------------------------------------- REDCap


def from_redcap(files):
    rows = list(csv.DictReader(io.StringIO(files["data_dictionary.csv"])))
    stamp = re.search(r"@DEFAULT='(\w+)'", rows[1]["Field Annotation"])[1]
    rules = {
        row["rule_name"]: row["rule_logic"]
        for row in csv.DictReader(io.StringIO(files["data_quality_rules.csv"]))
    }
    types = {
        "integer": "integer", "number": "number", "date_ymd": "date",
        "datetime_ymd": "datetime", "time": "time", "": "text",
    }  # fmt: skip
    items = {}
    for row in rows[2:]:
        oid = row["Field Annotation"].split()[0]
        label = row["Field Label"]
        unit = re.search(r" \[([^]]*)\]$", label)
        choices = row["Choices, Calculations, OR Slider Labels"]
        codes = tuple(tuple(part.split(", ", 1)) for part in choices.split(" | ") if part)
        kind = types[row["Text Validation Type OR Show Slider Number"]]
        ends = (row["Text Validation Min"], row["Text Validation Max"])
        soft = [
            logic
            for name, logic in rules.items()
            if name.startswith(f"{oid} ") and "expected" in name
        ]
        hard = [
            logic
            for name, logic in rules.items()
            if name.startswith(f"{oid} ") and "expected" not in name
        ]
        limits = tuple(limit(end, kind) for end in ends)
        # the rule that runs on saving has the same limits as the field
        assert [between(logic, row["Variable / Field Name"]) for logic in hard] == [limits][
            : len(hard)
        ]
        assert bool(hard) == (limits != (None, None))
        items[oid] = {
            "type": "coded" if codes else kind,
            "unit": unit[1] if unit else "",
            "limits": limits,
            "expected": between(soft[0], row["Variable / Field Name"]) if soft else (None, None),
            "codes": codes,
            "required": row["Required Field?"] == "y",
            "shown_by": named(r"\[f\d\d_(\w+)\]", row["Branching Logic (Show field only if...)"]),
            "label": label.removesuffix(unit[0]) if unit else label,
        }
    return stamp, items


def limit(text, kind):
    if not text:
        return None
    return datetime.date.fromisoformat(text[:10]) if kind in ("date", "datetime") else float(text)


def between(logic, variable):
    """Return the limits beyond which a condition is true."""
    numbers = [re.search(rf"[{{\[]{variable}[}}\]] {sign} (-?[\d.e+]+)", logic) for sign in "<>"]
    if any(numbers):
        return tuple(float(number[1]) if number else None for number in numbers)
    days = [re.search(rf"'([\d-]{{10}})'[^']*'d', true\) {sign} 0", logic) for sign in "<>"]
    return tuple(datetime.date.fromisoformat(day[1]) if day else None for day in days)


def named(pattern, text):
    return frozenset(re.findall(pattern, text))


# ---------------------------------------------------------------------- XLSForm


def from_xlsform(content):
    workbook = openpyxl.load_workbook(io.BytesIO(content))

    def table(name):
        header, *rows = workbook[name].iter_rows(values_only=True)
        return [dict(zip(header, [value or "" for value in row], strict=True)) for row in rows]

    label = "label::English (en)"
    lists = defaultdict(list)
    for row in table("choices"):
        lists[row["list_name"]].append((row["name"], row[label]))
    survey = table("survey")
    stamp = survey[0]["calculation"].strip("'")
    by_name = {row["name"]: row for row in survey}
    types = {"decimal": "number", "dateTime": "datetime"}
    items = {}
    for row in survey:
        name = str(row["name"])
        kind = row["type"]
        asked = re.fullmatch(r"(f\d\d)_(\w+)", name)
        if not asked or re.match(r"(begin|end|note|calculate)", kind) or name.endswith("__missing"):
            continue
        coded = kind.startswith("select_one ")
        unit = re.search(r" \[([^]]*)\]$", row[label])
        listed = lists[kind.removeprefix("select_one ")] if coded else []
        why = by_name.get(f"{name}__missing", {})
        soft = by_name.get(f"{name}__expected", {}).get("relevant", "")
        items[f"{asked[1].upper()}.{asked[2]}"] = {
            "type": "coded" if coded else types.get(kind, kind),
            "unit": unit[1] if unit else "",
            "limits": within(row["constraint"], kind),
            "expected": between(soft.replace("${", "{"), name),
            "codes": tuple(pair for pair in listed if pair[0] not in ("ND", "NA", "UNK")),
            "required": "yes" in (row["required"], why.get("required")),
            "shown_by": named(r"\$\{f\d\d_(\w+)\}", row["relevant"]),
            "label": row[label].removesuffix(unit[0]) if unit else row[label],
        }
    return stamp, items


def within(constraint, kind):
    if kind in ("date", "dateTime"):
        low, high = (
            re.search(rf"\(\.\) {sign} decimal-date-time\(date\('([\d-]+)'", constraint)
            for sign in (">=", "<=?")
        )
        days = [datetime.date.fromisoformat(day[1]) if day else None for day in (low, high)]
        if kind == "dateTime" and days[1]:
            days[1] -= datetime.timedelta(days=1)
        return tuple(days)
    ends = [re.search(rf"^(?:.* and )?\. {sign} (-?[\d.]+)", constraint) for sign in (">=", "<=")]
    return tuple(float(end[1]) if end else None for end in ends)


# ---------------------------------------------------------------------- ODM


def from_odm(text):
    root = etree.fromstring(text.encode())
    space = {"o": root.nsmap[None]}

    def find(path, of=root):
        return of.xpath(path, namespaces=space)

    stamp = re.search(r"SHA-256 (\w{64})", text)[1]
    lists = {
        one.get("OID"): tuple(
            (entry.get("CodedValue"), find("o:Decode/o:TranslatedText", entry)[0].text)
            for entry in find("o:CodeListItem", one)
        )
        for one in find("//o:CodeList")
    }
    shown = {
        one.get("OID"): reads("".join(find("o:FormalExpression//text()", one)).strip())
        for one in find("//o:ConditionDef")
    }
    units = {
        one.get("OID"): find("o:Symbol/o:TranslatedText", one)[0].text
        for one in find("//o:MeasurementUnit")
    }
    refs = {ref.get("ItemOID"): ref for ref in find("//o:ItemRef")}
    units |= {
        oid: ref.get("PreSpecifiedValue")
        for oid, ref in refs.items()
        if ref.get("PreSpecifiedValue")
    }
    items = {}
    for item in find("//o:ItemDef[starts-with(@OID, 'IT.')]"):
        ref = refs[item.get("OID")]
        unit = [u.get("MeasurementUnitOID") for u in find("o:MeasurementUnitRef", item)]
        unit += [ref.get("UnitsItemOID")] if ref.get("UnitsItemOID") else []
        codes = (
            lists[find("o:CodeListRef/@CodeListOID", item)[0]]
            if find("o:CodeListRef", item)
            else ()
        )
        kind = item.get("DataType")
        oid = find("o:Alias[@Context='clinval']/@Name", item)[0]
        items[oid] = {
            "type": "coded" if codes else kind.replace("float", "number"),
            "unit": units[unit[0]] if unit else "",
            "limits": checked(item, "Hard", kind, find),
            "expected": checked(item, "Soft", kind, find),
            "codes": codes,
            "shown_by": shown.get(ref.get("CollectionExceptionConditionOID"), frozenset()),
            "label": find("o:Question/o:TranslatedText", item)[0].text,
        }
    return stamp, items


def checked(item, how, kind, find):
    ends = []
    for sign in ("GE", "LE"):
        value = find(
            f"o:RangeCheck[@SoftHard='{how}'][@Comparator='{sign}']/o:CheckValue/text()", item
        )
        ends.append(limit(value[0], kind) if value else None)
    return tuple(ends)


# ---------------------------------------------------------------------- paper


def from_paper(path, made):
    """What is printed between the name of an item and the next: paper is read as people do."""
    pages = pypdfium2.PdfDocument(path)
    texts = [page.get_textpage().get_text_range() for page in pages]
    assert all(SHA in text and "S01" in text for text in texts)
    flat = re.sub(r"\s+", "", " ".join(texts))
    known = {item.oid: item for form in made.forms for item in form.items if item.type != "site"}
    places, at = {}, 0
    for oid in known:  # in the order of the forms; a name may begin like another
        at = places[oid] = flat.index(oid, at)
        at += len(oid)
    ends = {oid: places[after] for oid, after in itertools.pairwise(known)}
    items, before = {}, 0
    for oid, item in known.items():
        asked = flat[before : places[oid]]
        before = places[oid] + len(oid)
        answer = flat[before : ends.get(oid, len(flat))]
        if item.key and item.type == "subject":
            continue
        items[oid] = printed(item, asked, answer, made)
    return SHA, items


def printed(item, asked, answer, made):
    form = made.form(item.form)
    numbers = {
        str(n): i.field for n, i in enumerate((i for i in form.items if i.type != "site"), 1)
    }
    condition = re.search(r"Onlyif(.*?)" + re.escape(bare(item.label["en"])) + r"\*?", asked)
    unit = re.escape(bare(item.unit))
    amount = rf"([–≥≤\d.:-]+?){unit}" if unit else r"([–≥≤\d.:-]+)"
    ranges = [re.search(f"{word}:{amount}", asked) for word in ("Accepted", "Expected")]
    named_there = re.findall(r"(?:^|and|or|\()(\d+)\(", condition[1]) if condition else []
    codes = made.codes_of(item)
    at, there = 0, []
    for code, texts in codes.items():  # in their order, each with its label
        label = bare(texts["en"])
        at = answer.find(label, at)
        assert at >= 0, (item.oid, code)
        behind = answer[at + len(label) :]
        same = code.casefold() == texts["en"].casefold()
        assert same or behind.startswith(bare(code)), (item.oid, code)
        there.append((code, texts["en"]))
    following = answer.split("Onlyif")[0]
    return {
        "unit": item.unit if item.unit and bare(item.unit) in following + asked else "",
        "limits": limits(ranges[0]) if not codes else (None, None),
        "expected": limits(ranges[1]),
        "codes": tuple(there),
        "required": bare(item.label["en"]) + "*" in asked,
        "shown_by": frozenset(numbers[number] for number in named_there),
        "label": item.label["en"] if bare(item.label["en"]) in asked else "",
    }  # fmt: skip


def bare(text):
    return re.sub(r"\s+", "", text)


def limits(found):
    if not found:
        return (None, None)
    text = found[1].rstrip(".-")
    if text.startswith("≥"):
        return (float(text[1:]), None)
    if text.startswith("≤"):
        return (None, float(text[1:]))
    low, high = text.split("–")
    if re.fullmatch(r"\d{4}-\d\d-\d\d", low):
        return datetime.date.fromisoformat(low), datetime.date.fromisoformat(high)
    return float(low), float(high)
