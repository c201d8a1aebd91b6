"""The workbooks by which readers read."""

import openpyxl
import pytest

from clinval.app.folder import StudyFolder
from clinval.app.library import filled
from clinval.app.reading_lists import write_reading_lists
from clinval.capture.template import write_template
from clinval.core.errors import UsageError
from clinval.protocol.reading_order import reading_order

SITES = [
    {
        "id": f"S0{number}", "name": {"en": f"Hospital {number}", "zh": f"医院 {number}"},
        "country": "CN", "language": "zh", "currency": "CNY", "time_zone": "Asia/Shanghai",
        "planned_subjects": number,
    }
    for number in (2, 3)
]  # fmt: skip


@pytest.fixture(scope="module")
def make(tmp_path_factory):
    """Return the folder of a small reader study, its reading plan changed."""

    def study(**plan) -> StudyFolder:
        readers = [{"id": f"R{n}", "label": f"Reader {n}"} for n in range(1, 6)]
        changes = {f"reading.{name}": value for name, value in plan.items()}
        changes |= {"sites": SITES, "readers": readers, "subgroups.region.sites": {"all": ["S02"]}}
        root = tmp_path_factory.mktemp("reading") / "study"
        return filled(root, "cad-mrmc", changes)

    return study


def rows(path, sheet):
    """Return the rows of a sheet, by the first words of the headings."""
    found = openpyxl.load_workbook(path)[sheet].iter_rows(values_only=True)
    names = [str(cell).splitlines()[-1] for cell in next(found)]
    return [dict(zip(names, row, strict=True)) for row in found]


def test_one_workbook_a_reader_with_a_sheet_a_session(make):
    folder = make()
    protocol, paths = folder.protocol(), write_reading_lists(folder)
    assert [path.name for path in paths] == [f"R{number}.xlsx" for number in range(1, 6)]
    book = openpyxl.load_workbook(paths[1])
    assert book.sheetnames == ["README 说明", "Session 1 第1轮", "Session 2 第2轮"]
    listed = reading_order(protocol)["R2"]
    for session, sheet in enumerate(book.sheetnames[1:], start=1):
        own = [read for read in listed if read.session == session]
        found = rows(paths[1], sheet)
        assert [(row["No."], row["Case"]) for row in found] == [
            (read.place, read.subject) for read in own
        ]
        assert [row["Arm"].split(" | ")[0] for row in found] == [read.arm for read in own]
        assert all(row["Date of read"] is None for row in found)
        assert book[sheet].protection.sheet
        assert book[sheet]["B2"].protection.locked
        assert not book[sheet]["D2"].protection.locked


def test_a_list_has_the_hash_of_the_protocol_that_the_templates_have(make, tmp_path):
    folder = make()
    path = write_reading_lists(folder, ["R3"])[0]
    template = tmp_path / "S02.xlsx"
    write_template(folder.protocol(), "S02", template, protocol_sha256=folder.protocol_sha256())

    def stamped(file):
        return {p.name: p.value for p in openpyxl.load_workbook(file).custom_doc_props.props}

    mine, other = stamped(path), stamped(template)
    for name in ("study", "protocol_version", "protocol_sha256", "clinval"):
        assert mine[f"clinval {name}"] == other[f"clinval {name}"]
    assert mine["clinval seed"] == "20260302"
    before = path.read_bytes()
    assert write_reading_lists(folder, ["R3"])[0].read_bytes() == before


def test_readers_who_must_not_know_the_arm_get_none_and_the_coordinator_a_key(make):
    folder = make(show_arms=False, sessions=1)
    paths = write_reading_lists(folder)
    assert paths[-1].name == "_key.xlsx"
    for path in paths[:-1]:
        book = openpyxl.load_workbook(path)
        for sheet in book:
            for row in sheet.iter_rows(values_only=True):
                assert not any("AIDED" in str(cell) for cell in row)
    found = rows(paths[-1], "R4 · Session 1")
    assert [row["Arm"].split(" | ")[0] for row in found] == [
        read.arm for read in reading_order(folder.protocol())["R4"]
    ]


def test_a_reader_that_there_is_not(make):
    with pytest.raises(UsageError) as error:
        write_reading_lists(make(), ["R9"])
    assert [problem.kind for problem in error.value.problems] == ["reader-not-found"]
