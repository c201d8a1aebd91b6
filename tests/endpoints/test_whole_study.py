"""A study with every kind of endpoint, on several sets, from the store to the files."""

import hashlib
import json
import math
import shutil
from pathlib import Path

import business
import kit
import numpy as np
import pandas as pd
import pytest

from clinval.app.analysis import analyze
from clinval.app.folder import StudyFolder
from clinval.endpoints import KINDS
from clinval.study.receive import receive

REFERENCE = {"form": "F06", "positive": 'reference_result == "positive"',
             "negative": 'reference_result == "negative"'}  # fmt: skip
CALLED = {"form": "F07", "measure": 'call == "positive"', "negative": 'call == "negative"',
          "reference": REFERENCE}  # fmt: skip
SCORED = {"form": "F07", "measure": "image_quality", "combine": "mean", "reference": REFERENCE}

ENDPOINTS = [
    {**kit.QUALITY, "form": "F07", "measure": "image_quality >= 3", "combine": "majority",
     "missing": "failure", "also_sets": ["PPS"]},
    {"id": "P2", "kind": "mean_comparison", "role": "primary", "form": "F05",
     "measure": "scan_time_s", "where": 'completed == "yes"', "estimate": "ratio",
     "method": "geometric_random_site", "centers": "random", "direction": "lower_is_better",
     "comparison": "superiority", "margin": {"value": 0.7, **kit.MARGIN}, "also_sets": ["PPS"]},
    {"id": "S1", "kind": "reader_agreement", "form": "F07", "measure": "image_quality",
     "coefficient": "kappa", "method": "cohen", "weights": "quadratic"},
    {"id": "S2", "kind": "reader_agreement", "form": "F07", "measure": "image_quality",
     "coefficient": "icc", "method": "shrout_fleiss", "also_sets": ["PPS"]},
    {"id": "S5", "kind": "method_comparison", "form": "F05", "measure": "scan_time_s",
     "method": "exact", "goal": {"value": 300.0, **kit.MARGIN}, "also_sets": ["PPS"]},
    {"id": "S6", "kind": "interchangeability", "form": "F07", "measure": "image_quality",
     "margin": {"value": 0.2, **kit.MARGIN}, "also_sets": ["PPS"]},
    {"id": "S3", "kind": "performance_goal", "form": "F05", "measure": 'repeated == "no"',
     "method": "wilson"},
    {"id": "S4", "kind": "rank_comparison", "form": "F05", "measure": "scan_time_s",
     "where": 'completed == "yes"', "estimate": "location_shift", "centers": "pooled",
     "method": "hodges_lehmann_paired", "direction": "lower_is_better",
     "comparison": "superiority", "subgroups": ["region"]},
    {"id": "A1", "kind": "diagnostic_accuracy", "quantity": "sensitivity", "arm": "TEST",
     "combine": "majority", "method": "wilson", "indeterminate": "failure", "prevalences": [0.1],
     "subgroups": ["region"], "also_sets": ["PPS"], **CALLED},
    {"id": "A2", "kind": "accuracy_comparison", "quantity": "specificity", "combine": "each",
     "method": "cluster_robust", "centers": "pooled", "direction": "higher_is_better",
     "comparison": "estimation", **CALLED},
    {"id": "A3", "kind": "roc", "method": "delong", "goal": {"value": 0.6, **kit.MARGIN},
     "probability": True, "thresholds": [0.3], "operating_points": [0.5], **SCORED,
     "measure": "(image_quality - 0.5) / 5"},
    {"id": "A4", "kind": "roc_comparison", "method": "delong", "centers": "pooled",
     "direction": "higher_is_better", "comparison": "superiority", "also_sets": ["PPS"],
     "partial": {"low": 0.8}, **SCORED},
    {"id": "A5", "kind": "segmentation_overlap", "form": "F07", "measure": "image_quality",
     "combine": "each", "method": "cluster_robust"},
    {"id": "R1", "kind": "mrmc", "form": "F07", "measure": "image_quality",
     "comparison": "superiority", "reference": REFERENCE, "subgroups": ["region"],
     "truth_versions": [{"id": "other", "label": "other", "reference": REFERENCE}],
     "also_sets": ["PPS"]},
    {"id": "R2", "kind": "ai_versus_readers", "form": "F07", "measure": "image_quality",
     "comparison": "estimation", "reference": REFERENCE, "also_sets": ["PPS"],
     "product": {"form": "F06", "measure": "days_to_reference"}},
    {"id": "R3", "kind": "froc", "form": "F12", "comparison": "superiority",
     "reference": REFERENCE, "subgroups": ["region"], "also_sets": ["PPS"]},
    business.throughput(also_sets=["PPS"]),
    {"id": "V1", "kind": "return_on_investment", "throughput": "T1", "draws": 1000,
     "also_sets": ["PPS"]},
    {"id": "V2", "kind": "cost_effectiveness", "currency": "EUR", "price_year": 2026, "draws": 1000,
     "perspective": "p", "horizon": "h", "also_sets": ["PPS"],
     "thresholds": [{"value": 100, "source": "s"}],
     "effect": {"label": "e", "unit": "u", "direction": "higher_is_better", "form": "F05",
                "measure": 'repeated == "no"', "where": 'completed == "yes"'},
     "costs": [{"id": "room", "label": "c", "form": "F05", "measure": "room_time_min",
                "where": 'completed == "yes"',
                "price": {"value": 3, "low": 2, "high": 4, "source": "s"}}]},
]  # fmt: skip
SETS = {
    "FAS": {"exclude": [{"when": 'enrolled == "no"', "reason": "screen failure"}]},
    "PPS": {
        "within": "FAS",
        "exclude": [{"when": 'count(F05, completed == "yes") < 2', "reason": "incomplete"}],
    },
    "NOBODY": {"within": "PPS", "exclude": [{"when": "count(F05) >= 0", "reason": "everybody"}]},
}

