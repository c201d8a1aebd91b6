"""Reading a protocol: slips do not hide each other, follow from each other, or bring it down."""

import copy
import datetime
import io
import itertools
import random

import pytest
from ruamel.yaml import YAML
from sound_study import SOUND, change, marked, named, reading
from test_slips import CASES

from clinval.core.errors import ProtocolError
from clinval.core.files import sha256_of_bytes
from clinval.endpoints import KINDS
from clinval.protocol.reading import load

SIZED = ["planning-hopeless", "subjects-not-declared", "subjects-too-few"]  # by a margin

# Slips that each write the section anew.
SUBGROUPS = [
    "subgroup-bands-of-words", "subgroup-bands-order", "subgroup-by-nothing", "subgroup-form-rows",
    "subgroup-unknown",
]  # fmt: skip

# Slips that cannot be seen together: each pair changes the same thing, or one makes the other moot.
MOOT = {
    frozenset(pair)
    for one, others in {
        "endpoint-form-unused": ["rule-is-a-truth", "rule-counts-elsewhere"],
        "endpoint-kind-unknown": [
            "readers-too-few", "reader-unknown", "endpoint-form-keys", "planning-not-used",
        ],
        "margin-beyond-evidence": ["planning-hopeless", "subjects-too-few"],
        "margin-missing": SIZED,
        "margin-not-used": ["margin-illustrative", "margin-beyond-evidence", *SIZED],
        "margin-without-value": SIZED,
        "multiplicity-missing": ["planning-not-used"],
        "multiplicity-single": ["multiplicity-order", "planning-not-used"],
        "narrative-slot-unknown": ["narrative-not-translated"],
        "primary-missing": [
            "endpoint-kind-unknown", "multiplicity-missing", "multiplicity-order",
            "sample-size-missing", "subgroup-bands-of-words", "subgroup-bands-order",
            "subgroup-by-nothing", "subgroup-form-rows",
        ],
        "rule-needs-times": ["check-example-fires", "check-example-silent", "check-example-value"],
        "site-unknown": ["exchange-rate-missing"],
        "subject-pattern-shared": ["subjects-file-elsewhere", "subjects-file-unreadable"],
        "arm-unknown": ["left-out-fails"],
        "logo-missing": ["logo-elsewhere"],
        "readers-too-few": ["reader-unknown"],
        "subgroup-bands-order": SUBGROUPS,
        "subgroup-bands-of-words": SUBGROUPS,
        "subgroup-by-nothing": SUBGROUPS,
        "subgroup-unknown": SUBGROUPS,
        "subjects-file-elsewhere": ["subjects-file-unreadable"],
        "enrolment-form-missing": ["rule-form-unknown"],
    }.items()
    for pair in itertools.product([one], others)
}  # fmt: skip


def both(one, other):
    """Return the sound protocol with two slips, ``None`` where they change the same text."""
    text = SOUND
    for old, new in (*CASES[one], *CASES[other]):
        if text.count(old) != 1:
            return None
        text = text.replace(old, new)
    return text


PAIRS = [
    pair
    for pair in itertools.combinations(CASES, 2)
    if frozenset(pair) not in MOOT and both(*pair) is not None
]


# Pairs in one part of the protocol, where the first could easily take the second with it.
CLOSE = [
    ("value-not-date", "margin-illustrative"),
    ("value-out-of-limits", "exchange-rate-missing"),
    ("value-not-whole", "input-room-time-missing"),
    ("value-not-whole", "site-unknown"),
    ("enrolment-form-missing", "rule-code-unknown"),
    ("codelist-unknown", "limits-reversed"),
    ("form-check-unknown", "check-example-silent"),
    ("value-wrong", "form-field-unknown"),
    ("key-missing", "value-not-of-list"),
]


@pytest.mark.parametrize("part", range(11))
def test_no_slip_hides_another(part, tmp_path):
    pairs = random.Random(part).sample(PAIRS, 8) if part else CLOSE  # noqa: S311 - no secret
    for one, other in pairs:
        text, places = marked(both(one, other))
        found = named(text, tmp_path)
        kinds = [one] * len(marked(change(*CASES[one]))[1])
        kinds += [other] * len(marked(change(*CASES[other]))[1])
        assert sorted(kind for *_, kind in found) == sorted(kinds), (one, other)
        assert sorted((line, column) for line, column, _ in found) == sorted(places), (one, other)


