"""A site sees its own numbers, of the others only how they spread, and no few people anywhere."""

from __future__ import annotations

import dataclasses
import functools
import re

import pdf_reading
import pikepdf
import pytest
import site_study
from test_records_in_lines import records_of

from clinval.core.i18n import LANGUAGES
from clinval.core.records import Results
from clinval.report.blocks import Callout, Figure, Table, numbers, runs
from clinval.report.figures import Flow, Funnel, Panels
from clinval.report.pdf.writer import write
from clinval.report.profile import Profile, compose
from clinval.report.site_view import only_site
from clinval.report.view import View

# sites, with the number of the site that the report is for
STUDIES = {
    "one site": ((40,), 1),
    "four sites": ((40, 36, 30, 33), 2),
    "five sites": ((40, 36, 30, 33, 52), 5),
    "nobody at the site": ((40, 36, 30, 33, 52, 0), 6),
    "sixty sites": (tuple(8 + number % 30 for number in range(60)), 7),
}
FEW = {"failures": (6, 1, 7, 0, 2), "refused": (2, 9, 0, 3, 1), "only_reference": (2, 0, 3, 1, 4)}


@functools.cache
def studied(name):
    return site_study.study(STUDIES[name][0], **FEW)


@functools.cache
def document(name, language):
    protocol, results = studied(name)
    site = site_study.site_id(STUDIES[name][1])
    return compose(Profile.load("site"), protocol, results, language, site)


def plain(document):
    """Return every string of a document, whatever it is for."""
    return list(_strings(document))


def _strings(value):
    if isinstance(value, str):
        yield value
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from _strings(getattr(value, field.name))
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _strings(item)


def tables(document):
    return [block for block in document.blocks if isinstance(block, Table)]


def funnels(document):
    charts = [block.chart for block in document.blocks if isinstance(block, Figure)]
    beside = [
        panel.chart for chart in charts if isinstance(chart, Panels) for panel in chart.panels
    ]
    return [chart for chart in (*charts, *beside) if isinstance(chart, Funnel)]


def words(rich):
    return "".join(run if isinstance(run, str) else run.text for run in runs(rich))


# ---------------------------------------------------------------------- the others


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", STUDIES)
def test_no_other_site_is_named_anywhere_in_the_file(name, language, tmp_path):
    sizes, own = STUDIES[name]
    path = tmp_path / "site.pdf"
    write(document(name, language), path)
    said = "\n".join([*pdf_reading.text(path), *_of_objects(path)])
    assert site_study.site_id(own) in said
    for number in range(1, len(sizes) + 1):
        if number != own:
            assert not re.search(rf"\b{site_study.site_id(number)}\b", said), number
            assert site_study.site_name(number) not in said
            assert f"医院{number}号" not in said


def _of_objects(path):
    """Yield every text in the objects of a file: structure, metadata, names, attachments."""
    with pikepdf.open(path) as pdf:
        assert not pdf.attachments
        for item in pdf.objects:
            yield from _texts(item)
            if isinstance(item, pikepdf.Stream) and item.get("/Type") == "/Metadata":
                yield item.read_bytes().decode("utf-8")


def _texts(item):
    if isinstance(item, pikepdf.String):
        yield str(item)
    elif isinstance(item, pikepdf.Dictionary | pikepdf.Stream):
        for key, value in item.items():
            if key not in ("/Parent", "/P", "/Pg"):
                yield from _direct(value)
    elif isinstance(item, pikepdf.Array):
        for value in item:
            yield from _direct(value)


def _direct(value):
    if isinstance(value, pikepdf.Object) and not value.is_indirect:
        yield from _texts(value)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["one site", "four sites"])
def test_with_few_sites_nothing_is_said_of_the_others(name, language):
    made = document(name, language)
    protocol, results = studied(name)
    assert not [record for record in results.records if "sites" in record.group]
    used = {number.record for number in numbers(made.blocks)}
    assert used
    assert all(f"site={site_study.site_id(STUDIES[name][1])}" in record for record in used)
    few = View(protocol=protocol, results=results, language=language).texts("site.few_sites")
    assert few in "\n".join(plain(made))
    assert not funnels(made)


def test_with_five_sites_quantiles_stand_beside_the_own_number():
    made = document("five sites", "en")
    used = {number.record for number in numbers(made.blocks)}
    assert "M1.FAS.sites=median.estimate" in used
    charts = funnels(made)
    assert charts
    for chart in charts:
        assert all(site.own for site in chart.sites)
        assert not chart.named


def test_a_view_of_a_site_has_no_record_and_no_row_of_another():
    protocol, results = studied("five sites")
    seen = only_site(View(protocol=protocol, results=results, language="en", site="S02"))
    assert [site.id for site in seen.protocol.sites] == ["S02"]
    assert {r.group["site"] for r in seen.results.records if "site" in r.group} == {"S02"}
    assert not [r for r in seen.results.records if "without_site" in r.group]
    assert {f["site"] for f in seen.results.provenance["data"]["files"]} == {"S02"}
    for series in seen.results.series:
        assert set(series.columns.get("site", ["S02"])) <= {"S02"}
    assert seen.results.sha256 == results.sha256