# What follows from other records, whose rows it has.
_DERIVED = ("claim", "adjusted_p", "sets_agree")


def content():
    return kit.content(
        design="crossed_readers",
        forms=["F04", "F05", "F06", "F07", "F12", "F13"],
        sites=business.SITES,
        endpoints=ENDPOINTS,
        sets=SETS,
        economics=business.economics(),
        subgroups={"region": {"label": "region", "sites": {"north": ["S01"], "south": ["S02"]}}},
        multiplicity={"procedure": "fixed_sequence", "order": ["P1", "P2"], "justification": "j"},
    )


def population():
    tables = business.population(1)
    draw = np.random.default_rng(1)
    reads = [
        {"site_id": site, "subject_id": subject, "arm": arm, "reader_id": reader,
         "image_quality": float(np.clip(round(draw.normal(3.6, 1)), 1, 5)),
         "call": draw.choice(["positive", "negative", "not_evaluable"], p=[0.4, 0.5, 0.1])}
        for site, subject in zip(tables["F04"]["site_id"], tables["F04"]["subject_id"], strict=True)
        for arm in ("TEST", "REF")
        for reader in ("R1", "R2")
        if draw.random() < 0.95
    ]  # fmt: skip
    truth = tables["F04"][["site_id", "subject_id"]].assign(
        reference_result=draw.choice(["positive", "negative"], len(tables["F04"]))
    )
    truth["days_to_reference"] = draw.integers(0, 60, len(truth)).astype(float)
    ill = truth[truth["reference_result"] == "positive"]
    lesions = ill[["site_id", "subject_id"]].assign(lesion_number=1.0, location="left")
    found = dict.fromkeys(ill["subject_id"], "lesion")
    marks = [
        {**{key: read[key] for key in ("site_id", "subject_id", "arm", "reader_id")},
         "mark_number": 1.0, "mark_type": found.get(read["subject_id"], "non_lesion"),
         "lesion_number": 1.0 if read["subject_id"] in found else np.nan,
         "rating": float(draw.integers(1, 100))}
        for read in reads
    ]  # fmt: skip
    return {**tables, "F06": truth, "F07": pd.DataFrame(reads), "F12": pd.DataFrame(marks),
            "F13": lesions}  # fmt: skip


