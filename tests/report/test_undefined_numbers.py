"""Where a report prints that a number is undefined, it says why in the same place."""

import functools

import business
import component_study
import kit
import pandas as pd
import pytest

from clinval.core.records import Results
from clinval.endpoints.decisions import decisions
from clinval.endpoints.declared import declared
from clinval.report.blocks import Figure, Row, _texts, numbers, runs
from clinval.report.pieces import in_full
from clinval.report.pieces.common import undefined_notes
from clinval.report.pieces.summary import at_a_glance, claims, conclusions, key_figures
from clinval.report.view import View

SITES = ("S01", "S02", "S03")
READERS = ("R1", "R2", "R3")
GOAL = {"value": 0.5, **kit.MARGIN}
TIMES = {
    "id": "P1", "kind": "mean_comparison", "form": "F05", "measure": "scan_time_s",
    "direction": "lower_is_better", "comparison": "non_inferiority", "method": "paired_t",
    "centers": "pooled", "margin": {"value": 30.0, **kit.MARGIN},
}  # fmt: skip
SCORES = {"id": "P1", "kind": "reader_agreement", "form": "F07", "measure": "image_quality"}
GOOD = {
    "id": "P1", "kind": "performance_goal", "form": "F07", "measure": "image_quality >= 3",
    "combine": "majority", "method": "clopper_pearson", "goal": GOAL,
}  # fmt: skip


def faster(_, arm):
    return 300.0 if arm == "TEST" else 500.0


def scans(sizes, time=faster):
    """Return scans of both arms, all alike unless ``time`` tells them apart."""
    people = kit.enrolled(sizes)
    rows = [
        {"site_id": site, "subject_id": subject, "arm": arm, "repeated": "no",
         "scan_time_s": time(number, arm), "room_time_min": time(number, arm) / 30,
         "completed": "yes"}
        for number, (site, subject) in enumerate(
            zip(people["site_id"], people["subject_id"], strict=True)
        )
        for arm in ("TEST", "REF")
    ]  # fmt: skip
    columns = ["site_id", "subject_id", "arm", "repeated", "scan_time_s", "room_time_min",
               "completed"]  # fmt: skip
    return {"F04": people, "F05": pd.DataFrame(rows, columns=columns)}


def reads(sizes, score, arms=("TEST", "REF")):
    """Return the scores that the readers give to the images of the arms."""
    people = kit.enrolled(sizes)
    rows = [
        {"site_id": site, "subject_id": subject, "arm": arm, "reader_id": reader,
         "image_quality": score(number, reader)}
        for number, (site, subject) in enumerate(
            zip(people["site_id"], people["subject_id"], strict=True)
        )
        for arm in arms
        for reader in READERS
        if score(number, reader) is not None
    ]  # fmt: skip
    columns = ["site_id", "subject_id", "arm", "reader_id", "image_quality"]
    return {"F04": people, "F07": pd.DataFrame(rows, columns=columns)}


def varied(number, reader):
    return float(2 + (number + len(reader) * (number % 3 == 0) * int(reader[1])) % 4)


def alike(number, reader):
    return 4.0


def apart(number, reader):
    """R1 gives every image the same score; R2 and R3 agree throughout."""
    return 4.0 if reader == "R1" else float(2 + number % 3)


def alone(number, reader):
    return varied(number, reader) if reader == "R1" else None


def scored(score, tables=None, **said):
    protocol = kit.protocol(
        design="crossed_readers", sites=SITES, readers=READERS,
        endpoints=[SCORES | {"coefficient": "kappa", "method": "cohen"} | said],
    )  # fmt: skip
    return protocol, tables or reads({"S01": 6, "S02": 5, "S03": 1}, score)


def compared(tables, **said):
    endpoint = TIMES | {"kind": "method_comparison", "method": "exact", "goal": GOAL} | said
    for name in ("direction", "comparison", "centers", "margin"):
        del endpoint[name]
    return kit.protocol(sites=SITES, endpoints=[endpoint]), tables


def interchanged(tables, **said):
    endpoint = SCORES | {"kind": "interchangeability", "margin": GOAL} | said
    protocol = kit.protocol(
        design="crossed_readers", sites=SITES, readers=READERS, endpoints=[endpoint]
    )
    return protocol, tables


