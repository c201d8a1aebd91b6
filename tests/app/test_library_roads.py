"""The whole road of each study type: templates, filled ones taken in, numbers, PDFs.

The rows are made up here, with everything that an analysis may stumble over: screen failures,
exams not begun, given up or not evaluable, references that are missing or indeterminate. What
should come out is counted again from the same rows, without any of the rules of the protocol.
"""

from __future__ import annotations

import datetime
import math

import numpy as np
import pytest
from scipy import stats

from clinval.app.analysis import analyze
from clinval.app.ingest import ingest
from clinval.app.library import entry, filled, recipe
from clinval.app.reporting import report
from clinval.capture.template import write_template
from clinval.core.records import Results
from clinval.study.store import StudyStore
from clinval.study.study_checks import study_findings

SOURCE = {"source": "made up", "justification": {"en": "of a test", "zh": "仅用于测试"}}
GOAL = {"value": 0.8, **SOURCE}
SITES, SUBJECTS = 3, 20  # as many of the entry's sites, as many subjects each
OPEN = {
    "acq-guidance": {f"endpoints.{name}.goal": GOAL for name in ("P1", "P2", "P3")},
    "autonomous-pg": {},
    "cadt-triage": {
        "endpoints.P1.goal": GOAL,
        "endpoints.P2.goal": GOAL,
        "endpoints.S3.margin": {"value": 1.25, **SOURCE},
    },
    "pet-fast": {"endpoints.P1.margin": {"value": 0.3, **SOURCE}, "endpoints.P2.goal": GOAL},
    "xray-source-detector": {
        "endpoints.P1.goal": GOAL,
        **{f"endpoints.{name}.margin": {"value": 1.5, **SOURCE} for name in ("Q1", "Q2", "L2")},
        "endpoints.Q3.margin": {"value": 5, **SOURCE},
        "endpoints.L3.draws": 1000,
        "economics": recipe("xray-source-detector")["protocol"]["economics"],
        "reports": [
            {"audience": "fda", "languages": ["en"]},
            {"audience": "eu", "languages": ["en"]},
            {"audience": "nmpa", "languages": ["zh"]},
        ],
    },
}
"""What each entry leaves to the sponsor."""


class Made:
    """Rows in the making: those of each form, and what is known of each subject."""

    def __init__(self, seed):
        self.draw = np.random.default_rng(seed)
        self.forms = {}
        self.subjects = []

    def add(self, form, key, **values):
        present = {name: value for name, value in values.items() if value is not None}
        self.forms.setdefault(form, []).append({**key, **present})

    def pick(self, **weights):
        names = list(weights)
        return names[int(self.draw.choice(len(names), p=list(weights.values())))]

    def enrol(self, protocol, **more):
        """Yield the key of each enrolled subject, with a place for what is known of it."""
        for site in protocol.sites:
            row = {"coordinator_role": "nurse", "ethics_approval": "yes", "modality": "other",
                   "ethics_approval_date": "2026-03-05", "scanner_vendor": "A",
                   "scanner_model": "B", "scanner_software": "C",
                   "data_complete": "no"}  # fmt: skip
            if protocol.form("F01").field("clock_offset_s"):
                row["clock_offset_s"] = 2
            self.add("F01", {"site_id": site.id}, **row)
            for number, subject in enumerate(protocol.subjects_of(site.id)):
                key = {"site_id": site.id, "subject_id": subject}
                if number % 8 == 7:
                    self.add("F04", key, consent="yes", eligible="no", enrolled="no",
                             screen_failure_reason="exclusion_met")  # fmt: skip
                    continue
                told = {name: choose() for name, choose in more.items()}
                self.add("F04", key, consent="yes", eligible="yes", enrolled="yes", sex="female",
                         age_years=50, completed="yes", **told)  # fmt: skip
                known = {**key, **told}
                self.subjects.append(known)
                yield key, known

    def reference(self, key, known, positive=0.4):
        known["truth"] = self.pick(
            positive=positive, negative=0.9 - positive, indeterminate=0.06, none=0.04
        )
        if known["truth"] != "none":
            result = known["truth"]
            self.add("F06", key, reference_result=result, reference_method="surgery",
                     reference_version="1.0", blinded="yes")  # fmt: skip

    def failed(self, key, arm, device_related="no", **more):
        self.add("F10", {**key, "arm": arm}, stage="acquisition", reason="other",
                 device_related=device_related, repeated="no", **more)  # fmt: skip


