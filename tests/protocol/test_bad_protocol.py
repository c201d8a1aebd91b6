"""One run of ``clinval check`` names every mistake of a thoroughly bad protocol, each once."""

import re
from pathlib import Path

import pytest

from clinval.cli import main
from clinval.core.i18n import set_language

BAD = Path(__file__).parents[1] / "data" / "bad_protocol.yaml"

# Line, column and code of every mistake, and what stands at the place; worked out by hand.
MISTAKES = [
    (8, 12, "P121", "1.0"),  # a version has to be a text
    (9, 9, "P125", '"2026-03-02"'),  # a date in quotes
    (11, 3, "P008", "sponsor"),  # the key stands twice
    (13, 14, "P007", "2026-02-30"),  # no such day
    (14, 3, "P009", "sumary"),
    (14, 49, "P009", "read by three readers."),  # a comma inside braces ends the text
    (18, 12, "P121", "2.10"),
    (20, 9, "P012", "AI"),
    (21, 51, "P009", "de:"),  # a language that reports do not have
    (24, 16, "P012", "EU"),
    (24, 20, "P012", "china"),
    (27, 9, "P012", "crossed_reader"),
    (29, 17, "P032", "14"),  # days of washout; a query
    (32, 12, "P023", '"KNEE-{number:03d}"'),  # the same identifiers at every site
    (36, 21, "P012", "control"),
    (41, 14, "P022", "UK"),
    (45, 23, "P123", '"40"'),
    (48, 14, "P022", "Germany"),
    (49, 15, "P012", "de"),
    (51, 16, "P021", "Berlin"),
    (53, 9, "P020", "S02"),  # two sites with one id
    (59, 23, "P128", "0"),
    (62, 55, "P122", "12 years"),
    (66, 15, "P031", "R3"),  # reads, and sets the reference
    (71, 5, "P010", "lateral"),  # no English text
    (74, 5, "P040", "F1"),
    (77, 25, "P041", "dlp"),
    (77, 30, "P053", "completed"),  # other fields apply by it
    (79, 9, "P045", "id: coil"),  # a choice without codes
    (85, 9, "P048", "range"),  # upper limit below the lower one
    (86, 9, "P009", "requred"),
    (87, 64, "P043", "gating_modes"),
    (92, 9, "P046", "codes"),  # codes of a scale have to be numbers
    (94, 7, "P041", "scantime_s"),
    (95, 39, "P060", "= 'yes'"),  # one equals sign instead of two
    (96, 21, "P047", "expected"),  # dates as limits of a number
    (96, 75, "P070", '"oui"'),
    (103, 11, "P049", "fires"),
    (104, 11, "P050", "silent"),
    (106, 19, "P012", "mnor"),
    (108, 13, "P069", "operator"),  # in the second line of a text in quotes
    (111, 19, "P052", "F05-C09"),
    (113, 15, "P124", "yes"),
    (115, 14, "P042", "image_quality"),
    (116, 5, "P040", "F51"),
    (123, 13, "P081", "PPS"),  # FAS within PPS within FAS
    (125, 28, "P070", '"No"'),
    (128, 18, "P070", '"TETS"'),  # an arm; in the second line of a folded text
    (135, 26, "P061", "severity = ''major''"),  # one equals sign inside a count
    (136, 16, "P071", "count(F05)"),
    (137, 21, "P068", "F06"),
    (138, 16, "P069", "age"),
    (142, 13, "P080", "ALL"),
    (144, 1, "P100", "endpoints"),  # two primary endpoints, no multiplicity
    (150, 22, "P080", "ITT"),
    (154, 13, "P086", "miettinen_nurminen"),  # does not fit a paired design
    (158, 5, "P092", "margin"),
    (158, 5, "P093", "margin"),
    (160, 5, "P103", "id: P2"),  # no sample size; a query
    (167, 12, "P073", 'repeated < "yes"'),
    (169, 13, "P086", "geometric_random_sites"),  # no such method
    (173, 14, "P087", "failure"),
    (175, 14, "P095", "1.25"),  # on the wrong side of 1
    (179, 5, "P099", "id: S1"),  # three reads a subject, not combined
    (180, 11, "P082", "mean_comparision"),
    (185, 14, "P064", "mean(image_quality)"),
    (190, 13, "P092", "0.25"),
    (190, 13, "P093", "0.25"),
    (192, 5, "P090", "id: S2"),  # no margin
    (192, 5, "P099", "id: S2"),
    (201, 5, "P009", "directon"),
    (206, 11, "P012", "secondry"),
    (211, 19, "P109", "R4"),
    (213, 13, "P086", "weighted"),
    (214, 5, "P091", "goal"),
    (222, 14, "P075", "acquisition_date - 5"),
    (223, 10, "P111", "TESTS"),
    (225, 12, "P128", "95"),
    (227, 5, "P108", "id: T1"),  # neither measured nor entered
    (232, 33, "P075", '"60"'),
    (239, 17, "P083", "T2"),
    (245, 12, "P128", "90"),
    (249, 15, "P083", "P3"),
    (256, 1, "P106", "economics"),  # GBP
    (269, 38, "P122", '"95"'),
    (273, 5, "P033", "S09"),
    (283, 1, "P009", "reprots"),
    (284, 37, "P012", "de"),
    (285, 16, "P107", "board"),
    (287, 7, "P123", "12.5"),
]


@pytest.fixture(autouse=True)
def _own_language():
    yield
    set_language(None)


def test_the_list_of_mistakes_agrees_with_the_file():
    lines = BAD.read_text(encoding="utf-8").splitlines()
    for line, column, _, there in MISTAKES:
        assert lines[line - 1][column - 1 :].startswith(there), (line, column, there)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_check_names_every_mistake_once(language, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--lang", language, "check", str(BAD)])
    assert stop.value.code == 3
    *named, summary = capsys.readouterr().out.splitlines()
    found = [
        re.match(r"bad_protocol\.yaml:(\d+):(\d+) ([A-Z]\d+) (.+) - (.+)", line) for line in named
    ]
    assert all(found), named
    places = [(int(m[1]), int(m[2]), m[3]) for m in found]
    assert places == [(line, column, code) for line, column, code, _ in MISTAKES]
    queries = ("P032", "P103")
    errors = sum(code not in queries for _, _, code, _ in MISTAKES)
    assert summary == {"en": f"errors: {errors}", "zh": f"错误：{errors}"}[language]


def test_mistakes_are_of_many_kinds():
    assert len({code for _, _, code, _ in MISTAKES}) >= 45