def test_misspelt_keys_at_every_depth_are_named_and_read_as_what_they_were_meant_to_be(tmp_path):
    text, places = marked(
        change(
            ("reports:\n", "«report:\n"),
            ("  manufacturer:", "  «manufacturor:"),
            ("    measure: scan_time_s", "    «mesure: no_such_field"),
            ("    change:\n", "    «changes:\n"),
            ("        severity: major", "        «severty: major"),
            ("      - {when: enrolled", "      - {«wen: enrolled"),
            ("margin: {value: 0.05, source", "margin: {value: 0.05, «sorce"),
            ("      demand_per_day:", "      «demands_per_day:"),
        )
    )
    found = named(text, tmp_path)
    assert [place[:2] for place in found if place[2] == "yaml-key-unknown"] == sorted(places)
    # the value of a misspelt key is looked at like any other
    at = text.split("\n").index("    mesure: no_such_field") + 1
    assert [place for place in found if place[2] != "yaml-key-unknown"] == [
        (at, len("    mesure: ") + 1, "rule-column-unknown")
    ]


def test_a_key_with_nothing_under_it_is_as_good_as_not_written(tmp_path):
    for section in ("codelists", "multiplicity", "economics", "reports", "sample_size"):
        start = SOUND.index(f"\n{section}:\n") + 1
        rest = SOUND[start:].split("\n")
        length = next(
            (n for n, line in enumerate(rest) if n and line and line[0] not in " -"), len(rest) - 1
        )
        without = SOUND[:start] + "\n".join(rest[length:])
        empty = SOUND[:start] + f"{section}:\n" + "\n".join(rest[length:])
        kinds = [kind for *_, kind in named(without, tmp_path)]
        assert [kind for *_, kind in named(empty, tmp_path)] == kinds


def test_a_required_section_with_nothing_under_it_is_named(tmp_path):
    text = SOUND[: SOUND.index("regions:")] + "regions:\n" + SOUND[SOUND.index("design:") :]
    line = SOUND[: SOUND.index("regions:")].count("\n") + 1
    assert named(text, tmp_path) == [(line, 1, "value-missing")]


def test_a_slip_in_what_several_places_share_is_named_once(tmp_path):
    text, places = marked(
        change(("demand_per_day: {value: 30,", "demand_per_day: {value: «thirty,"))
    )
    assert named(text, tmp_path) == [(*places[0], "value-not-number")]


def test_an_unsound_item_of_a_list_is_left_out_and_the_others_keep_their_places(tmp_path):
    text, places = marked(
        change(
            (
                '      - {when: enrolled == "no", reason: not enrolled}\n',
                "      - «7\n      - {«reason: nothing}\n      - {when: «age > 1, reason: old}\n",
            ),
            (
                "      - {id: coil_position_mm, type: number, label: Position of the coil,",
                "      - «none\n      - {id: coil_position_mm, type: number, label: Position,",
            ),
            ("[-400, 400]", "[400, -400]"),
            ("range:", "«range:"),
        )
    )
    kinds = [kind for *_, kind in named(text, tmp_path)]
    assert [place[:2] for place in named(text, tmp_path)][:2] == places[:2]
    assert kinds == [
        "value-not-mapping", "limits-reversed", "value-not-mapping", "key-missing",
        "rule-column-unknown",
    ]  # fmt: skip


def test_numbers_with_signs_and_per_cent_are_taken_for_what_was_meant(tmp_path):
    text, places = marked(
        change(
            ("margin: {value: 0.05,", "margin: {value: «-0.05,"),
            ("{value: 0.5, source: the claim", "{value: 0.5, «sauce: the claim"),
            ("    dropout: 0.1\n", "    dropout: «10\n"),
            ("subjects: 100\n", "subjects: «109\n"),
        )
    )
    found = named(text, tmp_path)
    assert [place[:2] for place in found] == sorted(places)
    assert [kind for *_, kind in found] == [
        "value-out-of-limits", "yaml-key-unknown", "underpowered", "value-out-of-limits",
    ]  # fmt: skip


def test_a_plain_number_for_a_margin_or_an_input_lacks_its_source(tmp_path):
    text, places = marked(
        change(
            (
                "margin: {value: 0.05, source: a guidance, justification: Small enough.}",
                "margin: «0.05",
            ),
            ("purchase: {value: 120000, source: offer}", "purchase: «120000"),
        )
    )
    assert named(text, tmp_path) == [
        (*places[0], "margin-without-source"),
        (*places[0], "margin-without-justification"),
        (*places[1], "key-missing"),
    ]


