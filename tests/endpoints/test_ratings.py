"""The long form of ratings: what becomes a case, what stays unused, repeats, bad input."""

import itertools
import re

import kit
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import cohen_kappa_score

from clinval import stats
from clinval.core.errors import AnalysisError, SubmissionError
from clinval.endpoints import coefficients, reader_agreement
from clinval.endpoints.coefficients import BOOTSTRAPPED, METHODS

SITES = ("S01", "S02", "S03")
READERS = ("R1", "R2", "R3")
GRADES = ("none", "mild", "moderate", "severe")  # the alphabet would put them in another order
GRADE = {"id": "grade", "type": "choice", "label": "grade", "codes": {g: g for g in GRADES}}
FORMS = ["F04", {"use": "F07", "add": [GRADE]}]
REPEATED = ["F04", {"use": "F07", "keys": ["subject_id", "arm", "reader_id", "session"],
                    "add": [GRADE]}]  # fmt: skip


def declared(forms=FORMS, of_study=READERS, **said):
    base = {"id": "P1", "kind": "reader_agreement", "form": "F07", "measure": "grade",
            "coefficient": "kappa", "method": "cohen"}  # fmt: skip
    return kit.protocol(design="crossed_readers", sites=SITES, readers=of_study, forms=forms,
                        endpoints=[base | said])  # fmt: skip


def problems(forms=FORMS, **said):
    base = {"id": "P1", "kind": "reader_agreement", "form": "F07", "measure": "grade",
            "coefficient": "kappa", "method": "cohen"}  # fmt: skip
    return kit.problems(design="crossed_readers", sites=SITES, readers=READERS, forms=forms,
                        endpoints=[base | said])  # fmt: skip


def reads(seed=1, readers=READERS, sessions=(None,), sizes=None, arms=("TEST",)):
    draw = np.random.default_rng(seed)
    people = kit.enrolled(sizes or {"S01": 20, "S02": 15, "S03": 5})
    rows = []
    for site, subject in zip(people["site_id"], people["subject_id"], strict=True):
        for arm in arms:
            truth = draw.integers(0, 4)
            for reader, session in itertools.product(readers, sessions):
                place = int(np.clip(truth + draw.integers(-1, 2), 0, 3))
                row = {"site_id": site, "subject_id": subject, "arm": arm, "reader_id": reader,
                       "grade": GRADES[place], "image_quality": float(place + 1)}  # fmt: skip
                rows.append(row | ({"session": float(session)} if session else {}))
    return {"F04": people, "F07": pd.DataFrame(rows)}


def wide(tables, value="grade"):
    index = ["subject_id", "arm"]
    return tables["F07"].pivot(index=index, columns="reader_id", values=value)  # noqa: PD010


# ---------------------------------------------------------------------- categories and their order


@pytest.mark.parametrize("weights", ["linear", "quadratic"])
def test_weights_follow_the_declared_order_not_the_alphabet(weights):
    tables = reads()
    said = {"weights": weights, "categories": list(GRADES), "readers": ["R1", "R2"]}
    found = kit.values(kit.run(declared(**said), tables))
    frame = wide(tables)
    place = {name: k for k, name in enumerate(GRADES)}
    first, second = (frame[name].map(place) for name in ("R1", "R2"))
    right = cohen_kappa_score(first, second, weights=weights)
    alphabet = cohen_kappa_score(frame["R1"], frame["R2"], weights=weights)
    assert found["readers=R1+R2.estimate"] == pytest.approx(right)
    assert right != pytest.approx(alphabet, abs=1e-3)
    back = declared(**{**said, "categories": GRADES[::-1]})
    assert kit.values(kit.run(back, tables))["readers=R1+R2.estimate"] == pytest.approx(right)


def test_the_order_of_rows_is_nothing():
    tables = reads(seed=2)
    mixed = {**tables, "F07": tables["F07"].sample(frac=1, random_state=3)}
    said = {"weights": "linear", "categories": list(GRADES)}
    assert kit.values(kit.run(declared(**said), tables)) == kit.values(
        kit.run(declared(**said), mixed)
    )


