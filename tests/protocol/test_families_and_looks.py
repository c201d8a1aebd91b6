"""Endpoints decided together, and looks: every slip is named once, where it is, in two languages.

The protocol decides four endpoints by a graph: the second example of Bretz et al. 2009, where two
primary endpoints pass what they hold to two secondary ones.
"""

import pytest
from sound_study import SOUND, marked, named, reading

MORE = """\
  - id: S1
    kind: mean_comparison
    role: secondary
    label: Noise
    set: FAS
    form: F05
    measure: room_time_min
    method: paired_t
    centers: pooled
    direction: lower_is_better
    comparison: superiority
  - id: S2
    kind: performance_goal
    role: secondary
    label: Images of diagnostic quality
    set: FAS
    form: F07
    measure: image_quality >= 3
    combine: majority
    method: wilson
    goal: {value: 0.8, source: a guidance, justification: Enough.}
"""
SEQUENCE = SOUND[SOUND.index("multiplicity:") : SOUND.index("sample_size:")]
GRAPH = """\
multiplicity:
  procedure: graphical
  alpha: 0.025
  weights: {P1: 0.5, P2: 0.5}
  transitions:
    - {from: P1, to: S1, weight: 1}
    - {from: P2, to: S2, weight: 1}
    - {from: S1, to: P2, weight: 1}
    - {from: S2, to: P1, weight: 1}
  justification: Each of the primary endpoints is a claim of its own.
"""
LOOKS = """\
interim:
  endpoints: [P1, P2]
  boundary: lan_demets_obrien_fleming
  looks:
    - {subjects: 50}
    - {subjects: 100}
"""
WITH_MORE = SOUND.replace("  - id: T1\n", MORE + "  - id: T1\n")
GRAPHICAL = WITH_MORE.replace(SEQUENCE, GRAPH)
SEQUENTIAL = SOUND.replace(SEQUENCE, SEQUENCE + LOOKS)


def change(base, *changes):
    for old, new in changes:
        assert base.count(old) == 1, (old, base.count(old))
        base = base.replace(old, new)
    return base


def planned(procedure, *lines):
    """Return the protocol with another procedure in place of the graph."""
    said = "".join(f"  {line}\n" for line in (procedure, *lines, "justification: As planned."))
    return WITH_MORE.replace(SEQUENCE, f"multiplicity:\n{said}")


LAST = "    - {from: S2, to: P1, weight: 1}\n"
AGREEMENT = "    method: cohen\n"
WITH_GOAL = AGREEMENT + "    goal: {value: 0.6, source: a book, justification: Good.}\n"
NOISE = "    measure: room_time_min\n    method"

IN_A_GRAPH = [
    ("endpoint-unknown", [("weights: {P1: 0.5,", "weights: {P9: «0, P1: 0.5,")]),
    ("endpoint-unknown", [("from: S2, to: P1", "from: S2, to: «P9")]),
    ("value-out-of-limits", [("from: S2, to: P1, weight: 1", "from: S2, to: P1, weight: «0")]),
    ("value-out-of-limits", [("{P1: 0.5,", "{P1: «-0.5,")]),
    ("yaml-key-unknown", [("{from: S2,", "{«form: S2,")]),
    ("key-missing", [("    - {from: S2, to: P1, weight: 1}", "    - «{from: S2, to: P1}")]),
    ("weights-sum", [("weights: {P1: 0.5,", "«weights: {P1: 0.6,")]),
    ("transition-to-itself", [("    - {from: S2, to: P1", "    - «{from: S2, to: S2")]),
    ("transitions-sum", [
        (LAST, LAST + "    - «{from: S2, to: S1, weight: 1}\n")
    ]),
    ("item-twice", [
        ("P1, to: S1, weight: 1}", "P1, to: S1, weight: 0.5}"),
        (LAST, LAST + "    - «{from: P1, to: S1, weight: 0.5}\n"),
    ]),
    ("never-tested", [
        ("    - {from: P1, to: S1, weight: 1}\n", ""),
        ("  transitions:", "  «transitions:"),
    ]),
    ("weight-missing", [
        ("weights: {P1: 0.5, P2: 0.5}", "«weights: {P1: 1}"),
        ("    - {from: P2, to: S2, weight: 1}\n", ""),
        ("    - {from: S1, to: P2, weight: 1}\n", ""),
        (LAST, ""),
    ]),
    ("procedure-without-key", [("  weights: {P1", "  «order: [P1]\n  weights: {P1")]),
    ("level-not-of-alpha", [
        (NOISE, NOISE.replace("    method", "    level: «0.9\n    method")),
    ]),
    ("nothing-decided", [
        ("    - {from: S1, to: P2, weight: 1}\n",
         "    - {from: S1, to: P2, weight: 0.5}\n    - {from: S1, to: «T1, weight: 0.5}\n"),
    ]),
    ("procedure-needs-p", [
        (AGREEMENT, WITH_GOAL),
        ("weights: {P1: 0.5, P2: 0.5}", "weights: {P1: 0.5, P2: 0.4, A1: «0.1}"),
    ]),
    ("interim-with-procedure", [("sample_size:\n", "«" + LOOKS + "sample_size:\n")]),
]  # fmt: skip

