"""Every check of a study as a whole does on its own examples what it says."""

import re

import numpy as np
import pytest

from clinval.core.problems import Problems, Severity, kinds
from clinval.core.resources import folder
from clinval.protocol.examples import fires
from clinval.protocol.form_library import library_form
from clinval.protocol.forms import form_files
from clinval.protocol.rules import check_rule
from clinval.protocol.source import read
from clinval.protocol.study_checks import applies, beside, factors, study_check_library
from clinval.study.checking import across, conduct, duplicates, groups, values

FORMS = {name: library_form(name) for name in form_files()}
LIBRARY = study_check_library()
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def numbers(example):
    return np.array(example, dtype=float)


def days(example):
    return np.array([str(day) for day in example], dtype="datetime64[s]")


TRIES = {
    "subject-at-two-sites": lambda e, _: duplicates.repeated(e["values"], e["of"]),
    "value-not-unique": lambda e, _: duplicates.repeated(e["values"], e["of"]),
    "rows-alike": lambda e, limits: duplicates.alike(e["columns"], e["of"], limits),
    "unit-suspected": lambda e, limits: values.other_units(numbers(e["values"]), e["unit"], limits),
    "value-far-out": lambda e, limits: values.far_out(numbers(e["values"]), limits),
    "site-differs": lambda e, limits: groups.shifted(e["groups"], limits),
    "values-constant": lambda e, limits: groups.constant(e["groups"], limits),
    "values-rounded": lambda e, limits: groups.rounded(e["groups"], limits),
    "version-changed": lambda e, _: conduct.version_changes(e["versions"], days(e["dates"])),
    "version-not-of-protocol": lambda e, _: (
        [] if conduct.same_version(e["one"], e["other"]) else [0]
    ),
    "reads-out-of-order": lambda e, _: conduct.out_of_order(days(e["days"])),
    "reader-set-reference": lambda e, _: conduct.on_panel(e["panel"], e["reads"]),
    "entry-differs": lambda e, _: across.differing(
        numbers(e["entry"]), numbers(e["header"]), within=e["within"], share=e["share"]
    ),
}


def refuse(kind, path, offset=0, **parameters):
    raise AssertionError((kind, path, offset, parameters))


def test_every_function_of_the_library_is_tried():
    assert set(TRIES) == set(LIBRARY.functions)


@pytest.mark.parametrize("kind", LIBRARY.functions)
def test_a_function_does_on_its_examples_what_it_says(kind):
    check = LIBRARY.functions[kind]
    for name, wanted in (("fires", True), ("silent", False)):
        found = TRIES[kind](check.example[name], check.limits)
        assert bool(len(found)) is wanted, name


@pytest.mark.parametrize("check", LIBRARY.across, ids=lambda check: check.id)
def test_a_rule_across_forms_does_on_its_examples_what_it_says(check):
    assert applies(check, FORMS)
    form = beside(check, FORMS)
    assert check_rule(check.fires_when, {**FORMS, check.form: form}, check.form, refuse)
    for taken in check.take.values():
        assert taken.where is None or check_rule(taken.where, FORMS, taken.form, refuse)
    for row in (check.example.fires, check.example.silent):
        assert all(form.field(name) is not None for name in row)
    assert fires(check, form, check.example.fires)
    assert not fires(check, form, check.example.silent)


def test_checks_have_ids_of_their_own_and_texts_in_both_languages():
    ids = [check.id for check in (*LIBRARY.across, *LIBRARY.functions.values())]
    assert len(ids) == len(set(ids)) >= 20
    for text in (
        *(check.message for check in LIBRARY.across),
        *(check.about for check in LIBRARY.functions.values()),
    ):
        assert CHINESE.search(text.zh)
        assert not CHINESE.search(text.en)


def test_a_check_that_is_critical_holds_up_the_lock():
    for kind, check in LIBRARY.functions.items():
        severity = kinds()[kind].get("severity", "error")
        assert (severity == Severity.ERROR) == (check.severity == "critical"), kind


def test_the_file_of_the_library_has_no_slip_in_yaml():
    path = folder("site_templates") / "study_checks.yaml"
    problems = Problems()
    read(path.read_text(encoding="utf-8"), path.name, problems)
    assert list(problems) == []


def test_units_of_forms_have_others_they_are_taken_for():
    used = {field.unit for form in FORMS.values() for field in form.fields if field.unit}
    assert used - set(LIBRARY.units) == {"HU"}
    for unit, others in LIBRARY.units.items():
        for other, factor in others.items():
            back = factors(other).get(unit)
            assert back is None or back * factor == pytest.approx(1, rel=1e-4), (unit, other)