def run(tmp_path, name, make, **more):
    """Make the study, let every site return its rows, analyse, report."""
    sites = [
        {**site, "planned_subjects": SUBJECTS} for site in entry(name).content["sites"][:SITES]
    ]
    folder = filled(tmp_path / "study", name, {**OPEN[name], "sites": sites, **more})
    protocol, made = folder.protocol(), Made(7)
    make(protocol, made)
    for site in protocol.sites:
        own = {
            form: [row for row in rows if row["site_id"] == site.id]
            for form, rows in made.forms.items()
        }
        path = folder.inbox / f"{site.id}.xlsx"
        write_template(
            protocol, site.id, path, protocol_sha256=folder.protocol_sha256(), content=own
        )
    taken = ingest(folder, actor="test")
    defects = [defect.problem.line("en") for found in taken for defect in found.defects]
    with StudyStore(folder.store_path, protocol.study.id) as store:
        defects += [defect.problem.line("en") for _, defect in study_findings(protocol, store)]
    assert defects == []  # whoever fills the forms as they say is asked nothing
    analyze(folder)
    results = Results.load(folder.results_path)
    reports = report(folder)
    assert [path.name for path in reports] == ["fda.en.pdf", "eu.en.pdf", "nmpa.zh.pdf"]
    return results, made


def counts(results, endpoint, set_id):
    return tuple(results[f"{endpoint}.{set_id}.all.{name}"].value for name in ("x", "trials"))


def goal(results, endpoint, set_id, values):
    """Assert successes and subjects of a performance goal, and its exact limits."""
    x, n = sum(values), len(values)
    assert counts(results, endpoint, set_id) == (x, n), (endpoint, set_id)
    interval = stats.binomtest(x, n).proportion_ci(0.95, "exact")
    place = f"{endpoint}.{set_id}.all"
    assert results[f"{place}.ci_low"].value == pytest.approx(interval.low, abs=1e-9)
    verdict = f"{place}.verdict"
    ids = {record.id for record in results.records}
    if verdict in ids:
        met = interval.low > results[f"{place}.goal"].value
        assert results[verdict].value == ("met" if met else "not_met")


# ---------------------------------------------------------------------- autonomous software


def screened(protocol, made):
    for key, known in made.enrol(protocol):
        made.reference(key, known)
        known["begun"] = made.pick(yes=0.8, absent=0.1, given_up=0.1)
        known["output"] = None
        if known["begun"] == "yes":
            known["output"] = made.pick(positive=0.5, negative=0.4, not_evaluable=0.1)
            made.add("F05", key, completed="yes", acquisition_date="2026-04-01",
                     software_version="1.0", output=known["output"])  # fmt: skip
        elif known["begun"] == "absent":
            made.add("F05", key, completed="no", incomplete_reason="subject_absent")
        else:
            made.add("F05", key, completed="no", incomplete_reason="device_failure",
                     acquisition_date="2026-04-01")  # fmt: skip
        if known["begun"] == "given_up" or known["output"] == "not_evaluable":
            made.failed(key, "TEST")
        known["deviated"] = made.draw.random() < 0.1
        if known["deviated"]:
            made.add("F09", {**key, "deviation_number": 1}, deviation_date="2026-04-01",
                     category="other", description="wrong order", severity="major",
                     affects_primary="yes", affects_safety="no", action="none")  # fmt: skip