AT_LOOKS = [
    ("endpoint-unknown", [("endpoints: [P1, P2]", "endpoints: [P1, P2, «P9]")]),
    ("nothing-decided", [("endpoints: [P1, P2]", "endpoints: [P1, P2, «A1]")]),
    ("item-twice", [("endpoints: [P1, P2]", "endpoints: [P1, P2, «P2]")]),
    ("interim-leaves-out", [("  endpoints: [P1, P2]", "  «endpoints: [P1]")]),
    ("interim-needs-interval", [
        (AGREEMENT, WITH_GOAL),
        ("endpoints: [P1, P2]", "endpoints: [P1, P2, «A1]"),
    ]),
    ("value-not-of-list", [("boundary: lan_demets_obrien", "boundary: «lan_demets_obrian")]),
    ("value-missing", [
        ("  looks:\n    - {subjects: 50}\n    - {subjects: 100}\n", "  «looks: []\n")
    ]),
    ("value-out-of-limits", [("  looks:\n", "  look: «3\n  looks:\n")]),
    ("looks-not-increasing", [
        ("    - {subjects: 50}\n", "    - {subjects: 50}\n    - {subjects: «50}\n")
    ]),
    ("looks-not-increasing", [
        ("    - {subjects: 50}\n",
         "    - {subjects: 50}\n    - {subjects: 60, analyzed: «49}\n")
    ]),
    ("looks-not-increasing", [("- {subjects: 50}", "- {subjects: 50, analyzed: 100}"),
                               ("- {subjects: 100}", "- «{subjects: 100}")]),
    ("interim-last-look", [("{subjects: 100}", "{subjects: «120}")]),
    ("key-missing", [
        ("interim:\n", "«interim:\n"), ("lan_demets_obrien_fleming", "hwang_shih_decani")
    ]),
    ("procedure-without-key", [("  looks:\n", "  gamma: «-4\n  looks:\n")]),
]  # fmt: skip

SLIPS = [(GRAPHICAL, *case) for case in IN_A_GRAPH] + [(SEQUENTIAL, *case) for case in AT_LOOKS]


@pytest.mark.parametrize(("base", "kind", "changes"), SLIPS)
def test_a_slip_is_named_once_where_it_is(base, kind, changes, tmp_path):
    text, places = marked(change(base, *changes))
    found = reading(text, tmp_path).problems
    assert [(p.place.line, p.place.column, p.kind) for p in found] == [
        (*place, kind) for place in places
    ]
    for problem in found:
        assert problem.line("en") != problem.line("zh")


def test_a_graph_and_a_plan_of_looks_are_read_as_written(tmp_path):
    graph = reading(GRAPHICAL, tmp_path).protocol.multiplicity
    assert named(GRAPHICAL, tmp_path) == named(SEQUENTIAL, tmp_path) == []
    assert graph.family([]) == graph.nodes == ["P1", "P2", "S1", "S2"]
    assert [(edge.from_, edge.to, edge.weight) for edge in graph.transitions] == [
        ("P1", "S1", 1), ("P2", "S2", 1), ("S1", "P2", 1), ("S2", "P1", 1),
    ]  # fmt: skip
    assert graph.reached(set()) == {"P1", "P2"}
    assert graph.reached({"P2", "S1"}) == {"P1", "P2", "S2"}  # S1 is not shown by way of P1
    plan = reading(SEQUENTIAL, tmp_path).protocol.interim
    assert (plan.subjects, plan.alpha, plan.look, plan.spends) == (100, 0.025, None, True)
    assert [look.taken for look in plan.looks] == [50, 100]