def test_messages_show_values_as_they_were_written(tmp_path):
    text = change(
        ("version: 2.1.0", "version: 2.10"),
        ("planned_subjects: 60\n  - id: S02", "planned_subjects: '60'\n  - id: S02"),
    )
    says = [problem.says("en") for problem in reading(text, tmp_path).problems]
    assert says == [
        "a text is needed here, not 2.10",
        "a whole number is needed here, not '60'",
    ]


@pytest.mark.parametrize(
    ("old", "new", "remedy"),
    [
        ("    form: F05\n", "    form: F5\n", "write it like F05"),
        ("    currency: NOK", "    currency: krone", "write it like EUR"),
        ("- id: A1\n", "- id: a1\n", "write it like P1"),
        ("kind: software", "kind: firmware", "write one of: software, component, system"),
        ("price_year: 2026", "price_year: 1926", "write a number >= 2000"),
        ("  sponsor: ", "  sponser: ", "did you mean: sponsor?"),
        ("margin: {value: 0.5, source: the claim, justification: What the claim says.}",
         "margin: a half", "the keys are: value, source, justification, status, evidence"),
    ],
)  # fmt: skip
def test_remedies_say_what_to_write(old, new, remedy, tmp_path):
    (problem,) = reading(change((old, new)), tmp_path).problems
    assert problem.remedy("en").endswith(remedy)


def test_the_hash_is_that_of_the_file(tmp_path):
    for text in (SOUND, change(("kind: software", "kind: firmware"))):
        assert reading(text, tmp_path).sha256 == sha256_of_bytes(text.encode())


def test_load_raises_once_with_everything(tmp_path):
    path = tmp_path / "protocol.yaml"
    path.write_text(SOUND, encoding="utf-8")
    assert load(path, KINDS).study.id == "KNEE-1"
    path.write_text(
        change(("kind: software", "kind: firmware"), ("Europe/Oslo", "Oslo")), encoding="utf-8"
    )
    with pytest.raises(ProtocolError) as caught:
        load(path, KINDS)
    assert [problem.kind for problem in caught.value.problems] == [
        "value-not-of-list", "time-zone-unknown",
    ]  # fmt: skip
    assert "protocol.yaml" in str(caught.value)


# ---------------------------------------------------------------------- lists of subjects

FILE = ("subjects:\n", "subjects:\n  file: subjects.csv\n")


@pytest.mark.parametrize(
    ("rows", "kinds"),
    [
        ("site,subject_id\nS01,A1\nS02,B1\n", []),
        ("\ufeffsubject_id,site,age\nA1,S01,3\nB1, S02 ,4\n", []),
        ("site,subject_id\r\nS01,A1\r\nS02,B1\r\n", []),
        ("", ["subjects-file-columns"]),
        ("site,subject_id\n", ["subjects-file-columns"]),
        ("centre,subject\nS01,A1\n", ["subjects-file-columns"]),
        ("site,subject_id\nS01,A1\nS02,B1\nS09,C1\n", ["subjects-file-site"]),
        ("site,subject_id\nS01,A1\n", ["subjects-file-without-site"]),
        ("site,subject_id\nS01,A1\nS02,A1\n", ["subjects-file-twice"]),
        ("site,subject_id\nS01,A1\nS01,A1\nS01,A1\nS02,B1\n", ["subjects-file-twice"]),
        ("site,subject_id\nS01,A1\nS01\nS02,B1\n", ["subjects-file-gap"]),
        ("site,subject_id\nS01,A1\n,A2\nS02,\nS02,B1\n", ["subjects-file-gap"] * 2),
        ("site,subject_id\nS01,\xff\n".encode("latin-1"), ["subjects-file-unreadable"]),
    ],
)
def test_a_list_of_subjects(rows, kinds, tmp_path):
    rows = rows if isinstance(rows, bytes) else rows.encode()
    (tmp_path / "subjects.csv").write_bytes(rows)
    text = change(FILE)
    here = (text[: text.index("subjects.csv")].count("\n") + 1, len("  file: ") + 1)
    assert named(text, tmp_path) == [(*here, kind) for kind in kinds]


def test_subjects_come_from_the_list_or_the_pattern(tmp_path):
    protocol = reading(SOUND, tmp_path).protocol
    assert protocol.subjects_of("S01")[:2] == ("S01-001", "S01-002")
    assert len(protocol.subjects_of("S01")) == 60
    (tmp_path / "subjects.csv").write_text("site,subject_id\nS01,A 1\nS02,B1\nS01,A2\n")
    protocol = reading(change(FILE), tmp_path).protocol
    assert protocol.subjects_of("S01") == ("A 1", "A2")
    assert protocol.subjects_of("S02") == ("B1",)


