"""A small study, built without a protocol file: two sites, two arms, two readers, three forms."""

import datetime
import io
import zipfile

import openpyxl
import pytest

from clinval.capture.template import write_template
from clinval.capture.workbook import read_workbook
from clinval.protocol.base import Text
from clinval.protocol.endpoint import Endpoint
from clinval.protocol.form_library import adapt
from clinval.protocol.forms import Field, FieldChange, FormUse
from clinval.protocol.model import (
    AnalysisSet,
    Arm,
    Design,
    Product,
    Protocol,
    Reader,
    Site,
    Study,
)

SHA = "5" * 64


def build_protocol(
    *, version="1.0", planned=3, readers=2, forms=("F04", "F05", "F07"), uses=None, **more
):
    """Return a sound protocol; ``uses`` replaces what the study makes of a form."""
    made = {
        "F05": FormUse(
            use="F05",
            change={"scan_time_s": FieldChange(range=(1.0, 7200.0), expected=(20.0, 3600.0))},
            drop=("device_serial",),
            add=(
                Field(
                    id="start_time",
                    type="datetime",
                    label=Text(en="Start of scan", zh="扫描开始时间"),
                ),
                Field(
                    id="coil", type="text", label=Text(en="Coil", zh="线圈"), pattern="[A-Z]{2,8}"
                ),
                Field(id="table_time", type="time", label=Text(en="Table time", zh="上床时间")),
            ),
        ),
        **(uses or {}),
    }

    def report(kind, path, **parameters):
        raise AssertionError((kind, path, parameters))

    return Protocol(
        clinval=1,
        study=Study(
            id="KNEE-1",
            title=Text(en="Fast knee MRI with deep learning", zh="深度学习快速膝关节磁共振"),
            version=version,
            date=datetime.date(2026, 1, 15),
            sponsor="Example Imaging Ltd",
            contact="study desk, knee-1@example.org",
            return_by=datetime.date(2026, 9, 30),
            synthetic=True,
        ),
        product=Product(
            name="FastKnee",
            version="2.1",
            manufacturer="Example Imaging Ltd",
            kind="software",
            description=Text(en="Reconstruction"),
            intended_use=Text(en="Knee MRI"),
        ),
        regions=("fda", "nmpa"),
        design=Design(type="crossed_readers", description=Text(en="Paired, fully crossed")),
        arms=(
            Arm(id="TEST", role="test", label=Text(en="Accelerated", zh="加速")),
            Arm(id="REF", role="reference", label=Text(en="Conventional", zh="常规")),
        ),
        sites=(
            Site(
                id="S01",
                name=Text(en="North Hospital"),
                country="DE",
                language="en",
                currency="EUR",
                time_zone="Europe/Berlin",
                planned_subjects=planned,
            ),
            Site(
                id="S02",
                name=Text(en="East Hospital", zh="东方医院"),
                country="CN",
                language="zh",
                currency="CNY",
                time_zone="Asia/Shanghai",
                planned_subjects=planned,
            ),
        ),
        readers=tuple(
            Reader(id=f"R{number}", label=Text(en=f"Reader {number}"))
            for number in range(1, readers + 1)
        ),
        forms=tuple(adapt(made.get(form, FormUse(use=form)), {}, report) for form in forms),
        analysis_sets={"fas": AnalysisSet(label=Text(en="FAS"), definition=Text(en="All"))},
        endpoints=(
            Endpoint(
                id="P1",
                kind="proportion_comparison",
                role="primary",
                label=Text(en="Quality"),
                set="fas",
            ),
        ),
        **more,
    )


