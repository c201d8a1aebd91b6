"""The metadata of a study as ODM: valid by the official schemas, and complete."""

import warnings
from pathlib import Path

import odmlib
import pytest
from lxml import etree

from clinval.capture.instrument import instrument
from clinval.capture.odm import captured, item_oid, odm_files, version_oid

SHA = "5" * 64
SCHEMAS = Path(odmlib.__file__).parent / "schemas" / "odm"
VERSIONS = {
    "odm-1.3.2.xml": ("1.3.2/ODM1-3-2.xsd", "odm_1_3_2", "http://www.cdisc.org/ns/odm/v1.3"),
    "odm-2.0.xml": ("2.0/ODM.xsd", "odm_2_0", "http://www.cdisc.org/ns/odm/v2.0"),
}
XML = "{http://www.w3.org/XML/1998/namespace}lang"


@pytest.fixture(scope="module")
def made(protocol):
    return instrument(protocol, protocol_sha256=SHA)


@pytest.fixture(scope="module")
def files(made):
    return odm_files(made)


@pytest.fixture(scope="module", params=VERSIONS)
def named(request, files):
    """The name of a file, its root and its namespace."""
    root = etree.fromstring(files[request.param].encode())
    return request.param, root, f"{{{VERSIONS[request.param][2]}}}"


def test_the_official_schema_finds_nothing(named):
    name, root, _ = named
    schema = etree.XMLSchema(etree.parse(SCHEMAS / VERSIONS[name][0]))
    assert schema.validate(root), schema.error_log
    # the validator is awake
    next(root.iter("{*}ItemDef")).set("DataType", "number")
    assert not schema.validate(root)
    next(root.iter("{*}ItemDef")).set("DataType", "text")


def test_every_identifier_that_is_referred_to_is_defined(named, files, tmp_path):
    from odmlib.loader import ODMLoader
    from odmlib.odm_loader import XMLODMLoader
    from odmlib.oid_generator import create_oid_checker

    name, *_ = named
    _, package, namespace = VERSIONS[name]

    def verify(text):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the library about its own future
            loader = ODMLoader(XMLODMLoader(model_package=package, ns_uri=namespace))
            loader.open_odm_document(str(path))
            checker = create_oid_checker(package)
            loader.load_odm().verify_oids(checker)
            return checker.check_oid_refs()

    assert verify(files[name])
    dangling = files[name].replace('ItemRef ItemOID="IT.F05.repeated"', 'ItemRef ItemOID="IT.X"')
    with pytest.raises(Exception, match=r"IT\.X"):
        verify(dangling)


def test_every_item_is_there_with_its_type_unit_limits_list_and_texts(named, made):
    _, root, space = named
    types = {"choice": "text", "arm": "text", "reader": "text", "subject": "text",
             "number": "float", "scale": "integer"}  # fmt: skip
    definitions = {item.get("OID"): item for item in root.iter(f"{space}ItemDef")}
    units = {unit.get("OID"): unit.get("Name") for unit in root.iter(f"{space}MeasurementUnit")}
    by_reference = {
        ref.get("ItemOID"): ref.get("UnitsItemOID") for ref in root.iter(f"{space}ItemRef")
    }
    items = [item for form in made.forms for item in captured(form)]
    assert {oid for oid in definitions if oid.startswith("IT.")} == {
        item_oid(item.form, item.field) for item in items
    }
    for item in items:
        found = definitions[item_oid(item.form, item.field)]
        assert found.get("DataType") == types.get(item.type, item.type)
        question = found.find(f"{space}Question")
        assert {text.get(XML): text.text for text in question} == dict(item.label)
        unit = found.find(f"{space}MeasurementUnitRef")
        if unit is not None:
            assert units[unit.get("MeasurementUnitOID")] == item.unit
        else:
            reference = by_reference[item_oid(item.form, item.field)]
            assert (reference or "").removeprefix("UNIT.") == item.unit
        limits = {
            (check.get("SoftHard"), check.get("Comparator")): check.findtext(f"{space}CheckValue")
            for check in found.findall(f"{space}RangeCheck")
            if check.get("Comparator")
        }
        wanted = {
            ("Hard", "GE"): item.minimum, ("Hard", "LE"): item.maximum,
            ("Soft", "GE"): item.expected_minimum, ("Soft", "LE"): item.expected_maximum,
        }  # fmt: skip
        assert {at: _number(text) for at, text in limits.items()} == {
            at: limit if isinstance(limit, float) else limit.isoformat()
            for at, limit in wanted.items()
            if limit is not None
        }
        codes = found.find(f"{space}CodeListRef")
        assert (codes is not None) == bool(item.codelist)
        if codes is not None:
            assert codes.get("CodeListOID") == f"CL.{item.codelist}"