# ---------------------------------------------------------------------- few people


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"refused": (2,)}, {"refused": (3,)}),
        ({"only_reference": (2,)}, {"only_reference": (4,)}),
        ({"failures": (2,)}, {"failures": (3,)}),
        ({"failures": (1,), "refused": (4,)}, {"failures": (4,), "refused": (1,)}),
    ],
)
def test_sites_that_differ_only_in_few_people_get_the_same_report(first, second, language):
    made = []
    for differing in (first, second):
        protocol, results = site_study.study((40,), **differing)
        one = compose(Profile.load("site"), protocol, results, language, "S01")
        made.append([text.replace(results.sha256, "") for text in _unhashed(one, results)])
    assert made[0] == made[1]
    assert "<5" in "\n".join(made[0])


def _unhashed(document, results):
    return [
        text.replace(results.sha256[:16], "").replace(results.sha256[:8], "")
        for text in _strings(document.blocks)
    ]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", STUDIES)
def test_no_count_of_one_to_four_people_is_printed_or_drawn(name, language):
    made = document(name, language)
    _, results = studied(name)
    for number in numbers(made.blocks):
        record = results.get(number.record)
        if record is not None and record.unit in ("subjects", "events", "rows"):
            assert not 0 < float(record.value) < 5, record.id
            assert record.n is None or record.n == 0 or record.n >= 5, record.id
    for block in made.blocks:
        if isinstance(block, Figure) and isinstance(block.chart, Flow):
            for step in block.chart.steps:
                for n in (step.n, step.left, *(left.n for left in step.excluded)):
                    assert not (isinstance(n, int) and 0 < n < 5)


def test_what_is_masked_has_no_tag_and_no_value_in_the_appendix():
    made = document("five sites", "en")
    _, results = studied("five sites")
    [appendix] = [table for table in tables(made) if table.anchor == "records"]
    listed = {name: value for row in appendix.rows for name, value in records_of(row, "en")}
    described = {name for row in appendix.rows for name in row.records}
    masked = {name: value for name, value in listed.items() if name not in described}
    assert described < set(listed)
    refused = "disposition.FAS.site=S05.excluded.0"
    assert results[refused].value == 1
    assert masked[refused] == "<5"
    assert set(masked.values()) <= {"<5", "withheld"}
    tagged = {number.record for number in numbers(made.blocks)}
    assert not tagged & set(masked)
    drawn = {r for b in made.blocks if isinstance(b, Figure) for r in b.records}
    assert not drawn & set(masked)


def test_effects_of_few_discordant_subjects_are_withheld_and_their_list_too():
    protocol, results = studied("five sites")
    assert results["P1.FAS.site=S05.n01"].value == 4
    made = document("five sites", "en")
    used = {number.record for number in numbers(made.blocks)}
    assert not used & {f"P1.FAS.site=S05.{name}" for name in ("estimate", "ci_low", "ci_high")}
    series = results.points("P1.FAS.differing")
    own = [s for site, s in zip(series.columns["site"], series.columns["subject"], strict=True)
           if site == "S05"]  # fmt: skip
    assert len(own) == 4
    said = "\n".join(plain(made))
    assert not [subject for subject in own if subject in said]
    del protocol


def test_enough_discordant_subjects_are_listed_by_their_codes():
    protocol, results = site_study.study((40,), only_reference=(6,))
    made = compose(Profile.load("site"), protocol, results, "en", "S01")
    said = plain(made)
    assert [f"S01-{number:03d}" for number in range(1, 7)] == [
        text for text in said if re.fullmatch(r"S01-\d{3}", text)
    ]


def test_a_site_of_fewer_than_five_people_is_told_nothing_of_single_ones():
    protocol, results = site_study.study((3,))
    made = compose(Profile.load("site"), protocol, results, "en", "S01")
    used = {number.record for number in numbers(made.blocks)}
    assert not [name for name in used if name.startswith("M1.") and "mean" in name]
    assert "M1.FAS.site=S01.estimate" not in used


def test_numbers_of_few_subjects_come_with_a_warning():
    for size, warned in ((29, True), (30, False)):
        protocol, results = site_study.study((size,))
        made = compose(Profile.load("site"), protocol, results, "en", "S01")
        titles = [block.title for block in made.blocks if isinstance(block, Callout)]
        assert ("Fewer than 30 subjects" in titles) == warned


# ---------------------------------------------------------------------- the same each time


def test_a_report_is_composed_the_same_again():
    protocol, results = studied("five sites")
    shuffled = Results(
        provenance=results.provenance, records=results.records, series=results.series
    )
    again = compose(Profile.load("site"), protocol, shuffled, "en", "S05")
    assert again == document("five sites", "en")


@pytest.mark.parametrize("name", STUDIES)
def test_both_languages_print_the_same_records(name):
    found = [
        [number.record for number in numbers(document(name, language).blocks)]
        for language in LANGUAGES
    ]
    assert sorted(found[0]) == sorted(found[1])
