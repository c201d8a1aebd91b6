"""What is written is read back, exactly, whatever it is and whoever saves it in between."""

import datetime
import shutil
import string
import subprocess

import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from clinval.capture.phi import identifies
from clinval.capture.reading.missing import missing_code
from clinval.capture.template import write_template
from clinval.capture.workbook import read_workbook
from clinval.protocol.base import Text
from clinval.protocol.forms import Field, FormUse

SHA = "5" * 64
MISSING = ["ND", "NA", "UNK"]

SIDES = {"l": Text(en="Left", zh="左，侧"), "r": Text(en="Right")}
GRADES = {str(number): Text(en=f"Grade {number}") for number in range(-1, 12)}

# fields of every type, none mandatory, without limits that content would have to respect
FREE = FormUse(
    use="F06",
    drop=(
        "reference_version", "panel_size", "adjudicated", "blinded", "days_to_reference",
        "reference_method", "reference_result",
    ),
    add=(
        Field(id="side", type="choice", label=Text(en="Side"), codes=SIDES),
        Field(id="score", type="scale", label=Text(en="Score"), codes=GRADES),
        Field(id="amount", type="number", label=Text(en="Amount"), unit="mL"),
        Field(id="count", type="integer", label=Text(en="Count")),
        Field(id="day", type="date", label=Text(en="Day")),
        Field(id="moment", type="datetime", label=Text(en="Moment")),
        Field(id="clock", type="time", label=Text(en="Clock")),
        Field(id="words", type="text", label=Text(en="Words", zh="文字")),
        Field(id="side_arm", type="arm", label=Text(en="Arm")),
        Field(id="who", type="reader", label=Text(en="Who")),
    ),
    keys=("subject_id", "side"),
)  # fmt: skip

_numbers = st.one_of(
    st.integers(-(10**9), 10**9),
    st.decimals(-(10**6), 10**6, places=6).map(float),
    st.floats(1e-12, 1e12).map(lambda number: float(f"{number:.15g}")),
)
_days = st.dates(datetime.date(1950, 1, 1), datetime.date(2150, 1, 1))
_letters = string.ascii_letters + " ,.;:!?()=+-@'\"&<>äß膝关节疼痛，。"
# without digits, addresses and the letters of words that identify: the gate is tried elsewhere
_words = (
    st.text(_letters, min_size=4, max_size=60)
    .map(str.strip)
    .filter(lambda text: "@" not in text[1:])
    .filter(lambda text: len(text) > 3 and missing_code(text) is None and not identifies(text))
)


def _or_missing(strategy):
    return st.one_of(strategy, st.none(), st.sampled_from(MISSING))


_row = st.fixed_dictionaries(
    {
        "score": _or_missing(st.integers(-1, 11)),
        "amount": _or_missing(_numbers),
        "count": _or_missing(st.integers(-(10**9), 10**9)),
        "day": _or_missing(_days.map(str)),
        "moment": _or_missing(
            st.tuples(_days, st.times().filter(lambda time: time.hour)).map(
                lambda pair: (
                    f"{pair[0]} {pair[1].hour:02d}:{pair[1].minute:02d}:{pair[1].second:02d}"
                )
            )
        ),
        "clock": _or_missing(st.times().map(lambda time: f"{time.hour:02d}:{time.minute:02d}")),
        "words": _or_missing(_words),
        "side_arm": _or_missing(st.sampled_from(["TEST", "REF"])),
        "who": _or_missing(st.sampled_from(["R1", "R2"])),
    }
)


@pytest.fixture(scope="module")
def free_protocol(make_protocol):
    return make_protocol(forms=("F04", "F06"), uses={"F06": FREE})


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=st.dictionaries(
        st.tuples(st.sampled_from(["S02-001", "S02-002", "S02-003"]), st.sampled_from("lr")), _row
    )
)
def test_any_content_comes_back_as_it_was(tmp_path, free_protocol, rows):
    content = [
        {"subject_id": subject, "side": side, **row} for (subject, side), row in rows.items()
    ]
    path = tmp_path / "S02.xlsx"
    write_template(free_protocol, "S02", path, protocol_sha256=SHA, content={"F06": content})
    returned = read_workbook(path, free_protocol)
    assert returned.defects == ()
    frame = returned.forms[1].frame
    begun = {
        f"{row['subject_id']} | {row['side']}": row
        for row in content
        if any(
            value is not None for name, value in row.items() if name not in ("subject_id", "side")
        )
    }
    assert set(frame["_key"]) == set(begun)
    assert len(frame) == len(begun)
    for record in frame.to_dict("records"):
        row = begun[record["_key"]]
        missing = dict(p.split("=") for p in (record["_missing"] or "").split(";") if p)
        for name, value in row.items():
            if value in MISSING:
                assert missing.pop(name) == value
            elif value is None:
                assert pd.isna(record[name])
            elif name in ("day", "moment"):
                assert record[name] == pd.Timestamp(value)
            else:
                assert record[name] == value
        assert missing == {}
        assert record["_held"] is None