def _number(text):
    try:
        return float(text)
    except ValueError:
        return text


def test_lists_have_every_code_in_order_with_its_texts(named, made):
    _, root, space = named
    lists = {codes.get("OID"): codes for codes in root.iter(f"{space}CodeList")}
    for codelist in made.codelists.values():
        items = lists[f"CL.{codelist.id}"].findall(f"{space}CodeListItem")
        said = {
            item.get("CodedValue"): {
                text.get(XML): text.text for text in item.iter(f"{space}TranslatedText")
            }
            for item in items
        }
        assert list(said.items()) == [(code, dict(texts)) for code, texts in codelist.codes.items()]
    missing = lists["CL.MISSING"].findall(f"{space}CodeListItem")
    assert [item.get("CodedValue") for item in missing] == list(made.missing)


def test_branching_checks_and_patterns_are_said(named, made):
    _, root, space = named
    conditions = {
        condition.get("OID"): "".join(condition.find(f"{space}FormalExpression").itertext()).strip()
        for condition in root.iter(f"{space}ConditionDef")
    }
    references = {
        ref.get("ItemOID"): ref.get("CollectionExceptionConditionOID")
        for ref in root.iter(f"{space}ItemRef")
    }
    shown = 0
    for form in made.forms:
        for item in captured(form):
            condition = references[item_oid(form.id, item.field)]
            assert (condition is None) == (item.shown_when is None)
            if item.shown_when:
                shown += 1
                assert conditions[condition] == f"not ({item.shown_when.text})"
    assert shown == len(conditions) > 5
    rules = {
        "".join(rule.itertext()).strip(): check.get("SoftHard")
        for check in root.iter(f"{space}RangeCheck")
        for rule in check.iter(f"{space}FormalExpression")
    }
    checks = [check for form in made.forms for check in form.checks]
    assert checks
    for check in checks:
        assert rules[f"not ({check.fires_when.text})"] == "Soft"
    assert rules["[A-Z]{2,8}"] == "Hard"
    messages = {text.text for message in root.iter(f"{space}ErrorMessage") for text in message}
    for check in checks:
        assert {f"{check.id} ({check.severity}): {text}" for text in check.message.values()} <= (
            messages
        )


def test_it_says_what_it_was_made_for(named, made):
    _, root, space = named
    alias = next(root.iter(f"{space}Protocol")).find(f"{space}Alias")
    assert (alias.get("Context"), alias.get("Name")) == ("clinval.protocol_sha256", SHA)
    assert next(root.iter(f"{space}MetaDataVersion")).get("OID") == version_oid(made)
    sites = [site.get("OID") for site in root.iter(f"{space}Location")]
    assert sites == ["LOC.S01", "LOC.S02"]


def test_the_same_study_gives_the_same_text(made, files):
    assert odm_files(made) == files


def test_what_is_captured_names_the_version(protocol, make_protocol):
    def oid(of):
        return version_oid(instrument(of, protocol_sha256="0" * 64))

    assert oid(protocol) == oid(make_protocol(planned=9))
    assert oid(protocol) != oid(make_protocol(version="1.1"))
    assert oid(protocol) != oid(make_protocol(forms=("F04", "F05")))
