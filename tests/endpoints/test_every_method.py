"""Every method that a protocol can name: it runs, two engines agree, test and interval agree."""

import functools

import kit
import numpy as np
import pandas as pd
import pytest

from clinval.endpoints import mean_comparison, proportion_comparison, rank_comparison, time_to_event
from clinval.stats.second_engine import second_engine

KINDS = {
    "proportion_comparison": proportion_comparison,
    "mean_comparison": mean_comparison,
    "rank_comparison": rank_comparison,
    "time_to_event": time_to_event,
}
SITES = ("S01", "S02", "S03")
RATIOS = ("ratio", "odds_ratio", "location_ratio", "hazard_ratio", "rmst_ratio")
CHOICES = [
    (kind, paired, estimate, centers, name, call)
    for kind, module in KINDS.items()
    for (paired, estimate, centers), names in module.METHODS.items()
    for name, call in names.items()
]


@functools.cache
def tables(paired, seed=11):
    """Return reads and scans: in both arms of everybody, or each subject in one."""
    draw = np.random.default_rng(seed)
    people = kit.enrolled({"S01": 22, "S02": 16, "S03": 9}, sex="female")
    people["age_years"] = draw.integers(20, 80, len(people)).astype(float)
    people["sex"] = draw.choice(["female", "male"], len(people))
    reads, scans = [], []
    for position, (site, subject) in enumerate(
        zip(people["site_id"], people["subject_id"], strict=True)
    ):
        ability = draw.normal(3.4, 0.7)
        for arm in ("TEST", "REF") if paired else (("TEST", "REF")[position % 2],):
            row = {"site_id": site, "subject_id": subject, "arm": arm}
            quick = 0.8 * (arm == "TEST")
            scans.append(
                {**row, "scan_time_s": float(round(np.exp(draw.normal(6.3 - quick, 0.25)))),
                 "repeated": str(draw.choice(["yes", "no"], p=[0.3, 0.7]))}
            )  # fmt: skip
            reads += [
                {**row, "reader_id": reader,
                 "image_quality": float(np.clip(round(draw.normal(ability, 0.7)), 1, 5))}
                for reader in ("R1", "R2", "R3")
            ]  # fmt: skip
    return {"F04": people, "F05": pd.DataFrame(scans), "F07": pd.DataFrame(reads)}


def declared(kind, paired, estimate, centers, name, **said):
    clustered = centers == "clustered"
    ratio = estimate in RATIOS
    endpoint = {
        "id": "P1",
        "kind": kind,
        "estimate": estimate,
        "method": name,
        "centers": "pooled" if clustered else centers,
        "direction": "higher_is_better",
        "role": "secondary",
    }
    if kind == "proportion_comparison":
        endpoint |= {"form": "F07", "measure": "image_quality >= 4",
                     "combine": "each" if clustered else "majority"}  # fmt: skip
    elif estimate in ("odds_ratio", "win_probability"):
        endpoint |= {"form": "F07", "measure": "image_quality", "combine": "median"}
    elif kind == "rank_comparison" or ratio or kind == "time_to_event":
        endpoint |= {"form": "F05", "measure": "scan_time_s"}
    else:
        endpoint |= {"form": "F07", "measure": "image_quality", "combine": "mean"}
    if kind == "time_to_event":
        endpoint |= {"event": 'repeated == "no"', "tau": 400.0}
    if name == "ancova":
        endpoint["baseline"] = "age_years"
    if endpoint.get("tau") and not estimate.startswith("rmst"):
        del endpoint["tau"]
    primary = {**kit.QUALITY, "id": "P0"}
    if not paired:
        primary |= {"method": "miettinen_nurminen"}
    return kit.protocol(
        design="crossed_readers" if paired else "parallel",
        sites=SITES,
        readers=("R1", "R2", "R3"),
        endpoints=[primary, endpoint | said],
    )