def test_autonomous_software_without_a_result_is_wrong(tmp_path):
    results, made = run(tmp_path, "autonomous-pg", screened)
    full = [known for known in made.subjects if known["begun"] != "absent"]
    for endpoint, truth, name in (("P1", "positive", "POS"), ("P2", "negative", "NEG")):
        within = [known for known in full if known["truth"] == truth]
        goal(results, endpoint, f"FAS_{name}", [known["output"] == truth for known in within])
        sound = [
            known
            for known in within
            if not known["deviated"] and known["output"] in ("positive", "negative")
        ]
        goal(results, endpoint, f"PPS_{name}", [known["output"] == truth for known in sound])
        assert len(sound) < len(within)
    goal(results, "S1", "FAS", [known["output"] in ("positive", "negative") for known in full])
    fourfold(results, "S2", full, {"positive": True, "negative": False}, "output")
    assert results["P1.FAS_POS.all.goal"].value == 0.85
    assert results["P2.FAS_NEG.all.goal"].value == 0.825


def test_the_published_result_of_idx_dr_against_the_published_goals():
    """What the README says of it: decided by the limit, one goal is reached and one is not."""
    found = {
        stats.binomtest(x, n).proportion_ci(0.95, "exact").low > bound: bound
        for x, n, bound in ((173, 198, 0.85), (556, 621, 0.825))
    }
    assert found == {False: 0.85, True: 0.825}


# ---------------------------------------------------------------------- triage


def triaged(protocol, made):
    start = datetime.datetime(2026, 4, 1, 8, 0)  # noqa: DTZ001 - local time of a site
    for key, known in made.enrol(protocol, arm=lambda: made.pick(TEST=0.5, REF=0.5)):
        made.reference(key, known)
        known["flag"] = made.pick(flagged=0.4, not_flagged=0.4, not_evaluable=0.2)
        wait = float(np.exp(made.draw.normal(3.5, 0.5)))
        known["minutes"] = None if made.draw.random() < 0.05 else round(wait * 60) / 60

        def at(minutes):
            return (start + datetime.timedelta(minutes=minutes)).isoformat(" ")

        told = known["flag"] == "flagged"
        made.add(
            "F05", key, software_version="1.0", flag=known["flag"], acquisition_end=at(-5),
            sent=at(0), notified=(at(1) if known["arm"] == "TEST" else "NA") if told else None,
            reported="ND" if known["minutes"] is None else at(known["minutes"]),
        )  # fmt: skip
        if known["flag"] == "not_evaluable":
            made.failed(key, known["arm"])


def test_triage_is_decided_in_its_arm_and_times_are_compared_between_arms(tmp_path):
    results, made = run(tmp_path, "cadt-triage", triaged)
    test = [known for known in made.subjects if known["arm"] == "TEST"]
    for endpoint, truth, name, right in (
        ("P1", "positive", "POS", "flagged"),
        ("P2", "negative", "NEG", "not_flagged"),
    ):
        within = [known for known in test if known["truth"] == truth]
        goal(results, endpoint, f"FAS_{name}", [known["flag"] == right for known in within])
        sound = [known for known in within if known["flag"] != "not_evaluable"]
        assert len(sound) < len(within)
        goal(results, endpoint, f"PPS_{name}", [known["flag"] == right for known in sound])
    flagged = [known for known in test if known["flag"] == "flagged"]
    known_truth = [known for known in flagged if known["truth"] in ("positive", "negative")]
    goal(results, "S2", "FLAG", [known["truth"] == "positive" for known in known_truth])
    fourfold(results, "S4", test, {"flagged": True, "not_flagged": False}, "flag")
    times(results, "S1.FAS_POS", [k for k in made.subjects if k["truth"] == "positive"])
    times(results, "S3.NOFLAG", [k for k in made.subjects if k["flag"] != "flagged"])


