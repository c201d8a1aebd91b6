"""An instance holds nothing that tells whose it is, whatever stands in its file."""

from __future__ import annotations

import re
import string
import warnings

import dicom_kit as kit
import pytest
from hypothesis import assume, given, settings, strategies as st
from pydicom.datadict import dictionary_VR

from clinval.capture.dicom.dose.report import DoseReport, IrradiationEvent, Quantity
from clinval.capture.dicom.files.source import Source
from clinval.capture.dicom.gate.gate import GatePolicy
from clinval.capture.dicom.gate.kept import Cleaner
from clinval.capture.dicom.headers.attributes import ATTRIBUTES
from clinval.capture.dicom.instance import Instance, hash_of_uid
from clinval.capture.dicom.observing import Observer, Refused

NAME, CHINESE, RECORD = "Zubrowka^Ottilie", "欧阳^思琪", "88231907"
SHOWS = Observer(policy=GatePolicy(), keeps_refused=True)
TAKES = Observer(policy=GatePolicy(subjects=frozenset(["S01-001"])))
TEXTS = ("LO", "SH", "ST", "LT", "CS", "PN", "AE", "UT", "UC")
IDENTIFIER = re.compile(rf"{re.escape(kit.ROOT)}[\d.]*")


def observed(dataset, tmp_path, observer=SHOWS, name="a.dcm"):
    path = kit.save(dataset, tmp_path / name)
    return observer.observe(Source(number=7, name=name, path=path))


def test_a_file_without_identity_becomes_an_instance(tmp_path):
    found = observed(kit.image(), tmp_path, TAKES)
    assert isinstance(found, Instance)
    assert (found.file, found.refusals) == (7, ())
    assert found.uid == hash_of_uid(kit.uid(1, 1, 1))
    assert found.study == hash_of_uid(kit.uid(1))
    assert found.series == hash_of_uid(kit.uid(1, 1))
    assert found.header.text("SeriesDescription") == "Series 1"
    assert found.header.text("SOPClassUID") == kit.CT
    assert found.header.number("ExposureTime") == 500


def test_identifiers_and_names_stay_behind(tmp_path):
    dataset = kit.image(InstitutionName="Clinic", DeviceUID=kit.uid(5))
    dataset.IrradiationEventUID = [kit.uid(6), kit.uid(8)]
    found = observed(dataset, tmp_path, TAKES)
    assert not IDENTIFIER.search(repr(found))
    assert "S01-001" not in repr(found)
    assert "Clinic" not in repr(found)
    assert found.header.texts("IrradiationEventUID") == (
        hash_of_uid(kit.uid(6)), hash_of_uid(kit.uid(8)),
    )  # fmt: skip
    assert found.header.text("DeviceUID") == hash_of_uid(kit.uid(5))


def test_of_a_file_that_the_gate_refuses_a_study_gets_the_reasons_only(tmp_path):
    dataset = kit.image(PatientName=NAME)
    found = observed(dataset, tmp_path, TAKES)
    assert found == Refused(file=7, by="gate", reasons=("identifying_attribute",))


