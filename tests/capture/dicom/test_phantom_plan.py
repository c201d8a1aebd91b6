"""The plan of a phantom: the library's is sound, and each slip is named with its line."""

from __future__ import annotations

import pytest

from clinval.capture.phantom.plan_reading import library_plans, plan_path, read_plan
from clinval.core.errors import UsageError

SOUND = plan_path("water-cylinder").read_text(encoding="utf-8")

# what is written instead of what; the kinds, and what stands where they point
SLIPS = [
    ("diameter_mm: 200", "diametre_mm: 200", ["yaml-key-unknown"], "diametre_mm"),
    ("  diameter_mm: 200\n", "", ["key-missing"], "find:"),
    ("diameter_mm: 200", "diameter_mm: wide", ["value-not-number"], "wide"),
    ("diameter_mm: 200", "diameter_mm: -200", ["value-out-of-limits"], "-200"),
    ("from_mm: 10, to_mm: 60", "from_mm: 10, to_mm: 5", ["plan-layer-empty"], "5}"),
    ("{id: insert, from", "{id: water, from", ["plan-twice"] + ["plan-name-unknown"] * 3, "water"),
    ("id: left, layer: water, x_mm: -80", "id: left, layer: water, x_mm: -95",
     ["plan-region-outside"], "left"),
    ("id: rod, layer: insert", "id: rod, layer: inset", ["plan-name-unknown"], "inset"),
    ("shape: square, x_mm: 50", "shape: circle, x_mm: 50", ["value-not-of-list"], "circle"),
    ("shape: square, x_mm: 50", "shape: disk, x_mm: 50", ["plan-region-not-square"], "around-rod"),
    ("kind: cnr", "kind: cnrs", ["plan-measure-unknown"], "cnrs"),
    ("kind: cnr", "kind: sharpness", ["plan-measure-unknown"], "sharpness"),
    ("signal: rod", "signal: rodd", ["plan-name-unknown"], "rodd"),
    ("background: beside", "background: rod", ["plan-regions-same"], "rod, noise"),
    ("background: beside, noise: background", "background: beside", ["key-missing"], "{id: cnr"),
    ("background: beside", "background: center", ["plan-layers-differ"], "cnr, kind"),
    ("y_mm: 35, size_mm: 40}\n  - {id: rod", "y_mm: 35, size_mm: 30}\n  - {id: rod",
     ["plan-regions-differ"], "regions: [power-1"),
    ("nps: nps, contrast", "nps: noise, contrast", ["plan-name-unknown"], "noise, contrast"),
    ("{id: noise, kind", "{id: water, kind", ["plan-twice"], "water, kind: noise"),
    ("measures:\n", "measure:\n", ["yaml-key-unknown"], "measure:"),
    ('# settings:\n#   - {name: HEAD-120, series: {SeriesDescription: "*head*", KVP: "120"}}',
     'settings:\n  - {name: HEAD-120, series: {KVp: "120"}}', ["plan-name-unknown"], '"120"'),
]  # fmt: skip


def slips(text, tmp_path):
    path = tmp_path / "my-plan.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        read_plan(path)
    return caught.value.problems


@pytest.mark.parametrize("name", library_plans())
def test_plans_of_the_library_are_sound(name):
    plan = read_plan(plan_path(name))
    assert plan.name.zh
    assert plan.measures


@pytest.mark.parametrize(("old", "new", "kinds", "at"), SLIPS, ids=[slip[1] for slip in SLIPS])
def test_a_slip_is_named_where_it_is(old, new, kinds, at, tmp_path):
    assert SOUND.count(old) == 1
    text = SOUND.replace(old, new)
    found = slips(text, tmp_path)
    assert sorted(problem.kind for problem in found) == sorted(kinds)
    lines = text.splitlines()
    assert any(
        lines[problem.place.line - 1][problem.place.column - 1 :].startswith(at)
        for problem in found
    ), [str(problem.place) for problem in found]
    for problem in found:
        assert problem.line("en") != problem.line("zh")


def test_several_slips_are_named_at_once(tmp_path):
    text = SOUND.replace("diameter_mm: 200", "diametre_mm: 200").replace("kind: mtf", "kind: mft")
    text = text.replace("signal: rod", "signal: rodd").replace("x_mm: 80", "x_mm: 95")
    kinds = ["yaml-key-unknown", "plan-region-outside", "plan-name-unknown", "plan-measure-unknown"]
    assert [problem.kind for problem in slips(text, tmp_path)] == kinds


@pytest.mark.parametrize(
    ("text", "kind"),
    [("", "yaml-empty"), ("- a\n", "yaml-not-mapping"), ("id: [\n", "yaml-syntax"),
     ("id: a\n\tb: c\n", "yaml-tab"), ("id: A\nname: n\n", "key-missing")],
)  # fmt: skip
def test_what_is_no_plan_is_named(text, kind, tmp_path):
    assert kind in [problem.kind for problem in slips(text, tmp_path)]


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(UsageError) as caught:
        read_plan(tmp_path / "none.yaml")
    [problem] = caught.value.problems
    assert problem.kind == "plan-unreadable"
    assert "water-cylinder" in problem.line("en")
    (tmp_path / "latin.yaml").write_bytes("id: é".encode("latin-1"))
    with pytest.raises(UsageError) as caught:
        read_plan(tmp_path / "latin.yaml")
    assert [problem.kind for problem in caught.value.problems] == ["not-utf8"]


def test_a_plan_written_for_a_detector_needs_no_diameter(tmp_path):
    path = tmp_path / "edge.yaml"
    path.write_text(
        "id: EDGE\nname: Edge\nfind: {by: image}\n"
        "regions: [{id: edge, shape: square, size_mm: 20}]\n"
        "measures: [{id: mtf, kind: mtf, region: edge, by: edge}]\n",
        encoding="utf-8",
    )
    assert read_plan(path).find.diameter_mm is None