def timed(tables, **said):
    return kit.protocol(sites=SITES, endpoints=[TIMES | said]), tables


def good(tables, **said):
    return kit.protocol(design="single_arm", sites=SITES, readers=READERS,
                        endpoints=[GOOD | said]), tables  # fmt: skip


def money(tables, **changes):
    invest = {"id": "I1", "kind": "return_on_investment", "throughput": "T1", "draws": 1000}
    endpoints = (business.throughput(), invest)
    return business.declared(*endpoints, money=business.economics(**changes)), tables


def trend(rows, **said):
    """Examinations before and after a product came, one a subject: site, day, minutes."""
    decided = {
        **kit.QUALITY, "id": "Z1", "combine": "all", "method": "miettinen_nurminen",
        "centers": "pooled",
    }  # fmt: skip
    endpoint = {"id": "V1", "kind": "time_trend", "measure": "room_time_min"} | said
    protocol = kit.protocol(design="parallel", sites=SITES, endpoints=[decided, endpoint])
    outcomes = [
        {
            "site_id": site,
            "subject_id": f"{site}-{number:03d}",
            "arm": "TEST" if day >= 5 else "REF",
            "acquisition_date": pd.Timestamp("2026-02-01") + pd.Timedelta(days=day),
            "acquisition_order": 1 + number % 2,
            "room_time_min": minutes,
        }
        for number, (site, day, minutes) in enumerate(rows)
    ]
    people = [{key: row[key] for key in ("site_id", "subject_id", "arm")} for row in outcomes]
    return protocol, {"F04": [row | {"enrolled": "yes"} for row in people], "F05": outcomes}


DECIDED = {**kit.QUALITY, "id": "Z1", "combine": "all"}


def worth(tables, **said):
    """Costs and effect of scans, declared so that a second of scanning has a price."""
    cost = {"id": "scan", "label": "scan", "form": "F05", "measure": "scan_time_s",
            "price": {"value": 0.1, "source": "s"}}  # fmt: skip
    effect = {"label": "e", "unit": "u", "direction": "higher_is_better", "form": "F05",
              "measure": 'repeated == "no"'}  # fmt: skip
    endpoint = {
        "id": "E1", "kind": "cost_effectiveness", "effect": effect, "costs": [cost],
        "thresholds": [{"value": 10, "source": "s"}], "currency": "EUR", "price_year": 2026,
        "perspective": "p", "horizon": "h", "draws": 1000,
    }  # fmt: skip
    return kit.protocol(sites=SITES, endpoints=[DECIDED, endpoint | said]), tables


def budget(**said):
    inputs = {"eligible": 0, "cost_new": 2, "cost_old": 1}
    endpoint = {
        "id": "B1", "kind": "budget_impact", "payer": "p", "population": "q", "currency": "EUR",
        "price_year": 2026, "first_year": 2026, "uptake": [{"value": 0.5, "source": "s"}],
        **{name: {"value": value, "source": "s"} for name, value in inputs.items()},
    }  # fmt: skip
    return kit.protocol(sites=SITES, endpoints=[DECIDED, endpoint | said]), {}


def tubes(endpoint, **changes):
    """Return tubes of which columns are changed."""
    rows = component_study.devices()
    return component_study.declared(endpoint), {**rows, "F02": rows["F02"].assign(**changes)}


def differing(number, arm):
    return 400.0 + 7 * number % 50 - (80 + number % 5 if arm == "TEST" else 0)


ONE_IMAGE = reads({"S01": 1}, varied, arms=("TEST",))

