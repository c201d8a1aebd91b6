"""Every kind of slip: one change of a sound protocol, and where it is named - once."""

import pytest
import test_dicom_slips
import test_economics
import test_families_and_looks
import test_reading_plan
from sound_study import SOUND, change, marked, named, reading

from clinval.core.problems import kinds


def rule(text):
    """Put a rule in the place of one that excludes subjects."""
    return [('{when: enrolled == "no", reason', "{when: " + text + ", reason")]


def added(text):
    """Add a field to the form F05."""
    return [("    change:\n", f"      - {text}\n    change:\n")]


def endpoint(text):
    """Add a performance goal with further lines."""
    lines = """\
  - id: G1
    kind: performance_goal
    role: safety
    label: Repeated acquisitions
    set: FAS
    form: F05
    measure: repeated == "yes"
    method: wilson
"""
    return [("  - id: T1\n", lines + text + "  - id: T1\n")]


def subgroups(text, *, used=True):
    """Declare subgroups, and show the first primary endpoint in one."""
    use = [
        (
            "    comparison: non_inferiority\n",
            "    comparison: non_inferiority\n    subgroups: [sex]\n",
        )
    ]
    return [("\nsample_size:\n", f"\nsubgroups:\n{text}sample_size:\n"), *(use if used else [])]


def evidence(value, low, high):
    """Give the margin of the first primary endpoint the evidence of an earlier study."""
    history = f"evidence: {{estimate: 0.2, ci_low: {low}, ci_high: {high}, source: a study}}"
    return [
        (
            "margin: {value: 0.05, source: a guidance, justification: Small enough.}",
            f"margin: {{value: {value}, source: a guidance, justification: j, {history}}}",
        )
    ]


def planned(text):
    """Add planning assumptions to the size of the first endpoint."""
    after, before = "    dropout: 0.1\n", "    assumptions: 95 %"
    return [(after + before, after + text + before)]


def clocks(end, more=""):
    """Let the endpoint T1 take its room time from clock readings."""
    room = f"    room_clock: {{start: start_time, end: {end}, longest_minutes: 90}}\n"
    return [
        *added("{id: end_time, type: datetime, label: End of the scan}"),
        ("    room_minutes: room_time_min\n", room + more),
    ]


