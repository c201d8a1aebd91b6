"""What a workbook was made for: ours or not, this study or another, now or before."""

import json

import openpyxl
import pytest

from clinval.capture.stamp import Stamp, stamp_of, template_hash
from clinval.protocol.base import Text
from clinval.protocol.endpoint import Endpoint
from clinval.protocol.forms import Field, FieldChange, FormUse


def _change_stamp(returned, **words):
    def change(workbook):
        stamp = json.loads(workbook["_meta"]["A1"].value)
        workbook["_meta"]["A1"] = json.dumps({**stamp, **words})

    return returned.edit(change).read()


def _only(returned):
    (defect,) = returned.defects
    return defect.problem.kind


def test_a_workbook_that_is_not_ours(tmp_path, protocol):
    from clinval.capture.workbook import read_workbook

    path = tmp_path / "S01.xlsx"
    workbook = openpyxl.Workbook()
    workbook.active.append(["site_id", "subject_id"])
    workbook.save(path)
    returned = read_workbook(path, protocol)
    assert returned.refused
    assert _only(returned) == "stamp-missing"
    assert returned.site == ""


def test_a_lost_sheet_of_the_stamp(filled, kinds):
    returned = filled.edit(lambda workbook: workbook.remove(workbook["_meta"])).read()
    assert kinds(returned) == [("stamp-sheet-lost", "")]
    assert [len(form.frame) for form in returned.forms] == [3, 6, 12]
    assert returned.site == "S01"


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ({"study": "HIP-2"}, "stamp-of-other-study"),
        ({"site": "S77"}, "stamp-of-unknown-site"),
        ({"format": 2}, "stamp-of-newer-clinval"),
        ({"study": "Wang Fang, born 1961"}, "stamp-damaged"),
        ({"forms": []}, "stamp-damaged"),
        ({"forms": {"F04": {"keys": 3}}}, "stamp-damaged"),
        ({"format": None}, "stamp-damaged"),
    ],
)
def test_stamps_that_do_not_fit(filled, words, kind):
    returned = _change_stamp(filled, **words)
    assert returned.refused
    assert _only(returned) == kind
    assert "Wang" not in str(returned)


def test_a_stamp_that_is_no_json(filled):
    returned = filled.set("_meta", "A1", "gone").read()
    assert returned.refused
    assert _only(returned) == "stamp-damaged"


def test_statistics_do_not_make_a_template_old(make_protocol):
    before, after = make_protocol(), make_protocol(version="2.0", seed=7)
    endpoint = Endpoint(id="P2", kind="auc", role="secondary", label=Text(en="AUC"), set="fas")
    after = after.model_copy(update={"endpoints": (*after.endpoints, endpoint)})
    narrower = FormUse(use="F07", change={"reading_time_s": FieldChange(range=(1.0, 600.0))})
    assert template_hash(before, "S01") == template_hash(after, "S01")
    limited = make_protocol(uses={"F07": narrower})
    assert limited.form("F07") != before.form("F07")
    assert template_hash(before, "S01") == template_hash(limited, "S01")
    assert template_hash(before, "S01") != template_hash(before, "S02")


@pytest.mark.parametrize(
    "change",
    [
        {"planned": 4},
        {"readers": 3},
        {"forms": ("F04", "F05")},
        {"uses": {"F07": FormUse(use="F07", drop=("noise",))}},
        {"uses": {"F07": FormUse(use="F07", change={"noise": FieldChange(codes="confidence_5")})}},
        {"uses": {"F07": FormUse(use="F07", keys=("subject_id", "arm", "reader_id", "session"))}},
    ],
)
def test_what_is_captured_makes_another_template(make_protocol, change):
    assert template_hash(make_protocol(), "S01") != template_hash(make_protocol(**change), "S01")


def test_more_subjects_do_not_throw_filled_work_away(fill, content, make_protocol, kinds):
    done = fill(content)
    done.protocol = make_protocol(version="1.1", planned=10, readers=3)
    returned = done.read()
    assert kinds(returned) == [("template-older", "")]
    assert [len(form.frame) for form in returned.forms] == [3, 6, 12]
    assert returned.defects[0].problem.parameters["version"] == "1.0"
    assert returned.template != template_hash(done.protocol, "S01")


def test_a_new_field_is_named_and_not_missed(fill, content, make_protocol, kinds):
    pain = Field(id="pain", type="integer", label=Text(en="Pain"), required=True)
    done = fill(content)
    done.protocol = make_protocol(
        version="1.1",
        forms=("F04", "F05", "F07", "F06"),
        uses={"F04": FormUse(use="F04", add=(pain,))},
    )
    returned = done.read()
    assert kinds(returned) == [("template-older", "")]
    assert "F04 pain, F06" in returned.defects[0].problem.says("en")
    assert returned.forms[0].frame["pain"].isna().all()


@pytest.mark.parametrize(
    ("use", "named"),
    [
        (FormUse(use="F07", change={"noise": FieldChange(codes="confidence_5")}), "F07 noise"),
        (FormUse(use="F07", keys=("subject_id", "arm", "reader_id", "session")), "F07 (subject_id"),
    ],
)
def test_columns_that_mean_something_else_are_refused(fill, content, make_protocol, use, named):
    done = fill(content)
    done.protocol = make_protocol(version="1.1", uses={"F07": use})
    returned = done.read()
    assert returned.refused
    assert _only(returned) == "template-outdated"
    assert named in returned.defects[0].problem.says("en")
    assert "1.0" in returned.defects[0].problem.says("zh")


def test_a_template_of_a_newer_protocol(fill, content, make_protocol, protocol):
    done = fill(content, of=make_protocol(version="1.10", planned=4))
    done.protocol = protocol  # 1.0
    returned = done.read()
    assert returned.refused
    assert _only(returned) == "template-newer"


def test_the_short_stamp_cannot_tell_what_has_changed(fill, content, make_protocol):
    done = fill(content).edit(lambda workbook: workbook.remove(workbook["_meta"]))
    done.protocol = make_protocol(version="1.1", planned=4)
    returned = done.read()
    assert returned.refused
    kinds = {defect.problem.kind for defect in returned.defects}
    assert kinds == {"stamp-sheet-lost", "template-outdated"}


def test_a_stamp_survives_its_text(protocol):
    stamp = stamp_of(protocol, "S01", "5" * 64)
    assert Stamp.of_json(stamp.json()) == stamp
    short = Stamp.of_properties(stamp.properties)
    assert short.words == stamp.words


def test_a_long_stamp_is_cut_over_several_cells(tmp_path, protocol, monkeypatch):
    from clinval.capture import template
    from clinval.capture.workbook import read_workbook

    monkeypatch.setattr(template, "_CELL", 100)
    path = tmp_path / "S01.xlsx"
    template.write_template(protocol, "S01", path, protocol_sha256="5" * 64)
    assert openpyxl.load_workbook(path)["_meta"].max_row > 10
    assert read_workbook(path, protocol).defects == ()