STUDIES = {
    "proportions, nobody": lambda: (kit.protocol(sites=SITES), {}),
    "proportions, no discordance": lambda: (kit.protocol(sites=SITES), scans({"S01": 4})),
    "means, nobody": lambda: timed({}),
    "means, one subject": lambda: timed(scans({"S01": 1})),
    "means, one subject at a center": lambda: timed(scans({"S01": 6, "S02": 1}, differing)),
    "means, two centers": lambda: timed(scans({"S01": 6, "S02": 6}, differing)),
    "means, no variation": lambda: timed(scans({"S01": 5, "S02": 3})),
    "means, random centers, one center": lambda: timed(
        scans({"S01": 5}, differing), method="paired_random_site", centers="random"
    ),
    "ratio, one subject": lambda: timed(
        scans({"S01": 1}),
        estimate="ratio",
        method="geometric_paired",
        margin={"value": 1.1, **kit.MARGIN},
    ),
    "goal, nobody": lambda: good({}),
    "goal, all succeed": lambda: good(reads({"S01": 4, "S02": 3}, alike, ("TEST",))),
    "goal, rows apart": lambda: good(
        reads({"S01": 3, "S02": 1}, varied, ("TEST",)), combine="each", method="ratio_estimator"
    ),
    "kappa, nobody": lambda: scored(alike, reads({}, alike)),
    "kappa, one category": lambda: scored(alike),
    "kappa, a constant reader": lambda: scored(apart),
    "kappa, one reader only": lambda: scored(alone),
    "Fleiss, one image": lambda: scored(varied, ONE_IMAGE, method="fleiss"),
    "Gwet, one image": lambda: scored(varied, ONE_IMAGE, method="gwet"),
    "agreement, one image": lambda: scored(
        varied, ONE_IMAGE, coefficient="agreement", method="observed"
    ),
    "ICC, all alike": lambda: scored(alike, coefficient="icc", method="shrout_fleiss"),
    "ICC by REML": lambda: scored(varied, coefficient="icc", method="reml"),
    "Kendall, one image": lambda: scored(
        varied, ONE_IMAGE, coefficient="kendall_w", method="kendall"
    ),
    "components, one image": lambda: scored(
        varied, ONE_IMAGE, coefficient="icc", method="components"
    ),
    "Krippendorff, one category": lambda: scored(alike, method="krippendorff"),
    "bootstrap, one reader only": lambda: scored(alone, interval="bootstrap"),
    "limits, nobody": lambda: compared(scans({})),
    "limits, one subject": lambda: compared(scans({"S01": 1})),
    "limits, always the same": lambda: compared(scans({"S01": 3, "S02": 2})),
    "ratios, nobody above 0": lambda: compared(
        scans({"S01": 2}, lambda *_: 0.0), method="log_ratio", goal={"value": 1.2, **kit.MARGIN}
    ),
    "interchangeable, nobody": lambda: interchanged(reads({}, alike)),
    "interchangeable, one image": lambda: interchanged(reads({"S01": 1}, varied)),
    "trend, nobody": lambda: trend([]),
    "trend, one center": lambda: trend(
        [("S01", day, 20.0 + day % 3 + k) for day in range(9) for k in (0, 1)]
    ),
    "trend, beside too few other rooms": lambda: trend(
        [("S01", day, 20.0 + day % 3) for day in (0, 1, 6, 7)], changed="acquisition_order == 1"
    ),
    "lives, no tube": lambda: tubes(component_study.LIFE, component="detector"),
    "lives, no failure": lambda: tubes(component_study.LIFE, replacement_reason="upgrade"),
    "lives, no comparison": lambda: tubes(
        {**component_study.LIFE, "test": None}, replacement_reason="upgrade"
    ),
    "rates, no tube": lambda: tubes(component_study.RATE, component="detector"),
    "rates, no failure": lambda: tubes(component_study.RATE, replacement_reason="upgrade"),
    "worth, nobody": lambda: worth(scans({})),
    "worth, one subject": lambda: worth(scans({"S01": 1})),
    "worth, one subject at a center": lambda: worth(scans({"S01": 6, "S02": 1}, differing)),
    "worth, one center drawn": lambda: worth(scans({"S01": 6}, differing), resample="centers"),
    "budget, nobody": budget,
    "money, nobody": lambda: money({}),
    "money, one subject": lambda: money(scans({"S01": 1, "S05": 1})),
    "money, no payback": lambda: money(business.population(1), ALL={"contribution_per_exam": 0.5}),
    "money, nothing to pay": lambda: money(
        business.population(1), ALL={"purchase": 0, "integration_and_training": 0}
    ),
}


