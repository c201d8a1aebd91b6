"""Clinical data in ODM come to the same as the workbook; attacks and strangers are refused."""

import random

import pytest
from lxml import etree
from returns_kit import odm_text

from clinval.capture.instrument import instrument
from clinval.capture.odm import odm_files, version_oid
from clinval.protocol.forms import FieldChange, FormUse

VERSIONS = ("1.3.2", "2.0")
SHA = "5" * 64


def made_for(protocol):
    return version_oid(instrument(protocol, protocol_sha256=SHA))


@pytest.fixture
def text(protocol, make_content):
    """Return a function that writes clinical data of S01, or of the sites given."""

    def write(version="1.3.2", contents=None, **more):
        more.setdefault("metadata", made_for(protocol))
        return odm_text(protocol, contents or {"S01": make_content()}, version=version, **more)

    return write


def kinds(returned):
    return [defect.problem.kind for defect in returned.defects]


@pytest.mark.parametrize("version", VERSIONS)
def test_clinical_data_are_what_the_workbook_gives(version, come, same, text, by_workbook):
    (returned,) = come("export.xml", text(version))
    assert (returned.site, returned.refused, returned.defects) == ("S01", False, ())
    same(returned, by_workbook)
    assert returned.counts == by_workbook.counts


@pytest.mark.parametrize("version", VERSIONS)
def test_two_sites_are_two_returns(version, come, same, text, make_content, by_workbook):
    contents = {site: make_content(site) for site in ("S02", "S01")}
    north, east = come("export.xml", text(version, contents))
    same(north, by_workbook)
    assert (east.site, east.defects) == ("S02", ())


@pytest.mark.parametrize("version", VERSIONS)
def test_the_reason_of_an_audit_record_is_kept(version, come, text):
    record = (
        '<AuditRecord><UserRef UserOID="U.1"/><LocationRef LocationOID="LOC.S01"/>'
        "<DateTimeStamp>2026-04-01T10:00:00Z</DateTimeStamp>"
        "<ReasonForChange>{}</ReasonForChange></AuditRecord>"
    )
    (returned,) = come("a.xml", text(version, inside=record.format("typing error")))
    assert returned.reasons == {("F04", "S01-001", "consent"): "typing error"}
    (returned,) = come("a.xml", text(version, inside=record.format("call 13800138000")))
    assert returned.reasons == {}
    assert kinds(returned) == ["text-identifies"]
    assert "13800138000" not in repr(returned)


def test_what_is_not_of_the_study_is_named_and_counted(come, text, same, by_workbook):
    file = text().replace(
        '<ItemData ItemOID="IT.F04.consent" Value="yes">',
        '<ItemData ItemOID="IT.F04.blood" Value="1"/>'
        '<ItemData ItemOID="IT.F04.consent" Value="yes">',
    )
    (returned,) = come("a.xml", file)
    (defect,) = returned.defects
    assert defect.problem.kind == "odm-unknown-oid"
    assert defect.problem.parameters == {"oid": "IT.F04.blood", "count": 3}
    same(returned, by_workbook)
    assert returned.counts.rejected == 3
    assert returned.counts.given == by_workbook.counts.given + 3


def test_a_value_in_another_unit_is_neither_converted_nor_stored(come, text):
    unit = '<MeasurementUnitRef MeasurementUnitOID="MU.min"/>'
    value = '<ItemData ItemOID="IT.F05.scan_time_s" Value="272.5">'
    file = text().replace(value, value + unit, 1)
    (returned,) = come("a.xml", file)
    first = returned.defects[0]
    assert first.problem.kind == "odm-unit-differs"
    assert (first.form, first.key, first.field) == ("F05", "S01-001 | TEST", "scan_time_s")
    assert str(first.problem.place) == "a.xml!SubjectData[1]/IG.F05[1]/IT.F05.scan_time_s"
    assert kinds(returned)[1:] == ["required-is-empty"]
    assert returned.counts.rejected == 1

    two = '<ItemData ItemOID="IT.F05.scan_time_s"><Value>272.5</Value></ItemData>'
    said = '<ItemData ItemOID="UNIT.s"><Value>{}</Value></ItemData>'
    (returned,) = come("a.xml", text("2.0").replace(two, two + said.format("s")))
    assert not returned.defects
    (returned,) = come("a.xml", text("2.0").replace(two, two + said.format("min"), 1))
    assert kinds(returned)[0] == "odm-unit-differs"


