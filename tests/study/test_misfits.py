"""The protocol may be changed after data came in; no number may come to mean something else."""

import dataclasses

import kit
import pandas as pd
import pytest

from clinval.core.errors import SubmissionError
from clinval.study.data import StudyData
from clinval.study.meaning import difference, meaning_of
from clinval.study.misfits import misfits
from clinval.study.receive import receive
from clinval.study.study_checks import study_findings

DECLARED = kit.protocol()


def meant(file, **changes):
    """Return a file as capture reads it: with what its fields mean, some of it changed."""
    forms = []
    for form in file.forms:
        meaning = {field.id: meaning_of(field) for field in DECLARED.form(form.form).fields}
        for name, change in changes.items():
            if name in meaning:
                meaning[name] = {**meaning[name], **change}
        forms.append(dataclasses.replace(form, meaning=meaning))
    return dataclasses.replace(file, forms=tuple(forms))


def give(store, tables, *, site="S01", **changes):
    receive(store, meant(kit.returned(DECLARED, site, tables), **changes), actor="ann")


def scan(number, time=100.0, arm="TEST"):
    subject = f"S01-{number:03d}"
    return {"site_id": "S01", "subject_id": subject, "arm": arm, "scan_time_s": time}


def read(subject, score, reader="R1"):
    return {
        "site_id": "S01", "subject_id": subject, "arm": "TEST", "reader_id": reader, "session": 1,
        "image_quality": score,
    }  # fmt: skip


def found(store, declared=DECLARED):
    data = StudyData(declared, store, strict=False)
    return [(problem.kind, problem.parameters.get("id", "")) for problem in misfits(data)]


def test_data_that_mean_what_the_protocol_says_are_given_out():
    with kit.opened() as store:
        give(store, {"F05": [scan(1)], "F07": [read("S01-001", 4.0)]})
        assert found(store) == []
        assert StudyData(DECLARED, store).column("F05", "scan_time_s").tolist() == [100.0]


@pytest.mark.parametrize(
    ("form", "name", "change", "said"),
    [
        ("F05", "scan_time_s", {"unit": "min"}, "min -> s"),
        ("F05", "scan_time_s", {"type": "integer"}, "integer -> number"),
        ("F07", "image_quality", {"codes": {"1": "Excellent"}}, "1: Excellent -> "),
    ],
)
def test_values_that_meant_something_else_are_not_given_out(form, name, change, said):
    with kit.opened() as store:
        give(store, {"F05": [scan(1)], "F07": [read("S01-001", 4.0)]}, **{name: change})
        assert found(store) == [("stored-otherwise-meant", name)]
        data = StudyData(DECLARED, store)
        with pytest.raises(SubmissionError) as error:
            data.column(form, name)
        (problem,) = error.value.problems
        assert said in problem.says("en")
        assert said in problem.says("zh")
        assert "S01" in problem.says("en")
        assert StudyData(DECLARED, store).column("F05", "arm").tolist() == ["TEST"]  # others are


def test_a_new_return_replaces_the_old_meaning_only_with_all_old_rows():
    with kit.opened() as store:
        give(store, {"F05": [scan(1), scan(2)]}, scan_time_s={"unit": "min"})
        give(store, {"F05": [scan(1, 60.0)]})  # the second row is kept, and still in minutes
        assert found(store) == [("stored-otherwise-meant", "scan_time_s")]
        give(store, {"F05": [scan(1, 61.0), scan(2, 62.0)]})
        assert found(store) == []


def test_a_code_a_reader_or_an_arm_that_is_gone_is_named():
    with kit.opened() as store:
        give(store, {"F05": [scan(1)], "F07": [read("S01-001", 9.0, "R3")]})
        assert found(store) == [
            ("stored-code-unknown", "reader_id"),
            ("stored-code-unknown", "image_quality"),
        ]
        with pytest.raises(SubmissionError, match="R3"):
            StudyData(DECLARED, store).column("F07", "reader_id")
        with pytest.raises(SubmissionError, match="stored rows have 9,"):
            StudyData(DECLARED, store).column("F07", "image_quality")


def test_rows_of_a_form_that_is_gone_are_counted():
    with kit.opened() as store:
        give(store, {"F05": [scan(1), scan(2)], "F07": []})
        declared = kit.protocol(
            forms=["F04", "F07"],
            endpoints=[{**kit.QUALITY, "form": "F07", "measure": "image_quality >= 3",
                        "combine": "any"}],
        )  # fmt: skip
        (problem,) = misfits(StudyData(declared, store, strict=False))
        assert (problem.kind, problem.parameters) == (
            "stored-form-not-asked",
            {"form": "F05", "rows": 2},
        )


def test_codes_that_came_or_went_bend_nothing():
    was = {"type": "scale", "unit": "", "codes": {"1": "Poor", "2": "Fair"}}
    assert difference(was, {**was, "codes": {"2": "Fair", "3": "Good"}}) == ""


def test_a_column_that_sites_returned_as_different_types_is_named_and_not_used():
    """The field was a number at the first return and is a text at the second."""

    def declared(**field):
        added = {"id": "grade", "label": "Grade", **field}
        return kit.protocol(forms=["F04", "F07", {"use": "F05", "add": [added]}])

    number, words = declared(type="number", range=[0, 9]), declared(type="text")
    with kit.opened() as store:
        for protocol, site, value in ((number, "S01", 3.0), (words, "S02", "high")):
            row = {"site_id": site, "subject_id": f"{site}-001", "arm": "TEST", "grade": value}
            sent = kit.returned(protocol, site, {"F05": pd.DataFrame([row])})
            form = dataclasses.replace(
                sent.forms[0],
                meaning={f.id: meaning_of(f) for f in protocol.form("F05").fields},
            )
            receive(store, dataclasses.replace(sent, forms=(form,)), actor="test")
        data = StudyData(words, store)
        with pytest.raises(SubmissionError) as stop:
            data.column("F05", "grade")
        assert {problem.kind for problem in stop.value.problems} == {"stored-otherwise-meant"}
        assert [problem.kind for problem in misfits(StudyData(words, store, strict=False))] == [
            "stored-otherwise-meant"
        ]
        assert study_findings(words, store) == []