def fourfold(results, endpoint, subjects, calls, field):
    """Assert the four cells, the predictive values, and who is in none of the cells."""
    known = [k for k in subjects if k["truth"] in ("positive", "negative")]
    judged = [(k["truth"] == "positive", calls[k[field]]) for k in known if k[field] in calls]
    tp, fp, fn, tn = (
        judged.count(pair) for pair in ((True, True), (False, True), (True, False), (False, False))
    )
    place = f"{endpoint}.FAS.all"
    assert [results[f"{place}.{cell}"].value for cell in ("tp", "fp", "fn", "tn")] == [
        tp, fp, fn, tn,
    ]  # fmt: skip
    assert results[f"{place}.ppv"].value == pytest.approx(tp / (tp + fp))
    assert results[f"{place}.npv"].value == pytest.approx(tn / (tn + fn))
    assert results[f"{place}.indeterminate"].value == sum(
        k[field] == "not_evaluable" for k in known
    )
    assert results[f"{place}.missing"].value == sum(k[field] is None for k in known)
    without = [k for k in subjects if k["truth"] == "none"]
    assert results[f"{place}.no_reference"].value == len(without)


def times(results, place, subjects):
    """Assert the ratio of geometric means, Welch on the logarithms, of who has a time."""
    logs = {
        arm: [math.log(k["minutes"]) for k in subjects if k["arm"] == arm and k["minutes"]]
        for arm in ("TEST", "REF")
    }
    assert results[f"{place}.all.n"].value == sum(map(len, logs.values()))
    test = stats.ttest_ind(logs["TEST"], logs["REF"], equal_var=False)
    low, high = np.exp(test.confidence_interval(0.95))
    assert results[f"{place}.all.ci_low"].value == pytest.approx(low, rel=1e-6)
    assert results[f"{place}.all.ci_high"].value == pytest.approx(high, rel=1e-6)
    bound = results[f"{place}.all.bound_high"].value
    assert results[f"{place}.all.verdict"].value == ("met" if high < bound else "not_met")
    summary = results[f"{place}.all.mean_test"]
    assert summary.unit == "min"
    assert summary.value == pytest.approx(np.exp(logs["TEST"]).mean(), rel=1e-6)


# ---------------------------------------------------------------------- guided acquisition


QUESTIONS = {"lv": ("P1", "S1", "S4"), "rv": ("P2", "S2", "S5"), "effusion": ("P3", "S3", "S6")}


def guided(protocol, made):
    for number, (key, known) in enumerate(made.enrol(protocol)):
        known["reads"] = {}
        for order, (arm, operator) in enumerate((("TEST", "N01"), ("REF", "E01")), start=1):
            row = {**key, "arm": arm}
            state = made.pick(yes=0.86, absent=0.07, given_up=0.07)
            known[arm] = state
            if state == "yes":
                seconds = known[f"{arm}.time"] = int(made.draw.integers(200, 900))
                made.add("F05", row, completed="yes", acquisition_date="2026-04-01",
                         acquisition_order=order, scan_time_s=seconds, operator=operator,
                         case_number=number + 1, software_version="1.0")  # fmt: skip
            else:
                reason = "subject_absent" if state == "absent" else "operator_error"
                day = "2026-04-01" if state == "given_up" else None
                made.add("F05", row, completed="no", incomplete_reason=reason,
                         acquisition_date=day, acquisition_order=order, operator=operator,
                         case_number=number + 1)  # fmt: skip
            if state == "given_up":
                made.failed(key, arm)
            for reader in protocol.readers:
                words = dict.fromkeys(QUESTIONS, "ND")
                if state == "yes":
                    words = {
                        name: made.pick(abnormal=0.4, normal=0.35, not_assessable=0.25)
                        for name in QUESTIONS
                    }
                    known["reads"].setdefault(arm, []).append(words)
                made.add("F07", {**row, "reader_id": reader.id}, **words,
                         read_date="2026-05-01" if state == "yes" else "ND")  # fmt: skip


def most(values):
    return sum(values) * 2 > len(values)


