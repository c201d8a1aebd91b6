"""Sensitivity to missing results: what is declared, and each analysis again from the raw rows."""

import math
import zlib
from types import SimpleNamespace

import kit
import numpy as np
import oracle
import pandas as pd
import pytest
from pydantic import ValidationError

from clinval import stats
from clinval.endpoints.comparison import arms_of
from clinval.endpoints.kind import Context
from clinval.endpoints.measured import units_of
from clinval.endpoints.recorder import Recorder
from clinval.endpoints.sensitivity import Sensitivity, lint_sensitivity, record_sensitivity
from clinval.stats.missing import missing_data as md
from clinval.study.analysis_sets import memberships

SITES = {"S01": 22, "S02": 14, "S03": 5}
SUCCESS = {"id": "P1", "form": "F05", "measure": "scan_time_s > 300"}
TIME = {"id": "P1", "kind": "mean_comparison", "form": "F05", "measure": "scan_time_s"}
TIME |= {"direction": "lower_is_better", "comparison": "non_inferiority", "centers": "pooled"}


def proportion(design="paired", **said):
    method = "tango" if design == "paired" else "miettinen_nurminen"
    base = kit.QUALITY | SUCCESS | {"method": method} | said
    return kit.protocol(design=design, sites=tuple(SITES), endpoints=[base])


def mean(design="paired", **said):
    paired = design == "paired"
    ratio = said.get("estimate") == "ratio"
    method = {(True, False): "paired_t", (True, True): "geometric_paired", (False, False): "welch",
              (False, True): "geometric_welch"}[paired, ratio]  # fmt: skip
    margin = {"value": 1.1 if ratio else 20.0, **kit.MARGIN}
    base = TIME | {"method": method, "margin": margin} | said
    return kit.protocol(design=design, sites=tuple(SITES), endpoints=[base])


def population(seed, *, sizes=SITES, paired=True, missing=0.15):
    """Return scan times; some rows without a time, some that were never returned."""
    draw = np.random.default_rng(seed)
    people, rows = kit.enrolled(sizes), []
    for site, subject in zip(people["site_id"], people["subject_id"], strict=True):
        base = draw.normal(320, 40)
        for arm in ("TEST", "REF") if paired else (draw.choice(["TEST", "REF"]),):
            if draw.random() < missing / 2:
                continue
            time = None if draw.random() < missing else round(base + draw.normal(0, 30), 1)
            rows.append({"site_id": site, "subject_id": subject, "arm": arm, "scan_time_s": time})
    return {"F04": people, "F05": pd.DataFrame(rows)}


def wide(tables):
    """Return a row a subject: time by arm, and the arms that it has a row of."""
    rows = tables["F05"]
    times = rows.pivot_table(index="subject_id", columns="arm", values="scan_time_s", dropna=False)
    frame = times.astype(float).reindex(tables["F04"]["subject_id"])
    here = rows.groupby("subject_id")["arm"].agg(set).reindex(frame.index)
    return frame.reindex(columns=["TEST", "REF"]), here


def recorded(declared, tables, *asked, outcome, endpoint_id="P1", **more):
    """Return the recorder of the analyses, and the units that the own method was asked about."""
    recorder = Recorder(endpoint=endpoint_id, analysis_set="FAS")
    completed = []
    with kit.data(declared, tables) as found:
        sets = memberships(found)
        context = Context(data=found, sets=sets, set_id="FAS", recorder=recorder)
        own = found.protocol.endpoints[0]
        endpoint = own.model_copy(update={"sensitivity": tuple(Sensitivity(**a) for a in asked)})
        arms = arms_of(endpoint, context)
        record_sensitivity(
            endpoint,
            context,
            units_of(endpoint, context, arms),
            arms=arms,
            paired=found.protocol.design.paired,
            outcome=outcome,
            ratio=endpoint.estimate == "ratio",
            claim=endpoint.hypothesis,
            complete=lambda units: completed.append(units) or estimate_of(units),
            unit="u",
            **more,
        )
    kit.check(recorder.records)
    return recorder, completed


def estimate_of(units):
    """Stand for the method that the endpoint declares: it sees every unit, with its site."""
    test, reference = units.test[~np.isnan(units.test)], units.reference
    reference = reference[~np.isnan(reference)]
    counts = [int(test.sum()), len(test), int(reference.sum()), len(reference)]
    return stats.find("risk_difference.newcombe")(*counts)


