"""From rows to one value a subject and arm: every rule of combination, by brute force."""

import itertools
import statistics

import kit
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from clinval.core.errors import AnalysisError
from clinval.endpoints.kind import Context
from clinval.endpoints.measured import in_arm, rows_of, units_of
from clinval.endpoints.recorder import Recorder
from clinval.study.analysis_sets import memberships

ARMS = ("TEST", "REF")
READERS = ("R1", "R2", "R3", "R4")
OTHER = {"id": "OLD", "role": "other", "label": "older"}
DECLARED = kit.protocol(
    readers=READERS,
    arms=[
        {"id": "TEST", "role": "test", "label": "new"},
        {"id": "REF", "role": "reference", "label": "old"},
        OTHER,
    ],
)
QUIET = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))

# (subject, arm, reader) -> score; subject 5 is not enrolled, 4 is a screen failure
reads = st.dictionaries(
    st.tuples(st.integers(1, 5), st.sampled_from(("TEST", "REF", "OLD")), st.sampled_from(READERS)),
    st.sampled_from([None, 1.0, 2.0, 3.0, 4.0, 5.0]),
    max_size=30,
)


def tables(found):
    people = kit.enrolled({"S01": 2, "S02": 2})
    people["subject_id"] = ["S-1", "S-2", "S-3", "S-4"]
    people.loc[3, "enrolled"] = "no"
    site = {1: "S01", 2: "S01", 3: "S02", 4: "S02", 5: "S02"}
    rows = [
        {"site_id": site[subject], "subject_id": f"S-{subject}", "arm": arm, "reader_id": reader,
         "image_quality": score}
        for (subject, arm, reader), score in found.items()
    ]  # fmt: skip
    return {"F04": people, "F07": rows}


def endpoint(**said):
    """Return the endpoint of a protocol, as the analysis gets it."""
    truth = ">" in said["measure"]
    number = {"kind": "mean_comparison", "method": "paired_t", "centers": "pooled"}
    declared = {**kit.QUALITY, **({} if truth else number), "form": "F07", **said}
    return kit.protocol(readers=READERS, endpoints=[declared]).endpoint("P1")


def units(found, declared, arms=ARMS, protocol=DECLARED):
    """Return (test, reference) of each subject of the set, by its name."""
    with kit.data(protocol, tables(found)) as data:
        recorder = Recorder(endpoint="P1", analysis_set="FAS")
        sets = memberships(data)
        context = Context(data=data, sets=sets, set_id="FAS", recorder=recorder)
        made = units_of(declared, context, arms)
        assert len(made) == len(made.test) == len(made.site)
        names = data.subject_ids[made.subject]
        sites = [data.site_names[site] for site in made.site]
        assert sites == ["S01", "S01", "S02"]
        return {
            name: tuple(None if np.isnan(value) else float(value) for value in pair)
            for name, *pair in zip(names, made.test, made.reference, strict=True)
        }


def expected(found, combine, *, arms=ARMS, keep=lambda *_: True, measure=float):
    """Return what each subject of the set should have, one subject and arm at a time."""
    wanted = {}
    for subject in (1, 2, 3):
        pair = []
        for arm in arms:
            scores = [
                measure(score)
                for key, score in found.items()
                if key[:2] == (subject, arm) and score is not None and keep(key, score)
            ]
            pair.append(combine(scores) if scores else None)
        wanted[f"S-{subject}"] = tuple(pair)
    return wanted


def at_least_3(score):
    return float(score >= 3)


NUMBERS = {"mean": statistics.fmean, "median": statistics.median}
TRUTHS = {
    "majority": lambda x: float(2 * sum(x) > len(x)),
    "all": lambda x: float(all(x)),
    "any": lambda x: float(any(x)),
}
NUMBER_ENDPOINTS = {how: endpoint(measure="image_quality", combine=how) for how in NUMBERS}
TRUTH_ENDPOINTS = {how: endpoint(measure="image_quality >= 3", combine=how) for how in TRUTHS}


@QUIET
@given(reads, st.sampled_from(sorted(NUMBERS)))
def test_numbers_are_combined_as_said(found, how):
    made = units(found, NUMBER_ENDPOINTS[how])
    assert made == expected(found, NUMBERS[how])


@QUIET
@given(reads, st.sampled_from(sorted(TRUTHS)))
def test_truths_are_combined_as_said(found, how):
    """Reads without a score are passed over; a tie is no majority."""
    made = units(found, TRUTH_ENDPOINTS[how])
    assert made == expected(found, TRUTHS[how], measure=at_least_3)


def test_a_tie_is_no_majority():
    found = {
        (1, "TEST", reader): score for reader, score in zip(READERS, (5, 5, 1, 1), strict=True)
    } | {(1, "REF", reader): score for reader, score in zip(READERS, (5, 5, 5, 1), strict=True)}
    assert units(found, TRUTH_ENDPOINTS["majority"])["S-1"] == (0.0, 1.0)


FILTERED = endpoint(
    measure="image_quality", combine="mean", where='reader_id != "R1" and image_quality > 1'
)


