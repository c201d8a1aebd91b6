"""Checks that a protocol adds across forms: each slip is named once, where it is."""

import pytest
from sound_study import SOUND, change, marked, named, reading

CHECKS = """\
checks:
  across:
    - id: W01
      type: window
      severity: major
      form: F05
      take:
        other_date: {form: F05, field: acquisition_date, by: [subject_id]}
      fires_when: days(other_date, acquisition_date) > 7
      deviation: window
      message: More than a week between the scans.
      example:
        fires: {acquisition_date: 2026-04-20, other_date: 2026-04-06}
        silent: {acquisition_date: 2026-04-08, other_date: 2026-04-06}
    - id: W02
      type: cross_form
      severity: critical
      form: F07
      take:
        last_scan: {form: F05, field: acquisition_date, where: completed == "yes", pick: most}
      fires_when: read_date < last_scan
      message: Read before the last scan.
      example:
        fires: {read_date: 2026-04-06, last_scan: 2026-04-08}
        silent: {read_date: 2026-04-10, last_scan: 2026-04-08}
  headers:
    - {id: D01, entry: F05.scan_time_s, header: F05.coil_position_mm, within: 5}
  unique: [F05.device_serial]
  versions: [F05.software_version]
  drop: [X01]
  limits:
    Y05: {ratio: 20}
"""
WITH_CHECKS = [("reports:\n", CHECKS + "reports:\n")]

SLIPS = {
    "rule-form-unknown": ("form: F07\n      take", "form: «F12\n      take"),
    "form-field-unknown": ("field: acquisition_date, by", "field: «scan_date, by"),
    "form-field-twice": ("        other_date: {form", "        «scan_time_s: {form"),
    "rule-column-unknown": ("read_date < last_scan", "read_date < «lastscan"),
    "rule-code-unknown": ('where: completed == "yes"', 'where: completed == «"done"'),
    "rule-texts-have-no-order": (
        'field: acquisition_date, where: completed == "yes", pick: most',
        "field: software_version, pick: «most",
    ),
    "rule-counts-elsewhere": ("read_date < last_scan", "read_date < last_scan and count(«F05) > 1"),
    "check-example-fires": (
        "        silent: {read_date: 2026-04-10", "        «silent: {read_date: 2026-04-01",
    ),
    "check-example-silent": (
        "        fires: {read_date: 2026-04-06", "        «fires: {read_date: 2026-04-16",
    ),
    "id-twice": ("- {id: D01, entry", "- {id: «W02, entry"),
    "value-not-of-list": ("drop: [X01]", "drop: [«X77]"),
    "yaml-key-unknown": ("Y05: {ratio: 20}", "Y05: {ratios: «20}"),
}  # fmt: skip


def slip(old, new):
    assert CHECKS.count(old) == 1
    return change(("reports:\n", CHECKS.replace(old, new) + "reports:\n"))


def test_checks_across_forms_can_be_declared(tmp_path):
    text = change(*WITH_CHECKS)
    assert named(text, tmp_path) == []
    checks = reading(text, tmp_path).protocol.checks
    assert [check.id for check in checks.across] == ["W01", "W02"]
    assert checks.headers[0].within == 5


@pytest.mark.parametrize("kind", SLIPS)
def test_one_slip_is_named_once_where_it_is(kind, tmp_path):
    text, places = marked(slip(*SLIPS[kind]))
    assert named(text, tmp_path) == [(*place, kind) for place in places]


def test_a_deviation_has_a_category_of_the_form_of_deviations(tmp_path):
    text, places = marked(slip("deviation: window", "deviation: «windows"))
    assert named(text, tmp_path) == [(*place, "value-not-of-list") for place in places]


def test_a_study_without_checks_of_its_own_has_those_of_the_library(tmp_path):
    protocol = reading(SOUND, tmp_path).protocol
    assert protocol.checks.across == ()
    assert protocol.checks.drop == ()