def test_a_declared_category_that_nobody_uses_counts():
    tables = reads(seed=3)
    tables["F07"]["image_quality"] = tables["F07"]["image_quality"].clip(2, 3)
    found = {}
    for categories in ((2, 3), (1, 2, 3, 4, 5)):
        said = {"measure": "image_quality", "method": "brennan_prediger",
                "categories": list(categories), "readers": ["R1", "R2"]}  # fmt: skip
        found[len(categories)] = kit.values(kit.run(declared(**said), tables))
    observed = found[2]["readers=R1+R2.observed_agreement"]
    for q, values in found.items():
        expected = (observed - 1 / q) / (1 - 1 / q)
        assert values["readers=R1+R2.estimate"] == pytest.approx(expected)


def test_a_rating_outside_the_categories_stops():
    tables = reads(seed=4)
    said = {"categories": ["none", "mild", "moderate"]}
    with pytest.raises(AnalysisError) as error:
        kit.run(declared(**said), tables)
    (problem,) = error.value.problems
    severe = tables["F07"]["grade"] == "severe"
    assert problem.kind == "rating-undeclared"
    assert problem.parameters["ratings"] == severe.sum()
    assert problem.parameters["value"] == "severe"
    kept = declared(**said, where='grade != "severe"')
    found = kit.values(kit.run(kept, tables))
    assert found["readers=R1+R2+R3+analysis=data.unused.left_out"] == severe.sum()


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ({"weights": "linear"}, "categories-unordered"),
        ({"method": "krippendorff", "metric": "ordinal"}, "categories-unordered"),
        ({"measure": "comment", "weights": "quadratic"}, "categories-undeclared"),
        ({"measure": "comment", "method": "gwet"}, "categories-undeclared"),
        ({"categories": ["none", "mild", "awful"]}, "category-unknown"),
        ({"measure": "image_quality", "categories": ["1", "2"]}, "category-unknown"),
        ({"measure": "image_quality > 2", "categories": ["no", "yes"]}, "design-does-not-fit"),
        ({"weights": "ratio", "measure": "call"}, "design-does-not-fit"),
        ({"readers": ["R1", "R2", "R1"]}, "item-twice"),
        ({"method": "pabak"}, "design-does-not-fit"),
        ({"metric": "ordinal", "categories": list(GRADES)}, "design-does-not-fit"),
        ({"weights": "linear", "method": "krippendorff", "categories": list(GRADES)},
         "design-does-not-fit"),
        ({"method": "light", "goal": {"value": 0.5, **kit.MARGIN}}, "design-does-not-fit"),
        ({"coefficient": "icc", "method": "reml", "measure": "image_quality",
          "interval": "bootstrap"}, "design-does-not-fit"),
        ({"between": "sessions"}, "design-does-not-fit"),
        ({"repeats": "first"}, "design-does-not-fit"),
        ({"replicate": "session"}, "replicate-not-key"),
    ],
)  # fmt: skip
def test_what_is_not_declared_well_is_found(said, kind):
    assert kind in problems(**said)


def test_one_word_of_two_needs_no_order():
    two = {**GRADE, "codes": {"low": "low", "high": "high"}}
    forms = ["F04", {"use": "F07", "add": [two]}]
    assert problems(forms, weights="linear") == []


# ---------------------------------------------------------------------- what is not used


def test_every_rating_is_counted_once():
    tables = reads(seed=5)
    rows = tables["F07"]
    tables["F04"].loc[:1, "enrolled"] = "no"
    out = rows["subject_id"].isin(tables["F04"]["subject_id"][:2])
    rows.loc[6:8, "grade"] = None
    stray = rows.iloc[[0]].assign(subject_id="S01-999")
    alone = rows.index[(rows["subject_id"] == "S01-020") & (rows["reader_id"] != "R1")]
    tables["F07"] = pd.concat([rows.drop(alone), stray])
    said = {"readers": ["R1", "R2"], "where": "image_quality <= 3"}
    found = kit.values(kit.run(declared(**said), tables))
    counts = {name.rpartition(".")[2]: value for name, value in found.items() if ".unused." in name}
    used = found["readers=R1+R2.n"] * 2
    assert counts["not_enrolled"] == 1
    assert counts["not_in_set"] == out.sum() == 6
    assert counts["not_asked"] == len(rows) // 3 - 2 - 1
    # all ratings are used, or counted under one reason
    assert sum(counts.values()) + used == len(tables["F07"])