def test_a_scan_that_most_readers_cannot_assess_or_nobody_has_is_not_assessable(tmp_path):
    results, made = run(tmp_path, "acq-guidance", guided)
    full = [known for known in made.subjects if known["TEST"] != "absent"]
    sound = [known for known in full if known["TEST"] == known["REF"] == "yes"]

    def assessable(known, arm, question):
        reads = known["reads"].get(arm)
        return bool(reads) and most([read[question] != "not_assessable" for read in reads])

    def balance(known, arm, question):
        values = [read[question] for read in known["reads"].get(arm, ())]
        return np.sign(values.count("abnormal") - values.count("normal"))

    for question, (first, second, third) in QUESTIONS.items():
        for set_id, members in (("FAS", full), ("PPS", sound)):
            good = {
                arm: [assessable(known, arm, question) for known in members]
                for arm in ("TEST", "REF")
            }
            goal(results, first, set_id, good["TEST"])
            pairs = list(zip(good["TEST"], good["REF"], strict=True))
            for cell, pair in (("n11", (1, 1)), ("n10", (1, 0)), ("n01", (0, 1)), ("n00", (0, 0))):
                assert results[f"{second}.{set_id}.all.{cell}"].value == pairs.count(pair)
            signs = [
                (balance(known, "TEST", question), balance(known, "REF", question))
                for known in members
            ]
            goal(results, third, set_id, [a == b != 0 for a, b in signs])
    goal_of_failures = [known["TEST"] == "given_up" for known in full]
    assert counts(results, "S8", "FAS") == (sum(goal_of_failures), len(full))
    both = [known for known in full if known["TEST"] == known["REF"] == "yes"]
    assert results["S7.FAS.all.n"].value == len(both)


# ---------------------------------------------------------------------- a new tube


def tubed(protocol, made):
    """Tubes: worn out, failed, taken out for an upgrade, in use; some were older at first sight."""
    made.tubes = []
    for site in protocol.sites:
        for number in range(10):
            end = ("failure", "failure", "wear", "upgrade", None)[number % 5]
            life, before = int(made.draw.integers(400, 900)), 150 if number > 6 else 0
            tube = {"new": number % 2, "end": end, "life": life, "before": before}
            made.tubes.append(tube)
            installed = datetime.date(2021, 3, 20)
            followed = {"observed_from": (installed + datetime.timedelta(before)).isoformat(),
                        "scan_seconds_from": 100.0 * before} if before else {}  # fmt: skip
            made.add("F14", {"site_id": site.id, "component_serial": f"T-{site.id}-{number}"},
                     component="tube", investigational="yes" if number % 2 else "no",
                     manufacturer="A", model="B", installed_date=installed.isoformat(),
                     status="taken_out" if end else "in_use", end_reason=end,
                     end_date=(installed + datetime.timedelta(life)).isoformat(),
                     scan_seconds=100.0 * life, exposures=life, arcs=3,
                     downtime_hours={"failure": 24.0, "wear": 8.0}.get(end),
                     **followed)  # fmt: skip
        for arm, noise, number in (("TEST", 5.5, 1), ("REF", 5.0, 1), ("REF", 5.1, 2)):
            made.add("F15", {"site_id": site.id, "scanner_serial": "1", "arm": arm,
                             "scan_protocol": "head", "measurement_number": number},
                     measured_date="2026-04-01", noise_hu=noise * made.draw.uniform(0.99, 1.01),
                     mtf50_per_cm=6.0, mtf10_per_cm=11.0, ct_number_water_hu=1.0,
                     ctdivol_mgy=11.0, ctdivol_specified_mgy=10.0 if arm == "TEST" else 11.0,
                     ctdivol_tolerance_percent=5.0)  # fmt: skip
    for key, known in made.enrol(protocol):
        known["TEST"] = made.pick(yes=0.88, absent=0.05, given_up=0.07)
        known["REF"] = made.pick(yes=0.7, none=0.3)
        for arm in ("TEST", "REF"):
            row = {**key, "arm": arm}
            if known[arm] == "yes":
                dose = known[f"{arm}.dose"] = round(float(np.exp(made.draw.normal(2, 0.3))), 2)
                made.add("F05", row, completed="yes", acquisition_date="2026-04-01",
                         ctdivol_mgy=dose, dlp_mgy_cm=30 * dose, software_version="1.0",
                         scan_protocol="chest", tube_serial="T")  # fmt: skip
            elif known[arm] != "none":
                reason = "subject_absent" if known[arm] == "absent" else "device_failure"
                day = "2026-04-01" if known[arm] == "given_up" else None
                made.add("F05", row, completed="no", incomplete_reason=reason,
                         acquisition_date=day)  # fmt: skip
        known["blamed"] = "none"
        if known["TEST"] == "given_up":
            known["blamed"] = made.pick(yes=0.4, no=0.4, UNK=0.2)
            made.failed(key, "TEST", known["blamed"])
        known["scores"] = []
        for reader in protocol.readers:
            score = 3 + int(made.draw.integers(-1, 3)) if made.draw.random() < 0.2 else 4
            if known["TEST"] == "yes":
                known["scores"].append(score)
            made.add("F07", {**key, "reader_id": reader.id},
                     read_date="2026-05-01" if known["TEST"] == "yes" else "ND",
                     image_quality=score if known["TEST"] == "yes" else "ND")  # fmt: skip