CASES = {
    "claim-threshold": [
        (
            "reports:\n",
            (
                "claims:\n  - «id: C1\n    text: It is faster.\n    endpoint: P1\n"
                "    source: its words\nreports:\n"
            ),
        ),
    ],
    # ------------------------------------------------------------ beside the protocol
    "logo-elsewhere": [("  sponsor: ", "  logo: «../logo.png\n  sponsor: ")],
    "logo-missing": [("  sponsor: ", "  logo: «logo.png\n  sponsor: ")],
    # ------------------------------------------------------------ the file
    "yaml-value": [("date: 2026-03-02", "date: «2026-02-30")],
    "yaml-key": [("  kind: software", "  «[a, b]: c\n  kind: software")],
    "duplicate-key": [("  kind: software", "  kind: software\n  «kind: system")],
    "yaml-key-unknown": [("  kind: software", "  kind: software\n  «serial: 7")],
    "key-missing": [("product:", "«product:"), ("  version: 2.1.0\n", "")],
    # ------------------------------------------------------------ values
    "value-missing": [("name: FastKnee", "«name:")],
    "value-not-text": [("version: 2.1.0", "version: «2.1")],
    "value-not-number": [("{value: 1.4,", "{value: «about 1.4,")],
    "value-not-whole": [("horizon_years: 5", "horizon_years: «5.5")],
    "value-not-yes-no": [("synthetic: false", "synthetic: «no")],
    "value-not-date": [("date: 2026-03-02", "date: «2nd of March 2026")],
    "value-not-list": [("truth_panel: [T1, T2]", "truth_panel: «T1")],
    "value-not-mapping": [
        ('subjects:\n  pattern: "{site}-{number:03d}"\n', "subjects: «by number\n")
    ],
    "value-out-of-limits": [("price_year: 2026", "price_year: «26")],
    "value-not-of-list": [("kind: software", "kind: «firmware")],
    "value-not-of-form": [("truth_panel: [T1, T2]", "truth_panel: [T1, «2T]")],
    "value-wrong": [("codes: compartment", "codes: «5")],
    "value-too-long": [("manufacturer: Example", "manufacturer: «" + "E" * 4000)],
    "item-twice": [("also_sets: [PPS]", "also_sets: [PPS, «PPS]")],
    # ------------------------------------------------------------ study, sites, arms, readers
    "id-twice": [("{id: R2,", "{id: «R1,")],
    "time-zone-unknown": [("Europe/Oslo", "«Oslo")],
    "country-unknown": [("country: NO", "country: «XX")],
    "subject-pattern-shared": [('"{site}-{number:03d}"', '«"{number:03d}"')],
    "subjects-file-elsewhere": [("subjects:\n", "subjects:\n  file: «../subjects.csv\n")],
    "subjects-file-unreadable": [("subjects:\n", "subjects:\n  file: «subjects.csv\n")],
    "arm-missing": [("arms:", "«arms:"), ("role: reference", "role: other")],
    "reader-on-truth-panel": [("truth_panel: [T1, T2]", "truth_panel: [T1, «R2]")],
    "washout-short": [("washout_days: 28", "washout_days: «27")],
    "site-unknown": [("    S02: *hospital", "    «S09: *hospital")],
    "primary-missing": [
        ("endpoints:\n", "«endpoints:\n"),
        ("role: primary\n    label: Images", "role: secondary\n    label: Images"),
        ("role: primary\n    label: Scan", "role: secondary\n    label: Scan"),
    ],
    "id-by-case": [("    S02: *hospital\n", ""), ("  - id: S02", "  - id: «s01")],
    "id-reserved": [("    S02: *hospital\n", ""), ("  - id: S02", "  - id: «COM1")],
    "arm-role-twice": [
        (
            "label: Conventional}\n",
            "label: Conventional}\n  - {id: T2, role: «test, label: Another}\n",
        )
    ],
    # ------------------------------------------------------------ forms
    "form-unknown": [("  - F09\n", "  - F09\n  - «F19\n")],
    "form-field-unknown": [("drop: [call]", "drop: [call, «colour]")],
    "form-field-twice": added("{id: «coil_position_mm, type: text, label: Again}"),
    "codelist-unknown": [("codes: compartment", "codes: «compartments")],
    "field-needs-codes": added("«{id: gating, type: choice, label: Gating}"),
    "scale-codes-not-integers": added("{id: clarity, type: scale, label: C, «codes: {low: Low}}"),
    "limits-of-wrong-type": [("[-400, 400]", "[2026-01-01, 2026-12-31]"), ("range:", "«range:")],
    "limits-reversed": [("[-400, 400]", "[400, -400]"), ("range:", "«range:")],
    "check-example-silent": [("{fires: {scan_time_s: 4000}", "{«fires: {scan_time_s: 40}")],
    "check-example-fires": [("silent: {scan_time_s: 600}", "«silent: {scan_time_s: 6000}")],
    "check-example-value": [("{fires: {scan_time_s: 4000}", "{«fires: {scan_time_s: an hour}")],
    "enrolment-form-missing": [("forms:\n  - F04\n", "«forms:\n")],
    "form-check-unknown": [("drop_checks: [F05-C03]", "drop_checks: [«F05-C33]")],
    "form-field-needed": [("drop: [call]", "drop: [call, «reader_id]")],
    "pattern-unusable": added("{id: coil, type: text, label: Coil, pattern: «'[A-Z'}"),
    "form-check-twice": [("id: F05-C11", "id: «F05-C01")],
    # ------------------------------------------------------------ rules
    "rule-malformed": rule("enrolled «= 1"),
    "rule-not-in-language": rule("enrolled == «None"),
    "rule-reads-nothing": rule("«1 == 1"),
    "rule-needs-list": rule("enrolled in «age_years"),
    "rule-unknown-function": rule("age_years > 90 or «empty(enrolled)"),
    "rule-arguments": rule("'age_years > 90 or «missing(enrolled, sex)'"),
    "rule-nested": rule("'any(F05, completed == \"no\" or «count(F07) > 2)'"),
    "rule-needs-form": rule("'1 < «count(\"F05\")'"),
    "rule-form-unknown": rule("'count(«F06) > 2'"),
    "rule-column-unknown": rule('enrolled == "no" or «age < 18'),
    "rule-code-unknown": rule('enrolled == «"n"'),
    "rule-is-a-number": rule('enrolled == "no" or «age_years'),
    "rule-is-a-truth": [("    measure: scan_time_s\n", "    measure: «scan_time_s > 60\n")],
    "rule-texts-have-no-order": rule('age_years > 1 and «enrolled < "no"'),
    "rule-mixes-types": rule('age_years > 1 and «age_years == "no"'),
    "rule-calculates-with-text": rule("2 > 1 + «enrolled"),
    "rule-too-deep": rule("not " * 50 + "«not missing(enrolled)"),
    "rule-needs-times": [
        ("fires_when: scan_time_s > 3600", "fires_when: 'minutes(start_time, «scan_time_s) > 60'"),
    ],
    "rule-counts-elsewhere": [("    measure: scan_time_s\n", "    measure: count(«F09)\n")],
    "rule-form-without-subjects": [
        ("forms:\n", "forms:\n  - F02\n"),
        *rule('enrolled == "no" and count(«F02) > 1'),
    ],
    "rule-code-unquoted": rule("enrolled == «no"),
    # ------------------------------------------------------------ sets, endpoints, margins
    "set-unknown": [("also_sets: [PPS]", "also_sets: [«ITT]")],
    "sets-in-circle": [
        ("    definition: All enrolled subjects.\n", "    definition: All.\n    within: «PPS\n")
    ],
    "endpoint-kind-unknown": [
        ("kind: reader_agreement", "kind: «kappa"),
    ],
    "endpoint-unknown": [("throughput: T1", "throughput: «T2")],
    "endpoint-form-unused": [("    form: F05\n", "    form: «F06\n")],
    "endpoint-form-keys": [
        (
            "    form: F07\n    measure: image_quality\n    coefficient",
            "    form: «F05\n    measure: scan_time_s\n    coefficient",
        )
    ],
    "method-unknown": [("method: cohen", "method: «kappa")],
    "design-does-not-fit": [
        ("    comparison: superiority\n", "    comparison: superiority\n    missing: «failure\n")
    ],
    "margin-missing": [
        ("- id: P1\n", "- «id: P1\n"),
        ("    margin: {value: 0.05, source: a guidance, justification: Small enough.}\n", ""),
    ],
    "margin-without-value": [("margin: {value: 0.05, ", "«margin: {")],
    "margin-without-source": [
        ("margin: {value: 0.05, source: a guidance,", "«margin: {value: 0.05,")
    ],
    "margin-without-justification": [
        (
            "margin: {value: 0.5, source: the claim, justification: What the claim says.}",
            "«margin: {value: 0.5, source: the claim}",
        )
    ],
    "margin-illustrative": [
        ("{value: 0.05, source: a guidance", "{value: 0.05, status: «illustrative, source: nothing")
    ],
    "margin-wrong-side": [("{value: 0.5,", "{value: «1.5,")],
    "margin-not-used": [
        ("    comparison: non_inferiority\n    margin:", "    comparison: estimation\n    «margin:")
    ],
    "target-scale": [
        ("  - use: F07\n", "  - use: F07\n    change: {image_quality: {target: 3}}\n"),
        ("    measure: scan_time_s\n", "    measure: «image_quality\n    combine: mean\n"),
        ("    form: F05\n    measure", "    form: F07\n    measure"),
    ],
    "rows-exceed-subjects": [("    combine: majority\n", ""), ("- id: P1\n", "- «id: P1\n")],
    "multiplicity-missing": [
        ("endpoints:\n", "«endpoints:\n"),
        (
            SOUND[SOUND.index("multiplicity:") : SOUND.index("sample_size:")],
            "",
        ),
    ],
    "multiplicity-single": [("procedure: fixed_sequence", "procedure: «single_primary")],
    "multiplicity-order": [("order: [P1, P2]", "«order: [P2]")],
    "sample-size-missing": [
        ("- id: P2\n", "- «id: P2\n"),
        (
            SOUND[SOUND.index("  - {endpoint: P2") : SOUND.index("economics:")],
            "",
        ),
    ],
    "nothing-decided": [("order: [P1, P2]", "order: [P1, P2, «A1]")],
    "alpha-not-of-level": [("    alpha: 0.025\n", "    alpha: «0.05\n")],
    "exchange-rate-own": [
        ("  exchange_rates:\n", "  exchange_rates:\n    «NOK: {value: 2, source: a}\n")
    ],
    "underpowered": [("subjects: 100\n", "subjects: «109\n")],
    "planning-not-used": [
        (
            "  - {endpoint: P2, subjects: 40,",
            "  - {endpoint: A1, subjects: 40, «planning: {p10: 1},",
        ),
        ("role: primary\n    label: Scan", "role: secondary\n    label: Scan"),
    ],
    "planning-key": planned("    planning: {p10: 0.001, p01: 0.001, sd: «3}\n"),
    "planning-incomplete": planned("    «planning: {p10: 0.002}\n"),
    "planning-impossible": planned(
        "    «planning: {p_test: 0.9, p_reference: 0.8, discordance: 0.05}\n"
    ),
    "planning-hopeless": planned("    «planning: {p10: 0.01, p01: 0.07}\n"),
    "subjects-not-declared": [
        *planned("    planning: {p10: 0.002, p01: 0.002}\n"),
        ("  - endpoint: P1\n    subjects: 100\n", "  - «endpoint: P1\n"),
    ],
    "subjects-too-few": [
        *planned("    planning: {p10: 0.02, p01: 0.02}\n"),
        ("subjects: 100\n", "subjects: «100\n"),
    ],
    "exchange-rate-missing": [
        ("  exchange_rates:\n    CNY: {value: 1.4, source: central bank, date: 2026-01-15}\n", ""),
        ("economics:", "«economics:"),
    ],
    "audience-unknown": [("audience: hospital", "audience: «board")],
    "narrative-slot-unknown": [("reports:\n", "narrative:\n  backgound: «Words.\nreports:\n")],
    "narrative-not-translated": [("reports:\n", "narrative:\n  funding: «Words.\nreports:\n")],
    "input-room-time-missing": [
        ("    room_minutes: room_time_min\n", ""),
        ("- id: T1\n", "- «id: T1\n"),
    ],
    "reader-unknown": [
        ("    coefficient: kappa\n", "    coefficient: kappa\n    readers: [R1, «R9]\n")
    ],
    "readers-too-few": [
        ("    coefficient: kappa\n", "    coefficient: kappa\n    «readers: [R1]\n")
    ],
    "arm-unknown": endpoint("    arm: «TESTS\n"),
    # ------------------------------------------------------------ subgroups, baseline, evidence
    "subgroup-unknown": [
        (
            "    comparison: non_inferiority\n",
            "    comparison: non_inferiority\n    subgroups: [«sex]\n",
        )
    ],
    "subgroup-by-nothing": subgroups("  «sex: {label: Sex}\n"),
    "subgroup-form-rows": subgroups("  sex: {label: Quality, form: «F07, field: image_quality}\n"),
    "subgroup-bands-order": subgroups("  sex: {label: Age, field: age_years, «bands: [65, 40]}\n"),
    "subgroup-bands-of-words": subgroups("  sex: {label: Sex, field: sex, «bands: [1]}\n"),
    "baseline-not-used": [
        ("    centers: random\n", "    centers: random\n    baseline: «age_years\n")
    ],
    "evidence-without-effect": [
        (old, new.replace("evidence: {", "«evidence: {")) for old, new in evidence(0.05, -0.1, 0.3)
    ],
    "margin-beyond-evidence": [
        (old, new.replace("value: ", "value: «")) for old, new in evidence(0.2, 0.1, 0.3)
    ],
    "clock-field": clocks("«scan_time_s"),
    "clock-fields-differ": clocks("«start_time"),
    "clock-and-entered": clocks("end_time", "    room_minutes: «room_time_min\n"),
    "left-out-fails": endpoint('    where: «completed == "yes"\n    missing: failure\n'),
}