def test_a_reader_that_the_protocol_does_not_have_stops():
    """As when the columns of subjects and readers were exchanged."""
    tables = reads(seed=6)
    tables["F07"] = tables["F07"].rename(
        columns={"subject_id": "reader_id", "reader_id": "subject_id"}
    )
    with pytest.raises(SubmissionError, match=r"Reader .* S01-001"):
        kit.run(declared(), tables)


# ---------------------------------------------------------------------- repeats


def test_repeats_are_no_further_cases():
    assert "repeats-as-cases" in problems(REPEATED)
    assert "repeats-as-cases" not in problems(REPEATED, where="session == 1")
    assert problems(REPEATED, replicate="session") == []


def test_repeats_passed_as_if_single_stop():
    tables = reads(seed=7, sessions=(1, 2))
    with pytest.raises(AnalysisError) as error:
        kit.run(declared(REPEATED, replicate="session"), tables)
    assert error.value.problems[0].kind == "rows-not-combined"


def test_the_first_of_repeats():
    tables = reads(seed=8, sessions=(2, 1))
    said = {"replicate": "session", "repeats": "first"}
    found = kit.values(kit.run(declared(REPEATED, **said), tables))
    first = {**tables, "F07": tables["F07"][tables["F07"]["session"] == 1]}
    alone = kit.values(kit.run(declared(REPEATED, **said), first))
    place = "readers=R1+R2+R3+analysis=data"
    for name, both, one in (
        ("unused.repeated", len(first["F07"]), 0),
        ("ratings", 2 * len(first["F07"]), len(first["F07"])),
        ("sessions", 2, 1),
    ):
        assert found.pop(f"{place}.{name}") == both
        assert alone.pop(f"{place}.{name}") == one
    assert found == alone


def test_the_mean_of_repeats():
    tables = reads(seed=9, sessions=(1, 2))
    said = {"replicate": "session", "repeats": "mean", "measure": "image_quality",
            "coefficient": "icc", "method": "shrout_fleiss"}  # fmt: skip
    found = kit.values(kit.run(declared(REPEATED, **said), tables))
    mean = tables["F07"].groupby(["subject_id", "arm", "reader_id"])["image_quality"].mean()
    matrix = mean.unstack("reader_id").to_numpy()  # noqa: PD010
    expected = stats.find("icc.shrout_fleiss")(matrix)
    assert found["readers=R1+R2+R3.estimate"] == pytest.approx(expected.estimate)


def test_each_reader_with_his_own_repeats():
    tables = reads(seed=10, sessions=(1, 2))
    said = {"replicate": "session", "between": "sessions"}
    found = kit.values(kit.run(declared(REPEATED, **said), tables))
    rows = tables["F07"]
    for reader in READERS:
        own = rows[rows["reader_id"] == reader].pivot_table(
            index="subject_id", columns="session", values="grade", aggfunc="first"
        )
        expected = cohen_kappa_score(own[1.0], own[2.0])
        assert found[f"readers={reader}.estimate"] == pytest.approx(expected)
        assert found[f"readers={reader}.sessions"] == "1+2"
    once = {**tables, "F07": rows[(rows["reader_id"] != "R3") | (rows["session"] == 1)]}
    records = kit.run(declared(REPEATED, **said), once)
    assert records["readers=R3.estimate"].reason == "fewer than two sessions"


def test_a_coefficient_of_two_refuses_three_sessions():
    tables = reads(seed=11, sessions=(1, 2, 3))
    said = {"replicate": "session", "between": "sessions"}
    with pytest.raises(AnalysisError) as error:
        kit.run(declared(REPEATED, **said), tables)
    assert error.value.problems[0].kind == "sessions-several"
    found = kit.values(kit.run(declared(REPEATED, **said, method="fleiss"), tables))
    assert found["readers=R2.estimate"] is not None