def test_every_reader_has_to_find_the_exam_sufficient(tmp_path):
    results, made = run(tmp_path, "xray-source-detector", tubed)
    full = [known for known in made.subjects if known["TEST"] != "absent"]
    good = [bool(known["scores"]) and min(known["scores"]) >= 3 for known in full]
    assert 0 < sum(good) < len(full)
    goal(results, "P1", "FAS", good)
    sound = [known for known in full if known["TEST"] == "yes"]
    goal(results, "P1", "PPS", [min(known["scores"]) >= 3 for known in sound])
    both = [known for known in full if known["TEST"] == known["REF"] == "yes"]
    mean = np.mean([math.log(known["TEST.dose"] / known["REF.dose"]) for known in both])
    for endpoint in ("S1", "S2"):
        assert results[f"{endpoint}.FAS.all.n"].value == len(both)
        assert results[f"{endpoint}.FAS.all.missing"].value == len(full) - len(both)
        estimate = results[f"{endpoint}.FAS.all.estimate"].value
        assert estimate == pytest.approx(math.exp(mean), rel=0.1)
    noise = [(row["arm"], row["noise_hu"]) for row in made.forms["F15"]]
    scanners = [(noise[i][1], np.mean([noise[i + 1][1], noise[i + 2][1]])) for i in (0, 3, 6)]
    ratio = np.exp(np.mean([math.log(test / before) for test, before in scanners]))
    assert results["Q1.FAS.all.estimate"].value == pytest.approx(ratio, rel=1e-3)
    assert results["Q3.FAS.all.verdict"].value == "undefined"  # no scanner differs from another
    for arm, within in (("TEST", 0), ("REF", SITES)):
        assert results[f"Q4.FAS.arm={arm}.within"].value == within
        assert results[f"Q4.FAS.arm={arm}.specified"].value == SITES
    served = {new: sum(t["life"] - t["before"] for t in made.tubes if t["new"] == new)
              for new in (0, 1)}  # fmt: skip
    for new, name in ((1, "test"), (0, "reference")):
        ends = [tube["end"] for tube in made.tubes if tube["new"] == new]
        failed = ends.count("failure")
        of_life = f"L1.FAS.clock=calendar+component={name}"
        assert results[f"{of_life}.n"].value == len(ends)
        assert results[f"{of_life}.failures"].value == failed + ends.count("wear")
        assert results[f"{of_life}.time_in_service"].value == served[new]
        assert results[f"{of_life.replace('calendar', 'use')}.time_in_service"].value == (
            100 * served[new]
        )
        assert results[f"L2.FAS.component={name}.failures"].value == failed
        hours = 24 * failed + 8 * ends.count("wear")
        downtime = results[f"L3.FAS.component={name}.downtime_mean"].value
        assert downtime == pytest.approx(hours / (failed + ends.count("wear")))
        rate = results[f"L2.FAS.component={name}.rate"].value
        assert rate == pytest.approx(1000 * failed / served[new])
    # of whom nobody knows whether the tube is to blame, it is
    blamed = [known["blamed"] in ("yes", "UNK") for known in full]
    assert counts(results, "S3", "SAF") == (sum(blamed), len(full))