def test_what_cannot_be_read_has_a_reason(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("no image")
    reason = Refused(file=1, by="reader", reasons=("not_dicom",))
    assert SHOWS.observe(Source(1, "a.txt", path)) == reason
    gone = SHOWS.observe(Source(1, "b.dcm", tmp_path / "b.dcm"))
    assert gone == Refused(file=1, by="reader", reasons=("unreadable",))


def test_files_keep_their_order(tmp_path):
    sources = [
        Source(at, f"{at}.dcm", kit.save(kit.image(number=at), tmp_path / f"{at}.dcm"))
        for at in (3, 1, 2)
    ]
    assert [one.file for one in SHOWS.all_of(sources)] == [3, 1, 2]


@pytest.mark.parametrize("person", [NAME, CHINESE])
def test_texts_that_repeat_a_person_are_not_kept(tmp_path, person):
    written = person.replace("^", " " if person == NAME else "")
    dataset = kit.image(
        SpecificCharacterSet="ISO_IR 192", PatientName=person, PatientID=RECORD,
        SeriesDescription=f"Chest {written}", ProtocolName=f"Thorax {RECORD}",
        ManufacturerModelName=f"Scanner of {written}", StationName="CT1",
    )  # fmt: skip
    found = observed(dataset, tmp_path)
    assert found.header.texts("SeriesDescription") == ("",)
    assert found.header.texts("ProtocolName") == ("",)
    assert found.header.texts("ManufacturerModelName") == ("",)
    assert found.header.text("StationName") == "CT1"


def test_numbers_and_moments_that_are_none_are_not_kept(tmp_path):
    dataset = kit.image()
    dataset["KVP"]._value = dataset["ExposureTime"]._value = "Ottilie"
    dataset["AcquisitionTime"]._value = "Ottilie"
    found = observed(dataset, tmp_path)
    for name in ("KVP", "ExposureTime", "AcquisitionTime"):
        assert found.header.texts(name) == ("",), name


def test_a_dose_report_keeps_its_numbers_and_hashes(tmp_path):
    dataset = kit.dose_report(PatientName=NAME, protocol="Chest of Ottilie")
    found = observed(dataset, tmp_path)
    assert [one.values["dlp"].value for one in found.report.events] == [100.5, 20.25]
    assert found.report.totals["dlp"].value == 120.75
    assert found.report.events[0].uid == hash_of_uid(kit.uid(1, 7, 1))
    assert {one.label for one in found.report.events} == {""}
    kept = observed(kit.dose_report(), tmp_path, TAKES, "b.dcm")
    assert {one.label for one in kept.report.events} == {"Chest"}


def _planted(name):
    """Return an image in which a name stands in every text that there is room for."""
    dataset = kit.image(PatientName=name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a name is no code string, but may stand where one should
        _plant(dataset, name)
    return dataset


def _plant(dataset, name):
    for attribute in ATTRIBUTES:
        if attribute.isalpha() and attribute != "SOPClassUID" and dictionary_VR(attribute) in TEXTS:
            setattr(dataset, attribute, name)


WORDS = st.text(string.ascii_letters, min_size=3, max_size=16)


@settings(max_examples=40, deadline=None)
@given(word=WORDS)
def test_a_name_planted_everywhere_is_nowhere(tmp_path_factory, word):
    found = observed(_planted(word), tmp_path_factory.mktemp("planted"))
    assume("identifying_attribute" in found.refusals)  # not `test`, `none`: what names nobody
    values = {text for texts in found.header.values.values() for text in texts}
    assert word not in values


def test_a_name_planted_everywhere_is_nowhere_in_what_is_kept(tmp_path):
    found = observed(_planted("Zubrowka"), tmp_path)
    assert found.refusals
    assert "zubrowka" not in repr(found).casefold()


def test_what_pydicom_warns_of_is_not_said(tmp_path, capfd):
    """Its warnings quote the value: here they would be errors, elsewhere lines on the screen."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = kit.dose_report(PatientName=NAME, CompletionFlag="Zubrowka of old")
        dataset.ContentSequence[0].DateTime = "Zubrowka"
        total = dataset.ContentSequence[2].ContentSequence[1].MeasuredValueSequence[0]
        total["NumericValue"]._value = "Zubrowka"
    found = observed(dataset, tmp_path)
    assert isinstance(found, Instance)
    assert "zubrowka" not in repr(found).casefold()
    assert capfd.readouterr() == ("", "")


def test_a_text_in_the_place_of_a_dose_is_not_kept(tmp_path):
    dataset = kit.dose_report()
    total = dataset.ContentSequence[2].ContentSequence[1].MeasuredValueSequence[0]
    total["NumericValue"]._value = "Zubrowka"
    found = observed(dataset, tmp_path, TAKES)
    assert found.report.totals["dlp"].value is None
    assert "Zubrowka" not in repr(found)
    assert found.report.events[0].values["dlp"].original == "100.5 mGy.cm"


def test_a_name_in_the_place_of_a_unit_is_not_kept():
    odd = Quantity(value=None, original="3 Zubrowka", flags=("unit_unknown",))
    event = IrradiationEvent(
        uid="1", kind="ct", label="Zubrowka", exposure_seconds=odd, duration_seconds=odd,
        values={"dlp": odd, "ctdivol": Quantity(value=2.5, original="2.5 mGy")},
    )  # fmt: skip
    kept = Cleaner(words=frozenset(["zubrowka"])).report(
        DoseReport(kind="ct", events=(event,), totals={"dlp": odd})
    )
    assert "zubrowka" not in repr(kept).casefold()
    assert kept.events[0].values["ctdivol"].original == "2.5 mGy"
    bare = IrradiationEvent(uid="1", kind="ct")
    assert Cleaner().report(DoseReport(kind="ct", events=(bare,))).events == (bare,)


def test_whatever_goes_wrong_is_counted_and_quotes_nothing(tmp_path, monkeypatch):
    def fails(parsed, clean):
        raise ValueError(NAME)

    monkeypatch.setattr("clinval.capture.dicom.observing._report", fails)
    found = observed(kit.image(), tmp_path)
    assert found == Refused(file=7, by="reader", reasons=("damaged",))