def test_a_gap_names_its_row(tmp_path):
    (tmp_path / "subjects.csv").write_text("site,subject_id\nS01,A1\nS02,\nS02,B1\n")
    (problem,) = reading(change(FILE), tmp_path).problems
    assert "row 3" in problem.says("en")


# ---------------------------------------------------------------------- enough subjects


@pytest.mark.parametrize(
    ("subjects", "dropout", "planned", "enough"),
    [
        (100, 0.1, 112, True), (100, 0.1, 111, False), (90, 0.1, 100, True), (90, 0.1, 99, False),
        (70, 0.3, 100, True), (70, 0.3, 99, False), (120, 0.0, 120, True), (121, 0.0, 120, False),
        (60, 0.25, 80, True), (57, 0.05, 60, True), (58, 0.05, 61, False), (33, 0.67, 100, True),
    ],
)  # fmt: skip
def test_sites_have_to_plan_what_is_left_after_dropout(
    subjects, dropout, planned, enough, tmp_path
):
    text = change(
        ("planned_subjects: 60\n  - id: S02", f"planned_subjects: {planned - 40}\n  - id: S02"),
        ("planned_subjects: 60\nreaders", "planned_subjects: 40\nreaders"),
        ("subjects: 100\n", f"subjects: {subjects}\n"),
        ("    dropout: 0.1\n", f"    dropout: {dropout}\n"),
        ("endpoint: P2, subjects: 40", "endpoint: P2, subjects: 1"),
    )
    kinds = [kind for *_, kind in named(text, tmp_path)]
    assert kinds == ([] if enough else ["underpowered"])


# ---------------------------------------------------------------------- whatever is written

JUNK = [
    None, 5, -1.5, "x", "", [], {}, [1, 2], {"a": {"b": 1}}, True, datetime.date(2026, 1, 1),
    [None], {"en": 5}, float("inf"), float("nan"), "膝 == ", 10**30, [[]], {"value": "x"},
]  # fmt: skip


def paths(content, path=()):
    yield path
    inner = content.items() if isinstance(content, dict) else enumerate(content)
    for key, value in inner if isinstance(content, dict | list) else ():
        if isinstance(value, dict | list):
            yield from paths(value, (*path, key))
        else:
            yield (*path, key)


def test_nothing_that_is_written_brings_it_down(tmp_path):
    yaml = YAML(typ="safe", pure=True)
    sound = yaml.load(SOUND.replace("&hospital", "").replace("*hospital", "{}"))
    every = [path for path in paths(sound) if path]
    rng = random.Random(20260302)  # noqa: S311 - no secret
    for path, junk in rng.sample(list(itertools.product(every, JUNK)), 80):
        content = copy.deepcopy(sound)
        place = content
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = junk
        stream = io.StringIO()
        yaml.dump(content, stream)
        result = reading(stream.getvalue(), tmp_path)
        assert (result.protocol is None) or not result.problems
        for problem in result.problems:
            assert problem.line("en") != problem.line("zh"), path


def test_no_slip_of_the_keyboard_brings_it_down(tmp_path):
    rng = random.Random(20260302)  # noqa: S311 - no secret
    for _ in range(100):
        text = list(SOUND)
        for _ in range(rng.choice([1, 1, 2, 5])):
            at = rng.randrange(len(text))
            text[at : at + rng.randint(0, 1)] = rng.choice("\t :-{}[],'\"#&*!|>%@\n\\\x00é膝=0x~? ")
        result = reading("".join(text), tmp_path)
        assert (result.protocol is None) == any(
            problem.severity == "error" for problem in result.problems
        )


# ---------------------------------------------------------------------- what follows from a slip