# Slips that others follow from; each is named once.
SEVERAL = {
    ("readers-missing", "form-needs-readers", "readers-too-few"): [
        ("  type: crossed_readers", "  type: «crossed_readers"),
        (SOUND[SOUND.index("readers:\n  - {id") : SOUND.index("truth_panel:")], ""),
        ("  - use: F07\n", "  - «use: F07\n"),
        ("- id: A1\n", "- «id: A1\n"),
    ],
    ("subjects-not-declared", "enrolment-too-small"): [
        *planned("    «planning: {p10: 0.02, p01: 0.02}\n"),
        ("  - endpoint: P1\n    subjects: 100\n", "  - «endpoint: P1\n"),
    ],
    ("economics-missing", "economics-missing"): [
        ("kind: throughput", "kind: «throughput"),
        ("kind: return_on_investment", "kind: «return_on_investment"),
        (SOUND[SOUND.index("economics:") : SOUND.index("reports:")], ""),
    ],
}  # fmt: skip

# Kinds that need more than a changed line; their tests stand elsewhere.
ELSEWHERE = {
    "protocol-unreadable", "not-utf8", "yaml-tab", "yaml-syntax", "yaml-empty", "yaml-too-large",
    "yaml-not-mapping", "subjects-file-columns", "subjects-file-gap", "subjects-file-site",
    "subjects-file-without-site", "subjects-file-twice",
    "sensitivity-key-unused", "sensitivity-shift-missing",
    "reference-not-by-subject", "reference-key", "categories-undeclared", "categories-unordered",
    "category-unknown", "repeats-as-cases", "replicate-not-key", "reads-not-apart",
    "lesions-not-by-subject",
    "planning-components",
    "ownership-missing", "ownership-needs-test", "clock-unknown", "use-missing",
    "downtime-missing", "downtime-twice", "growth-not-days", "growth-no-date",
    "quantity-source", "uptake-years", "scenario-empty", "report-checklist-unknown",
    "amendment-version", "amendment-of-other-study", "amendment-empty", "amendment-form-unknown",
    "amendment-code-unknown", "amendment-rename-undeclared", "amendment-not-a-number",
    "code-reused",
    *(case[1] for case in test_families_and_looks.SLIPS), "procedure-needs-dependence",
    *test_reading_plan.SLIPS, *test_economics.SLIPS, *test_dicom_slips.SLIPS,
}  # fmt: skip


def test_the_sound_protocol_is_sound(tmp_path):
    assert named(SOUND, tmp_path) == []
    assert reading(SOUND, tmp_path).protocol is not None


@pytest.mark.parametrize("kind", CASES)
def test_one_slip_is_named_once_where_it_is(kind, tmp_path):
    text, places = marked(change(*CASES[kind]))
    found = reading(text, tmp_path)
    where = [(p.place.line, p.place.column, p.kind) for p in found.problems]
    assert where == [(*place, kind) for place in places]
    for problem in found.problems:
        assert problem.line("en") != problem.line("zh")
        assert "\n" not in problem.line("en") + problem.line("zh")


@pytest.mark.parametrize("expected", SEVERAL)
def test_slips_that_show_in_several_places(expected, tmp_path):
    text, places = marked(change(*SEVERAL[expected]))
    assert named(text, tmp_path) == [
        (*place, kind) for place, kind in zip(places, expected, strict=True)
    ]


def test_every_kind_of_problem_of_a_protocol_has_its_test():
    tested = {*CASES, *ELSEWHERE, *(kind for group in SEVERAL for kind in group)}
    assert tested == {kind for kind, texts in kinds().items() if texts["code"].startswith("P")}
