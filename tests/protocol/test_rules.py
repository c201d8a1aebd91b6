"""Rules against the forms they read: columns, codes, counts, and what they have to give."""

import pytest
from sound_study import change, marked, named, reading

from clinval.protocol.base import Text
from clinval.protocol.form_library import library_form
from clinval.protocol.forms import form_files
from clinval.protocol.rules import check_rule

FORMS = {name: library_form(name) for name in form_files()}


def checked(text, home="F05", **more):
    """Return whether a rule can be used, and what is wrong with it: kind and what stands there."""
    found = []

    def report(kind, path, offset=0, **parameters):
        assert path == ("here",)
        found.append((kind, text[offset:].split(" ")[0].strip("()"), parameters))

    usable = check_rule(text, FORMS, home, report, ("here",), **more)
    assert (usable is None) == bool(found)
    return found


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("scan_time_s > 60 and repeated == 'no'", {}),
        ("scan_time_s / 60", {"gives": "number"}),
        ("days(acquisition_date, acquisition_date)", {"gives": "number"}),
        ("repeat_reason", {"gives": "either"}),
        ("scan_time_s", {"gives": "either"}),
        ("repeated == 'yes'", {"gives": "either"}),
        ("any(F07, image_quality < 3)", {"counts": True}),
        ("count(F07) > 1", {"home": "F04"}),
        ("all(F08, serious == 'no')", {"home": "F04"}),
        ("image_quality in [1, 2]", {"home": "F07"}),
        ("arm == 'whatever the study calls it'", {}),
    ],
)
def test_a_rule_that_can_be_used(text, more):
    assert checked(text, **more) == []


@pytest.mark.parametrize(
    ("text", "more", "expected"),
    [
        ("scan_tim_s > 1", {}, [("rule-column-unknown", "scan_tim_s")]),
        ("repeated == 'y'", {}, [("rule-code-unknown", "'y'")]),
        ("repeated in ['yes', 'nein']", {}, [("rule-code-unknown", "'nein']")]),
        ("image_quality == 6", {"home": "F07"}, [("rule-code-unknown", "6")]),
        ("any(F07, image_quality > 6)", {"counts": True}, [("rule-code-unknown", "6")]),
        ("count(F07) > 1", {}, [("rule-counts-elsewhere", "F07")]),
        ("count(F02) > 1", {"home": "F04"}, [("rule-form-without-subjects", "F02")]),
        ("any(F90, a == 1 or b == 2)", {"home": "F04"}, [("rule-form-unknown", "F90,")]),
        ("scan_time_s", {}, [("rule-is-a-number", "scan_time_s")]),
        ("scan_time_s > 1", {"gives": "number"}, [("rule-is-a-truth", "scan_time_s")]),
        ("repeated", {"gives": "number"}, [("rule-is-a-truth", "repeated")]),
        ("acquisition_date", {"gives": "number"}, [("rule-is-a-truth", "acquisition_date")]),
        ("repeated == 'yes' and scan_time_s", {}, [("rule-is-a-number", "scan_time_s")]),
        ("any(F05, repeated)", {"home": "F04"}, [("rule-is-a-number", "repeated")]),
        (
            "x == 1 or repeated == 'ja' or y > 2 or count(F90) > 3",
            {"counts": True},
            [
                ("rule-form-unknown", "F90"), ("rule-column-unknown", "x"),
                ("rule-column-unknown", "y"), ("rule-code-unknown", "'ja'"),
            ],
        ),
    ],
)  # fmt: skip
def test_everything_that_is_wrong_with_a_rule_is_named_where_it_is(text, more, expected):
    assert [(kind, there) for kind, there, _ in checked(text, **more)] == expected


def test_close_names_and_all_codes_are_offered():
    ((_, _, parameters),) = checked("scan_time > 1")
    assert parameters == {"form": "F05", "column": "scan_time", "close": "scan_time_s"}
    ((_, _, parameters),) = checked("repeated == 'oui'")
    assert parameters == {"column": "repeated", "code": "oui", "codes": "yes, no"}


@pytest.mark.parametrize(
    "rule",
    [
        'not any(F05, arm == «"TETS")',
        'any(F07, reader_id == «"R9")',
        'site_id in ["S01", «"S03"]',
    ],
)
def test_a_misspelt_arm_reader_or_site_is_found_like_a_misspelt_code(rule, tmp_path):
    text, places = marked(change(("'not any(F05, arm == \"TEST\")'", f"'{rule}'")))
    assert named(text, tmp_path) == [(*places[0], "rule-code-unknown")]


def test_the_codes_of_the_declared_arms_are_no_part_of_the_protocol(tmp_path):
    protocol = reading(change(), tmp_path).protocol
    assert protocol.form("F05").field("arm").codes is None


def test_rules_of_the_library_are_held_against_what_a_study_changes(tmp_path):
    """Codes that a study changes are read by a rule and a check of the library."""
    text, ((line, column),) = marked(
        change(("    change:\n", "    «change:\n      repeated: {codes: compartment}\n"))
    )
    assert named(text, tmp_path) == [(line, column, "rule-code-unknown")]
    text, ((line, column),) = marked(
        change(
            (
                "  - use: F07\n    drop: [call]\n",
                "  - «use: F07\n    change: {call: {codes: compartment}}\n",
            )
        )
    )
    found = named(text, tmp_path)
    assert found == [(line, column, "rule-code-unknown")] * len(found)
    assert len(found) == 3  # positive, negative, not_evaluable


def test_a_check_that_counts_rows_of_another_form_is_not_tried_on_its_example(tmp_path):
    text = change(
        ("fires_when: scan_time_s > 3600", "fires_when: scan_time_s > 3600 and count(F09) == 0")
    )
    assert named(text, tmp_path) == []


def test_an_example_may_hold_dates_as_yaml_writes_them(tmp_path):
    text = change(
        ("fires_when: scan_time_s > 3600", "fires_when: start_time < acquisition_date"),
        (
            "{fires: {scan_time_s: 4000}, silent: {scan_time_s: 600}}",
            """{fires: {start_time: '2026-01-01T10:00', acquisition_date: 2026-01-02},
                       silent: {start_time: '2026-01-02T10:00', acquisition_date: 2026-01-02}}""",
        ),
    )
    assert named(text, tmp_path) == []


def test_an_example_with_a_field_that_does_not_exist(tmp_path):
    text, places = marked(change(("{scan_time_s: 4000}", "{scantime: «4000}")))
    assert named(text, tmp_path) == [(*places[0], "form-field-unknown")]


def test_sets_in_a_circle_are_named_once_and_sets_beside_it_not(tmp_path):
    text, places = marked(
        change(
            (
                "    definition: All enrolled subjects.\n",
                "    definition: All.\n    within: «PPS\n",
            ),
            (
                "endpoints:\n",
                """\
  SUB: {label: A part, definition: A part., within: PPS}
  OWN: {label: Itself, definition: Itself., within: «OWN}
endpoints:
""",
            ),
        )
    )
    assert named(text, tmp_path) == [(*place, "sets-in-circle") for place in places]


def test_a_set_within_an_unknown_set_is_named_where_it_says_so(tmp_path):
    text, places = marked(
        change(
            ("    definition: All enrolled subjects.\n", "    definition: A.\n    within: «ALL\n")
        )
    )
    assert named(text, tmp_path) == [(*places[0], "set-unknown")]


def test_texts_of_the_library_are_not_touched_by_what_a_study_declares():
    assert library_form("F05").field("arm").codes is None
    assert library_form("F05").field("arm").label == Text(en="Arm", zh="组别")