def test_components_of_readers_centers_and_sessions():
    tables = reads(seed=12, sessions=(1, 2))
    said = {"replicate": "session", "measure": "image_quality", "coefficient": "icc",
            "method": "components"}  # fmt: skip
    found = kit.values(kit.run(declared(REPEATED, **said), tables))
    rows = tables["F07"]
    expected = stats.find("icc.components")(
        rows["image_quality"].tolist(),
        subject=rows["subject_id"].tolist(),
        reader=rows["reader_id"].tolist(),
        center=rows["site_id"].tolist(),
        session=[f"{session:g}" for session in rows["session"]],
    )
    assert found["readers=R1+R2+R3.estimate"] == pytest.approx(expected.estimate, abs=1e-6)
    place = "readers=R1+R2+R3+analysis=components"
    assert found[f"{place}.same_reader"] == pytest.approx(expected.same_reader, abs=1e-6)


# ---------------------------------------------------------------------- many readers


@pytest.mark.parametrize("count", [5, 6])
def test_few_pairs_are_shown_in_full_and_many_are_not(count):
    readers = tuple(f"R{number}" for number in range(1, count + 1))
    tables = reads(seed=13, readers=readers, sizes={"S01": 8, "S02": 6})
    records = kit.run(declared(of_study=readers), tables)
    pairs = list(itertools.combinations(readers, 2))
    alone = [name for name in records if re.fullmatch(r"readers=R\d\+R\d\.estimate", name)]
    assert len(alone) == len(pairs)
    by_site = [name for name in records if re.match(r"readers=R\d\+R\d\+site=", name)]
    assert bool(by_site) == (len(pairs) <= reader_agreement.PAIRS_IN_FULL)
    everybody = f"readers={'+'.join(readers)}+analysis=together"
    expected = stats.find("kappa.conger")(wide(tables).to_numpy(), categories=list(GRADES))
    assert records[f"{everybody}.estimate"].value == pytest.approx(expected.estimate)
    assert f"{everybody}+site=S01.estimate" in records


# ---------------------------------------------------------------------- every method, degenerate


CHOICES = [(kind, name) for kind, names in METHODS.items() for name in names]


def said_of(kind, name):
    said = {"coefficient": kind, "method": name, "measure": "image_quality",
            "readers": ["R1", "R2"]}  # fmt: skip
    return said | ({"measure": "image_quality >= 3"} if name == "pabak" else {})


@pytest.mark.parametrize(("kind", "name"), CHOICES)
def test_every_method_by_its_name(kind, name):
    tables = reads(seed=14, arms=("TEST", "REF"))
    records = kit.run(declared(**said_of(kind, name)), tables)
    found = kit.values(records)
    estimate = found["readers=R1+R2.estimate"]
    assert -1 <= estimate <= 1
    call = f"{kind}.{name}"
    assert records["readers=R1+R2.estimate"].method == call
    if call not in coefficients.NO_INTERVAL:
        assert found["readers=R1+R2.ci_low"] < estimate < found["readers=R1+R2.ci_high"]
    if call in BOOTSTRAPPED:
        drawn = "readers=R1+R2+analysis=bootstrap"
        assert found[f"{drawn}.ci_low"] < estimate < found[f"{drawn}.ci_high"]
        assert found[f"{drawn}.clusters"] == 40  # patients, of two images each
        decides = kit.values(kit.run(declared(**said_of(kind, name), interval="bootstrap"), tables))
        for limit in ("ci_low", "ci_high"):
            assert decides[f"readers=R1+R2.{limit}"] == found[f"{drawn}.{limit}"]
            analytic = decides[f"readers=R1+R2+analysis=analytic.{limit}"]
            assert analytic == found[f"readers=R1+R2.{limit}"]


@pytest.mark.parametrize("data", ["one subject", "one category", "a constant reader", "nothing"])
@pytest.mark.parametrize(("kind", "name"), CHOICES)
def test_degenerate_ratings_are_undefined_with_a_reason_and_no_traceback(kind, name, data):
    tables = reads(seed=15, sizes={"S01": 1} if data == "one subject" else None)
    rows = tables["F07"]
    if data == "one category":
        rows["image_quality"] = 3.0
    elif data == "a constant reader":
        rows.loc[rows["reader_id"] == "R2", "image_quality"] = 3.0
    elif data == "nothing":
        rows["image_quality"] = None
    records = kit.run(declared(**said_of(kind, name)), tables)  # the kit checks every record
    estimate = records["readers=R1+R2.estimate"]
    if data in ("nothing", "one category") and (kind, name) not in (
        ("kappa", "gwet"), ("kappa", "brennan_prediger"), ("kappa", "pabak"),
        ("agreement", "observed"),
    ):  # fmt: skip
        assert estimate.undefined, estimate
    if data == "one category" and kind in ("kappa", "agreement"):
        raw = "readers=R1+R2+analysis=raw"  # stands beside, with its interval
        assert records[f"{raw}.estimate"].value == 1
        assert records[f"{raw}.ci_low"].value < 1
    if data == "a constant reader" and name in ("cohen", "conger"):
        assert estimate.value == pytest.approx(0, abs=1e-12)