@functools.cache
def results_of(name):
    protocol, tables = STUDIES[name]()
    records, series = [], []
    with kit.data(protocol, tables) as found:
        for endpoint in protocol.endpoints:
            recorder = kit.analyze(found, endpoint.id)
            records += recorder.records
            series += recorder.series
    records += declared(protocol) + decisions(protocol, records)
    return protocol, Results(
        provenance={"synthetic": True}, records=tuple(records), series=tuple(series)
    )


def view_of(name, language):
    protocol, results = results_of(name)
    return View(protocol=protocol, results=results, language=language)


def blocks_of(view):
    blocks = [*claims(view), *at_a_glance(view), *conclusions(view)]
    for endpoint in view.protocol.endpoints:
        blocks += in_full(endpoint, view)
    return blocks


def words(block):
    """Return what a block says, in one text."""
    said = [run if isinstance(run, str) else run.text for t in _texts(block) for run in runs(t)]
    return " ".join(said) + getattr(block, "alternative", "")


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", STUDIES)
def test_the_reason_stands_beside_what_is_undefined(name, language):
    view = view_of(name, language)
    undefined = 0
    for block in blocks_of(view):
        for number in numbers((block,), drawn=False):
            record = view.results[number.record]
            if record.undefined:
                undefined += 1
                assert view.reason(record) in words(block), (record.id, words(block))
        if not isinstance(block, Figure):
            continue
        drawn = list(map(view.results.get, block.records))
        if block.anchor.endswith(".intervals"):
            drawn.append(view.results[f"{block.anchor.split('.')[1]}.FAS.all.ci_low"])
        for record in drawn:
            if record.undefined and not record.statistic.startswith("prediction"):
                assert view.reason(record) in words(block), record.id
    assert undefined


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", STUDIES)
def test_key_figures_are_explained_below_them(name, language):
    view = view_of(name, language)
    blocks = key_figures(view)
    said = " ".join(map(words, blocks[1:]))
    for number in numbers(tuple(blocks[:1])):
        record = view.results[number.record]
        assert not record.undefined or view.reason(record) in said


def test_a_note_for_a_reason_names_its_rows_once():
    view = view_of("means, one subject at a center", "en")
    [endpoint] = view.protocol.endpoints
    group = {"site": "S02"}
    cells = [(view.statistic(endpoint, name, group),) for name in ("sd_test", "sd_reference")]
    interval = view.limits(endpoint, group)
    rows = [Row(cells=("S02 A hospital with a long name", *cells, interval)),
            Row(cells=("All sites", (view.statistic(endpoint, "estimate"),)))]  # fmt: skip
    assert undefined_notes(view, rows) == [
        "Undefined for S02: fewer than two values.",
        "Undefined for S02: fewer than two pairs.",
    ]
    assert undefined_notes(view, rows[1:]) == []


def test_an_undefined_interval_says_so_once():
    view = view_of("means, one subject", "en")
    [endpoint] = view.protocol.endpoints
    assert [run.text for run in view.limits(endpoint)] == ["undefined"]


WIDTH = {"en": "An interval of width zero", "zh": "宽度为零的区间"}


def tables_and_forests(view):
    [endpoint] = view.protocol.endpoints
    blocks = in_full(endpoint, view)
    table = blocks[1]
    forests = [b for b in blocks if isinstance(b, Figure) and b.anchor.endswith(".forest")]
    return table, forests


@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_interval_of_width_zero_is_not_certainty(language):
    view = view_of("kappa, a constant reader", language)
    low, high = (
        view.results[f"P1.FAS.readers=R1+R2.{limit}"].value for limit in ("ci_low", "ci_high")
    )
    assert low == high == 0  # the constant reader
    assert view.results["P1.FAS.readers=R2+R3.ci_low"].value == 1  # the two that always agree
    table, forests = tables_and_forests(view)
    notes = [note for note in table.notes if WIDTH[language] in str(note)]
    assert len(notes) == 1
    assert ("standard error is 0" if language == "en" else "标准误为 0") in notes[0]
    assert all(WIDTH[language] in words(figure) for figure in forests)


@pytest.mark.parametrize("name", ["kappa, one category", "ICC by REML", "ICC, all alike"])
def test_where_no_interval_has_width_zero_nothing_is_said_of_it(name):
    table, forests = tables_and_forests(view_of(name, "en"))
    assert not any(WIDTH["en"] in words(block) for block in (table, *forests))