def around(limit, null):
    """Return bounds a little below and above a limit, each with the comparison that has it."""
    for bound in (limit - 1e-3 * abs(limit - null), limit + 1e-3 * abs(limit - null)):
        yield bound, "non_inferiority" if bound < null else "superiority"


@pytest.mark.parametrize("choice", CHOICES, ids=lambda choice: f"{choice[0]}-{choice[-1]}")
def test_a_method_by_its_name(choice):
    _, paired, estimate, *_, call = choice
    found = kit.run(declared(*choice[:-1], comparison="estimation"), tables(paired), "P1")
    values = kit.values(found)
    assert found["all.estimate"].method == call
    assert values["all.ci_low"] < values["all.estimate"] < values["all.ci_high"]
    # two engines come to the same
    if second_engine(call) is None:
        assert call == "mean_difference.cluster_bootstrap"  # which draws at random
        assert found["all.second_engine"].undefined
    else:
        assert values["all.second_engine"] == "agrees", found["all.second_engine_difference"]
        assert found["engine=second.estimate"].method.startswith("second_engine.")
    # and so do the interval and the test, hard by the limit
    null = {"win_probability": 0.5}.get(estimate, float(estimate in RATIOS))
    verdicts = []
    for bound, comparison in around(values["all.ci_low"], null):
        margin = bound if null == 1 else abs(bound - null)
        said = declared(*choice[:-1], comparison=comparison, margin={"value": margin, **kit.MARGIN})
        decided = kit.values(kit.run(said, tables(paired), "P1"))
        assert decided["all.bound_low"] == pytest.approx(bound)
        p = decided["all.p_value"]
        if call == "mean_difference.cluster_bootstrap":
            assert p is None
        else:
            assert (p < 0.025) == (decided["all.verdict"] == "met")
            # the p values of an exact rank test come in steps
            assert p == pytest.approx(0.025, rel=0.5 if "hodges_lehmann" in call else 0.1)
        verdicts.append(decided["all.verdict"])
        assert all(f"site={site}.estimate" in decided for site in SITES)
        assert all(f"without_site={site}.verdict" in decided for site in SITES)
    assert verdicts == ["met", "not_met"]


@pytest.mark.parametrize("kind", KINDS)
def test_methods_beside_a_result_are_shown_under_their_names(kind):
    module = KINDS[kind]
    for (paired, estimate, centers), names in module.METHODS.items():
        clustered = centers == "clustered"
        beside = {
            call
            for table in (module.METHODS, module.TESTS)
            for (is_paired, is_estimate, model), offered in table.items()
            if (is_paired, is_estimate) == (paired, estimate)
            and (model == "clustered") == clustered
            for call in offered.values()
            if call != "mean_difference.ancova"
        }
        first = next(iter(names))
        said = declared(
            kind,
            paired,
            estimate,
            centers,
            first,
            comparison="estimation",
            also_methods=sorted(beside),
        )
        found = kit.run(said, tables(paired), "P1")
        for call in beside:
            group = f"method={call}."
            shown = {name.removeprefix(group) for name in found if name.startswith(group)}
            assert shown & {"estimate", "p_value", "tau2_low"}, call
            assert not [name for name in shown if found[group + name].undefined], call
        if f"method={names[first]}.estimate" in found:
            assert found[f"method={names[first]}.estimate"].value == found["all.estimate"].value


def test_a_second_engine_that_comes_to_another_result_is_recorded(monkeypatch):
    import dataclasses

    from clinval.stats.comparison import paired_difference

    true = paired_difference.tango

    def wrong(*arguments, **options):
        result = true(*arguments, **options)
        return dataclasses.replace(result, ci_low=result.ci_low - 1e-4)

    monkeypatch.setattr(paired_difference, "tango", wrong)
    choice = next(choice for choice in CHOICES if choice[-1] == "paired_difference.tango")
    said = declared(*choice[:-1], comparison="estimation")
    found = kit.run(said, tables(paired=True), "P1")
    assert found["all.second_engine"].value == "disagrees"
    assert found["all.second_engine_difference"].value == pytest.approx(1e-4)