def values(recorder):
    prefix = f"{recorder.endpoint}.{recorder.analysis_set}.sensitivity="
    return {record.id.removeprefix(prefix): record.value for record in recorder.records}


def points(recorder):
    (series,) = recorder.series
    assert series.id == f"{recorder.endpoint}.{recorder.analysis_set}.tipping_map"
    columns = series.columns
    assert len({len(column) for column in columns.values()}) == 1
    return pd.DataFrame(columns)


def patterns(frame):
    """Return the nine counts of a pair, by name."""
    success = (frame > 300).astype(float).where(frame.notna())
    names = {1.0: "1", 0.0: "0"}
    seen = [
        names.get(t, "m") + names.get(r, "m")
        for t, r in zip(success["TEST"], success["REF"], strict=True)
    ]
    wanted = ("11", "10", "01", "00", "m1", "m0", "1m", "0m", "mm")
    return {f"n{name}": seen.count(name) for name in wanted}


# ---------------------------------------------------------------------- proportions of pairs

ALL = [{"analysis": name} for name in ("worst_case", "at_random", "jump_to_reference")]
ALL += [{"analysis": "delta_adjusted", "delta_test": -1.0, "delta_reference": 0.5}]
ALL += [{"analysis": "tipping_map"}]


@pytest.mark.parametrize("direction", ["higher_is_better", "lower_is_better"])
def test_proportions_of_pairs(direction):
    declared, tables = proportion(direction=direction), population(1)
    recorder, (completed,) = recorded(declared, tables, *ALL, outcome="binary")
    found, (frame, _) = values(recorder), wide(tables)
    higher = direction == "higher_is_better"
    # the worst case is the endpoint's own method on everybody
    success = (frame > 300).astype(float).where(frame.notna())
    for column, arm, worst in (
        ("TEST", completed.test, 0.0 if higher else 1.0),
        ("REF", completed.reference, 1.0 if higher else 0.0),
    ):
        assert (success[column].fillna(worst).to_numpy() == arm).all()
    assert len(set(completed.site)) == 3
    own = estimate_of(completed)
    for name in ("estimate", "ci_low", "ci_high"):
        assert found[f"worst_case.{name}"] == getattr(own, name)
    met = own.ci_low > -0.1 if higher else own.ci_high < 0.1
    assert found["worst_case.verdict"] == ("met" if met else "not_met")
    # the map: every cell by the likelihood maximised, its pairs placed by hand
    counts, table = patterns(frame), points(recorder)
    missing = [int(frame[arm].isna().sum()) for arm in ("TEST", "REF")]
    assert [found["tipping_map.missing_test"], found["tipping_map.missing_reference"]] == missing
    assert found["tipping_map.n_cells"] == len(table) == (missing[0] + 1) * (missing[1] + 1)
    low, high, shown = table["ci_low"], table["ci_high"], table["shown"]
    assert (shown == (low > -0.1 if higher else high < 0.1)).all()
    assert found["tipping_map.n_shown"] == shown.sum()
    corner = table[(table["test"] == 0) & (table["reference"] == missing[1])].iloc[0]
    n01 = counts["n01"] + counts["nm1"] + counts["n0m"] + counts["nmm"]
    cells = (counts["n11"] + counts["n1m"], counts["n10"], n01, counts["n00"] + counts["nm0"])
    wanted = oracle.tango([cells])[:3]
    assert (corner["estimate"], corner["ci_low"], corner["ci_high"]) == pytest.approx(wanted)
    # the imputations are those of the statistics, at one seed
    for name, function, options in (
        ("at_random", md.missing_at_random_paired_binary, {}),
        ("jump_to_reference", md.jump_to_reference_paired_binary, {}),
        (
            "delta_adjusted",
            md.delta_adjusted_paired_binary,
            {"delta_test": -1.0, "delta_reference": 0.5},
        ),
    ):
        same(found, name, function(**counts, seed=seed_of(declared), **options))
    shift = found["delta_adjusted.delta_test"], found["delta_adjusted.delta_reference"]
    assert shift == (-1.0, 0.5)
    assert "at_random.left_out" not in found
    assert {r.method for r in recorder.records if "tipping" in r.id and r.method} == {
        "missing_data.tipping_map_paired_binary"
    }