def complete_content(site="S01"):
    """Return content of all three forms without a single defect."""
    subjects = [f"{site}-00{number}" for number in (1, 2, 3)]
    enrolled = {
        "consent": "yes", "eligible": "yes", "enrolled": "yes", "sex": "female", "age_years": 54,
        "indication": "knee pain", "completed": "yes",
    }  # fmt: skip
    scan = {
        "completed": "yes", "acquisition_date": "2026-03-04", "acquisition_order": 1,
        "scan_time_s": 272.5, "room_time_min": 25, "repeated": "no", "ctdivol_mgy": "NA",
        "dlp_mgy_cm": "NA", "software_version": "2.10", "start_time": "2026-03-04 09:30",
        "coil": "KNEE", "table_time": "09:10",
    }  # fmt: skip
    read = {
        "session": 1, "read_date": "2026-04-01", "image_quality": 4, "noise": 3, "sharpness": 4,
        "artifact": 5, "call": "negative", "confidence": 4, "reading_time_s": 61.5,
    }  # fmt: skip
    arms = ("TEST", "REF")
    return {
        "F04": [{"subject_id": subject, **enrolled} for subject in subjects],
        "F05": [
            {"subject_id": subject, "arm": arm, **scan} for subject in subjects for arm in arms
        ],
        "F07": [
            {"subject_id": subject, "arm": arm, "reader_id": reader, **read}
            for subject in subjects
            for arm in arms
            for reader in ("R1", "R2")
        ],
    }


class Return:
    """A filled workbook on disk, and ways to spoil it."""

    def __init__(self, path, protocol):
        self.path = path
        self.protocol = protocol

    def edit(self, change):
        """Open the workbook as a site's program does, change it and save it."""
        workbook = openpyxl.load_workbook(self.path)
        change(workbook)
        workbook.save(self.path)
        return self

    def set(self, sheet, cell, value, number_format=None):
        def change(workbook):
            workbook[sheet][cell] = value
            if number_format:
                workbook[sheet][cell].number_format = number_format

        return self.edit(change)

    def surgery(self, part, change):
        """Change the bytes of one part of the archive; ``part`` may be a new one."""
        source = zipfile.ZipFile(io.BytesIO(self.path.read_bytes()))
        names = source.namelist()
        with zipfile.ZipFile(self.path, "w", zipfile.ZIP_DEFLATED) as target:
            for name in names if part in names else [*names, part]:
                content = source.read(name) if name in names else b""
                target.writestr(name, change(content) if name == part else content)
        return self

    def sheet_part(self, name):
        """Return the part that holds a sheet; the template writes them in order."""
        workbook = openpyxl.load_workbook(self.path, read_only=True)
        number = workbook.sheetnames.index(name) + 1
        workbook.close()
        return f"xl/worksheets/sheet{number}.xml"

    def read(self):
        returned = read_workbook(self.path, self.protocol)
        counts = returned.counts  # nothing is dropped in silence, whatever was done to the file
        assert counts.given == counts.stored + counts.rejected + counts.untouched
        return returned


@pytest.fixture(scope="session")
def make_protocol():
    return build_protocol


@pytest.fixture(scope="session")
def protocol():
    return build_protocol()


@pytest.fixture(scope="session")
def make_content():
    return complete_content


@pytest.fixture
def content():
    return complete_content()


@pytest.fixture
def fill(tmp_path, protocol):
    """Return a function that writes a filled workbook of S01 and gives it as a `Return`."""

    def write(content=None, *, of=protocol, site="S01"):
        path = tmp_path / f"{site}.xlsx"
        write_template(of, site, path, protocol_sha256=SHA, content=content)
        return Return(path, of)

    return write


@pytest.fixture(scope="session")
def clean(protocol, tmp_path_factory):
    """The bytes of a workbook of S01 without a defect."""
    path = tmp_path_factory.mktemp("clean") / "S01.xlsx"
    write_template(protocol, "S01", path, protocol_sha256=SHA, content=complete_content())
    return path.read_bytes()


@pytest.fixture
def filled(clean, protocol, tmp_path):
    """A copy of that workbook, to be spoilt."""
    path = tmp_path / "S01.xlsx"
    path.write_bytes(clean)
    return Return(path, protocol)


@pytest.fixture
def kinds():
    """Return a function that gives (kind, sheet!cell) of each defect."""

    def of(returned):
        return [
            (
                defect.problem.kind,
                "!".join(p for p in (defect.problem.place.sheet, defect.problem.place.cell) if p),
            )
            for defect in returned.defects
        ]

    return of