def test_the_bootstraps_that_are_offered_are_those_that_there_are():
    offered = {call.replace("_clustered", "") for call in BOOTSTRAPPED}
    there = {
        f"{kind}.{name}"
        for kind, names in METHODS.items()
        for name in names
        if f"{name}_bootstrap" in stats.methods(kind)
    }
    assert offered == there


# ---------------------------------------------------------------------- the panel and raw agreement


def test_the_panel_shows_a_paradox():
    """Byrt's point: two readers who nearly always say no agree, and kappa is below 0."""
    counts = {("yes", "yes"): 0, ("yes", "no"): 3, ("no", "yes"): 2, ("no", "no"): 95}
    both = [pair for pair, count in counts.items() for _ in range(count)]
    people = kit.enrolled({"S01": 100})
    rows = [
        {"site_id": "S01", "subject_id": subject, "arm": "TEST", "reader_id": reader,
         "image_quality": 5.0 if said == "yes" else 1.0}
        for subject, pair in zip(people["subject_id"], both, strict=True)
        for reader, said in zip(("R1", "R2"), pair, strict=True)
    ]  # fmt: skip
    said = {"measure": "image_quality >= 3", "readers": ["R1", "R2"]}
    found = kit.values(kit.run(declared(**said), {"F04": people, "F07": rows}))
    place = "readers=R1+R2"
    assert round(found[f"{place}.estimate"], 3) == -0.025
    assert found[f"{place}+coefficient=kappa.pabak.estimate"] == pytest.approx(0.9)
    assert round(found[f"{place}+coefficient=kappa.gwet.estimate"], 3) == 0.947
    assert found[f"{place}+category=yes.specific_agreement"] == 0
    assert found[f"{place}+category=no.specific_agreement"] == pytest.approx(190 / 195)
    assert found[f"{place}+category=yes.share"] == pytest.approx(5 / 200)
    assert found[f"{place}+analysis=panel.prevalence_index"] == pytest.approx(-0.95)
    assert found[f"{place}+analysis=panel.bias_index"] == pytest.approx(0.01)


@pytest.mark.parametrize("arms", [("TEST",), ("TEST", "REF")])
def test_raw_agreement_is_binomial_only_for_independent_images(arms):
    tables = reads(seed=16, arms=arms)
    records = kit.run(declared(readers=["R1", "R2"]), tables)
    frame = wide(tables)
    same = frame["R1"] == frame["R2"]
    raw = records["readers=R1+R2+analysis=raw.ci_low"]
    assert records["readers=R1+R2+analysis=raw.estimate"].value == pytest.approx(same.mean())
    assert records["readers=R1+R2.patients"].value == 40
    if len(arms) == 1:
        assert raw.method == "proportion.clopper_pearson"
    else:
        assert raw.method == "clustered_proportion.ratio_estimator"
        by_patient = same.groupby("subject_id").sum() - same.mean() * 2
        se = np.sqrt(40 / 39 * (by_patient**2).sum()) / len(same)
        assert raw.value == pytest.approx(same.mean() - 1.959964 * se, abs=1e-6)


def test_specific_agreement_of_three_readers_is_that_of_their_pairs():
    tables = reads(seed=17)
    found = kit.values(kit.run(declared(method="fleiss"), tables))
    frame = wide(tables)
    for grade in GRADES:
        both = single = 0
        for a, b in itertools.permutations(READERS, 2):
            both += ((frame[a] == grade) & (frame[b] == grade)).sum()
            single += (frame[a] == grade).sum()
        place = f"readers=R1+R2+R3+category={grade}"
        assert found[f"{place}.specific_agreement"] == pytest.approx(both / single)