def seed_of(declared):
    """Return the seed of the endpoint P1 on the set FAS."""
    key = [declared.seed, zlib.crc32(b"P1.FAS")]
    return int(np.random.default_rng(key).integers(2**32))


def same(found, name, result):
    """Assert that the records of an analysis are what a statistic gives."""
    for statistic in ("estimate", "ci_low", "ci_high", "fraction_missing", "df", "imputations"):
        assert found[f"{name}.{statistic}"] == getattr(result, statistic), (name, statistic)


def test_a_shift_by_nothing_is_no_shift_and_another_endpoint_another_seed():
    asked = [{"analysis": "at_random"}, {"analysis": "delta_adjusted", "delta_test": 0.0}]
    run = [
        values(recorded(proportion(), population(1), *asked, outcome="binary", **more)[0])
        for more in ({}, {}, {"endpoint_id": "P2"})
    ]
    assert run[0] == run[1]
    for statistic in ("estimate", "ci_low", "df", "verdict"):
        assert run[0][f"at_random.{statistic}"] == run[0][f"delta_adjusted.{statistic}"]
    assert run[0]["delta_adjusted.delta_reference"] == 0.0
    assert run[0]["at_random.estimate"] != run[2]["at_random.estimate"]


def test_many_missing_results_make_no_larger_map():
    tables = population(2, sizes={"S01": 200}, missing=0.4)
    recorder, _ = recorded(proportion(), tables, {"analysis": "tipping_map"}, outcome="binary")
    found, table = values(recorder), points(recorder)
    assert min(found["tipping_map.missing_test"], found["tipping_map.missing_reference"]) > 41
    assert found["tipping_map.n_cells"] == len(table) == 41 * 41
    for arm in ("test", "reference"):
        tried = sorted(set(table[arm]))
        assert (tried[0], tried[-1]) == (0, found[f"tipping_map.missing_{arm}"])
        assert all(number == int(number) for number in tried)


def test_nothing_missing():
    tables = population(3, missing=0)
    recorder, _ = recorded(proportion(), tables, *ALL, outcome="binary")
    found = values(recorder)
    assert found["tipping_map.n_cells"] == 1
    assert found["at_random.fraction_missing"] == 0
    assert len({round(found[f"{a['analysis']}.estimate"], 12) for a in ALL[:4]}) == 1


def test_no_complete_pair_leaves_the_imputations_undefined():
    tables = population(1, sizes={"S01": 20}, missing=0)
    tables["F05"] = tables["F05"][tables["F05"]["arm"] == "REF"]
    recorder, _ = recorded(proportion(), tables, *ALL, outcome="binary")
    found = values(recorder)
    assert found["worst_case.verdict"] == "not_met"
    assert found["tipping_map.n_cells"] == 21
    for name in ("at_random", "jump_to_reference", "delta_adjusted"):
        assert (found[f"{name}.estimate"], found[f"{name}.verdict"]) == (None, "undefined")
    reasons = {r.reason for r in recorder.records if r.undefined}
    assert reasons == {"no complete pair"}


def test_nobody_at_all_leaves_the_map_undefined():
    tables = population(1)
    tables["F04"]["enrolled"] = "no"
    recorder, _ = recorded(proportion(), tables, {"analysis": "tipping_map"}, outcome="binary")
    found = values(recorder)
    assert (found["tipping_map.n_cells"], found["tipping_map.n_shown"]) == (1, None)
    assert recorder.series == []


# ---------------------------------------------------------------------- what has to be shown


def test_equivalence_needs_both_limits():
    declared = proportion(comparison="equivalence", margin={"value": 0.15, **kit.MARGIN})
    asked = {"analysis": "tipping_map"}, {"analysis": "at_random"}
    recorder, _ = recorded(declared, population(4), *asked, outcome="binary")
    table, found = points(recorder), values(recorder)
    inside = (table["ci_low"] > -0.15) & (table["ci_high"] < 0.15)
    assert (table["shown"] == inside).all()
    assert found["tipping_map.n_shown"] == inside.sum()
    within = found["at_random.ci_low"] > -0.15 and found["at_random.ci_high"] < 0.15
    assert found["at_random.verdict"] == ("met" if within else "not_met")


