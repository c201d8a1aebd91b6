"""What is captured, as data: nothing of the protocol is lost, and every language is there."""

import datetime

import pytest

from clinval.capture.instrument import instrument
from clinval.capture.said import Words, fixed_texts, said
from clinval.protocol.base import Text
from clinval.protocol.form_library import library_codelists
from clinval.protocol.forms import Field, FormUse

EVERY_FORM = tuple(f"F{number:02d}" for number in range(1, 16))
SHA = "5" * 64


@pytest.fixture(scope="module")
def protocol(make_protocol):
    return make_protocol(forms=EVERY_FORM)


def test_every_field_and_every_check_is_there(protocol):
    made = instrument(protocol, protocol_sha256=SHA)
    for form, described in zip(protocol.forms, made.forms, strict=True):
        assert {item.field for item in described.items} == {field.id for field in form.fields}
        assert [check.id for check in described.checks] == [check.id for check in form.checks]
        for field in form.fields:
            item = described.item(field.id)
            assert item.label == {"en": field.label.en, "zh": field.label.zh or field.label.en}
            assert (item.minimum, item.maximum) == (field.range or (None, None))
            assert (item.expected_minimum, item.expected_maximum) == (
                field.expected or (None, None)
            )
            assert (item.shown_when and item.shown_when.text) == field.when
            assert list(made.codes_of(item)) == list(field.codelist) or field.type in (
                "site", "arm", "reader",
            )  # fmt: skip


def test_a_list_that_several_fields_use_is_there_once_and_by_its_name(protocol):
    made = instrument(protocol, protocol_sha256=SHA)
    assert set(library_codelists()) >= set(made.codelists) - {"arms", "readers", "sites"}
    users = [i.oid for form in made.forms for i in form.items if i.codelist == "yes_no"]
    assert len(users) > 20


def test_two_lists_that_differ_only_in_a_label_stay_apart(make_protocol):
    use = FormUse(
        use="F04",
        add=(
            Field(
                id="agrees", type="choice", label=Text(en="Agrees"),
                codes={"yes": Text(en="Fully"), "no": Text(en="No")},
            ),
        ),
    )  # fmt: skip
    made = instrument(make_protocol(forms=("F04",), uses={"F04": use}), protocol_sha256=SHA)
    form = made.form("F04")
    assert form.item("agrees").codelist == "F04_agrees"
    assert form.item("consent").codelist == "yes_no"


def test_records_are_of_subjects_or_of_the_site(protocol):
    made = instrument(protocol, "S02", protocol_sha256=SHA)
    kinds = {form.id: (form.record, form.repeats) for form in made.forms}
    assert kinds["F01"] == ("site", False)
    assert kinds["F02"] == ("site", True)
    assert kinds["F04"] == ("subject", False)
    assert kinds["F07"] == ("subject", True)
    assert kinds["F09"] == ("subject", True)
    assert made.subjects == {"S02": ("S02-001", "S02-002", "S02-003")}


def test_the_names_of_forms_for_programs_do_not_depend_on_the_language(protocol):
    slugs = {
        language: [form.slug for form in instrument(
            protocol, protocol_sha256=SHA, languages=(language,)
        ).forms]
        for language in ("en", "zh")
    }  # fmt: skip
    assert slugs["en"] == slugs["zh"]
    assert "f05_acquisition" in slugs["en"]


def test_a_third_language_is_a_catalogue_of_a_few_strings(protocol):
    german = {"Sex": "Geschlecht", "Female": "weiblich", "Only if {rule}": "Nur wenn {rule}"}
    made = instrument(
        protocol, "S01", protocol_sha256=SHA, languages=("de", "en"), catalogues={"de": german}
    )
    item = made.form("F04").item("sex")
    assert item.label == {"de": "Geschlecht", "en": "Sex"}
    assert made.codes_of(item)["female"] == {"de": "weiblich", "en": "Female"}
    assert made.codes_of(item)["male"] == {"de": "Male", "en": "Male"}
    assert "Male" in made.untranslated["de"]
    assert "Sex" not in made.untranslated["de"]
    assert Words(made)("crf.only_if", rule="x") == {"de": "Nur wenn x", "en": "Only if x"}


def test_fixed_words_exist_in_both_languages_with_the_same_places():
    from string import Formatter

    from clinval.capture.said import _WORDS
    from clinval.core.i18n import catalogue

    def texts(part):
        if "en" in part:
            yield part
        else:
            for inner in part.values() if isinstance(part, dict) else part:
                yield from texts(inner)

    found = list(texts(catalogue(_WORDS)))
    assert len(found) == len(fixed_texts()) > 50
    for pair in found:
        en, zh = ({name for _, name, _, _ in Formatter().parse(pair[one])} for one in ("en", "zh"))
        assert en - {None} == zh - {None}
        assert (
            any("\u4e00" <= character <= "\u9fff" for character in pair["zh"]) or "{" in pair["zh"]
        )


def test_a_text_that_is_the_same_in_all_languages_is_said_once():
    assert said({"en": "CT", "zh": "CT"}) == "CT"


def test_limits_of_dates_are_dates(protocol):
    item = instrument(protocol, protocol_sha256=SHA).form("F05").item("acquisition_date")
    assert (item.minimum, item.maximum) == (datetime.date(2000, 1, 1), datetime.date(2099, 12, 31))