# ---------------------------------------------------------------------- short-time PET


def shortened(protocol, made):
    for key, known in made.enrol(protocol):
        state = known["state"] = made.pick(yes=0.9, absent=0.1)
        known["calls"], known["scores"], known["lesions"] = {}, {}, []
        known["short"] = "yes" if state == "yes" and made.draw.random() < 0.9 else "no"
        for arm, seconds, done in (("TEST", 300, known["short"]), ("REF", 1200, state)):
            row = {**key, "arm": arm}
            if state == "absent":
                made.add("F05", row, completed="no", incomplete_reason="subject_absent")
            elif done == "no":
                made.add("F05", row, completed="no", incomplete_reason="device_failure",
                         acquisition_date="2026-04-01")  # fmt: skip
                made.failed(key, arm)
            else:
                made.add("F05", row, completed="yes", acquisition_date="2026-04-01",
                         scan_time_s=seconds, activity_mbq=250, software_version="1.0",
                         liver_cov_percent=round(float(made.draw.uniform(8, 14)), 1))  # fmt: skip
            for reader in protocol.readers:
                cell = {**row, "reader_id": reader.id}
                if done != "yes":
                    made.add("F07", cell, read_date="ND", image_quality="ND", call="ND")
                    continue
                score = int(made.draw.integers(3, 6))
                call = made.pick(positive=0.6, negative=0.4)
                known["calls"].setdefault(arm, []).append(call)
                known["scores"].setdefault(arm, []).append(score)
                made.add("F07", cell, read_date="2026-05-01", image_quality=score, call=call)
        for number in range(int(made.draw.integers(0, 4)) if known["short"] == "yes" else 0):
            seen = made.pick(both=0.8, full=0.1, short=0.1)
            known["lesions"].append(seen)
            made.add("F06", {**key, "lesion_number": number + 1},
                     on_full="no" if seen == "short" else "yes",
                     on_short="no" if seen == "full" else "yes")  # fmt: skip


def test_short_images_are_held_against_the_full_ones(tmp_path):
    results, made = run(tmp_path, "pet-fast", shortened)
    full = [known for known in made.subjects if known["state"] == "yes"]

    def positive(known, arm):
        calls = known["calls"].get(arm)
        return bool(calls) and most([call == "positive" for call in calls])

    reference = [known for known in full if positive(known, "REF")]
    goal(results, "P2", "FAS_POS", [positive(known, "TEST") for known in reference])
    read = [known for known in reference if known["short"] == "yes"]
    assert len(read) < len(reference)
    goal(results, "P2", "PPS_POS", [positive(known, "TEST") for known in read])
    both = [known for known in full if known["short"] == "yes"]
    for set_id in ("FAS", "PPS"):
        assert results[f"P1.{set_id}.all.n"].value == len(both)
    change = np.mean([np.mean(k["scores"]["TEST"]) - np.mean(k["scores"]["REF"]) for k in both])
    assert results["P1.FAS.all.estimate"].value == pytest.approx(change, abs=0.1)
    lesions = [seen for known in full for seen in known["lesions"]]
    for endpoint, seen in (("S1", "both"), ("S2", "full"), ("S3", "short")):
        assert counts(results, endpoint, "FAS") == (lesions.count(seen), len(lesions))
    assert results["S4.FAS.all.n"].value == len(both)
    assert results["S5.FAS.all.estimate"].value == pytest.approx(0.25)
