"""Every candidate of a set is a member or is counted once, at the first reason that is true."""

import itertools

import kit
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from clinval.protocol.base import Text
from clinval.protocol.model import AnalysisSet, Exclusion
from clinval.study.analysis_sets import memberships

SITES = ("S01", "S02", "S03")

# rule, and what it says of a subject (enrolled, age, [(arm, completed, time)]): None is unknown
RULES = {
    'enrolled == "no"': lambda s: None if s[0] is None else s[0] == "no",
    "missing(enrolled)": lambda s: s[0] is None,
    "age_years < 40": lambda s: None if s[1] is None else s[1] < 40,
    'enrolled == "no" or age_years >= 60': lambda s: _or(
        None if s[0] is None else s[0] == "no", None if s[1] is None else s[1] >= 60
    ),
    'not (enrolled == "yes" and age_years > 30)': lambda s: _or(
        None if s[0] is None else s[0] != "yes", None if s[1] is None else s[1] <= 30
    ),
    "count(F05) == 0": lambda s: not s[2],
    'not any(F05, arm == "TEST")': lambda s: not any(arm == "TEST" for arm, _, _ in s[2]),
    'not all(F05, completed == "yes")': lambda s: _not_all([x for _, x, _ in s[2]]),
    "any(F05, scan_time_s > 500)": lambda s: _any([t for _, _, t in s[2]]),
    "count(F05, present(scan_time_s)) < 2": lambda s: sum(t is not None for *_, t in s[2]) < 2,
}


def _or(*parts):
    if True in parts:
        return True
    return None if None in parts else False


def _not_all(completed):
    if not completed or "no" in completed:
        return True
    return None if None in completed else False


def _any(times):
    known = [time > 500 for time in times if time is not None]
    return True if any(known) else None if len(known) < len(times) else False


acquisition = st.tuples(st.sampled_from([None, "yes", "no"]), st.sampled_from([None, 100.0, 600.0]))
subject = st.tuples(
    st.sampled_from([None, "yes", "no"]),
    st.sampled_from([None, 20.0, 35.0, 50.0, 70.0]),
    st.lists(acquisition, max_size=2).map(
        lambda found: [(arm, *x) for arm, x in zip(("TEST", "REF"), found, strict=False)]
    ),
)
populations = st.dictionaries(
    st.sampled_from(SITES[:2]), st.lists(subject, max_size=8), min_size=1
)  # S03 never has subjects
rule_lists = st.lists(st.sampled_from(sorted(RULES)), max_size=4)


def tables(population):
    people, scans = [], []
    for site, subjects in population.items():
        for number, (enrolled, age, found) in enumerate(subjects):
            key = {"site_id": site, "subject_id": f"{site}-{number:03d}"}
            people.append({**key, "enrolled": enrolled, "age_years": age})
            scans += [
                {**key, "arm": arm, "completed": completed, "scan_time_s": time}
                for arm, completed, time in found
            ]
    return {"F04": people, "F05": scans}


PROTOCOL = kit.protocol(sites=SITES)


def declared(sets):
    """Return a protocol with sets from (set it lies within, rules)."""
    made = {
        name: AnalysisSet(
            label=Text(en=name),
            definition=Text(en=name),
            within=within,
            exclude=tuple(Exclusion(when=rule, reason=Text(en=rule)) for rule in rules),
        )
        for name, (within, rules) in sets.items()
    }
    return PROTOCOL.model_copy(update={"analysis_sets": made})


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(populations, rule_lists, rule_lists)
def test_members_and_exclusions_reconcile(population, rules, further):
    # the inner set is written first: the order in the file does not matter
    protocol = declared({"PPS": ("FAS", further), "FAS": (None, rules), "ALL": (None, [])})
    everyone = list(itertools.chain(*(population.get(site, []) for site in SITES)))
    with kit.data(protocol, tables(population)) as data:
        found = memberships(data)
        assert list(found) == ["PPS", "FAS", "ALL"]
        assert found["ALL"].member.tolist() == [True] * len(everyone)
        inside = [True] * len(everyone)
        for name, own in (("FAS", rules), ("PPS", further)):
            membership = found[name]
            assert membership.candidates.tolist() == inside
            counted = membership.member.astype(int)
            for step in membership.steps:
                counted = counted + step.out
            assert counted.tolist() == [int(is_inside) for is_inside in inside]
            # by hand: the first rule that is true takes a subject out, an unknown one never
            first = [
                next((i for i, rule in enumerate(own) if RULES[rule](person) is True), None)
                if is_inside
                else -1
                for person, is_inside in zip(everyone, inside, strict=True)
            ]
            inside = [place is None for place in first]
            assert membership.member.tolist() == inside
            for index, step in enumerate(membership.steps):
                assert step.out.tolist() == [place == index for place in first]
                assert step.reason.en == own[index]


@pytest.mark.parametrize("rule", sorted(RULES))
def test_what_is_unknown_never_excludes(rule):
    """A subject of whom a rule says nothing stays in."""
    unknown = (None, None, [("TEST", None, None), ("REF", None, None)])
    said = RULES[rule](unknown)
    with kit.data(declared({"FAS": (None, [rule])}), tables({"S01": [unknown]})) as data:
        assert memberships(data)["FAS"].member.tolist() == [said is not True]


def test_a_study_without_subjects_has_empty_sets():
    with kit.data(declared({"FAS": (None, sorted(RULES))}), {}) as data:
        membership = memberships(data)["FAS"]
        assert membership.member.shape == membership.candidates.shape == (0,)
        assert all(step.out.shape == (0,) for step in membership.steps)