def study(root, tables, said=None, *, order=1):
    """Return a study's folder with its protocol and a filled store."""
    root.mkdir()
    folder = StudyFolder(root)
    folder.protocol_path.write_text(kit.text(said or content()), encoding="utf-8")
    declared = folder.protocol()
    with kit.opened(folder.store_path) as store:
        for site in declared.sites:
            own = {form: rows[rows["site_id"] == site.id][::order] for form, rows in tables.items()}
            if len(own["F04"]):
                receive(store, kit.returned(declared, site.id, own), actor="kit")
    return folder


def files(folder):
    return {
        str(path.relative_to(folder.results)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.results.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return study(tmp_path_factory.mktemp("whole") / "study", population())


@pytest.fixture(scope="module")
def results(folder):
    return analyze(folder)


def test_every_kind_is_part_of_it(results):
    # times to an event, and times before and after, are compared between groups of subjects, which
    # a paired study has not; components and phantoms belong to no subject, and a budget is declared
    apart = {
        "time_to_event", "time_trend", "component_life", "failure_rate", "ownership",
        "phantom_comparison", "budget_impact",
    }  # fmt: skip
    assert {endpoint["kind"] for endpoint in ENDPOINTS} == set(KINDS) - apart
    kit.check(results.records)
    written = {record.endpoint for record in results.records}
    assert written >= {endpoint["id"] for endpoint in ENDPOINTS} | {"disposition", "study"}


def test_further_sets_repeat_the_same_analysis(results):
    """And one on which it is repeated changes nothing on the first."""

    def written(endpoint, set_id):
        return {
            record.id.removeprefix(f"{endpoint}.{set_id}.")
            for record in results.where(endpoint=endpoint, analysis_set=set_id)
            if record.statistic not in _DERIVED and "not_in" not in record.group
        }

    for endpoint in ENDPOINTS:
        repeated = written(endpoint["id"], "PPS")
        assert repeated == (written(endpoint["id"], "FAS") if "also_sets" in endpoint else set())
    members = results["disposition.PPS.all.n"].value
    assert members < results["disposition.FAS.all.n"].value
    counted = results["T1.PPS.all.n"].value + results["T1.PPS.all.missing"].value
    assert counted == members


def test_analyses_on_a_set_without_anybody_are_undefined():
    declared = kit._read(content()).protocol
    with kit.data(declared, population()) as data:
        for endpoint in declared.endpoints:
            moved = endpoint.model_copy(update={"set": "NOBODY"})
            data.protocol = declared.model_copy(update={"endpoints": (*declared.endpoints, moved)})
            recorder = _analyze(data, moved)
            names = ("estimate", "net_benefit.1", "npv", "saved")
            estimates = [r for r in recorder.records if r.statistic in names]
            assert estimates or endpoint.kind == "performance_goal"
            assert all(record.undefined for record in estimates), endpoint.id


def _analyze(data, endpoint):
    from clinval.endpoints.kind import Context
    from clinval.endpoints.recorder import Recorder
    from clinval.study.analysis_sets import memberships

    recorder = Recorder(endpoint=endpoint.id, analysis_set=endpoint.set)
    context = Context(data=data, sets=memberships(data), set_id=endpoint.set, recorder=recorder)
    KINDS[endpoint.kind].analyze(endpoint, context)
    kit.check(recorder.records)
    return recorder


def test_each_verdict_is_what_the_recorded_limits_say_of_the_recorded_bounds(results):
    checked = 0
    for record in results.records:
        if record.statistic != "verdict":
            continue
        place = record.id.removesuffix(".verdict")
        whole = f"{record.endpoint}.{record.analysis_set}.all"
        decide, bound = ("ci_low", "ci_high"), "bound"
        if results.get(f"{whole}.limit_low") is not None:  # limits of agreement, by their ends
            decide, bound = ("loa_low_ci_low", "loa_high_ci_high"), "limit"
        low, high = (results[f"{place}.{name}"].value for name in decide)
        bound_low, bound_high = (
            found.value if found else None
            for found in (results.get(f"{whole}.{bound}_{side}") for side in ("low", "high"))
        )
        goal = results.get(f"{whole}.goal")  # of endpoints that are better when higher
        bound_low = goal.value if goal else bound_low
        needed = [(bound_low, low, 1), (bound_high, high, -1)]
        asked = [(bound, limit, sign) for bound, limit, sign in needed if bound is not None]
        word = "none"
        if asked:
            word = "met" if all(s * (limit - b) > 0 for b, limit, s in asked) else "not_met"
        assert record.value == word, record.id
        checked += 1
    assert checked > 10


def test_numbers_are_finite_and_intervals_contain_their_estimate(results):
    by_id = {record.id: record.value for record in results.records}
    for name, value in by_id.items():
        assert not isinstance(value, float) or math.isfinite(value)
        if name.endswith((".estimate", ".saved")) and value is not None:
            prefix = "saved_" if name.endswith("saved") else ""
            stem = name.rsplit(".", 1)[0]
            low, high = (by_id.get(f"{stem}.{prefix}ci_{side}") for side in ("low", "high"))
            if low is not None and high is not None:
                assert low <= value <= high, name


def test_two_analyses_write_the_same_bytes(folder, results):
    first = files(folder)
    assert {"results.json", "tables/P1.csv", "rows/analysis_sets.csv"} <= set(first)
    shutil.rmtree(folder.results)
    again = analyze(folder)
    assert files(folder) == first
    assert again.sha256 == results.sha256
    saved = json.loads((folder.results / "results.json").read_text(encoding="utf-8"))
    assert len(saved["records"]) == len(results.records)


def test_the_order_of_rows_in_the_files_changes_nothing(results, tmp_path):
    """The same data give the same numbers, hashes of the files that they came in aside."""
    other = analyze(study(tmp_path / "other", population(), order=-1))
    assert other.provenance["data"]["sha256"] == results.provenance["data"]["sha256"]
    assert other.records == results.records
    assert other.series == results.series


def test_what_the_results_come_from_is_said(folder, results):
    provenance = results.provenance
    assert provenance["study"] == kit.STUDY
    assert provenance["protocol"]["sha256"] == folder.protocol_sha256()
    with kit.opened(folder.store_path) as store:
        assert provenance["data"]["sha256"] == store.manifest_sha256
        assert provenance["audit"]["head"] == store.audit_head()[1]
        names = [source.file_name for source in store.sources()]
    assert [file["file"] for file in provenance["data"]["files"]] == names
    assert [file["site"] for file in provenance["data"]["files"]] == ["S01", "S02", "S03", "S05"]


def test_every_number_says_which_rows_it_comes_from(results):
    for record in results.records:
        if record.endpoint in {endpoint["id"] for endpoint in ENDPOINTS}:
            if record.statistic in _DERIVED:
                continue  # they follow from other records
            assert len(record.inputs) == 64, record.id
    hashes = {(record.endpoint, record.analysis_set): record.inputs for record in results.records}
    assert hashes["P1", "FAS"] != hashes["P1", "PPS"]


def test_the_members_of_each_set_are_listed(folder, results):
    text = Path(folder.results / "rows" / "analysis_sets.csv").read_text(encoding="utf-8-sig")
    lines = [line.replace('"', "").split(",") for line in text.splitlines()]
    assert lines[0] == ["site", "subject", *folder.protocol().analysis_sets]
    assert len(lines) - 1 == results["disposition.all.received"].value
    for column, name in enumerate(lines[0][2:], start=2):
        members = [line[1] for line in lines[1:] if line[column] == "true"]
        assert len(members) == results[f"disposition.{name}.all.n"].value
    assert all(subject[:3] == site for site, subject, *_ in lines[1:])