NORTH = "time_zone: Europe/Oslo\n    planned_subjects: "


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("country: NO", "country: «true"),
        ("time_zone: Europe/Oslo", "time_zone: «12"),
        ("washout_days: 28", "washout_days: «-1"),
        ("within: FAS", "within: «true"),
        ("order: [P1, P2]", "order: [«5, P2]"),
        ("order: [P1, P2]", "order: [P1, «[P2]]"),
        ("measure: image_quality >= 3", "measure: «2026-01-01"),
        ("fires_when: scan_time_s > 3600", "fires_when: «5"),
        ("codes: compartment", "codes: «true"),
        ("range: [-400, 400]", "range: [«true, 400]"),
        ("margin: {value: 0.05,", "margin: {value: «true,"),
        ("margin: {value: 0.5,", "margin: {value: «-5,"),
        ("throughput: T1", "throughput: «12"),
        ("audience: fda", "audience: «1"),
        ("method: tango", "method: «true"),
        (f"{NORTH}60", f"{NORTH}«-5"),
        (f"{NORTH}60", f"{NORTH}«.5"),
        ("intended_use: Knee", "intended_use: «" + "Knee " * 1000),
        ('{when: enrolled == "no",', "{when: «" + "age_years > 1 or " * 300 + "missing(sex),"),
    ],
)  # fmt: skip
def test_what_is_wrong_by_itself_is_not_wrong_once_more(old, new, tmp_path):
    text, (place,) = marked(change((old, new)))
    assert [(line, column) for line, column, _ in named(text, tmp_path)] == [place]


# ---------------------------------------------------------------------- what agrees with what


@pytest.mark.parametrize(
    ("pattern", "sound"),
    [
        ("{site}-{number}", True),
        ("{site}{number}", False),
        ("{site}{number:03d}", True),
        ("{site}x{number}", True),
        ("{site} {number}", False),
        ("{site}-{number}\\n", False),
        ("{site}-{number:0100d}", False),
    ],
)
def test_sites_whose_names_begin_alike_share_no_identifier(pattern, sound, tmp_path):
    text = SOUND.replace("S01", "S0").replace("S02", "S01")
    text = text.replace("{site}-{number:03d}", pattern)
    assert (named(text, tmp_path) == []) is sound


def test_an_endpoint_is_not_analysed_twice_on_its_own_set(tmp_path):
    text, (place,) = marked(change(("also_sets: [PPS]", "also_sets: [PPS, «FAS]")))
    assert named(text, tmp_path) == [(*place, "item-twice")]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("drop: [call]", "drop: [call, «call]"),
        ("drop: [call]", "drop: [call]\n    keys: [subject_id, arm, reader_id, «arm]"),
        ("regions: [fda, nmpa]", "regions: [fda, nmpa, «fda]"),
        ("order: [P1, P2]", "order: [P1, P2, «P1]"),
        ("truth_panel: [T1, T2]", "truth_panel: [T1, «T1]"),
    ],
)
def test_a_word_stands_once_in_a_list(old, new, tmp_path):
    text, (place,) = marked(change((old, new)))
    assert named(text, tmp_path) == [(*place, "item-twice")]


def test_a_primary_endpoint_decides_something(tmp_path):
    size = "  - {endpoint: T1, subjects: 9, alpha: 0.025, power: 0.9, assumptions: x, source: y}\n"
    slip = change(
        ("    kind: throughput\n    role: secondary", "    kind: throughput\n    role: «primary"),
        ("order: [P1, P2]", "order: [P1, P2, T1]"),
        ("economics:\n", size + "economics:\n"),
    )
    text, (place,) = marked(slip)
    assert named(text, tmp_path) == [(*place, "nothing-decided")]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("discount_rate: {value: 0.05,", "discount_rate: {value: «5,"),
        ("CNY: {value: 1.4,", "CNY: {value: «0,"),
        ("open_minutes_per_day: {value: 720,", "open_minutes_per_day: {value: «1441,"),
        ("operating_days_per_year: {value: 250,", "operating_days_per_year: {value: «367,"),
    ],
)
def test_economics_have_to_be_possible(old, new, tmp_path):
    text, (place,) = marked(change((old, new)))
    assert named(text, tmp_path) == [(*place, "value-out-of-limits")]


@pytest.mark.parametrize("seed", ["'5'", "true", "1.0", "x"])
def test_a_seed_is_a_whole_number(seed, tmp_path):
    text = SOUND + f"seed: {seed}\n"
    assert [kind for _, _, kind in named(text, tmp_path)] == ["value-not-whole"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_other_encodings_are_named(encoding, tmp_path):
    assert [kind for *_, kind in named("a: b\n".encode(encoding), tmp_path)] == ["not-utf8"]


def test_a_message_stays_readable_whatever_the_file_holds(tmp_path):
    text = change(('{when: enrolled == "no", reason', "{when: " + "x" * 3000 + ", reason"))
    (problem,) = reading(text, tmp_path).problems
    assert len(problem.line("en")) < 1000