@QUIET
@given(reads)
def test_a_filter_takes_rows_out(found):
    """A row of which the rule is unknown is not taken."""
    made = units(found, FILTERED)
    wanted = expected(found, statistics.fmean, keep=lambda key, x: key[2] != "R1" and x > 1)
    assert made == wanted


@QUIET
@given(reads)
def test_other_arms_can_be_compared(found):
    made = units(found, NUMBER_ENDPOINTS["mean"], ("OLD", "TEST"))
    assert made == expected(found, statistics.fmean, arms=("OLD", "TEST"))


ONLY = endpoint(measure="image_quality", combine="only", where='reader_id in ["R1", "R2"]')


@QUIET
@given(reads)
def test_only_is_a_promise_that_is_held(found):
    """More than one row where one was promised stops the analysis, and says of whom."""
    kept = {key: score for key, score in found.items() if key[2] in ("R1", "R2") and key[1] in ARMS}
    rows = {
        (subject, arm): [score for key, score in kept.items() if key[:2] == (subject, arm)]
        for subject, arm in itertools.product((1, 2, 3, 4), ARMS)
    }
    several = sorted({f"S-{subject}" for (subject, _), scores in rows.items() if len(scores) > 1})
    if several:
        with pytest.raises(AnalysisError) as error:
            units(found, ONLY)
        (problem,) = error.value.problems
        assert problem.kind == "rows-not-combined"
        assert problem.parameters["first"] == several[0]
        assert problem.parameters["subjects"] == len(several)
        assert problem.parameters["form"] == "F07"
    else:
        wanted = expected(kept, lambda scores: scores[0])
        assert units(found, ONLY) == wanted


def test_a_measure_can_be_calculated():
    declared = endpoint(measure="abs(image_quality - 4)", combine="mean")
    made = units({(1, "TEST", "R1"): 1.0, (1, "TEST", "R2"): 5.0}, declared)
    assert made["S-1"] == (2.0, None)


def test_the_hash_of_the_units_follows_their_values():
    def sha256(found):
        with kit.data(DECLARED, tables(found)) as data:
            recorder = Recorder(endpoint="P1", analysis_set="FAS")
            context = Context(data=data, sets=memberships(data), set_id="FAS", recorder=recorder)
            return units_of(NUMBER_ENDPOINTS["mean"], context, ARMS).sha256

    found = {(1, "TEST", "R1"): 1.0, (2, "REF", "R2"): 5.0}
    assert sha256(found) == sha256(dict(reversed(found.items())))
    assert sha256(found) != sha256({**found, (2, "REF", "R2"): 4.0})


# -------------------------------------------------------------------------- arms as groups

ARM = {"id": "arm", "type": "arm", "label": "arm"}


def grouped(*, said):
    forms = [{"use": "F04", "add": [ARM]} if said else "F04", "F05", "F06", "F07"]
    return kit.protocol(design="parallel", forms=forms, endpoints=[UNPAIRED])


UNPAIRED = {
    **kit.QUALITY,
    "method": "miettinen_nurminen",
    "measure": "scan_time_s < 100",
    "where": 'completed == "yes"',
    "missing": "failure",
}
GROUPS = {
    "F04": [
        {"site_id": "S01", "subject_id": f"S-{number}", "enrolled": "yes", "arm": arm}
        for number, arm in enumerate(("TEST", "TEST", "REF", "REF", None), start=1)
    ],
    "F05": [
        {"site_id": "S01", "subject_id": name, "arm": arm, "completed": done, "scan_time_s": 50.0}
        for name, arm, done in (
            ("S-1", "TEST", "yes"),
            ("S-2", "TEST", "no"),
            ("S-3", "REF", None),
        )
    ],
    "F06": [{"site_id": "S01", "subject_id": "S-4", "reference_result": "positive"}],
}


def test_a_subject_is_in_the_arm_that_its_rows_say():
    """Also by rows that the filter takes out; nobody knows the arm of who has none."""
    with kit.data(grouped(said=False), GROUPS) as data:
        found = in_arm(data.protocol.endpoint("P1"), data, ARMS)
    assert found.tolist() == [[True, False], [True, False], [False, True], [False] * 2, [False] * 2]


def test_a_subject_is_in_the_arm_that_it_was_enrolled_in():
    with kit.data(grouped(said=True), GROUPS) as data:
        found = in_arm(data.protocol.endpoint("P1"), data, ARMS)
        rows = rows_of(
            data.protocol.endpoint("P1").model_copy(
                update={"form": "F06", "measure": 'reference_result == "positive"', "where": None}
            ),
            data,
            ARMS,
        )
    assert found.tolist() == [[True, False]] * 2 + [[False, True]] * 2 + [[False, False]]
    # and a form without an arm has that of its subject
    assert (rows.subject.tolist(), rows.arm.tolist(), rows.value.tolist()) == ([3], [1], [1.0])


def test_everybody_is_in_every_arm_of_a_paired_design():
    with kit.data(DECLARED, tables({})) as data:
        assert in_arm(NUMBER_ENDPOINTS["mean"], data, ARMS).all()