ONLY_PRIMARY = ["single_primary", "co_primary", "bonferroni", "holm", "hochberg", "hommel"]


@pytest.mark.parametrize("procedure", ONLY_PRIMARY)
def test_what_each_procedure_uses(procedure, tmp_path):
    """Only Hochberg and Hommel are asked about; keys of other procedures are not used."""
    asked = ["multiplicity-single"] if procedure == "single_primary" else []
    asked += ["procedure-needs-dependence"] if procedure in ("hochberg", "hommel") else []
    said = planned(f"procedure: {procedure}")
    assert [kind for *_, kind in named(said, tmp_path)] == asked
    more = ["order: [P1, P2]", "weights: {P1: 1}", "transitions: [{from: P1, to: P2, weight: 1}]"]
    unused = [] if procedure == "single_primary" else ["procedure-without-key"] * 3
    said = planned(f"procedure: {procedure}", *more)
    assert sorted(kind for *_, kind in named(said, tmp_path)) == sorted(asked + unused)


def test_the_alpha_of_a_family_is_that_of_its_intervals(tmp_path):
    """Every endpoint of the family is named, wherever its level stands or does not stand."""
    text = planned("procedure: holm", "alpha: 0.05")
    found = reading(text, tmp_path).problems
    lines = text.split("\n")
    assert [p.kind for p in found] == ["level-not-of-alpha"] * 2
    assert [lines[p.place.line - 1].strip() for p in found] == ["- id: P1", "- id: P2"]
    assert "0.9 for the endpoint, or alpha: 0.025 under multiplicity" in found[0].line("en")
    sequence = planned("procedure: fixed_sequence", "order: [P1, P2, S1]", "alpha: 0.05")
    assert len(named(sequence, tmp_path)) == 3


def test_alpha_of_the_looks_is_that_of_the_intervals_too(tmp_path):
    text = change(SEQUENTIAL, ("  looks:\n", "  alpha: 0.05\n  looks:\n"))
    assert [kind for *_, kind in named(text, tmp_path)] == ["level-not-of-alpha"] * 2


def test_dependence_is_a_question_that_does_not_stop(tmp_path):
    found = reading(planned("procedure: hommel"), tmp_path)
    assert found.protocol is not None
    assert [str(problem.severity) for problem in found.problems] == ["query"]


def test_thirds_in_decimals_are_not_more_than_the_whole(tmp_path):
    text = planned(
        "procedure: graphical",
        "weights: {P1: 0.3333333334, P2: 0.3333333333, S1: 0.3333333334}",
        "transitions: [{from: P1, to: P2, weight: 0.5}, {from: P1, to: S1, weight: 0.5000000001}]",
    )
    assert named(text, tmp_path) == []


def test_an_unsound_weight_is_not_said_to_be_missing_on_top(tmp_path):
    text, places = marked(change(GRAPHICAL, ("{P1: 0.5, P2: 0.5}", "{P1: «half, P2: 0.5}")))
    assert named(text, tmp_path) == [(*places[0], "value-not-number")]


def test_a_size_may_rest_on_a_share_of_alpha(tmp_path):
    half = ("    alpha: 0.025\n", "    alpha: 0.0125\n")
    more = ("    alpha: 0.025\n", "    alpha: 0.05\n")
    assert named(change(planned("procedure: holm"), half), tmp_path) == []
    for said in (change(planned("procedure: holm"), more), change(SOUND, half)):
        assert [kind for *_, kind in named(said, tmp_path)] == ["alpha-not-of-level"]


@pytest.mark.parametrize(("fewer", "sound"), [(998, True), (999, False), (1000, False)])
def test_looks_lie_more_than_a_thousandth_apart(fewer, sound, tmp_path):
    looks = f"    - {{subjects: {fewer}}}\n    - {{subjects: 1000}}\n"
    text = change(SEQUENTIAL, ("    - {subjects: 50}\n    - {subjects: 100}\n", looks))
    text = change(text, ("    subjects: 100\n", "    subjects: 1000\n"))
    kinds = [kind for *_, kind in named(text, tmp_path) if kind != "underpowered"]
    assert kinds == ([] if sound else ["looks-not-increasing"])