def test_a_wrong_value_has_the_path_of_its_element(come, text):
    file = text().replace(
        'ItemOID="IT.F04.age_years" Value="54"', 'ItemOID="IT.F04.age_years" Value="old"', 1
    )
    (returned,) = come("a.xml", file)
    (defect,) = returned.defects
    assert str(defect.problem.place) == "a.xml!SubjectData[1]/IG.F04[1]/IT.F04.age_years"


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"study": "OTHER"}, "stamp-of-other-study"),
        ({"metadata": "MDV.9.0.000000000000"}, "template-newer"),
        ({"metadata": "MDV.0.9.000000000000"}, "template-outdated"),
        ({"before": '<!DOCTYPE ODM [<!ENTITY x SYSTEM "file:///etc/passwd">]>'},
         "file-defines-entities"),
        ({"before": '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'},
         "file-defines-entities"),
        ({"inside": "<a>" * 400 + "</a>" * 400}, "xml-too-deep"),
        ({"inside": "<a>"}, "xml-broken"),
    ],
)  # fmt: skip
def test_what_must_not_be_read_is_refused_by_name(change, kind, come, text):
    (returned,) = come("a.xml", text(**change))
    assert returned.refused
    assert kinds(returned) == [kind]


def test_encodings_that_hide_entities_are_refused(come, text):
    for codec in ("utf-16", "utf-16-le"):
        file = text(before='<!DOCTYPE l [<!ENTITY a "ha">]>').replace("UTF-8", "UTF-16")
        (returned,) = come("a.xml", file.encode(codec))
        assert returned.refused
    huge = text(inside=f"<a>{'x' * 11_000_000}</a>")
    (returned,) = come("a.xml", huge)
    assert kinds(returned) == ["xml-broken"]


def test_other_odm_is_refused_with_what_it_is(come, text, protocol):
    older = text().replace("/odm/v1.3", "/odm/v1.2")
    moving = text().replace('FileType="Snapshot"', 'FileType="Transactional"')
    metadata = odm_files(instrument(protocol, protocol_sha256=SHA))["odm-2.0.xml"]
    for file, detail in (
        (older, "http://www.cdisc.org/ns/odm/v1.2"),
        (moving, "FileType Transactional"),
        (metadata, "ClinicalData -"),
    ):
        (returned,) = come("a.xml", file)
        assert kinds(returned) == ["odm-not-read"]
        assert returned.defects[0].problem.parameters == {"detail": detail}


def test_a_foreign_version_is_asked_about(come, same, text, by_workbook):
    (returned,) = come("a.xml", text(metadata="v7"))
    assert kinds(returned) == ["odm-version-foreign"]
    same(returned, by_workbook)


@pytest.mark.parametrize("version", VERSIONS)
def test_data_with_their_metadata_are_read_where_these_mean_the_same(
    version, come, text, protocol, make_protocol, make_content
):
    older = make_protocol(version="0.9", uses={"F04": FormUse(use="F04", drop=("indication",))})
    content = make_content()
    for row in content["F04"]:
        del row["indication"]
    file = text(version, {"S01": content}, metadata=made_for(older))
    metadata = odm_files(instrument(older, protocol_sha256=SHA))[f"odm-{version}.xml"]
    study = etree.tostring(next(etree.fromstring(metadata.encode()).iter("{*}Study")))
    (returned,) = come("a.xml", file.replace("<ClinicalData", study.decode() + "<ClinicalData", 1))
    assert kinds(returned) == ["template-older"]
    assert returned.defects[0].problem.parameters["added"] == "F04 indication"
    assert returned.forms[0].lost == {"indication"}

    change = {"sex": FieldChange(codes={"female": {"en": "Male"}, "male": {"en": "Female"}})}
    other = make_protocol(version="0.9", uses={"F04": FormUse(use="F04", change=change)})
    metadata = odm_files(instrument(other, protocol_sha256=SHA))[f"odm-{version}.xml"]
    study = etree.tostring(next(etree.fromstring(metadata.encode()).iter("{*}Study")))
    file = text(version, metadata=made_for(other))
    (returned,) = come("a.xml", file.replace("<ClinicalData", study.decode() + "<ClinicalData", 1))
    assert kinds(returned) == ["template-outdated"]
    assert returned.defects[0].problem.parameters["changed"] == "F04 sex"


@pytest.mark.parametrize("seed", range(8))
def test_flipped_bytes_never_raise(seed, come, text):
    content = bytearray(text("2.0").encode())
    chance = random.Random(seed)  # noqa: S311 - which bytes does not matter
    for _ in range(3):
        content[chance.randrange(len(content))] = chance.randrange(256)
    for returned in come("a.xml", bytes(content)):
        assert returned.refused or returned.counts.given == (
            returned.counts.stored + returned.counts.rejected + returned.counts.untouched
        )