def test_an_estimation_shows_nothing():
    estimated = kit.QUALITY | SUCCESS | {"comparison": "estimation", "role": "secondary"}
    estimated.pop("margin")
    endpoints = [estimated, kit.QUALITY | {"id": "P0", "role": "primary"}]
    declared = kit.protocol(sites=tuple(SITES), endpoints=endpoints)
    asked = {"analysis": "tipping_map"}, {"analysis": "worst_case"}
    recorder, _ = recorded(declared, population(4), *asked, outcome="binary")
    found = values(recorder)
    assert points(recorder)["shown"].isna().all()
    assert "tipping_map.n_shown" not in found
    assert found["worst_case.verdict"] == "none"


# ---------------------------------------------------------------------- groups


@pytest.mark.parametrize("enrolled", [False, True])
def test_proportions_of_groups(enrolled):
    tables = population(5, paired=False)
    frame, here = wide(tables)
    if enrolled:
        # the enrolment form says the arm of everybody, returned or not
        arm = {"id": "arm", "type": "arm", "label": "arm"}
        own = [next(iter(a)) if isinstance(a, set) else "TEST" for a in here]
        tables["F04"]["arm"] = own
        here = pd.Series([{a} for a in own], index=frame.index)
        forms = [{"use": "F04", "add": [arm]}, "F05"]
        base = kit.QUALITY | SUCCESS | {"method": "miettinen_nurminen"}
        declared = kit.protocol(
            design="parallel", sites=tuple(SITES), endpoints=[base], forms=forms
        )
    else:
        declared = proportion("parallel")
    recorder, (completed,) = recorded(declared, tables, *ALL, outcome="binary")
    found, counts = values(recorder), []
    unplaced = sum(not isinstance(a, set) for a in here)
    assert (unplaced == 0) == enrolled
    for asked in ALL:
        assert found[f"{asked['analysis']}.left_out"] == unplaced
    for arm, column, worst in (("TEST", completed.test, 0), ("REF", completed.reference, 1)):
        time = frame[arm]
        belongs = np.array([isinstance(a, set) and arm in a for a in here])
        gone = belongs & time.isna().to_numpy()
        success = np.where(time.isna(), np.nan, time > 300)
        np.testing.assert_array_equal(column, np.where(gone, worst, success))
        counts += [int(np.nansum(success)), int(time.notna().sum()), int(gone.sum())]
    assert found["tipping_map.missing_test"] == counts[2] > 0
    assert found["tipping_map.missing_reference"] == counts[5] > 0
    same(found, "at_random", md.missing_at_random_binary(*counts, seed=seed_of(declared)))
    table = points(recorder)
    for _, cell in table.iloc[:: len(table) // 5].iterrows():
        x1, x2 = counts[0] + cell["test"], counts[3] + cell["reference"]
        n1, n2 = counts[1] + counts[2], counts[4] + counts[5]
        wanted = oracle.miettinen_nurminen([(x1, n1, x2, n2)])[:3]
        assert (cell["estimate"], cell["ci_low"], cell["ci_high"]) == pytest.approx(
            wanted, abs=1e-6
        )


# ---------------------------------------------------------------------- numbers

SHIFTED = [{"analysis": "at_random"}, {"analysis": "jump_to_reference", "imputations": 50}]


@pytest.mark.parametrize("ratio", [False, True])
@pytest.mark.parametrize("design", ["paired", "parallel"])
def test_numbers(design, ratio):
    paired = design == "paired"
    declared = mean(design, estimate="ratio" if ratio else "difference")
    tables = population(6, paired=paired)
    shifts = {"delta_test": 1.2} if ratio else {"delta_test": 40.0, "delta_reference": -5.0}
    span = (
        {"low": 0.5, "high": 2.0, "steps": 5} if ratio else {"low": -60.0, "high": 60.0, "steps": 5}
    )
    asked = [*SHIFTED, {"analysis": "delta_adjusted", **shifts}]
    asked += [{"analysis": "tipping_map", "deltas": span}]
    recorder, _ = recorded(declared, tables, *asked, outcome="normal")
    found, (frame, here) = values(recorder), wide(tables)
    scale = (np.log, math.exp) if ratio else (np.asarray, float)
    if paired:
        data = [scale[0](frame[arm].to_numpy()) for arm in ("TEST", "REF")]
    else:
        rows = [
            (time, number)
            for number, arm in ((1, "TEST"), (0, "REF"))
            for time, arms in zip(frame[arm], here, strict=True)
            if isinstance(arms, set) and arm in arms
        ]
        data = [scale[0]([time for time, _ in rows]), [number for _, number in rows]]
    stem = "_paired_normal" if paired else "_normal"
    seed = seed_of(declared)
    none = 1.0 if ratio else 0.0
    deltas = [shifts.get(name, none) for name in ("delta_test", "delta_reference")]
    assert found["delta_adjusted.delta_test"] == deltas[0]
    assert found["delta_adjusted.delta_reference"] == deltas[1]
    moved = [math.log(delta) if ratio else delta for delta in deltas]
    for name, stem_, options in (
        ("at_random", "missing_at_random", {}),
        ("jump_to_reference", "jump_to_reference", {"imputations": 50}),
        ("delta_adjusted", "delta_adjusted", {"delta_test": moved[0], "delta_reference": moved[1]}),
    ):
        result = getattr(md, stem_ + stem)(*data, seed=seed, **options)
        for statistic in ("estimate", "ci_low", "ci_high"):
            wanted = scale[1](getattr(result, statistic))
            assert found[f"{name}.{statistic}"] == pytest.approx(wanted), (name, statistic)
        assert found[f"{name}.df"] == result.df
        assert found[f"{name}.imputations"] == options.get("imputations", 100)
        high = found[f"{name}.ci_high"]
        assert found[f"{name}.verdict"] == ("met" if high < (1.1 if ratio else 20) else "not_met")
    table = points(recorder)
    assert found["tipping_map.n_cells"] == 25
    assert found["tipping_map.n_shown"] == table["shown"].sum()
    tried = sorted(set(table["test"].round(9)))
    assert tried == pytest.approx([0.5, 0.5**0.5, 1, 2**0.5, 2] if ratio else [-60, -30, 0, 30, 60])
    middle = table[(table["test"].round(9) == none) & (table["reference"].round(9) == none)].iloc[0]
    for statistic in ("estimate", "ci_low", "ci_high"):
        assert middle[statistic] == pytest.approx(found[f"at_random.{statistic}"])
    # longer times in the test arm are further from the claim
    high = table.pivot_table(index="test", columns="reference", values="ci_high").to_numpy()
    assert (np.diff(high, axis=0) > 0).all()


def test_numbers_of_groups_with_a_baseline():
    declared, tables = mean("parallel"), population(7, paired=False)
    frame, here = wide(tables)
    baseline = frame.max(axis=1).fillna(300).to_numpy() + np.arange(len(frame)) % 7
    baseline[3] = np.nan
    recorder, _ = recorded(
        declared, tables, {"analysis": "at_random"}, outcome="normal", baseline=baseline
    )
    rows = [
        (time, arm == "TEST", x)
        for arm in ("TEST", "REF")
        for time, arms, x in zip(frame[arm], here, baseline, strict=True)
        if isinstance(arms, set) and arm in arms and not np.isnan(x)
    ]
    score, arm, x = map(np.array, zip(*rows, strict=True))
    wanted = md.missing_at_random_normal(score, arm.astype(int), baseline=x, seed=seed_of(declared))
    found = values(recorder)
    same(found, "at_random", wanted)
    assert found["at_random.left_out"] == len(frame) - len(rows) > 1


def test_nothing_declared_records_nothing():
    recorder, completed = recorded(proportion(), population(1), outcome="binary")
    assert (recorder.records, completed) == ([], [])


# ---------------------------------------------------------------------- what is declared


def lint(outcome, *asked, design="paired", **said):
    """Return what is wrong: the kind of problem and its place below ``sensitivity``."""
    endpoint = SimpleNamespace(
        **{
            "kind": "k",
            "comparison": "non_inferiority",
            "estimate": "difference",
            "method": "m",
            "combine": "only",
        }
        | said,
        sensitivity=tuple(Sensitivity(**a) for a in asked),
    )
    found = []

    def report(kind, path, **parameters):
        assert path[0] == "sensitivity"
        assert all(isinstance(value, str | int | float) for value in parameters.values())
        found.append((kind, *path[1:]))

    draft = SimpleNamespace(design=None if design is None else SimpleNamespace(type=design))
    lint_sensitivity(endpoint, draft, report, outcome=outcome)
    return found


MAP = {"analysis": "tipping_map", "deltas": {"low": -1.0, "high": 1.0}}


@pytest.mark.parametrize(
    ("outcome", "asked", "said"),
    [
        ("binary", ALL, {}),
        ("binary", ALL, {"design": "parallel", "comparison": "superiority"}),
        ("binary", ALL[1:], {"comparison": "equivalence"}),
        ("binary", ALL[:1], {"estimate": "ratio"}),
        ("normal", [*SHIFTED, {"analysis": "delta_adjusted", "delta_reference": 300.0}, MAP], {}),
        (
            "normal",
            [
                {"analysis": "delta_adjusted", "delta_test": 0.9},
                {"analysis": "tipping_map", "deltas": {"low": 0.5, "high": 2.0, "steps": 11}},
            ],
            {"estimate": "ratio"},
        ),
        ("normal", [], {}),
        ("normal", [{"analysis": "worst_case"}], {"design": None}),
        ("normal", [{"analysis": "worst_case"}], {"design": "single_arm"}),
    ],
)
def test_sound_declarations(outcome, asked, said):
    assert lint(outcome, *asked, **said) == []


@pytest.mark.parametrize(
    ("outcome", "asked", "said", "kind", "place"),
    [
        ("normal", {"analysis": "worst_case"}, {}, "design-does-not-fit", ("analysis",)),
        ("binary", ALL[0], {"comparison": "equivalence"}, "design-does-not-fit", ("analysis",)),
        ("binary", ALL[1], {"estimate": "ratio"}, "design-does-not-fit", ("analysis",)),
        ("binary", ALL[4], {"estimate": "odds_ratio"}, "design-does-not-fit", ("analysis",)),
        ("normal", ALL[1], {"estimate": "location_shift"}, "design-does-not-fit", ("analysis",)),
        (
            "normal",
            ALL[1],
            {"estimate": "ratio", "method": "fieller"},
            "design-does-not-fit",
            ("analysis",),
        ),
        ("binary", ALL[1], {"combine": "each"}, "design-does-not-fit", ("analysis",)),
        ("binary", {"analysis": "delta_adjusted"}, {}, "sensitivity-shift-missing", ()),
        ("normal", {"analysis": "tipping_map"}, {}, "sensitivity-shift-missing", ()),
        ("binary", ALL[0] | {"imputations": 50}, {}, "sensitivity-key-unused", ("imputations",)),
        ("binary", MAP, {}, "sensitivity-key-unused", ("deltas",)),
        ("binary", ALL[4] | {"imputations": 9}, {}, "sensitivity-key-unused", ("imputations",)),
        ("normal", ALL[1] | {"delta_test": 1.0}, {}, "sensitivity-key-unused", ("delta_test",)),
        (
            "binary",
            {"analysis": "delta_adjusted", "delta_test": -20.0},
            {},
            "value-out-of-limits",
            ("delta_test",),
        ),
        (
            "normal",
            {"analysis": "delta_adjusted", "delta_reference": 0.0},
            {"estimate": "ratio"},
            "value-out-of-limits",
            ("delta_reference",),
        ),
        ("normal", MAP, {"estimate": "ratio"}, "value-out-of-limits", ("deltas", "low")),
        (
            "normal",
            {"analysis": "tipping_map", "deltas": {"low": 1.0, "high": 1.0}},
            {},
            "value-out-of-limits",
            ("deltas", "high"),
        ),
    ],
)
def test_each_misuse_is_found_and_nothing_else(outcome, asked, said, kind, place):
    assert lint(outcome, asked, **said) == [(kind, 0, *place)]


def test_an_analysis_is_declared_once():
    assert lint("binary", ALL[1], ALL[0], ALL[1]) == [("item-twice", 2, "analysis")]


@pytest.mark.parametrize(
    "said",
    [
        {"analysis": "best_case"},
        {"analysis": "at_random", "imputations": 1},
        {"analysis": "at_random", "imputations": 20_000},
        {"analysis": "tipping_map", "deltas": {"low": 0.0}},
        {"analysis": "tipping_map", "deltas": {"low": 0.0, "high": 1.0, "steps": 1}},
    ],
)
def test_values_that_the_section_does_not_take(said):
    with pytest.raises(ValidationError):
        Sensitivity(**said)