# ---------------------------------------------------------------------- other programs


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    program = shutil.which("soffice")
    if program is None:
        pytest.skip("LibreOffice (soffice) is not installed")
    profile = tmp_path_factory.mktemp("profile")

    def convert(path, to, folder):
        folder.mkdir(exist_ok=True)
        command = [
            program, f"-env:UserInstallation=file://{profile}", "--headless", "--convert-to", to,
            "--outdir", str(folder), str(path),
        ]  # fmt: skip
        subprocess.run(command, check=True, capture_output=True, timeout=180)
        return folder / f"{path.stem}.{to.split(':')[0]}"

    return convert


def validations(path):
    """What each column of each form lets in: kind and limits, or the list it chooses from."""
    workbook, found = openpyxl.load_workbook(path), {}
    for form in ("F04", "F05", "F07"):
        for rule in workbook[form].data_validations.dataValidation:
            for area in rule.sqref.ranges:
                operator = rule.operator or "between"  # which is the one that is not written
                two = operator == "between" and rule.type != "list"
                ends = [as_number(end) for end in (rule.formula1, rule.formula2)[: 1 + two]]
                found[form, area.min_col, area.min_row] = (rule.type, operator, ends)
    return found


def as_number(text):
    try:
        return round(float(text), 6)
    except (TypeError, ValueError):
        return text


def test_libreoffice_saves_what_we_read(filled, office, tmp_path, protocol, kinds):
    before = filled.read()
    saved = office(filled.path, "xlsx", tmp_path / "saved")
    asked = validations(filled.path)
    assert validations(saved) == asked  # what cells let in is the same
    assert len(asked) > 30
    returned = read_workbook(saved, protocol)
    assert kinds(returned) == []
    for old, new in zip(before.forms, returned.forms, strict=True):
        assert new.frame.equals(old.frame)
    assert returned.template == before.template


def test_libreoffice_by_way_of_its_own_format(filled, office, tmp_path, protocol, kinds):
    before = filled.read()
    ods = office(filled.path, "ods", tmp_path / "ods")
    refused = read_workbook(ods, protocol)
    assert kinds(refused) == [("file-other-format", "")]
    returned = read_workbook(office(ods, "xlsx", tmp_path / "back"), protocol)
    assert kinds(returned) == []
    for old, new in zip(before.forms, returned.forms, strict=True):
        assert new.frame.equals(old.frame)


def test_old_excel_and_csv_are_refused(filled, office, tmp_path, protocol, kinds):
    assert kinds(read_workbook(office(filled.path, "xls", tmp_path / "xls"), protocol)) == [
        ("file-old-excel", "")
    ]
    assert kinds(read_workbook(office(filled.path, "csv", tmp_path / "csv"), protocol)) == [
        ("file-not-a-workbook", "")
    ]


def test_formulas_of_colours_agree_with_the_rules(office, tmp_path):
    """LibreOffice evaluates the formulas; our own rule engine says what they should give."""
    import csv

    import openpyxl

    from clinval.capture.writing.conditions import translate
    from clinval.core.expressions import parse
    from clinval.protocol.examples import OneRow
    from clinval.protocol.form_library import library_form
    from clinval.protocol.forms import form_files

    rules = [
        (name, field) for name in form_files() for field in library_form(name).fields if field.when
    ]
    lines, expected = [], []
    for name, field in rules:
        form = library_form(name)
        read = [form.field(column) for _, column in parse(field.when).names]
        for values in _trials(read):
            positions = {f.id: index for index, f in enumerate(read)}
            row = len(lines) + 1

            def find(column, positions=positions, row=row, form=form):
                return form.field(column), f"${'BCDEF'[positions[column]]}{row}"

            formula = translate(field.when, find)
            assert formula is not None, field.when
            lines.append((values, formula))
            known = {
                f.id: value for f, (value, _) in zip(read, values, strict=True) if value is not None
            }
            truth = parse(field.when).truth(OneRow(form, known))
            is_true = bool((truth.true & truth.known)[0])
            is_false = bool((truth.known & ~truth.true)[0])
            expected.append((is_true, is_false))
    path = tmp_path / "rules.xlsx"
    workbook = openpyxl.Workbook()  # leaves formulas without value, so they are calculated
    for row, (values, formula) in enumerate(lines, start=1):
        for column, (_, cell) in enumerate(values, start=2):
            workbook.active.cell(row, column).value = cell
        workbook.active.cell(row, 11).value = f"=IF({formula.true},1,0)"
        workbook.active.cell(row, 12).value = f"=IF({formula.false},1,0)"
    workbook.save(path)
    with office(path, "csv", tmp_path / "out").open(encoding="utf-8", newline="") as stream:
        found = [(line[10] == "1", line[11] == "1") for line in csv.reader(stream)]
    assert len(found) > 100
    assert found == expected


def _trials(fields):
    """Return rows to try: each field with each code or a number, a missing code, and nothing."""
    import datetime
    import itertools

    options = []
    for field in fields:
        codes = [(code, f"{code} | {label.en}") for code, label in field.codelist.items()][:5]
        if codes:
            given = [*codes, (codes[0][0], codes[0][0])]
        else:
            day = datetime.date(2026, 3, 4)
            given = [(day.isoformat(), day)] if field.temporal else [(2.5, 2.5), (0.0, 0)]
        options.append([*given, (None, "UNK | unknown"), (None, None)])
    return list(itertools.product(*options))[:60]
